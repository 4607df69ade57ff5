"""The same creations and edits leave the same rows in GP, over SQL Server and eConnect as over REST."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from gp_place import Place, place
from gp_sql_place import SqlPlace, sql_place

from gp365.model.record import Outcome, Status
from gp365.model.values import Value

REFERENCE = "alike-reference-0001"
NEW: Mapping[str, Value] = {
    "CustomerName": "Alike & Sons",
    "CustomerClass": "USA-ILMO-T1",
    "CreditLimitType": 1,
    "BillTo.ContactPerson": "Ann Alike",
    "BillTo.Address1": "1 Equal Street",
    "BillTo.City": "Chicago",
    "BillTo.State": "IL",
    "BillTo.Zip": "60601",
    "BillTo.Phone1": "31255501020000",
    "ShipTo.Address1": "2 Dock Road",
    "ShipTo.City": "Gary",
    "ShipTo.Zip": "46401",
    "Comment1": "As ever",
    "Comment2": None,
}
Both = tuple[Place, SqlPlace]
OWN = frozenset({"DEX_ROW_TS", "DEX_ROW_ID", "NOTEINDX", "CUSTPRIORITY"})
"""Drawn per site; and the priority of a customer without class, for which eConnect has a default of its own."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Generator[Both]:
    """One site that is reached over REST and another over SQL, both with the same samples."""
    with ExitStack() as stack:
        rest = stack.enter_context(place(tmp_path_factory.mktemp("rest")))
        sql = stack.enter_context(sql_place(tmp_path_factory.mktemp("sql")))
        yield rest, sql


def _rows(here: Place | SqlPlace, number: str) -> dict[str, dict[str, Any]]:
    """Give the customer's rows, those of its addresses and their e-mails, without what is drawn per site."""
    company = here.system.world.company
    found: dict[str, dict[str, Any]] = {}
    for table in ("RM00101", "RM00102"):
        heap = company[table]
        for row in heap.unordered():
            values = heap.table.as_dict(row)
            if str(values["CUSTNMBR"]).rstrip() == number:
                key = "/".join([table, *(str(values[part]).rstrip() for part in heap.table.key)])
                found[key] = {n: v for n, v in values.items() if n not in OWN}
    return found


def _differing(
    one: Mapping[str, Mapping[str, Any]], other: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    assert set(one) == set(other)
    return {
        f"{key}.{name}": (value, other[key][name])
        for key, row in one.items()
        for name, value in row.items()
        if other[key][name] != value
    }


def _on_both(both: Both, work: Callable[[Place | SqlPlace], Outcome]) -> None:
    for here in both:
        outcome = work(here)
        assert (outcome.status, outcome.error) == (Status.DONE, None), here


def test_a_new_customer_with_a_class_and_a_ship_to_has_the_same_rows(both: Both) -> None:
    _on_both(both, lambda here: here.create("ALIKE01", NEW, reference=REFERENCE))
    rest, sql = (_rows(here, "ALIKE01") for here in both)
    assert set(sql) == {"RM00101/ALIKE01", "RM00102/ALIKE01/PRIMARY", "RM00102/ALIKE01/SHIPTO"}
    assert _differing(rest, sql) == {}


def test_a_new_customer_without_class_has_the_same_rows(both: Both) -> None:
    values = {"CustomerName": "Plain", "BillTo.City": "Peoria", "Hold": True, "CreditLimitType": 2}
    _on_both(both, lambda here: here.create("ALIKE02", {**values, "CreditLimitAmount": 500}))
    assert _differing(*(_rows(here, "ALIKE02") for here in both)) == {}


EDITS: Mapping[str, Mapping[str, Value]] = {
    "a name": {"CustomerName": "Another Name Altogether"},
    "a comment taken away": {"Comment1": None},
    "a bill-to": {"BillTo.Address1": "9 Moved Avenue", "BillTo.Zip": "60699"},
    "a ship-to": {"ShipTo.City": "Hammond"},
    "a ship-to taken back": {"ShipTo.Address1": None, "ShipTo.City": None, "ShipTo.Zip": None},
    "terms": {"PaymentTermsID": "Net 30"},
    "hold": {"Hold": True},
    "a credit limit": {"CreditLimitType": 2, "CreditLimitAmount": 1250},
    "a salesperson": {"SalespersonID": "PAUL W.", "SalesTerritory": "TERRITORY 1"},
    "an address and a name": {"CustomerName": "Both", "BillTo.City": "Cicero", "ShipTo.Address2": "Gate 4"},
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_leaves_the_same_rows(both: Both, what: str) -> None:
    number = f"EDIT{list(EDITS).index(what):02d}"
    _on_both(both, lambda here: here.create(number, NEW, reference=REFERENCE))
    _on_both(both, lambda here: here.edit(number, EDITS[what], reference=REFERENCE))
    assert _differing(*(_rows(here, number) for here in both)) == {}


def test_a_ship_to_under_the_code_of_another_role_gets_a_code_of_its_own(both: Both) -> None:
    _on_both(both, lambda here: here.create("ALIKE03", {"CustomerName": "Shared", "BillTo.City": "Peoria"}))
    _on_both(both, lambda here: here.edit("ALIKE03", {"ShipTo.City": "Joliet", "ShipTo.Zip": "60431"}))
    rest, sql = (_rows(here, "ALIKE03") for here in both)
    assert sql["RM00101/ALIKE03"]["PRSTADCD"] == "SHIPTO" != sql["RM00101/ALIKE03"]["PRBTADCD"]
    assert _differing(rest, sql) == {}


def test_a_record_reads_the_same_over_both(both: Both) -> None:
    fields = [n for n, each in both[0].connector.entity("customer").fields.items() if each.readable]
    records = [{r.key: r for page in here.connector.scan("customer", fields) for r in page} for here in both]
    assert set(records[0]) == set(records[1])
    for key, record in records[0].items():
        other = records[1][key]
        assert {**record.values, "CustomerPriority": 1} == {**other.values, "CustomerPriority": 1}
        assert record.birth.partition("|")[2] == other.birth.partition("|")[2]
