"""Applications over SQL: found by the stamps of both documents, and told of when they are no more."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace, sql_place

from gp365.connectors.gp.tables import entity_named
from gp365.model.record import ChangePage
from gp365.model.values import Key, Value
from gp365_sim.gp.applying import Applied, Pair, apply, unapply
from gp365_sim.gp.numbers import next_receivable
from gp365_sim.gp.receivables import enter, enter_receipt
from gp365_sim.gp.removal import remove_paid
from gp365_sim.gp.rmposting import post
from gp365_sim.gp.voiding import return_unpaid

PAYMENT, INVOICE = 9, 1
FIELDS = tuple(entity_named("application").fields)
DAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(
        tmp_path_factory.mktemp("gp"), page=10, compare_h=1000, functional_currency="USD", history_months=1200
    ) as found:
        yield found


def _document(here: SqlPlace, who: str, kind: int, amount: str) -> str:
    company = here.system.world.company
    number = next_receivable(company, kind)
    column = "ORTRXAMT" if kind == PAYMENT else "SLSAMNT"
    values: dict[str, object] = {
        "RMDTYPAL": kind,
        "DOCNUMBR": number,
        "CUSTNMBR": who,
        "BACHNUMB": "TESTS",
        "DOCDATE": DAY,
        column: Decimal(amount),
    }
    if kind == PAYMENT:
        del values["RMDTYPAL"]
    (enter_receipt if kind == PAYMENT else enter)(company, values)
    post(company, kind, number)
    return number


def _apply(here: SqlPlace, paid: str, invoice: str, amount: str) -> Key:
    pair = Pair(PAYMENT, paid, INVOICE, invoice)
    apply(here.system.world.company, pair, Applied(Decimal(amount)), DAY)
    return ("9", paid, "1", invoice)


def _poll(here: SqlPlace, cursor: str | None) -> tuple[set[Key], set[Key], str]:
    here.clock.advance(120)
    pages: list[ChangePage] = list(here.connector.changes("application", FIELDS, cursor))
    begun = {each for page in pages for each in page.beginnings}
    return {change.key for page in pages for change in page.changes}, begun, str(pages[-1].cursor)


def _values(here: SqlPlace, key: Key) -> dict[str, Value]:
    return dict(here.connector.get("application", [key], FIELDS)[key].values)


def test_an_application_comes_when_it_is_made_and_its_payment_is_named_when_it_is_taken_back(
    here: SqlPlace,
) -> None:
    paid, invoice = (_document(here, "CONTOSOL0001", kind, "50.00") for kind in (PAYMENT, INVOICE))
    _, _, cursor = _poll(here, None)
    key = _apply(here, paid, invoice, "30.00")
    found, begun, cursor = _poll(here, cursor)
    assert found == {key} and ("9", paid) in begun
    assert _values(here, key)["Withdrawn"] is False
    company = here.system.world.company
    unapply(company, Pair(PAYMENT, paid, INVOICE, invoice), DAY)
    found, begun, cursor = _poll(here, cursor)
    assert found == set() and ("9", paid) in begun
    held = _values(here, key)
    assert (held["Withdrawn"], held["FromState"], held["PayerNumber"]) == (True, 0, "CONTOSOL0001")
    # What it was is not known any more: absent, and never nothing.
    assert "AppliedAmount" not in held and "SettledAmount" not in held
    assert held["Documents"] == f"9-{paid}-1-{invoice}"


def test_a_bounced_payment_says_so_and_a_document_that_never_was_gives_no_application(here: SqlPlace) -> None:
    paid, invoice = (_document(here, "BLUEYOND0001", kind, "50.00") for kind in (PAYMENT, INVOICE))
    key = _apply(here, paid, invoice, "50.00")
    return_unpaid(here.system.world.company, paid, DAY)
    assert (_values(here, key)["Withdrawn"], _values(here, key)["FromState"]) == (True, 2)
    nobody = [("9", paid, "1", "NEVERWAS"), ("9", "NEVERWAS", "1", invoice), ("9", paid)]
    assert here.connector.get("application", nobody, FIELDS) == {}


def test_what_was_moved_to_history_is_the_same_application(here: SqlPlace) -> None:
    who = "UNIFIEDW0001"
    paid, invoice = (_document(here, who, kind, "61.00") for kind in (PAYMENT, INVOICE))
    key = _apply(here, paid, invoice, "61.00")
    # Who is owed says the document; what a row of a national account holds there is not known for certain.
    here.system.world.company.change(
        "RM20201", (PAYMENT, paid, INVOICE, invoice), {"CUSTNMBR": "CONTOSOL0001"}
    )
    before = _values(here, key)
    assert before["CustomerNumber"] == who
    assert (PAYMENT, paid) in remove_paid(here.system.world.company, DAY, who)
    assert _values(here, key) == before
    assert before["SettledAmount"] == Decimal("61.00000") and before["ByAnother"] is False


def test_a_payment_is_told_in_one_sentence_with_its_applications_wherever_they_stand(here: SqlPlace) -> None:
    who = "MAGNIFIC0001"
    paid = _document(here, who, PAYMENT, "1200.00")
    for amount in ("300.00", "150.00"):
        _apply(here, paid, _document(here, who, INVOICE, amount), amount)
    [record] = here.connector.get("payment", [(paid,)], ["Subject", "Text"]).values()
    text = str(record.values["Text"])
    assert record.values["Subject"] == f"GP payment TWO {paid}"
    assert text.startswith(f"Payment {paid} of 1,200.00 USD on 2026-11-02: applied 300.00 to Invoice ")
    assert text.endswith(", 750.00 unapplied")
    listed = {
        r.key: dict(r.values) for page in here.connector.scan("payment", ["Subject", "Text"]) for r in page
    }
    assert listed[(paid,)] == dict(record.values)
