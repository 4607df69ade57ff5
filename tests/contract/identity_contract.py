"""What every connector tells about identity, state, owners and rights; beside the suite of `connector_contract`.

A connector's test file gives a world with the further doors below and subclasses `IdentityContract`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Protocol

from contract.connector_contract import World
from gp365.model.entity import EntityDescription
from gp365.model.record import Op, Outcome, Record, Status, Write
from gp365.model.values import Key, Value

_numbers: Iterator[int] = count(70_001)


class IdentityWorld(World, Protocol):
    """A world whose people also merge, deactivate and hide records, and put backups back.

    `state` is a field with its values for active and inactive; `owner` one with two owners, "" where there is none.
    `tells_hidden`: a record that is hidden is told from one that is gone.
    """

    state: tuple[str, Value, Value]
    owner: tuple[str, Value, Value]
    tells_hidden: bool

    def person_merge(self, key: Key, into: Key) -> None:
        """Merge a record into another, where the system knows that."""
        ...

    def hide(self, key: Key) -> None:
        """Let role filters hide the record from our account."""
        ...

    def show_all(self) -> None:
        """Lift the role filters."""
        ...

    def back_up(self) -> None:
        """Take a backup of the system."""
        ...

    def put_back(self) -> None:
        """Put the backup back."""
        ...


def _described(world: IdentityWorld) -> EntityDescription:
    return world.connector.entity(world.entity)


def _made(world: IdentityWorld) -> Key:
    key, values = world.new(next(_numbers))
    made = world.person_create(key, values)
    world.connector.begin_run()
    return made


def _names(world: IdentityWorld) -> tuple[str, ...]:
    """The fields of the suite, with state, owner and the mark of a merge."""
    merged_into = _described(world).merged_into
    more = (world.state[0], world.owner[0], merged_into)
    return tuple(dict.fromkeys((*world.fields, *(name for name in more if name))))


def _fresh(world: IdentityWorld, key: Key) -> Record | None:
    return world.connector.get(world.entity, [key], _names(world), fresh=True).get(key)


def _here(world: IdentityWorld, key: Key) -> Record:
    record = _fresh(world, key)
    assert record is not None
    return record


def _feed(world: IdentityWorld) -> dict[Key, Record | None]:
    world.connector.begin_run()
    pages = world.connector.changes(world.entity, _names(world), None)
    return {change.key: change.record for page in pages for change in page.changes}


def _update(world: IdentityWorld, record: Record, name: str, value: Value) -> Outcome:
    write = Write(Op.UPDATE, record.key, {name: value}, record.version, record.birth, expected=record.values)
    [outcome] = world.connector.write(world.entity, [write])
    return outcome


def _epoch(world: IdentityWorld) -> tuple[str, int]:
    """Read everything, as a run does, and ask for the epoch then."""
    _feed(world)
    id_, _, number = world.connector.epoch().rpartition(":")
    return id_, int(number.lstrip("~"))


class IdentityContract:
    """The suite; subclasses give a fixture `world`."""

    def test_a_merged_record_names_the_one_it_was_merged_into(self, world: IdentityWorld) -> None:
        field = _described(world).merged_into
        if not field:
            return
        assert _described(world).fields[field].writable == "never"
        gone, stays, other = _made(world), _made(world), _made(world)
        world.person_merge(gone, stays)
        found = _feed(world)
        values = [record.values[field] for key in (gone, stays, other) if (record := found[key])]
        assert values == [stays[0], None, None]
        assert _here(world, gone).values[field] == stays[0]

    def test_a_record_that_people_deactivate_is_read_as_inactive_and_stays_the_same_record(
        self, world: IdentityWorld
    ) -> None:
        name, active, inactive = world.state
        key = _made(world)
        before = _here(world, key)
        assert before.values[name] == active
        world.person_put(key, {name: inactive})
        after = _here(world, key)
        assert (after.values[name], after.birth) == (inactive, before.birth)
        seen = _feed(world)[key]
        assert seen is not None and seen.values[name] == inactive

    def test_we_can_deactivate_a_record_and_activate_it_again(self, world: IdentityWorld) -> None:
        name, active, inactive = world.state
        key = _made(world)
        for value in (inactive, active):
            outcome = _update(world, _here(world, key), name, value)
            assert (outcome.status, outcome.error) == (Status.DONE, None)
            assert _here(world, key).values[name] == value

    def test_a_record_is_given_to_another_owner(self, world: IdentityWorld) -> None:
        name, first, second = world.owner
        if not name:
            return
        key, values = world.new(next(_numbers))
        [made] = world.connector.write(world.entity, [Write(Op.CREATE, key, {**values, name: first})])
        assert made.status is Status.DONE
        assert _here(world, made.key).values[name] == first
        assert _update(world, _here(world, made.key), name, second).status is Status.DONE
        assert _here(world, made.key).values[name] == second

    def test_a_hidden_record_is_in_no_list_and_comes_back_unchanged(self, world: IdentityWorld) -> None:
        hidden, shown = _made(world), _made(world)
        before = _here(world, hidden)
        world.hide(hidden)
        try:
            found = _feed(world)
            assert hidden not in found and shown in found
            world.connector.begin_run()
            listed = {r.key for page in world.connector.scan(world.entity, _names(world)) for r in page}
            census = {key for page in world.connector.census(world.entity) for key, _ in page}
            for keys in (listed, census):
                assert hidden not in keys and shown in keys
            text = before.values[world.text_field]
            assert world.connector.find(world.entity, world.text_field, [text], world.fields) == []
        finally:
            world.show_all()
        world.connector.begin_run()
        assert _here(world, hidden).values == before.values
        assert _here(world, hidden).birth == before.birth

    def test_a_hidden_record_is_told_from_one_that_is_gone(self, world: IdentityWorld) -> None:
        if not world.tells_hidden:
            return
        hidden, gone, shown = _made(world), _made(world), _made(world)
        world.person_delete(gone)
        world.hide(hidden)
        try:
            keys = [hidden, gone, shown]
            found = world.connector.get(world.entity, keys, _names(world), fresh=True)
            assert set(found) == {hidden, shown}
            assert found[hidden].hidden and found[hidden].values == {}
            assert not found[shown].hidden
        finally:
            world.show_all()

    def test_nothing_is_written_to_a_hidden_record_and_none_is_made_beside_it(
        self, world: IdentityWorld
    ) -> None:
        key, values = world.new(next(_numbers))
        key = world.person_create(key, values)
        world.connector.begin_run()
        record, before = _here(world, key), world.row(key)
        world.hide(key)
        try:
            outcome = _update(world, record, world.text_field, "Behind the curtain")
            expected = Status.REJECTED if world.tells_hidden else Status.GONE
            assert outcome.status is expected
            if world.tells_hidden:
                assert outcome.error is not None and outcome.error.code == "right-missing"
            if _described(world).chosen_keys:
                [made] = world.connector.write(world.entity, [Write(Op.CREATE, key, values)])
                assert made.status is Status.REJECTED
                assert made.error is not None and made.error.code == "right-missing"
        finally:
            world.show_all()
        assert world.row(key) == before

    def test_the_epoch_rises_with_new_records_and_falls_when_a_backup_is_put_back(
        self, world: IdentityWorld
    ) -> None:
        _made(world)
        world.back_up()
        before = _epoch(world)
        lost = [_made(world) for _ in range(3)]
        after = _epoch(world)
        world.put_back()
        restored = _epoch(world)
        assert {before[0], after[0], restored[0]} == {before[0]} and before[0]
        assert before[1] <= restored[1] < after[1]
        assert [_fresh(world, key) for key in lost] == [None] * 3
