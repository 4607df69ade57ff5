"""Looking: status, history, explain and parked tell what happened and why, also when a system is down."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk
from gp365.app.actions.explain import explain
from gp365.app.actions.history import history
from gp365.app.actions.parked import parked_list, parked_retry, parked_show
from gp365.app.actions.status import status
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    desk.act(sync)
    return desk


def conflict(desk: Desk) -> int:
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    return entry.id


def test_the_status_says_how_a_flow_stands(desk: Desk) -> None:
    (flow,) = desk.act(status).flows
    assert (flow.pair, flow.flow, flow.links, flow.parked) == ("main", "firms", 3, 0)
    assert flow.last_run is not None
    assert flow.last_run.actor == "ann@desk"
    assert [one.side for one in flow.cursors] == ["sales"]


def test_the_history_keeps_who_did_what(desk: Desk) -> None:
    desk.act(sync)
    told = desk.act(history, rows=True)
    assert [run.state for run in told.runs] == ["done", "done"]
    created = [row for row in told.rows if row.disposition == "created"]
    assert {row.actor for row in told.rows} == {"ann@desk"}
    assert {row.keys["gp"] for row in created} == {"AARONFIT0001", "LAKESIDE0001"}
    one = desk.act(history, run=told.runs[-1].run, rows=True)
    assert len(one.runs) == 1
    assert {row.run for row in one.rows} == {told.runs[-1].run}


def test_a_field_is_explained_from_either_side_with_its_reason(desk: Desk) -> None:
    for place in (
        ("gp", "customer", "CONTOSO0001"),
        ("gp", "customer", "contoso0001"),
        ("sales", "account", "a1"),
    ):
        (told,) = desk.act(explain, *place, "name").explanations
        assert told.made_by == "same number, name"
        (field,) = told.fields
        assert field.now == {"gp": "Contoso, Ltd.", "sales": "Contoso, Ltd."} == field.agreed
        (decision,) = field.decisions
        assert (decision.before, decision.after) == ("CONTOSO LTD", "Contoso, Ltd.")
        assert decision.why == "first contact: gp wins"
        assert decision.outcome == "done"


def test_an_explanation_names_what_waits_for_a_person(desk: Desk) -> None:
    number = conflict(desk)
    (told,) = desk.act(explain, "gp", "customer", "CONTOSO0001").explanations
    assert [one.id for one in told.parked] == [number]
    (name,) = [one for one in told.fields if one.field == "name"]
    assert name.now == {"gp": "Contoso West", "sales": "Contoso East"}
    assert name.agreed == {"gp": "Contoso, Ltd.", "sales": "Contoso, Ltd."}


def test_what_is_not_known_cannot_be_explained(desk: Desk) -> None:
    for place, code in (
        (("gp", "customer", "NOBODY"), "record-unknown"),
        (("nowhere", "customer", "X"), "system-unknown"),
        (("gp", "vendor", "X"), "entity-unknown"),
        (("gp", "customer", "CONTOSO0001", "colour"), "flow-field"),
    ):
        with pytest.raises(Misconfigured) as refused:
            desk.act(explain, *place)
        assert refused.value.code == code


def test_a_parked_entry_shows_both_values_and_what_to_do(desk: Desk) -> None:
    number = conflict(desk)
    entry = desk.act(parked_show, number)
    assert entry.values == {"gp": "Contoso West", "sales": "Contoso East"}
    assert (entry.kind, entry.code, entry.field) == ("parked", "conflict", "name")
    assert entry.fix
    assert desk.act(parked_list, code="rejected").total == 0
    with pytest.raises(Misconfigured) as refused:
        desk.act(parked_show, 99)
    assert refused.value.code == "parked-unknown"


def test_a_retry_queues_the_record_again(desk: Desk) -> None:
    number = conflict(desk)
    assert desk.act(parked_retry, ids=[number]).ids == [number]
    (flow,) = desk.act(status).flows
    assert flow.due == 1
    with pytest.raises(Misconfigured):
        desk.act(parked_retry, ids=[99])
    desk.sales("a1", name="Contoso West")
    assert desk.act(sync).exit_code == 0
    assert desk.act(parked_list).total == 0
