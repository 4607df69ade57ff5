"""Records that are gone on one side: the other one is marked, stays linked, and is in use again when they are back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.connectors.memory import MemoryConnector
from gp365.model.errors import Misconfigured, Rejected
from gp365.model.flow import compile_flow
from gp365.model.flow_file import FlowFile
from sync.engine_world import FLOW, World, customer, written
from sync.events_world import codes, decide, ends, events_world, linked_firms, remove, with_events

NUMBER = "AARONFIT0001"


@pytest.fixture
def firms(tmp_path: Path) -> Iterator[World]:
    made = events_world(tmp_path, customer(renamable=False))
    # What is known by its key alone has no birth mark.
    made.gp = MemoryConnector("gp", dict(made.gp.system.entities), clock=made.clock, birth=lambda _: "")
    made.flow = with_events(gone="retire", inactive="hold", deactivated="inactivate")
    yield made
    made.store.close()


def hold_of(world: World, account: str) -> object:
    return dict(world.sales.rows("account")[(account,)])["hold"]


def settled(world: World) -> None:
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.clean, report
    assert world.chain_holds()


def test_the_record_that_is_left_is_marked_once_and_stays_linked(firms: World) -> None:
    (account,) = linked_firms(firms, NUMBER).values()
    remove(firms, NUMBER)
    report = firms.sync()
    assert report.balanced and report.dispositions["updated"] == 1 and not firms.parked()
    assert hold_of(firms, account) is True
    assert ends(firms) == {(NUMBER, account)} and not ends(firms, "closed")
    settled(firms)
    firms.sales_put(account, phone="77")
    settled(firms)
    assert ends(firms) == {(NUMBER, account)}


def test_what_is_back_under_its_key_is_in_use_again(firms: World) -> None:
    (account,) = linked_firms(firms, NUMBER).values()
    remove(firms, NUMBER)
    firms.sync()
    firms.gp_put(NUMBER, Name=f"Firm {NUMBER}", Zip="10000", Phone="9")
    assert hold_of(firms, account) is True
    report = firms.sync()
    assert report.balanced and not firms.parked()
    assert hold_of(firms, account) is not True and ends(firms) == {(NUMBER, account)}
    settled(firms)


def test_a_mark_that_is_refused_is_parked_and_tried_again(firms: World) -> None:
    (account,) = linked_firms(firms, NUMBER).values()
    firms.sales.faults.refuse("account", (account,), Rejected("rejected", "Locked."))
    remove(firms, NUMBER)
    assert firms.sync().dispositions["rejected"] == 1 and codes(firms) == ["rejected"]
    firms.sales.faults.accept("account", (account,))
    decide(firms, "rejected", retry=True)
    firms.sync()
    assert hold_of(firms, account) is True and not firms.parked()
    assert ends(firms) == {(NUMBER, account)}
    settled(firms)


def test_a_flow_that_retires_says_by_which_row() -> None:
    body = {**FLOW, "events": {"gone": "retire"}}
    with pytest.raises(Misconfigured, match="retire"):
        compile_flow(FlowFile.model_validate(body), ("gp", "sales"))
