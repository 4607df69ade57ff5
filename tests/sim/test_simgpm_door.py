"""The control door's tasks on the simulated company: post, close, age, apply, void, remove, transfer, write late."""

from datetime import datetime, timedelta

import pytest
from simgp_desk import desk
from simgpm_desk import check, document, receipt

WHO = "ADAMPARK0001"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("door")) as made:
        yield made


@pytest.fixture
def site(served):
    served.door("POST", "reset")
    return served


def order(site, task, /, **given):
    """One order to the door; its answer, which must be a yes."""
    answer = site.door("POST", task, given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_batch_and_a_document_are_posted(site):
    number = document(site.company, WHO, "10.00", posted=False)
    paid = receipt(site.company, WHO, "4.00", posted=False)
    moved = order(site, "post", batch={"source": "RM_Sales", "number": "TEST"})["moved"]
    assert moved == [{"source": "RM10301", "table": "RM20101", "kind": 1, "number": number}]
    assert order(site, "post", document={"type": 9, "number": paid})["moved"][0]["source"] == "RM10201"
    assert site.row("RM20101", f"{WHO};1;{number}")["CURTRXAM"] == "10.00000"
    work = next(row for row in site.company.rows("SOP10100") if row["SOPTYPE"] == 3)
    sold = {"type": 3, "number": work["SOPNUMBE"], "source": "Sales Entry"}
    assert order(site, "post", document=sold)["moved"][0]["table"] == "SOP30200"
    assert (
        order(site, "post", batch={"source": "GL_Normal", "number": "GLWORK"})["moved"][0]["table"]
        == "GL20000"
    )
    check(site.company)


def test_a_closed_period_refuses_and_says_why(site):
    number = document(site.company, WHO, "10.00", posted=False)
    order(site, "period", year=2026, period=9, series="sales", closed=True)
    refused = site.door("POST", "post", {"document": {"type": 1, "number": number}})
    assert (refused.status_code, refused.json()["code"]) == (400, "PeriodClosed")
    order(site, "period", year=2026, period=9, series=3, closed=False)
    order(site, "post", document={"type": 1, "number": number})


def test_receipts_are_applied_and_taken_back_documents_voided_and_put_away(site):
    invoice, paid = document(site.company, WHO, "10.00"), receipt(site.company, WHO, "9.50")
    ends = {"from": {"type": 9, "number": paid}, "to": {"type": 1, "number": invoice}}
    row = order(site, "apply", **ends, amount="9.50", discount="0.50", date="2026-09-02")["rows"][0]
    assert (row["APPTOAMT"], row["DISTKNAM"], row["POSTED"]) == ("9.50000", "0.50000", 1)
    assert order(site, "apply", **ends, undo=True) == {"rows": []}
    order(site, "apply", **ends, amount=9.5, discount="0.50")
    moved = order(site, "remove_paid", until="2026-12-31", customer=WHO)["moved"]
    assert {"type": 1, "number": invoice} in moved
    assert order(site, "void", type=9, number=paid, nsf=True, date="2026-09-03")["rows"][0]["VOIDSTTS"] == 2
    assert order(site, "void", type=1, number=invoice, date="2026-09-03")["rows"][0]["VOIDSTTS"] == 1
    check(site.company)


def test_customers_are_aged_and_years_closed(site):
    assert order(site, "age", as_of="2026-11-30")["customers"] == len(site.company["RM00103"])
    assert site.row("RM00103", "CONTOSOL0001")["LASTAGED"] == "2026-11-30"
    assert order(site, "year_end", series="financial")["year"] == 2026
    assert order(site, "year_end", series="financial", reverse=True)["year"] == 2026
    assert order(site, "year_end", series="sales", as_of="2026-12-31")["customers"] == len(
        site.company["RM00103"]
    )
    check(site.company)


def test_an_order_becomes_an_invoice(site):
    number = next(row["SOPNUMBE"] for row in site.company.rows("SOP10100") if row["SOPTYPE"] == 2)
    head = order(site, "transfer", order=number, batch="BILL", quantities={"16384": 1})["rows"][0]
    assert (head["SOPTYPE"], head["ORIGNUMB"]) == (3, number)


def test_a_locked_batch_takes_nothing_until_it_is_left(site):
    document(site.company, WHO, "10.00", posted=False)
    batch = {"source": "RM_Sales", "number": "TEST"}
    assert len(order(site, "lock", **batch)["locks"]) == 1
    refused = site.door("POST", "post", {"batch": batch})
    assert (refused.status_code, refused.json()["code"]) == (400, "BatchLocked")
    assert order(site, "lock", **batch, locked=False) == {"locks": []}
    order(site, "post", batch=batch)


def test_a_late_commit_appears_with_the_stamp_of_its_statement(site):
    now = site.company.statement()
    row = order(site, "late", table="RM00101", key=WHO, values={"COMMENT1": "late"}, by_s=90)["rows"][0]
    lies_back = now - datetime.fromisoformat(row["DEX_ROW_TS"])
    assert timedelta(seconds=80) < lies_back <= timedelta(seconds=90)
    fresh = order(site, "late", table="RM00102", key=f"{WHO};DOCK", values={"CITY": "Gary"}, by_s=5)["rows"][
        0
    ]
    assert (fresh["ADRSCODE"], fresh["CITY"]) == ("DOCK", "Gary")
    assert site.row("RM00101", WHO)["COMMENT1"] == "late"
    numbers = order(site, "late", table="GL00100", key="1", values={"ACTDESCR": "Till"}, by_s=1)["rows"][0]
    assert numbers["ACTDESCR"] == "Till"


@pytest.mark.parametrize(
    ("task", "given", "status"),
    [
        ("post", {}, 400),
        ("post", {"batch": {"source": "RM_Sales", "number": "NONE"}}, 404),
        ("post", {"batch": {"source": "PM_Trxent", "number": "NONE"}}, 404),
        ("post", {"document": {"type": 1, "number": "NONE"}}, 404),
        ("post", {"document": {"type": "one", "number": "X"}}, 400),
        ("post", {"document": {"type": 1, "number": "X", "source": "IV_Trxent"}}, 501),
        ("period", {"year": 2026, "period": 9, "series": "selling"}, 400),
        ("period", {"year": 1999, "period": 9, "series": "sales"}, 404),
        ("age", {"as_of": "soon"}, 400),
        ("year_end", {"series": "payroll"}, 400),
        ("late", {"table": "NONE", "key": "1", "values": {}, "by_s": 1}, 404),
        ("late", {"table": "RM00101", "key": WHO, "values": {"NONE": 1}, "by_s": 1}, 400),
        ("apply", {"from": {"type": 9, "number": "A"}, "to": {"type": 1, "number": "B"}, "amount": 1}, 404),
        (
            "apply",
            {"from": {"type": 9, "number": "A"}, "to": {"type": 1, "number": "B"}, "amount": "much"},
            400,
        ),
        ("void", {"type": 1, "number": "NONE"}, 404),
        ("transfer", {"order": "NONE", "batch": "X"}, 404),
        ("lock", {"source": "RM_Sales", "number": "NONE"}, 404),
    ],
)
def test_an_order_that_cannot_be_done_changes_nothing(site, task, given, status):
    before = {table: site.company[table].image() for table in site.company}
    assert site.door("POST", task, given).status_code == status
    assert {table: site.company[table].image() for table in site.company} == before


def test_every_table_is_shown_and_only_cards_are_written(site):
    for table in (*site.company, *site.company.system):
        assert site.door("GET", f"rows/{table}").status_code == 200, table
    assert site.row("GL00100", "1")["ACTDESCR"] == "Cash - Operating Account"
    assert site.row("SY40100", "1;2026;9;0;")["PERNAME"] == "Period 9"
    assert site.row("SY01500", "-1")["INTERID"] == "TWO"
    refused = site.door("PUT", "rows/RM20101/X;1;Y", {"CURTRXAM": "1"})
    assert refused.status_code == 501 and "no window" in refused.json()["message"]


def test_a_customer_with_documents_is_not_deleted_nor_made_inactive(site):
    document(site.company, WHO, "10.00")
    assert site.door("DELETE", f"rows/RM00101/{WHO}").status_code == 400
    assert site.door("PUT", f"rows/RM00101/{WHO}", {"INACTIVE": 1}).status_code == 400
    assert site.door("PUT", f"rows/RM00101/{WHO}", {"HOLD": 1}).status_code == 200
