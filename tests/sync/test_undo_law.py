"""The law of undo, over whatever people type: every field that the last run changed goes back, or is refused with a
reason, and the next sync writes nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from laws.histories import History, act, begin, histories
from laws.laws_world import (
    FLOW,
    account,
    card,
    fresh_systems,
    lookups,
    rows_of,
    unhurried,
)
from sync.engine_world import World, written
from sync.undo_world import Undone, undo, undo_world

LAW = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
OUR_MARK = "Mark"  # our reference in a GP record says whose partner it is; nothing takes it back
Image = dict[tuple[str, str], dict[str, Any]]


def law_world(folder: Path) -> World:
    world = undo_world(folder, gp_of(), sales_of())
    unhurried(world)
    world.flow, world.lookups = FLOW, lookups()
    return world


def gp_of() -> Any:
    return replace(card(), retired={"Hold": True})


def sales_of() -> Any:
    return replace(account(), retired={"hold": True})


def image(world: World) -> Image:
    return {(side, key): row for side in ("gp", "sales") for key, row in rows_of(world, side).items()}


def judge(before: Image, after: Image, now: Image, told: Undone, moment: str) -> None:
    """Every value that the run changed is back, or its field or record was refused with a reason."""
    whole, fields = refusals(told)
    for place, row in after.items():
        if place not in before:
            retired = now[place]["Hold" if place[0] == "gp" else "hold"] is True
            assert retired or place in whole, (moment, place, told.refused)
            continue
        for wire, value in row.items():
            if value != before[place].get(wire) and place not in whole and wire != OUR_MARK:
                back = now[place].get(wire) == before[place].get(wire)
                assert back or (place, wire) in fields, (moment, place, wire, before[place], row, now[place])


def refusals(told: Undone) -> tuple[set[tuple[str, str]], set[tuple[tuple[str, str], str]]]:
    whole: set[tuple[str, str]] = set()
    fields: set[tuple[tuple[str, str], str]] = set()
    for one in told.subjects:
        keys = {(side, key[0]) for side, key in one.subject.keys.items()}
        if one.plan.problem is not None or one.subject.problem is not None:
            whole |= keys
        for plan in one.plan.fields:
            if plan.code:
                assert plan.message
                wires = [
                    w for row in FLOW_ROWS if row == plan.name for w in FLOW_ROWS[row].get(plan.target, ())
                ]
                fields |= {(place, wire) for place in keys for wire in wires if place[0] == plan.target}
    return whole, fields


def _rows() -> dict[str, dict[str, tuple[str, ...]]]:
    from gp365.model.flow import compile_flow
    from gp365.model.flow_file import FlowFile

    compiled = compile_flow(FlowFile.model_validate(FLOW), ("gp", "sales"))
    return {row.name: dict(row.wires) for row in compiled.rows}


FLOW_ROWS = _rows()


def play(world: World, history: History, pair: str) -> None:
    begin(world, history)
    token = 16
    for edits in [[], *history.rounds]:
        for one in edits:
            token += 1
            act(world, one, token)
        before = image(world)
        report = world.sync(pair=pair)
        after = image(world)
        if not report.clean:
            continue
        told = undo(world, report.run, pair=pair)
        judge(before, after, image(world), told, "undo")
        again = world.sync(pair=pair)
        assert written(again) == 0 and again.balanced, (told.refused, again)
        if told.reports:
            back = undo(world, told.run, pair=pair)
            restored = image(world)
            for place, row in after.items():
                assert restored[place] == row or back.refused, (place, row, restored[place])
            again = world.sync(pair=pair)
            assert written(again) == 0 and again.balanced, (back.refused, again)


def check(folder: Path, how: settings, rounds: int, per_round: int) -> None:
    world = law_world(folder)
    pairs = (f"p{number}" for number in count())

    @how
    @given(history=histories(rounds, per_round))
    def law(history: History) -> None:
        fresh_systems(world, gp_of(), sales_of())
        play(world, history, next(pairs))

    try:
        law()
        assert world.chain_holds()
    finally:
        world.store.close()


def test_what_the_last_run_changed_goes_back_or_is_refused_and_the_next_sync_writes_nothing(
    tmp_path: Path,
) -> None:
    check(tmp_path, LAW, 2, 6)


@pytest.mark.proof
def test_long_histories_keep_the_law_of_undo_too(tmp_path: Path) -> None:
    check(tmp_path, settings(LAW, max_examples=600, derandomize=False), 6, 12)
