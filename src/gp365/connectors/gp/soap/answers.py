"""Answers of the service as light elements, read while they come in; documents that could do harm are refused.

Names are local: the namespaces of GP's types follow from the type that declares a field, and no two fields of a type
share a local name. Only what is asked for is ever turned into values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

DEEPEST = 64
LONGEST_TEXT = 4_000_000
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Unreadable(ValueError):
    """What came is not an answer: no XML, or XML that nobody sends in good faith."""


class Cut(Unreadable):
    """The document ended before its end."""


@dataclass(slots=True)
class Element:
    """An element: local name, text, children, and what its xsi attributes say."""

    name: str
    text: str = ""
    nil: bool = False
    kind: str = ""
    children: list[Element] = field(default_factory=list["Element"])

    def child(self, name: str) -> Element | None:
        """Return the first child of this name, None where there is none or it is nil."""
        for each in self.children:
            if each.name == name:
                return None if each.nil else each
        return None

    def at(self, path: Sequence[str]) -> Element | None:
        """Return what a path of names leads to."""
        found: Element | None = self
        for name in path:
            found = found.child(name) if found is not None else None
        return found

    def text_at(self, path: Sequence[str]) -> str | None:
        """Return the text at a path, None where nothing is there."""
        found = self.at(path)
        return None if found is None else found.text

    def all_text(self) -> str:
        """Return every text inside, one after another."""
        return " ".join(part for part in (self.text, *(each.all_text() for each in self.children)) if part)


class Reader:
    """Read a document in parts; elements at one depth are handed out as soon as they are whole, and then forgotten.

    Depth 1 is the envelope, 2 the body, 3 the operation's answer, 4 its result, 5 an item of a list.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._path: list[Element] = []
        self._done: list[Element] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.EntityDeclHandler = _refuse
        self._parser.ProcessingInstructionHandler = _refuse
        self.root: Element | None = None

    def read(self, parts: Iterable[bytes]) -> Iterator[Element]:
        """Give the elements of the depth; raises Cut or Unreadable."""
        for part in parts:
            self._feed(part, last=False)
            done, self._done = self._done, []
            yield from done
        self._feed(b"", last=True)

    def _feed(self, part: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(part, last)
        except expat.ExpatError as error:
            if last:
                raise Cut("it ends before its end") from None
            raise Unreadable(f"it is not XML: {expat.ErrorString(error.code)}") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= DEEPEST:
            raise Unreadable("it is nested too deeply")
        made = Element(
            name.rpartition(" ")[2],
            nil=attributes.get(f"{_XSI} nil", "") in ("true", "1"),
            kind=attributes.get(f"{_XSI} type", "").rpartition(":")[2],
        )
        if self._path:
            if len(self._path) != self._depth - 1:
                self._path[-1].children.append(made)
        else:
            self.root = made
        self._path.append(made)

    def _end(self, _name: str) -> None:
        ended = self._path.pop()
        if ended.children:
            ended.text = ""  # blanks between elements
        if len(self._path) == self._depth - 1:
            self._done.append(ended)

    def _text(self, text: str) -> None:
        ended = self._path[-1]
        if len(ended.text) + len(text) > LONGEST_TEXT:
            raise Unreadable("a text of it is too long")
        ended.text += text


def _refuse(*_: object) -> None:
    raise Unreadable("it declares a document type, entities or instructions, which no answer has")


def whole(body: bytes) -> Element:
    """Read a whole document; raises Cut or Unreadable."""
    reader = Reader(depth=1)
    found = list(reader.read([body]))
    if not found:
        found = [reader.root] if reader.root is not None else []
    if not found:
        raise Cut("it is empty")
    return found[0]


def children(element: Element | None, name: str) -> list[Element]:
    """Return the children of a name; none where the element is missing or nil."""
    return (
        [] if element is None else [each for each in element.children if each.name == name and not each.nil]
    )
