"""The general ledger beside Sales: what a controller compares, row by row, with Dynamics GP.

Acceptance row 25 as far as balances go: after a close nothing is deleted, and both sides add up to the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from e2e_site import GP, SALES, Site
from ledger_site import (
    UNITS,
    accounts,
    balances,
    choose,
    kept,
    late,
    ledger_site,
    post,
    shown,
    synced,
)

CASH, RENT, CAPITAL, STAFF = 1, 19, 22, 24
NOTHING = Decimal(0)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site over SQL; each test leaves it in step, and 2026 open."""
    with ledger_site(tmp_path_factory.mktemp("books") / "site", "sql") as made:
        yield made


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site over the Web Services, which serve accounts alone."""
    with ledger_site(tmp_path_factory.mktemp("services") / "site", "soap") as made:
        yield made


@pytest.fixture(params=["books", "services"])
def either(request: pytest.FixtureRequest) -> Site:
    """Each of both."""
    return request.getfixturevalue(request.param)


def agree(at: Site) -> None:
    """Compare every amount in Sales with GP's own rows; where GP has no row any more, Sales shows zeros."""
    mine, theirs = shown(at), kept(at)
    posting = {row["ACTINDX"] for row in at.rows(GP, "GL00100") if row["ACCTTYPE"] not in UNITS}
    wanted = {place: amounts for place, amounts in theirs.items() if place[0] in posting and place[1] == 1}
    assert {place: mine.get(place) for place in wanted} == wanted
    for place in mine.keys() - theirs.keys():
        assert not any(mine[place][:3]), place


def test_the_chart_of_accounts_stands_in_sales_as_gp_has_it(either: Site) -> None:
    numbers = {row["ACTINDX"]: row["ACTNUMST"].strip() for row in either.rows(GP, "GL00105")}
    found = accounts(either)
    assert len(found) == len(numbers) == 25
    for row in either.rows(GP, "GL00100"):
        account = found[numbers[row["ACTINDX"]]]
        assert account["gp365_company"] == "TWO"
        assert account["gp365_description"] == row["ACTDESCR"].strip()
        assert account["gp365_name"] == f"{account['gp365_number']} {row['ACTDESCR'].strip()}"
        assert account["gp365_accounttype"] == row["ACCTTYPE"]
        assert account["gp365_active"] is bool(row["ACTIVE"])


def test_a_second_sync_writes_nothing(either: Site) -> None:
    assert synced(either, "--full").written == 0


def test_over_web_services_balances_are_left_out_in_a_sentence(services: Site) -> None:
    found = services.run("doctor").json["findings"]
    said = [one for one in found if one["subject"] == "fabrikam/gl_balances"]
    assert [one["level"] for one in said] == ["note"]
    assert "is left out" in said[0]["text"] and "serves no gl_balance" in said[0]["text"]
    assert {run["flow"] for run in synced(services).json["runs"]} == {"gl_accounts"}


# over SQL


def test_an_account_carries_what_kind_it_is(books: Site) -> None:
    categories = {row["ACCATNUM"]: row["ACCATDSC"].strip() for row in books.rows(GP, "GL00102")}
    by_index = {row["gp365_accountindex"]: row for row in accounts(books).values()}
    for row in books.rows(GP, "GL00100"):
        account = by_index[str(row["ACTINDX"])]
        assert account["gp365_category"] == categories[row["ACCATNUM"]]
        assert account["gp365_postingtype"] == row["PSTNGTYP"]
        assert account["gp365_typicalbalance"] == row["TPCLBLNC"]


def test_every_balance_is_gps_own_to_the_last_decimal_over_open_and_history_years(books: Site) -> None:
    agree(books)
    assert {place[2] for place in shown(books)} >= {2025, 2026}
    kinds = {row["gp365_glaccountid"]: row for row in accounts(books).values()}
    for place, row in balances(books).items():
        assert kinds[row["_gp365_glaccountid_value"]]["gp365_accountindex"] == str(place[0])
        assert (row["gp365_ledgerid"], row["gp365_year"], row["gp365_period"]) == place[1:]


def test_all_accounts_add_up_to_zero_in_every_period_on_both_sides(books: Site) -> None:
    totals: dict[tuple[int, ...], Decimal] = {}
    for place, (debit, credit, change, _) in shown(books).items():
        assert change == debit - credit
        totals[place[1:]] = totals.get(place[1:], NOTHING) + change
    assert len(totals) > 20 and not any(totals.values())
    told = books.run("reconcile", "gl_balances").json["flows"]
    report = next(one["report"] for one in told if one["report"]["flow"] == "gl_balances")
    assert report["verdict"] == "equal"
    assert {each["field"]: each["difference"] for each in report["totals"]}["balance"] == "0"


def test_a_posting_moves_exactly_the_balances_it_must(books: Site) -> None:
    before, versions = shown(books), {p: row["versionnumber"] for p, row in balances(books).items()}
    post(books, RENT, CASH, "123.45000", "2026-08-17", 90001)
    done = synced(books)
    after = shown(books)
    moved = {place for place, row in balances(books).items() if row["versionnumber"] != versions[place]}
    assert moved == {
        place for place in before if place[0] in (RENT, CASH) and place[2] == 2026 and place[3] >= 8
    }
    assert done.written == len(moved) > 2
    amount = Decimal("123.45")
    for place in moved:
        debit, credit, change, balance = (
            new - old for new, old in zip(after[place], before[place], strict=True)
        )
        assert balance == (amount if place[0] == RENT else -amount)
        if place[3] == 8:
            assert (debit, credit, change) == (
                (amount, 0, amount) if place[0] == RENT else (0, amount, -amount)
            )
        else:
            assert (debit, credit, change) == (0, 0, 0)
    agree(books)
    assert synced(books).written == 0


