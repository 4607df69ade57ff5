"""DBOS Transact in this process: begun, looked after and ended. It keeps the calendar, and the queue of a crew's rounds.

Its database may be deleted at any time: what is to be done stands in the work table, what was done in the ledger.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from time import sleep
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gp365 import __version__
from gp365.app.project import Project
from gp365.app.settings_service import ScheduleSettings
from gp365.model.errors import Misconfigured, Retry
from gp365.store.asks import Ask

if TYPE_CHECKING:
    from dbos import DBOSConfig

FILE = "dbos.db"
SCHEMA = "gp365_dbos"
NAME = "gp365"
QUEUE = "gp365_rounds"
ROUND = "gp365_round"
POLL_S = 0.5
_FIRST = (3, 42)
"""The first SQLite with unixepoch('subsec') (sqlite.org/releaselog/3_42_0.html), which DBOS needs from Python 3.12 on."""
_UNFINISHED = ("ENQUEUED", "PENDING", "DELAYED")
_FINISHED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_MOST = 1000
_TURN_S = 0.2
Asking = Callable[[Ask], None]
Run = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(slots=True)
class _Calls:
    """What DBOS calls in this process: it knows functions of modules only."""

    ask: Asking | None = None
    run: Run | None = None


_CALLS = _Calls()


@dataclass(frozen=True, slots=True)
class Seen:
    """A round in the queue: its state in the words of DBOS, who has taken it, and what it brought."""

    state: str
    executor: str
    brought: Mapping[str, Any] | None

    @property
    def waits(self) -> bool:
        """Tell whether nobody has taken it."""
        return self.state in ("ENQUEUED", "DELAYED")


def refuse_bad_sqlite(python: tuple[int, ...], sqlite: tuple[int, ...]) -> None:
    """Raise Misconfigured("sqlite-old") for a Python and a SQLite on which DBOS stores empty times."""
    if python >= (3, 12) and sqlite < _FIRST:
        has = ".".join(str(part) for part in sqlite)
        raise Misconfigured(
            "sqlite-old",
            f"This Python brings SQLite {has}; with Python 3.12 or newer, schedules need SQLite 3.42 or newer.",
            fix="Use a Python with a newer SQLite, Python 3.11, or a PostgreSQL store.",
        )


def fire(at: datetime, context: Any) -> None:
    """Ask the service for what a schedule names; a workflow of DBOS, which is done again if nobody saw its end."""
    asked: Mapping[str, Any] = context
    if _CALLS.ask is not None:
        name = f"{asked['name']} {at}"
        _CALLS.ask(Ask(name, str(asked["pair"]), str(asked["flow"]), bool(asked["full"])))


def take_round(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run a round that the leader has put into the queue; a workflow of DBOS."""
    return {"refused": "ending"} if _CALLS.run is None else _CALLS.run(given)


