"""Choices that follow a list of GP: equal values on accounts, quotes, orders and invoices; what is gone is kept."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, place
from gp365.connectors.dataverse.option_sets import METHODS, TERMS, OptionSet
from gp365.connectors.dataverse.provision import ProvisionPlan, State, apply, plan, remove
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.terms import PaymentTerm
from gp365.model.errors import Retry

GIVEN = (PaymentTerm("Net 30"), PaymentTerm("3% 15th/Net 30"), PaymentTerm("Due 20th"))
FLOWS = frozenset({"payment_terms", "shipping_methods"})


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path, tracked=()) as made:
        yield made


def held(sales: Place, chosen: OptionSet) -> dict[str, Mapping[int, str]]:
    site = Site(sales.privileged, sales.wait, lambda _: None)
    return {choice.name: choice.options(site) or {} for choice in chosen.choices}


def told(planned: ProvisionPlan, what: str) -> list[str]:
    return [step.title for step in planned.steps if step.id.startswith(what)]


def customize(sales: Place, action: str, table: str, column: str, value: int, label: str = "") -> None:
    body: dict[str, object] = {"EntityLogicalName": table, "AttributeLogicalName": column, "Value": value}
    if label:
        body["Label"] = {"LocalizedLabels": [{"Label": label, "LanguageCode": 1033}]}
    sales.privileged.post(action, body)


def test_every_choice_gets_every_entry_under_one_value_and_a_second_run_finds_nothing(sales: Place) -> None:
    done = sales.provision(GIVEN, flows=FLOWS, methods=[PaymentTerm("GROUND"), PaymentTerm("UPS BLUE")])
    values = {option.term: option.value for option in (*done.terms, *done.methods)}
    assert values["Net 30"] == 1
    for options in held(sales, TERMS).values():
        assert [options[values[one.id]] for one in GIVEN] == ["Net 30", "3% 15th/Net 30", "Due 20th"]
    for options in held(sales, METHODS).values():
        assert (options[values["GROUND"]], options[values["UPS BLUE"]]) == ("GROUND", "UPS BLUE")
    again = plan(
        sales.privileged, GIVEN, flows=FLOWS, methods=[PaymentTerm("GROUND"), PaymentTerm("UPS BLUE")]
    )
    assert again.nothing_to_do


def test_without_the_flow_only_accounts_are_extended_as_ever(sales: Place) -> None:
    sales.provision(GIVEN)
    by_choice = held(sales, TERMS)
    assert "Due 20th" in by_choice["account.paymenttermscode"].values()
    assert not any(
        "Due 20th" in by_choice[f"{table}.paymenttermscode"].values() for table in ("quote", "invoice")
    )


def test_what_is_gone_from_gp_is_kept_with_a_label_and_gets_its_own_back(sales: Place) -> None:
    done = sales.provision(GIVEN, flows=FLOWS)
    value = next(option.value for option in done.terms if option.term == "Due 20th")
    without = [one for one in GIVEN if one.id != "Due 20th"]
    sales.provision(without, flows=FLOWS)
    assert {options[value] for options in held(sales, TERMS).values()} == {"Due 20th (not in use)"}
    assert plan(sales.privileged, without, flows=FLOWS).nothing_to_do
    back = sales.provision(GIVEN, flows=FLOWS)
    assert {options[value] for options in held(sales, TERMS).values()} == {"Due 20th"}
    assert next(option for option in back.terms if option.term == "Due 20th").value == value


def test_an_option_that_means_something_else_elsewhere_is_left_to_a_person(sales: Place) -> None:
    customize(sales, "UpdateOptionValue", "quote", "paymenttermscode", 1, "Net 31")
    done = sales.provision(GIVEN, flows=FLOWS)
    [differing] = done.differing
    assert "quote.paymenttermscode" in differing.title and differing.detail == "it is called Net 31"
    assert held(sales, TERMS)["quote.paymenttermscode"][1] == "Net 31"


def test_a_value_that_another_choice_has_is_not_given_twice(sales: Place) -> None:
    customize(sales, "InsertOptionValue", "invoice", "paymenttermscode", 365_000_000, "Somebody's own")
    done = sales.provision(GIVEN, flows=FLOWS)
    assert 365_000_000 not in {option.value for option in done.terms}


def test_an_option_of_a_line_that_the_site_wrote_is_given_to_all_choices(sales: Place) -> None:
    customize(sales, "InsertOptionValue", "account", "paymenttermscode", 700_000_001, "Our own")
    done = sales.provision([*GIVEN, PaymentTerm("EOM", value=700_000_001)], flows=FLOWS)
    assert "EOM" not in {option.term for option in done.terms}
    assert {options[700_000_001] for options in held(sales, TERMS).values()} == {"Our own"}


def test_a_term_that_is_nearly_another_gets_an_option_of_its_own_in_a_later_run_too(sales: Place) -> None:
    sales.provision(GIVEN, flows=FLOWS)
    known = [PaymentTerm("Net 30", value=1), *GIVEN[1:]]
    done = sales.provision([*known, PaymentTerm("Net30")], flows=FLOWS)
    [new] = [option for option in done.terms if option.term == "Net30"]
    assert new.value >= 365_000_000
    assert {options[new.value] for options in held(sales, TERMS).values()} == {"Net30"}


def test_options_of_ours_are_taken_away_where_nobody_carries_them(sales: Place) -> None:
    sales.provision(GIVEN, flows=FLOWS, methods=[PaymentTerm("GROUND")])
    gone = {step.title: step.state for step in remove(sales.privileged, force=True, sleep=sales.wait)}
    assert sum(state is State.REMOVED for title, state in gone.items() if title.startswith("Option ")) >= 14
    for chosen in (TERMS, METHODS):
        assert all(value < 365_000_000 for options in held(sales, chosen).values() for value in options)


def test_a_run_that_breaks_off_among_options_is_continued(sales: Place) -> None:
    sales.provision(GIVEN)
    sales.fault(do="503", method="POST", path="InsertOptionValue", nth=2, times=0)
    planned = plan(sales.privileged, GIVEN, flows=FLOWS)
    assert told(planned, "option:")
    with pytest.raises(Retry):
        apply(sales.privileged, planned, sleep=sales.wait)
    sales.system.faults.clear()
    sales.provision(GIVEN, flows=FLOWS)
    assert plan(sales.privileged, GIVEN, flows=FLOWS).nothing_to_do
