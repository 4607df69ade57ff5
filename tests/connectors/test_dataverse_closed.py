"""Closed invoices and their lines: what is refused because an invoice is closed is written with the invoice open."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from connectors.dataverse_place import Place, guid, place
from gp365.model.record import Status
from gp365.model.values import Value

OPEN, PAID, CANCELED = (0, 4), (2, 100001), (3, 100003)
FIELDS = ("invoiceid", "quantity", "productdescription")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with place(tmp_path_factory.mktemp("sales")) as made:
        yield made


@pytest.fixture
def sales(shared: Place) -> Place:
    """An organisation with two invoices of a line each: the first is open, the second is paid."""
    for row in shared.rows("invoices"):
        state(shared, str(row["invoiceid"]), OPEN)
    for name, key in (("invoicedetails", "invoicedetailid"), ("invoices", "invoiceid")):
        for row in shared.rows(name):
            shared.delete(name, str(row[key]))
    for number in (1, 2):
        shared.put("invoices", invoice(number), {"name": f"I{number}", "invoicenumber": f"I-{number}"})
        made = shared.create("invoicedetail", line(number, invoice(number)))
        assert [one.status for one in made] == [Status.DONE], made[0].error
    state(shared, invoice(1), OPEN)
    state(shared, invoice(2), PAID)
    return shared


def invoice(number: int) -> str:
    return guid(number, "i")


def line(number: int, head: str, **values: Value) -> tuple[str, Mapping[str, Value]]:
    return guid(number, "l"), {
        "invoiceid": head,
        "invoicedetailname": "L",
        "isproductoverridden": True,
        "productdescription": "L",
        "producttypecode": 1,
        "propertyconfigurationstatus": 2,
        "quantity": Decimal(2),
        "priceperunit": Decimal("10.00"),
        **values,
    }


def state(sales: Place, key: str, wanted: tuple[int, int]) -> None:
    sales.put("invoices", key, {"statecode": wanted[0], "statuscode": wanted[1]})


def held(sales: Place, number: int) -> tuple[Any, ...]:
    row = sales.row("invoices", invoice(number))
    assert row is not None
    return (row["statecode"], row["statuscode"]), Decimal(row["totalamount"])


@pytest.mark.parametrize("closed", [PAID, CANCELED])
def test_a_line_of_a_closed_invoice_is_changed_and_the_invoice_closed_again(
    sales: Place, closed: tuple[int, int]
) -> None:
    state(sales, invoice(2), OPEN)
    state(sales, invoice(2), closed)
    lines = [sales.read("invoicedetail", guid(number, "l"), FIELDS) for number in (1, 2)]
    ended = sales.update("invoicedetail", *((one, {"quantity": Decimal(3)}) for one in lines))
    assert [one.status for one in ended] == [Status.DONE, Status.DONE], ended[1].error
    assert held(sales, 1) == (OPEN, Decimal(30))
    assert held(sales, 2) == (closed, Decimal(30))


def test_lines_that_come_late_are_made_below_a_closed_invoice(sales: Place) -> None:
    made = sales.create("invoicedetail", line(3, invoice(2)), line(4, invoice(1)), line(5, invoice(2)))
    assert [one.status for one in made] == [Status.DONE] * 3, [one.error for one in made]
    assert held(sales, 1) == (OPEN, Decimal(40))
    assert held(sales, 2) == (PAID, Decimal(60))


def test_what_is_refused_for_another_reason_stays_refused_and_the_invoice_closed(sales: Place) -> None:
    made = sales.create(
        "invoicedetail", line(3, invoice(2), invoicedetailname="N" * 101), line(4, invoice(2))
    )
    assert [one.status for one in made] == [Status.REJECTED, Status.DONE]
    assert made[0].error is not None and made[0].error.field == "invoicedetailname"
    assert held(sales, 2) == (PAID, Decimal(40))


def test_a_line_that_is_refused_below_an_open_invoice_leaves_the_invoice_alone(sales: Place) -> None:
    before = sales.row("invoices", invoice(1))
    made = sales.create("invoicedetail", line(3, invoice(1), invoicedetailname="N" * 101))
    assert [one.status for one in made] == [Status.REJECTED]
    assert sales.row("invoices", invoice(1)) == before
