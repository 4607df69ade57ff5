"""Credit requests of sales people, carried out in Dynamics GP: what a credit manager sees on both sides.

Acceptance row 4 with the request before it: asked for by one person, approved by another, written once, shown at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from credit_site import (
    AMOUNT,
    APPROVED,
    DONE,
    DRAFT,
    FAILED,
    FLOW,
    NO_CREDIT,
    REFUSED,
    SUBMITTED,
    UNLIMITED,
    Desk,
    credit_site,
    falls_away,
    granted,
    grants,
    ran,
)
from e2e_site import GP, SALES, Answer, Row, Site

LIMIT, NONE, OPEN, TWICE, UNKNOWN = (
    "CONTOSOL0001",
    "ADAMPARK0001",
    "COHOWINE0001",
    "FRANCHIS0001",
    "AARONFIT0001",
)
TERMS, GIVEN_UP, DELETED, CLERK, OWN, SMALL, PLAIN, ASLEEP = (
    "BREAKTHR0001",
    "CENTRALC0001",
    "CELLULAR0001",
    "CONTINEN0001",
    "MAHLERST0001",
    "PLAZAONE0001",
    "GREENWAY0001",
    "LAWRENCE0001",
)
EVERY = (LIMIT, NONE, OPEN, TWICE, UNKNOWN, TERMS, GIVEN_UP, DELETED, CLERK, OWN, SMALL, PLAIN, ASLEEP)


@dataclass
class Day:
    """A day at the credit desk: what stood in GP in the morning, the requests, and the syncs of noon and evening."""

    at: Site
    desk: Desk
    morning: Mapping[str, Row]
    asked: dict[str, str] = field(default_factory=dict[str, str])
    both: list[str] = field(default_factory=list[str])
    noon: Answer | None = None
    told_at_noon: Mapping[str, Row] = field(default_factory=dict[str, Row])
    granted_at_noon: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict[str, tuple[int, Decimal]])
    evening: Answer | None = None

    def granted(self, number: str) -> tuple[int, Decimal]:
        """Return what GP granted in the morning."""
        return int(self.morning[number]["CRLMTTYP"]), Decimal(str(self.morning[number]["CRLMTAMT"]))


def lived(at: Site) -> Day:
    """Live the day: everybody asks, a sync at noon, the credit manager decides, a clerk works in GP, a sync at night."""
    desk = Desk(at)
    day = Day(at, desk, {row["CUSTNMBR"].strip(): row for row in at.rows(GP, "RM00101")})
    day.asked = {
        LIMIT: desk.limit(LIMIT, 25000),
        NONE: desk.ask(NONE, limittype=NO_CREDIT),
        OPEN: desk.ask(OPEN, limittype=UNLIMITED),
        UNKNOWN: desk.ask(UNKNOWN, terms="2%/99 Net 7"),
        TERMS: desk.ask(TERMS, terms="2% 10/Net 30", holdasked=1),
        GIVEN_UP: desk.limit(GIVEN_UP, 7000),
        DELETED: desk.limit(DELETED, 7000),
        CLERK: desk.limit(CLERK, 7000),
        OWN: desk.limit(OWN, 9000, state=APPROVED),
        SMALL: desk.limit(SMALL, 1500),
        PLAIN: desk.limit(PLAIN, 3000, state=DRAFT),
        ASLEEP: desk.limit(ASLEEP, 3000),
    }
    day.both = [desk.limit(TWICE, amount) for amount in (4000, 6000)]
    day.noon = at.sync()
    day.told_at_noon = {number: desk.shown(one) for number, one in day.asked.items()}
    day.granted_at_noon = {number: granted(at, number) for number in EVERY}
    for number in (LIMIT, NONE, OPEN, UNKNOWN, TERMS, CLERK, ASLEEP):
        desk.approve(day.asked[number])
    for one in day.both:
        desk.approve(one)
    desk.change(day.asked[GIVEN_UP], "Sam", state=REFUSED)
    at.door(SALES, "DELETE", f"/rows/gp365_creditrequests/{day.asked[DELETED]}")
    grants(at, CLERK, 55)
    day.evening = at.sync()
    return day


@pytest.fixture(scope="module")
def by_sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The day over SQL."""
    with credit_site(tmp_path_factory.mktemp("sql") / "site", "sql") as made:
        yield lived(made)


