"""Receivable documents beside the account, as a controller compares them with Dynamics GP, row by row and in sum.

Acceptance rows 16, 17, 18 and 25 as far as documents go; what each payment does to the account is told by other tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from documents_site import (
    FLOW,
    apply,
    balance_of,
    documents_site,
    enter,
    left_of,
    money,
    run_of,
    shown,
    signed,
    synced,
    theirs,
    void,
)
from e2e_site import GP, SALES, Site, site

ADAM, ASTOR, LAWRENCE, PLAZA = "ADAMPARK0001", "ASTORSUI0001", "LAWRENCE0001", "PLAZAONE0001"
"""Customers of the sample company that have no documents."""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site over SQL; each test works on documents of its own."""
    with documents_site(tmp_path_factory.mktemp("documents") / "site") as made:
        yield made


def test_every_document_of_every_type_stands_beside_its_account_signed_and_to_the_last_decimal(
    books: Site,
) -> None:
    held, rows = theirs(books), shown(books)
    assert set(held) == set(rows) and len(rows) > 40
    assert {kind for kind, _ in rows} == {1, 3, 4, 5, 6, 7, 8, 9}
    cards = {row["gp365_customerid"]: row for row in books.rows(SALES, "gp365_customers")}
    for (kind, number), (table, row) in held.items():
        ours = rows[kind, number]
        unposted = table in ("RM10301", "RM10201")
        amount = money(row, "DOCAMNT" if table == "RM10301" else "ORTRXAMT")
        left = money(row, "ACCTAMNT" if table == "RM10301" else "CURTRXAM")
        assert money(ours, "gp365_amount") == signed(kind, amount), number
        assert money(ours, "gp365_remaining") == signed(kind, left), number
        assert (ours["gp365_currency"], money(ours, "gp365_originalamount")) == ("USD", signed(kind, amount))
        assert ours["gp365_documentdate"] == row["DOCDATE"][:10]
        assert ours["gp365_posted"] is not unposted and ours["gp365_removed"] is False
        is_void = not unposted and bool(row["VOIDSTTS"])
        assert ours["gp365_void"] is is_void
        assert ours["gp365_paid"] is (not unposted and not is_void and not left)
        card = cards[ours["_gp365_cardid_value"]]
        assert card["gp365_number"] == row["CUSTNMBR"].strip()
        assert ours["_gp365_accountid_value"] == card["_gp365_accountid_value"]


def test_a_second_sync_writes_nothing(books: Site) -> None:
    assert synced(books).written == 0
    again = synced(books, "--full")
    assert again.written == 0 and run_of(again)["considered"] == len(shown(books))


def test_what_is_left_adds_up_to_each_customers_balance_and_both_systems_agree(books: Site) -> None:
    for row in books.rows(GP, "RM00103"):
        number = row["CUSTNMBR"].strip()
        assert left_of(books, number) == money(row, "CUSTBLNC"), number
    assert books.sync().code == 0
    answer = books.run("reconcile", "receivables")
    assert answer.code == 0, answer.out
    reports = {one["report"]["flow"]: one["report"] for one in answer.json["flows"]}
    assert {reports[name]["verdict"] for name in ("receivables", FLOW)} == {"equal"}
    own = reports["receivables"]["books"]
    total = sum(money(row, "CUSTBLNC") for row in books.rows(GP, "RM00103"))
    assert own["agrees"] and own["differing"] == 0
    assert {Decimal(own[name]) for name in ("documents", "balance", "ledger")} == {total}
    assert [one["account"].strip() for one in own["accounts"]] == ["000-1200-00"]
    totals = {(one["field"], one["currency"]): one for one in reports[FLOW]["totals"]}
    for name in ("amount", "remaining", "original_amount", "original_remaining"):
        assert totals[name, "USD"]["difference"] == "0" and totals[name, "USD"]["linked"]["gp"] != "0"


def test_an_unposted_document_is_flagged_and_stays_the_same_row_when_it_is_posted(books: Site) -> None:
    place = enter(books, 1, "POSTED1", ADAM, "75.25", post=False, CSTPONBR="PO 4711", DOCDESCR="Chairs")
    synced(books)
    before = shown(books)[place]
    assert (before["gp365_posted"], before["gp365_paid"]) == (False, False)
    assert (before["gp365_customerpo"], before["gp365_description"]) == ("PO 4711", "Chairs")
    books.door(GP, "POST", "/post", {"document": {"type": 1, "number": "POSTED1"}})
    synced(books)
    after = shown(books)[place]
    assert after["gp365_receivableid"] == before["gp365_receivableid"]
    assert (after["gp365_posted"], money(after, "gp365_remaining")) == (True, Decimal("75.25"))
    assert after["gp365_customerpo"] == "PO 4711"
    void(books, place)
    synced(books)
    after = shown(books)[place]
    assert (after["gp365_void"], after["gp365_paid"]) == (True, False) and after["gp365_voidon"]
    assert synced(books).written == 0


