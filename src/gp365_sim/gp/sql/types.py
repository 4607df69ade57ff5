"""SQL types of expressions and their values: what converts to what, how values compare, how they leave the server.

Values: None, str, int, Decimal, float, bytes, naive datetime (also for dates), date only for the type `date`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal

from gp365_sim.gp.sql.collation import in_code_page
from gp365_sim.gp.sql.errors import SqlError, not_modelled, overflow, unreadable
from gp365_sim.gp.sqltypes import Column

Value = str | int | Decimal | float | bytes | datetime | date | None
Family = Literal["null", "text", "integer", "exact", "float", "moment", "date", "binary"]

MAX = -1
EPOCH = datetime.fromisoformat("1900-01-01")
FIRST = datetime.fromisoformat("1753-01-01")
"""The first moment of `datetime`."""

_FAMILIES: dict[str, Family] = {
    "null": "null",
    "char": "text", "varchar": "text", "nchar": "text", "nvarchar": "text", "text": "text", "sysname": "text",
    "bit": "integer", "tinyint": "integer", "smallint": "integer", "int": "integer", "bigint": "integer",
    "decimal": "exact", "numeric": "exact", "money": "exact", "smallmoney": "exact",
    "float": "float", "real": "float",
    "datetime": "moment", "datetime2": "moment", "smalldatetime": "moment", "date": "date",
    "binary": "binary", "varbinary": "binary", "timestamp": "binary",
}  # fmt: skip
_RANGES = {
    "bit": (0, 1), "tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SqlType:
    """A SQL type: for texts and binaries `size` is the length (MAX: no limit), for exact numbers the precision."""

    name: str
    size: int = 0
    scale: int = 0

    @property
    def family(self) -> Family:
        """Tell which kind of Python value it has."""
        return _FAMILIES[self.name]

    @property
    def fixed(self) -> bool:
        """Tell whether values are padded with blanks."""
        return self.name in ("char", "nchar")

    @property
    def unicode(self) -> bool:
        """Tell whether it holds any character."""
        return self.name in ("nchar", "nvarchar", "sysname")

    def __str__(self) -> str:
        if self.family in ("text", "binary") and self.size:
            return f"{self.name}({'max' if self.size == MAX else self.size})"
        if self.name in ("decimal", "numeric"):
            return f"{self.name}({self.size},{self.scale})"
        return self.name


NULL = SqlType("null")
INT = SqlType("int")
BIGINT = SqlType("bigint")
DATETIME = SqlType("datetime")
SYSNAME = SqlType("nvarchar", 128)
FLOAT = SqlType("float")


def type_named(name: str, *sizes: int) -> SqlType:
    """Make a type from its name and sizes; a name that is not modelled is refused."""
    spoken = {"integer": "int", "dec": "decimal", "sysname": "nvarchar"}.get(name.lower(), name.lower())
    if name.lower() == "sysname":
        return SYSNAME
    if spoken not in _FAMILIES or spoken == "null":
        raise not_modelled(f"the type {name}")
    kind = SqlType(spoken, *sizes[:2])
    if spoken in ("decimal", "numeric") and not sizes:
        return SqlType(spoken, 18, 0)
    if spoken in ("money", "smallmoney"):
        return SqlType(spoken, 19, 4)
    if kind.family in ("text", "binary") and not sizes and spoken not in ("text", "timestamp"):
        return SqlType(spoken, 1)
    return kind


def read_type(text: str) -> SqlType:
    """Read a type as it is written in a definition, e.g. `numeric(19,5)`, `varchar(max)`."""
    name, _, rest = text.strip().partition("(")
    sizes = [
        MAX if each.strip().lower() == "max" else int(each) for each in rest.rstrip(") ").split(",") if each
    ]
    return type_named(name.strip(), *sizes)


def type_of_column(column: Column) -> SqlType:
    """Give the SQL type of a column of a GP table."""
    return read_type(column.sql_type)


def type_of_value(value: Value) -> SqlType:
    """Give the type under which a driver sends a value: texts as nvarchar, numbers by their digits."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return SqlType("nvarchar", max(1, len(value)) if len(value) <= 4000 else MAX)
    if isinstance(value, bool | int):
        return INT if -(2**31) <= int(value) < 2**31 else BIGINT
    if isinstance(value, Decimal):
        return _exact_type(value)
    if isinstance(value, float):
        return FLOAT
    if isinstance(value, bytes):
        return SqlType("varbinary", max(1, len(value)))
    return SqlType("datetime2", 7) if isinstance(value, datetime) else SqlType("date")


def _exact_type(value: Decimal) -> SqlType:
    if not value.is_finite():
        raise unreadable("a number that is not finite", "numeric")
    _, digits, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    size = max(len(digits) + max(0, int(exponent)), scale, 1)
    if size > 38:
        raise overflow("numeric")
    return SqlType("numeric", size, scale)


