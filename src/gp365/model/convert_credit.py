"""GP's credit limit as one number: the amount counts only under the type Amount; and what of it is still available.

GP keeps the old amount in CRLMTAMT when the type of RM00101 (CRLMTTYP: 0 No Credit, 1 Unlimited, 2 Amount; assumed)
is changed, so that an amount read alone may be a stale one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gp365.model import convert_values
from gp365.model.entity import FieldType
from gp365.model.fit import Unfit
from gp365.model.values import Value

NO_CREDIT, AMOUNT = 0, 2


def read(raw: Sequence[Value]) -> Value:
    """Return the amount of (type, amount), None under any other type than Amount; Unfit for what is no number."""
    return convert_values.read_number(raw[1]) if convert_values.read_number(raw[0]) == AMOUNT else None


def available(raw: Sequence[Value]) -> Value:
    """Return what is available of (type, amount, uses …): the amount less all uses, each with its sign.

    Without credit it is zero, without a bound nothing can be said (None). It may be negative: the limit is exceeded.
    Unfit for what is no number.
    """
    kind = convert_values.read_number(raw[0])
    if kind == NO_CREDIT:
        return Decimal(0)
    if kind != AMOUNT:
        return None
    numbers = [convert_values.read_number(each) for each in raw[1:]]
    limit, *uses = (Decimal(each) if isinstance(each, int | Decimal) else Decimal(0) for each in numbers)
    return limit - sum(uses, Decimal(0))


def write(value: Value, kinds: Sequence[FieldType]) -> tuple[Value, Value]:
    """Return (type, amount) of an amount; Unfit("bad-value") for none, which says nothing about the type."""
    if value is None:
        raise Unfit("bad-value", "An empty credit limit does not say whether there is none or no bound.")
    return (convert_values.write(AMOUNT, kinds[0]), convert_values.write(value, kinds[1]))
