"""Commands beside the service keep only their own pair from being run; what a round brought travels as plain data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.actions_desk import Desk
from app.app_folder import SETTINGS
from gp365.app.actions.opening import Failed
from gp365.app.actions.running import Ran
from gp365.app.service import acting
from gp365.app.service.commands import pair_named
from gp365.app.service.rounds import RoundDone
from gp365.app.service.told import done_of, told_of
from gp365.connectors.memory import MemoryConnector
from gp365.model.errors import Misconfigured, Retry, Unauthorised
from gp365.store import actions
from gp365.sync.equation import Report, SideReport
from gp365.sync.guards.limits import Guarded
from gp365.sync.verify import Verified
from service.service_desk import FAST, desk_with, served, until

SECOND = """
[systems.gp2]
kind = "memory"
path = "gp2.db"
entities = "gp.json"
interid = "TWO"
time_zone = "America/Chicago"
functional_currency = "USD"

[systems.sales2]
kind = "memory"
path = "sales2.db"
entities = "sales.json"

[pairs.other]
gp = "gp2"
sales = "sales2"
flows = ["firms"]
"""
WAITING = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists():\n    time.sleep(0.05)\nprint('{}')"


def system(desk: Desk, side: str) -> MemoryConnector:
    from gp365.connectors.memory.descriptions import from_json

    described = from_json(json.loads((desk.path / f"{side.rstrip('2')}.json").read_text("utf-8")))
    return MemoryConnector.open(desk.path / f"{side}.db", side, described)


def edit(desk: Desk, side: str, number: str, name: str) -> None:
    made = system(desk, side)
    made.person_put("customer", (number,), {"Name": name, "Country": "USA", "Class": "USA-MEDIUM"})
    made.close()


def arrived(desk: Desk, side: str, name: str) -> bool:
    made = system(desk, side)
    found = any(row["name"] == name for row in made.rows("account").values())
    made.close()
    return found


def test_a_long_command_of_one_pair_stops_the_polls_of_that_pair_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with(tmp_path, FAST)
    text = (tmp_path / "gp365.toml").read_text("utf-8")
    desk.folder.write("gp365.toml", text.replace(SETTINGS, SETTINGS + SECOND))
    over = tmp_path / "over"

    def begin(folder: Path, action: actions.Action) -> subprocess.Popen[str]:
        del folder, action
        return subprocess.Popen(
            [sys.executable, "-c", WAITING, str(over)],
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    monkeypatch.setattr(acting, "_begin", begin)
    with served(desk) as at:
        with at.project.store.write() as conn:
            given = actions.put(
                conn, "sync", ["sync", "--pair", "main"], folder=str(tmp_path), actor="ann@desk"
            )
        at.service.wake()

        def state() -> str:
            with at.project.store.read() as conn:
                found = actions.get(conn, given)
            assert found is not None
            return found.state

        until(lambda: state() == "running")
        desk.gp("AARONFIT0001", Name="Of the first")
        edit(desk, "gp2", "OTHER0001", "Of the second")
        until(lambda: arrived(desk, "sales2", "Of the second"))
        edit(desk, "gp2", "OTHER0001", "Once more")
        until(lambda: arrived(desk, "sales2", "Once more"))
        assert (state(), arrived(desk, "sales", "Of the first")) == ("running", False)
        over.touch()
        until(lambda: state() == "done")
        until(lambda: arrived(desk, "sales", "Of the first"))
        assert at.service.failure is None


@pytest.mark.parametrize(
    ("words", "pair"),
    [
        (["sync"], ""),
        (["sync", "firms", "--pair", "main"], "main"),
        (["--pair=main", "undo", "r1", "--apply"], "main"),
        (["apply", "plans/--pair"], ""),
    ],
)
def test_a_command_concerns_the_pair_that_it_names_or_all(words: list[str], pair: str) -> None:
    assert pair_named(words) == pair


def report(stopped: Retry | None = None) -> Report:
    return Report(
        run="r1",
        flow="firms",
        pair="main",
        considered=3,
        dispositions={"created": 1, "updated": 2},
        fields={"parked": 0, "held": 0, "overruled": 1},
        sides={"gp": SideReport(3, 0, 0, 0), "sales": SideReport(2, 1, 2, 4)},
        requests={"gp": 2},
        write_requests={"sales": 1},
        seconds=0.5,
        balanced=True,
        clean=stopped is None,
        mismatches=("one",),
        stopped=stopped,
        guards=(Guarded("firms", "sales", "creates", 9, 1, 5, 0.1, 9),),
        events={"renamed": 1},
        verified=Verified(sampled=1, agreed=1),
    )


def test_what_a_round_brought_comes_whole_out_of_json_and_no_exception_travels() -> None:
    down = Retry("unreachable", "GP does not answer.", after_s=7.0, system="gp")
    refused = Unauthorised("login-refused", "No.", system="sales")
    wrong = Misconfigured("flow-invalid", "A row is wrong.", field="name", fix="Mend it.")
    done = RoundDone(
        "main",
        Ran([(report(), 1), (report(down), 2)]),
        (Failed("main", "cards", wrong),),
        {"gp": down, "sales": refused},
        frozenset({"sales"}),
        {"cards": wrong},
        frozenset({"firms"}),
    )
    back = done_of(json.loads(json.dumps(told_of(done))))
    (first, turn), (second, _) = back.ran.reports
    assert (first, turn) == (report(), 1)
    assert (type(second.stopped), second.stopped and second.stopped.as_dict()) == (Retry, down.as_dict())
    assert isinstance(back.faults["gp"], Retry) and back.faults["gp"].after_s == 7.0
    assert isinstance(back.faults["sales"], Unauthorised)
    assert back.failed[0].error.as_dict() == wrong.as_dict() == back.stopped["cards"].as_dict()
    assert (back.answered, back.changed, back.worked) == (frozenset({"sales"}), frozenset({"firms"}), True)