@pytest.fixture(scope="module")
def by_soap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The day over GP Web Services."""
    with credit_site(tmp_path_factory.mktemp("soap") / "site", "soap") as made:
        yield lived(made)


@pytest.fixture(params=["by_sql", pytest.param("by_soap", marks=pytest.mark.proof)])
def day(request: pytest.FixtureRequest) -> Day:
    """The day over each channel that was lived once."""
    found: Day = request.getfixturevalue(str(request.param))
    return found


def test_what_is_only_submitted_changes_nothing_in_gp_and_shows_what_stands_there(day: Day) -> None:
    assert day.noon is not None and day.noon.code == 0
    for number in EVERY:
        if number != SMALL:
            assert day.granted_at_noon[number] == day.granted(number), number
    told = day.told_at_noon[LIMIT]
    assert (told["gp365_state"], told["gp365_company"]) == (SUBMITTED, "TWO")
    assert Decimal(told["gp365_beforelimit"]) == day.granted(LIMIT)[1]
    assert ran(day.noon)["considered"] == 14 and ran(day.noon)["parked"] == 0


def test_25000_approved_by_another_person_stands_in_gp_on_the_card_and_on_the_request(day: Day) -> None:
    assert granted(day.at, LIMIT) == (AMOUNT, Decimal(25000))
    card, told = day.at.card(LIMIT), day.desk.shown(day.asked[LIMIT])
    assert Decimal(card["gp365_creditlimit"]) == 25000
    assert (told["gp365_state"], told["gp365_approvedby"]) == (DONE, day.desk.names["Dana"])
    assert Decimal(told["gp365_beforelimit"]) == day.granted(LIMIT)[1]
    assert Decimal(told["gp365_afterlimit"]) == 25000 and not told.get("gp365_message")
    row = day.at.row(GP, "RM00101", LIMIT)
    moved = {name for name in row if row[name] != day.morning[LIMIT][name]}
    assert moved <= {"CRLMTAMT", "MODIFDT", "DEX_ROW_TS"}


def test_the_available_credit_follows_in_the_same_sync(by_sql: Day) -> None:
    card = by_sql.at.card(LIMIT)
    net = "unpostedsales", "onorder"
    used = Decimal(card["gp365_balance"]) + sum(Decimal(card[f"gp365_{name}"]) for name in net)
    used -= Decimal(card["gp365_unpostedpayments"]) + Decimal(card["gp365_deposits"])
    assert Decimal(card["gp365_availablecredit"]) == 25000 - used


def test_unlimited_and_no_credit_leave_no_stale_limit_on_the_card(day: Day) -> None:
    for number, kind in ((OPEN, UNLIMITED), (NONE, NO_CREDIT)):
        assert granted(day.at, number)[0] == kind and day.desk.state(day.asked[number]) == DONE
        card = day.at.card(number)
        assert card["gp365_creditlimittype"] == kind and card.get("gp365_creditlimit") is None


def test_of_two_requests_at_once_one_is_written_and_the_other_waits_for_a_person(day: Day) -> None:
    states = [day.desk.state(one) for one in day.both]
    assert sorted(states) == [APPROVED, DONE]
    won, late = (day.both[states.index(state)] for state in (DONE, APPROVED))
    assert granted(day.at, TWICE) == (AMOUNT, Decimal(day.desk.shown(won)["gp365_limit"]))
    assert "Since this was asked for, gp has changed: credit.limit was" in day.desk.says(late)


def test_what_a_clerk_changed_in_between_is_shown_and_not_overwritten(day: Day) -> None:
    assert granted(day.at, CLERK) == (AMOUNT, Decimal(55))
    assert day.desk.says(day.asked[CLERK]).endswith("and is 55.")
    assert day.evening is not None and day.evening.code == 1
    entries = [one for one in day.at.run("parked", "list").json["entries"] if one["flow"] == FLOW]
    stale = [one for one in entries if one["code"] == "order-stale"]
    assert {one["keys"]["gp"].partition(";")[0] for one in stale} == {CLERK, TWICE}


def test_a_customer_that_is_inactive_in_gp_is_left_as_it_is(day: Day) -> None:
    assert granted(day.at, ASLEEP) == day.granted(ASLEEP)
    assert day.desk.state(day.asked[ASLEEP]) == APPROVED and "is inactive" in day.desk.says(day.asked[ASLEEP])


def test_terms_that_gp_does_not_know_fail_the_request_in_gps_own_words(day: Day) -> None:
    assert day.evening is not None and ran(day.evening)["rejected"] == 1
    row = day.at.row(GP, "RM00101", UNKNOWN)
    assert row["PYMTRMID"] == day.morning[UNKNOWN]["PYMTRMID"]
    assert day.desk.state(day.asked[UNKNOWN]) == FAILED and day.desk.says(day.asked[UNKNOWN])


def test_known_terms_and_a_hold_are_written_and_reach_the_card(day: Day) -> None:
    row = day.at.row(GP, "RM00101", TERMS)
    assert (row["PYMTRMID"].strip(), row["HOLD"], day.desk.state(day.asked[TERMS])) == (
        "2% 10/Net 30",
        1,
        DONE,
    )
    card = day.at.card(TERMS)
    assert (card["gp365_terms"], card["gp365_hold"]) == ("2% 10/Net 30", True)


def test_what_was_withdrawn_deleted_or_never_submitted_changes_nothing(day: Day) -> None:
    for number in (GIVEN_UP, DELETED, PLAIN):
        assert granted(day.at, number) == day.granted(number)


def test_who_asked_cannot_approve(day: Day) -> None:
    assert (day.desk.state(day.asked[OWN]), granted(day.at, OWN)) == (SUBMITTED, day.granted(OWN))
    assert day.desk.says(day.asked[OWN]) == "Sam Seller asked for it: somebody else has to approve it."


def test_up_to_the_threshold_nobody_else_is_needed(day: Day) -> None:
    assert day.granted_at_noon[SMALL] == (AMOUNT, Decimal(1500))
    told = day.desk.shown(day.asked[SMALL])
    assert (told["gp365_state"], told["gp365_approvedby"]) == (DONE, "nobody: up to the threshold")


def test_explain_names_who_asked_and_who_approved(by_sql: Day) -> None:
    story = by_sql.at.run("explain", "gp", "customer_order", f"{LIMIT};{by_sql.asked[LIMIT]}").out
    assert f"asked for by Sam Seller, approved by {by_sql.desk.names['Dana']}" in story


def test_the_next_sync_writes_nothing_and_gp_goes_on_owning_the_limit(day: Day) -> None:
    # What GP refused is told once more, and then done with.
    after = day.at.sync()
    assert after.written == 0 and after.balanced
    grants(day.at, LIMIT, 30000)
    assert day.at.sync().balanced
    assert granted(day.at, LIMIT) == (AMOUNT, Decimal(30000))
    assert Decimal(day.at.card(LIMIT)["gp365_creditlimit"]) == 30000
    assert Decimal(day.desk.shown(day.asked[LIMIT])["gp365_afterlimit"]) == 25000


# what follows goes on over SQL


def test_a_person_decides_at_the_command_line_and_never_who_asked(by_sql: Day) -> None:
    at, desk, own = by_sql.at, by_sql.desk, by_sql.asked[OWN]
    waiting = {one["record"]: one for one in at.run("requests", "list").json["requests"]}
    assert {OWN, CLERK, TWICE, ASLEEP} == set(waiting)
    assert waiting[OWN]["asks"]["credit.limit"] == "9000"
    refused = at.run("requests", "approve", str(waiting[OWN]["id"]), "--by", "Sam Seller")
    assert refused.code == 1 and "self-approved" in refused.err + refused.out
    assert at.run("requests", "approve", own, "--by", "Carla Controller").code == 0
    for number in (CLERK, ASLEEP):
        told = at.run("requests", "refuse", by_sql.asked[number], "--by", "Carla", "--reason", "too much")
        assert told.code == 0
    (entry,) = [
        one
        for one in at.run("parked", "list").json["entries"]
        if one["flow"] == FLOW and one["keys"]["gp"].startswith(TWICE)
    ]
    assert at.run("parked", "resolve", str(entry["id"]), "--take", "sales").code == 0
    assert at.sync().code == 0
    assert (desk.state(own), granted(at, OWN)) == (DONE, (AMOUNT, Decimal(9000)))
    assert desk.shown(own)["gp365_approvedby"] == "Carla Controller (gp365 requests)"
    assert desk.state(by_sql.asked[CLERK]) == REFUSED and granted(at, CLERK) == (AMOUNT, Decimal(55))
    assert desk.says(by_sql.asked[CLERK]) == "Refused by Carla: too much"
    assert [desk.state(one) for one in by_sql.both] == [DONE, DONE]
    assert at.run("requests", "list").json["requests"] == [] and at.run("parked", "list").json["total"] == 0


def test_a_request_for_nobody_waits_for_a_person_and_one_of_another_company_is_left_alone(
    by_sql: Day,
) -> None:
    at, desk = by_sql.at, by_sql.desk
    bare, strange, other = (desk.ask_for_card(card) for card in ("", desk.card("TWO"), desk.card("CAN")))
    run = ran(at.sync())
    assert (run["parked"] + run["waiting"], run["updated"]) == (2, 0)
    entries = [one for one in at.run("parked", "list").json["entries"] if one["flow"] == FLOW]
    assert bare in {one["keys"].get("sales") for one in entries}
    assert {one["code"] for one in entries} == {"order-unnamed"}
    for one in (bare, strange, other):
        desk.change(one, "Sam", state=REFUSED)
    assert ran(at.sync())["parked"] == 0
    assert [one for one in at.run("parked", "list").json["entries"] if one["flow"] == FLOW] == []


def test_a_run_killed_before_it_wrote_the_outcome_down_changes_gp_once(by_sql: Day) -> None:
    at, desk, number = by_sql.at, by_sql.desk, "WESTSIDE0001"
    one = desk.limit(number, 8000)
    at.sync()
    desk.approve(one)
    at.killed_at("sent", FLOW)
    assert granted(at, number) == (AMOUNT, Decimal(8000)) and desk.state(one) == APPROVED
    before = at.row(GP, "RM00101", number)["DEX_ROW_TS"]
    done = at.sync()
    assert done.balanced and desk.state(one) == DONE
    assert at.row(GP, "RM00101", number)["DEX_ROW_TS"] == before


def test_an_undone_request_puts_the_limit_back_and_the_next_sync_leaves_it(by_sql: Day) -> None:
    at, desk, number = by_sql.at, by_sql.desk, "NORTHERN0001"
    one = desk.limit(number, 8500)
    desk.approve(one)
    run = str(ran(at.sync())["run"])
    assert granted(at, number) == (AMOUNT, Decimal(8500))
    undone = at.run("undo", run, "--apply", "--yes")
    assert undone.code == 0, undone.out
    assert granted(at, number) == by_sql.granted(number) and desk.state(one) == DONE
    assert at.sync().balanced and granted(at, number) == by_sql.granted(number)
    report = at.run("reconcile")
    assert report.code == 0, report.out


@pytest.mark.proof
@pytest.mark.parametrize("fault", ["reset", "lost_reply"])
def test_gp_falls_away_while_it_is_written_and_the_limit_is_changed_once(day: Day, fault: str) -> None:
    """`reset`: before it was done; `lost_reply`: after."""
    at, desk, number = day.at, day.desk, "NETWORKS0001" if fault == "reset" else "NORTHCOL0001"
    one = desk.limit(number, 6500)
    at.sync()
    desk.approve(one)
    door = falls_away(at, fault)
    assert at.sync().balanced
    assert door.fired() == [1]
    at.sync_later(3600)
    assert desk.state(one) == DONE and granted(at, number) == (AMOUNT, Decimal(6500))
    assert at.sync().written == 0
