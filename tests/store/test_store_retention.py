"""Payloads are erased, rows stay, and the chain proves both what is there and what was taken away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from gp365.model.errors import Misconfigured
from gp365.store import export, intents, ledger, parked, retention, tables
from gp365.store.engine import Store, open_store
from gp365.store.intents import Intent
from gp365.store.ledger import Entry
from gp365.store.parked import NewParked
from gp365.store.retention import Erased, Scope

PAIR, FLOW = "fabrikam", "customers"
CHAIN = f"{PAIR}/{FLOW}"
OLD = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
LATER = OLD + timedelta(days=100)
TABLE = tables.ledger


def _entry(subject: str, name: str = "Ann Bell") -> Entry:
    return Entry(
        "outcome", "r1", subject, 1, "updated", "f1", orjson.dumps({"name": name, "limit": {"$d": "12.5"}})
    )


def _write(store: Store, number: int, **more: object) -> Intent:
    body = b'{"v":{"Name":"Ann Bell"},"p":{},"b":"","f":"f1"}'
    made = Intent(
        f"i{number:04}",
        "r1",
        PAIR,
        FLOW,
        f"L{number}",
        "update",
        "gp",
        "customer",
        "gp",
        f"C{number}",
        "sales",
        f"a{number}",
        "",
        body,
        b'{"Name":"Ann Ball"}',
        f"hash{number}",
        b"{}",
        OLD,
        OLD,
        1,
        "done",
        OLD,
        None,
        None,
        "",
    )
    made = made._replace(**more)
    with store.write() as conn:
        intents.open_many(conn, [made])
        intents.keep_inputs(conn, {made.inputs: b'{"left":{"Name":"Ann Bell"}}'})
    return made


def _filled(store: Store, count: int = 6) -> None:
    with store.write() as conn:
        for number in range(count):
            ledger.append(conn, CHAIN, [_entry(f"L{number}")], actor="anna", at=OLD + timedelta(days=number))
    for number in range(count):
        _write(store, number, made_at=OLD + timedelta(days=number))


def _erase(store: Store, before: datetime = LATER, **more: object) -> Erased:
    scope = Scope(PAIR, FLOW, before, **more)  # type: ignore[arg-type]
    return retention.erase(store, scope, actor="anna", at=LATER, why="older than 90 days")


def _rows(store: Store) -> list[ledger.LedgerRow]:
    with store.read() as conn:
        return [ledger.LedgerRow(*row) for row in conn.execute(ledger_query())]


def ledger_query():
    from gp365.store.chain import LEDGER_QUERY

    return LEDGER_QUERY.order_by(TABLE.c.position)


def _verified(store: Store) -> ledger.VerifyReport:
    with store.read() as conn:
        return ledger.verify(conn)


def _bytes_of(store: Store) -> bytes:
    with store.read() as conn:
        held = [
            bytes(value)
            for table in (tables.ledger, tables.intent, tables.input_body, tables.parked)
            for row in conn.execute(select(table))
            for value in row
            if isinstance(value, bytes)
        ]
        texts = [
            value for row in conn.execute(select(tables.parked)) for value in row if isinstance(value, str)
        ]
    return b"\n".join(held) + "\n".join(texts).encode()


def _lines(store: Store, **more: object) -> list[bytes]:
    with store.read() as conn:
        chains = export.export_chains(conn, **more)  # type: ignore[arg-type]
        since = more.get("since")
        return list(export.export_lines(conn, chains, store=store.id, at=LATER, since=since))  # type: ignore[arg-type]


def test_what_is_old_goes_and_the_chain_still_proves_it(store: Store) -> None:
    _filled(store)
    done = _erase(store, OLD + timedelta(days=3))
    assert (done.payloads, done.writes, done.inputs) == (3, 3, 3)
    assert [row.payload is None for row in _rows(store)[:6]] == [True] * 3 + [False] * 3
    report = _verified(store)
    assert report.ok and report.erased == 3
    with store.read() as conn:
        gone, kept = (intents.by_ids(conn, [name])[name] for name in ("i0000", "i0003"))
    assert retention.is_erased(gone) and not retention.is_erased(kept)
    assert (gone.before, gone.key, gone.run) == (b"{}", "C0", "r1")


def test_the_erasure_is_a_row_that_says_what_when_who_and_why(store: Store) -> None:
    _filled(store)
    _erase(store)
    erasures = [row for row in _rows(store) if row.kind == "erasure"]
    told = [ledger.decode(row) for row in erasures]
    assert {row.actor for row in erasures} == {"anna"}
    assert [one["erased"] for one in told] == [[[1, 6]], []]
    assert sum(one["writes"] for one in told) == 6
    assert all(one["why"] == "older than 90 days" for one in told)


def test_nothing_of_a_person_is_left_in_any_column(store: Store) -> None:
    _filled(store)
    with store.write() as conn:
        parked.put(
            conn,
            [NewParked(PAIR, FLOW, "L1", "name", "conflict", "Ann Bell or Ann Ball?", shown=b'"Ann Bell"')],
        )
        parked.end(conn, PAIR, FLOW, [("L1", "name")])
    _erase(store, datetime(2100, 1, 1, tzinfo=UTC))
    assert b"Ann" not in _bytes_of(store)


def test_nothing_of_a_person_is_left_in_the_files_of_the_store(tmp_path: Path) -> None:
    """SQLite keeps what was deleted in free pages and in its log, unless it is told to overwrite it."""
    store = open_store(tmp_path / "gp365.db")
    _filled(store, 50)
    assert b"Ann" in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    _erase(store)
    assert b"Ann" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    store.close()


def test_a_second_erasure_finds_nothing_and_adds_no_row(store: Store) -> None:
    _filled(store)
    _erase(store)
    rows = len(_rows(store))
    assert not _erase(store).anything
    assert len(_rows(store)) == rows


def test_a_trial_counts_and_changes_nothing(store: Store) -> None:
    _filled(store)
    before = _bytes_of(store)
    scope = Scope(PAIR, FLOW, LATER)
    done = retention.erase(store, scope, actor="anna", at=LATER, why="", dry=True)
    assert (done.payloads, done.writes, done.inputs) == (6, 6, 6)
    assert _bytes_of(store) == before


def test_what_is_open_and_what_was_given_up_is_kept_and_counted(store: Store) -> None:
    _filled(store, 4)
    _write(store, 7, subject="L0", state="open")
    _write(store, 8, state="superseded")
    with store.write() as conn:
        parked.put(conn, [NewParked(PAIR, FLOW, "L1", "name", "conflict", "which?")])
    done = _erase(store)
    assert (done.payloads, done.writes) == (2, 2)
    assert done.kept == {"open writes": 1, "writes that were given up": 1, "payloads of what is open": 2}
    with store.read() as conn:
        held = intents.by_ids(conn, ["i0007", "i0008", "i0000"])
    assert not any(retention.is_erased(one) for one in held.values())


def test_one_record_is_forgotten_and_the_others_are_not(store: Store) -> None:
    _filled(store)
    done = _erase(store, subjects=frozenset({"L2"}), keys=frozenset({"C2", "a2"}))
    assert (done.payloads, done.writes, done.inputs) == (1, 1, 1)
    assert [row.position for row in _rows(store) if row.payload is None] == [3]
    assert _verified(store).ok


def test_inputs_that_another_write_names_stay(store: Store) -> None:
    _write(store, 1, inputs="shared")
    _write(store, 2, inputs="shared", key="a1", source_key="C1", made_at=LATER + timedelta(days=1))
    assert _erase(store).inputs == 0
    with store.read() as conn:
        assert intents.inputs(conn, "shared")


def test_an_erasure_that_was_broken_off_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    _filled(store)

    def stop(done: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    scope = Scope(PAIR, FLOW, LATER)
    with pytest.raises(KeyboardInterrupt):
        retention.erase(store, scope, actor="anna", at=LATER, why="", progress=stop)
    report = _verified(store)
    assert report.ok and report.erased == 4
    done = _erase(store)
    assert (done.payloads, done.writes) == (2, 6)
    assert _verified(store).erased == 6


def test_a_payload_that_was_taken_beside_an_erasure_is_found(store: Store) -> None:
    _filled(store)
    _erase(store, OLD + timedelta(days=3))
    with store.write() as conn:
        conn.execute(TABLE.update().where(TABLE.c.position == 5).values(payload=None))
    report = _verified(store)
    assert (report.ok, report.position) == (False, 5)


def test_an_erasure_that_lost_its_own_words_is_found(store: Store) -> None:
    _filled(store)
    _erase(store)
    with store.write() as conn:
        conn.execute(TABLE.update().where(TABLE.c.kind == "erasure").values(payload=None))
    report = _verified(store)
    assert not report.ok and "nothing says" in report.reason


def test_an_export_is_proved_without_the_store(store: Store) -> None:
    _filled(store)
    with store.write() as conn:
        ledger.append(conn, f"{PAIR}/cards", [_entry("L1"), Entry("note", "r1")], actor="anna", at=OLD)
    _erase(store, OLD + timedelta(days=2))
    lines = _lines(store)
    report = export.verify_lines(lines)
    ours = _verified(store)
    assert report.ok, report.reason
    assert (report.rows, report.erased, report.heads) == (ours.rows, ours.erased, ours.heads)
    assert orjson.loads(lines[6])["payload"]["name"] == "Ann Bell"


def _changes() -> Iterator[tuple[str, object]]:
    yield from {
        "chain": "fabrikam/cards",
        "position": 9,
        "prev_hash": "00" * 32,
        "hash": "00" * 32,
        "kind": "note",
        "at": "2026-01-06T08:00:00.000000+00:00",
        "actor": "nobody",
        "run": "r9",
        "flow_digest": "f2",
        "subject": "L9",
        "subjects": 2,
        "disposition": "created",
        "payload_hash": "00" * 32,
        "payload": {"name": "Ann Ball"},
    }.items()


@pytest.mark.parametrize(("column", "value"), list(_changes()), ids=[name for name, _ in _changes()])
def test_a_line_of_an_export_that_was_changed_is_named(store: Store, column: str, value: object) -> None:
    _filled(store)
    lines = _lines(store)
    row = orjson.loads(lines[3])
    assert row[column] != value
    lines[3] = orjson.dumps(row | {column: value}) + b"\n"
    report = export.verify_lines(lines)
    assert not report.ok and report.broken_at == 4 and report.chain == CHAIN and report.reason


def test_an_export_that_was_cut_or_added_to_is_found(store: Store) -> None:
    _filled(store)
    lines = _lines(store)
    assert "end" in export.verify_lines(lines[:-1]).reason
    assert "missing before" in export.verify_lines([*lines[:3], *lines[4:]]).reason
    assert "more rows" in export.verify_lines([*lines, lines[-1]]).reason
    assert "cannot be read" in export.verify_lines([*lines[:3], b"{\n", *lines[4:]]).reason
    emptied = orjson.loads(lines[0])
    emptied["chains"][0] |= {"first": 0, "rows": 0}
    assert not export.verify_lines([orjson.dumps(emptied)]).ok


def test_an_export_of_a_part_says_where_it_begins(store: Store) -> None:
    _filled(store)
    lines = _lines(store, since=OLD + timedelta(days=3))
    report = export.verify_lines(lines)
    assert report.ok and (report.rows, report.begun) == (3, ((CHAIN, 4),))
    nothing = export.verify_lines(_lines(store, since=LATER))
    assert nothing.ok and nothing.rows == 0


def test_a_payload_that_is_no_plain_json_is_exported_as_it_is(store: Store) -> None:
    odd = [b'{ "name":1.0 }', b"\xff\x00", b"null"]
    with store.write() as conn:
        rows = [Entry("note", "r1", payload=payload) for payload in odd]
        ledger.append(conn, CHAIN, rows, actor="anna", at=OLD)
    assert export.verify_lines(_lines(store)).ok


@pytest.mark.parametrize("line", [b"", b"[]", b'{"gp365_ledger":2}', b"Name;City\n", b'{"a":1}'])
def test_a_file_that_is_no_export_is_refused(line: bytes) -> None:
    with pytest.raises(Misconfigured) as refused:
        export.verify_lines([line])
    assert refused.value.code == "export-invalid"
