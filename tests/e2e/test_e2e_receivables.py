"""Receivables on the cards of sales people: what a controller compares, row by row, with Dynamics GP.

Acceptance rows 4, 7 and 24, the signs of available credit, and that only what changed is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from e2e_site import GP, SALES, Row, Site, site
from receivables_site import (
    FLOW,
    SUMMARY,
    cards,
    changed,
    figures,
    late,
    money,
    receivables_site,
    run_of,
    summaries,
    synced,
    updated,
)

DEBITS = (1, 3, 4, 5, 6)


@pytest.fixture(scope="module", params=["sql", "soap"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site over each channel that serves receivables."""
    with receivables_site(tmp_path_factory.mktemp("either") / "site", str(request.param)) as made:
        yield made


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site over SQL; each test works on a customer of its own."""
    with receivables_site(tmp_path_factory.mktemp("books") / "site", "sql") as made:
        yield made


def test_every_card_shows_gps_own_figures_to_the_last_decimal_and_zeros_where_there_are_none(
    either: Site,
) -> None:
    held, shown = summaries(either), cards(either)
    assert len(shown) == 43 and 0 < len(held) < 43
    for number, card in shown.items():
        for column, theirs in SUMMARY.items():
            expected = money(held[number], theirs) if number in held else Decimal(0)
            assert money(card, column) == expected, (number, column)
    assert not shown["ADAMPARK0001"].get("gp365_agedon")
    assert shown["CONTOSOL0001"]["gp365_agedon"] == "2026-10-31"


def test_a_second_sync_writes_nothing(either: Site) -> None:
    before = cards(either)
    assert synced(either).written == 0
    assert synced(either, "--full").written == 0
    assert changed(before, cards(either)) == []


def test_balances_of_all_accounts_add_up_to_gps_own_total(either: Site) -> None:
    texts = [row["gp365_balances"] for row in either.rows(SALES, "accounts") if row.get("gp365_balances")]
    assert {text.partition(" ")[0] for text in texts} == {"USD"}
    total = sum(Decimal(text.removeprefix("USD ").replace(",", "")) for text in texts)
    assert total == sum(money(row, "CUSTBLNC") for row in summaries(either).values()) != 0


def test_an_account_shows_the_amount_only_in_its_own_currency(either: Site) -> None:
    usd = {row["_transactioncurrencyid_value"] for row in cards(either).values()}
    assert len(usd) == 1
    owed = {card["_gp365_accountid_value"]: card for card in cards(either).values()}
    shown = {row["accountid"]: row for row in either.rows(SALES, "accounts") if row["accountid"] in owed}
    others = [row for row in shown.values() if row["_transactioncurrencyid_value"] not in usd]
    assert others and len(others) < len(shown)
    for key, account in shown.items():
        if account["_transactioncurrencyid_value"] in usd:
            assert money(account, "gp365_totalbalance") == money(owed[key], "gp365_balance")
        else:
            assert account.get("gp365_totalbalance") is None
            assert account["gp365_balances"].startswith("USD ")


def test_both_systems_agree_when_they_are_reconciled(either: Site) -> None:
    answer = either.run("reconcile", FLOW)
    assert answer.code == 0, answer.out
    report = next(one["report"] for one in answer.json["flows"] if one["report"]["flow"] == FLOW)
    assert report["verdict"] == "equal"
    totals = {each["field"]: each for each in report["totals"]}
    assert totals["balance"]["currency"] == "USD" and totals["balance"]["difference"] == "0"


def test_an_order_that_is_posted_or_a_payment_reaches_the_card_at_the_next_poll(either: Site) -> None:
    before = cards(either)["FRANCHIS0001"]
    either.door(GP, "POST", "/post", {"document": {"type": 9, "number": "PYMNT10013"}})
    done = synced(either)
    after = cards(either)["FRANCHIS0001"]
    assert money(after, "gp365_balance") == money(before, "gp365_balance") - 150
    assert (money(after, "gp365_lastpayment"), after["gp365_lastpaymenton"]) == (150, "2026-10-21")
    assert run_of(done)["updated"] == 1
    account = either.account_of("FRANCHIS0001")
    assert account["gp365_balances"] == "USD 7,295.50"
    assert synced(either).written == 0


# over SQL alone: what the Web Services do not tell


def test_buckets_carry_gps_own_labels_and_unused_ones_none(books: Site) -> None:
    card = cards(books)["CONTOSOL0001"]
    labels = [card.get(f"gp365_aginglabel{n}") for n in range(1, 8)]
    assert labels == ["Current", "1 - 30 Days", "31 - 60 Days", "61 and over", None, None, None]
    assert sum(money(card, f"gp365_aging{n}") for n in range(1, 8)) == money(card, "gp365_balance")
    assert card["gp365_yearclosed"] == "2025-12-31"
    assert not card.get("gp365_fiscalyearclosed")


def test_what_is_overdue_is_worked_out_of_open_documents_as_of_today(books: Site) -> None:
    today = datetime.now(UTC).astimezone(ZoneInfo("America/Chicago")).date()
    documents = books.rows(GP, "RM20101")
    for number, card in cards(books).items():
        mine = [row for row in documents if row["CUSTNMBR"].strip() == number and money(row, "CURTRXAM")]
        late_ones = [
            row for row in mine if row["RMDTYPAL"] in DEBITS and date.fromisoformat(row["DUEDATE"]) < today
        ]
        invoices = [row["DOCDATE"] for row in mine if row["RMDTYPAL"] == 1]
        assert money(card, "gp365_overdue") == sum(money(row, "CURTRXAM") for row in late_ones), number
        assert card.get("gp365_oldestinvoice") == min(invoices, default=None), number
        due = [date.fromisoformat(row["DUEDATE"]) for row in late_ones]
        assert card["gp365_dayspastdue"] == max(((today - day).days for day in due), default=0), number
        assert card.get("gp365_figuresasof") == (today.isoformat() if mine else None), number


def test_row_4_amount_then_unlimited_then_no_credit_and_never_a_stale_limit(books: Site) -> None:
    number = "ADAMPARK0001"
    books.put(GP, "RM00101", number, CRLMTTYP=2, CRLMTAMT="25000.00")
    synced(books)
    card = cards(books)[number]
    assert (money(card, "gp365_creditlimit"), money(card, "gp365_availablecredit")) == (25000, 25000)
    books.put(GP, "RM00101", number, CRLMTTYP=1)
    synced(books)
    card = cards(books)[number]
    assert card["gp365_creditlimittype"] == 1
    assert card.get("gp365_creditlimit") is None and card.get("gp365_availablecredit") is None
    books.put(GP, "RM00101", number, HOLD=1)
    synced(books)
    assert cards(books)[number]["gp365_hold"] is True
    books.put(GP, "RM00101", number, CRLMTTYP=0, HOLD=0)
    synced(books)
    card = cards(books)[number]
    assert card.get("gp365_creditlimit") is None and money(card, "gp365_availablecredit") == 0
    assert synced(books).written == 0


@pytest.mark.parametrize(
    ("column", "shown", "sign"),
    [
        ("CUSTBLNC", "gp365_balance", -1),
        ("UNPSTDSA", "gp365_unpostedsales", -1),
        ("UNPSTOSA", "gp365_unpostedsales", -1),
        ("UNPSTDCA", "gp365_unpostedpayments", 1),
        ("UNPSTOCA", "gp365_unpostedpayments", 1),
        ("ONORDAMT", "gp365_onorder", -1),
        ("DEPRECV", "gp365_deposits", 1),
    ],
)
def test_each_part_lowers_or_raises_the_available_credit(
    books: Site, column: str, shown: str, sign: int
) -> None:
    number = "MAGNIFIC0001"
    books.put(GP, "RM00101", number, CRLMTTYP=2, CRLMTAMT="9000.00")
    synced(books)
    before, held = cards(books)[number], money(summaries(books)[number], column)
    figures(books, number, **{column: str(held + Decimal("12.34"))})
    synced(books)
    after = cards(books)[number]
    moved = {name: money(after, name) - money(before, name) for name in (shown, "gp365_availablecredit")}
    assert moved == {shown: Decimal("12.34"), "gp365_availablecredit": sign * Decimal("12.34")}


def test_a_limit_that_is_exceeded_shows_a_negative_amount(books: Site) -> None:
    number = "GREENWAY0001"
    books.put(GP, "RM00101", number, CRLMTTYP=2, CRLMTAMT="1000.00")
    synced(books)
    balance = money(summaries(books)[number], "CUSTBLNC")
    assert money(cards(books)[number], "gp365_availablecredit") == 1000 - balance < 0


def buckets(row: Row) -> list[Decimal]:
    """Return what stands in the buckets of a summary."""
    return [money(row, f"AGPERAMT_{at}") for at in range(1, 8)]


def filled(held: Mapping[str, Row]) -> set[str]:
    """Name the customers who have something in a bucket."""
    return {name for name, row in held.items() if any(buckets(row))}


def test_row_24_an_aging_run_writes_only_the_cards_whose_figures_moved(books: Site) -> None:
    synced(books, "--full")
    before, held = cards(books), summaries(books)
    books.door(GP, "POST", "/age", {"as_of": "2026-11-30"})
    after_aging = summaries(books)
    dated = {name for name in held if after_aging[name]["LASTAGED"] != held[name]["LASTAGED"]}
    moved = sorted(name for name in held if buckets(held[name]) != buckets(after_aging[name]))
    assert 0 < len(moved) <= len(dated & (filled(held) | filled(after_aging))) < len(dated) < 43
    done = synced(books, "--full")
    assert run_of(done)["considered"] == 43 and run_of(done)["updated"] == len(moved)
    assert changed(before, cards(books)) == moved
    shown = cards(books)
    aged = {name for name in shown if shown[name].get("gp365_agedon") == "2026-11-30"}
    assert aged == filled(after_aging).intersection(moved)
    books.door(GP, "POST", "/age", {"as_of": "2026-11-30"})
    assert synced(books, "--full").written == 0


def test_row_7_a_card_in_another_currency_shows_no_amounts_until_it_has_its_own_again(books: Site) -> None:
    number = "VANCOUVE0001"
    card = cards(books)[number]
    usd = card["_transactioncurrencyid_value"]
    other = next(
        row["transactioncurrencyid"]
        for row in books.rows(SALES, "transactioncurrencies")
        if row["transactioncurrencyid"] != usd
    )
    books.put(SALES, "gp365_customers", card["gp365_customerid"], _transactioncurrencyid_value=other)
    synced(books)
    card = cards(books)[number]
    for column in ("gp365_balance", "gp365_aging1", "gp365_overdue", "gp365_lastpayment"):
        assert card.get(column) is None, column
    assert books.account_of(number)["gp365_balances"].startswith("USD ")
    books.put(SALES, "gp365_customers", card["gp365_customerid"], _transactioncurrencyid_value=usd)
    synced(books)
    assert money(cards(books)[number], "gp365_balance") == money(summaries(books)[number], "CUSTBLNC")


def test_what_somebody_writes_over_a_figure_is_put_right(books: Site) -> None:
    number = "CELLULAR0001"
    card = cards(books)[number]
    books.put(SALES, "gp365_customers", card["gp365_customerid"], gp365_balance="1.0000")
    done = synced(books)
    assert money(cards(books)[number], "gp365_balance") == money(card, "gp365_balance")
    assert run_of(done)["updated"] == 1


def test_two_flows_on_one_card_do_not_disturb_each_other(books: Site) -> None:
    number = "MAHLERST0001"
    books.put(GP, "RM00101", number, CUSTCLAS="USA-MEDIUM")
    figures(books, number, LPYMTAMT="77.70000")
    done = synced(books)
    card = cards(books)[number]
    assert (card["gp365_class"], money(card, "gp365_lastpayment")) == ("USA-MEDIUM", Decimal("77.7"))
    assert updated(done, "customer_cards") == updated(done, FLOW) == 1
    taken = books.run("undo", run_of(done)["run"], "--apply", "--yes")
    assert taken.code == 0, taken.out + taken.err
    card = cards(books)[number]
    assert card["gp365_class"] == "USA-MEDIUM" and money(card, "gp365_lastpayment") != Decimal("77.7")
    assert synced(books).written == 0


def test_a_renumbered_customer_keeps_its_card_and_its_figures(books: Site) -> None:
    before = cards(books)["UNIFIEDW0001"]
    books.door(GP, "POST", "/renumber", {"from": "UNIFIEDW0001", "to": "UNIFIEDW0009"})
    synced(books)
    after = cards(books)["UNIFIEDW0009"]
    assert after["gp365_customerid"] == before["gp365_customerid"]
    assert money(after, "gp365_balance") == money(before, "gp365_balance")
    figures(books, "UNIFIEDW0009", LPYMTAMT="5.00000")
    synced(books)
    assert money(cards(books)["UNIFIEDW0009"], "gp365_lastpayment") == 5
    assert synced(books).written == 0


def test_what_counts_against_the_credit_is_the_sites_choice(tmp_path: Path) -> None:
    number = "FRANCHIS0001"
    with receivables_site(tmp_path / "site", "sql") as at:
        at.put(GP, "RM00101", number, CRLMTTYP=2, CRLMTAMT="20000.00")
        late(at, "RM00103", number, ONORDAMT="100.00000", DEPRECV="30.00000")
        synced(at)
        # 20,000 less balance 7,445.50, unposted 710 less 150, orders 100 less 30.
        assert money(cards(at)[number], "gp365_availablecredit") == Decimal("11924.50")
        for unposted, orders, expected in (
            ("true", "false", "11994.50"),
            ("false", "true", "12484.50"),
            ("false", "false", "12554.50"),
        ):
            choices = at.folder / "gp365.toml"
            text = choices.read_text("utf-8").partition("[pairs.fabrikam.options]")[0]
            options = f"[pairs.fabrikam.options]\ncount_unposted = {unposted}\ncount_orders = {orders}\n"
            choices.write_text(f"{text}{options}", "utf-8")
            synced(at)
            assert money(cards(at)[number], "gp365_availablecredit") == Decimal(expected)
            assert synced(at).written == 0


def test_two_companies_on_one_account_are_added_up_for_each_currency_alone(tmp_path: Path) -> None:
    with receivables_site(tmp_path / "site", "sql", companies=2) as at:
        totals: dict[str, Decimal] = {}
        for row in at.rows(SALES, "accounts"):
            mine = [
                c
                for c in at.rows(SALES, "gp365_customers")
                if c["_gp365_accountid_value"] == row["accountid"]
            ]
            parts = dict[str, Decimal]()
            for card in mine:
                iso = {"TWO": "USD", "CAN": "CAD"}[card["gp365_company"]]
                parts[iso] = parts.get(iso, Decimal(0)) + money(card, "gp365_balance")
            text = "; ".join(f"{iso} {amount:,.2f}" for iso, amount in sorted(parts.items()))
            assert (row.get("gp365_balances") or "") == text
            if len(parts) != 1:
                assert row.get("gp365_totalbalance") is None
            for iso, amount in parts.items():
                totals[iso] = totals.get(iso, Decimal(0)) + amount
        usd = sum(money(row, "CUSTBLNC") for row in summaries(at).values())
        cad = at.door(GP, "GET", "/companies/CAN/rows/RM00103")["rows"]
        assert totals == {"USD": usd, "CAD": sum(money(row, "CUSTBLNC") for row in cad)}
        assert all(totals.values())
        again = at.sync()
        assert again.written == 0 and again.balanced


def test_over_rest_alone_receivables_are_left_out_in_a_sentence_and_customers_run(tmp_path: Path) -> None:
    with site(tmp_path / "site") as at:
        at.settings('flows = ["customers"]', 'flows = ["customers", "receivables"]')
        done = synced(at)
        assert {run["flow"] for run in done.json["runs"]} == {
            "customers",
            "customer_cards",
            "customer_cards.credit_limits",
        }
        said = [one for one in at.run("doctor").json["findings"] if one["subject"] == "fabrikam/receivables"]
        assert [one["level"] for one in said] == ["note"]
        assert "is left out" in said[0]["text"] and "serves no customer_figures" in said[0]["text"]
        refused = at.sync(FLOW)
        assert refused.code == 2 and "is left out" in refused.json["error"]["message"]
