"""The check of rows that are written along with others (`along`): they need one owner, and a write to go with."""

from __future__ import annotations

from collections.abc import Iterator

from gp365.app.check_rows import Checked
from gp365.app.effective import FlowFinding, NamedRow, rows_of

ALONG = "along"


def check_along(checked: Checked) -> Iterator[FlowFinding]:
    """Give what is wrong with the rows that are written along with others."""
    file = checked.loaded.file
    for name, entry in file.fields.items():
        if entry.along and entry.fields is not None:
            message = f"{name} is a group, and along is a word of a row."
            fix = "Write it on the rows inside; not in a group that decides as one value."
            yield checked.fault("flow-invalid", ("fields", name, ALONG), name, message, fix=fix)
    for named in rows_of(file):
        if named.row.along and (found := _wrong(checked, named)) is not None:
            message, fix = found
            path = (*named.path, ALONG)
            yield checked.fault("flow-invalid", path, named.name, message, named.row.owner, fix)


def _wrong(checked: Checked, named: NamedRow) -> tuple[str, str] | None:
    """Say what is wrong with a row, and what to do; None where nothing is."""
    file, row = checked.loaded.file, named.row
    sides = " or ".join(checked.ends.sides)
    once = [word for word in ("create_only", "read_only", "on_create") if getattr(row, word)]
    once += ["constant"] if row.constant is not None else []
    if once:
        why = f"{named.name} is written along with other fields, and {once[0]} says that it is not"
        return f"{why}.", "Leave one of the two out."
    if file.order is not None and file.order.side in checked.ends.sides:
        return f"{named.name} is a field of orders, each of which is carried out once.", "Leave along out."
    if named.group and file.fields[named.group].group:
        why = f"{named.name} decides as one value with its group, so that it cannot be left when it moves"
        return f"{why}.", "Take it out of the group, or leave along out."
    if row.owner not in checked.ends.sides:
        held = f"its owner is {row.owner or 'ask'}"
        why = f"{named.name} is written along with other fields, which needs one owner: {held}"
        return f"{why}.", f"Write `owner: {sides}`, or leave along out."
    if named.name in (file.events.inactive, file.events.hold):
        why = f"{named.name} is what an event writes (events), so that it cannot be left when it moves"
        return f"{why}.", "Leave along out."
    return None
