"""How flows stand: what is read of all of them together is what is read of each alone, and takes few statements."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import event

from gp365.store import figures, guards, links, parked, runs, tables, waits, work
from gp365.store.engine import Store

FLOWS = [(pair, flow) for pair in ("east", "west") for flow in ("customers", "cards", "terms")]


def fill(store: Store, clock, chance: random.Random) -> None:
    """Give every flow something of everything, each another number."""
    for pair, flow in FLOWS:
        for number in range(chance.randrange(1, 4)):
            clock.forward(7)
            with store.write() as conn:
                run = runs.begin(conn, pair, flow, kind=chance.choice(["sync", "sync", runs.HINT]))
                state = chance.choice(["done", "stopped", "done"])
                runs.end(conn, run, state, counts={"created": number}, balanced=True, clean=True)
                put_in(conn, pair, flow, chance, run)
    with store.write() as conn:
        later = {"due_at": clock() + timedelta(hours=1)}
        conn.execute(tables.work.update().where(tables.work.c.key.like("%1")).values(later))


def put_in(conn, pair: str, flow: str, chance: random.Random, run: str) -> None:
    name = f"{run}-{chance.randrange(100)}"
    work.enqueue(conn, pair, flow, [("gp", f"{name}{end}", "changed") for end in range(chance.randrange(4))])
    links.insert(
        conn,
        [
            links.NewLink(
                pair, flow, f"{name}{one}", f"s{name}{one}", state=chance.choice(["open", "closed"])
            )
            for one in range(chance.randrange(5))
        ],
    )
    parked.put(
        conn,
        [
            parked.NewParked(pair, flow, f"{name}{one}", "", chance.choice(["rejected", "conflict"]), "Look.")
            for one in range(chance.randrange(4))
        ],
    )
    waits.register_waits(
        conn,
        [
            waits.Wait(pair, flow, "gp", f"{name}{one}", "parent", flow, "gp", "x")
            for one in range(chance.randrange(3))
        ],
    )
    if chance.random() < 0.5:
        guards.put(conn, pair, chance.choice([flow, ""]), "gp", "guard-gone", "Many are gone.", {}, run)


def test_what_is_read_of_all_flows_together_is_what_is_read_of_each_alone(store: Store, clock) -> None:
    fill(store, clock, random.Random(6))
    with store.read() as conn:
        found = figures.standings(conn, FLOWS, clock())
        for pair, flow in FLOWS:
            held = found[(pair, flow)]
            assert held.figures == figures.figures(conn, pair, flow, clock())
            assert figures.due(conn, pair, flow, clock()) == held.figures.due
            assert held.last == runs.latest(conn, pair, flow)
            assert held.good == runs.latest(conn, pair, flow, state="done")
            assert list(held.guards) == guards.standing(conn, pair, flow)
            refused = [one for one in parked.list_open(conn, pair, flow) if one.code == "rejected"]
            assert held.rejected == len(refused)
        assert any(found[flow].figures.later for flow in FLOWS)
        assert any(found[flow].figures.links for flow in FLOWS)


def test_how_forty_flows_stand_takes_no_more_statements_than_how_one_does(store: Store, clock) -> None:
    many = [("east", f"flow{number}") for number in range(40)]
    with store.write() as conn:
        for pair, flow in many:
            runs.begin(conn, pair, flow)
    said: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    with store.read() as conn:
        figures.standings(conn, many[:1], clock())
        said.clear()  # the beginning of the transaction is one too
        assert len(figures.standings(conn, many, clock())) == 40
        of_many, said[:] = len(said), []
        figures.standings(conn, many[:1], clock())
    assert of_many == len(said)
    assert of_many <= 10
