"""Batches of GP writes: equal rows under every manner of the service, costs as forecast, one refusal stops the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from gp_place import Place, place, readable, update_of

from gp365.model.errors import Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Value
from gp365_sim.gp.app import Manner
from gp365_sim.gp.profiles import ProfileName
from gp365_sim.gp.site import PatchMode

MADE_BY_CLOCK = {"DEX_ROW_TS", "DEX_ROW_ID", "NOTEINDX", "MODIFDT", "CREATDDT"}
NEW: dict[str, Value] = {"CustomerClass": "USA-ILMO-T1", "CreditLimitType": 0, "BillTo.City": "Chicago"}


def creates(count: int, **more: Value) -> list[Write]:
    return [
        Write(Op.CREATE, (f"BAT{n:05d}",), {**NEW, "CustomerName": f"Batch {n}", **more})
        for n in range(count)
    ]


def edits(gp: Place, keys: list[str], values: dict[str, Value]) -> list[Outcome]:
    records = gp.connector.get("customer", [(key,) for key in keys], readable(), fresh=True)
    return list(gp.connector.write("customer", [update_of(records[key,], values) for key in keys]))


def story(gp: Place) -> dict[str, list[dict[str, Any]]]:
    """Create, edit, add and take ship-tos, meet refusals; then every row, without what the clock made."""
    gp.connector.write("customer", creates(6))
    gp.connector.write("customer", [*creates(3), *creates(2, PaymentTermsID="NO SUCH")])
    keys = [f"BAT{n:05d}" for n in range(6)]
    edits(gp, keys[:4], {"ShipTo.City": "Gary", "ShipTo.Address1": "7 Depot"})
    edits(gp, keys[1:5], {"BillTo.City": "Evanston", "Hold": True, "CustomerName": "Renamed"})
    edits(gp, keys[:2], {"ShipTo.City": None, "ShipTo.Address1": None})
    edits(gp, ["AARONFIT0001", "#1"], {"ShipTo.City": "Joliet", "PaymentTermsID": "NET 10"})
    return {
        table: [
            {name: value for name, value in row.items() if name not in MADE_BY_CLOCK}
            for row in gp.system.world.rows(table)
        ]
        for table in ("RM00101", "RM00102")
    }


def test_the_same_work_leaves_equal_rows_under_every_profile_and_reading_of_patch(tmp_path: Path) -> None:
    profiles: list[ProfileName] = ["bare", "payload", "container"]
    modes: list[PatchMode] = ["replace", "merge"]
    ends: list[Any] = []
    for profile in profiles:
        for patch in modes:
            manner = Manner(profile=profile, patch=patch, padded=patch == "replace")
            with place(tmp_path / f"{profile}-{patch}", manner) as gp:
                ends.append(story(gp))
    assert all(end == ends[0] for end in ends)
    assert len(ends[0]["RM00101"]) == 34 + 6


def test_costs_are_as_forecast(tmp_path: Path) -> None:
    with place(tmp_path) as gp:
        before = gp.connector.tally().requests
        gp.connector.write("customer", creates(20))
        created = gp.connector.tally().requests - before
        forecast = gp.connector.estimate("customer", reads=0, creates=20, updates=0).requests
        assert abs(created - forecast) <= 0.2 * created
        keys = [f"BAT{n:05d}" for n in range(20)]
        before = gp.connector.tally().requests
        records = gp.connector.get("customer", [(key,) for key in keys], readable(), fresh=True)
        read = gp.connector.tally().requests - before
        assert read == gp.connector.estimate("customer", reads=20, creates=0, updates=0).requests
        gp.connector.write(
            "customer",
            [update_of(records[key,], {"Hold": True, "BillTo.Phone1": "31255501990000"}) for key in keys],
        )
        updated = gp.connector.tally().requests - before - read
        forecast = gp.connector.estimate("customer", reads=0, creates=0, updates=20).requests
        assert abs(updated - forecast) <= 0.2 * updated
        assert gp.connector.tally().write_requests == 40


def test_a_login_refused_in_the_middle_keeps_what_was_done_and_sends_no_more(tmp_path: Path) -> None:
    with place(tmp_path, lanes=1) as gp:
        gp.fault(do="401", method="POST", path="Customers", nth=4, times=0)
        outcomes = gp.connector.write("customer", creates(8))
        assert [outcome.status for outcome in outcomes] == [Status.DONE] * 3 + [Status.RETRY] * 5
        assert all(isinstance(outcome.error, Unauthorised) for outcome in outcomes[3:])
        assert gp.connector.tally().acknowledged == {("customer", "create"): 3}
        assert gp.row("RM00101", "BAT00003") is None


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_each_lane_logs_in_once(tmp_path: Path, lanes: int) -> None:
    with place(tmp_path, lanes=lanes) as gp:
        outcomes = gp.connector.write("customer", creates(30, **{"ShipTo.City": "Gary"}))
        assert {outcome.status for outcome in outcomes} == {Status.DONE}
        for _ in gp.connector.scan("customer", readable()):
            pass
        assert 1 <= gp.connector.handshakes <= lanes
        assert gp.system.gate.report()["completed"] == gp.connector.handshakes


def test_the_password_is_in_no_line_of_the_log(tmp_path: Path) -> None:
    from gp_place import CLERK

    from gp365.connectors.gp import GpConnector

    with place(tmp_path) as gp:
        lines: list[str] = []
        connector = GpConnector(gp.settings, scratch=gp.scratch, log=lambda line: lines.append(repr(line)))
        connector.write("customer", creates(2))
        connector.check()
        connector.close()
        assert len(lines) > 5
        assert not [
            line for line in lines if CLERK.password in line or "NTLM " in line or "Negotiate " in line
        ]


@pytest.mark.parametrize("lanes", [1, 2])
def test_lists_single_readings_and_writes_at_the_same_time_never_wait_for_each_other(
    tmp_path: Path, lanes: int
) -> None:
    with place(tmp_path, lanes=lanes) as gp, ThreadPoolExecutor(6) as threads:
        connector = gp.connector
        for turn in range(3):
            connector.begin_run()
            writes = [
                Write(Op.CREATE, (f"T{turn}N{n:04d}",), {**NEW, "CustomerName": "At once"}) for n in range(12)
            ]
            work = [
                threads.submit(lambda half=half: list(connector.write("customer", half)))
                for half in (writes[:6], writes[6:])
            ]
            work += [
                threads.submit(
                    lambda: list(
                        connector.get("customer", [("#1",), ("AARONFIT0001",)], readable(), fresh=True)
                    )
                ),
                threads.submit(
                    lambda: [record for page in connector.scan("customer", readable()) for record in page]
                ),
                threads.submit(
                    lambda: [record for page in connector.scan("payment_terms", []) for record in page]
                ),
            ]
            assert all(task.result(timeout=30) for task in work)
        connector.begin_run()
        assert sum(len(page) for page in connector.scan("customer", [])) == 34 + 36
