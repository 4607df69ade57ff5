"""Payments beside the account: what a credit controller sees when a cheque comes, is applied, and bounces.

Acceptance rows 16 to 18, and the daily cases: partial, discount, write-off, credit memo, void, unapplied, applied again,
removed as paid, another currency, a customer who is not in Sales.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from e2e_site import GP, SALES, Site
from payments_site import (
    CREDIT_MEMO,
    DEBIT_MEMO,
    INVOICE,
    PAYMENT,
    applied,
    apply,
    document,
    note,
    notes,
    open_amount,
    parts,
    payments_site,
    today,
    void,
)
from receivables_site import cards, late, money, summaries, synced, updated


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site over SQL; each test works on a customer of its own."""
    with payments_site(tmp_path_factory.mktemp("payments") / "site") as made:
        yield made


def settled(at: Site) -> None:
    """Look once more: nothing is written."""
    again = synced(at)
    assert again.written == 0, again.out


def test_every_application_of_gp_is_a_row_and_every_payment_a_note(books: Site) -> None:
    held = [row for table in ("RM20201", "RM30201") for row in books.rows(GP, table) if row["POSTED"]]
    rows = {
        (row["gp365_fromnumber"], row["gp365_tonumber"]): row
        for row in books.rows(SALES, "gp365_applications")
    }
    assert held
    for row in held:
        shown = rows[row["APFRDCNM"].strip(), row["APTODCNM"].strip()]
        assert parts(shown)[1:] == tuple(money(row, name) for name in ("APPTOAMT", "DISTKNAM", "WROFAMNT"))
        card = cards(books)[row["CUSTNMBR"].strip()]
        assert shown["_gp365_cardid_value"] == card["gp365_customerid"]
        assert shown["_gp365_accountid_value"] == card["_gp365_accountid_value"]
        assert (shown["gp365_company"], shown["gp365_withdrawn"]) == ("TWO", False)
    payments = [
        row for table in ("RM20101", "RM30101") for row in books.rows(GP, table) if row["RMDTYPAL"] == PAYMENT
    ]
    for row in payments:
        assert len(notes(books, row["DOCNUMBR"].strip())) == 1
    settled(books)


def test_rows_16_and_17_a_payment_is_applied_with_a_discount_and_then_the_cheque_bounces(books: Site) -> None:
    who = "ADAMPARK0001"
    a, b = document(books, who, INVOICE, "1000.00"), document(books, who, INVOICE, "500.00")
    paid = document(books, who, PAYMENT, "1200.00", CHEKNMBR="4711")
    apply(books, paid, a, "980.00", discount="20.00")
    apply(books, paid, b, "150.00")
    done = synced(books)
    assert money(cards(books)[who], "gp365_balance") == Decimal("280.00")
    rows = applied(books, paid)
    assert parts(rows[a]) == (1000, 980, 20, 0) and parts(rows[b]) == (150, 150, 0, 0)
    assert [open_amount(books, who, INVOICE, each) for each in (a, b)] == [0, 350]
    day = today().isoformat()
    assert rows[a]["gp365_appliedon"] == day and not rows[a]["gp365_byparent"]
    said = f"Payment {paid} of 1,200.00 USD on {day}"
    assert note(books, paid) == (
        f"{said}: applied 980.00 + 20.00 terms discount to Invoice {a}, 150.00 to Invoice {b}, 70.00 unapplied"
    )
    account = books.account_of(who)["accountid"]
    assert notes(books, paid)[0]["_objectid_value"] == account == rows[a]["_gp365_accountid_value"]
    assert updated(done, "receivables") == 1
    settled(books)

    before = notes(books, paid)[0]["annotationid"]
    void(books, PAYMENT, paid, nsf=True)
    document(books, who, DEBIT_MEMO, "25.00", DOCDESCR="NSF fee")
    synced(books)
    assert money(cards(books)[who], "gp365_balance") == Decimal("1525.00")
    rows = applied(books, paid)
    for row in rows.values():
        assert row["gp365_withdrawn"] is True and row["gp365_withdrawnon"] == today().isoformat()
        assert row["gp365_fromstate"] == 2
    # What it was is still there to be read.
    assert parts(rows[a]) == (1000, 980, 20, 0)
    assert [open_amount(books, who, INVOICE, each) for each in (a, b)] == [1000, 500]
    assert note(books, paid) == f"{said}: returned unpaid on {day}"
    assert notes(books, paid)[0]["annotationid"] == before
    settled(books)
    assert synced(books, "--full").written == 0