def convert(value: Value, target: SqlType, style: int = 0) -> Value:
    """Convert a value to a type as CAST does; texts are cut and padded, numbers rounded, 245/241/8114/8115 raised."""
    if value is None:
        return None
    family = target.family
    if family == "text":
        return _sized(spell(value, style), target)
    if family == "integer":
        return _integer(value, target)
    if family == "exact":
        return _exact(value, target)
    if family == "float":
        return _float(value)
    if family in ("moment", "date"):
        return _moment(value, target)
    if family == "binary":
        return _binary(value, target)
    return value


def spell(value: Value, style: int = 0) -> str:
    """Write a value as text; dates in the styles 112, 120, 121 and 126, or SQL Server's own for 0."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return _spell_moment(value, style)
    if isinstance(value, date):
        return value.strftime("%Y%m%d") if style == 112 else value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _spell_moment(value: datetime, style: int) -> str:
    thousandths = f"{value:%Y-%m-%d}T{value:%H:%M:%S}.{value.microsecond // 1000:03d}"
    if style == 126:
        return thousandths
    if style in (21, 25, 121):
        return thousandths.replace("T", " ")
    if style in (20, 120):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if style in (23, 112):
        return f"{value:%Y%m%d}" if style == 112 else f"{value:%Y-%m-%d}"
    if style == 0:
        hour = value.hour % 12 or 12
        return f"{value:%b} {value.day:2d} {value.year} {hour:2d}:{value:%M%p}"
    raise not_modelled(f"CONVERT with style {style}")


def _sized(text: str, target: SqlType) -> str:
    kept = text if target.unicode else in_code_page(text)
    if target.size > 0:
        kept = kept[: target.size]
    return kept.ljust(target.size) if target.fixed else kept


def _number(value: Value, target: SqlType) -> Decimal:
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str):
        try:
            return Decimal(value.strip() or "0") if target.family == "integer" else Decimal(value.strip())
        except InvalidOperation:
            raise unreadable("a text", str(target), 245 if target.family == "integer" else 8114) from None
    raise not_modelled(f"a conversion of {type(value).__name__} to {target}")


def _integer(value: Value, target: SqlType) -> int:
    if isinstance(value, bytes):
        return int.from_bytes(value, "big", signed=False)
    number = _number(value, target)
    if isinstance(value, str) and number != number.to_integral_value():
        raise unreadable("a text", str(target), 245)
    whole = int(number)
    if target.name == "bit":
        return int(whole != 0)
    low, high = _RANGES[target.name]
    if not low <= whole <= high:
        raise overflow(str(target))
    return whole


def _exact(value: Value, target: SqlType) -> Decimal:
    try:
        number = _number(value, target).quantize(Decimal(1).scaleb(-target.scale), ROUND_HALF_UP)
    except InvalidOperation:
        raise overflow(str(target)) from None
    if abs(number) >= Decimal(10) ** (target.size - target.scale):
        raise overflow(str(target))
    return number if number else abs(number)


def _float(value: Value) -> float:
    try:
        return float(_number(value, FLOAT))
    except SqlError:
        raise unreadable("a text", "float") from None


def _moment(value: Value, target: SqlType) -> Value:
    if isinstance(value, str):
        value = _read_moment(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, datetime.min.time())
    elif isinstance(value, int | Decimal | float) and target.name == "datetime":
        value = EPOCH + timedelta(days=float(value))
    if not isinstance(value, datetime):
        raise not_modelled(f"a conversion of {type(value).__name__} to {target}")
    if target.name == "date":
        return value.date()
    if target.name != "datetime":
        return value
    if value < FIRST:
        raise SqlError(242, "The value is out of range for datetime.")
    return ticked(value)


def ticked(moment: datetime) -> datetime:
    """Round a moment to the steps of `datetime`, 1/300 s."""
    ticks = round(moment.microsecond * 300 / 1_000_000)
    whole = moment.replace(microsecond=0) + timedelta(seconds=ticks // 300)
    return whole.replace(microsecond=round(ticks % 300 * 10 / 3) * 1000)


def thirds(moment: datetime) -> datetime:
    """Give the moment that a `datetime` stands for, not cut to thousandths: .003 is .003333."""
    ticks = round(moment.microsecond * 300 / 1_000_000)
    whole = moment.replace(microsecond=0) + timedelta(seconds=ticks // 300)
    return whole.replace(microsecond=round(ticks % 300 * 10_000 / 3))


def _read_moment(text: str) -> datetime:
    """Read the forms that every language setting reads alike; the others are not modelled."""
    bare = text.strip()
    try:
        found = datetime.fromisoformat(bare or "1900-01-01")
    except ValueError:
        raise unreadable("a text", "a date", 241) from None
    if found.tzinfo is not None:
        raise unreadable("a text with a time zone", "a date", 241)
    return found


def _binary(value: Value, target: SqlType) -> bytes:
    if isinstance(value, str):
        value = value.encode("utf-16-le" if not value.isascii() else "cp1252")
    if isinstance(value, int):
        value = value.to_bytes(
            8 if target.size > 4 or target.name == "timestamp" else 4, "big", signed=value < 0
        )
    if not isinstance(value, bytes):
        raise not_modelled(f"a conversion of {type(value).__name__} to {target}")
    kept = value[: target.size] if target.size > 0 else value
    return kept.ljust(target.size, b"\0") if target.name == "binary" else kept
