"""The signed door, for whatever can post: a key is told with an HMAC-SHA256 over time stamp and body.

The headers are `X-Gp365-Timestamp` (seconds since 1970) and `X-Gp365-Signature` (`sha256=` and 64 hexadecimal digits of the
HMAC over the time stamp, a full stop, and the body as it is sent). A request that is sent again within the window only
raises the same hint once more.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson

from gp365.model.values import KEY_SEPARATOR, key_text
from gp365.store.hints import Hint
from gp365.web.door_context import Unreadable

TIME = "x-gp365-timestamp"
SIGNATURE = "x-gp365-signature"
WINDOW_S = 300
MOST_KEYS = 1000
_LONGEST = 400


def stamped_in_time(stamp: str, now: datetime) -> bool:
    """Tell whether a time stamp is of the last or the next five minutes."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    return abs(now.timestamp() - int(stamp)) <= WINDOW_S


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """Return the signature of a body, as the header has it."""
    return "sha256=" + hmac.new(secret, stamp.encode("ascii") + b"." + body, hashlib.sha256).hexdigest()


def signed(given: str, secrets: Sequence[bytes], stamp: str, body: bytes) -> bool:
    """Tell whether one of the secrets made the signature, in the same time whatever was given."""
    sent = given.encode("utf-8", "replace")
    return sum(hmac.compare_digest(sent, signature(one, stamp, body).encode()) for one in secrets) > 0


@dataclass(frozen=True, slots=True)
class Told:
    """A record that somebody names: `{"table", "key"}`."""

    table: str
    key: str
    message: str = ""

    def hint(self, system: str, at: datetime) -> Hint:
        """Return it as a hint."""
        return Hint(system, self.table, self.key, self.message, "", "", at)


def told_in(body: bytes) -> list[Told]:
    """Read the records that a body names; Unreadable if it is not of one of the three forms.

    `{"table": T, "key": K}`, `{"table": T, "keys": [K, …]}` or `{"keys": [{"table": T, "key": K}, …]}`, up to 1,000 keys;
    K is a text, or a list of texts where a key has several parts.
    """
    try:
        found = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise Unreadable("It is not JSON.") from None
    told = list(_records(found))
    if not told:
        raise Unreadable("It names no key.")
    return told


def _records(found: object) -> Iterator[Told]:
    if not isinstance(found, dict):
        raise Unreadable("It is not a JSON object.")
    whole = cast("Mapping[str, Any]", found)
    keys = whole.get("keys", [whole])
    if not isinstance(keys, list) or len(cast("list[object]", keys)) > MOST_KEYS:
        raise Unreadable(f"`keys` is not a list of at most {MOST_KEYS}.")
    for one in cast("list[object]", keys):
        given = cast("Mapping[str, Any]", one) if isinstance(one, dict) else {"key": one}
        yield Told(
            _word(given.get("table", whole.get("table"))),
            _key(given.get("key")),
            _said(given.get("message", whole.get("message"))),
        )


def _key(given: object) -> str:
    parts = cast("list[object]", given) if isinstance(given, list) else [given]
    if not parts:
        raise Unreadable("A key is empty.")
    return key_text(tuple(_word(part) for part in parts))


def _word(given: object) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > _LONGEST:
        raise Unreadable("A table or key is missing, empty, too long, or no text.")
    if not given.isprintable() or KEY_SEPARATOR in given:
        raise Unreadable("A table or key holds a character that cannot be printed.")
    return given


def _said(given: object) -> str:
    return given[:64] if isinstance(given, str) and given.isprintable() else ""
