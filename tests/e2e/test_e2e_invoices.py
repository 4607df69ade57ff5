"""Posted sales invoices of GP as invoices of Sales: lines, totals, paid, open again, void.

One site lives through three days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from documents_site import money
from e2e_site import GP, SALES, Row, Site
from invoices_site import (
    HEADS,
    LINES,
    STATES,
    Shot,
    head,
    in_work,
    invoiced,
    invoices_site,
    line,
    post,
    posted,
    shot,
)
from payments_site import INVOICE, PAYMENT, apply, document, void

OPEN, OLD = "STDINV2262", "STDINV2261"
"""Of the sample company: one that is open, and one of last year that is paid and in history."""
ACTIVE, PAID, CANCELED = (0, 4), (2, 100001), (3, 100003)
KEY = ("CUSTNMBR", "RMDTYPAL", "DOCNUMBR")
PERSONS = "bb000000-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Days:
    """The site, the numbers of two new invoices, and what stood in Sales after each day."""

    at: Site
    odd: str
    marked_down: str
    begin: Shot
    again: Shot
    first: Shot
    second: Shot
    third: Shot
    after: Shot


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    with invoices_site(tmp_path_factory.mktemp("invoices") / "site") as at:
        customer = {number: row["CUSTNMBR"].strip() for number, row in posted(at).items()}[OPEN]
        begin, again = _synced(at), _synced(at, "--full")
        odd, marked_down = in_work(at), invoiced(at)
        line(at, odd, 16384, UNITPRCE="40.3335", XTNDPRCE="161.33", TAXAMNT="9.68")
        more = {"FRTAMNT": "12.50", "MISCAMNT": "3.00", "TAXAMNT": "10.43", "TRDISAMT": "5.00"}
        head(at, odd, SUBTOTAL="161.33", **more, DOCAMNT="182.26")
        line(at, marked_down, 16384, MRKDNAMT="1.25", XTNDPRCE="232.50")
        head(at, marked_down, SUBTOTAL="382.50", DOCAMNT="382.50")
        post(at, odd)
        post(at, marked_down)
        part = document(at, customer, PAYMENT, "100.00")
        apply(at, part, OPEN, "100.00")
        at.put(SALES, "invoices", PERSONS, name="An invoice of ours", invoicenumber="OURS-1")
        first = _synced(at)
        rest = document(at, customer, PAYMENT, "260.00")
        apply(at, rest, OPEN, "260.00")
        void(at, INVOICE, marked_down)
        at.put(SALES, "invoices", first.heads[odd]["invoiceid"], duedate="2031-01-01")
        second = _synced(at)
        void(at, PAYMENT, rest, nsf=True)
        for table in ("RM20101", "RM30101"):  # a clerk edits what is paid long since
            for row in at.rows(GP, table):
                if (row["RMDTYPAL"], row["DOCNUMBR"].strip()) == (1, OLD):
                    key = ";".join(str(row[name]).strip() for name in KEY)
                    values = {"DUEDATE": "2025-12-24"}
                    at.door(GP, "POST", "/late", {"table": table, "key": key, "values": values, "by_s": 0})
        third = _synced(at)
        after = _synced(at, "--full")
        yield Days(at, odd, marked_down, begin, again, first, second, third, after)


def _synced(at: Site, *arguments: str) -> Shot:
    done = at.sync(*arguments)
    assert done.code == 0 and done.balanced, done.out + done.err
    return shot(at, done)


def test_every_posted_sales_invoice_stands_once_with_its_lines_and_gps_total(days: Days) -> None:
    theirs = posted(days.at)
    assert set(days.after.heads) == set(theirs) == {OLD, OPEN, days.odd, days.marked_down}
    rows = [row for row in days.at.rows(GP, "SOP30300") if row["SOPTYPE"] == 3]
    assert sum(map(len, days.after.lines.values())) == len(rows) == 5
    for number, row in theirs.items():
        ours = days.after.heads[number]
        assert money(ours, "totalamount") == money(row, "DOCAMNT"), number
        assert ours["gp365_documentdate"] == row["DOCDATE"][:10]
        assert (ours["invoicenumber"], ours["gp365_company"]) == (f"TWO {number}", "TWO")


def test_it_hangs_on_the_account_of_the_card_and_on_its_receivable_document(days: Days) -> None:
    cards = {row["gp365_customerid"]: row for row in days.at.rows(SALES, "gp365_customers")}
    documents = {row["gp365_receivableid"]: row for row in days.at.rows(SALES, "gp365_receivables")}
    for number, row in posted(days.at).items():
        ours = days.after.heads[number]
        card = cards[ours["_gp365_cardid_value"]]
        assert card["gp365_number"] == row["CUSTNMBR"].strip()
        assert ours["_customerid_value"] == card["_gp365_accountid_value"]
        document = documents[ours["_gp365_receivableid_value"]]
        assert (document["gp365_type"], document["gp365_number"]) == (1, number)


def test_a_second_sync_writes_nothing_nor_does_a_look_after_the_last_day(days: Days) -> None:
    assert days.again.done.written == days.after.done.written == 0
    assert {run["flow"] for run in days.again.done.json["runs"]} >= {HEADS, LINES, STATES}


def test_lines_that_cannot_be_shown_by_unit_price_stand_as_one_piece_and_say_so(days: Days) -> None:
    (only,) = days.first.lines[days.odd]
    assert [money(only, name) for name in ("quantity", "priceperunit", "manualdiscountamount", "tax")] == [
        Decimal(1),
        Decimal("161.33"),
        0,
        Decimal("9.68"),
    ]
    assert only["productdescription"].endswith("(4.00 Each at 40.3335)")
    assert (money(only, "gp365_quantity"), money(only, "gp365_unitprice")) == (4, Decimal("40.3335"))
    # Freight, miscellaneous and their tax together; the rest as GP has it.
    assert days.first.totals(days.odd) == tuple(map(Decimal, ("161.33", "5.00", "16.25", "9.68", "182.26")))


def test_a_markdown_is_the_discount_of_its_line(days: Days) -> None:
    first, second = days.first.lines[days.marked_down]
    assert [money(first, name) for name in ("quantity", "priceperunit", "manualdiscountamount")] == [
        Decimal(6),
        Decimal(40),
        Decimal("7.50"),
    ]
    assert [money(second, name) for name in ("quantity", "priceperunit", "extendedamount")] == [
        Decimal(20),
        Decimal("7.50"),
        Decimal(150),
    ]


def test_paid_in_part_is_open_paid_in_full_is_paid_and_what_bounces_opens_it_again(days: Days) -> None:
    evenings = (days.begin, days.first, days.second, days.third, days.after)
    assert [one.state(OPEN) for one in evenings] == [ACTIVE, ACTIVE, PAID, ACTIVE, ACTIVE]
    assert {one.state(OLD) for one in evenings} == {PAID}
    assert len({one.heads[OPEN]["invoiceid"] for one in evenings}) == 1


def test_what_gp_changes_on_a_closed_one_is_written_and_it_is_closed_again(days: Days) -> None:
    assert days.second.heads[OLD]["duedate"] != days.third.heads[OLD]["duedate"] == "2025-12-24"
    assert days.third.state(OLD) == PAID


def test_a_void_one_is_canceled_and_keeps_its_lines(days: Days) -> None:
    assert [one.state(days.marked_down) for one in (days.first, days.second, days.after)] == [
        ACTIVE,
        CANCELED,
        CANCELED,
    ]
    assert days.after.totals(days.marked_down)[-1] == Decimal("382.50")


def test_what_a_person_overwrites_is_put_right_and_their_own_invoices_are_left_alone(days: Days) -> None:
    assert days.second.heads[days.odd]["duedate"] == days.first.heads[days.odd]["duedate"]
    own = days.at.row(SALES, "invoices", PERSONS)
    assert (own["name"], own["statecode"]) == ("An invoice of ours", 0)


def test_both_systems_agree(days: Days) -> None:
    report = days.at.run("reconcile")
    assert report.code == 0, report.out
    assert days.at.chain().ok


def test_the_plan_says_what_the_horizon_comes_to(days: Days) -> None:
    plan = days.at.run("plan", HEADS).json
    told = next(one for one in plan["flows"] if one["flow"] == HEADS)["horizon"]
    assert (told["rows"], told["beyond"]) == (4, 0)


def test_an_invoice_of_a_customer_who_is_not_in_sales_waits_with_its_lines_and_then_comes(
    tmp_path: Path,
) -> None:
    with invoices_site(tmp_path / "site") as at:
        number = in_work(at)
        who = at.row(GP, "SOP10100", f"{number};3")["CUSTNMBR"].strip()
        post(at, number)
        taken = "00000000-0000-0000-0000-0000000000a1"
        name = at.customer(who)["CUSTNAME"]
        for row in at.rows(SALES, "accounts"):
            if row["name"].strip() == name.strip():
                at.put(SALES, "accounts", row["accountid"], name="Quite Another Firm", accountnumber=who)
        at.put(SALES, "accounts", taken, name="Quite Another Firm", accountnumber=who)
        done = at.sync()
        assert done.code == 1 and done.balanced, done.out
        stopped = {(one["flow"], one["code"]) for one in at.run("parked", "list").json["entries"]}
        assert {(HEADS, "parent-parked"), (LINES, "parent-parked")} <= stopped
        assert number not in shot(at, done).heads
        for row in at.rows(SALES, "accounts"):
            if row.get("accountnumber") == who:
                at.put(SALES, "accounts", row["accountid"], accountnumber="")
        now = _synced(at)
        assert len(now.lines[number]) == 1 and now.state(number) == ACTIVE
        assert _synced(at).done.written == 0


NEEDED = ("customers", "customer_cards", "receivable_documents")


def test_syncs_killed_half_way_are_ended_by_the_next_ones_and_double_nothing(tmp_path: Path) -> None:
    with invoices_site(tmp_path / "site") as at:
        for flow in NEEDED:
            assert at.sync(flow).code == 0
        for flow in (HEADS, LINES, STATES):
            at.killed_at("sent", flow)
            again = at.in_child("sync", flow)
            assert again.code in (0, 1) and again.balanced
        _ends_well(at)


@pytest.mark.proof
def test_replies_that_are_lost_double_no_invoice_and_no_line(tmp_path: Path) -> None:
    with invoices_site(tmp_path / "site") as at:
        for flow in NEEDED:
            assert at.sync(flow).code == 0
        lost = {"method": "POST", "do": "lost_reply"}
        paths = [
            rf"{table}/Microsoft.Dynamics.CRM.CreateMultiple$" for table in ("invoices", "invoicedetails")
        ]
        at.faults(SALES, *({**lost, "path": path, "nth": 1} for path in paths))
        assert at.sync().balanced
        at.settled()
        assert at.fired(SALES) == [1, 1]
        _ends_well(at)


def _ends_well(at: Site) -> None:
    at.settled()
    now = shot(at, at.sync())
    assert {number: len(lines) for number, lines in now.lines.items()} == {OLD: 1, OPEN: 1}
    assert (now.state(OLD), now.state(OPEN)) == (PAID, ACTIVE)
    assert now.done.written == 0


def test_what_people_do_to_lines_is_put_right_or_shown(tmp_path: Path) -> None:
    with invoices_site(tmp_path / "site") as at:
        first = _synced(at)
        head, (only,) = first.heads[OPEN]["invoiceid"], first.lines[OPEN]
        at.put(SALES, "invoicedetails", only["invoicedetailid"], quantity="9")
        at.put(SALES, "invoices", head, statecode=PAID[0], statuscode=PAID[1])  # a line of a closed invoice
        now = _synced(at)
        assert (now.state(OPEN), now.totals(OPEN)) == (ACTIVE, first.totals(OPEN))

        at.door(SALES, "DELETE", f"/rows/invoicedetails/{only['invoicedetailid']}")
        assert _stopped(at) == {(LINES, "target-gone"), (STATES, "apart")}
        assert at.run("reconcile", STATES).code == 1  # no field that is merely read
        (gone,) = at.run("parked", "list", "--flow", LINES).json["entries"]
        assert at.run("parked", "resolve", str(gone["id"]), "--create").code == 0
        now = _synced(at)
        assert (now.state(OPEN), now.totals(OPEN)) == (ACTIVE, first.totals(OPEN))

        at.put(SALES, "invoicedetails", THEIRS, **{**_own(now.lines[OPEN][0]), "priceperunit": "7.00"})
        assert _stopped(at) == {(STATES, "apart")}
        at.door(SALES, "DELETE", f"/rows/invoicedetails/{THEIRS}")
        assert _synced(at).totals(OPEN) == first.totals(OPEN)
        assert _synced(at).done.written == 0


THEIRS = "bb000000-0000-4000-8000-000000000002"


def _own(line: Row) -> Row:
    """Give what a person types who copies a line."""
    copied = ("_invoiceid_value", "isproductoverridden", "ispriceoverridden", "producttypecode")
    return {
        name: line[name]
        for name in (*copied, "propertyconfigurationstatus", "productdescription", "quantity")
    }


def _stopped(at: Site) -> set[tuple[str, str]]:
    """Sync, and tell what waits for a person, by flow and cause."""
    done = at.sync()
    assert done.code == 1 and done.balanced and done.written == 0, done.out
    return {(one["flow"], one["code"]) for one in at.run("parked", "list").json["entries"]}


def test_a_state_that_is_left_to_a_person_is_left_whole(tmp_path: Path) -> None:
    with invoices_site(tmp_path / "site") as at:
        head = _synced(at).heads[OPEN]["invoiceid"]
        for last in (False, False, True):
            at.put(SALES, "invoices", head, statecode=PAID[0], statuscode=PAID[1])
            done = at.sync()
            assert done.code == (1 if last else 0), done.out
            assert shot(at, done).state(OPEN) == (PAID if last else ACTIVE)
        assert {one["code"] for one in at.run("parked", "list").json["entries"]} == {"loop"}
