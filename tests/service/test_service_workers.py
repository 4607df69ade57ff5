"""Many workers on one PostgreSQL store: pairs are spread, nobody's death stops them, and commands go to whoever leads."""

from __future__ import annotations

import signal
import subprocess
import time
from itertools import count, pairwise
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from app.actions_desk import Desk
from app.app_folder import Folder
from gp365.app.actions.lease import Kept
from gp365.app.project import Project, open_project
from gp365.app.service.durable import schema_of
from gp365.model.errors import Retry
from gp365.store import runs
from gp365.store.engine import open_store
from service.crew_desk import LEASE_S, Crew, crew, stopped, until
from service.service_desk import SELDOM, command, desk_with


def overlaps(project: Project, pair: str) -> int:
    """Count the runs of a pair that began before the one before them had ended."""
    with project.store.read() as conn:
        found = sorted(runs.list_runs(conn, pair, limit=1000), key=lambda run: run.begun_at)
    rounds = [run for run in found if run.kind == "sync" and run.ended_at is not None]
    return sum(
        before.ended_at is not None and after.begun_at < before.ended_at for before, after in pairwise(rounds)
    )


def test_a_worker_on_a_sqlite_store_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, SELDOM)
    refused = command(desk, "worker", "--slot", "one", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (2, "one-process")
    assert "gp365 serve" in refused.json["error"]["fix"]


@pytest.mark.parametrize("slot", ["", "Prompt 1", "prompt", "command", "a/b"])
def test_a_slot_with_a_name_that_is_none_is_refused(
    tmp_path: Path, postgresql_server: str, slot: str
) -> None:
    with crew(tmp_path, postgresql_server) as made:
        refused = command(Desk(made.at), "worker", "--slot", slot, "--json")
        assert (refused.code, refused.json["error"]["code"]) == (2, "usage")


def test_a_pair_is_run_by_one_worker_at_a_time(tmp_path: Path, postgresql_server: str) -> None:
    with crew(tmp_path, postgresql_server) as made:
        store = open_store(made.url)
        with Kept(store, 60) as first, Kept(store, 60) as second:
            first.take_pair("one", "host a")
            with pytest.raises(Retry) as busy:
                second.take_pair("one", "host b")
            assert busy.value.code == "pair-busy"
            second.take_pair("two", "host b")
        store.close()


def test_two_workers_keep_three_pairs_in_step_and_a_slot_is_had_once(
    tmp_path: Path, postgresql_server: str
) -> None:
    with crew(tmp_path, postgresql_server, ("one", "two", "three")) as made:
        first, second = made.worker("a"), made.worker("b")
        made.at_work("a", "b")
        again, elsewhere = made.worker("a"), made.worker("b", made.folder("other"))
        for pair in made.pairs:
            until(lambda pair=pair: made.arrived(pair, "Aaron Fitz"))
            made.gp(pair, "AARONFIT0001", Name=f"Aaron {pair}")
        for pair in made.pairs:
            until(lambda pair=pair: made.arrived(pair, f"Aaron {pair}"))
        for refused in (again, elsewhere):
            _, err = refused.communicate(timeout=60)
            assert refused.returncode == 2
            assert "slot-taken" in err
        assert stopped(first)[0] == stopped(second)[0] == 0
        assert made.held("") == []
        with open_project(made.path) as project:
            assert [overlaps(project, pair) for pair in made.pairs] == [0, 0, 0]


def test_what_a_killed_worker_had_under_way_is_done_by_another_and_its_slot_is_free_at_once(
    tmp_path: Path, postgresql_server: str
) -> None:
    with crew(tmp_path, postgresql_server, ("one", "two")) as made:
        made.worker("b")
        made.at_work("b")
        reached = tmp_path / "reached"
        held = made.worker("a", GP365_HOLD_AT=f"claimed:{reached}")
        numbers = count()

        def reached_by_then() -> bool:
            for pair in made.pairs:
                made.gp(pair, "AARONFIT0001", Name=f"Aaron {next(numbers)}")
            return reached.exists()

        until(reached_by_then)
        held.kill()
        killed = time.monotonic()
        for pair in made.pairs:
            made.gp(pair, "AARONFIT0001", Name=f"Aaron {pair}")
        for pair in made.pairs:
            until(lambda pair=pair: made.arrived(pair, f"Aaron {pair}"))
        assert time.monotonic() - killed < 30
        assert [made.names(pair) for pair in made.pairs] == [["Aaron one"], ["Aaron two"]]
        held.communicate()
        back = made.worker("a")
        made.at_work("a", "b")
        assert stopped(back)[0] == 0


def test_when_the_leader_is_killed_after_a_write_another_one_leads_and_writes_nothing_twice(
    tmp_path: Path, postgresql_server: str
) -> None:
    with crew(tmp_path, postgresql_server) as made:
        reached = tmp_path / "reached"
        leader = made.worker("a", GP365_HOLD_AT=f"sent:{reached}")
        until(reached.exists)
        other = made.worker("b", made.folder("other"))
        until(lambda: "worker/b" in made.held("worker/"))
        leader.kill()
        assert until(lambda: str(made.path.parent / "other") in made.leader()) < 15 + LEASE_S
        made.gp("one", "NEWFIRM0001", Name="New Firm", Country="USA", Class="USA-MEDIUM")
        until(lambda: made.arrived("one", "New Firm"))
        assert made.names("one") == ["Aaron Fitz", "New Firm"]
        assert stopped(other)[0] == 0


def test_a_worker_that_is_told_to_end_gives_everything_back_and_another_goes_on_in_seconds(
    tmp_path: Path, postgresql_server: str
) -> None:
    with crew(tmp_path, postgresql_server) as made:
        first = made.worker("a")
        made.at_work("a")
        second = made.worker("b", made.folder("other"))
        made.at_work("a", "b")
        assert stopped(first)[0] == 0
        made.gp("one", "AARONFIT0001", Name="Aaron Fitz Electric")
        assert until(lambda: made.arrived("one", "Aaron Fitz Electric")) < 15
        assert stopped(second)[0] == 0


def drop_queue(made: Crew) -> None:
    with open_project(made.path) as project:
        schema = schema_of(project)
    url = make_url(made.url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as conn:
        conn.execute(f"DROP SCHEMA {schema} CASCADE")


def test_the_queue_may_be_deleted_while_workers_run_and_nothing_is_lost_or_doubled(
    tmp_path: Path, postgresql_server: str
) -> None:
    with crew(tmp_path, postgresql_server, ("one", "two")) as made:
        workers = [made.worker("a"), made.worker("b")]
        made.at_work("a", "b")
        for turn in (1, 2):
            drop_queue(made)
            for pair in made.pairs:
                made.gp(pair, "AARONFIT0001", Name=f"Aaron {pair} {turn}")
            for pair in made.pairs:
                until(lambda pair=pair, turn=turn: made.arrived(pair, f"Aaron {pair} {turn}"))
        assert [len(made.names(pair)) for pair in made.pairs] == [1, 1]
        assert [stopped(one)[0] for one in workers] == [0, 0]


def test_a_command_given_in_another_folder_is_done_by_the_one_that_leads(
    tmp_path: Path, postgresql_server: str
) -> None:
    seldom = "poll = {shortest_s = 3600.0, longest_s = 3600.0}"
    with crew(tmp_path, postgresql_server, service=seldom) as made:
        worker = made.worker("a")
        until(lambda: made.arrived("one", "Aaron Fitz"))
        other = made.folder("other")
        made.gp("one", "AARONFIT0001", Name="Aaron Fitz Electric")
        done = command(Desk(Folder(other)), "sync", "--json")
        assert (done.code, done.json["runs"][0]["updated"]) == (0, 1)
        assert made.arrived("one", "Aaron Fitz Electric")
        assert stopped(worker)[0] == 0
        made.gp("one", "AARONFIT0001", Name="Aaron Fitz & Sons")
        assert command(Desk(Folder(other)), "sync", "--json").code == 0
        assert made.arrived("one", "Aaron Fitz & Sons")


def test_a_service_on_a_postgresql_store_is_a_worker_that_ends_when_all_is_quiet(
    tmp_path: Path, postgresql_server: str
) -> None:
    seldom = "poll = {shortest_s = 3600.0, longest_s = 3600.0}"
    with crew(tmp_path, postgresql_server, service=seldom) as made:
        given = ["-C", str(made.path), "serve", "--once-quiet", "--json"]
        done = subprocess.run(made.command(*given), capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        assert '"slot": "serve"' in done.stdout
        assert made.arrived("one", "Aaron Fitz")


@pytest.mark.proof
def test_a_worker_that_was_stopped_for_a_while_finds_another_one_leading_and_works_under_it(
    tmp_path: Path, postgresql_server: str
) -> None:
    with crew(tmp_path, postgresql_server) as made:
        first = made.worker("a")
        until(lambda: made.arrived("one", "Aaron Fitz"))
        second = made.worker("b", made.folder("other"))
        made.at_work("a", "b")
        first.send_signal(signal.SIGSTOP)
        made.gp("one", "AARONFIT0001", Name="Aaron Fitz Electric")
        until(lambda: made.arrived("one", "Aaron Fitz Electric"))
        assert "other" in made.leader()
        first.send_signal(signal.SIGCONT)
        made.at_work("a", "b")
        made.gp("one", "NEWFIRM0001", Name="New Firm", Country="USA", Class="USA-MEDIUM")
        until(lambda: made.arrived("one", "New Firm"))
        assert made.names("one") == ["Aaron Fitz Electric", "New Firm"]
        assert stopped(second)[0] == 0
        made.gp("one", "NEWFIRM0001", Name="New Firm, Inc.")
        until(lambda: made.arrived("one", "New Firm, Inc."))
        assert stopped(first)[0] == 0
