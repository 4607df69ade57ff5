"""Invoices: totals come from write-in lines, a closed one takes nothing but another state."""

import pytest
from simdv_desk import organisation


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture
def invoice(org):
    return org.create(
        "invoices", name="I", invoicenumber=f"I-{id(object())}", discountamount=5, freightamount=12.5
    )


def line(org, invoice, **values):
    given = {
        "invoicedetailname": "L",
        "isproductoverridden": True,
        "productdescription": "L",
        "producttypecode": 1,
        "propertyconfigurationstatus": 2,
        "quantity": 2,
        "priceperunit": 40.25,
        "invoiceid@odata.bind": f"/invoices({invoice})",
        **values,
    }
    return org.create("invoicedetails", **given)


def amounts(row, *names):
    return tuple(float(row[name]) for name in names)


def test_totals_are_worked_out_of_lines_discount_freight_and_tax(org, invoice):
    first = line(org, invoice, tax=9.68)
    second = line(org, invoice, manualdiscountamount=0.5)
    detail = org.row("invoicedetails", first)
    assert amounts(detail, "baseamount", "extendedamount") == (80.5, 90.18)
    names = ("totallineitemamount", "totalamountlessfreight", "totaltax", "totalamount", "totalamount_base")
    assert amounts(org.row("invoices", invoice), *names) == (160.5, 155.5, 9.68, 177.68, 177.68)
    org.ask("PATCH", f"invoicedetails({second})", {"quantity": 1})
    assert amounts(org.row("invoices", invoice), "totalamount") == (137.43,)
    org.ask("PATCH", f"invoices({invoice})", {"freightamount": 0})
    assert amounts(org.row("invoices", invoice), "totalamount") == (124.93,)
    assert org.ask("DELETE", f"invoicedetails({second})").status_code == 204
    assert amounts(org.row("invoices", invoice), "totalamount") == (85.18,)


def test_a_new_line_is_a_new_version_of_the_invoice(org, invoice):
    before = org.row("invoices", invoice)["versionnumber"]
    line(org, invoice)
    assert int(org.row("invoices", invoice)["versionnumber"]) > int(before)


@pytest.mark.parametrize(("state", "status"), [(2, 100001), (3, 100003)])
def test_a_closed_invoice_takes_another_state_and_nothing_else(org, invoice, state, status):
    detail = line(org, invoice)
    change = {"statecode": state, "statuscode": status}
    assert org.ask("PATCH", f"invoices({invoice})", change).status_code == 204
    for method, path, body in (
        ("PATCH", f"invoices({invoice})", {"duedate": "2026-11-30"}),
        ("PATCH", f"invoices({invoice})", {"duedate": "2026-11-30", "statecode": 0, "statuscode": 1}),
        ("PATCH", f"invoicedetails({detail})", {"quantity": 7}),
        ("DELETE", f"invoicedetails({detail})", None),
    ):
        answer = org.ask(method, path, body)
        assert (answer.status_code, org.code(answer)) == (400, "0x80040203"), path
        assert "read-only" in answer.text
    assert amounts(org.row("invoices", invoice), "totalamount") == (88.0,)
    assert org.ask("PATCH", f"invoices({invoice})", {"statecode": 0, "statuscode": 4}).status_code == 204
    assert org.ask("PATCH", f"invoices({invoice})", {"duedate": "2026-11-30"}).status_code == 204


def test_a_line_of_a_product_is_refused_loudly(org, invoice):
    given = {
        "invoicedetailname": "L",
        "producttypecode": 1,
        "propertyconfigurationstatus": 2,
        "quantity": 1,
        "invoiceid@odata.bind": f"/invoices({invoice})",
    }
    assert org.ask("POST", "invoicedetails", given).status_code == 501


def test_lines_go_with_their_invoice(org, invoice):
    detail = line(org, invoice)
    assert org.ask("DELETE", f"invoices({invoice})").status_code == 204
    assert org.ask("GET", f"invoicedetails({detail})").status_code == 404
