"""What SQL Server makes of a value on its way into a parameter or a column: conversions, cuts, lost characters.

It says nothing when a text is cut to the length of a parameter or a character is not in the code page of the
database: the character becomes `?`. (For some letters the real server finds a near one, such as `l` for `ł`; that is
not modelled.) Texts are kept without the blanks that pad a char.
"""

from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from gp365_sim.gp.econnect.refused import BadValue, CheckViolated
from gp365_sim.gp.econnect.signatures import Parameter
from gp365_sim.gp.sqltypes import EMPTY_DATE, EMPTY_TIME, FIRST_DATE, INTEGER_RANGES, Column, Value

CODE_PAGE = "cp1252"


def taken(parameter: Parameter, value: object) -> Value | None:
    """Turn a value into what the parameter holds; None stays None. Raises `BadValue`."""
    if value is None:
        return None
    kind, sizes = _kind(parameter.sql_type)
    if kind in INTEGER_RANGES:
        return _integer(kind, value)
    if kind == "numeric":
        return _number(parameter.sql_type, sizes[0], sizes[1], value)
    if kind == "datetime":
        return _moment(value)
    return _text(kind, sizes[0] if sizes else 0, value)


def put(table: str, column: Column, value: Value) -> Value:
    """Turn a value into what a column holds, as an INSERT inside a procedure does. Raises `BadValue`, `CheckViolated`."""
    match column.kind:
        case "integer":
            _check_range(value, column.low, column.high)
            return int(value) if isinstance(value, int | Decimal) else value
        case "amount":
            return _number("numeric(19,5)", 19, 5, value)
        case "date":
            return _date_only(table, column.name, value)
        case "rate":
            return _number(f"numeric(19,{column.scale})", 19, column.scale, value)
        case "time":
            return _time_only(table, column.name, value)
        case "text":
            return _fitting(table, column, value)
        case _:
            return value


def day_of(value: Value | None) -> date:
    """Give the day of a date or moment; 1900-01-01 when there is none."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else EMPTY_DATE


@cache
def _kind(sql_type: str) -> tuple[str, tuple[int, ...]]:
    name, _, rest = sql_type.partition("(")
    return name, tuple(int(part) for part in rest.rstrip(")").split(",")) if rest else ()


def _text(kind: str, width: int, value: object) -> str:
    text = value if isinstance(value, str) else _spelled(value)
    kept = text.encode(CODE_PAGE, errors="replace").decode(CODE_PAGE)
    if width:
        kept = kept[:width]
    return kept.rstrip(" ") if kind == "char" else kept


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode(CODE_PAGE, errors="replace")
    return str(value)


def _integer(kind: str, value: object) -> int:
    low, high = INTEGER_RANGES[kind]
    if isinstance(value, str):
        value = _read(value or "0", kind)
    if isinstance(value, Decimal | float):
        value = int(value)
    if not isinstance(value, int):
        raise BadValue(206, f"Operand type clash: {type(value).__name__} is incompatible with {kind}")
    if not low <= value <= high:
        raise BadValue(8115, f"Arithmetic overflow error converting numeric to data type {kind}.")
    return int(value)


def _number(sql_type: str, precision: int, scale: int, value: object) -> Decimal:
    if isinstance(value, str):
        value = _read(value, "numeric")
    if not isinstance(value, int | float | Decimal):
        raise BadValue(206, f"Operand type clash: {type(value).__name__} is incompatible with numeric")
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or abs(number) >= Decimal(10) ** (precision - scale):
        raise BadValue(8115, f"Arithmetic overflow error converting numeric to data type {sql_type}.")
    kept = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return kept if kept else abs(kept)


def _read(text: str, kind: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise BadValue(8114, f"Error converting data type varchar to {kind}.") from None


def _moment(value: object) -> date:
    """Take a datetime; without a time of day it becomes a plain date. The empty text is 1900-01-01, as in T-SQL."""
    if isinstance(value, str):
        value = _read_moment(value.strip())
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
        value = value.date() if value.time() == time() else value
    if not isinstance(value, date):
        raise BadValue(206, f"Operand type clash: {type(value).__name__} is incompatible with datetime")
    if day_of(value) < FIRST_DATE:
        raise BadValue(242, "The conversion of a varchar data type to a datetime data type is out of range.")
    return value


def _read_moment(text: str) -> date:
    try:
        return datetime.fromisoformat(text) if text else EMPTY_DATE
    except ValueError:
        raise BadValue(8114, "Error converting data type varchar to datetime.") from None


def _check_range(value: Value, low: int, high: int) -> None:
    if isinstance(value, int | Decimal) and not low <= value <= high:
        raise BadValue(220, f"Arithmetic overflow error for data type, value = {value}.")


def _date_only(table: str, name: str, value: Value) -> Value:
    """Refuse a time of day: GP's date columns have CHECK constraints (public schema dump)."""
    if isinstance(value, datetime):
        raise time_of_day(table, name)
    return value


def _time_only(table: str, name: str, value: Value) -> Value:
    """Refuse a day: time columns lie on 1900-01-01."""
    if day_of(value) != EMPTY_DATE:
        raise time_of_day(table, name)
    return value if isinstance(value, datetime) else EMPTY_TIME


def time_of_day(table: str, name: str) -> CheckViolated:
    """Give SQL Server's error for a moment in a date column, or a day in a time column."""
    return CheckViolated(
        547,
        f'The INSERT or UPDATE statement conflicted with a CHECK constraint on table "dbo.{table}", '
        f"column '{name}'.",
    )


def _fitting(table: str, column: Column, value: Value) -> Value:
    text = str(value).rstrip(" ")
    if len(text) > column.width:
        raise BadValue(
            8152, f"String or binary data would be truncated in table {table}, column {column.name}."
        )
    return text
