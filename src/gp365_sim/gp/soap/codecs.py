"""How single values of columns are spoken by the service, and read from it.

Codes of enumerations are taken to count in the order of the values (assumed; ITEMTYPE and the credit limit types are as
GP's tables have them).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gp365_sim.gp.soap.errors import BadMessage
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells, Scene
from gp365_sim.gp.soap.schema import schema
from gp365_sim.gp.sqltypes import EMPTY_DATE, EMPTY_STAMP, Value

DISCONTINUED = 2
ITEM_TYPES = {
    1: "Sales Item",
    2: "Sales Item",
    3: "Kit",
    4: "Miscellaneous Charges",
    5: "Service",
    6: "Flat Fee",
}


class Misfit(ValueError):
    """A value that cannot be what the property stands for."""


@dataclass(frozen=True)
class Codec:
    """`speak` gives what the service shows of a row's column (None: nothing), `take` the column's value of what it got."""

    speak: "Callable[[Scene, Cells, str, str], object]"
    take: "Callable[[Scene, object, str], object] | None" = None


def integer(value: Value) -> int:
    """Read a whole number of a row."""
    return value if isinstance(value, int) else 0


def decimal(value: Value) -> Decimal:
    """Read a number with decimals of a row."""
    return value if isinstance(value, Decimal) else Decimal(0)


def scaled(value: Decimal, places: int) -> Decimal:
    """Give a number at least so many decimals, and no trailing zeros beyond them."""
    shown = value.quantize(Decimal(1).scaleb(-places))
    return shown if shown == value else value.normalize()


def money(scene: Scene, value: Decimal, iso: str) -> Obj:
    """Give a MoneyAmount."""
    places = scene.decimals(iso)
    return {"Currency": iso, "DecimalDigits": places, "Value": scaled(value, places)}


def take_money(scene: Scene, value: object) -> Decimal:
    """Read a MoneyAmount in the functional currency. Raises `Misfit` for another one."""
    held = as_object(value)
    iso = str(held.get("Currency", ""))
    if iso not in ("", scene.functional):
        raise Misfit(f"the amount must be in {scene.functional}, not in {iso}.")
    return number(held)


def number(held: Obj) -> Decimal:
    """Read the value of an amount, quantity or percentage."""
    value = held.get("Value", Decimal(0))
    assert isinstance(value, Decimal)
    return value


def as_object(value: object) -> Obj:
    """Read an object."""
    assert isinstance(value, dict)
    return value  # pyright: ignore[reportUnknownVariableType]


def _text(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return str(row[column]) or None


def _take_text(scene: Scene, value: object, argument: str) -> object:
    return str(value).rstrip(" ")


def _flag(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return bool(row[column])


def _not(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return not row[column]


def _day(scene: Scene, row: Cells, column: str, argument: str) -> object:
    """Speak a date; that an empty one (1900-01-01) is nil is assumed."""
    return None if row[column] == EMPTY_DATE else row[column]


def _take_day(scene: Scene, value: object, argument: str) -> object:
    if not isinstance(value, datetime):
        raise Misfit("is no date.")
    if value.date() == date.min:
        return EMPTY_DATE
    if value.time() != datetime.min.time():
        raise Misfit("must be a date without a time.")
    return value.date()


def _stamp(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return None if row[column] == EMPTY_STAMP else row[column]


def _money(scene: Scene, row: Cells, column: str, argument: str) -> object:
    """Speak an amount in the local currency, or in that of the document where there is a column for it."""
    if scene.local or not argument or argument not in row:
        return money(scene, decimal(row[column]), scene.functional)
    return money(scene, decimal(row[argument]), scene.iso(str(row.get("CURNCYID", ""))))


def _quantity(scene: Scene, row: Cells, column: str, argument: str) -> object:
    places = max(integer(row.get("DECPLQTY", 1)) - 1, 0)
    return {"DecimalDigits": places, "Value": scaled(decimal(row[column]), places)}


def _percent(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return {"DecimalDigits": 2, "Value": Decimal(integer(row[column])).scaleb(-2)}


def _take_percent(scene: Scene, value: object, argument: str) -> object:
    hundredths = number(as_object(value)).scaleb(2)
    if hundredths != hundredths.to_integral_value():
        raise Misfit("has more than 2 decimals.")
    return int(hundredths)


def _hundredths(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return Decimal(integer(row[column])).scaleb(-2)


def _enum(first: int) -> "Callable[[Scene, Cells, str, str], object]":
    def speak(scene: Scene, row: Cells, column: str, argument: str) -> object:
        values, place = schema().enums[argument].values, integer(row[column]) - first
        return values[place] if 0 <= place < len(values) else None

    return speak


def _take_enum(first: int) -> "Callable[[Scene, object, str], object]":
    return lambda scene, value, argument: schema().enums[argument].values.index(str(value)) + first


def _decimals(scene: Scene, row: Cells, column: str, argument: str) -> object:
    values, place = schema().enums[argument].values, (integer(row[column]) - 1) % 6
    return values[place] if place < len(values) else None


def _iso(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return scene.iso(str(row[column])) or None


def _take_iso(scene: Scene, value: object, argument: str) -> object:
    found = scene.currency(str(value)) if value else ""
    if found is None:
        raise Misfit(f"there is no currency with the ISO code {value}.")
    return found


def _account(scene: Scene, row: Cells, column: str, argument: str) -> object:
    found = scene.account(integer(row[column]))
    return {"Id": found, "IsEncrypted": False} if found else None


def _take_account(scene: Scene, value: object, argument: str) -> object:
    held = as_object(value)
    if held.get("IsEncrypted"):
        raise BadMessage("the simulator does not model encrypted account numbers.")
    spoken = str(held.get("Id", ""))
    found = scene.index(spoken) if spoken else 0
    if found is None:
        raise Misfit(f"there is no account {spoken}.")
    return found


def _account_id(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return scene.account(integer(row[column])) or None


def _batch(scene: Scene, row: Cells, column: str, argument: str) -> object:
    name = str(row[column])
    return {"Source": str(row.get("BCHSOURC", "")) or None, "Id": name} if name else None


def _take_batch(scene: Scene, value: object, argument: str) -> object:
    return str(as_object(value).get("Id", ""))


def _voided(scene: Scene, row: Cells, column: str, argument: str) -> object:
    return integer(row[column]) != 0


def _address(parent: str, column_of_parent: str) -> "Callable[[Scene, Cells, str, str], object]":
    def speak(scene: Scene, row: Cells, column: str, argument: str) -> object:
        code = str(row[column])
        return {parent: {"Id": str(row[column_of_parent])}, "Id": code} if code else None

    return speak


def _take_id(scene: Scene, value: object, argument: str) -> object:
    return str(as_object(value).get("Id", ""))


def _document_type(scene: Scene, row: Cells, column: str, argument: str) -> object:
    kind = schema().enums["SalesDocumentType"].values[integer(row["SOPTYPE"]) - 1]
    return {"Type": kind, "Id": str(row[column])}


def _line(key: str, number_column: str) -> "Callable[[Scene, Cells, str, str], object]":
    def speak(scene: Scene, row: Cells, column: str, argument: str) -> object:
        return {key: {"Id": str(row[number_column])}, "LineSequenceNumber": integer(row[column])}

    return speak


def _integer(scene: Scene, value: object, argument: str) -> object:
    return value


CODECS: dict[str, Codec] = {
    "text": Codec(_text, _take_text),
    "flag": Codec(_flag, lambda scene, value, argument: int(bool(value))),
    "not": Codec(_not, lambda scene, value, argument: int(not value)),
    "int": Codec(lambda scene, row, column, argument: integer(row[column]), _integer),
    "day": Codec(_day, _take_day),
    "stamp": Codec(_stamp),
    "money": Codec(_money, lambda scene, value, argument: take_money(scene, value)),
    "quantity": Codec(_quantity, lambda scene, value, argument: number(as_object(value))),
    "percent": Codec(_percent, _take_percent),
    "hundredths": Codec(_hundredths),
    "enum": Codec(_enum(0), _take_enum(0)),
    "enum1": Codec(_enum(1), _take_enum(1)),
    "decimals": Codec(_decimals),
    "iso": Codec(_iso, _take_iso),
    "account": Codec(_account, _take_account),
    "accountid": Codec(_account_id),
    "batch": Codec(_batch, _take_batch),
    "voided": Codec(_voided),
    "address": Codec(_address("CustomerKey", "CUSTNMBR"), _take_id),
    "vendoraddress": Codec(_address("VendorKey", "VENDORID")),
    "documenttype": Codec(_document_type, _take_id),
    "salesline": Codec(_line("SalesDocumentKey", "SOPNUMBE")),
    "purchaseline": Codec(_line("PurchaseTransactionKey", "PONUMBER")),
    "itemtype": Codec(lambda scene, row, column, argument: ITEM_TYPES.get(integer(row[column]))),
    "discontinued": Codec(lambda scene, row, column, argument: row[column] == DISCONTINUED),
    "vendoractive": Codec(lambda scene, row, column, argument: row[column] != 2),
    "vendoronetime": Codec(lambda scene, row, column, argument: row[column] == 3),
}
