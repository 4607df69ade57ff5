"""Records that a system takes from people alone are tasks, and linked when they stand; numbers that were chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gp365.model.flow import compile_flow
from gp365.model.flow_file import FlowFile
from sync.engine_world import FLOW, World, written
from sync.events_world import codes, entry, events_world

WORDS = "Enter it in the window of customers."
BY_HAND: dict[str, Any] = {
    **FLOW,
    "sides": {**FLOW["sides"], "gp": {**FLOW["sides"]["gp"], "by_hand": WORDS}},
}
GIVEN: dict[str, Any] = {
    **FLOW,
    "sides": {
        **FLOW["sides"],
        "gp": {**FLOW["sides"]["gp"], "number": {"scheme": "given", "account_number": "number"}},
    },
    "fields": {**FLOW["fields"], "number": {"gp": "Number", "sales": "number", "create_only": True}},
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = events_world(tmp_path)
    yield made
    made.store.close()


def test_a_record_that_nobody_but_a_person_can_make_is_a_task_and_linked_when_it_stands(world: World) -> None:
    world.flow = BY_HAND
    world.sales_put("a1", name="Beta Works", zip="10001", type=3)
    report = world.sync()
    assert written(report) == 0 and report.balanced and codes(world) == ["task"]
    assert entry(world, "task").message == WORDS
    world.sync()
    assert codes(world) == ["task"] and not world.customers()
    world.gp_put("BETA1", Name="Beta Works", Zip="10001")
    world.sync()
    assert not world.parked() and set(world.customers()) == {"BETA1"}
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.clean and world.chain_holds()


def test_words_for_a_person_change_no_digest_where_there_are_none() -> None:
    sides = {name: {**side, "by_hand": ""} for name, side in FLOW["sides"].items()}
    plain, said = (
        compile_flow(FlowFile.model_validate(body), ("gp", "sales")).digest
        for body in (FLOW, {**FLOW, "sides": sides})
    )
    assert plain == said
    assert compile_flow(FlowFile.model_validate(BY_HAND), ("gp", "sales")).digest != plain


def test_a_number_that_somebody_chose_is_taken_as_it_stands_or_not_at_all(world: World) -> None:
    world.flow = GIVEN
    world.sales_put("a1", name="Beta Works", zip="10001", type=3, number="beta-7")
    world.sync()
    assert set(world.customers()) == {"BETA-7"}
    world.sales_put("a2", name="Gamma Mills", zip="20002", type=3, number="BETA-7")
    report = world.sync()
    assert set(world.customers()) == {"BETA-7"} and report.balanced
    assert codes(world) in (["no-number"], ["number-alone"], ["candidates"])
