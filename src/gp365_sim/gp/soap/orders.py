"""Sales orders as the service creates them: in Work, with their lines, through the sales entry of the company."""

from datetime import date, datetime
from decimal import Decimal

from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.salesdocs import ORDER, enter
from gp365_sim.gp.soap.calls import Answer, Call, find, inner, key_text, missing
from gp365_sim.gp.soap.codecs import as_object
from gp365_sim.gp.soap.errors import invalid
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Scene
from gp365_sim.gp.soap.shapes import refused, shapes, taken

COMPUTED = frozenset({"Type", "TransactionState", "TotalAmount", "LineTotalAmount", "CustomerName"})
"""What GP works out itself; that a caller may send it in vain is assumed."""
APART = frozenset({"Key", "Lines", "Comment", *COMPUTED})


def _create(call: Call) -> object:
    """Enter an order; without a key the next number is taken, which the empty answer does not tell (cc508459)."""
    scene, given = call.scene, call.object("salesOrder")
    shape = shapes()["SalesOrder"]
    number = key_text(given, "CustomerKey", "Id")
    if find(scene, "RM00101", number) is None:
        raise missing("Customer", number)
    values = taken(scene, shape, given, APART)
    values |= {"SOPTYPE": ORDER, "DOCDATE": _day(values.get("DOCDATE"), scene)}
    if key_text(given, "Key", "Id"):
        values["SOPNUMBE"] = key_text(given, "Key", "Id")
    values.setdefault("DOCID", _default_id(scene))
    for name, words in (("BACHNUMB", "BatchKey.Id"),):
        if not values.get(name):
            raise invalid(f"{words} is required.", "SalesOrder", words, code="KeyMissing")
    lines = [_line(scene, as_object(each)) for each in _lines(given) if each is not None]
    if not lines:
        raise invalid("an order needs a line.", "SalesOrder", "Lines")
    try:
        entered = enter(scene.company, values, lines)
        _comment(scene, str(entered["SOPNUMBE"]), given)
    except Refusal as refusal:
        raise refused(refusal, shape) from None
    return None


def _lines(given: Obj) -> list[object]:
    lines = given.get("Lines", [])
    assert isinstance(lines, list)
    return lines  # pyright: ignore[reportUnknownVariableType]


def _line(scene: Scene, given: Obj) -> dict[str, object]:
    """Read a line; a missing unit price is the item's list price, which the sample prices give, else 0."""
    values = taken(
        scene, shapes()["SalesOrderLine"], given, frozenset({"Key", "TotalAmount", "ExtendedCost"})
    )
    if not values.get("ITEMNMBR"):
        raise invalid("ItemKey.Id is required.", "SalesOrderLine", "ItemKey.Id", code="KeyMissing")
    values.setdefault("QUANTITY", Decimal(0))
    if "UNITPRCE" not in values:
        currency = scene.company.identity.currency
        price = scene.company.find("IV00105", str(values["ITEMNMBR"]), currency)
        values["UNITPRCE"] = Decimal(0) if price is None else price["LISTPRCE"]
    return values


def _day(given: object, scene: Scene) -> date:
    return given if isinstance(given, date) and not isinstance(given, datetime) else scene.company.today()


def _default_id(scene: Scene) -> str:
    rows = [row for row in scene.company.rows("SOP40200") if row["SOPTYPE"] == ORDER]
    return min((str(row["DOCID"]) for row in rows), default="")


def _comment(scene: Scene, number: str, given: Obj) -> None:
    words = inner(given, "Comment")
    if words:
        scene.company.add("SOP10106", {"SOPTYPE": ORDER, "SOPNUMBE": number, "CMMTTEXT": str(words)})


ANSWERS: dict[str, Answer] = {"CreateSalesOrder": _create}
