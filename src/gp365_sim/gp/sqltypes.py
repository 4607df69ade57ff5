"""The SQL types of GP columns: what they hold, what they refuse, how a char is padded.

Rows keep texts without their padding; `stored` gives the form that lies in the database. Both are the same value
to SQL Server, which ignores trailing blanks in comparisons of char.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from gp365_sim.gp.refusals import bad_value

Value = str | int | Decimal | date | bytes
Kind = Literal["text", "long", "integer", "amount", "rate", "date", "time", "stamp", "identity", "binary"]

EMPTY_DATE = date(1900, 1, 1)
EMPTY_STAMP = datetime(1900, 1, 1, tzinfo=UTC)
EMPTY_TIME = datetime(1900, 1, 1)  # noqa: DTZ001 (a time of day has no zone)
EMPTY_AMOUNT = Decimal("0.00000")
LONGEST_TEXT = 2**31 - 1
FIRST_DATE = date(1753, 1, 1)
AMOUNT_STEP = Decimal("0.00001")
AMOUNT_LIMIT = Decimal(10) ** 14
INTEGER_RANGES = {"tinyint": (0, 255), "smallint": (-32768, 32767), "int": (-(2**31), 2**31 - 1)}

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a GP table; `usable` counts the characters that GP itself accepts, `width` those stored.

    Kinds beside the plain ones: `long` is a text without padding, `rate` a number of other decimals than an amount has,
    `time` a time of day on 1900-01-01, `stamp` a moment that SQL Server sets. `scale` counts decimals.
    """

    name: str
    kind: Kind
    sql_type: str
    width: int = 0
    usable: int = 0
    low: int = 0
    high: int = 0
    scale: int = 0
    upper: bool = False

    @property
    def empty(self) -> Value:
        """Give the value that stands for nothing: no GP column is NULL (bound defaults GPS_CHAR … GPS_DATE)."""
        if self.kind == "rate":
            return Decimal(0).scaleb(-self.scale)
        return bytes(self.width) if self.kind == "binary" else _EMPTY[self.kind]


_EMPTY: dict[Kind, Value] = {
    "text": "",
    "long": "",
    "integer": 0,
    "amount": EMPTY_AMOUNT,
    "date": EMPTY_DATE,
    "time": EMPTY_TIME,
    "stamp": EMPTY_STAMP,
    "identity": 0,
}
_SIZED = re.compile(r"(char|varchar|binary)\((\d+)\)")
_NUMERIC = re.compile(r"numeric\(\d+,(\d+)\)")


def column(
    name: str,
    sql_type: str,
    *,
    usable: int = 0,
    upper: bool = False,
    identity: bool = False,
    stamp: bool = False,
    time: bool = False,
) -> Column:
    """Read a column from its SQL type, e.g. `char(15)`, `numeric(19,5)`, `datetime`."""
    if identity:
        return Column(name, "identity", sql_type)
    if sql_type == "datetime":
        kind: Kind = "stamp" if stamp or name == "DEX_ROW_TS" else "time" if time else "date"
        return Column(name, kind, sql_type)
    if sql_type == "text":
        return Column(name, "long", sql_type, width=LONGEST_TEXT, usable=LONGEST_TEXT)
    sized = _SIZED.fullmatch(sql_type)
    if sized is not None:
        width = int(sized[2])
        kinds: dict[str, Kind] = {"char": "text", "varchar": "long", "binary": "binary"}
        return Column(name, kinds[sized[1]], sql_type, width, usable or width, upper=upper)
    numeric = _NUMERIC.fullmatch(sql_type)
    if numeric is not None:
        scale = int(numeric[1])
        return Column(name, "amount" if scale == 5 else "rate", sql_type, scale=scale)
    low, high = INTEGER_RANGES[sql_type]
    return Column(name, "integer", sql_type, low=low, high=high)


def accept(column: Column, value: object) -> Value:
    """Turn a value into the one that the column keeps, or refuse it by raising `Refusal`."""
    taking = _TAKING.get(column.kind)
    if taking is None:
        raise bad_value(column.name, "is kept by SQL Server and cannot be written.")
    return taking(column, value)


def stored(column: Column, value: Value) -> Value:
    """Give a value as it lies in the database: texts padded with blanks to the width of their char column."""
    return value.ljust(column.width) if isinstance(value, str) and column.kind == "text" else value


