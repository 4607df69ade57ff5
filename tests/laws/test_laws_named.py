"""The named tests of the engine's rules that stood nowhere else, and the list of them all (docs/engine-tests.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gp365.model.entity import Strength
from gp365.model.record import Write
from gp365.store import links, work
from gp365.store.links import NewLink
from sync.engine_world import World, account, customer, flow_with, make_world, written

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "engine-tests.md"
TRAPS = ROOT / "docs" / "trap-tests.md"
PARENT = {"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"}

NAMED = {
    "The rule of a field": """equal edits recorded · edit hidden behind the fit · overruled owner edit · empty owner ·
        neither moved but unequal (converter or lookup changed) · re-mapped row · stamp of the record is not stamp of
        the field · two normalisers · read-back is a person's value · conflict ended by people · resolution of a stale
        conflict""",
    "Writes": """edit between re-read and write · whole-object write against an edit of another field · two pairs on
        one record · late call after settling · create over a person's create · update to a renamed or deleted key ·
        bulk update without versions · lost reply then revert · kill at every step""",
    "Work and workers": """lost wake-up · slow old worker · two keys of one link · second intent on an open target ·
        echo of our own create before its commit · child and parent register in any order · ring of parents · four
        appenders""",
    "Identity": """renumbered · renamed while a write is open · customer deleted, then the account edited · key reused
        by another firm · create races a person · key we chose is taken · our own store restored · match under the
        condition · create outside the condition · merge, hand-made link · torn scan · roll-up of two companies""",
    "Runs": """target gone during update · one field written and one in conflict · mass change as ten polls · percentage
        guard on a stream · one system restored from a backup""",
}


@pytest.mark.parametrize("strength", list(Strength))
def test_a_page_of_updates_without_versions_loses_no_edit_of_a_person(
    tmp_path: Path, strength: Strength
) -> None:
    world = make_world(tmp_path, gp=customer(strength), sales=account(strength))
    for number in range(30):
        world.gp_put(
            f"F{number:04d}", Name=f"Firm {number}", Zip=str(number), Street="1 Main", Phone="1111111"
        )
    assert world.sync().clean
    ids = {name: row["id"] for name, row in world.accounts().items()}
    for number in range(30):
        world.sales_put(ids[f"Firm {number}"], street=f"{number} Elm")

    def meanwhile(_: str, write: Write) -> None:
        number = int(write.key[0][1:])
        if number % 3 == 0 and world.customers()[write.key[0]]["Street"] == "1 Main":
            world.gp_put(write.key[0], Street=f"{number} Oak")
        elif number % 3 == 1:
            world.gp_put(write.key[0], Phone=f"{number:07d}")

    world.gp.faults.before_write = meanwhile
    report = world.sync()
    world.gp.faults.before_write = None
    assert report.balanced
    world.sync()
    held = world.customers()
    assert [held[f"F{number:04d}"]["Street"] for number in range(0, 30, 3)] == [
        f"{n} Oak" for n in range(0, 30, 3)
    ]
    assert [held[f"F{number:04d}"]["Phone"] for number in range(1, 30, 3)] == [
        f"{n:07d}" for n in range(1, 30, 3)
    ]
    assert len([entry for entry in world.parked() if entry.code == "conflict"]) == 10
    assert {row["phone"] for name, row in world.accounts().items() if name == "Firm 4"} == {"0000004"}
    world.store.close()


def test_a_parent_that_is_linked_while_its_child_is_at_work_wakes_it_all_the_same(world: World) -> None:
    world.flow = flow_with(parent=PARENT)
    world.gp_put("CHILD0001", Name="Child", Zip="1", Parent="PARENT0001")
    world.sales_put("p1", name="Parent", zip="2", type=8)
    done: list[str] = []

    def another_worker(point: str) -> None:
        if point != "sent" or done:
            return
        done.append(point)
        world.gp_put("PARENT0001", Name="Parent", Zip="2")
        with world.store.write() as conn:
            links.insert(conn, [NewLink("test", "customers", "PARENT0001", "p1")])
            assert work.wake(conn, "test", "customers", [("gp", "PARENT0001"), ("sales", "p1")]) == []

    world.probe = another_worker
    assert world.sync().balanced
    world.probe = lambda _: None
    assert world.accounts()["Child"]["parent"] == "p1"
    assert world.sync().balanced and world.sync().dispositions["waiting"] == 0


@pytest.mark.parametrize("page", [1, 2, 200])
@pytest.mark.parametrize("names", [("A0001", "Z0001"), ("Z0001", "A0001")])
def test_child_and_parent_come_into_step_in_one_run_whichever_is_worked_first(
    world: World, page: int, names: tuple[str, str]
) -> None:
    child, parent = names
    world.flow, world.page = flow_with(parent=PARENT), page
    world.gp_put(child, Name="Child", Zip="1", Parent=parent)
    world.gp_put(parent, Name="Parent", Zip="2")
    report = world.sync()
    assert report.balanced and report.clean and report.dispositions["created"] == 2
    assert world.accounts()["Child"]["parent"] == world.accounts()["Parent"]["id"]
    assert written(world.sync()) == 0


def _listed() -> list[tuple[str, str, str, str]]:
    """Rows of the page: section, name, file, function."""
    rows: list[tuple[str, str, str, str]] = []
    section = ""
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
        found = re.fullmatch(r"\| (.+?) \| `(tests/\S+\.py)::(\w+)` \|", line)
        if found:
            rows.append((section, found[1], found[2], found[3]))
    return rows


def test_every_named_test_of_the_engines_rules_is_listed() -> None:
    listed = {(section, name) for section, name, _, _ in _listed()}
    wanted = {
        (section, " ".join(name.split())) for section, names in NAMED.items() for name in names.split("·")
    }
    assert wanted - listed == set()


def test_every_test_that_the_list_names_stands_where_it_says() -> None:
    for _, name, file, function in _listed():
        assert re.search(rf"^def {function}\(", (ROOT / file).read_text("utf-8"), re.M), (name, function)


def test_every_trap_in_the_table_has_a_test_that_stands_where_the_page_says() -> None:
    rows = re.findall(r"^\| .+ \| `([^`]+)::([^`]+)` \|$", TRAPS.read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 25
    for path, name in rows:
        assert f"def {name}(" in (ROOT / path).read_text("utf-8"), f"{path}::{name}"
