"""Guards against an avalanche: over the limit nothing is written, and nothing is let go but by a named person."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.store import guards, ledger, work
from gp365.sync.equation import Report
from sync.engine_world import FLOW, World, make_world, written


def guarded(**given: Any) -> dict[str, Any]:
    """The flow with small limits: so many records, no percentage."""
    limits = {name: {"count": number, "percent": 0} for name, number in given.items()}
    off = {name: {"count": 0, "percent": 0} for name in ("creates", "updates", "clears", "gone")}
    return {**FLOW, "guards": off | limits}


def firms(world: World, number: int, first: int = 0) -> None:
    for one in range(first, first + number):
        world.gp_put(f"FIRM{one:04d}", Name=f"Firm {one}", Zip=f"{one:05d}", Street="1 Main", Phone="5550000")


def edit(world: World, numbers: range, **values: Any) -> None:
    for one in numbers:
        world.gp_put(f"FIRM{one:04d}", **values)


def approve(world: World, actor: str = "ann@desk") -> None:
    with world.store.write() as conn:
        guards.let_go(conn, "test", "customers", ("mass-change",), actor)


def streets(world: World) -> set[Any]:
    return {row["street"] for row in world.accounts().values()}


def held(report: Report) -> dict[tuple[str, str], int]:
    return {(one.side, one.operation): one.held for one in report.guards}


def test_a_first_load_of_any_size_is_not_held(world: World) -> None:
    world.flow = guarded(creates=3, updates=3, clears=1)
    firms(world, 20)
    report = world.sync()
    assert (written(report), report.guards) == (20, ()) and report.balanced


def test_more_updates_than_the_limit_are_held_whole_and_nothing_is_written(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(6), Street="9 Oak")
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.dispositions["parked"] == 6
    assert held(report) == {("sales", "updates"): 6}
    (guard,) = report.guards
    assert (guard.planned, guard.window, guard.limit) == (6, 0, 5)
    assert {(entry.code, entry.field) for entry in world.parked()} == {("mass-change", "")}
    assert streets(world) == {"1 Main"}


def test_as_many_updates_as_the_limit_go_through(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(5), Street="9 Oak")
    report = world.sync()
    assert written(report) == 5 and not report.guards


def test_other_records_and_operations_go_on_while_updates_are_held(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(6), Street="9 Oak")
    firms(world, 2, first=50)
    world.sales_put(world.accounts()["Firm 9"]["id"], phone="777")
    report = world.sync()
    assert report.sides["sales"].created == 2 and report.sides["sales"].updated == 0
    assert report.sides["gp"].updated == 1 and world.customers()["FIRM0009"]["Phone"] == "777"


def test_what_is_held_stays_held_whatever_comes_and_however_old_the_window_gets(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(6), Street="9 Oak")
    world.sync()
    first = {entry.id for entry in world.parked()}
    for day in range(4):
        world.clock.advance(86_400 * 2)
        edit(world, range(6), Phone=f"555{day:04d}")
        report = world.sync(full=day == 2)
        assert written(report) == 0 and held(report) == {("sales", "updates"): 6}
    assert {entry.id for entry in world.parked()} == first


def test_a_held_record_that_vanishes_for_a_while_is_still_held_when_it_is_back(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(6), Street="9 Oak")
    world.sync()
    backup = dict(world.customers()["FIRM0000"])
    key = world.accounts()["Firm 0"]["id"]
    row = world.sales.rows("account")[(key,)]
    world.sales.person_delete("account", (key,))
    world.clock.advance(86_400 * 2)
    assert written(world.sync()) == 0
    world.sales_put(key, **{name: value for name, value in row.items() if name != "id"})
    world.clock.advance(86_400 * 2)
    report = world.sync()
    assert written(report) == 0 and backup == dict(world.customers()["FIRM0000"])
    assert streets(world) == {"1 Main"}


def test_a_hold_ends_by_itself_when_its_change_is_taken_back(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(6), Street="9 Oak")
    world.sync()
    edit(world, range(6), Street="1 Main")
    report = world.sync()
    assert not world.parked() and not report.guards and written(report) == 0


def test_a_named_person_lets_it_go_and_the_ledger_says_who(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(6), Street="9 Oak")
    world.sync()
    approve(world)
    report = world.sync()
    assert written(report) == 6 and report.balanced and not report.guards and not world.parked()
    with world.store.read() as conn:
        told = [str(ledger.decode(row)) for row in ledger.rows(conn, report.run)]
    assert sum("ann@desk" in one for one in told) == 6
    assert written(world.sync()) == 0


def test_what_a_person_let_go_does_not_count_against_later_changes(world: World) -> None:
    world.flow = guarded(updates=5)
    firms(world, 20)
    world.sync()
    edit(world, range(8), Street="9 Oak")
    world.sync()
    approve(world)
    world.sync()
    edit(world, range(10, 15), Street="9 Oak")
    assert written(world.sync()) == 5


def test_new_creates_after_the_first_run_are_guarded(world: World) -> None:
    world.flow = guarded(creates=3)
    firms(world, 5)
    world.sync()
    firms(world, 4, first=50)
    report = world.sync()
    assert len(world.accounts()) == 5 and held(report) == {("sales", "creates"): 4}
    approve(world)
    report = world.sync()
    assert len(world.accounts()) == 9 and report.balanced and written(world.sync()) == 0


def test_many_cleared_fields_are_held_though_so_many_updates_are_allowed(world: World) -> None:
    world.flow = guarded(updates=50, clears=2)
    world.flow["fields"] = {**FLOW["fields"], "phone": {"gp": "Phone", "sales": "phone", "owner": "gp"}}
    firms(world, 20)
    world.sync()
    edit(world, range(3), Phone=None)
    edit(world, range(10, 14), Phone="5559999")
    report = world.sync()
    assert held(report) == {("sales", "clears"): 3} and written(report) == 4
    assert all(row["phone"] for row in world.accounts().values())


def test_the_percentage_counts_where_it_is_more_than_the_number(world: World) -> None:
    world.flow = guarded(updates=2)
    world.flow["guards"]["updates"]["percent"] = 50
    firms(world, 20)
    world.sync()
    edit(world, range(10), Street="9 Oak")
    assert written(world.sync()) == 10
    edit(world, range(10, 11), Street="9 Oak")
    report = world.sync()
    assert written(report) == 0 and report.guards[0].limit == 10 and report.guards[0].window == 10


def test_an_absolute_limit_holds_whatever_the_percentage(world: World) -> None:
    world.flow = guarded(updates=2)
    world.flow["guards"]["updates"] |= {"percent": 100, "absolute": 4}
    firms(world, 20)
    world.sync()
    edit(world, range(5), Street="9 Oak")
    report = world.sync()
    assert written(report) == 0 and report.guards[0].limit == 4


def test_a_guard_that_is_switched_off_holds_nothing(world: World) -> None:
    world.flow = guarded()
    firms(world, 80)
    world.sync()
    edit(world, range(80), Street="9 Oak", Phone=None)
    assert written(world.sync()) == 80


def test_a_mass_change_in_ten_polls_is_stopped_where_the_limit_is_reached(world: World) -> None:
    world.flow = guarded(updates=12)
    firms(world, 50)
    world.sync()
    through = 0
    for poll in range(10):
        world.clock.advance(600)
        edit(world, range(poll * 5, poll * 5 + 5), Street="9 Oak")
        through += written(world.sync())
    assert through == 10
    assert len(world.parked()) == 40


def test_the_window_rolls_on(world: World) -> None:
    world.flow = guarded(updates=25)
    firms(world, 100)
    world.sync()
    for day in range(4):
        world.clock.advance(86_401)
        edit(world, range(day * 20, day * 20 + 20), Street="9 Oak")
        assert written(world.sync()) == 20


def test_one_record_that_is_edited_all_day_is_one_record(world: World) -> None:
    world.flow = guarded(updates=3)
    firms(world, 10)
    world.sync()
    for turn in range(8):
        world.clock.advance(600)
        edit(world, range(1), Street=f"{turn} Oak")
        assert written(world.sync()) == 1


def test_the_percentage_of_a_stream_is_of_the_links_at_its_start(world: World) -> None:
    """What comes while the work is under way is stopped at the limit, page by page."""
    world.flow, world.page = guarded(updates=0), 5
    world.flow["guards"]["updates"]["percent"] = 20
    firms(world, 50)
    world.sync()
    edit(world, range(8), Street="9 Oak")
    done: list[str] = []

    def more(point: str) -> None:
        if point == "sent" and not done:
            done.append(point)
            edit(world, range(8, 40), Street="9 Oak")
            with world.store.write() as conn:
                rows = [("gp", f"FIRM{one:04d}", "webhook") for one in range(8, 40)]
                work.enqueue(conn, "test", "customers", rows)
            world.gp.begin_run()

    world.probe = more
    report = world.sync()
    assert written(report) <= 10 and report.balanced
    world.probe = lambda _: None
    world.sync()
    assert sum(row["street"] == "9 Oak" for row in world.accounts().values()) <= 10


def test_a_change_of_the_flow_that_would_rewrite_every_account_writes_nothing(world: World) -> None:
    """All is counted before the first record is written."""
    world.page = 10
    world.flow = guarded(updates=30)
    firms(world, 60)
    world.sync()
    for row in world.accounts().values():
        world.sales_put(row["id"], contact="Somebody")
    world.sync()
    changed = guarded(updates=30)
    changed["fields"] = {**FLOW["fields"], "contact": {"gp": "Contact", "sales": "contact", "owner": "gp"}}
    world.flow = changed
    report = world.sync()
    assert written(report) == 0 and report.balanced
    assert {row["contact"] for row in world.accounts().values()} == {"Somebody"}


POLL = st.tuples(
    st.lists(st.integers(0, 11), max_size=6, unique=True),  # customers that are edited
    st.integers(0, 4),  # new customers
    st.booleans(),  # everything is read
    st.integers(60, 50_000),  # seconds until the next poll
)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(polls=st.lists(POLL, min_size=2, max_size=6), limit=st.integers(1, 7))
def test_no_sequence_of_triggers_lets_more_through_than_the_limit(
    polls: list[tuple[list[int], int, bool, int]], limit: int
) -> None:
    """In no window do more records pass than the limit, whatever is edited, made and read, and in whatever order."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        world = make_world(Path(folder))
        world.flow, world.page = guarded(updates=limit, creates=limit), 4
        firms(world, 12)
        world.sync()
        passed: list[tuple[float, str, str]] = []
        now = 0.0
        for turn, (edited, made, full, wait) in enumerate(polls):
            for one in edited:
                world.gp_put(f"FIRM{one:04d}", Street=f"{turn} Oak")
            firms(world, made, first=100 + turn * 5)
            before = world.accounts()
            assert world.sync(full=full).balanced
            for name, row in world.accounts().items():
                if row != before.get(name):
                    passed.append((now, "update" if name in before else "create", name))
            for operation in ("update", "create"):
                recent = {name for at, what, name in passed if what == operation and at > now - 86_400}
                assert len(recent) <= limit
            now += wait
            world.clock.advance(wait)
        world.store.close()
