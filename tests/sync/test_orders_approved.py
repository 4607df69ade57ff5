"""When a credit request may change GP: who approved which content, up to which amount, and only what still stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.model.plan import Resolution
from sync.order_world import (
    AMOUNT,
    APPROVED,
    CAD,
    DANA,
    DONE,
    DRAFT,
    ELI,
    FAILED,
    NICK,
    NO_CREDIT,
    REFUSED,
    SAM,
    SUBMITTED,
    SUPERSEDED,
    UNLIMITED,
    Request,
    codes,
    written,
)

BEFORE = (AMOUNT, Decimal(10000))
MAY = "Eli Credit may approve up to 10,000.00"


def test_a_draft_is_nobodys_business() -> None:
    one = Request(sales={"gp365_state": DRAFT})
    [plan] = one.looks()
    assert plan.filtered == "not submitted yet" and not plan.writes and not plan.pairs


def test_a_submitted_request_shows_what_gp_has_and_changes_nothing_there() -> None:
    one = Request()
    plans = one.looks()
    assert one.granted == BEFORE and not written(plans, "gp")
    assert one.sales["gp365_beforetype"] == AMOUNT and one.sales["gp365_beforelimit"] == 10000
    assert one.sales["gp365_company"] == "TWO" and one.state == SUBMITTED
    assert not one.look().writes


def test_a_request_that_another_person_approved_is_written_once_and_told_what_stands_there() -> None:
    one = Request()
    one.looks()
    one.saved_by(DANA, state=APPROVED)
    plans = one.looks()
    assert one.granted == (AMOUNT, Decimal(25000)) and len(written(plans, "gp")) == 1
    assert one.state == DONE and plans[-1].ends
    assert one.sales["gp365_approvedby"] == "Dana Credit" and one.sales["gp365_afterlimit"] == 25000
    assert one.sales["gp365_beforelimit"] == 10000 and one.says == ""
    rule = next(field.rule for plan in plans for field in plan.fields if field.target == "gp")
    assert rule == "asked for by Sam Seller, approved by Dana Credit"


def test_what_gp_had_is_remembered_before_anything_is_written() -> None:
    one = Request(sales={"gp365_state": APPROVED, "modifiedby": DANA})
    first = one.look()
    assert first.again and not first.writes and first.pairs


def test_who_asked_cannot_approve_and_another_person_can_afterwards() -> None:
    one = Request(sales={"gp365_state": APPROVED})
    one.looks()
    assert one.state == SUBMITTED and one.granted == BEFORE
    assert one.says == "Sam Seller asked for it: somebody else has to approve it."
    one.saved_by(DANA, state=APPROVED)
    one.looks()
    assert one.state == DONE and one.says == ""


@pytest.mark.parametrize(
    ("who", "asked", "words"),
    [
        (NICK, {}, "Nick Seller is not among those who may approve it (lookups/credit_approvers.csv)."),
        (ELI, {}, f"{MAY}, and 25,000.00 is asked for."),
        (ELI, {"limittype": UNLIMITED, "limit": None}, f"{MAY}, and no limit without a bound."),
        (DANA, {"limit": None}, "It asks for an amount and names none (credit.limit)."),
        (DANA, {"limit": Decimal(-1)}, "It asks for an amount below zero."),
        (DANA, {"limittype": None}, "It names an amount and not what kind of limit is asked for (credit.type)."),
        (DANA, {"limittype": None, "limit": None}, "It asks for nothing."),
    ],
)  # fmt: skip
def test_an_approval_that_does_not_hold_is_taken_back_with_the_reason(
    who: str, asked: dict[str, Any], words: str
) -> None:
    one = Request()
    one.saved_by(SAM, **asked)
    one.saved_by(who, state=APPROVED)
    one.looks()
    assert (one.state, one.says, one.granted) == (SUBMITTED, words, BEFORE)


def test_an_approver_with_a_bound_approves_up_to_it() -> None:
    one = Request(sales={"gp365_limit": Decimal(10000) + 0, "gp365_state": APPROVED, "modifiedby": ELI})
    one.gp["CreditLimitAmount"] = Decimal(500)
    one.looks()
    assert one.state == DONE and one.granted == (AMOUNT, Decimal(10000))


def test_a_request_that_was_changed_after_its_approval_needs_another() -> None:
    one = Request(sales={"gp365_state": APPROVED, "modifiedby": DANA})
    one.look()
    one.saved_by(SAM, limit=Decimal(90000))
    one.looks()
    assert one.state == SUBMITTED and one.granted == BEFORE and "somebody else" in one.says


def test_what_gp365_writes_on_a_request_takes_no_approval_away() -> None:
    one = Request(gp={"Inactive": True}, sales={"gp365_state": APPROVED, "modifiedby": DANA})
    assert codes(one.looks()) == {"order-blocked"} and one.state == APPROVED
    assert one.sales["modifiedby"] == "gp365"
    one.gp["Inactive"] = False
    one.looks()
    assert one.state == DONE and one.sales["gp365_approvedby"] == "Dana Credit"


def test_an_approval_that_was_withdrawn_does_not_count() -> None:
    one = Request(gp={"Inactive": True}, sales={"gp365_state": APPROVED, "modifiedby": DANA})
    one.looks()
    one.saved_by(DANA, state=SUBMITTED)
    one.gp["Inactive"] = False
    one.looks()
    assert one.granted == BEFORE and one.state == SUBMITTED


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ({"limit": Decimal(2000)}, True),
        ({"limit": Decimal("2000.01")}, False),
        ({"limit": Decimal(2000), "terms": "Net 60"}, False),
        ({"limit": Decimal(2000), "holdasked": 2}, False),
        ({"limittype": NO_CREDIT, "limit": None}, False),
        ({"limittype": UNLIMITED, "limit": None}, False),
    ],
)
def test_up_to_the_threshold_an_amount_alone_needs_nobody(asked: dict[str, Any], goes: bool) -> None:
    one = Request(threshold="2000")
    one.saved_by(SAM, **asked)
    one.looks()
    assert (one.state == DONE) is goes
    assert not goes or one.sales["gp365_approvedby"] == "nobody: up to the threshold"


def test_unlimited_writes_the_type_and_leaves_gps_amount() -> None:
    one = Request(sales={"gp365_limittype": UNLIMITED, "gp365_limit": None})
    one.saved_by(DANA, state=APPROVED)
    plans = one.looks()
    assert written(plans, "gp") == [{"CreditLimitType": UNLIMITED}]
    assert one.sales["gp365_aftertype"] == UNLIMITED and one.state == DONE


def test_what_changed_in_gp_since_is_shown_and_not_overwritten() -> None:
    one = Request()
    one.looks()
    one.gp["CreditLimitAmount"] = Decimal(15000)
    one.saved_by(DANA, state=APPROVED)
    plans = one.looks()
    assert codes(plans) == {"order-stale"} and one.granted == (AMOUNT, Decimal(15000))
    assert one.says == "Since this was asked for, gp has changed: credit.limit was 10000, and is 15000."
    assert one.state == APPROVED
    assert not one.look().writes


def test_a_stale_request_that_is_submitted_again_shows_what_stands_now() -> None:
    one = Request()
    one.looks()
    one.gp["CreditLimitAmount"] = Decimal(15000)
    one.saved_by(DANA, state=APPROVED)
    one.looks()
    one.saved_by(SAM, state=SUBMITTED)
    one.looks()
    assert one.sales["gp365_beforelimit"] == 15000
    one.saved_by(DANA, state=APPROVED)
    one.looks()
    assert one.state == DONE and one.granted == (AMOUNT, Decimal(25000))


def test_what_changed_beside_what_is_asked_for_does_not_matter() -> None:
    one = Request()
    one.looks()
    one.gp["PaymentTermsID"] = "Net 60"
    one.saved_by(DANA, state=APPROVED)
    one.looks()
    assert one.state == DONE and one.gp["PaymentTermsID"] == "Net 60"


def test_a_person_has_a_stale_request_written_or_refused() -> None:
    for take, state in (("sales", DONE), ("gp", REFUSED)):
        one = Request()
        one.looks()
        one.gp["CreditLimitAmount"] = Decimal(15000)
        one.saved_by(DANA, state=APPROVED)
        one.looks()
        shown = (AMOUNT, Decimal(15000)), (AMOUNT, Decimal(25000))
        one.resolutions = {"credit": Resolution(take, None, *shown, actor="ann")}
        one.looks()
        assert one.state == state
        assert one.granted == (AMOUNT, Decimal(25000 if take == "sales" else 15000))


def test_a_request_in_another_currency_is_parked() -> None:
    one = Request(sales={"transactioncurrencyid": CAD, "gp365_state": APPROVED, "modifiedby": DANA})
    assert codes(one.looks()) == {"order-currency"} and one.granted == BEFORE
    assert one.says == "The gp365_creditrequest is in CAD, credit.limit in USD."


def test_terms_and_hold_are_written_with_the_limit() -> None:
    one = Request(gp={"Hold": True})
    one.saved_by(SAM, terms="Net 60", holdasked=2)
    one.saved_by(DANA, state=APPROVED)
    one.looks()
    assert one.gp["PaymentTermsID"] == "Net 60" and one.gp["Hold"] is False
    assert one.sales["gp365_afterterms"] == "Net 60" and one.sales["gp365_afterhold"] is False


def test_a_refusal_of_gp_fails_the_request_in_gps_own_words() -> None:
    one = Request(sales={"gp365_state": APPROVED, "modifiedby": DANA})
    one.look()
    one.refused = "Payment terms do not exist."
    plan = one.look()
    assert one.state == FAILED and one.says == "Payment terms do not exist." and plan.ends


def test_what_has_acted_never_acts_again_whatever_anybody_changes() -> None:
    one = Request(sales={"gp365_state": APPROVED, "modifiedby": DANA})
    one.look()
    one.look()
    assert one.granted == (AMOUNT, Decimal(25000))
    one.gp["CreditLimitAmount"] = Decimal(30000)
    one.saved_by(DANA, limit=Decimal(99000))
    one.looks()
    assert one.granted == (AMOUNT, Decimal(30000)) and one.state == DONE
    assert one.sales["gp365_afterlimit"] == 30000


@pytest.mark.parametrize("state", [REFUSED, DONE, FAILED, SUPERSEDED])
def test_a_request_that_people_have_ended_stays_ended(state: int) -> None:
    one = Request()
    one.looks()
    one.saved_by(DANA, state=state)
    [plan] = one.looks()
    assert plan.ends and not plan.writes and one.granted == BEFORE


_WHO = st.sampled_from([SAM, DANA, ELI, NICK])
_SAVE = st.tuples(
    _WHO,
    st.sampled_from([None, DRAFT, SUBMITTED, APPROVED]),
    st.sampled_from([None, Decimal(100), Decimal(9000), Decimal(25000)]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_SAVE, st.just("look"), st.sampled_from([Decimal(1), Decimal(11000)])), max_size=9))
def test_gp_only_ever_holds_what_a_clerk_gave_or_what_somebody_else_had_approved(steps: list[Any]) -> None:
    one = Request()
    may: set[Decimal] = set()
    by_clerk = one.granted
    for step in [*steps, "look"]:
        if isinstance(step, Decimal):
            by_clerk = (AMOUNT, step)
            one.gp["CreditLimitAmount"] = step
        elif step == "look":
            before = one.granted
            plans = one.looks()
            assert len(written(plans, "gp")) <= 1
            if one.granted != before:
                assert before == by_clerk and one.granted[1] in may
                assert one.sales["gp365_approvedby"] in ("Dana Credit", "Eli Credit")
                by_clerk = one.granted
        else:
            who, state, limit = step
            given_by = {"state": state, "limit": limit}
            one.saved_by(who, **{name: value for name, value in given_by.items() if value is not None})
            limit = one.sales["gp365_limit"]
            if one.state == APPROVED and (who == DANA or (who == ELI and limit <= 10000)):
                may.add(limit)
