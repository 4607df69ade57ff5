"""Provisioning: what is missing is shown first, made once, continued where it broke off, and taken away again."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, guid, place
from gp365.connectors.dataverse.api import connect
from gp365.connectors.dataverse.provision import ProvisionPlan, State, apply, plan, provisioning_api, remove
from gp365.connectors.dataverse.terms import PaymentTerm
from gp365.model.entity import FieldType, Strength
from gp365.model.errors import Conflict, Misconfigured, Rejected, Retry, Unauthorised

TERMS = (
    PaymentTerm("Net 30"),
    PaymentTerm("2% 10/Net 30"),
    PaymentTerm("3% 15th/Net 30"),
    PaymentTerm("Due 20th"),
)
KEY = "key:gp365_customer_key"


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path, tracked=()) as made:
        yield made


def metadata_writes(sales: Place, after: int) -> list[tuple[str, str]]:
    """Give the requests that change something; `$batch` only carries reads here."""
    return [
        (method, path) for method, path in sales.requests(after) if method != "GET" and "$batch" not in path
    ]


def states(planned: ProvisionPlan) -> dict[str, State]:
    return {step.id: step.state for step in planned.steps}


def test_the_plan_shows_every_step_and_changes_nothing(sales: Place) -> None:
    before = sales.seen()
    planned = plan(sales.privileged, TERMS)
    assert metadata_writes(sales, before) == []
    assert not planned.nothing_to_do
    seen = states(planned)
    assert {seen[name] for name in ("publisher", "solution", "table:gp365_customer", KEY, "publish")} == {
        State.MAKE
    }
    assert seen["tracking:account"] is State.MAKE and seen["key-active:gp365_customer_key"] is State.WAIT
    assert json.loads(json.dumps(planned.as_dict()))["steps"][0]["title"].startswith("Publisher")


def test_what_is_made_is_exactly_the_card_that_the_flows_write(sales: Place) -> None:
    done = sales.provision(TERMS)
    assert {step.state for step in done.steps} <= {State.MADE, State.PRESENT}
    card = sales.connector.entity("gp365_customer")
    lengths = {
        name: card.fields[f"gp365_{name}"].length
        for name in ("company", "number", "numberkey", "class", "terms", "currency", "corporate", "reference")
    }
    assert lengths == {
        "company": 5,
        "number": 15,
        "numberkey": 45,
        "class": 15,
        "terms": 21,
        "currency": 15,
        "corporate": 15,
        "reference": 40,
    }
    limit = card.fields["gp365_creditlimit"]
    assert (limit.type, limit.decimals) == (FieldType.MONEY, 4)
    assert card.fields["gp365_creditlimittype"].options == {0: "No Credit", 1: "Unlimited", 2: "Amount"}
    assert {card.fields[f"gp365_{name}"].type for name in ("primary", "hold", "inactive")} == {
        FieldType.BOOLEAN
    }
    assert card.fields["gp365_accountid"].target == "account"
    assert card.strength is Strength.REREAD and card.feed_sees_deletions
    account = sales.connector.entity("account")
    assert account.fields["gp365_parentcardid"].target == "gp365_customer"
    table = sales.connector.organisation.table("gp365_customer")
    assert table.set_name == "gp365_customers"
    assert table.columns["gp365_accountid"].navigation == {"account": "gp365_AccountId"}
    assert [(key.name, key.columns, key.status) for key in table.keys] == [
        ("gp365_customer_key", ("gp365_company", "gp365_numberkey"), "Active")
    ]
    assert sales.connector.organisation.table("account").columns["gp365_parentcardid"].navigation == {
        "gp365_customer": "gp365_ParentCardId"
    }
    ownership = sales.system.org.schema.tables["gp365_customer"].ownership
    assert ownership == "UserOwned"


def test_a_second_run_finds_nothing_to_do(sales: Place) -> None:
    sales.provision(TERMS)
    before = sales.seen()
    again = plan(sales.privileged, TERMS)
    assert again.nothing_to_do
    assert apply(sales.privileged, again, sleep=sales.wait).nothing_to_do
    assert metadata_writes(sales, before) == []


@pytest.mark.parametrize("broken", [1, 2, 3, 7, 16, 17, 18, 19, 20, 22])
def test_a_run_that_breaks_off_anywhere_is_continued(tmp_path: Path, broken: int) -> None:
    with place(tmp_path, tracked=()) as sales:
        tables = "publishers|solutions|EntityDefinitions|RelationshipDefinitions"
        writes = rf"/({tables}|InsertOptionValue|PublishXml|Attributes|Keys)$"
        sales.fault(do="503", path=writes, method="POST", nth=broken, times=0)
        with pytest.raises(Retry):
            sales.provision(TERMS)
        sales.system.faults.clear()
        assert State.MAKE in states(plan(sales.privileged, TERMS)).values()
        sales.provision(TERMS)
        assert plan(sales.privileged, TERMS).nothing_to_do


def test_a_lost_answer_alone_does_not_stop_provisioning(sales: Place) -> None:
    sales.fault(do="lost_reply", path="/(Attributes|Keys|RelationshipDefinitions)$", method="POST", times=3)
    done = sales.provision(TERMS)
    assert {step.state for step in done.steps} <= {State.MADE, State.PRESENT}


def test_settings_without_a_privileged_credential_say_so(sales: Place) -> None:
    with pytest.raises(Misconfigured) as caught:
        provisioning_api(replace(sales.settings, provision=None))
    assert caught.value.field == "provision"


def test_payment_terms_get_options_of_equal_words_or_new_ones(sales: Place) -> None:
    planned = plan(sales.privileged, TERMS)
    found = {term.term: (term.value, term.label, term.new) for term in planned.terms}
    assert found == {
        "2% 10/Net 30": (2, "2% 10, Net 30", False),
        "Net 30": (1, "Net 30", False),
        "3% 15th/Net 30": (365000000, "3% 15th/Net 30", True),
        "Due 20th": (365000001, "Due 20th", True),
    }
    sales.provision(TERMS)
    options = sales.connector.entity("account").fields["paymenttermscode"].options
    assert options[365000000] == "3% 15th/Net 30" and options[365000001] == "Due 20th"
    again = plan(sales.privileged, TERMS)
    assert {term.term: term.value for term in again.terms} == {term: held[0] for term, held in found.items()}
    assert not any(term.new for term in again.terms)


def test_a_term_that_comes_later_adds_one_option_and_publishes_again(sales: Place) -> None:
    sales.provision(TERMS)
    more = (*TERMS, PaymentTerm("Net 10"))
    planned = plan(sales.privileged, more)
    made = [name for name, state in states(planned).items() if state is State.MAKE]
    assert made == ["option:365000002", "publish"]
    sales.provision(more)
    assert plan(sales.privileged, more).nothing_to_do


def test_a_column_of_another_type_is_shown_and_left_alone(sales: Place) -> None:
    sales.provision()
    columns = sales.system.org.schema.tables["gp365_customer"].columns
    columns["gp365_number"] = replace(columns["gp365_number"], max_length=10)
    planned = plan(sales.privileged)
    [step] = planned.differing
    assert step.id == "column:gp365_customer.gp365_number" and "10 characters" in step.detail
    done = apply(sales.privileged, planned, sleep=sales.wait)
    assert states(done)["column:gp365_customer.gp365_number"] is State.DIFFERS


def test_the_run_time_credential_may_not_provision(sales: Place) -> None:
    own = connect(sales.settings)
    with pytest.raises((Unauthorised, Rejected)) as caught:
        apply(own, plan(own), sleep=sales.wait)
    own.close()
    assert caught.value.code == "right-missing"
    assert "gp365_customer" not in sales.system.org.schema.tables


def test_opportunities_are_tracked_only_when_asked_for(sales: Place) -> None:
    sales.provision()
    assert not sales.system.org.schema.tables["opportunity"].tracked
    sales.provision(opportunities=True)
    assert sales.system.org.schema.tables["opportunity"].tracked


def test_columns_for_receivables_are_made_only_where_a_pair_shows_them_and_go_with_the_rest(
    sales: Place,
) -> None:
    sales.provision()
    tables = sales.system.org.schema.tables
    assert "gp365_balance" not in tables["gp365_customer"].columns
    sales.provision(flows=["receivables"])
    card, account = tables["gp365_customer"].columns, tables["account"].columns
    kinds = [
        (card[f"gp365_{name}"].type, card[f"gp365_{name}"].behavior)
        for name in ("balance", "agedon", "dayspastdue")
    ]
    assert kinds == [("Money", ""), ("DateTime", "DateOnly"), ("Integer", "")]
    assert (account["gp365_balances"].type, account["gp365_totalbalance"].type) == ("String", "Money")
    assert plan(sales.privileged, flows=["receivables"]).nothing_to_do
    assert plan(sales.privileged).nothing_to_do
    remove(sales.privileged, sleep=sales.wait)
    assert not [name for name in tables["account"].columns if name.startswith("gp365_")]


def test_removing_is_refused_while_cards_exist_unless_forced(sales: Place) -> None:
    sales.provision(TERMS)
    account = sales.account(1)
    values = {"gp365_company": "TWO", "gp365_numberkey": "A1", "gp365_accountid": account}
    sales.create("gp365_customer", (guid(1, "k"), values))
    with pytest.raises(Conflict) as caught:
        remove(sales.privileged, sleep=sales.wait)
    assert "--force" in caught.value.fix
    assert sales.row("gp365_customers", guid(1, "k")) is not None
    steps = {step.id: step.state for step in remove(sales.privileged, force=True, sleep=sales.wait)}
    assert steps["table:gp365_customer"] is State.REMOVED and steps["publisher"] is State.REMOVED
    assert "gp365_customer" not in sales.system.org.schema.tables
    assert "gp365_parentcardid" not in sales.system.org.schema.tables["account"].columns


def test_removing_leaves_what_is_in_use_or_not_ours(sales: Place) -> None:
    sales.provision(TERMS)
    sales.account(1, paymenttermscode=365000000, creditlimit=Decimal(5))
    steps = {step.id: step.state for step in remove(sales.privileged, sleep=sales.wait)}
    assert steps["option:365000000"] is State.KEPT and steps["option:365000001"] is State.REMOVED
    options = {o.value for o in sales.system.org.schema.tables["account"].columns["paymenttermscode"].options}
    assert {1, 2, 3, 4, 365000000} == options
    assert sales.system.org.schema.tables["account"].tracked
    again = {step.id: step.state for step in remove(sales.privileged, sleep=sales.wait)}
    assert again["table:gp365_customer"] is State.ABSENT and again["solution"] is State.ABSENT
    sales.provision(TERMS)
    assert plan(sales.privileged, TERMS).nothing_to_do