def test_row_18_a_parent_pays_for_its_child(books: Site) -> None:
    parent, child = "CONTOSOL0001", "CELLULAR0001"
    books.put(GP, "RM00101", child, CPRCSTNM=parent)
    invoice = document(books, child, INVOICE, "3000.00")
    synced(books)
    family = sum(money(cards(books)[who], "gp365_balance") for who in (parent, child))
    paid = document(books, parent, PAYMENT, "3000.00")
    apply(books, paid, invoice, "3000.00")
    synced(books)
    row = applied(books, paid)[invoice]
    shown = cards(books)
    assert parts(row) == (3000, 3000, 0, 0)
    assert row["gp365_byparent"] is True and row["gp365_payernumber"] == parent
    assert row["_gp365_cardid_value"] == shown[child]["gp365_customerid"]
    assert row["_gp365_payercardid_value"] == shown[parent]["gp365_customerid"]
    assert row["_gp365_payeraccountid_value"] == shown[parent]["_gp365_accountid_value"]
    assert sum(money(shown[who], "gp365_balance") for who in (parent, child)) == family - 3000
    # No figure is ours: each card shows what GP says.
    assert all(
        money(shown[who], "gp365_balance") == money(summaries(books)[who], "CUSTBLNC")
        for who in (parent, child)
    )
    assert notes(books, paid)[0]["_objectid_value"] == shown[parent]["_gp365_accountid_value"]
    settled(books)


def test_an_application_that_is_taken_back_stays_and_says_so_and_applied_again_it_is_the_same_row(
    books: Site,
) -> None:
    who = "MAHLERST0001"
    invoice = document(books, who, INVOICE, "400.00")
    paid = document(books, who, PAYMENT, "300.00")
    apply(books, paid, invoice, "300.00")
    synced(books)
    first = applied(books, paid)[invoice]
    assert note(books, paid).endswith(f": applied 300.00 to Invoice {invoice}")
    apply(books, paid, invoice, undo=True)
    synced(books)
    row = applied(books, paid)[invoice]
    assert row["gp365_applicationid"] == first["gp365_applicationid"]
    assert (row["gp365_withdrawn"], row["gp365_withdrawnon"], row["gp365_fromstate"]) == (
        True,
        today().isoformat(),
        0,
    )
    assert note(books, paid).endswith(": 300.00 unapplied")
    settled(books)
    apply(books, paid, invoice, "120.00", write_off="5.00")
    synced(books)
    row = applied(books, paid)[invoice]
    assert row["gp365_applicationid"] == first["gp365_applicationid"]
    assert row["gp365_withdrawn"] is False and row.get("gp365_withdrawnon") is None
    assert parts(row) == (125, 120, 0, 5)
    assert note(books, paid).endswith(
        f": applied 120.00 + 5.00 write-off to Invoice {invoice}, 180.00 unapplied"
    )
    settled(books)


def test_a_payment_that_is_voided_withdraws_what_it_had_settled(books: Site) -> None:
    who = "GREENWAY0001"
    invoice, paid = document(books, who, INVOICE, "75.50"), document(books, who, PAYMENT, "75.50")
    apply(books, paid, invoice, "75.50")
    synced(books)
    void(books, PAYMENT, paid)
    synced(books)
    row = applied(books, paid)[invoice]
    assert (row["gp365_withdrawn"], row["gp365_fromstate"]) == (True, 1)
    assert note(books, paid).endswith(f": voided on {today().isoformat()}")
    settled(books)


def test_a_credit_memo_that_is_applied_is_a_row_and_no_payment(books: Site) -> None:
    who = "MAGNIFIC0001"
    invoice, memo = document(books, who, INVOICE, "90.00"), document(books, who, CREDIT_MEMO, "40.00")
    apply(books, memo, invoice, "40.00", source_type=CREDIT_MEMO)
    synced(books)
    row = applied(books, memo)[invoice]
    assert (row["gp365_fromtype"], parts(row)) == (CREDIT_MEMO, (40, 40, 0, 0))
    assert row["gp365_name"] == f"Credit Memo {memo} to Invoice {invoice}"
    assert notes(books, memo) == []
    settled(books)


def test_what_gp_moves_to_history_is_no_event(books: Site) -> None:
    who = "UNIFIEDW0001"
    invoice, paid = document(books, who, INVOICE, "61.00"), document(books, who, PAYMENT, "61.00")
    apply(books, paid, invoice, "61.00")
    synced(books)
    before, said = applied(books, paid)[invoice], notes(books, paid)
    moved = books.door(GP, "POST", "/remove_paid", {"customer": who})["moved"]
    assert {each["number"] for each in moved} >= {invoice, paid}
    settled(books)
    assert applied(books, paid)[invoice] == before and notes(books, paid) == said
    # And when the cheque comes back although all was history long ago:
    void(books, PAYMENT, paid, nsf=True)
    synced(books)
    assert applied(books, paid)[invoice]["gp365_fromstate"] == 2
    assert "returned unpaid" in note(books, paid)
    settled(books)


