"""The check of a flow against both systems' descriptions, before the first request: every finding with file and line."""

from __future__ import annotations

from collections.abc import Iterator

from gp365.app.check_along import check_along
from gp365.app.check_conditions import check_conditions
from gp365.app.check_money import check_money
from gp365.app.check_routes import check_routes
from gp365.app.check_rows import OURS, Checked, check_rows
from gp365.app.effective import Ends, FlowFinding, effective, rows_of
from gp365.app.loader import LoadedFlow
from gp365.model.errors import Misconfigured
from gp365.model.flow_file import ThroughFile


def check_flow(loaded: LoadedFlow, ends: Ends) -> tuple[LoadedFlow, list[FlowFinding]]:
    """Return the flow as it will run here, and what was found: errors keep it from running, notes are to be shown."""
    running, findings = effective(loaded, ends)
    checked = Checked(running, ends)
    for part in (_sides, _matching, check_rows, check_along, check_conditions, check_routes, check_money):
        findings += part(checked)
    return running, findings


def _sides(checked: Checked) -> Iterator[FlowFinding]:
    file = checked.loaded.file
    names = {named.name for named in rows_of(file)}
    if file.first_contact not in (*file.sides, "ask"):
        message = f"first_contact is {file.first_contact}, which is neither a side nor ask."
        yield checked.fault("flow-invalid", ("first_contact",), "", message, file.first_contact)
    for side in checked.ends.sides:
        yield from _verbs(checked, side)
        given = checked.side(side)
        if given.company:
            yield from _field(checked, ("sides", side, "company"), side, given.company)
        for word in ("name", "account_number"):
            wanted = getattr(given.number, word) if given.number else ""
            if wanted and wanted not in names:
                path = ("sides", side, "number", word)
                message = f"the number scheme reads {wanted}, which is no row of the flow."
                yield checked.fault("flow-invalid", path, "", message, wanted)


def _verbs(checked: Checked, side: str) -> Iterator[FlowFinding]:
    given, entity = checked.side(side), checked.entity(side)
    for verb, served in (("create", entity.creates), ("update", entity.updates)):
        if getattr(given, verb) and not served and not (verb == "create" and given.by_hand):
            message = f"{entity.name} on {side} serves no {verb}."
            fix = f"Write `{verb}: false`."
            fix = f"{entity.opens_writing} Or: write `{verb}: false`." if entity.opens_writing else fix
            yield checked.fault("not-served", ("sides", side, verb), "", message, entity.name, fix)


def _field(
    checked: Checked, path: tuple[str | int, ...], side: str, wire: str, entity: str = ""
) -> Iterator[FlowFinding]:
    described = checked.ends.describe(side, entity) if entity else checked.entity(side)
    if wire in described.fields:
        return
    code = "not-provisioned" if wire.startswith(OURS) else "flow-field"
    message = f"{described.name} on {side} has no {wire}."
    yield checked.fault(code, path, "", message, wire)


def _matching(checked: Checked) -> Iterator[FlowFinding]:
    names = {named.name for named in rows_of(checked.loaded.file)}
    for at, rule in enumerate(checked.loaded.file.match):
        for word in ("same", "alone"):
            for name in getattr(rule, word) or ():
                if name not in names:
                    message = f"the matching rule names no row of the flow: {name}."
                    yield checked.fault("flow-invalid", ("match", at, word), "", message, name)
        if rule.through is not None and rule.through.side in checked.ends.sides:
            yield from _through(checked, at, rule.through, names)


def _through(checked: Checked, at: int, rule: ThroughFile, names: set[str]) -> Iterator[FlowFinding]:
    path: tuple[str | int, ...] = ("match", at, "through")
    try:
        for wire in filter(None, (rule.company, rule.field, rule.to)):
            yield from _field(checked, path, rule.side, wire, rule.entity)
    except Misconfigured as fault:
        yield checked.fault(fault.code, path, "", fault.message, rule.entity, fault.fix)
    if rule.names not in names:
        message = f"the matching rule names no row of the flow: {rule.names}."
        yield checked.fault("flow-invalid", path, "", message, rule.names)
