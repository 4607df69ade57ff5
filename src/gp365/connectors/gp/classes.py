"""What a customer class implies for a new customer: the defaults that a window would bring and a service does not.

The Service Based Architecture was seen not to apply class defaults (to items: LBMC blog, GP 2015 RTM; assumed for
customers), so that whoever creates a customer sends them.
"""

from __future__ import annotations

from gp365.connectors.gp.tables import entity_named
from gp365.model.entity import FieldType
from gp365.model.errors import Rejected
from gp365.model.values import Value, Values, show

_NOT_DEFAULTS = frozenset({"Inactive", "NoteIndex", "CreatedDate", "ModifiedDate"})
_ONE_VALUE = (
    ("CreditLimitType", "CreditLimitAmount", "CreditLimitPeriod", "CreditLimitPeriodAmount"),
    ("MinimumPaymentType", "MinimumPaymentDollar", "MinimumPaymentPercent"),
    ("FinanceChargeAmountType", "FinanceChargeDollar", "FinanceChargePercent"),
    ("MaximumWriteoffType", "MaximumWriteoffAmount"),
    ("CurrencyID", "RateTypeID"),
)
"""Fields that mean something only together: when the plan sets the first, none of the others comes from the class."""
CLASSES = "customer classes"
"""What doctor calls them."""
HISTORY = ("KeepTrxHistory", "KeepDistributionHistory", "KeepCalendarHistory", "KeepPeriodHistory")


def shared() -> tuple[str, ...]:
    """Return the fields that a class gives to a new customer, in the order of the customer's."""
    common = set(entity_named("customer_class").fields) - _NOT_DEFAULTS
    return tuple(name for name in entity_named("customer").fields if name in common)


def implied(customer_class: Values, planned: Values) -> dict[str, Value]:
    """Return what the class says about every field that it shares with a customer and the plan leaves open."""
    set_by_plan = {name for name, value in planned.items() if value is not None}
    for first, *others in _ONE_VALUE:
        if first in set_by_plan:
            set_by_plan.update(others)
    return {
        name: customer_class[name] for name in shared() if name in customer_class and name not in set_by_plan
    }


def unlike_class(class_id: str, wanted: Values, kept: Values, record: str) -> Rejected | None:
    """Return what a created customer lacks of its class, or None; history flags first, because they cannot be mended.

    With transaction history off, removal of paid transactions leaves nothing behind (practice, assumed).
    """
    differing = [name for name in wanted if name in kept and not _alike(name, wanted[name], kept[name])]
    if not differing:
        return None
    differing.sort(key=lambda name: name not in HISTORY)
    told = "; ".join(
        f"{name} is {show(kept[name]) or 'empty'}, not {show(wanted[name])}" for name in differing
    )
    return Rejected(
        "rejected",
        f"The customer was created, but Dynamics GP did not keep what its class {class_id} says: {told}",
        record=record,
        field=differing[0],
        value=show(kept[differing[0]]),
        fix="Correct the customer's card in Dynamics GP by its class before anything is posted to it.",
    )


def _alike(name: str, wanted: Value, kept: Value) -> bool:
    if entity_named("customer").fields[name].description.type is FieldType.TEXT:
        return show(wanted).casefold() == show(kept).casefold()
    return (wanted or 0) == (kept or 0)
