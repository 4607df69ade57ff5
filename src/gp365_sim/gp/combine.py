"""What the customer combiner of the Professional Services Tools Library does, straight in the tables."""

from datetime import datetime

from gp365_sim.gp.company import Company
from gp365_sim.gp.holdings import join_summaries, renumber_holdings
from gp365_sim.gp.refusals import Refusal, not_found
from gp365_sim.gp.sqltypes import folded
from gp365_sim.gp.tables import Row


def combine(company: Company, gone: str, kept: str) -> Row:
    """Put one customer into another and give the row of the one that stays.

    The card of `gone` vanishes, NOTEINDX and every column of `kept` stay as they are; addresses, open documents and
    children go over to `kept`. An address whose code `kept` has already is dropped (assumed), the terms of the card are
    those of `kept`. No window saves, so MODIFDT stays; every row that changes is stamped. What the tool itself refuses
    is not public. Raises `Refusal` when a number is unknown or both are the same.
    """
    customers = company["RM00101"]
    place, target = (folded(gone),), (folded(kept),)
    for number, key in ((gone, place), (kept, target)):
        if key not in customers:
            raise not_found(customers.table.what, number)
    if place == target:
        raise Refusal("RuleViolated", "a customer cannot be combined with itself.", "CUSTNMBR")
    at = company.statement()
    number = str(company.row("RM00101", target)["CUSTNMBR"])
    _move_addresses(company, place[0], number, at)
    company.move_documents(place[0], target[0])
    join_summaries(company, place[0], number, at)
    renumber_holdings(company, place[0], number, at)
    company.delete("RM00101", place, at)
    repoint(company, place[0], number, at)
    found = customers.find(target)
    assert found is not None
    return found


def _move_addresses(company: Company, gone: str, kept: str, at: datetime) -> None:
    addresses = company["RM00102"]
    for address in list(addresses.under(gone)):
        key = addresses.table.key_of(address)
        if (folded(kept), key[1]) in addresses:
            company.delete("RM00102", key, at)
        else:
            company.update("RM00102", key, {"CUSTNMBR": kept}, at)


def repoint(company: Company, old: str, new: str, at: datetime) -> None:
    """Write another number into every card that names this one (folded) as its corporate customer."""
    customers = company["RM00101"]
    for each in customers.unordered():
        if folded(customers.table.text(each, "CPRCSTNM")) == old:
            company.update("RM00101", customers.table.key_of(each), {"CPRCSTNM": new}, at)