def sql_moment(moment: datetime) -> datetime:
    """Round a moment to what `datetime` of SQL Server can hold: steps of 1/300 s, shown as .000, .003, .007."""
    ticks = round(moment.microsecond * 300 / 1_000_000)
    whole = moment.replace(microsecond=0) + timedelta(seconds=ticks // 300)
    return whole.replace(microsecond=round(ticks % 300 * 10 / 3) * 1000)


def _text(column: Column, value: object) -> str:
    if not isinstance(value, str):
        raise bad_value(column.name, "must be text.")
    text = value.rstrip(" ")
    if not text:
        return ""
    _check_characters(column.name, text)
    if len(text) > column.usable:
        raise bad_value(column.name, f"is {len(text)} characters long, {column.usable} are allowed.")
    return capitals(text) if column.upper else text


def _long(column: Column, value: object) -> str:
    """Take a text without padding: line breaks are welcome, what the code page lacks is not."""
    if not isinstance(value, str):
        raise bad_value(column.name, "must be text.")
    _check_code_page(column.name, value)
    if len(value) > column.usable:
        raise bad_value(column.name, f"is {len(value)} characters long, {column.usable} are allowed.")
    return value


def _check_characters(field: str, text: str) -> None:
    """Refuse what the company's code page lacks.

    SQL Server would store `?` for such a character without a word (collation SQL_Latin1_General_CP1_CI_AS on every
    char column); that the service refuses instead is assumed. A window takes no control characters (assumed).
    """
    _check_code_page(field, text)
    if _CONTROLS.search(text):
        raise bad_value(field, "contains a control character.")


def _check_code_page(field: str, text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode("cp1252")
    except UnicodeEncodeError as error:
        bad = text[error.start]
        raise bad_value(field, f"the character U+{ord(bad):04X} is not in code page 1252.") from None


def _integer(column: Column, value: object) -> int:
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_value(column.name, "must be a whole number.")
    if not column.low <= value <= column.high:
        raise bad_value(column.name, f"must lie between {column.low} and {column.high}.")
    return value


def _amount(column: Column, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise bad_value(column.name, "must be a number.")
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= AMOUNT_LIMIT:
        raise bad_value(column.name, "does not fit numeric(19,5).")
    kept = amount.quantize(AMOUNT_STEP)
    if kept != amount:
        raise bad_value(column.name, "has more than 5 decimals.")
    return kept if kept else EMPTY_AMOUNT


def _date(column: Column, value: object) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise bad_value(column.name, "must be a date without a time.")
    if value < FIRST_DATE:
        raise bad_value(column.name, "lies before 1753-01-01, the first date of SQL Server.")
    return value


def _rate(column: Column, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise bad_value(column.name, "must be a number.")
    rate = Decimal(value)
    if not rate.is_finite() or abs(rate) >= Decimal(10) ** 12:
        raise bad_value(column.name, f"does not fit {column.sql_type}.")
    kept = round(rate, column.scale)
    if kept != rate:
        raise bad_value(column.name, f"has more than {column.scale} decimals.")
    return kept


def _time(column: Column, value: object) -> datetime:
    """Take a time of day; the CHECK constraint of GP's time columns lets no date but 1900-01-01 in."""
    if isinstance(value, time) and value.tzinfo is None:
        return datetime.combine(EMPTY_DATE, value)
    if not isinstance(value, datetime) or value.tzinfo is not None or value.date() != EMPTY_DATE:
        raise bad_value(column.name, "must be a time of day on 1900-01-01.")
    return value


def _binary(column: Column, value: object) -> bytes:
    if not isinstance(value, bytes) or len(value) > column.width:
        raise bad_value(column.name, f"must be at most {column.width} bytes.")
    return value.ljust(column.width, b"\0")


_TAKING: dict[Kind, Callable[[Column, object], Value]] = {
    "text": _text,
    "long": _long,
    "integer": _integer,
    "amount": _amount,
    "rate": _rate,
    "date": _date,
    "time": _time,
    "binary": _binary,
}


def _capital(character: str) -> int:
    """Give the capital of a CP-1252 character, or the character itself where the code page has no capital."""
    capital = character.upper()
    try:
        capital.encode("cp1252")
    except UnicodeEncodeError:
        return ord(character)
    return ord(capital) if len(capital) == 1 else ord(character)


def _code_page() -> str:
    return "".join(bytes([code]).decode("cp1252", errors="ignore") for code in range(256))


_CAPITALS = {ord(character): _capital(character) for character in _code_page()}


def capitals(text: str) -> str:
    """Write a text in capitals, inside code page 1252 (ß and µ have none there)."""
    return text.upper() if text.isascii() else text.translate(_CAPITALS)


def folded(text: str) -> str:
    """Give the form under which texts compare equal: no case, no trailing blanks, accents kept (CI_AS)."""
    return capitals(text.rstrip(" "))
