"""Payments beside the account: what a credit controller sees when a cheque comes, is applied, and bounces.

Acceptance rows 16 to 18, and the daily cases: partial, discount, write-off, credit memo, void, unapplied, applied again,
removed as paid, another currency, a customer who is not in Sales.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from e2e_site import GP, SALES, Site
from payments_site import (
    CREDIT_MEMO,
    DEBIT_MEMO,
    INVOICE,
    PAYMENT,
    STORIES,
    Book,
    applied,
    apply,
    document,
    note,
    notes,
    open_amount,
    parts,
    payments_site,
    today,
    told,
    void,
)
from receivables_site import cards, late, money, summaries, synced

from gp365.app.actions.explain import explain
from gp365.app.project import open_project

TABLES = ("gp365_applications", "annotations")
DELETES_NOTES = "BREAKTHR0001"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """All stories of this page, told on one site over SQL."""
    with payments_site(tmp_path_factory.mktemp("payments") / "site") as made:
        found = Book(made)
        found.tell(STORIES)
        yield found


def test_after_each_day_a_second_look_writes_nothing_nor_does_a_full_one(book: Book) -> None:
    assert book.written_again and not any(book.written_again), book.written_again
    assert synced(book.at, "--full").written == 0
    assert book.at.chain().ok


def test_every_application_of_gp_is_a_row_and_every_payment_has_one_note(book: Book) -> None:
    at = book.at
    held = [row for table in ("RM20201", "RM30201") for row in at.rows(GP, table) if row["POSTED"]]
    found = at.rows(SALES, "gp365_applications")
    rows = {(row["gp365_fromnumber"], row["gp365_tonumber"]): row for row in found}
    shown = cards(at)
    assert held and len(rows) == len(found)
    for row in held:
        mine, card = rows[row["APFRDCNM"].strip(), row["APTODCNM"].strip()], shown[row["CUSTNMBR"].strip()]
        assert parts(mine)[1:] == tuple(money(row, name) for name in ("APPTOAMT", "DISTKNAM", "WROFAMNT"))
        assert mine["_gp365_cardid_value"] == card["gp365_customerid"]
        assert mine["_gp365_accountid_value"] == card["_gp365_accountid_value"]
        assert (mine["gp365_company"], mine["gp365_withdrawn"]) == ("TWO", False)
    assert len(held) == sum(not row["gp365_withdrawn"] for row in found)
    posted = [
        row for table in ("RM20101", "RM30101") for row in at.rows(GP, table) if row["RMDTYPAL"] == PAYMENT
    ]
    told_of = Counter(row["subject"] for row in at.rows(SALES, "annotations"))
    for row in posted:
        number = told_of[f"GP payment TWO {row['DOCNUMBR'].strip()}"]
        assert number == 1 or (number == 0 and row["CUSTNMBR"].strip() == DELETES_NOTES)


@told
def test_rows_16_and_17_a_payment_is_applied_with_a_discount_and_then_the_cheque_bounces(
    at: Site,
) -> Generator[None]:
    who = "ADAMPARK0001"
    a, b = document(at, who, INVOICE, "1000.00"), document(at, who, INVOICE, "500.00")
    paid = document(at, who, PAYMENT, "1200.00", CHEKNMBR="4711")
    apply(at, paid, a, "980.00", discount="20.00")
    apply(at, paid, b, "150.00")
    yield
    assert money(cards(at)[who], "gp365_balance") == Decimal("280.00")
    rows = applied(at, paid)
    assert parts(rows[a]) == (1000, 980, 20, 0) and parts(rows[b]) == (150, 150, 0, 0)
    assert [open_amount(at, who, INVOICE, each) for each in (a, b)] == [0, 350]
    day = today().isoformat()
    assert rows[a]["gp365_appliedon"] == day and not rows[a]["gp365_byparent"]
    said = f"Payment {paid} of 1,200.00 USD on {day}"
    assert note(at, paid) == (
        f"{said}: applied 980.00 + 20.00 terms discount to Invoice {a}, 150.00 to Invoice {b}, 70.00 unapplied"
    )
    account = at.account_of(who)["accountid"]
    assert notes(at, paid)[0]["_objectid_value"] == account == rows[a]["_gp365_accountid_value"]

    before = notes(at, paid)[0]["annotationid"]
    void(at, PAYMENT, paid, nsf=True)
    document(at, who, DEBIT_MEMO, "25.00", DOCDESCR="NSF fee")
    yield
    assert money(cards(at)[who], "gp365_balance") == Decimal("1525.00")
    rows = applied(at, paid)
    for row in rows.values():
        assert row["gp365_withdrawn"] is True and row["gp365_withdrawnon"] == today().isoformat()
        assert row["gp365_fromstate"] == 2
    # What it was is still there to be read.
    assert parts(rows[a]) == (1000, 980, 20, 0)
    assert [open_amount(at, who, INVOICE, each) for each in (a, b)] == [1000, 500]
    assert note(at, paid) == f"{said}: returned unpaid on {day}"
    assert notes(at, paid)[0]["annotationid"] == before


@told
def test_row_18_a_parent_pays_for_its_child(at: Site) -> Generator[None]:
    parent, child = "CONTOSOL0001", "CELLULAR0001"
    at.put(GP, "RM00101", child, CPRCSTNM=parent)
    invoice = document(at, child, INVOICE, "3000.00")
    yield
    family = sum(money(cards(at)[who], "gp365_balance") for who in (parent, child))
    paid = document(at, parent, PAYMENT, "3000.00")
    apply(at, paid, invoice, "3000.00")
    yield
    row = applied(at, paid)[invoice]
    shown = cards(at)
    assert parts(row) == (3000, 3000, 0, 0)
    assert row["gp365_byparent"] is True and row["gp365_payernumber"] == parent
    assert row["_gp365_cardid_value"] == shown[child]["gp365_customerid"]
    assert row["_gp365_payercardid_value"] == shown[parent]["gp365_customerid"]
    assert row["_gp365_payeraccountid_value"] == shown[parent]["_gp365_accountid_value"]
    assert sum(money(shown[who], "gp365_balance") for who in (parent, child)) == family - 3000
    # No figure is ours: each card shows what GP says.
    assert all(
        money(shown[who], "gp365_balance") == money(summaries(at)[who], "CUSTBLNC") for who in (parent, child)
    )
    assert notes(at, paid)[0]["_objectid_value"] == shown[parent]["_gp365_accountid_value"]


@told
def test_an_application_that_is_taken_back_stays_and_says_so_and_applied_again_it_is_the_same_row(
    at: Site,
) -> Generator[None]:
    who = "MAHLERST0001"
    invoice = document(at, who, INVOICE, "400.00")
    paid = document(at, who, PAYMENT, "300.00")
    apply(at, paid, invoice, "300.00")
    yield
    first = applied(at, paid)[invoice]
    assert note(at, paid).endswith(f": applied 300.00 to Invoice {invoice}")
    apply(at, paid, invoice, undo=True)
    yield
    row = applied(at, paid)[invoice]
    assert row["gp365_applicationid"] == first["gp365_applicationid"]
    assert (row["gp365_withdrawn"], row["gp365_withdrawnon"], row["gp365_fromstate"]) == (
        True,
        today().isoformat(),
        0,
    )
    assert note(at, paid).endswith(": 300.00 unapplied")
    apply(at, paid, invoice, "120.00", write_off="5.00")
    yield
    row = applied(at, paid)[invoice]
    assert row["gp365_applicationid"] == first["gp365_applicationid"]
    assert row["gp365_withdrawn"] is False and row.get("gp365_withdrawnon") is None
    assert parts(row) == (125, 120, 0, 5)
    assert note(at, paid).endswith(
        f": applied 120.00 + 5.00 write-off to Invoice {invoice}, 180.00 unapplied"
    )


@told
def test_a_payment_that_is_voided_withdraws_what_it_had_settled(at: Site) -> Generator[None]:
    who = "GREENWAY0001"
    invoice, paid = document(at, who, INVOICE, "75.50"), document(at, who, PAYMENT, "75.50")
    apply(at, paid, invoice, "75.50")
    yield
    void(at, PAYMENT, paid)
    yield
    row = applied(at, paid)[invoice]
    assert (row["gp365_withdrawn"], row["gp365_fromstate"]) == (True, 1)
    assert note(at, paid).endswith(f": voided on {today().isoformat()}")


@told
def test_a_credit_memo_that_is_applied_is_a_row_and_no_payment(at: Site) -> Generator[None]:
    who = "MAGNIFIC0001"
    invoice, memo = document(at, who, INVOICE, "90.00"), document(at, who, CREDIT_MEMO, "40.00")
    apply(at, memo, invoice, "40.00", source_type=CREDIT_MEMO)
    yield
    row = applied(at, memo)[invoice]
    assert (row["gp365_fromtype"], parts(row)) == (CREDIT_MEMO, (40, 40, 0, 0))
    assert row["gp365_name"] == f"Credit Memo {memo} to Invoice {invoice}"
    assert notes(at, memo) == []


@told
def test_what_gp_moves_to_history_is_no_event(at: Site) -> Generator[None]:
    who = "UNIFIEDW0001"
    invoice, paid = document(at, who, INVOICE, "61.00"), document(at, who, PAYMENT, "61.00")
    apply(at, paid, invoice, "61.00")
    yield
    before, said = applied(at, paid)[invoice], notes(at, paid)
    moved = at.door(GP, "POST", "/remove_paid", {"customer": who})["moved"]
    assert {each["number"] for each in moved} >= {invoice, paid}
    yield
    assert applied(at, paid)[invoice] == before and notes(at, paid) == said
    # And when the cheque comes back although all was history long ago:
    void(at, PAYMENT, paid, nsf=True)
    yield
    assert applied(at, paid)[invoice]["gp365_fromstate"] == 2
    assert "returned unpaid" in note(at, paid)


@told
def test_an_application_before_the_receipt_is_posted_is_none_yet(at: Site) -> Generator[None]:
    who = "FRANCHIS0001"
    invoice = document(at, who, INVOICE, "33.00")
    given = {"RMDTYPAL": PAYMENT, "CUSTNMBR": who, "ORTRXAMT": "33.00", "DOCNUMBR": "PYMNT77001"}
    at.door(GP, "POST", "/document", {"values": given})
    apply(at, "PYMNT77001", invoice, "33.00")
    yield
    assert applied(at, "PYMNT77001") == {} and notes(at, "PYMNT77001") == []
    at.door(GP, "POST", "/post", {"document": {"type": PAYMENT, "number": "PYMNT77001"}})
    yield
    assert parts(applied(at, "PYMNT77001")[invoice]) == (33, 33, 0, 0)
    assert note(at, "PYMNT77001").endswith(f": applied 33.00 to Invoice {invoice}")


@told
def test_a_document_in_another_currency_shows_its_own_amounts_beside_those_of_the_company(
    at: Site,
) -> Generator[None]:
    who = "VANCOUVE0001"
    invoice, paid = document(at, who, INVOICE, "150.00"), document(at, who, PAYMENT, "150.00")
    apply(at, paid, invoice, "150.00")
    key = f"{PAYMENT};{paid};{INVOICE};{invoice}"
    late(at, "RM20201", key, CURNCYID="Z-C$", ORAPTOAM="203.45000", ORDISTKN="1.23400")
    yield
    row = applied(at, paid)[invoice]
    assert parts(row) == (150, 150, 0, 0)
    assert row["gp365_currency"] == "CAD"
    assert money(row, "gp365_originalcash") == Decimal("203.45")
    assert money(row, "gp365_originaldiscount") == Decimal("1.234")


@told
def test_notes_of_people_are_left_alone_and_ours_is_put_right_or_stays_deleted(at: Site) -> Generator[None]:
    who = DELETES_NOTES
    paid = document(at, who, PAYMENT, "10.00")
    yield
    account = at.account_of(who)["accountid"]
    mine = {"subject": "Called about the cheque", "notetext": "Comes on Friday.", "_objectid_value": account}
    copied = {
        "subject": f"GP payment TWO {paid}",
        "notetext": "copied by a clerk",
        "_objectid_value": account,
    }
    theirs = [
        at.put(SALES, "annotations", f"00000000-0000-0000-0000-00000000000{n}", **each)
        for n, each in enumerate((mine, copied), 1)
    ]
    (ours,) = [row for row in notes(at, paid) if row["annotationid"] != theirs[1]["annotationid"]]
    at.put(SALES, "annotations", ours["annotationid"], notetext="never came")
    yield
    held = {row["annotationid"]: row["notetext"] for row in at.rows(SALES, "annotations")}
    assert held[ours["annotationid"]].endswith(": 10.00 unapplied")
    assert [held[row["annotationid"]] for row in theirs] == ["Comes on Friday.", "copied by a clerk"]
    at.door(SALES, "DELETE", f"/rows/annotations/{theirs[1]['annotationid']}")
    at.door(SALES, "DELETE", f"/rows/annotations/{ours['annotationid']}")
    yield
    assert notes(at, paid) == []


def test_both_systems_agree_on_applications_withdrawn_ones_too(book: Book) -> None:
    assert any(row["gp365_withdrawn"] for row in book.at.rows(SALES, "gp365_applications"))
    answer = book.at.run("reconcile", "payments")
    assert answer.code == 0, answer.out
    (report,) = [one["report"] for one in answer.json["flows"] if one["report"]["flow"] == "payments"]
    assert report["verdict"] == "equal", answer.out


def test_two_days_later_no_row_and_no_note_has_moved(book: Book) -> None:
    def versions() -> dict[str, object]:
        rows = [*book.at.rows(SALES, "gp365_applications"), *book.at.rows(SALES, "annotations")]
        return {
            str(row.get("gp365_applicationid") or row["annotationid"]): row["versionnumber"] for row in rows
        }

    before = versions()
    assert book.at.sync_later(timedelta(days=2).total_seconds()) == 0
    assert versions() == before
    # And why the day stands there is worked out as of then.
    withdrawn = next(row for row in book.at.rows(SALES, "gp365_applications") if row["gp365_withdrawn"])
    later = datetime.now(UTC) + timedelta(days=2)
    with open_project(book.at.folder, clock=lambda: later) as project:
        told_of = explain(
            project, "sales", "gp365_application", withdrawn["gp365_applicationid"], "withdrawn_on"
        )
        text = orjson.dumps(told_of, default=str).decode()
    assert '"why":"recomputed, agrees"' in text, text


def test_a_payment_of_a_customer_who_is_not_in_sales_waits_for_a_person_and_then_comes(book: Book) -> None:
    books = book.at
    who = "NOBODY0001"
    taken = "00000000-0000-0000-0000-0000000000a1"
    books.put(SALES, "accounts", taken, name="Quite Another Firm", accountnumber=who)
    books.put(GP, "RM00101", who, CUSTNAME="Nobody Knows Ltd")
    invoice, paid = document(books, who, INVOICE, "12.00"), document(books, who, PAYMENT, "12.00")
    apply(books, paid, invoice, "12.00")
    done = books.sync()
    assert done.code == 1 and done.balanced, done.out
    listed = books.run("parked", "list").json
    stopped = {(one["flow"], one["code"]) for one in listed["entries"]}
    assert {("payments", "parent-parked"), ("payment_notes", "parent-parked")} <= stopped, listed
    assert applied(books, paid) == {} and notes(books, paid) == []
    books.put(SALES, "accounts", taken, accountnumber="")
    synced(books)
    assert parts(applied(books, paid)[invoice]) == (12, 12, 0, 0)
    assert len(notes(books, paid)) == 1
    assert synced(books).written == 0


@pytest.mark.proof
def test_a_store_that_was_lost_doubles_no_row_and_no_note(tmp_path: Path) -> None:
    with payments_site(tmp_path / "site") as at:
        before = {table: {row[f"{table[:-1]}id"] for row in at.rows(SALES, table)} for table in TABLES}
        assert all(before.values())
        shutil.rmtree(at.folder / ".gp365")
        done = at.sync()
        assert done.balanced, done.out
        for table, known in before.items():
            assert {row[f"{table[:-1]}id"] for row in at.rows(SALES, table)} == known
