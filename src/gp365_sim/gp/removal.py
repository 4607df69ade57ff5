"""Paid transaction removal: settled documents go from Open to history (RM30101, RM30201, RM30301), and may come back.

Documents that are applied to one another go together, once nothing of any of them is open (assumed). A customer that keeps
no transaction history (KPTRXHST 0) loses the documents instead: nothing of them is left (from practice, assumed).
"""

from datetime import date

from gp365_sim.gp.amounts import amount, day, text, whole
from gp365_sim.gp.applying import applications, pair_of
from gp365_sim.gp.company import Company
from gp365_sim.gp.distributions import key_of, rows_of
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.rmtypes import HISTORY, OPEN
from gp365_sim.gp.sqltypes import Value

Place = tuple[int, str]


def remove_paid(company: Company, until: date, customer: str = "") -> list[Place]:
    """Move what is settled and dated until a day to history and give types and numbers; for one customer, or all."""
    rows = [row for row in company.rows("RM20101") if not customer or row["CUSTNMBR"] == customer]
    places = {(whole(row, "RMDTYPAL"), text(row, "DOCNUMBR")): row for row in rows}
    partners = _partners(company)
    moved: list[Place] = []
    with company.transaction():
        for place in sorted(places):
            group = _family(place, partners)
            if place not in moved and all(_settled(places.get(each), until) for each in group):
                moved += sorted(group)
        for kind, number in moved:
            to_history(company, kind, number)
        company.change("RM40101", (1,), {"LDPTRRMV": until})
    return moved


def _settled(row: dict[str, Value] | None, until: date) -> bool:
    return row is not None and not amount(row, "CURTRXAM") and day(row, "DOCDATE") <= until


def _partners(company: Company) -> dict[Place, set[Place]]:
    found: dict[Place, set[Place]] = {}
    for row in company.rows("RM20201"):
        pair = pair_of(row)
        credit, debit = (pair.from_type, pair.from_number), (pair.to_type, pair.to_number)
        found.setdefault(credit, set()).add(debit)
        found.setdefault(debit, set()).add(credit)
    return found


def _family(place: Place, partners: dict[Place, set[Place]]) -> set[Place]:
    found, waiting = {place}, [place]
    while waiting:
        for each in partners.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def to_history(company: Company, kind: int, number: str) -> dict[str, Value]:
    """Move one document with its distributions, and its applications as credit, to history; gives what it held."""
    holder = company.find("RM00401", kind, number)
    if holder is None:
        raise Refusal("RecordNotFound", f"there is no document {number} of type {kind}.", "DOCNUMBR")
    customer = holder["CUSTNMBR"]
    if not _keeps_history(company, text(holder, "CUSTNMBR")):
        return _lose(company, kind, number, customer)
    moved = company.move("RM20101", (customer, kind, number), "RM30101")
    company.change("RM00401", (kind, number), {"DCSTATUS": HISTORY})
    for row in applications(company, kind, number):
        if (row["APFRDCTY"], row["APFRDCNM"]) == (kind, number):
            company.move("RM20201", pair_of(row).key, "RM30201")
    for row in rows_of(company, kind, number):
        company.move("RM10101", key_of(row), "RM30301")
    return moved


def _keeps_history(company: Company, customer: str) -> bool:
    card = company.find("RM00101", customer)
    return card is None or bool(card["KPTRXHST"])


def _lose(company: Company, kind: int, number: str, customer: Value) -> dict[str, Value]:
    lost = company.drop("RM20101", customer, kind, number)
    for row in applications(company, kind, number):
        company.drop("RM20201", *pair_of(row).key)
    for row in rows_of(company, kind, number):
        company.drop("RM10101", *key_of(row))
    company.drop("RM00401", kind, number)
    return lost


def bring_back(company: Company, kind: int, number: str) -> None:
    """Bring a document back from history, with its applications as credit and what they were applied to."""
    holder = company.find("RM00401", kind, number)
    if holder is None or company.find("RM30101", holder["CUSTNMBR"], kind, number) is None:
        return
    company.move("RM30101", (holder["CUSTNMBR"], kind, number), "RM20101", {"AGNGBUKT": 1})
    company.change("RM00401", (kind, number), {"DCSTATUS": OPEN})
    for row in _distributions(company, kind, number):
        values = {"POSTED": 1, "DCSTATUS": OPEN, "USERID": row["USERID"]}
        company.move("RM30301", (kind, number, row["SEQNUMBR"]), "RM10101", values)
    for row in applications(company, kind, number, "RM30201"):
        if (row["APFRDCTY"], row["APFRDCNM"]) == (kind, number):
            company.move("RM30201", pair_of(row).key, "RM20201", {"POSTED": 1})
            bring_back(company, whole(row, "APTODCTY"), text(row, "APTODCNM"))


def _distributions(company: Company, kind: int, number: str) -> list[dict[str, Value]]:
    table = company["RM30301"].table
    return [
        table.as_dict(row)
        for row in company["RM30301"].scan()
        if table.get(row, "RMDTYPAL") == kind and table.text(row, "DOCNUMBR") == number
    ]
