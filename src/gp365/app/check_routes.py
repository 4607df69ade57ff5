"""The check of what a new record needs beside its fields: a company that it belongs to, and fields by its class."""

from __future__ import annotations

from collections.abc import Iterator

from gp365.app.check_rows import Checked
from gp365.app.effective import FlowFinding, rows_of
from gp365.model.expressions import Expressions
from gp365.model.values import Value
from gp365.sync.facts import SHARED

_ANOTHER = "\x1fother"
COMPANY = "company"
"""The option by which a route knows the pair's own company."""
SALES = "sales"
"""The side that has no companies: several organisations may take the same company's customers."""


def check_routes(checked: Checked) -> Iterator[FlowFinding]:
    """Give pairs that would all create from one shared system, and tables of required fields that name none."""
    first, second = checked.ends.sides
    for side, other in ((first, second), (second, first)):
        if checked.side(other).create:
            yield from _unrouted(checked, side, other)
        yield from _required_by(checked, side)


def _unrouted(checked: Checked, side: str, other: str) -> Iterator[FlowFinding]:
    """Refuse a flow that several pairs run on one system without a route: each new record would be created in all."""
    pairs = checked.ends.shared.get(side, ())
    if not pairs or other == SALES or _routes(checked, side):
        return
    names = " and ".join(pairs)
    message = (
        f"the pairs {names} create on {other} from the same {side}: every new {checked.entity(side).name} "
        "would be created in each of their companies."
    )
    fix = (
        "Say which company a new record belongs to: the option route_by of the pair, or `route` of the side."
    )
    yield checked.fault("flow-invalid", ("sides", side, "route"), "", message, names, fix)


def _routes(checked: Checked, side: str) -> bool:
    """Tell whether a side's route says more than that every record is the pair's own, whichever pair that is."""
    text = checked.side(side).route
    if not text:
        return False
    row: dict[str, Value] = {one.name: None for one in rows_of(checked.loaded.file) if one.wires(side)}
    for company in (checked.ends.company, _ANOTHER):
        options = {**checked.ends.options, COMPANY: company}
        result = Expressions(checked.ends.lookups, options).evaluate({"it": text}, [row | {SHARED: False}])
        if result[0]["it"] != company:
            return True
    return False


def _required_by(checked: Checked, side: str) -> Iterator[FlowFinding]:
    needed = checked.side(side).required_by
    if needed is None:
        return
    path = ("sides", side, "required_by")
    if not any(one.name == needed.row and one.wires(side) for one in rows_of(checked.loaded.file)):
        message = f"required_by looks at {needed.row}, which is no row of the flow on {side}."
        yield checked.fault("flow-invalid", path, "", message, needed.row)
    table = checked.ends.lookups.get(needed.lookup)
    if table is None:
        message = f"there is no lookup {needed.lookup}."
        fix = f"Write lookups/{needed.lookup}.csv with the columns {needed.row}, fields."
        yield checked.fault("lookup-invalid", path, "", message, needed.lookup, fix)
        return
    for row in table.rows:
        for wire in filter(None, map(str.strip, row[1].split(";"))):
            if wire not in checked.entity(side).fields:
                message = f"the lookup {table.name} asks for {wire}, which {checked.entity(side).name} does not have."
                yield checked.fault("flow-field", path, "", message, wire)
