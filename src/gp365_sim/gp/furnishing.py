"""Furnishing a company with base data and documents, once per process: equal companies are given the same rows again."""

from dataclasses import replace

from gp365_sim.gp.company import Company, Image
from gp365_sim.gp.seeds import seed_company
from gp365_sim.gp.sqltypes import folded
from gp365_sim.gp.story import cast_of, play
from gp365_sim.gp.tables import Row

BROUGHT = frozenset({"RM00101", "RM00102", "RM00201", "SY03300"})
"""The tables that the samples fill, and this leaves alone."""
MOST = 8

_KEPT: dict[object, Image] = {}


def furnish(company: Company) -> None:
    """Fill what a company has beside its customers, classes and terms; every row is stamped as of now."""
    wish = _wish(company)
    if wish not in _KEPT:
        seed_company(company)
        play(company)
        if len(_KEPT) == MOST:
            _KEPT.clear()
        _KEPT[wish] = _without_samples(company.image())
    company.take(_KEPT[wish], company.statement())
    _national_accounts(company)


def _national_accounts(company: Company) -> None:
    """Write the row of each corporate customer (RM00105): a card that names itself as its parent."""
    table, at = company["RM00101"].table, company.statement()
    parents = (row for row in company["RM00101"].unordered() if table.text(row, "CPRCSTNM"))
    for row in parents:
        number = table.text(row, "CUSTNMBR")
        if folded(table.text(row, "CPRCSTNM")) == folded(number):
            values = {
                "CPRCSTNM": number,
                "NAALLOWRECEIPTS": 1,
                "NAFINANCECHARGE": 1,
                "CREATDDT": company.today(),
            }
            company.add("RM00105", {**values, "NOTEINDX": company.draw_note()}, at)


def _wish(company: Company) -> object:
    """Give what decides how a company is furnished; equal for companies that are furnished alike."""
    customers = company["RM00101"]
    keys = sorted({customers.table.fold(name) for name in cast_of(company)})
    cast = tuple(_unstamped(company, "RM00101", customers.find(key)) for key in keys)
    terms = tuple(_unstamped(company, "SY03300", row) for row in company["SY03300"].scan())
    return company.identity.currency, company.today(), company.next_note, "SY02300" in company, cast, terms


def _unstamped(company: Company, table: str, row: Row | None) -> Row:
    """Give a row without what differs from one load to the next."""
    definition = company[table].table
    assert row is not None
    return definition.changed(row, {"DEX_ROW_TS": 0}) if definition.stamped else row


def _without_samples(image: Image) -> Image:
    return replace(image, rows={name: rows for name, rows in image.rows.items() if name not in BROUGHT})