def test_rows_16_and_17_a_receipt_on_two_invoices_and_then_it_bounces(books: Site) -> None:
    a = enter(books, 1, "ROW16A", ASTOR, "1000.00")
    b = enter(books, 1, "ROW16B", ASTOR, "500.00")
    receipt = enter(books, 9, "PYROW16", ASTOR, "1200.00")
    apply(books, receipt, a, "980.00", "20.00")
    apply(books, receipt, b, "150.00")
    synced(books)
    rows = shown(books)
    left = [money(rows[place], "gp365_remaining") for place in (a, b, receipt)]
    assert left == [Decimal(0), Decimal(350), Decimal(-70)]
    assert [rows[place]["gp365_paid"] for place in (a, b, receipt)] == [True, False, False]
    assert rows[a]["gp365_paidon"] and not rows[b].get("gp365_paidon")
    assert left_of(books, ASTOR) == balance_of(books, ASTOR) == Decimal(280)
    assert synced(books).written == 0
    void(books, receipt, unpaid=True)
    fee = enter(books, 3, "NSFFEE1", ASTOR, "25.00")
    synced(books)
    rows = shown(books)
    left = [money(rows[place], "gp365_remaining") for place in (a, b, fee)]
    assert left == [Decimal(1000), Decimal(500), Decimal(25)]
    assert rows[receipt]["gp365_void"] is True and rows[a]["gp365_paid"] is False
    assert not rows[a].get("gp365_paidon")
    assert left_of(books, ASTOR) == balance_of(books, ASTOR) == Decimal(1525)


def test_the_removal_of_paid_documents_to_history_writes_nothing_and_their_return_is_no_new_row(
    books: Site,
) -> None:
    invoice = enter(books, 1, "MOVED1", LAWRENCE, "60.00")
    receipt = enter(books, 9, "PYMOVED1", LAWRENCE, "60.00")
    apply(books, receipt, invoice, "60.00")
    synced(books)
    before = shown(books)
    assert before[invoice]["gp365_paid"] is before[receipt]["gp365_paid"] is True
    books.door(GP, "POST", "/remove_paid", {"customer": LAWRENCE})
    assert theirs(books)[invoice][0] == "RM30101"
    assert synced(books).written == 0
    assert synced(books, "--full").written == 0
    assert shown(books) == before
    void(books, receipt, unpaid=True)
    synced(books)
    after = shown(books)
    assert after[invoice]["gp365_receivableid"] == before[invoice]["gp365_receivableid"]
    assert (after[invoice]["gp365_paid"], after[receipt]["gp365_void"]) == (False, True)


def test_row_18_a_parent_pays_for_its_child(books: Site) -> None:
    parent, child = "CENTRALC0001", "BLUEYOND0001"
    books.put(GP, "RM00101", child, CPRCSTNM=parent)
    invoice = enter(books, 1, "CHILD1", child, "3000.00")
    synced(books)
    before = {who: left_of(books, who) for who in (parent, child)}
    assert shown(books)[invoice]["gp365_corporate"] == parent
    receipt = enter(books, 9, "PYPARENT", parent, "3000.00")
    apply(books, receipt, invoice, "3000.00")
    synced(books)
    assert shown(books)[invoice]["gp365_paid"] is shown(books)[receipt]["gp365_paid"] is True
    after = {who: left_of(books, who) for who in (parent, child)}
    assert after == {who: balance_of(books, who) for who in (parent, child)}
    assert sum(before.values()) - sum(after.values()) == 3000


def test_a_deleted_unposted_document_stays_marked_and_its_number_used_again_is_the_same_row(
    books: Site,
) -> None:
    place = enter(books, 1, "TYPO1", PLAZA, "12.00", post=False)
    synced(books)
    books.door(GP, "POST", "/discard", {"type": 1, "number": "TYPO1"})
    synced(books, "--full")
    row = shown(books)[place]
    assert (row["gp365_removed"], money(row, "gp365_amount")) == (True, Decimal(12))
    assert synced(books, "--full").written == 0
    enter(books, 1, "TYPO1", PLAZA, "21.00")
    synced(books)
    again = shown(books)[place]
    assert again["gp365_receivableid"] == row["gp365_receivableid"]
    assert (again["gp365_removed"], money(again, "gp365_amount")) == (False, Decimal(21))