def test_a_receipt_that_is_posted_in_receivables_reaches_the_ledger_too(books: Site) -> None:
    before = shown(books)
    books.door(GP, "POST", "/post", {"document": {"type": 9, "number": "PYMNT10013"}})
    assert synced(books).written > 0
    after = shown(books)
    assert sum(after[place][0] - before[place][0] for place in before) == 150
    agree(books)


def test_a_unit_account_shows_quantities_and_no_money(books: Site) -> None:
    late(books, "GL10110", f"{STAFF};2026;9;1", PERDBLNC="12.50000", DEBITAMT="12.50000")
    late(books, "GL10110", f"{STAFF};2026;10;1", PERDBLNC="-2.25000", CRDTAMNT="2.25000")
    synced(books, "--full")
    found = balances(books)
    rows = [found[STAFF, 1, 2026, period] for period in (9, 10)]
    quantities = [
        [Decimal(str(row[name])) for name in ("gp365_unitschange", "gp365_unitsbalance")] for row in rows
    ]
    assert quantities == [[Decimal("12.5"), Decimal("12.5")], [Decimal("-2.25"), Decimal("10.25")]]
    for row in rows:
        for name in ("gp365_debit", "gp365_credit", "gp365_netchange", "gp365_balance"):
            assert row.get(name) is None
    money = found[CASH, 1, 2026, 9]
    assert money.get("gp365_unitschange") is None and money["_transactioncurrencyid_value"]
    assert synced(books, "--full").written == 0


def test_a_year_end_close_deletes_nothing_and_one_that_is_taken_back_leaves_zeros(books: Site) -> None:
    before = {place: row["gp365_glbalanceid"] for place, row in balances(books).items()}
    books.door(GP, "POST", "/year_end", {"series": "financial"})
    done = synced(books)
    opened = {place for place in kept(books) if place[2:] == (2027, 0)}
    assert opened and done.written == len(opened)
    after = {place: row["gp365_glbalanceid"] for place, row in balances(books).items()}
    assert after.keys() == before.keys() | opened
    assert {place: after[place] for place in before} == before
    agree(books)
    assert synced(books, "--full").written == 0

    books.door(GP, "POST", "/year_end", {"series": "financial", "reverse": True})
    done = synced(books, "--full")
    assert done.written == len(opened)
    found = shown(books)
    assert {found[place] for place in opened} == {(NOTHING,) * 4}
    assert {place: row["gp365_glbalanceid"] for place, row in balances(books).items()} == after
    agree(books)
    assert synced(books, "--full").written == 0


def test_an_account_that_is_renumbered_and_deactivated_keeps_its_record_and_its_balances(books: Site) -> None:
    [before] = [row for row in accounts(books).values() if row["gp365_accountindex"] == str(CAPITAL)]
    held = {place: row["gp365_glbalanceid"] for place, row in balances(books).items() if place[0] == CAPITAL}
    assert held
    late(books, "GL00105", str(CAPITAL), ACTNUMST="000-3999-00")
    late(books, "GL00100", str(CAPITAL), ACTNUMBR_2="3999", ACTIVE=0)
    synced(books)
    after = accounts(books)["000-3999-00"]
    assert after["gp365_glaccountid"] == before["gp365_glaccountid"]
    assert after["gp365_active"] is False
    found = balances(books)
    assert {place: found[place]["gp365_glbalanceid"] for place in held} == held
    there = held.keys() & kept(books).keys()
    assert {found[place]["gp365_name"].partition(" ")[0] for place in there} == {"000-3999-00"}
    agree(books)
    late(books, "GL00100", str(CAPITAL), ACTIVE=1)
    assert synced(books).written == 1


def test_what_somebody_writes_over_a_balance_is_put_right(books: Site) -> None:
    place = (CASH, 1, 2025, 3)
    row, amounts = balances(books)[place], shown(books)[place]
    books.put(SALES, "gp365_glbalances", row["gp365_glbalanceid"], gp365_balance="1.0000")
    assert synced(books).written == 1
    assert shown(books)[place] == amounts


def test_years_and_ledgers_beyond_the_sites_choice_do_not_enter_until_it_says_so(books: Site) -> None:
    choose(books, "gl_history_years = 1")
    late(books, "SY40101", "2024", HISTORYR=1, NUMOFPER=12, FSTFSCDY="2024-01-01", LSTFSCDY="2024-12-31")
    late(books, "GL10111", f"{CASH};2024;12;1", PERDBLNC="5.00000", DEBITAMT="5.00000")
    late(books, "GL10110", f"{CASH};2026;10;2", PERDBLNC="7.00000", DEBITAMT="7.00000")
    synced(books, "--full")
    assert {place[1:3] for place in balances(books) if place[2] < 2027} == {(1, 2026), (1, 2025)}
    choose(books, 'gl_ledgers = "1; 2"')
    synced(books, "--full")
    assert {place[1:3] for place in balances(books) if place[2] < 2027} == {
        *((1, 2026), (1, 2025), (1, 2024), (2, 2026)),
    }
    assert shown(books)[CASH, 2, 2026, 10] == (7, 0, 7, 7)
    choose(books, "gl_history_years = 1")
    late(books, "GL10111", f"{CASH};2024;12;1", PERDBLNC="6.00000", DEBITAMT="6.00000")
    assert synced(books, "--full").written == 1
    assert shown(books)[CASH, 1, 2024, 12] == (6, 0, 6, 6)
