"""Receivable documents beside the account, as a controller compares them with Dynamics GP, row by row and in sum.

Acceptance rows 16, 17, 18 and 25 as far as documents go. One site lives through three days; the tests look at its evenings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from documents_site import (
    ASTOR,
    CHILD,
    COHO,
    FEE,
    FLOW,
    MOVED,
    MOVED_BY,
    NOW,
    OF_CHILD,
    OF_PARENT,
    PARENT,
    RECEIPT,
    RENAMED,
    TYPO,
    UNPOSTED,
    A,
    B,
    Evening,
    Story,
    documents_site,
    first_day,
    money,
    second_day,
    signed,
    third_day,
)
from e2e_site import GP, SALES

OVERWRITTEN = (1, "SLS10017")


@dataclass(frozen=True)
class Told:
    """The evenings, and what `reconcile` and `plan` said on the way."""

    story: Story
    begin: Evening
    again: Evening
    first: Evening
    second: Evening
    third: Evening
    after: Evening
    closed: Evening
    shorter: Evening
    agreed: Any
    differing: Any
    beyond: Any
    horizons: tuple[Any, Any]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with documents_site(tmp_path_factory.mktemp("documents") / "site") as story:
        at = story.at
        agreed = at.run("reconcile", "receivables")
        story.sync("--full")
        first_day(at)
        story.sync()
        second_day(at)
        row = story.evenings[-1].rows[OVERWRITTEN]
        at.put(SALES, "gp365_receivables", row["gp365_receivableid"], gp365_remaining="1.0000")
        story.sync("--full")
        third_day(at)
        story.sync()
        story.sync()
        at.door(GP, "POST", "/year_end", {"series": "sales", "as_of": "2026-12-31"})
        wrong = story.evenings[-1].balances["MAHLERST0001"] + 7
        values = {"CUSTBLNC": str(wrong)}
        at.door(GP, "POST", "/late", {"table": "RM00103", "key": "MAHLERST0001", "values": values, "by_s": 0})
        story.sync_all("--full")  # the card shows what GP says
        differing = at.run("reconcile", "receivables")
        plans = [_horizon(at.run("plan", FLOW).json)]
        at.settings("[systems.gp.sql]\n", "[systems.gp.sql]\nhistory_months = 0\n")
        plans.append(_horizon(at.run("plan", FLOW).json))
        story.sync("--full")
        beyond = at.run("reconcile", FLOW)
        begin, again, first, second, third, after, closed, shorter = story.evenings
        evenings = (begin, again, first, second, third, after, closed, shorter)
        yield Told(story, *evenings, agreed, differing, beyond, (plans[0], plans[1]))


def _horizon(plan: Any) -> Any:
    return next(one for one in plan["flows"] if one["flow"] == FLOW)["horizon"]


def _reports(answer: Any) -> dict[str, Any]:
    return {one["report"]["flow"]: one["report"] for one in answer.json["flows"]}


def test_every_document_of_every_type_stands_beside_its_account_signed_and_to_the_last_decimal(
    told: Told,
) -> None:
    held, rows = told.begin.theirs, told.begin.rows
    assert set(held) == set(rows) and len(rows) > 40
    assert {kind for kind, _ in rows} == {1, 3, 4, 5, 6, 7, 8, 9}
    cards = {row["gp365_customerid"]: row for row in told.begin.cards.values()}
    for (kind, number), (table, row) in held.items():
        ours = rows[kind, number]
        unposted = table in ("RM10301", "RM10201")
        amount = money(row, "DOCAMNT" if table == "RM10301" else "ORTRXAMT")
        left = money(row, "ACCTAMNT" if table == "RM10301" else "CURTRXAM")
        assert money(ours, "gp365_amount") == signed(kind, amount), number
        assert money(ours, "gp365_remaining") == signed(kind, left), number
        assert (ours["gp365_currency"], money(ours, "gp365_originalamount")) == ("USD", signed(kind, amount))
        assert ours["gp365_documentdate"] == row["DOCDATE"][:10]
        is_void = not unposted and bool(row["VOIDSTTS"])
        flags = {"posted": not unposted, "void": is_void, "paid": not unposted and not is_void and not left}
        assert told.begin.flags((kind, number)) == {name for name, given in flags.items() if given}
        card = cards[ours["_gp365_cardid_value"]]
        assert card["gp365_number"] == row["CUSTNMBR"].strip()
        assert ours["_gp365_accountid_value"] == card["_gp365_accountid_value"]


def test_a_second_sync_writes_nothing_nor_does_a_look_after_each_day(told: Told) -> None:
    assert told.again.done.written == 0 and told.again.run["considered"] == len(told.begin.rows)
    assert told.after.done.written == 0 and told.after.rows == told.third.rows


def test_what_is_left_adds_up_to_each_customers_balance_on_every_evening(told: Told) -> None:
    for evening in (told.begin, told.first, told.second, told.third):
        assert {number: evening.left_of(number) for number in evening.balances} == evening.balances


def test_both_systems_agree_and_so_does_gp_with_itself_and_its_control_account(told: Told) -> None:
    assert told.agreed.code == 0, told.agreed.out
    reports = _reports(told.agreed)
    assert {reports[name]["verdict"] for name in ("receivables", FLOW)} == {"equal"}
    own, total = reports["receivables"]["books"], sum(told.begin.balances.values())
    assert own["agrees"] and own["differing"] == 0
    assert {Decimal(own[name]) for name in ("documents", "balance", "ledger")} == {total}
    assert [one["account"].strip() for one in own["accounts"]] == ["000-1200-00"]
    written = [one["files"][0] for one in told.agreed.json["flows"] if one["report"]["flow"] == "receivables"]
    assert json.loads(Path(written[0]).read_bytes())["books"] == own
    totals = {(one["field"], one["currency"]): one for one in reports[FLOW]["totals"]}
    for name in ("amount", "remaining", "original_amount", "original_remaining"):
        assert totals[name, "USD"]["difference"] == "0" and totals[name, "USD"]["linked"]["gp"] != "0"


def test_an_unposted_document_is_flagged_and_stays_the_same_row_when_posted_and_voided(told: Told) -> None:
    rows = [evening.rows[UNPOSTED] for evening in (told.first, told.second, told.third)]
    assert len({row["gp365_receivableid"] for row in rows}) == 1
    flags = [evening.flags(UNPOSTED) for evening in (told.first, told.second, told.third)]
    assert flags == [set(), {"posted"}, {"posted", "void"}]
    assert {row["gp365_customerpo"] for row in rows} == {"PO 4711"}
    assert {row["gp365_description"] for row in rows} == {"Chairs"}
    assert told.second.left(UNPOSTED) == [Decimal("75.25")] and rows[-1]["gp365_voidon"]


def test_row_16_a_receipt_of_1200_on_two_invoices_with_a_terms_discount(told: Told) -> None:
    assert told.second.left(A, B, RECEIPT) == [Decimal(0), Decimal(350), Decimal(-70)]
    assert [told.second.flags(place) for place in (A, B, RECEIPT)] == [
        {"posted", "paid"},
        {"posted"},
        {"posted"},
    ]
    assert told.second.rows[A]["gp365_paidon"] and not told.second.rows[B].get("gp365_paidon")
    assert told.second.left_of(ASTOR) == told.second.balances[ASTOR] == Decimal(280)


def test_row_17_it_bounces_and_both_invoices_and_the_fee_are_open(told: Told) -> None:
    assert told.third.left(A, B, FEE) == [Decimal(1000), Decimal(500), Decimal(25)]
    assert told.third.flags(RECEIPT) == {"posted", "void"} and told.third.flags(A) == {"posted"}
    assert not told.third.rows[A].get("gp365_paidon")
    assert told.third.left_of(ASTOR) == told.third.balances[ASTOR] == Decimal(1525)


def test_row_18_a_parent_pays_for_its_child_and_the_family_owes_so_much_less(told: Told) -> None:
    assert told.first.rows[OF_CHILD]["gp365_corporate"] == PARENT
    assert told.second.flags(OF_CHILD) == told.second.flags(OF_PARENT) == {"posted", "paid"}
    family = [sum(evening.left_of(who) for who in (PARENT, CHILD)) for evening in (told.first, told.second)]
    assert family[0] - family[1] == 3000


def test_the_removal_to_history_writes_nothing_and_a_document_that_comes_back_is_the_same_row(
    told: Told,
) -> None:
    assert told.second.theirs[MOVED][0] == told.second.theirs[MOVED_BY][0] == "RM30101"
    for place in (MOVED, MOVED_BY):
        assert told.first.flags(place) == {"posted", "paid"}
        assert told.second.rows[place] == told.first.rows[place]
    assert told.third.theirs[MOVED][0] == "RM20101" and told.third.flags(MOVED) == {"posted"}
    assert told.third.flags(MOVED_BY) == {"posted", "void"}
    same = "gp365_receivableid"
    assert told.third.rows[MOVED][same] == told.first.rows[MOVED][same]
    assert told.third.left_of(COHO) == 60


def test_a_deleted_unposted_document_stays_marked_and_its_number_used_again_is_the_same_row(
    told: Told,
) -> None:
    row = told.second.rows[TYPO]
    assert told.second.flags(TYPO) == {"removed"} and money(row, "gp365_amount") == Decimal(12)
    again = told.third.rows[TYPO]
    assert again["gp365_receivableid"] == row["gp365_receivableid"]
    assert told.third.flags(TYPO) == {"posted"} and money(again, "gp365_amount") == Decimal(21)


def test_what_somebody_writes_over_a_document_is_put_right(told: Told) -> None:
    assert told.second.left(OVERWRITTEN) == told.first.left(OVERWRITTEN) != [Decimal(1)]


def test_the_documents_of_a_renumbered_customer_keep_their_rows_and_their_card(told: Told) -> None:
    card = told.second.cards[RENAMED]["gp365_customerid"]
    mine = {place: row for place, row in told.second.rows.items() if row["_gp365_cardid_value"] == card}
    assert mine and told.third.cards[NOW]["gp365_customerid"] == card
    assert {place: told.third.rows[place] for place in mine} == mine


def test_row_25_the_close_of_the_receivables_year_changes_no_document(told: Told) -> None:
    assert told.closed.rows == told.after.rows


def test_gps_own_difference_is_named_as_its_own_and_is_no_drift(told: Told) -> None:
    assert told.differing.code == 1, told.differing.out
    reports = _reports(told.differing)
    assert {reports[name]["verdict"] for name in ("receivables", FLOW)} == {"equal"}
    own, held = reports["receivables"]["books"], told.after.balances["MAHLERST0001"]
    assert not own["agrees"] and own["differing"] == 1
    (one,) = own["listed"]
    assert (one["customer"], one["difference"], one["waiting"]) == ("MAHLERST0001", "-7", "0")
    assert (Decimal(one["documents"]), Decimal(one["balance"])) == (held, held + 7)
    assert own["difference"] == own["ledger_difference"] == "-7"


def test_the_plan_says_what_the_horizon_comes_to_and_what_falls_out_of_it_stays(told: Told) -> None:
    wide, narrow = told.horizons
    held = len(told.closed.theirs)
    assert (wide["months"], wide["rows"], wide["beyond"]) == (24, held, 0)
    assert 0 < narrow["rows"] < held and narrow["rows"] + narrow["beyond"] == held
    assert narrow["megabytes_assumed"] < narrow["in_all_assumed"] == wide["megabytes_assumed"]
    assert told.shorter.done.written == 0 and told.shorter.rows == told.closed.rows
    assert told.shorter.run["considered"] == len(told.closed.rows)
    assert told.beyond.code == 0, told.beyond.out
