"""What GP's books say of a document: closed periods by series, batches that somebody has, documents that are posted."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from gp_sql_place import LOGIN, SqlPlace, login_of, sql_place
from gp_sql_trade import (
    CUSTOMER,
    INVOICE,
    ITEM,
    ORDER,
    code,
    create,
    drawn,
    edit,
    lies,
    one,
    read,
    rows,
    said,
    sale,
    sop,
    task,
)

from gp365.connectors.gp.documents import with_rows
from gp365.connectors.gp.sql.role import script
from gp365.model.contract import Level
from gp365.model.errors import Misconfigured, Unauthorised
from gp365.model.record import Status
from gp365.model.values import Value
from gp365_sim.gp.sql.rights import Login

OCTOBER, NOVEMBER = date(2026, 10, 31), date(2026, 11, 1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp"), company="Fabrikam, Inc.") as found:
        yield found


@pytest.fixture
def here(served: SqlPlace) -> Generator[SqlPlace]:
    served.sql.server.orders.clear()
    yield served
    for series in ("sales", "financial", "inventory", "purchasing"):
        _period(served, series, closed=False)


def _period(here: SqlPlace, series: str, *, closed: bool = True, **more: object) -> None:
    task(here, "period", year=2026, period=10, series=series, closed=closed, **more)


def _receivable(day: date, **more: Value) -> Mapping[str, Value]:
    return {"CustomerNumber": CUSTOMER, "BatchNumber": "RM 10", "DocumentDate": day, **more}


def test_a_period_closed_for_sales_stops_invoices_of_it_and_says_company_series_period_and_date(
    here: SqlPlace,
) -> None:
    _period(here, "sales")
    key = sop(here, INVOICE)
    made = create(here, "sales_document", key, sale(INVOICE, DocumentDate=OCTOBER))
    assert (made.status, code(made)) == (Status.REJECTED, "period-closed")
    for word in ("Fabrikam, Inc. (TWO)", "period 10 of 2026", "Sales", f"3;{key[1]}", "2026-10-31"):
        assert word in said(made)
    assert (
        made.error is not None and made.error.field == "DocumentDate" and "open the period" in made.error.fix
    )
    assert lies(here, key[1]) == []
    later = create(here, "sales_document", key, sale(INVOICE, DocumentDate=NOVEMBER))
    assert (later.status, later.error) == (Status.DONE, None)


def test_orders_and_purchase_orders_do_not_post_and_pass_a_closed_period(here: SqlPlace) -> None:
    _period(here, "sales")
    _period(here, "purchasing")
    made = create(here, "sales_document", sop(here, ORDER), sale(ORDER, DocumentDate=OCTOBER))
    assert (made.status, made.error) == (Status.DONE, None)
    lines = [{"ItemNumber": ITEM, "QuantityOrdered": Decimal(1), "UnitCost": Decimal(30)}]
    bought = with_rows({"VendorID": "ADVANCED0001", "DocumentDate": OCTOBER}, Lines=lines)
    assert create(here, "purchase_order", drawn(here, "purchase_order"), bought).status is Status.DONE


def test_a_period_closed_for_the_ledger_and_inventory_alone_stops_no_sale(here: SqlPlace) -> None:
    _period(here, "financial")
    _period(here, "inventory")
    made = create(here, "sales_document", sop(here, INVOICE), sale(INVOICE, DocumentDate=OCTOBER))
    assert (made.status, made.error) == (Status.DONE, None)


def test_a_period_closed_for_one_origin_stops_that_origin_alone(here: SqlPlace) -> None:
    _period(here, "sales", origin="Receivables Cash Receipts")
    receipt = _receivable(OCTOBER, OriginalAmount=Decimal(10), CashReceiptType=1)
    made = create(here, "cash_receipt", drawn(here, "cash_receipt"), receipt)
    assert (made.status, code(made)) == (Status.REJECTED, "period-closed")
    assert "Receivables Cash Receipts" in said(made)
    memo = create(
        here,
        "receivables_document",
        drawn(here, "receivables_document", DocumentType=3),
        _receivable(OCTOBER, SalesAmount=Decimal(10)),
    )
    assert (memo.status, memo.error) == (Status.DONE, None)


def test_receivables_receipts_and_applications_keep_to_the_period_too(here: SqlPlace) -> None:
    _period(here, "sales")
    memo = create(
        here,
        "receivables_document",
        drawn(here, "receivables_document", DocumentType=1),
        _receivable(OCTOBER, SalesAmount=Decimal(10)),
    )
    key = drawn(here, "cash_receipt")
    values = _receivable(NOVEMBER, GLPostingDate=OCTOBER, OriginalAmount=Decimal(10), CashReceiptType=1)
    paid = create(here, "cash_receipt", key, values)
    pair = ("9", "PYMNT1", "1", "SLS1")
    applied = create(here, "apply", pair, {"AppliedAmount": Decimal(1), "ApplyDate": OCTOBER})
    assert [code(each) for each in (memo, paid, applied)] == ["period-closed"] * 3
    assert paid.error is not None and paid.error.field == "GLPostingDate"


def test_a_date_that_no_period_holds_is_refused_and_one_in_an_open_future_period_is_not(
    here: SqlPlace,
) -> None:
    key = sop(here, INVOICE)
    made = create(here, "sales_document", key, sale(INVOICE, DocumentDate=date(2062, 11, 20)))
    assert (made.status, code(made)) == (Status.REJECTED, "period-missing") and lies(here, key[1]) == []
    made = create(here, "sales_document", key, sale(INVOICE, DocumentDate=date(2027, 3, 1)))
    assert (made.status, made.error) == (Status.DONE, None)


def test_an_edit_into_a_closed_period_is_refused(here: SqlPlace) -> None:
    key = sop(here, INVOICE)
    assert create(here, "sales_document", key, sale(INVOICE, DocumentDate=NOVEMBER)).status is Status.DONE
    _period(here, "sales")
    done = edit(here, "sales_document", key, {"DocumentDate": OCTOBER})
    assert (done.status, code(done)) == (Status.REJECTED, "period-closed")
    assert one(here, "SOP10100", SOPNUMBE=key[1])["DOCDATE"] == NOVEMBER


def test_where_batches_give_the_posting_date_an_october_invoice_goes_into_the_november_batch(
    tmp_path: Path,
) -> None:
    with sql_place(tmp_path, posting_date="batch") as here:
        first = sop(here, INVOICE)
        november = sale(INVOICE, DocumentDate=NOVEMBER, BatchNumber="2026-11")
        assert create(here, "sales_document", first, november).status is Status.DONE
        _period(here, "sales")
        key = sop(here, INVOICE)
        there = create(
            here, "sales_document", key, sale(INVOICE, DocumentDate=OCTOBER, BatchNumber="2026-11")
        )
        assert (there.status, there.error) == (Status.DONE, None)
        assert one(here, "SOP10100", SOPNUMBE=key[1])["GLPOSTDT"] == NOVEMBER
        other = sop(here, INVOICE)
        new = create(
            here, "sales_document", other, sale(INVOICE, DocumentDate=OCTOBER, BatchNumber="2026-10")
        )
        assert (new.status, code(new)) == (Status.REJECTED, "period-closed")


@pytest.mark.parametrize(
    ("marks", "word"), [({"MKDTOPST": 1}, "marked for posting"), ({"BCHSTTUS": 1}, "being posted")]
)
def test_a_batch_that_is_marked_or_posting_is_waited_for(
    here: SqlPlace, marks: dict[str, int], word: str
) -> None:
    assert create(here, "sales_document", sop(here), sale(BatchNumber="BUSY")).status is Status.DONE
    company = here.system.world.company
    company.change("SY00500", ("Sales Entry", "BUSY"), {**marks, "USERID": "erin"})
    key = sop(here)
    made = create(here, "sales_document", key, sale(BatchNumber="BUSY"))
    assert (made.status, code(made)) == (Status.RETRY, "batch-locked")
    assert word in said(made) and "erin" in said(made) and lies(here, key[1]) == []
    company.change("SY00500", ("Sales Entry", "BUSY"), dict.fromkeys(marks, 0))
    assert create(here, "sales_document", key, sale(BatchNumber="BUSY")).status is Status.DONE


def test_a_batch_that_somebody_has_open_is_waited_for_and_the_user_is_named(here: SqlPlace) -> None:
    first = sop(here)
    assert create(here, "sales_document", first, sale(BatchNumber="OPENED")).status is Status.DONE
    task(here, "lock", source="Sales Entry", number="OPENED")
    key = sop(here)
    made = create(here, "sales_document", key, sale(BatchNumber="OPENED"))
    assert (made.status, code(made)) == (Status.RETRY, "batch-locked")
    assert "held by sa" in said(made)
    changed = edit(here, "sales_document", first, {"BatchNumber": "ANOTHER"})
    assert (changed.status, code(changed)) == (Status.RETRY, "batch-locked")
    receivable = create(
        here,
        "receivables_document",
        drawn(here, "receivables_document", DocumentType=3),
        {**_receivable(NOVEMBER, SalesAmount=Decimal(1)), "BatchNumber": "OPENED"},
    )
    assert (receivable.status, receivable.error) == (Status.DONE, None)
    task(here, "lock", source="Sales Entry", number="OPENED", locked=False)
    assert create(here, "sales_document", key, sale(BatchNumber="OPENED")).status is Status.DONE


def test_an_approved_batch_takes_no_more_documents(here: SqlPlace) -> None:
    assert create(here, "sales_document", sop(here), sale(BatchNumber="SIGNED")).status is Status.DONE
    here.system.world.company.change("SY00500", ("Sales Entry", "SIGNED"), {"APPROVL": 1})
    made = create(here, "sales_document", sop(here), sale(BatchNumber="SIGNED"))
    assert (made.status, code(made)) == (Status.REJECTED, "batch-approved") and "SIGNED" in said(made)


def test_a_posted_invoice_shows_its_state_and_is_never_written(here: SqlPlace) -> None:
    key = sop(here, INVOICE)
    assert create(here, "sales_document", key, sale(INVOICE, BatchNumber="POSTED")).status is Status.DONE
    task(here, "post", batch={"source": "Sales Entry", "number": "POSTED"})
    found = read(here, "sales_document", key)
    assert found is not None and found.values["TransactionState"] == "History"
    assert found.values["Lines"]
    owed = one(here, "RM20101", RMDTYPAL=1, DOCNUMBR=key[1])
    assert owed["ORTRXAMT"] == owed["CURTRXAM"] == found.values["DocumentAmount"] == 90
    before = rows(here, "SOP30200", SOPNUMBE=key[1])
    done = edit(here, "sales_document", key, {"CustomerPONumber": "LATE"})
    assert (done.status, code(done)) == (Status.REJECTED, "document-posted")
    assert (
        key[1] in said(done)
        and "History" in said(done)
        and done.error is not None
        and "correcting" in done.error.fix
    )
    again = create(here, "sales_document", key, sale(INVOICE))
    assert again.status is Status.EXISTS and again.record is not None
    assert again.record.values["TransactionState"] == "History"
    assert rows(here, "SOP30200", SOPNUMBE=key[1]) == before and rows(here, "SOP10100", SOPNUMBE=key[1]) == []


def test_an_invoice_whose_sales_history_was_removed_is_not_entered_a_second_time(here: SqlPlace) -> None:
    key = sop(here, INVOICE)
    assert create(here, "sales_document", key, sale(INVOICE, BatchNumber="REMOVED")).status is Status.DONE
    task(here, "post", batch={"source": "Sales Entry", "number": "REMOVED"})
    company = here.system.world.company
    for table, place in (("SOP30200", (key[1], 3)), ("SOP30300", (key[1], 3, 0, 16384))):
        company.delete(table, company[table].table.fold(*place), company.statement())
    again = create(here, "sales_document", key, sale(INVOICE))
    assert (again.status, code(again)) == (Status.REJECTED, "document-posted")
    assert "RM00401" in said(again) and lies(here, key[1]) in ([], ["SOP10102"])


def test_a_receivables_number_is_never_used_twice_wherever_its_document_is(here: SqlPlace) -> None:
    key = drawn(here, "receivables_document", DocumentType=1)
    values = _receivable(NOVEMBER, SalesAmount=Decimal(10))
    assert create(here, "receivables_document", key, values).status is Status.DONE
    assert create(here, "receivables_document", key, values).status is Status.EXISTS
    task(here, "post", document={"type": 1, "number": key[1]})
    again = create(here, "receivables_document", key, values)
    assert again.status is Status.EXISTS and again.record is not None
    assert again.record.values["TransactionState"] == "Open"


def test_a_purchase_order_that_is_closed_is_not_changed(here: SqlPlace) -> None:
    key = drawn(here, "purchase_order")
    lines = [{"ItemNumber": ITEM, "QuantityOrdered": Decimal(1), "UnitCost": Decimal(30)}]
    made = create(
        here,
        "purchase_order",
        key,
        with_rows({"VendorID": "ADVANCED0001", "DocumentDate": NOVEMBER}, Lines=lines),
    )
    assert made.status is Status.DONE
    here.system.world.company.change("POP10100", key, {"POSTATUS": 5})
    done = edit(here, "purchase_order", key, {"PromisedDate": NOVEMBER})
    assert (done.status, code(done)) == (Status.REJECTED, "document-posted") and "Status 5" in said(done)


def test_without_the_right_to_see_locks_nothing_is_written_and_doctor_says_so(tmp_path: Path) -> None:
    rights = {"SELECT", "EXECUTE"}
    company = {"TWO": frozenset({"DYNGRP"})}
    system = {"DYNAMICS": {name: frozenset(rights) for name in ("SY01500", "taErrorCode", "MC40200")}}
    narrow = Login(LOGIN.name, LOGIN.password, company, system)
    with sql_place(tmp_path, logins=(narrow,)) as here:
        with pytest.raises((Unauthorised, Misconfigured)) as caught:
            create(here, "sales_document", sop(here), sale())
        assert "gp365-role.sql" in caught.value.fix
        told = {finding.subject: finding for finding in here.connector.check()}
        assert told["sales_document"].level is Level.WARNING and "SY00800" in told["sales_document"].text
        assert (
            rows(here, "SOP10200", BACHNUMB="WEB 11") == []
            if "BACHNUMB" in rows(here, "SOP10200")[0]
            else True
        )


def test_read_only_writes_no_document_and_draws_no_number(tmp_path: Path) -> None:
    with sql_place(tmp_path, read_only=True) as here:
        described = here.connector.entity("sales_document")
        assert not described.creates and not described.updates and "read_only" in described.opens_writing
        made = create(here, "sales_document", ("2", "ORD1"), sale())
        assert (made.status, code(made)) == (Status.REJECTED, "not-served")
        with pytest.raises(Misconfigured, match="not drawn"):
            sop(here)


def test_the_rights_of_the_administrators_script_are_enough_for_every_document(tmp_path: Path) -> None:
    with sql_place(tmp_path, logins=(login_of(script(), writer=True),)) as here:
        values = _receivable(NOVEMBER)
        lines = [{"ItemNumber": ITEM, "QuantityOrdered": Decimal(1), "UnitCost": Decimal(30)}]
        order = with_rows({"VendorID": "ADVANCED0001", "DocumentDate": NOVEMBER}, Lines=lines)
        receipt = {**values, "OriginalAmount": Decimal(1), "CashReceiptType": 1}
        kinds = {"DocumentType": 3}
        ended = {
            "sales_document": create(
                here, "sales_document", sop(here, INVOICE), sale(INVOICE, UserDefined1="x")
            ),
            "receivables_document": create(
                here,
                "receivables_document",
                drawn(here, "receivables_document", **kinds),
                {**values, "SalesAmount": Decimal(1)},
            ),
            "cash_receipt": create(here, "cash_receipt", drawn(here, "cash_receipt"), receipt),
            "purchase_order": create(here, "purchase_order", drawn(here, "purchase_order"), order),
            "vendor": create(here, "vendor", ("RIGHTS01",), {"VendorName": "Rights"}),
            "vendor_address": create(here, "vendor_address", ("RIGHTS01", "REMIT"), {"City": "Gary"}),
        }
        assert {name: (each.status, each.error) for name, each in ended.items()} == dict.fromkeys(
            ended, (Status.DONE, None)
        )
        edited = edit(here, "sales_document", ended["sales_document"].key, {"CustomerPONumber": "P"})
        assert (edited.status, edited.error) == (Status.DONE, None)
        pair = ("9", ended["cash_receipt"].key[0], "3", ended["receivables_document"].key[1])
        for entity in ("receivables_document", "cash_receipt"):
            key = ended[entity].key
            task(here, "post", document={"type": 9 if entity == "cash_receipt" else 3, "number": key[-1]})
        applied = create(here, "apply", pair, {"AppliedAmount": Decimal(1), "ApplyDate": NOVEMBER})
        assert (applied.status, applied.error) == (Status.DONE, None)
        told = {finding.subject: finding for finding in here.connector.check()}
        assert {told[name].level for name in ended} == {Level.OK}
