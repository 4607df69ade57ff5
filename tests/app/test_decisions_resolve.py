"""A person decides on what is parked; the decision is checked at once and carried out by the next sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk
from gp365.app.actions.explain import explain
from gp365.app.actions.look_outputs import ParkedOut
from gp365.app.actions.parked import parked_list, parked_show
from gp365.app.actions.resolve import Given, resolve
from gp365.app.actions.status import status
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured
from gp365.model.values import unpack_deep
from gp365.store import parked


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    desk.act(sync)
    return desk


def conflict(desk: Desk, gp: str = "Contoso West", sales: str = "Contoso East") -> ParkedOut:
    desk.gp("CONTOSO0001", Name=gp)
    desk.sales("a1", name=sales)
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    return entry


def number_alone(desk: Desk) -> ParkedOut:
    """A new account carries the number of a customer of another name."""
    desk.sales("a7", name="Fitness Berlin", number="AARONFIT0001", country="Germany", kind=3)
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    return entry


def refusal(desk: Desk, id: int, given: Given) -> Misconfigured:
    with pytest.raises(Misconfigured) as refused:
        desk.act(resolve, id, given)
    assert refused.value.exit_code == 2
    return refused.value


def stored(desk: Desk, id: int) -> object:
    with desk.open() as project, project.store.read() as conn:
        entry = parked.show(conn, id)
    assert entry is not None
    return unpack_deep(entry.resolution) if entry.resolution else None


def test_a_conflict_shows_what_had_been_agreed_and_what_can_be_decided(desk: Desk) -> None:
    entry = conflict(desk)
    assert entry.base == {"gp": "Contoso, Ltd.", "sales": "Contoso, Ltd."}
    assert entry.values == {"gp": "Contoso West", "sales": "Contoso East"}
    assert entry.names == {"gp": "Contoso West", "sales": "Contoso East"}
    assert set(entry.who) == set(entry.when) == {"gp", "sales"}
    commands = [one.command for one in entry.choices]
    begin = f"gp365 parked resolve {entry.id}"
    assert commands == [f"{begin} --take gp", f"{begin} --take sales", f"{begin} --value VALUE"]


@pytest.mark.parametrize(("side", "name"), [("gp", "Contoso West"), ("sales", "Contoso East")])
def test_a_side_that_is_taken_holds_on_both_sides(desk: Desk, side: str, name: str) -> None:
    entry = conflict(desk)
    other = "sales" if side == "gp" else "gp"
    done = desk.act(resolve, entry.id, Given(take=side))
    assert done.decided[0].writes == {other: {"name": name}}
    shown = desk.act(parked_show, entry.id)
    assert (shown.decision, shown.resolved_by) == (f"take {side}", "ann@desk")
    assert desk.act(status).flows[0].due == 1
    assert desk.act(sync).exit_code == 0
    assert desk.customers()["CONTOSO0001"]["Name"] == name == desk.accounts()["a1"]["name"]
    assert desk.act(parked_list).total == 0
    (told,) = desk.act(explain, "gp", "customer", "CONTOSO0001", "name").explanations
    assert told.fields[0].decisions[0].why == "decided by ann@desk"
    assert desk.act(sync).runs[0].updated == 0


def test_a_value_that_is_given_holds_on_both_sides(desk: Desk) -> None:
    entry = conflict(desk)
    done = desk.act(resolve, entry.id, Given(take="Contoso North"))
    assert done.decided[0].writes == {"gp": {"name": "Contoso North"}, "sales": {"name": "Contoso North"}}
    assert desk.act(sync).exit_code == 0
    assert desk.customers()["CONTOSO0001"]["Name"] == "Contoso North" == desk.accounts()["a1"]["name"]


def test_a_value_is_read_as_either_side_writes_it(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Country="Canada")
    desk.sales("a1", country="Germany")
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    assert entry.field == "country"
    desk.act(resolve, entry.id, Given(value="Mexico"), now=True)
    assert desk.act(parked_list).total == 0
    assert desk.accounts()["a1"]["country"] == "Mexico"


def test_a_decision_can_be_carried_out_at_once(desk: Desk) -> None:
    entry = conflict(desk)
    done = desk.act(resolve, entry.id, Given(take="gp"), now=True)
    assert done.sync is not None
    assert done.exit_code == 0
    assert desk.accounts()["a1"]["name"] == "Contoso West"


def test_deciding_again_replaces_the_decision(desk: Desk) -> None:
    entry = conflict(desk)
    desk.act(resolve, entry.id, Given(take="gp"))
    done = desk.act(resolve, entry.id, Given(take="sales"))
    assert (done.decided[0].before, done.decided[0].decision) == ("take gp", "take sales")
    desk.act(sync)
    assert desk.customers()["CONTOSO0001"]["Name"] == "Contoso East"


def test_a_dry_run_decides_nothing(desk: Desk) -> None:
    entry = conflict(desk)
    done = desk.act(resolve, entry.id, Given(take="gp"), dry_run=True)
    assert done.decided[0].writes == {"sales": {"name": "Contoso West"}}
    assert stored(desk, entry.id) is None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Given(value="The longest name that Contoso ever had"), "too-long"),
        (Given(value="Contoso 東京"), "not-in-code-page"),
        (Given(value=""), "required-missing"),
        (Given(take="slaes"), "resolution-invalid"),
        (Given(link="a2"), "resolution-invalid"),
        (Given(create=True), "resolution-invalid"),
        (Given(ignore=True), "resolution-invalid"),
        (Given(take="gp", field="country"), "resolution-invalid"),
        (Given(), "usage"),
        (Given(take="gp", create=True), "usage"),
    ],
)
def test_a_decision_that_cannot_be_carried_out_is_refused_and_nothing_is_stored(
    desk: Desk, given: Given, code: str
) -> None:
    entry = conflict(desk)
    error = refusal(desk, entry.id, given)
    assert error.code == code
    assert error.fix
    assert stored(desk, entry.id) is None


def test_a_decision_comes_too_late_once_the_values_moved_on(desk: Desk) -> None:
    entry = conflict(desk)
    desk.sales("a1", name="Contoso South")
    assert refusal(desk, entry.id, Given(take="gp")).code == "resolution-stale"
    desk.act(sync)
    assert refusal(desk, entry.id, Given(take="gp")).code == "resolution-stale"
    (newer,) = desk.act(parked_list).entries
    assert newer.id != entry.id
    desk.act(resolve, newer.id, Given(take="gp"), now=True)
    assert desk.accounts()["a1"]["name"] == "Contoso West"


def test_a_decision_is_not_applied_to_values_that_nobody_saw(desk: Desk) -> None:
    entry = conflict(desk)
    desk.act(resolve, entry.id, Given(take="gp"))
    desk.sales("a1", name="Contoso South")
    desk.act(sync)
    (newer,) = desk.act(parked_list).entries
    assert newer.decision == ""
    assert desk.accounts()["a1"]["name"] == "Contoso South"


def test_another_entry_of_the_record_is_named_by_its_field(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West", Country="Canada")
    desk.sales("a1", name="Contoso East", country="Germany")
    desk.act(sync)
    first, second = desk.act(parked_list).entries
    assert {first.field, second.field} == {"name", "country"}
    done = desk.act(resolve, first.id, Given(take="gp", field=second.field))
    assert done.decided[0].id == second.id


def test_a_number_alone_shows_the_decisions_and_takes_a_partner_that_stands(desk: Desk) -> None:
    entry = number_alone(desk)
    assert entry.code in ("number-alone", "candidates")
    commands = [one.command.removeprefix(f"gp365 parked resolve {entry.id} ") for one in entry.choices]
    assert commands == ["--link AARONFIT0001", "--create", "--ignore"]
    assert refusal(desk, entry.id, Given(link="NOBODY")).code == "record-unknown"
    assert refusal(desk, entry.id, Given(take="gp")).code == "resolution-invalid"
    done = desk.act(resolve, entry.id, Given(link="aaronfit0001"))
    partner = done.decided[0].partner
    assert partner is not None
    assert (partner.key, partner.name, partner.candidate) == ("AARONFIT0001", "Aaron Fitz", True)
    assert partner.linked_to
    assert stored(desk, entry.id) == {"link": "AARONFIT0001"}
    for given, decision in ((Given(create=True), "create"), (Given(ignore=True), "ignore")):
        desk.act(resolve, entry.id, given)
        assert desk.act(parked_show, entry.id).decision == decision
        assert stored(desk, entry.id) == {decision: True}
