"""The joined card of a GP customer as pure functions: whatever the roles are, no other role's address changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gp365.connectors.gp.card import (
    BILL,
    BILL_TO,
    MAIN,
    SHIP,
    SHIP_TO,
    STATEMENT,
    Card,
    card_values,
    code_of,
    edits_of,
    following_names,
    new_codes,
    other_roles,
)
from gp365.connectors.gp.classes import implied, unlike_class
from gp365.connectors.gp.tables import entity_named
from gp365.model.values import Value, Values, show

CODES = ["", "PRIMARY", "WAREHOUSE", "BILLING"]
LINES = ["Address1", "City", "Zip"]
codes = st.sampled_from(CODES)
line = st.none() | st.text("abc", min_size=1, max_size=3)
address = st.fixed_dictionaries(dict.fromkeys(LINES, line))


@st.composite
def cards(draw: st.DrawFn) -> Card:
    roles = {role: draw(codes) or None for role in (MAIN, BILL, SHIP, STATEMENT)}
    held = {code: draw(address) for code in CODES[1:] if draw(st.booleans())}
    copy = held.get(show(roles[MAIN]), dict.fromkeys(LINES))
    return Card({"CustomerNumber": "A", "CustomerName": "Firm", **copy, **roles}, held)


def changes(roles: list[str]) -> st.SearchStrategy[dict[str, Value]]:
    names = [f"{role}.{name}" for role in roles for name in LINES]
    return st.dictionaries(st.sampled_from(names), line, min_size=1)


FIELDS = [f"{role}.{name}" for role in (BILL_TO, SHIP_TO) for name in LINES]


def written(card: Card, edit: Values) -> Card:
    """Do what the edits say to the card, as GP would."""
    edits = edits_of(card, edit)
    addresses = {code: dict(values) for code, values in card.addresses.items()}
    customer = {**card.customer, **edits.customer}
    for content, stem, pointer in (
        (edits.new_bill_to, "NEWBILL", BILL),
        (edits.new_ship_to, "NEWSHIP", SHIP),
    ):
        if content is not None:
            addresses[stem] = {**dict.fromkeys(LINES), **content}
            customer[pointer] = stem
    for code, values in {**edits.addresses, **edits.missing}.items():
        addresses[code] = {**addresses.get(code, dict.fromkeys(LINES)), **values}
    if edits.main_address:
        code = show(card.customer[MAIN])
        customer.update(edits.main_address)
        if code in addresses:
            addresses[code].update(edits.main_address)
    return Card(customer, addresses)


@given(card=cards(), edit=changes([SHIP_TO]))
def test_an_edit_of_the_ship_to_changes_no_address_of_another_role(
    card: Card, edit: dict[str, Value]
) -> None:
    after = written(card, edit)
    others = other_roles(card.customer)
    assert {code: after.addresses[code] for code in others & set(card.addresses)} == {
        code: card.addresses[code] for code in others & set(card.addresses)
    }
    roles = (MAIN, BILL, STATEMENT)
    assert [after.customer[role] for role in roles] == [card.customer[role] for role in roles]


@given(card=cards(), edit=changes([BILL_TO, SHIP_TO]))
def test_after_an_edit_the_card_shows_what_was_written(card: Card, edit: dict[str, Value]) -> None:
    before, after = card_values(card, FIELDS), card_values(written(card, edit), FIELDS)
    wanted = {**before, **edit}
    if any(wanted.get(f"{BILL_TO}.{name}") is not None for name in LINES) or code_of(card.customer, BILL_TO):
        assert {name: after[name] for name in wanted} == wanted


@given(card=cards(), edit=changes([BILL_TO]))
def test_an_edit_of_the_bill_to_never_moves_a_role_that_had_a_code(
    card: Card, edit: dict[str, Value]
) -> None:
    after = written(card, edit)
    for role in (MAIN, BILL, SHIP, STATEMENT):
        if card.customer[role]:
            assert after.customer[role] == card.customer[role]


@given(card=cards(), edit=changes([BILL_TO, SHIP_TO]))
def test_no_edit_takes_an_address_away(card: Card, edit: dict[str, Value]) -> None:
    assert set(card.addresses) <= set(written(card, edit).addresses)


def test_the_codes_of_new_addresses_never_run_longer_than_gp_takes() -> None:
    codes = list(new_codes("A-STEM-OF-15-CH"))
    assert len(codes) == len(set(codes)) == 100
    assert max(map(len, codes)) == 15


def test_names_follow_only_while_they_equalled_the_old_one() -> None:
    customer: Values = {"CustomerName": "Old", "StatementName": "Old", "ShortName": "Other"}
    assert following_names(customer, {"CustomerName": "New"}) == {"StatementName": "New"}
    assert following_names(customer, {"CustomerName": "Old"}) == {}
    assert following_names(customer, {"Hold": True}) == {}


# classes


def test_a_class_fills_only_what_the_plan_leaves_open() -> None:
    customer_class: Values = {
        "ClassID": "A",
        "PaymentTermsID": "Net 30",
        "CurrencyID": "Z-US$",
        "Inactive": True,
    }
    assert implied(customer_class, {"CurrencyID": "Z-C$", "PaymentTermsID": None}) == {
        "PaymentTermsID": "Net 30"
    }


def test_a_credit_limit_of_the_plan_takes_nothing_of_the_class_along() -> None:
    customer_class: Values = {"CreditLimitType": 2, "CreditLimitAmount": 5000, "CreditLimitPeriod": 1}
    assert implied(customer_class, {"CreditLimitType": 0}) == {}
    assert implied(customer_class, {}) == customer_class


def test_every_default_of_a_class_has_a_field_of_the_customer_to_go_to() -> None:
    all_set = {name: f"value of {name}" for name in entity_named("customer_class").fields}
    without = {"ClassID", "ClassDescription", "DefaultClass", "FinanceCharge", "SendStatement"}
    without |= {"TemplateClass"}  # ours: the class that a new one is a copy of
    kept_by_gp = {"Inactive", "NoteIndex", "CreatedDate", "ModifiedDate"}
    assert set(all_set) - set(implied(all_set, {})) == without | kept_by_gp


def test_a_missing_history_flag_is_named_before_anything_else() -> None:
    wanted: Values = {"CurrencyID": "Z-US$", "KeepTrxHistory": True, "TaxScheduleID": None}
    kept: Values = {"CurrencyID": "Z-C$", "KeepTrxHistory": False, "TaxScheduleID": None}
    fault = unlike_class("A", wanted, kept, "X")
    assert fault is not None and fault.field == "KeepTrxHistory" and "CurrencyID" in fault.message
    assert unlike_class("A", wanted, wanted, "X") is None
