"""Who is who is decided by a person, and the next sync does exactly that."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk, written
from gp365.app.actions.explain import explain
from gp365.app.actions.history import history
from gp365.app.actions.look_outputs import ParkedOut
from gp365.app.actions.parked import parked_list, parked_retry
from gp365.app.actions.resolve import Given, resolve
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A customer and an account that share a number and nothing else, never linked."""
    desk = make_desk(tmp_path / "project")
    desk.gp("HARBOR0001", Name="Harbor Supplies", Country="USA")
    desk.sales("h1", name="Hafen Handel", number="HARBOR0001", country="Germany", kind=3)
    desk.act(sync)
    return desk


def of(desk: Desk, side: str) -> ParkedOut:
    """Give the entry on the record that stands on a side alone."""
    (entry,) = [one for one in desk.act(parked_list).entries if list(one.keys) == [side]]
    return entry


def quiet(desk: Desk) -> None:
    assert desk.act(parked_list).total == 0
    assert written(desk.act(sync)) == 0
    assert desk.act(parked_list).total == 0


def test_two_records_become_one_by_a_persons_word(desk: Desk) -> None:
    entry = of(desk, "sales")
    done = desk.act(resolve, entry.id, Given(link="HARBOR0001"), now=True)
    assert done.exit_code == 0
    assert desk.accounts()["h1"]["name"] == "Harbor Supplies"
    (told,) = desk.act(explain, "sales", "account", "h1").explanations
    assert told.made_by == "linked by ann@desk"
    quiet(desk)


def test_two_records_stay_two_by_a_persons_word(desk: Desk) -> None:
    for side in ("gp", "sales"):
        desk.act(resolve, of(desk, side).id, Given(create=True))
    desk.act(sync)
    assert desk.account_named("Harbor Supplies")
    names = [row["Name"] for row in desk.customers().values()]
    assert names.count("Hafen Handel") == 1
    quiet(desk)


def test_a_record_is_left_alone_for_good(desk: Desk) -> None:
    before = desk.customers()
    for side in ("gp", "sales"):
        desk.act(resolve, of(desk, side).id, Given(ignore=True))
    run = desk.act(sync).runs[0]
    assert (run.filtered >= 2, run.created) == (True, 0)
    desk.sales("h1", name="Hafen Handel GmbH")
    desk.act(sync)
    assert desk.customers() == before
    quiet(desk)


def test_a_partner_that_is_gone_is_closed_or_made_anew(desk: Desk) -> None:
    for side in ("gp", "sales"):
        desk.act(resolve, of(desk, side).id, Given(ignore=True))
    desk.act(sync)
    person = desk.person("sales")
    person.person_delete("account", ("a1",))
    person.close()
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    assert entry.code == "target-gone"
    commands = [one.command for one in entry.choices]
    assert any(one.endswith("--create") for one in commands)
    assert any(one.endswith("--ignore") for one in commands)
    with pytest.raises(Misconfigured) as refused:
        desk.act(resolve, entry.id, Given(link="a1"))
    assert refused.value.code == "record-unknown"
    desk.act(resolve, entry.id, Given(create=True), now=True)
    assert desk.account_named("Contoso, Ltd.")
    quiet(desk)


def test_who_decided_stands_in_the_ledger(desk: Desk) -> None:
    desk.act(resolve, of(desk, "sales").id, Given(link="HARBOR0001"), now=True)
    rows = desk.act(history, rows=True).rows
    assert any("ann@desk" in f"{row.actor} {row.summary}" for row in rows if "h1" in row.keys.values())


def test_a_record_that_needs_a_correction_can_be_ignored_instead(desk: Desk) -> None:
    desk.sales("n1", name="東京商事", country="Spain", kind=3)
    desk.act(sync)
    (entry,) = [one for one in desk.act(parked_list).entries if one.keys == {"sales": "n1"}]
    commands = [one.command for one in entry.choices]
    assert commands == [f"gp365 parked retry {entry.id}", f"gp365 parked resolve {entry.id} --ignore"]
    with pytest.raises(Misconfigured) as refused:
        desk.act(resolve, entry.id, Given(create=True))
    assert f"parked retry {entry.id}" in refused.value.fix
    desk.act(parked_retry, ids=[entry.id])
    desk.act(resolve, entry.id, Given(ignore=True), now=True)
    assert entry.id not in {one.id for one in desk.act(parked_list).entries}


def test_a_record_made_anew_under_its_old_key_is_linked_again_by_a_persons_word(desk: Desk) -> None:
    for side in ("gp", "sales"):
        desk.act(resolve, of(desk, side).id, Given(ignore=True))
    desk.act(sync)
    person = desk.person("sales")
    person.person_delete("account", ("a1",))
    person.person_put(
        "account", ("a1",), {"name": "CONTOSO once more", "country": "United States", "kind": 3}
    )
    person.close()
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    assert entry.code == "key-reused"
    offered = [one.command for one in entry.choices if one.command.endswith("--link a1")]
    assert offered == [f"gp365 parked resolve {entry.id} --link a1"]
    assert desk.act(resolve, entry.id, Given(link="a1"), now=True).exit_code == 0
    assert len([row for row in desk.accounts().values() if "contoso" in row["name"].lower()]) == 1
    quiet(desk)