def test_what_somebody_writes_over_a_document_is_put_right(books: Site) -> None:
    place = (1, next(number for kind, number in shown(books) if kind == 1))
    before = shown(books)[place]
    books.put(SALES, "gp365_receivables", before["gp365_receivableid"], gp365_remaining="1.0000")
    done = synced(books)
    assert run_of(done)["updated"] == 1
    assert money(shown(books)[place], "gp365_remaining") == money(before, "gp365_remaining")


def test_the_documents_of_a_renumbered_customer_keep_their_rows_and_follow_its_card(books: Site) -> None:
    before = {place: row["gp365_receivableid"] for place, row in shown(books).items()}
    card = books.card("UNIFIEDW0001")["gp365_customerid"]
    mine = {place for place, row in shown(books).items() if row["_gp365_cardid_value"] == card}
    books.door(GP, "POST", "/renumber", {"from": "UNIFIEDW0001", "to": "UNIFIEDW0009"})
    synced(books)
    rows = shown(books)
    assert mine and {place: row["gp365_receivableid"] for place, row in rows.items()} == before
    assert {rows[place]["_gp365_cardid_value"] for place in mine} == {card}
    assert left_of(books, "UNIFIEDW0009") == balance_of(books, "UNIFIEDW0009")
    assert synced(books).written == 0


def test_gps_own_difference_is_named_as_its_own_and_is_no_drift(books: Site) -> None:
    held = balance_of(books, "MAHLERST0001")
    order = {"table": "RM00103", "key": "MAHLERST0001", "values": {"CUSTBLNC": str(held + 7)}, "by_s": 0}
    books.door(GP, "POST", "/late", order)
    assert books.sync("--full").code == 0  # the card shows what GP says
    answer = books.run("reconcile", "receivables")
    assert answer.code == 1, answer.out
    reports = {one["report"]["flow"]: one["report"] for one in answer.json["flows"]}
    assert {reports[name]["verdict"] for name in ("receivables", FLOW)} == {"equal"}
    own = reports["receivables"]["books"]
    assert not own["agrees"] and own["differing"] == 1
    assert own["listed"] == [
        {
            "customer": "MAHLERST0001",
            "documents": f"{held.normalize():f}",
            "balance": f"{(held + 7).normalize():f}",
            "waiting": "0",
            "difference": "-7",
        }
    ]
    assert own["difference"] == own["ledger_difference"] == "-7"


def test_row_25_after_both_year_ends_nothing_is_deleted_and_nothing_written_but_the_close(
    books: Site,
) -> None:
    before = shown(books)
    books.door(GP, "POST", "/year_end", {"series": "sales", "as_of": "2026-12-31"})
    done = synced(books, "--full")
    assert run_of(done)["updated"] == run_of(done)["created"] == 0
    assert shown(books) == before


def test_the_plan_says_what_the_horizon_comes_to_and_what_falls_out_of_it_stays(books: Site) -> None:
    told: Any = next(one for one in books.run("plan").json["flows"] if one["flow"] == FLOW)["horizon"]
    assert (told["months"], told["rows"], told["beyond"]) == (24, len(theirs(books)), 0)
    before = shown(books)
    books.settings("[systems.gp.sql]\n", "[systems.gp.sql]\nhistory_months = 0\n")
    told = next(one for one in books.run("plan").json["flows"] if one["flow"] == FLOW)["horizon"]
    assert 0 < told["rows"] < len(before) and told["rows"] + told["beyond"] == len(before)
    assert told["megabytes_assumed"] < told["in_all_assumed"]
    done = synced(books, "--full")
    assert done.written == 0 and run_of(done)["considered"] == len(before)
    assert shown(books) == before
    answer = books.run("reconcile", FLOW)
    assert answer.code == 0, answer.out


def test_over_web_services_documents_are_left_out_in_a_sentence(tmp_path: Path) -> None:
    with site(tmp_path / "site", provisioned=False) as at:
        from e2e_channels import over

        over("soap", at)
        at.settings('flows = ["customers"]', 'flows = ["customers", "receivable_documents"]')
        said = [one for one in at.run("doctor").json["findings"] if one["subject"].endswith(f"/{FLOW}")]
        assert [one["level"] for one in said] == ["note"]
        assert "is left out" in said[0]["text"] and "serves no receivable" in said[0]["text"]