def test_an_application_before_the_receipt_is_posted_is_none_yet(books: Site) -> None:
    who = "FRANCHIS0001"
    invoice = document(books, who, INVOICE, "33.00")
    given = {"RMDTYPAL": PAYMENT, "CUSTNMBR": who, "ORTRXAMT": "33.00", "DOCNUMBR": "PYMNT77001"}
    books.door(GP, "POST", "/document", {"values": given})
    apply(books, "PYMNT77001", invoice, "33.00")
    synced(books)
    assert applied(books, "PYMNT77001") == {} and notes(books, "PYMNT77001") == []
    books.door(GP, "POST", "/post", {"document": {"type": PAYMENT, "number": "PYMNT77001"}})
    synced(books)
    assert parts(applied(books, "PYMNT77001")[invoice]) == (33, 33, 0, 0)
    assert note(books, "PYMNT77001").endswith(f": applied 33.00 to Invoice {invoice}")
    settled(books)


def test_a_document_in_another_currency_shows_its_own_amounts_beside_those_of_the_company(
    books: Site,
) -> None:
    who = "VANCOUVE0001"
    invoice, paid = document(books, who, INVOICE, "150.00"), document(books, who, PAYMENT, "150.00")
    apply(books, paid, invoice, "150.00")
    key = f"{PAYMENT};{paid};{INVOICE};{invoice}"
    late(books, "RM20201", key, CURNCYID="Z-C$", ORAPTOAM="203.45000", ORDISTKN="1.23400")
    synced(books)
    row = applied(books, paid)[invoice]
    assert parts(row) == (150, 150, 0, 0)
    assert row["gp365_currency"] == "CAD"
    assert money(row, "gp365_originalcash") == Decimal("203.45")
    assert money(row, "gp365_originaldiscount") == Decimal("1.234")
    settled(books)


def test_notes_of_people_are_left_alone_and_ours_is_put_right_or_stays_deleted(books: Site) -> None:
    who = "BREAKTHR0001"
    paid = document(books, who, PAYMENT, "10.00")
    synced(books)
    account = books.account_of(who)["accountid"]
    mine = {"subject": "Called about the cheque", "notetext": "Comes on Friday.", "_objectid_value": account}
    copied = {
        "subject": f"GP payment TWO {paid}",
        "notetext": "copied by a clerk",
        "_objectid_value": account,
    }
    theirs = [
        books.put(SALES, "annotations", f"00000000-0000-0000-0000-00000000000{n}", **each)
        for n, each in enumerate((mine, copied), 1)
    ]
    (ours,) = [row for row in notes(books, paid) if row["annotationid"] != theirs[1]["annotationid"]]
    books.put(SALES, "annotations", ours["annotationid"], notetext="never came")
    synced(books)
    held = {row["annotationid"]: row["notetext"] for row in books.rows(SALES, "annotations")}
    assert held[ours["annotationid"]].endswith(": 10.00 unapplied")
    assert [held[row["annotationid"]] for row in theirs] == ["Comes on Friday.", "copied by a clerk"]
    books.door(SALES, "DELETE", f"/rows/annotations/{theirs[1]['annotationid']}")
    books.door(SALES, "DELETE", f"/rows/annotations/{ours['annotationid']}")
    synced(books, "--full")
    assert notes(books, paid) == []
    settled(books)


def test_both_systems_agree_on_applications_withdrawn_ones_too(books: Site) -> None:
    who = "BLUEYOND0001"
    invoice, paid = document(books, who, INVOICE, "20.00"), document(books, who, PAYMENT, "20.00")
    apply(books, paid, invoice, "20.00")
    synced(books)
    apply(books, paid, invoice, undo=True)
    synced(books)
    answer = books.run("reconcile", "payments")
    assert answer.code == 0, answer.out
    report = next(one["report"] for one in answer.json["flows"] if one["report"]["flow"] == "payments")
    assert report["verdict"] == "equal", answer.out
    assert books.chain().ok


def test_looking_a_day_later_does_not_move_the_day_of_a_withdrawal(books: Site) -> None:
    who = "CENTRALC0001"
    invoice, paid = document(books, who, INVOICE, "21.00"), document(books, who, PAYMENT, "21.00")
    apply(books, paid, invoice, "21.00")
    synced(books)
    apply(books, paid, invoice, undo=True)
    synced(books)
    before = applied(books, paid)[invoice]
    assert books.sync_later(timedelta(days=2).total_seconds()) == 0
    after = applied(books, paid)[invoice]
    assert after["versionnumber"] == before["versionnumber"]
