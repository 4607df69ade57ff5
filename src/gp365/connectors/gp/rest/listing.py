"""A list of SBA as it comes over the wire: objects one by one, in bounded memory, whatever it is wrapped in.

The list may be bare, wrapped in `Payload` or be the only member of a container; which is found out from its beginning.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, cast

from gp365.connectors.gp.rest.payload import words

_LONGEST_OBJECT = 4_000_000
_BLANK = " \t\r\n"
_FAULTS = frozenset({"error", "errors", "fault", "faults"})
_NOTES = frozenset({"messages", "message", "warnings"})


class Unreadable(ValueError):
    """The list is not JSON, or not a list of objects."""


class Cut(ValueError):
    """The list ended before its end."""


class Refused(ValueError):
    """The answer was a success in its status and an error in its body."""


class _Text:
    """The text of an answer, read on as it is needed; what has been parsed is forgotten."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._scan = json.JSONDecoder(parse_float=Decimal).raw_decode
        self._held = ""
        self._at = 0
        self._ended = False

    def more(self) -> bool:
        """Read another chunk; False at the end."""
        chunk = next(self._chunks, None)
        try:
            text = self._decoder.decode(chunk or b"", final=chunk is None)
        except UnicodeDecodeError:
            raise Unreadable("it is not UTF-8") from None
        self._held, self._at = self._held[self._at :] + text, 0
        self._ended = chunk is None
        return not self._ended

    def peek(self) -> str:
        """Return the next sign that is no blank, or "" at the end."""
        while True:
            while self._at < len(self._held):
                if self._held[self._at] not in _BLANK:
                    return self._held[self._at]
                self._at += 1
            if self._ended or not self.more():
                return self._held[self._at : self._at + 1].strip()

    def take(self, sign: str) -> None:
        """Step over a sign that must stand here."""
        found = self.peek()
        if not found:
            raise Cut
        if found != sign:
            raise Unreadable(f"{sign} was expected where {found} stands")
        self._at += 1

    def value(self) -> Any:
        """Return the next whole value."""
        if not self.peek():
            raise Cut
        while True:
            try:
                value, end = self._scan(self._held, self._at)
            except ValueError:
                self._read_on()
                continue
            if end == len(self._held) and not self._ended:
                self.more()  # a number may go on
                continue
            self._at = end
            return value

    def _read_on(self) -> None:
        if self._ended:
            raise Cut
        if len(self._held) - self._at > _LONGEST_OBJECT:
            raise Unreadable("an object has no end")
        self.more()

    def drain(self) -> None:
        """Read to the end, so that the connection can be used again."""
        while not self._ended and self.more():
            self._at = len(self._held)


def objects(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Give the objects of a list answer; decimals exact.

    Raises Unreadable, Cut, or Refused when the answer holds a non-empty error member (before or after the list).
    """
    text = _Text(chunks)
    first = text.peek()
    if first == "[":
        yield from _array(text)
    elif first == "{":
        yield from _envelope(text)
    elif first:
        raise Unreadable(f"it begins with {first}")
    text.drain()


def _array(text: _Text) -> Iterator[dict[str, Any]]:
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        value = text.value()
        if not isinstance(value, dict):
            raise Unreadable("the list holds something else than objects")
        yield cast("dict[str, Any]", value)
        if text.peek() == "]":
            text.take("]")
            return
        text.take(",")


def _envelope(text: _Text) -> Iterator[dict[str, Any]]:
    """Give the objects of the list inside an object, of the object inside it, or the object itself if it holds none."""
    members: dict[str, Any] = {}
    wrapped = False
    text.take("{")
    while text.peek() != "}":
        name = text.value()
        text.take(":")
        kind = _kind(str(name), text.peek())
        if kind == "list":
            wrapped = True
            yield from _array(text)
        elif kind == "object":
            wrapped = True
            yield from _envelope(text)
        else:
            members[str(name)] = _told(str(name), text.value())
        if text.peek() != "}":
            text.take(",")
    text.take("}")
    plain = {name: value for name, value in members.items() if name.lower() not in _FAULTS | _NOTES}
    if plain and not wrapped and any(value is not None for value in plain.values()):
        yield plain


def _kind(name: str, sign: str) -> str:
    if name.lower() in _FAULTS | _NOTES:
        return "fault"
    return {"[": "list", "{": "object"}.get(sign, "value")


def _told(name: str, value: Any) -> Any:
    if name.lower() in _FAULTS and value:
        raise Refused(words(value) or str(value))
    return value