class Durable:
    """DBOS of a project while this process uses it. Any thread may call; without `run` no round is taken.

    `executor` names this process for DBOS, a name of its own for each start: what DBOS would resume by itself after a crash
    would be resumed blindly. What fails for want of DBOS's own database is Retry("store-failed"), and `sound` tells so.
    """

    def __init__(self, project: Project, executor: str, run: Run | None = None) -> None:
        self._project, self._executor, self._run = project, executor, run
        self._guard = RLock()
        self.begun = False

    def begin(self) -> None:
        """Begin, making DBOS's tables where they are missing."""
        from dbos import DBOS

        with self._guard, _one_at_a_time(self._project):
            DBOS(config=_config(self._project, self._executor))
            DBOS.workflow(name="gp365_schedule")(fire)
            DBOS.workflow(name=ROUND)(take_round)
            DBOS.listen_queues([] if self._run is None else [QUEUE])
            _CALLS.run = self._run
            try:
                DBOS.launch()
                if self._run is not None:
                    DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=POLL_S)
            except BaseException:
                DBOS.destroy(destroy_registry=True)
                raise
            self.begun = True

    def close(self) -> None:
        """End; what is under way in a thread of DBOS goes on to its end."""
        from dbos import DBOS

        with self._guard:
            if self.begun:
                _CALLS.run = None
                self.begun = False
                DBOS.destroy(destroy_registry=True)

    def again(self, executor: str = "") -> None:
        """Begin anew, with `executor` under another name: its database was deleted, or its name is lost."""
        with self._guard:
            self._executor = executor or self._executor
            self.close()
            self.begin()

    def sound(self) -> bool:
        """Tell whether its database is there: somebody may have deleted it."""
        from dbos import DBOS

        with suppress(Retry), self._answered():
            return DBOS.retrieve_queue(QUEUE) is not None
        return False

    def put(self, name: str, pair: str, given: Mapping[str, Any]) -> None:
        """Put a round into the queue; of one pair one at a time."""
        from dbos import DBOS

        with self._answered():
            DBOS.enqueue_workflow_with_options(
                {
                    "workflow_name": ROUND,
                    "queue_name": QUEUE,
                    "workflow_id": name,
                    "app_version": __version__,
                    "deduplication_id": pair,
                },
                dict(given),
            )

    def look(self, names: Sequence[str]) -> Mapping[str, Seen]:
        """Say how rounds stand; one that DBOS does not know any more is missing."""
        from dbos import DBOS

        with self._answered():
            found = DBOS.list_workflows(workflow_ids=list(names), load_input=False)
        return {one.workflow_id: Seen(one.status, one.executor_id or "", one.output) for one in found}

    def unfinished(self) -> list[str]:
        """Name the rounds that nobody has finished."""
        return self._named(_UNFINISHED)

    def finished(self) -> list[str]:
        """Name the rounds that came to an end of any kind and are kept still."""
        return self._named(_FINISHED)

    def cancel(self, names: Iterable[str]) -> None:
        """Cancel rounds: who runs one finds that out at its next page."""
        from dbos import DBOS

        if given := list(names):
            with self._answered():
                DBOS.cancel_workflows(given)

    def forget(self, names: Iterable[str]) -> None:
        """Delete what DBOS keeps of rounds."""
        from dbos import DBOS

        if given := list(names):
            with self._answered():
                DBOS.delete_workflows(given)

    def _named(self, states: Sequence[str]) -> list[str]:
        from dbos import DBOS

        with self._answered():
            found = DBOS.list_workflows(
                queue_name=QUEUE, status=list(states), limit=_MOST, load_input=False, load_output=False
            )
        return [one.workflow_id for one in found]

    def schedule(self, rules: Mapping[str, ScheduleSettings], zone: str) -> None:
        """Make the schedules these and no others."""
        from dbos import DBOS

        with self._answered():
            for one in DBOS.list_schedules():
                if one["schedule_name"] not in rules:
                    DBOS.delete_schedule(one["schedule_name"])
            DBOS.apply_schedules(
                [
                    {
                        "schedule_name": name,
                        "workflow_fn": fire,
                        "schedule": one.cron,
                        "context": {"pair": one.pair, "flow": one.flow, "full": one.full, "name": name},
                        "automatic_backfill": True,
                        "cron_timezone": zone,
                    }
                    for name, one in rules.items()
                ]
            )

    def fire(self, name: str) -> None:
        """Have a schedule fire now, and wait until it has."""
        from dbos import DBOS

        with self._answered():
            fired = DBOS.trigger_schedule(name)
        fired.get_result()

    def note(self, name: str, counts: Mapping[str, Any]) -> bool:
        """In a round: keep how far it is, as a step; False once it was cancelled."""
        from dbos import DBOS, error

        try:
            DBOS.run_step({"name": name}, lambda: dict(counts))
        except error.DBOSWorkflowCancelledError:
            return False
        except Exception:  # noqa: BLE001  a note that cannot be kept must not stop the round that it is about
            return True
        return True

    @contextmanager
    def _answered(self) -> Generator[None]:
        """Turn whatever DBOS and its database raise into one error."""
        from dbos import error as of_dbos

        with self._guard:
            if not self.begun:
                raise Retry("store-failed", "DBOS is not at work in this process.")
            try:
                yield
            except (of_dbos.DBOSException, SQLAlchemyError) as error:
                raise Retry("store-failed", f"DBOS does not answer: {type(error).__name__}.") from None


def ask_with(ask: Asking | None) -> None:
    """Say whom schedules ask in this process."""
    _CALLS.ask = ask


@contextmanager
def _one_at_a_time(project: Project) -> Generator[None]:
    """Let the workers of a PostgreSQL store begin one after the other: two would make the same tables.

    The lock is the session's, and nobody waits for it inside the database: DBOS makes indexes CONCURRENTLY, which wait for
    every open transaction, that of a waiting statement too.
    """
    if project.store.dialect == "sqlite":
        yield
        return
    with project.store.engine.connect() as made:
        conn = made.execution_options(isolation_level="AUTOCOMMIT")
        named = {"name": schema_of(project)}
        while not conn.execute(text("SELECT pg_try_advisory_lock(hashtext(:name))"), named).scalar_one():
            sleep(_TURN_S)
        try:
            yield
        finally:
            conn.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), named)


def schema_of(project: Project) -> str:
    """Name the schema of DBOS beside a PostgreSQL store: several projects may share a database."""
    return f"{SCHEMA}_{project.store.id[:8]}"


def _config(project: Project, executor: str) -> DBOSConfig:
    config: DBOSConfig = {
        "name": NAME,
        "application_version": __version__,  # else the work of another version of our code is never taken up
        "executor_id": executor,
        "log_level": "CRITICAL",
        "console_log_level": "CRITICAL",
        "max_executor_threads": 4,
        "serializer": _plain(),
    }
    if project.store.dialect == "sqlite":
        refuse_bad_sqlite(sys.version_info[:3], sqlite3.sqlite_version_info)
        file = project.own / FILE
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file)) as conn:
            conn.execute("PRAGMA journal_mode=WAL")
        return config | {"system_database_url": f"sqlite:///{file.as_posix()}"}
    url = project.store.engine.url.render_as_string(hide_password=False)
    return config | {
        "system_database_url": url,
        "dbos_system_schema": schema_of(project),
        "use_listen_notify": False,
        "sys_db_pool_size": 4,
        "sys_db_idle_transaction_timeout_sec": 10.0,
    }


def _plain() -> Any:
    """Make a serializer of JSON: what DBOS usually keeps (pickles) can run code when it is read."""
    from dbos import Serializer

    class Plain(Serializer):
        def serialize(self, data: Any) -> str:
            return orjson.dumps(data, default=_named).decode()

        def deserialize(self, serialized_data: str) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            return orjson.loads(serialized_data)

        def name(self) -> str:
            return "gp365_json"

    return Plain()


def _named(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return {"error": type(value).__name__}
