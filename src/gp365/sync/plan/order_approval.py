"""Whether an order may be carried out: who approved which content, up to which amount, and never who asked for it.

Who approves is who saved the order last, as the system itself stamps it: a name that people type proves nothing. What an
approval was given for is remembered with the link, so that it holds for nothing else, and what gp365 writes to the order
itself afterwards (which makes gp365 the last to save it) does not take it away.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gp365.sync.plan.order_desk import Desk, Memory

ANYBODY = "*"
BY_COMMAND = "gp365 requests"
"""Who approved by the command line; a person's approval there holds for an order that is only submitted, too."""
NOBODY = "nobody: up to the threshold"


@dataclass(frozen=True, slots=True)
class Approval:
    """What is known of an order's approval: given or not, by whom, for which content; or why it does not hold."""

    given: bool = False
    who: str = ""
    name: str = ""
    digest: str = ""
    problem: str = ""
    words: str = ""


def approval_of(desk: Desk, memory: Memory) -> Approval:
    """Judge an order that was submitted or approved."""
    approved = desk.state == desk.order.states.approved
    incomplete = _incomplete(desk)
    content = desk.content()
    if incomplete:
        return Approval(problem=incomplete)
    held = memory.who not in ("", NOBODY) and (approved or memory.who == BY_COMMAND)
    if held and memory.digest == content:
        return _given(desk, memory, memory.who, memory.name)
    if _below(desk):
        return _given(desk, memory, NOBODY, NOBODY)
    if not approved:
        return Approval()
    who = str(desk.raw(desk.order.changed_by, desk.side) or "")
    name = desk.own.changed_by or who
    problem = _refusal(desk, who, name)
    return Approval(problem=problem) if problem else _given(desk, memory, who, name)


def _given(desk: Desk, memory: Memory, who: str, name: str) -> Approval:
    words = f"asked for by {desk.asker(memory) or 'an unknown user'}, approved by {name}"
    return Approval(True, who, name, desk.content(), words=words)


def _incomplete(desk: Desk) -> str:
    """Say what a request lacks; "" when it can be decided."""
    order = desk.order
    kind, amount = desk.raw(order.kind, desk.side), desk.raw(order.amount, desk.side)
    if kind == order.amount_kind and amount is None:
        return f"It asks for an amount and names none ({order.amount})."
    if kind == order.amount_kind and (desk.amount() or Decimal(0)) < 0:
        return "It asks for an amount below zero."
    if kind is None and amount is not None:
        return f"It names an amount and not what kind of limit is asked for ({order.kind})."
    return "" if desk.units() else "It asks for nothing."


def _below(desk: Desk) -> bool:
    """Tell whether an amount is all that is asked for, and no more than the threshold."""
    threshold, amount = _number(desk.compiled.flow.options.get(desk.order.threshold)), desk.amount()
    unit = desk.compiled.by_name[desk.order.amount].row.group or desk.order.amount
    alone = [name for name, _ in desk.units()] == [unit]
    return bool(threshold) and amount is not None and alone and amount <= (threshold or 0)


def _refusal(desk: Desk, who: str, name: str) -> str:
    """Say why this user's approval does not hold; "" if it does."""
    order = desk.order
    if not who:
        return "Who approved it cannot be told."
    if who.casefold() == str(desk.raw(order.asked_by, desk.side) or "").casefold():
        return f"{name} asked for it: somebody else has to approve it."
    line = _line(desk, who)
    if line is None:
        return f"{name} is not among those who may approve it (lookups/{order.approvers}.csv)."
    bound = _number(line)
    if line.strip() and bound is None:
        return f"lookups/{order.approvers}.csv has {line!r} as the amount up to which {name} may approve."
    if bound is None:
        return ""
    if desk.raw(order.kind, desk.side) in order.unbounded:
        return f"{name} may approve up to {bound:,.2f}, and no limit without a bound."
    amount = desk.amount()
    if amount is not None and amount > bound:
        return f"{name} may approve up to {bound:,.2f}, and {amount:,.2f} is asked for."
    return ""


def _line(desk: Desk, who: str) -> str | None:
    """Return up to which amount a user may approve, "" for any; None for somebody who may not."""
    table = desk.compiled.context.lookups.get(desk.order.approvers)
    if table is None or not {"approver", "up_to"} <= {*table.columns}:
        return None
    found = table.to("approver", "up_to", who)
    return found if found is not None else table.to("approver", "up_to", ANYBODY)


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value).strip()) if value not in (None, "") else None
    except InvalidOperation:
        return None
