"""The memory system: what it refuses, what each write strength guards, its feeds, its faults, its file and its backups."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gp365.connectors.memory import MemoryConnector
from gp365.connectors.memory.descriptions import from_json, to_json
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.errors import Misconfigured, Rejected, Retry
from gp365.model.record import Change, Op, Record, Status, Write
from gp365.model.values import Value

FIELDS = {
    held.name: held
    for held in (
        FieldDescription("Number", length=15, upper=True, code_page="cp1252"),
        FieldDescription("Name", length=10, required=True, code_page="cp1252"),
        FieldDescription("City", length=35),
        FieldDescription("Limit", FieldType.MONEY, decimals=2, minimum=Decimal(0)),
        FieldDescription("Kind", FieldType.OPTION, options={0: "None", 1: "Some"}),
        FieldDescription("Hold", FieldType.BOOLEAN),
        FieldDescription("Opened", FieldType.DATE),
        FieldDescription("Touched", FieldType.DATETIME),
        FieldDescription("Created", FieldType.DATE, writable="create"),
        FieldDescription("Secured", readable=False),
        FieldDescription("Mark", length=30),
    )
}
NAMES = ("Number", "Name", "City", "Secured")


def customer(
    strength: Strength = Strength.COMPARED,
    feed: Feed = Feed.NONE,
    *,
    sees_deletions: bool = False,
    granularity_s: float = 0.0,
    lists: bool = False,
) -> EntityDescription:
    return EntityDescription(
        "customer",
        ("Number",),
        FIELDS,
        strength,
        feed,
        feed_sees_deletions=sees_deletions,
        feed_granularity_s=granularity_s,
        all_or_nothing=lists,
        reference_field="Mark",
    )


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def system(described: EntityDescription | None = None, **chosen: object) -> MemoryConnector:
    memory = MemoryConnector("memory", {"customer": described or customer()}, **chosen)  # type: ignore[arg-type]
    memory.person_put("customer", ("A1",), {"Name": "Alpha", "City": "Oslo"})
    return memory


def read(memory: MemoryConnector, key: str = "A1") -> Record:
    return memory.get("customer", [(key,)], NAMES, fresh=True)[(key,)]


def update(record: Record, **values: Value) -> Write:
    return Write(
        Op.UPDATE, record.key, values, version=record.version, birth=record.birth, expected=record.values
    )


def create(key: str, **values: Value) -> Write:
    return Write(Op.CREATE, (key,), {"Name": "New", **values})


# what the system takes and refuses


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Name": "x" * 11}, "too-long"),
        ({"Name": "東京"}, "not-in-code-page"),
        ({"Name": None}, "required-missing"),
        ({"Name": "   "}, "required-missing"),
        ({"Name": 7}, "bad-value"),
        ({"Limit": Decimal("-1")}, "out-of-range"),
        ({"Limit": Decimal("1.005")}, "out-of-range"),
        ({"Limit": True}, "bad-value"),
        ({"Limit": "12"}, "bad-value"),
        ({"Kind": 5}, "option-unknown"),
        ({"Hold": 1}, "bad-value"),
        ({"Opened": datetime(2026, 1, 1, tzinfo=UTC)}, "bad-value"),
        ({"Touched": date(2026, 1, 1)}, "bad-value"),
        ({"Nickname": "x"}, "rejected"),
        ({"Created": date(2026, 1, 1)}, "rejected"),
        ({"Number": "B2"}, "rejected"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_nothing_is_written(values: dict[str, Value], code: str) -> None:
    memory = system()
    before = memory.rows("customer")
    [outcome] = memory.write("customer", [update(read(memory), **values)])
    assert outcome.status is Status.REJECTED
    assert isinstance(outcome.error, Rejected)
    assert (outcome.error.code, outcome.error.record) == (code, "A1")
    assert outcome.error.field == next(iter(values))
    assert memory.rows("customer") == before


def test_ids_are_stored_in_upper_case_and_text_without_trailing_blanks() -> None:
    memory = system()
    [outcome] = memory.write("customer", [create("b2 µß ", Name="Beta  ")])
    assert outcome.key == ("B2 µß",)
    assert outcome.stored["Name"] == "Beta"
    assert memory.rows("customer")[("B2 µß",)]["Name"] == "Beta"


def test_a_key_is_found_whatever_its_case_and_blanks() -> None:
    memory = system()
    assert memory.get("customer", [("a1 ",)], NAMES)[("a1 ",)].key == ("A1",)
    [outcome] = memory.write("customer", [create("a1")])
    assert outcome.status is Status.EXISTS
    assert outcome.record is not None and outcome.record.values["Name"] == "Alpha"


def test_a_secured_field_is_absent_and_never_empty() -> None:
    memory = system()
    memory.person_put("customer", ("A1",), {"Secured": "hidden"})
    assert "Secured" not in read(memory).values
    assert memory.rows("customer")[("A1",)]["Secured"] == "hidden"


def test_an_unknown_field_is_a_fault_of_the_flow() -> None:
    with pytest.raises(Misconfigured) as caught:
        system().get("customer", [("A1",)], ["Nickname"])
    assert caught.value.code == "flow-field"


def test_a_person_is_refused_like_everybody() -> None:
    with pytest.raises(Rejected):
        system().person_put("customer", ("A1",), {"Name": "far too long a name"})


def test_our_reference_is_kept_until_a_person_blanks_it() -> None:
    memory = system()
    memory.write("customer", [Write(Op.CREATE, ("B2",), {"Name": "Beta"}, reference="ours-1")])
    assert read(memory, "B2").reference == "ours-1"
    memory.person_put("customer", ("B2",), {"Mark": None})
    assert read(memory, "B2").reference == ""
    memory.write("customer", [Write(Op.UPDATE, ("B2",), {"City": "Bergen"}, reference="ours-2")])
    assert read(memory, "B2").reference == "ours-2"


def test_an_action_that_is_not_there_and_a_verb_that_is_not_served_are_refused() -> None:
    described = EntityDescription(
        "customer", ("Number",), FIELDS, Strength.COMPARED, creates=False, updates=False
    )
    memory = MemoryConnector("memory", {"customer": described})
    memory.person_put("customer", ("A1",), {"Name": "Alpha"})
    writes = [create("B2"), update(read(memory), City="x"), Write(Op.ACT, ("A1",), {}, action="submit")]
    outcomes = memory.write("customer", writes)
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["not-served"] * 3


# write strengths


@pytest.mark.parametrize("strength", [Strength.VERSIONED, Strength.COMPARED])
def test_a_guarded_write_can_lose_no_edit(strength: Strength) -> None:
    memory = system(customer(strength))
    stale = read(memory)
    memory.faults.before_write = lambda entity, write: _person(memory, City="Bergen")
    [outcome] = memory.write("customer", [update(stale, City="Tromsø")])
    assert outcome.status is Status.MOVED
    assert outcome.record is not None and outcome.record.values["City"] == "Bergen"
    assert outcome.window_ms is None


def test_a_version_guards_fields_that_nobody_mapped_and_a_comparison_does_not() -> None:
    for strength, status in ((Strength.VERSIONED, Status.MOVED), (Strength.COMPARED, Status.DONE)):
        memory = system(customer(strength))
        stale = read(memory)
        _person(memory, Limit=Decimal(5))
        assert memory.write("customer", [update(stale, City="x")])[0].status is status


@pytest.mark.parametrize("strength", [Strength.REREAD, Strength.WHOLE])
def test_a_reread_write_sees_an_edit_before_its_window(strength: Strength) -> None:
    memory = system(customer(strength))
    stale = read(memory)
    _person(memory, City="Bergen")
    assert memory.write("customer", [update(stale, Name="Beta")])[0].status is Status.MOVED


def test_in_the_window_a_reread_write_keeps_other_fields_and_a_whole_write_loses_them() -> None:
    for strength, city in ((Strength.REREAD, "Bergen"), (Strength.WHOLE, "Oslo")):
        memory = system(customer(strength))
        memory.faults.between_reread_and_write = _editor(memory, City="Bergen")
        [outcome] = memory.write("customer", [update(read(memory), Name="Beta")])
        assert outcome.status is Status.DONE
        assert outcome.window_ms is not None and outcome.window_ms >= 0
        row = memory.rows("customer")[("A1",)]
        assert (row["Name"], row["City"]) == ("Beta", city)


@pytest.mark.parametrize("strength", [Strength.REREAD, Strength.WHOLE])
def test_a_record_deleted_in_the_window_is_not_created_again(strength: Strength) -> None:
    memory = system(customer(strength))
    memory.faults.between_reread_and_write = lambda entity, write: memory.person_delete("customer", ("A1",))
    assert memory.write("customer", [update(read(memory), Name="Beta")])[0].status is Status.GONE
    assert memory.rows("customer") == {}


def test_a_write_whose_time_passes_in_the_window_is_not_done() -> None:
    clock = Clock()
    memory = system(customer(Strength.REREAD), clock=clock)
    record = read(memory)

    def late(entity: str, write: Write) -> None:
        clock.now += timedelta(minutes=5)

    memory.faults.between_reread_and_write = late
    send_by = clock.now + timedelta(minutes=1)
    write = Write(Op.UPDATE, ("A1",), {"City": "x"}, expected=record.values, send_by=send_by)
    assert memory.write("customer", [write])[0].status is Status.RETRY
    assert read(memory).values["City"] == "Oslo"


def _person(memory: MemoryConnector, **values: Value) -> None:
    memory.person_put("customer", ("A1",), values)


def _editor(memory: MemoryConnector, **values: Value) -> Callable[[str, Write], None]:
    return lambda entity, write: _person(memory, **values)


# feeds


def found(memory: MemoryConnector, cursor: str | None) -> tuple[list[Change], str | None, bool]:
    pages = list(memory.changes("customer", NAMES, cursor))
    return [change for page in pages for change in page.changes], pages[-1].cursor, pages[0].full


def test_a_delta_gives_each_key_once_with_deletions_and_without_a_rename_twice() -> None:
    memory = system(customer(Strength.VERSIONED, Feed.DELTA, sees_deletions=True))
    _, cursor, full = found(memory, None)
    assert full
    for city in ("Bergen", "Tromsø"):
        _person(memory, City=city)
    memory.person_put("customer", ("B2",), {"Name": "Beta"})
    memory.person_rename("customer", ("B2",), ("C3",))
    changes, following, full = found(memory, cursor)
    assert not full
    assert {(change.key[0], change.deleted) for change in changes} == {
        ("A1", False),
        ("B2", True),
        ("C3", False),
    }
    assert [
        change.record.values["City"] for change in changes if change.key == ("A1",) and change.record
    ] == ["Tromsø"]
    assert found(memory, following)[0] == []


def test_an_expired_token_begins_the_feed_anew() -> None:
    clock = Clock()
    memory = system(customer(Strength.VERSIONED, Feed.DELTA), clock=clock, token_life_s=3600)
    _, cursor, _ = found(memory, None)
    clock.now += timedelta(hours=2)
    changes, cursor, full = found(memory, cursor)
    assert full and len(changes) == 1
    memory.expire_tokens()
    assert found(memory, cursor)[2]
    assert found(memory, "not a token of ours")[2]


def test_a_day_granular_feed_shows_a_second_edit_of_the_same_day_again() -> None:
    clock = Clock()
    memory = system(customer(Strength.COMPARED, Feed.MODIFIED, granularity_s=86400), clock=clock)
    _, cursor, _ = found(memory, None)
    clock.now += timedelta(hours=1)
    _person(memory, City="Bergen")
    changes, _, full = found(memory, cursor)
    assert [change.key for change in changes] == [("A1",)] and not full
    assert read(memory).stamp == datetime(2026, 3, 1, tzinfo=UTC)
    clock.now += timedelta(days=2)
    _, cursor, _ = found(memory, cursor)
    assert found(memory, cursor)[0] == []


def test_a_rename_between_two_pages_can_hide_a_record_from_a_scan_but_not_from_get() -> None:
    memory = system(page=2)
    for key in ("B2", "C3", "D4"):
        memory.person_put("customer", (key,), {"Name": key})
    memory.faults.between_pages = lambda entity, verb: _rename_once(memory)
    keys = [record.key for page in memory.scan("customer", NAMES) for record in page]
    assert keys == [("A1",), ("B2",), ("C3",)]
    assert read(memory, "A0").values["Name"] == "D4"


def _rename_once(memory: MemoryConnector) -> None:
    if ("D4",) in memory.rows("customer"):
        memory.person_rename("customer", ("D4",), ("A0",))


def test_a_rename_keeps_the_birth_mark_and_a_new_record_under_the_old_key_has_another() -> None:
    memory = system()
    birth = read(memory).birth
    memory.person_rename("customer", ("A1",), ("Z9",))
    memory.person_put("customer", ("A1",), {"Name": "Another"})
    assert read(memory, "Z9").birth == birth != read(memory, "A1").birth


def test_a_list_of_the_run_grows_old_until_the_next_run_and_a_fresh_read_does_not() -> None:
    memory = system(customer(Strength.WHOLE, lists=True))
    assert [record.key for page in memory.scan("customer", NAMES) for record in page] == [("A1",)]
    _person(memory, City="Bergen")
    assert memory.get("customer", [("A1",)], NAMES)[("A1",)].values["City"] == "Oslo"
    assert memory.find("customer", "City", ["oslo"], NAMES) != []
    assert read(memory).values["City"] == "Bergen"
    memory.write("customer", [create("B2")])
    assert ("B2",) in memory.get("customer", [("B2",)], NAMES)
    memory.begin_run()
    assert memory.get("customer", [("A1",)], NAMES)[("A1",)].values["City"] == "Bergen"


# faults


def test_a_system_that_is_down_raises_retry_and_comes_back() -> None:
    memory = system()
    memory.faults.down(2, "busy")
    for _ in range(2):
        with pytest.raises(Retry) as caught:
            memory.write("customer", [create("B2")])
        assert (caught.value.code, caught.value.system) == ("busy", "memory")
    assert memory.write("customer", [create("B2")])[0].status is Status.DONE


def test_a_key_can_be_refused_and_accepted_again() -> None:
    memory = system()
    memory.faults.refuse("customer", ("B2",), Rejected("rejected", "The batch is in use."))
    memory.faults.refuse("customer", ("C3",), Retry("busy", "Edited by another user.", after_s=3))
    first, second = memory.write("customer", [create("B2"), create("C3")])
    assert (first.status, str(first.error)) == (Status.REJECTED, "The batch is in use.")
    assert (second.status, second.after_s) == (Status.RETRY, 3)
    memory.faults.accept("customer", ("B2",))
    assert memory.write("customer", [create("B2")])[0].status is Status.DONE


def test_a_late_call_lands_under_the_guards_of_its_strength() -> None:
    memory = system()
    record = read(memory)
    memory.faults.delay(2)
    outcomes = memory.write("customer", [update(record, City="Late"), create("B2")])
    assert [outcome.status for outcome in outcomes] == [Status.UNKNOWN, Status.UNKNOWN]
    assert list(memory.rows("customer")) == [("A1",)]
    _person(memory, City="Bergen")
    assert [outcome.status for outcome in memory.land()] == [Status.MOVED, Status.DONE]
    assert memory.rows("customer")[("A1",)]["City"] == "Bergen"
    assert memory.tally().acknowledged == {}


def test_a_hook_can_play_a_kill_after_the_commit() -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    memory = system()
    memory.faults.after_commit = kill
    with pytest.raises(Killed):
        memory.write("customer", [create("B2"), create("C3")])
    assert list(memory.rows("customer")) == [("A1",), ("B2",)]


def test_a_system_with_habits_stores_something_else_than_was_sent() -> None:
    memory = system(returns_stored=False)
    memory.system.normaliser = lambda entity, field, value: value.title() if isinstance(value, str) else value
    [outcome] = memory.write("customer", [update(read(memory), City="new york")])
    assert outcome.stored == {}
    assert read(memory).values["City"] == "New York"


# backups and files


def test_a_restored_backup_lets_the_epoch_fall_and_newer_delta_tokens_begin_anew() -> None:
    memory = system(customer(Strength.VERSIONED, Feed.DELTA))
    backup, epoch = memory.snapshot(), memory.epoch()
    memory.write("customer", [create("B2")])
    _, cursor, _ = found(memory, None)
    assert int(memory.epoch().rpartition(":")[2]) > int(epoch.rpartition(":")[2])
    memory.restore(backup)
    assert memory.epoch() == epoch
    assert list(memory.rows("customer")) == [("A1",)]
    assert found(memory, cursor)[2]


def test_a_file_holds_the_same_system_for_the_next_process(tmp_path: Path) -> None:
    file = tmp_path / "memory.jsonl"
    first = MemoryConnector.open(file, "gp", {"customer": customer(Strength.VERSIONED)})
    values: dict[str, Value] = {
        "Name": "Ü & Sons",
        "Limit": Decimal("10.50"),
        "Hold": False,
        "Opened": date(2026, 1, 2),
        "Touched": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "Kind": 1,
    }
    first.person_put("customer", ("A1",), values)
    first.person_put("customer", ("B2",), {"Name": "Beta"})
    first.person_delete("customer", ("B2",))
    rows, epoch, backup = first.rows("customer"), first.epoch(), first.snapshot()
    second = MemoryConnector.open(file)
    assert (second.rows("customer"), second.epoch()) == (rows, epoch)
    assert second.entity("customer") == customer(Strength.VERSIONED)
    second.person_put("customer", ("C3",), {"Name": "Gamma"})
    assert ("C3",) in first.rows("customer")
    first.restore(backup)
    assert second.rows("customer") == rows
    first.close()
    second.close()


def test_half_a_line_of_a_dead_writer_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "memory.jsonl"
    first = MemoryConnector.open(file, "gp", {"customer": customer()})
    first.person_put("customer", ("A1",), {"Name": "Alpha"})
    first.close()
    with file.open("ab") as torn:
        torn.write(b'{"do":"put","entity":"cust')
    second = MemoryConnector.open(file)
    second.person_put("customer", ("B2",), {"Name": "Beta"})
    second.close()
    third = MemoryConnector.open(file)
    assert list(third.rows("customer")) == [("A1",), ("B2",)]
    third.close()


def test_a_process_killed_in_the_middle_of_a_batch_has_lost_nothing_that_was_committed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "memory.jsonl"
    MemoryConnector.open(file, "gp", {"customer": customer()}).close()
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(file)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdin is not None
    assert child.stdout.readline().strip() == "held"
    parent = MemoryConnector.open(file)
    parent.person_put("customer", ("P1",), {"Name": "Person"})
    child.kill()
    child.wait(timeout=20)
    child.stdout.close()
    child.stdin.close()
    assert list(parent.rows("customer")) == [("K0",), ("K1",), ("K2",), ("P1",)]
    assert parent.write("customer", [create("K2"), create("K3")])[1].status is Status.DONE
    parent.close()


_CHILD = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from gp365.connectors.memory import MemoryConnector
    from gp365.model.record import Op, Write

    memory = MemoryConnector.open(Path(sys.argv[1]))

    def hold(entity, write, outcome):
        if write.key == ("K2",):
            print("held", flush=True)
            sys.stdin.read()

    memory.faults.after_commit = hold
    memory.write("customer", [Write(Op.CREATE, (f"K{n}",), {"Name": "x"}) for n in range(10)])
    """
)


