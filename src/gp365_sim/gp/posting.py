"""Posting as the control door asks for it: one document, or a batch as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from gp365_sim.gp import ledger, rmposting, salesposting
from gp365_sim.gp.amounts import text, whole
from gp365_sim.gp.batches import check_free, count_batch, documents
from gp365_sim.gp.company import Company
from gp365_sim.gp.refusals import Refusal, not_found
from gp365_sim.gp.rmtypes import PAYMENT
from gp365_sim.gp.salesdocs import INVOICE, RETURN

POSTING_SOURCES = ("RM_Sales", "RM_Cash", "Sales Entry", "GL_Normal")


@dataclass(frozen=True, slots=True)
class Moved:
    """A document that posting moved: the table it left, where it stands now, its type and number."""

    source: str
    table: str
    kind: int
    number: str


def post_document(company: Company, source: str, kind: int, number: str) -> Moved:
    """Post one document of a batch source (SOPTYPE or RMDTYPAL with its number, or a journal entry)."""
    if source == "Sales Entry":
        salesposting.post(company, kind, number)
        return Moved("SOP10100", "SOP30200", kind, number)
    if source in ("RM_Sales", "RM_Cash"):
        rmposting.post(company, kind, number)
        return Moved("RM10201" if kind == PAYMENT else "RM10301", "RM20101", kind, number)
    if source == "GL_Normal":
        ledger.post_journal(company, int(number))
        return Moved("GL10000", "GL20000", 0, number)
    raise Refusal("NotModelled", f"posting of batch source {source} is not modelled.", "BCHSOURC")


def post_batch(company: Company, source: str, number: str) -> list[Moved]:
    """Post the documents of a batch that post (quotes and orders stay), all or none; raises `Refusal`."""
    if company.find("SY00500", source, number) is None:
        raise not_found(company["SY00500"].table.what, f"{source};{number}")
    if source not in POSTING_SOURCES:
        raise Refusal("NotModelled", f"posting of batch source {source} is not modelled.", "BCHSOURC")
    check_free(company, source, number)
    with company.transaction():
        moved = [post_document(company, source, *each) for each in _posting(company, source, number)]
        count_batch(company, source, number)
    return moved


def _posting(company: Company, source: str, number: str) -> Sequence[tuple[int, str]]:
    rows = documents(company, source, number)
    if source == "GL_Normal":
        return [(0, str(row["JRNENTRY"])) for row in rows]
    if source == "Sales Entry":
        return [
            (whole(row, "SOPTYPE"), text(row, "SOPNUMBE"))
            for row in rows
            if row["SOPTYPE"] in (INVOICE, RETURN)
        ]
    return [(whole(row, "RMDTYPAL"), text(row, "DOCNUMBR")) for row in rows]
