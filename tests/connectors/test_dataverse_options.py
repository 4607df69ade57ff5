"""Choices that follow a list of GP: equal values on accounts, quotes, orders and invoices; what is gone is kept."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, place
from gp365.connectors.dataverse.blueprint import publisher_body, solution_body
from gp365.connectors.dataverse.option_sets import METHODS, TERMS, OptionSet, Settled, settle
from gp365.connectors.dataverse.provision import State, plan, remove
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.terms import PaymentTerm
from gp365.model.errors import Retry

GIVEN = (PaymentTerm("Net 30"), PaymentTerm("3% 15th/Net 30"), PaymentTerm("Due 20th"))
SHIPPED = (PaymentTerm("GROUND"), PaymentTerm("UPS BLUE"))
OURS = 365_000_000


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path, tracked=()) as made:
        made.privileged.post("publishers", publisher_body())
        site = site_of(made)
        publisher = site.publisher() or {}
        made.privileged.post("solutions", solution_body(str(publisher["publisherid"])))
        yield made


def site_of(sales: Place) -> Site:
    return Site(sales.privileged, sales.wait, lambda _: None)


def extended(
    sales: Place, entries: Sequence[PaymentTerm], chosen: OptionSet = TERMS, *, wide: bool = True
) -> Settled:
    """Do what provisioning does for the choices of a list, and return what it found to do."""
    site = site_of(sales)
    found = settle(site, chosen, entries, wide=wide)
    for step in found.work:
        if step.look(site)[0] == "make":
            step.make(site)
    return found


def held(sales: Place, chosen: OptionSet = TERMS) -> dict[str, Mapping[int, str]]:
    site = site_of(sales)
    return {choice.name: choice.options(site) or {} for choice in chosen.choices}


def value_of(done: Settled, name: str) -> int:
    return next(option.value for option in done.options if option.term == name)


def customize(sales: Place, action: str, table: str, value: int, label: str) -> None:
    name = {"EntityLogicalName": table, "AttributeLogicalName": "paymenttermscode"}
    labels = {"LocalizedLabels": [{"Label": label, "LanguageCode": 1033}]}
    sales.privileged.post(action, {**name, "Value": value, "Label": labels})


def test_every_choice_gets_every_entry_under_one_value_and_a_second_look_finds_nothing(sales: Place) -> None:
    for chosen, entries in ((TERMS, GIVEN), (METHODS, SHIPPED)):
        done = extended(sales, entries, chosen)
        for options in held(sales, chosen).values():
            assert {options[value_of(done, one.id)] for one in entries} == {one.id for one in entries}
        assert settle(site_of(sales), chosen, entries, wide=True).work == ()
    assert value_of(extended(sales, GIVEN), "Net 30") == 1


def test_without_the_flow_only_accounts_are_extended_as_ever(sales: Place) -> None:
    extended(sales, GIVEN, wide=False)
    by_choice = held(sales)
    assert "Due 20th" in by_choice.pop("account.paymenttermscode").values()
    assert all("Due 20th" not in options.values() for options in by_choice.values())


def test_what_is_gone_from_gp_is_kept_with_a_label_and_gets_its_own_back(sales: Place) -> None:
    value = value_of(extended(sales, GIVEN), "Due 20th")
    without = [one for one in GIVEN if one.id != "Due 20th"]
    extended(sales, without)
    assert {options[value] for options in held(sales).values()} == {"Due 20th (not in use)"}
    assert extended(sales, without).work == ()
    assert value_of(extended(sales, GIVEN), "Due 20th") == value
    assert {options[value] for options in held(sales).values()} == {"Due 20th"}


def test_an_option_that_means_something_else_elsewhere_is_left_to_a_person(sales: Place) -> None:
    customize(sales, "UpdateOptionValue", "quote", 1, "Net 31")
    extended(sales, GIVEN)
    [differing] = extended(sales, GIVEN).work
    assert "quote.paymenttermscode" in differing.title
    assert differing.look(site_of(sales)) == ("differs", "it is called Net 31")
    assert held(sales)["quote.paymenttermscode"][1] == "Net 31"


def test_a_value_that_another_choice_has_is_not_given_twice(sales: Place) -> None:
    customize(sales, "InsertOptionValue", "invoice", OURS, "Somebody's own")
    assert OURS not in {option.value for option in extended(sales, GIVEN).options}


def test_an_option_of_a_line_that_the_site_wrote_is_given_to_all_choices(sales: Place) -> None:
    customize(sales, "InsertOptionValue", "account", 700_000_001, "Our own")
    done = extended(sales, [*GIVEN, PaymentTerm("EOM", value=700_000_001)])
    assert "EOM" not in {option.term for option in done.options}
    assert {options[700_000_001] for options in held(sales).values()} == {"Our own"}


def test_a_term_that_is_nearly_another_gets_an_option_of_its_own_in_a_later_run_too(sales: Place) -> None:
    extended(sales, GIVEN)
    done = extended(sales, [PaymentTerm("Net 30", value=1), *GIVEN[1:], PaymentTerm("Net30")])
    value = value_of(done, "Net30")
    assert value >= OURS and {options[value] for options in held(sales).values()} == {"Net30"}


def test_options_that_broke_off_are_continued_and_taken_away_where_nobody_carries_them(sales: Place) -> None:
    flows = frozenset({"payment_terms"})
    sales.fault(do="503", method="POST", path="InsertOptionValue", nth=2, times=0)
    with pytest.raises(Retry):
        sales.provision(GIVEN, flows=flows)
    sales.system.faults.clear()
    sales.provision(GIVEN, flows=flows)
    assert plan(sales.privileged, GIVEN, flows=flows).nothing_to_do
    gone = {step.title: step.state for step in remove(sales.privileged, force=True, sleep=sales.wait)}
    assert sum(state is State.REMOVED for title, state in gone.items() if title.startswith("Option ")) == 8
    assert all(value < OURS for options in held(sales).values() for value in options)