def test_a_description_survives_json() -> None:
    entities = {"customer": customer(Strength.WHOLE, Feed.MODIFIED, granularity_s=86400.0, lists=True)}
    assert from_json(to_json(entities)) == entities


def test_the_counts_are_those_of_requests_and_acknowledged_rows() -> None:
    memory = system(page=2)
    memory.write("customer", [create("B2"), create("B2"), create("C3")])
    list(memory.scan("customer", NAMES))
    tally = memory.tally()
    assert (tally.requests, tally.write_requests) == (3, 1)
    assert tally.acknowledged == {("customer", "create"): 2}
    assert memory.estimate("customer", reads=5, creates=2, updates=1).requests == 5


def test_a_record_says_whether_a_person_or_gp365_changed_it(tmp_path: Path) -> None:
    system = MemoryConnector.open(tmp_path / "memory.jsonl", "memory", {"customer": customer()})
    system.person_put("customer", ("A1",), {"Name": "Firm"}, by="Nancy")
    record = system.get("customer", [("A1",)], ["Name"])[("A1",)]
    assert record.changed_by == "Nancy"
    write = Write(Op.UPDATE, ("A1",), {"Name": "Ours"}, record.version, record.birth, expected=record.values)
    system.write("customer", [write])
    again = MemoryConnector.open(tmp_path / "memory.jsonl")
    assert again.get("customer", [("A1",)], ["Name"])[("A1",)].changed_by == "gp365"
    again.close()
    system.close()
