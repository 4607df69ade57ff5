"""Syncing a project: both systems come into step, and what is left says the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk, written
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "project")


def test_a_first_sync_brings_both_systems_into_step_and_a_second_writes_nothing(desk: Desk) -> None:
    first = desk.act(sync)
    assert first.exit_code == 0
    assert [run.balanced and run.clean for run in first.runs] == [True]
    assert desk.account_named("Aaron Fitz")["number"] == "AARONFIT0001"
    assert desk.account_named("Contoso, Ltd.")["number"] == "CONTOSO0001"
    assert desk.customers()["LAKESIDE0001"]["Contact"] == "Ann Bell"
    assert "Northwind" not in {row["Name"] for row in desk.customers().values()}
    second = desk.act(sync)
    assert written(second) == 0
    assert second.exit_code == 0
    assert not any(one.anything for one in second.left)


def test_a_record_that_waits_for_a_person_makes_the_exit_code_1(desk: Desk) -> None:
    desk.act(sync)
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    done = desk.act(sync)
    assert done.exit_code == 1
    assert done.left[0].parked == 1
    assert desk.customers()["CONTOSO0001"]["Name"] == "Contoso West"
    assert desk.accounts()["a1"]["name"] == "Contoso East"
    desk.gp("CONTOSO0001", Name="Contoso East")
    assert desk.act(sync).exit_code == 0


def test_the_figures_of_a_run_are_those_of_the_systems(desk: Desk) -> None:
    customers, accounts = len(desk.customers()), len(desk.accounts())
    (run,) = desk.act(sync).runs
    assert run.sides["gp"].created == len(desk.customers()) - customers == 1
    assert run.sides["sales"].created == len(desk.accounts()) - accounts == 1
    assert run.considered == run.created + run.updated + run.unchanged + run.filtered
    assert run.filtered == 1


def test_a_full_sync_reads_everything_and_writes_nothing_new(desk: Desk) -> None:
    desk.act(sync)
    done = desk.act(sync, full=True)
    assert done.runs[0].sides["sales"].read >= len(desk.accounts())
    assert written(done) == 0


def test_two_processes_do_not_work_in_one_folder(desk: Desk) -> None:
    with desk.open() as project, project.locked(), pytest.raises(Misconfigured) as refused:
        desk.act(sync)
    assert refused.value.code == "folder-locked"


def test_an_unknown_pair_or_flow_is_named_with_those_that_exist(desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="no pair nowhere") as refused:
        desk.act(sync, pair="nowhere")
    assert "main" in refused.value.fix
    with pytest.raises(Misconfigured) as refused:
        desk.act(sync, flow="invoices")
    assert refused.value.code == "flow-unknown"
