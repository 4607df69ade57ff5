"""The small words of the Dataverse connector: refusals, payment terms, labels, days and exact numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gp365.connectors.dataverse.metadata import Column, label_of
from gp365.connectors.dataverse.refusals import Fate, Refused, failure, fate_of, missing_privilege
from gp365.connectors.dataverse.terms import PaymentTerm, propose, words_of
from gp365.connectors.dataverse.values import dumps, json_value, loads, reader
from gp365.model.errors import Rejected, Retry, Unauthorised
from gp365.wire.odata import ServiceError


@pytest.mark.parametrize(
    ("status", "code", "message", "fate"),
    [
        (412, "0x80060882", "The version of the existing record doesn't match", Fate.STALE),
        (412, "0x80060892", "Entity Key Number violated.", Fate.EXISTS),
        (412, "0x80040237", "A record with matching key values already exists.", Fate.EXISTS),
        (412, "0x80040333", "A duplicate of the current record already exists.", Fate.REFUSED),
        (412, "", "A record with matching key values already exists.", Fate.EXISTS),
        (412, "", "The version doesn't match the RowVersion property provided.", Fate.STALE),
        (412, "", "Something else", Fate.REFUSED),
        (404, "0x80040217", "account With Id = x Does Not Exist", Fate.GONE),
        (400, "0x80044331", "too long", Fate.REFUSED),
        (403, "0x80040220", "missing prvWriteAccount privilege", Fate.REFUSED),
        (429, "0x80072322", "Number of requests exceeded", Fate.LATER),
        (500, "", "Generic SQL error", Fate.LATER),
    ],
)
def test_a_refusal_is_told_apart_by_its_code(status: int, code: str, message: str, fate: Fate) -> None:
    assert fate_of(ServiceError(status, code, message)) is fate


def test_a_refused_call_says_what_happens_next() -> None:
    assert isinstance(failure(ServiceError(429, "0x80072322", "slow down"), "sales"), Retry)
    assert isinstance(failure(ServiceError(503, "", "away"), "sales"), Retry)
    unknown = failure(ServiceError(403, "0x80072560", "not a member"), "sales")
    assert isinstance(unknown, Unauthorised) and unknown.code == "user-missing"
    right = failure(ServiceError(403, "0x80040220", "missing prvReadAccount"), "sales")
    assert isinstance(right, Unauthorised) and right.code == "right-missing"
    refused = failure(
        ServiceError(400, "0x80044331", "The length of the 'name' attribute of the 'account'"), "s"
    )
    assert isinstance(refused, Refused) and (refused.code, refused.field) == ("too-long", "name")
    assert (
        missing_privilege(ServiceError(403, "", "is missing prvWriteAccount privilege")) == "prvWriteAccount"
    )
    assert missing_privilege(ServiceError(403, "", "no access to this record")) == ""


def test_the_inner_words_of_a_refusal_are_kept() -> None:
    refused = Refused(ServiceError(400, "0x80048d19", "Error identified in Payload", "bad case"), "sales")
    assert refused.message == "Error identified in Payload (bad case) [0x80048d19]"


def test_terms_of_equal_words_are_the_same_and_near_ones_are_not() -> None:
    assert words_of("2% 10, Net 30") == words_of("2%10/NET30")
    assert words_of("2% 10, Net 30") != words_of("2% 15, Net 30")
    [near] = propose([PaymentTerm("2% 15/Net 30")], {2: "2% 10, Net 30"})
    assert near.new and near.value == 365000000


def test_two_terms_never_share_an_option() -> None:
    found = propose([PaymentTerm("NET30"), PaymentTerm("Net 30")], {1: "Net 30"})
    assert len({term.value for term in found}) == 2


def test_a_term_whose_id_ends_as_our_mark_does_keeps_its_option() -> None:
    terms = [PaymentTerm("Net 30"), PaymentTerm("Net 30 (not in use)")]
    first = propose(terms, {})
    again = propose(terms, {term.value: term.label for term in first if term.new})
    assert [(one.term, one.value, one.new) for one in again] == [(t.term, t.value, False) for t in first]


terms = st.lists(st.text(min_size=1, max_size=21).filter(str.strip), unique=True, max_size=12)


@given(terms, st.dictionaries(st.integers(1, 9), st.text(max_size=20), max_size=5))
def test_once_the_options_are_added_the_proposal_stays_the_same(
    ids: list[str], options: dict[int, str]
) -> None:
    asked = [PaymentTerm(text) for text in ids]
    first = propose(asked, options)
    added = options | {term.value: term.label for term in first if term.new}
    assert {term.term: term.value for term in propose(asked, added)} == {
        term.term: term.value for term in first
    }
    assert not any(term.new for term in propose(asked, added))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**15), max_value=10**15))
def test_money_passes_through_json_without_losing_a_digit(amount: Decimal) -> None:
    column = Column("creditlimit", "Money")
    body = loads(dumps({"creditlimit": json_value(column, amount)}))
    assert reader(column)(body["creditlimit"]) == amount


def test_days_are_days_and_moments_are_moments() -> None:
    day, moment = Column("day", "DateTime", day=True), Column("at", "DateTime")
    assert reader(day)("2026-03-01") == date(2026, 3, 1)
    assert reader(moment)("2026-03-01T12:30:00Z") == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert json_value(day, date(2026, 3, 1)) == "2026-03-01"
    assert json_value(moment, datetime(2026, 3, 1, 12, 30, tzinfo=UTC)) == "2026-03-01T12:30:00Z"
    for column, value in ((day, datetime(2026, 3, 1, tzinfo=UTC)), (moment, date(2026, 3, 1))):
        with pytest.raises(Rejected):
            json_value(column, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Money", True),
        ("Money", "12"),
        ("Money", Decimal("NaN")),
        ("Integer", Decimal("1.5")),
        ("Integer", True),
        ("Boolean", 1),
        ("String", 5),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(kind: str, value: object) -> None:
    with pytest.raises(Rejected) as caught:
        json_value(Column("thing", kind), value)  # type: ignore[arg-type]
    assert caught.value.field == "thing"


def test_blank_text_is_empty_and_labels_are_evened_out() -> None:
    assert reader(Column("name", "String"))("   ") is None
    assert reader(Column("name", "String"))(" A ") == " A "
    label = {"LocalizedLabels": [{"Label": "  Net \u00a0 30 ", "LanguageCode": 1033}]}
    assert label_of(label) == "Net 30"
    assert label_of(None) == "" and label_of({"LocalizedLabels": []}) == ""
