"""What the Professional Services Tools Library does to a customer number, straight in the tables."""

from gp365_sim.gp.combine import repoint
from gp365_sim.gp.company import Company
from gp365_sim.gp.holdings import renumber_holdings
from gp365_sim.gp.refusals import Refusal, not_found
from gp365_sim.gp.sqltypes import folded
from gp365_sim.gp.tables import Row


def renumber(company: Company, old: str, new: str) -> Row:
    """Give a customer another number, in every table that names it, and give its row.

    NOTEINDX and CREATDDT stay, and no window saves, so MODIFDT stays too (from practice, assumed); every row that
    changes is stamped. Raises `Refusal` when `old` is unknown or `new` is taken (that would be a combine).
    """
    customers, addresses = company["RM00101"], company["RM00102"]
    row = customers.find((folded(old),))
    if row is None:
        raise not_found(customers.table.what, old)
    number = customers.table.accepted({"CUSTNMBR": new})["CUSTNMBR"]
    if not number:
        raise Refusal("KeyMissing", "is required.", "CUSTNMBR")
    if (folded(str(number)),) in customers:
        raise Refusal("DuplicateKey", f"{customers.table.what} {number} exists already.", "CUSTNMBR")
    at = company.statement()
    company.update("RM00101", (folded(old),), {"CUSTNMBR": number}, at)
    for address in addresses.under(folded(old)):
        company.update("RM00102", addresses.table.key_of(address), {"CUSTNMBR": number}, at)
    company.move_documents(folded(old), folded(str(number)))
    renumber_holdings(company, folded(old), str(number), at)
    repoint(company, folded(old), str(number), at)
    renamed = customers.find((folded(str(number)),))
    return renamed if renamed is not None else row
