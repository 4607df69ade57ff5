"""The contract suite that every connector must pass, memory and the real ones on their simulators alike.

A connector's test file registers the asserts, gives a `world` fixture and subclasses the suite:

    pytest.register_assert_rewrite("contract.connector_contract")
    from contract.connector_contract import ConnectorContract, World

    class TestGpOverRest(ConnectorContract):
        @pytest.fixture
        def world(self, simulator) -> World: ...

The world may be shared by tests and may hold sample data: every test works on records of its own, numbered apart.
A test that a system cannot fulfil is overridden in the subclass with one that shows what happens instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Protocol

import pytest

from gp365.model.contract import Connector, Tally
from gp365.model.entity import EntityDescription, Feed, FieldType, Strength
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.model.record import Change, Op, Outcome, Record, Status, Write
from gp365.model.values import Key, Value

TYPES: dict[FieldType, type | tuple[type, ...]] = {
    FieldType.TEXT: str,
    FieldType.REFERENCE: str,
    FieldType.INTEGER: int,
    FieldType.OPTION: int,
    FieldType.DECIMAL: Decimal,
    FieldType.MONEY: Decimal,
    FieldType.BOOLEAN: bool,
    FieldType.DATE: date,
    FieldType.DATETIME: datetime,
}

_numbers = count(1)


class World(Protocol):
    """A connector, an entity of its, and a person's door to the system behind it.

    `text_field` and `other_field` are two text fields that may be written, hold 20 mixed-case characters and are read
    as they were written; `other_field` may be empty. `fields` are the fields that the tests read (both among them).
    `refused` are values that make the system refuse a record. `batch` is the size of the great batch (200).
    Rows and values are under the connector's own field names, as raw values.
    """

    connector: Connector
    entity: str
    text_field: str
    other_field: str
    fields: Sequence[str]
    refused: Mapping[str, Value]
    batch: int

    def new(self, number: int) -> tuple[Key, dict[str, Value]]:
        """Return a free key as the system spells it (() where it draws keys) and all values that a create needs.

        The text field's value differs per number.
        """
        ...

    def person_create(self, key: Key, values: Mapping[str, Value]) -> Key:
        """Make a record as a user does (under that key where keys are chosen) and return its key."""
        ...

    def person_put(self, key: Key, values: Mapping[str, Value]) -> None:
        """Edit a record as a user does."""
        ...

    def person_delete(self, key: Key) -> None:
        """Delete a record as a user does."""
        ...

    def row(self, key: Key) -> Mapping[str, Value] | None:
        """Return what stands in the system (at least the two text fields), None if there is no such record."""
        ...

    def lose_next_reply(self) -> None:
        """Let the system do the next write and cut the connection before its reply."""
        ...


# what the tests say often


def _described(world: World) -> EntityDescription:
    return world.connector.entity(world.entity)


def _person_makes(world: World, how_many: int = 1) -> list[Key]:
    keys: list[Key] = []
    for _ in range(how_many):
        key, values = world.new(next(_numbers))
        keys.append(world.person_create(key, values))
    world.connector.begin_run()
    return keys


def _creation(world: World, values: Mapping[str, Value] | None = None) -> Write:
    key, own = world.new(next(_numbers))
    return Write(Op.CREATE, key, {**own, **(values or {})})


def _read(world: World, key: Key) -> Record:
    return world.connector.get(world.entity, [key], world.fields, fresh=True)[key]


def _update(record: Record, values: Mapping[str, Value]) -> Write:
    return Write(
        Op.UPDATE, record.key, values, version=record.version, birth=record.birth, expected=record.values
    )


def _write(world: World, *writes: Write) -> list[Outcome]:
    outcomes = list(world.connector.write(world.entity, writes))
    assert len(outcomes) == len(writes)
    return outcomes


def _scan(world: World) -> list[Record]:
    world.connector.begin_run()
    return [record for page in world.connector.scan(world.entity, world.fields) for record in page]


def _changes(world: World, cursor: str | None) -> tuple[dict[Key, Change], str | None]:
    world.connector.begin_run()
    pages = list(world.connector.changes(world.entity, world.fields, cursor))
    assert all(page.cursor is None for page in pages[:-1])
    found = {change.key: change for page in pages for change in page.changes}
    return found, pages[-1].cursor if pages else None


def _acknowledged(before: Tally, after: Tally) -> dict[tuple[str, str], int]:
    grown = {key: n - before.acknowledged.get(key, 0) for key, n in after.acknowledged.items()}
    return {key: n for key, n in grown.items() if n}


def _statuses(outcomes: Iterable[Outcome]) -> list[Status]:
    return [outcome.status for outcome in outcomes]


class ConnectorContract:
    """The tests; a subclass gives the `world` fixture."""

    # description

    def test_an_entity_describes_its_key_fields_and_strength(self, world: World) -> None:
        described = _described(world)
        assert world.entity in world.connector.entities()
        assert described.name == world.entity
        assert described.key
        assert isinstance(described.strength, Strength)
        assert all(name == held.name for name, held in described.fields.items())
        assert set(world.fields) <= set(described.fields)
        assert described.longest_reply_s > 0

    def test_an_unknown_entity_is_a_clear_error(self, world: World) -> None:
        with pytest.raises(Misconfigured) as caught:
            world.connector.entity("no-such-entity")
        assert caught.value.code == "entity-unknown"

    def test_doctor_finds_a_healthy_system_healthy(self, world: World) -> None:
        findings = world.connector.check()
        assert findings
        assert [finding for finding in findings if finding.level == "error"] == []

    def test_a_rising_epoch_can_be_compared(self, world: World) -> None:
        _changes(world, None)
        first = world.connector.epoch()
        _person_makes(world)
        _changes(world, None)
        second = world.connector.epoch()
        assert first.rpartition(":")[0] == second.rpartition(":")[0] != ""
        then, now = (int(epoch.rpartition(":")[2].lstrip("~")) for epoch in (first, second))
        assert now > then

    # reading

    def test_scan_census_and_get_tell_the_same(self, world: World) -> None:
        made = _person_makes(world, 12)
        scanned = _scan(world)
        by_key = {record.key: record for record in scanned}
        census = {key: birth for page in world.connector.census(world.entity) for key, birth in page}
        assert set(made) <= set(by_key)
        assert {key: record.birth for key, record in by_key.items()} == census
        read = world.connector.get(world.entity, list(by_key), world.fields)
        assert set(read) == set(by_key)
        assert all(read[key].values == by_key[key].values for key in made)
        assert all(read[key].version == by_key[key].version for key in made)

    def test_no_record_comes_twice_in_pages(self, world: World) -> None:
        _person_makes(world, 25)
        keys = [record.key for record in _scan(world)]
        assert len(keys) == len(set(keys))

    def test_a_missing_record_is_not_in_the_answer(self, world: World) -> None:
        [key] = _person_makes(world)
        world.person_delete(key)
        world.connector.begin_run()
        assert dict(world.connector.get(world.entity, [key], world.fields)) == {}
        assert dict(world.connector.get(world.entity, [key], world.fields, fresh=True)) == {}
        assert dict(world.connector.get(world.entity, [], world.fields)) == {}

    def test_what_a_write_left_is_read_back_past_every_list(self, world: World) -> None:
        edited, other = _person_makes(world, 2)
        [created] = _write(world, _creation(world))
        _scan(world)
        world.person_put(edited, {world.other_field: "Edited meanwhile"})
        found = world.connector.read_aside(world.entity, [edited, other, created.key], world.fields)
        assert set(found) == {edited, other, created.key}
        assert found[edited].values[world.other_field] == "Edited meanwhile"
        for key, record in found.items():
            held = world.connector.get(world.entity, [key], world.fields, fresh=True)[key]
            assert (record.values, record.version, record.birth) == (held.values, held.version, held.birth)

    def test_reading_back_leaves_out_only_what_is_gone(self, world: World) -> None:
        kept, gone = _person_makes(world, 2)
        _scan(world)
        world.person_delete(gone)
        before = world.connector.tally().requests
        found = world.connector.read_aside(world.entity, [kept, gone], [world.text_field])
        assert list(found) == [kept] and set(found[kept].values) == {world.text_field}
        assert world.connector.tally().requests > before
        assert dict(world.connector.read_aside(world.entity, [], [world.text_field])) == {}

    def test_find_compares_without_case_and_trailing_blanks(self, world: World) -> None:
        keys = _person_makes(world, 3)
        text = str(_read(world, keys[1]).values[world.text_field])
        world.connector.begin_run()
        found = world.connector.find(world.entity, world.text_field, [f"{text.swapcase()}  "], world.fields)
        assert [record.key for record in found] == [keys[1]]
        assert (
            world.connector.find(world.entity, world.text_field, ["no such text at all"], world.fields) == []
        )

    def test_a_field_that_was_not_asked_for_is_absent_and_an_empty_one_is_empty(self, world: World) -> None:
        [key] = _person_makes(world)
        world.person_put(key, {world.other_field: None})
        world.connector.begin_run()
        narrow = world.connector.get(world.entity, [key], [world.text_field], fresh=True)[key]
        assert world.other_field not in narrow.values
        wide = _read(world, key)
        assert wide.values[world.other_field] is None

    def test_values_have_the_python_type_of_their_field(self, world: World) -> None:
        made = set(_person_makes(world, 3))
        described = _described(world)
        for record in _scan(world):
            for name, value in record.values.items():
                held = described.fields[name]
                assert held.readable, f"{name} is unreadable and must be absent"
                assert value != "", f"{name}: blank text is empty"
                if value is None:
                    continue
                assert isinstance(value, TYPES[held.type]), (name, value)
                assert isinstance(value, bool) == (held.type is FieldType.BOOLEAN), (name, value)
                assert isinstance(value, datetime) == (held.type is FieldType.DATETIME), (name, value)
                assert not isinstance(value, datetime) or value.tzinfo is not None
            made.discard(record.key)
        assert made == set()

    # changes

    def test_changes_since_a_cursor_hold_what_was_created_and_updated(self, world: World) -> None:
        kept, edited = _person_makes(world, 2)
        everything, cursor = _changes(world, None)
        assert {kept, edited} <= set(everything)
        world.person_put(edited, {world.other_field: "Edited by a person"})
        [created] = _person_makes(world)
        found, following = _changes(world, cursor)
        assert {edited, created} <= set(found)
        record = found[edited].record
        assert record is None or record.values[world.other_field] == "Edited by a person"
        if _described(world).feed is not Feed.NONE:
            assert cursor and following
        if _described(world).feed is Feed.DELTA:
            assert kept not in found
            assert not {kept, edited, created} & set(_changes(world, following)[0])

    def test_a_deletion_is_seen_as_the_feed_declares(self, world: World) -> None:
        [key] = _person_makes(world)
        _, cursor = _changes(world, None)
        world.person_delete(key)
        found, _ = _changes(world, cursor)
        if _described(world).feed_sees_deletions:
            assert found[key].deleted
        else:
            assert key not in found
        assert dict(world.connector.get(world.entity, [key], world.fields, fresh=True)) == {}

    # creating

    def test_a_create_makes_exactly_what_was_sent(self, world: World) -> None:
        write = _creation(world)
        [outcome] = _write(world, write)
        assert outcome.status is Status.DONE
        if _described(world).chosen_keys:
            assert outcome.key == write.key
        row = world.row(outcome.key)
        assert row is not None
        assert row[world.text_field] == write.values[world.text_field]
        assert _read(world, outcome.key).key == outcome.key

    def test_a_create_over_an_existing_record_overwrites_nothing(self, world: World) -> None:
        if not _described(world).chosen_keys:
            return self._drawn_keys_never_meet(world)
        [key] = _person_makes(world)
        before = world.row(key)
        write = _creation(world)
        [outcome] = _write(world, Write(Op.CREATE, key, write.values | _key_fields(world, key)))
        assert outcome.status is Status.EXISTS
        assert world.row(key) == before
        return None

    def _drawn_keys_never_meet(self, world: World) -> None:
        outcomes = _write(world, *(_creation(world) for _ in range(5)))
        assert len({outcome.key for outcome in outcomes}) == 5

    def test_our_reference_comes_back_with_the_record_where_the_system_keeps_one(self, world: World) -> None:
        if not _described(world).reference_field:
            return
        made = _creation(world)
        [outcome] = _write(
            world, Write(Op.CREATE, made.key, made.values, reference="contract-reference-0001")
        )
        record = _read(world, outcome.key)
        assert record.reference == "contract-reference-0001"
        changed = _update(record, {world.text_field: "Changed by us 7"})
        again = Write(
            changed.op,
            changed.key,
            changed.values,
            changed.version,
            changed.birth,
            changed.expected,
            reference="contract-reference-0002",
        )
        assert _statuses(_write(world, again)) == [Status.DONE]
        assert _read(world, outcome.key).reference == "contract-reference-0002"

    # updating

    def test_an_update_changes_only_what_it_names(self, world: World) -> None:
        [key] = _person_makes(world)
        world.person_put(key, {world.other_field: "Stays as it is"})
        record = _read(world, key)
        [outcome] = _write(world, _update(record, {world.text_field: "Changed by us 7"}))
        assert outcome.status is Status.DONE
        row = world.row(key)
        assert row is not None
        assert (row[world.text_field], row[world.other_field]) == ("Changed by us 7", "Stays as it is")
        fresh = _read(world, key)
        assert fresh.birth == record.birth
        assert outcome.version in ("", fresh.version)
        changed = {name for name in world.fields if fresh.values.get(name) != record.values.get(name)}
        assert {name for name in changed if _described(world).fields[name].can("update")} == {
            world.text_field
        }

    def test_an_update_can_clear_a_field(self, world: World) -> None:
        [key] = _person_makes(world)
        world.person_put(key, {world.other_field: "Filled"})
        [outcome] = _write(world, _update(_read(world, key), {world.other_field: None}))
        assert outcome.status is Status.DONE
        assert _read(world, key).values[world.other_field] is None

    def test_an_update_planned_on_an_older_record_is_not_done(self, world: World) -> None:
        [key] = _person_makes(world)
        stale = _read(world, key)
        world.person_put(key, {world.other_field: "A person was faster"})
        before = world.row(key)
        [outcome] = _write(world, _update(stale, {world.text_field: "Too late 7"}))
        assert outcome.status is Status.MOVED
        assert world.row(key) == before
        assert outcome.record is not None
        assert outcome.record.values[world.other_field] == "A person was faster"

    def test_an_update_of_a_deleted_record_never_creates_it(self, world: World) -> None:
        [key] = _person_makes(world)
        record = _read(world, key)
        world.person_delete(key)
        [outcome] = _write(world, _update(record, {world.text_field: "Back from the dead"}))
        assert outcome.status is Status.GONE
        assert world.row(key) is None

    def test_another_record_under_the_same_key_has_another_birth_mark_and_is_not_overwritten(
        self, world: World
    ) -> None:
        if not _described(world).chosen_keys:
            return
        key, values = world.new(next(_numbers))
        world.person_create(key, values)
        world.connector.begin_run()
        first = _read(world, key)
        world.person_delete(key)
        world.person_create(key, values)
        world.connector.begin_run()
        second = _read(world, key)
        assert first.birth and second.birth and first.birth != second.birth
        [outcome] = _write(world, _update(first, {world.text_field: "For the first one"}))
        assert outcome.status is Status.MOVED
        row = world.row(key)
        assert row is not None and row[world.text_field] == values[world.text_field]

    # batches, refusals, lost replies

    def test_one_refused_record_holds_up_no_other_of_a_great_batch(self, world: World) -> None:
        at = world.batch * 2 // 7
        writes = [_creation(world, world.refused if n == at else None) for n in range(world.batch)]
        outcomes = _write(world, *writes)
        assert _statuses(outcomes) == [
            Status.REJECTED if n == at else Status.DONE for n in range(world.batch)
        ]
        refusal = outcomes[at].error
        assert isinstance(refusal, Gp365Error) and refusal.message
        done = [n for n in range(world.batch) if n != at]
        rows = {n: world.row(outcomes[n].key) for n in (done[0], done[at], done[-1])}
        assert all(
            row is not None and row[world.text_field] == writes[n].values[world.text_field]
            for n, row in rows.items()
        )
        if _described(world).chosen_keys:
            assert [outcomes[n].key for n in done] == [writes[n].key for n in done]
            assert world.row(writes[at].key) is None

    def test_outcomes_come_in_the_order_of_the_writes(self, world: World) -> None:
        first, second, third = (_read(world, key) for key in _person_makes(world, 3))
        world.person_put(second.key, {world.other_field: "Moved"})
        world.person_delete(third.key)
        outcomes = _write(
            world,
            _update(third, {world.text_field: "Third 7"}),
            _creation(world),
            _update(first, {world.text_field: "First 7"}),
            _update(second, {world.text_field: "Second 7"}),
        )
        assert _statuses(outcomes) == [Status.GONE, Status.DONE, Status.DONE, Status.MOVED]

    def test_a_create_whose_reply_is_lost_is_unknown_and_done(self, world: World) -> None:
        write = _creation(world)
        world.lose_next_reply()
        [outcome] = _write(world, write)
        assert outcome.status is Status.UNKNOWN
        world.connector.begin_run()
        found = world.connector.find(
            world.entity, world.text_field, [write.values[world.text_field]], world.fields
        )
        assert len(found) == 1

    def test_an_update_whose_reply_is_lost_is_unknown_and_done(self, world: World) -> None:
        [key] = _person_makes(world)
        write = _update(_read(world, key), {world.text_field: "Nobody heard 7"})
        world.lose_next_reply()
        [outcome] = _write(world, write)
        assert outcome.status is Status.UNKNOWN
        assert _read(world, key).values[world.text_field] == "Nobody heard 7"

    def test_the_tally_counts_exactly_the_acknowledged_rows(self, world: World) -> None:
        [key] = _person_makes(world)
        record = _read(world, key)
        before = world.connector.tally()
        _write(world, _creation(world), _creation(world, world.refused), _creation(world))
        _write(world, _update(record, {world.text_field: "Counted 7"}))
        _write(world, _update(record, {world.text_field: "Stale 7"}))
        after = world.connector.tally()
        assert _acknowledged(before, after) == {
            (world.entity, "create"): 2,
            (world.entity, "update"): 1,
        }
        assert after.requests > before.requests
        assert after.write_requests > before.write_requests

    def test_a_lost_reply_is_not_counted_as_acknowledged(self, world: World) -> None:
        before = world.connector.tally()
        world.lose_next_reply()
        _write(world, _creation(world))
        assert _acknowledged(before, world.connector.tally()) == {}

    def test_a_write_whose_time_has_passed_is_not_sent(self, world: World) -> None:
        [key] = _person_makes(world)
        record = _read(world, key)
        before, row = world.connector.tally(), world.row(key)
        past = datetime.now(UTC) - timedelta(seconds=30)
        creation = _creation(world)
        late = _update(record, {world.text_field: "Too late 7"})
        outcomes = _write(
            world,
            Write(Op.CREATE, creation.key, creation.values, send_by=past),
            Write(late.op, late.key, late.values, late.version, late.birth, late.expected, send_by=past),
        )
        assert _statuses(outcomes) == [Status.RETRY, Status.RETRY]
        assert world.row(key) == row
        if _described(world).chosen_keys:
            assert world.row(creation.key) is None
        assert _acknowledged(before, world.connector.tally()) == {}

    def test_nothing_to_write_has_no_outcomes(self, world: World) -> None:
        assert list(world.connector.write(world.entity, [])) == []


def _key_fields(world: World, key: Key) -> dict[str, Value]:
    """Return the key's parts as values, where the entity serves its key fields as text."""
    described = _described(world)
    return {
        name: part
        for name, part in zip(described.key, key, strict=True)
        if name in described.fields and described.fields[name].can("create")
    }
