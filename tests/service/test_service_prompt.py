"""What somebody told the service of is worked at once, whatever round is under way, and waits where it must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, current_thread
from typing import Any

import pytest

from gp365.connectors.memory import MemoryConnector
from gp365.store import runs, work
from service.service_desk import SELDOM, Served, desk_with, served, until


class Slow:
    """A round that hangs while it reads customers, until it is let go."""

    def __init__(self) -> None:
        self.reached, self.go = Event(), Event()
        self._changes = MemoryConnector.changes

    def changes(self, connector: MemoryConnector, entity: str, *more: Any) -> Any:
        if entity == "customer" and not self.go.is_set() and current_thread().name != "prompt":
            self.reached.set()
            assert self.go.wait(60)
        return self._changes(connector, entity, *more)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow()
    made.go.set()
    monkeypatch.setattr(
        MemoryConnector, "changes", lambda self, entity, *more: made.changes(self, entity, *more)
    )
    yield made
    made.go.set()


def kinds(at: Served) -> list[str]:
    with at.project.store.read() as conn:
        return [one.kind for one in runs.list_runs(conn)]


def test_an_edit_that_was_told_goes_across_while_a_round_is_under_way(tmp_path: Path, slow: Slow) -> None:
    with served(desk_with(tmp_path, SELDOM)) as at:
        slow.go.clear()
        at.service.ask(full=True)
        assert slow.reached.wait(30)
        account = at.desk.account_named("Aaron Fitz")
        at.desk.gp("AARONFIT0001", Name="Aaron Fitz and Sons")
        at.hint("customer", "AARONFIT0001")
        until(lambda: "Aaron Fitz and Sons" in {row["name"] for row in at.desk.accounts().values()})
        assert not slow.go.is_set()
        slow.go.set()
        at.quiet()
        assert at.desk.account_named("Aaron Fitz and Sons")["name"] != account["name"]
        assert runs.HINT in kinds(at)
        with at.project.store.read() as conn:
            assert all(one.balanced for one in runs.list_runs(conn))
            assert not work.hinted(conn)


def test_a_new_account_that_was_told_is_a_customer_before_a_long_round_has_ended(
    tmp_path: Path, slow: Slow
) -> None:
    with served(desk_with(tmp_path, SELDOM)) as at:
        slow.go.clear()
        at.service.ask(full=True)
        assert slow.reached.wait(30)
        at.desk.gp("NEWCUST", Name="Brand New Ltd")
        at.hint("customer", "NEWCUST")
        until(lambda: "Brand New Ltd" in {row["name"] for row in at.desk.accounts().values()})
        assert not slow.go.is_set()
        slow.go.set()
        at.quiet()
        assert [row["name"] for row in at.desk.accounts().values()].count("Brand New Ltd") == 1


def test_what_was_told_before_a_flow_was_ever_synced_waits_for_its_first_sync(tmp_path: Path) -> None:
    with served(desk_with(tmp_path, SELDOM, first_sync="person")) as at:
        before = at.desk.accounts()
        at.hint("customer", "AARONFIT0001")
        until(lambda: at.service.standing().hints == 0)
        at.quiet()
        assert at.desk.accounts() == before
        with at.project.store.read() as conn:
            assert [number for _, _, number in work.hinted(conn)] == [1]


def test_what_was_told_in_a_quiet_window_is_written_when_it_ends(tmp_path: Path) -> None:
    with served(desk_with(tmp_path, SELDOM)) as at:
        at.desk.gp("AARONFIT0001", Name="Later")
        settings = at.desk.path / "gp365.toml"
        text = settings.read_text()
        settings.write_text(text + '\n[[service.quiet]]\nfrom = "00:00"\nto = "23:59"\n')
        until(lambda: at.service.standing().quiet_until is not None, 30)
        at.hint("customer", "AARONFIT0001")
        until(lambda: at.service.standing().hints == 0)
        assert "Later" not in {row["name"] for row in at.desk.accounts().values()}
        settings.write_text(text)
        until(lambda: "Later" in {row["name"] for row in at.desk.accounts().values()}, 30)
