"""The control door by itself: what its JSON looks like, how much it can carry, and who may use it."""

import asyncio
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from starlette.responses import Response

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import control_routes
from gp365_sim.core.faults import Fault, Faults
from gp365_sim.core.recorder import Recorder, note_rows
from gp365_sim.core.wrap import instrument


class Ledger:
    """A world of one read-only table with as many rows as asked."""

    def __init__(self, count):
        self.count = count

    def rows(self, table):
        return ({"id": n, "amount": Decimal("0.10000")} for n in range(self.count))

    def row(self, table, key):
        return {
            "amount": Decimal("1E+3"),
            "day": date(2026, 10, 31),
            "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        }


def made(world=None, app=None, **options):
    recorder, faults, clock = Recorder(), Faults(), Clock()
    control = control_routes(world or Ledger(3), recorder, faults, clock)
    wrapped = instrument(
        app or Response("ok"),
        recorder=recorder,
        faults=faults,
        control=control,
        clock=clock,
        refusal=lambda do, fault: Response(status_code=int(do)),
    )
    return wrapped, recorder, faults


def asked(app, path, client="127.0.0.1"):
    """Call the app without a socket, as from the client's address; returns status and body."""
    sent = []

    async def send(message):
        sent.append(message)

    bodies = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return bodies.pop() if bodies else await asyncio.Event().wait()

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
        "client": (client, 5000) if client else None,
        "http_version": "1.1",
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_decimals_are_text_and_dates_are_iso():
    app, _, _ = made()
    assert json.loads(asked(app, "/_sim/rows/any/1")[1]) == {
        "rows": [{"amount": "1000", "day": "2026-10-31", "at": "2026-01-02T03:04:05+00:00"}]
    }


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 100_000])
def test_any_number_of_rows_comes_whole(count):
    app, _, _ = made(Ledger(count))
    status, text = asked(app, "/_sim/rows/any")
    rows = json.loads(text)["rows"]
    assert (status, len(rows)) == (200, count)
    assert [row["id"] for row in rows] == list(range(count))


@pytest.mark.parametrize(
    ("client", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.7", 403), ("host", 403)]
)
def test_the_control_door_is_open_to_this_machine_only(client, status):
    app, _, _ = made()
    assert asked(app, "/_sim/requests", client)[0] == status


def test_a_request_is_recorded_although_the_app_broke():
    async def broken(scope, receive, send):
        note_rows(scope, 2)
        raise RuntimeError("no")

    app, recorder, _ = made(app=broken)
    with pytest.raises(RuntimeError):
        asked(app, "/x")
    assert [(each["path"], each["status"], each["rows"]) for each in recorder.after(0)] == [("/x", 0, 2)]


def test_the_first_of_two_faults_that_fire_is_done_and_both_count_the_request():
    faults = Faults()
    faults.add([Fault(do="429"), Fault(do="503", nth=2)])
    assert [fault and fault.do for fault in (faults.meet("GET", "/a", "") for _ in range(3))] == [
        "429",
        "503",
        None,
    ]
    assert [(each["seen"], each["fired"]) for each in faults.listed()] == [(3, 1), (3, 1)]


def test_the_recorder_keeps_the_latest_and_goes_on_numbering_after_clearing():
    recorder = Recorder(keep=3)
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def add():
        recorder.add(at=now, method="GET", path="/", query="", status=200, rows=0, size_bytes=0)

    for _ in range(5):
        add()
    assert [each["n"] for each in recorder.after(0)] == [3, 4, 5]
    assert [each["n"] for each in recorder.after(4)] == [5]
    recorder.clear()
    add()
    assert [each["n"] for each in recorder.after(0)] == [6]
