"""Column types of the store: moments as microseconds, payloads packed when they are long, text ordered by bytes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

import zstandard
from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

SQUEEZE_FROM_BYTES = 512
_PLAIN = b"\x00"
_ZSTD = b"\x01"
_LOCAL = threading.local()  # a zstd context serves one thread at a time

# "C" orders by bytes as SQLite does, so that a page ordered by key is the same page on both databases.
ByteText = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite counts rows by itself only in a column of its own INTEGER type.
RowId = BigInteger().with_variant(Integer(), "sqlite")


@lru_cache(64)  # the rows of a page bear the same few moments
def to_micros(at: datetime) -> int:
    """Return an aware moment as microseconds since 1970; ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be stored.")
    return (at - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Undo `to_micros`."""
    return EPOCH + timedelta(microseconds=micros)


def squeeze(payload: bytes) -> bytes:
    """Pack bytes for a column: one leading byte says how; only what is long is compressed."""
    if len(payload) < SQUEEZE_FROM_BYTES:
        return _PLAIN + payload
    if not hasattr(_LOCAL, "compressor"):
        _LOCAL.compressor = zstandard.ZstdCompressor(level=3)
    packed = cast("bytes", _LOCAL.compressor.compress(payload))
    return _ZSTD + packed if len(packed) < len(payload) else _PLAIN + payload


def unsqueeze(packed: bytes) -> bytes:
    """Undo `squeeze`; ValueError if the bytes are not ours."""
    kind, rest = packed[:1], packed[1:]
    if kind == _PLAIN:
        return rest
    if kind != _ZSTD:
        raise ValueError("A packed column has an unknown form.")
    if not hasattr(_LOCAL, "decompressor"):
        _LOCAL.decompressor = zstandard.ZstdDecompressor()
    try:
        return cast("bytes", _LOCAL.decompressor.decompress(rest))
    except zstandard.ZstdError as error:
        raise ValueError("A packed column is damaged.") from error


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment, stored as microseconds: compact, ordered, alike on both databases."""

    impl = BigInteger
    cache_ok = True
    to_store, from_store = staticmethod(to_micros), staticmethod(from_micros)  # of what is not None

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else from_micros(value)


class Packed(TypeDecorator[bytes]):
    """Bytes that are compressed when they are long."""

    impl = LargeBinary
    cache_ok = True
    to_store, from_store = staticmethod(squeeze), staticmethod(unsqueeze)  # of what is not None

    def process_bind_param(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else squeeze(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else unsqueeze(value)
