"""Defects planted into two systems that had been in step, and what a reconciliation must find of them: that and no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from gp365.sync.reconcile import Reconciliation, reconcile
from sync.engine_world import World, make_world

PAIRS = 80
PER_SEED = 25
_FIELDS = {
    "name": ("Name", "name"),
    "address.street": ("Street", "street"),
    "address.zip": ("Zip", "zip"),
    "phone": ("Phone", "phone"),
    "terms": ("Terms", "terms"),
    "limit": ("Limit", "limit"),
    "contact": ("Contact", "contact"),
}
Finding = tuple[Any, ...]


@dataclass
class Planted:
    """A world with its defects: what must be found, and how many of each kind were planted."""

    world: World
    expected: set[Finding] = field(default_factory=set[Finding])
    kinds: dict[str, int] = field(default_factory=dict[str, int])
    drifting: int = 0


def in_step(folder: Path, pairs: int = PAIRS) -> World:
    """Make two systems that a clean sync has brought into step, an hour ago."""
    world = make_world(folder)
    for number in range(pairs):
        world.gp_put(
            f"C{number:04}",
            Name=f"Firm {number}",
            Street=f"{number} Main St",
            Zip=f"{10000 + number}",
            Phone=f"701555{number:04}0000",
            Terms="NET 30",
            Limit=Decimal(1000 + 7 * number),
        )
    assert world.sync().clean
    world.clock.advance(3600)
    assert world.sync().clean
    world.clock.advance(3600)
    return world


def look(world: World, **options: Any) -> Reconciliation:
    """Reconcile; the job's scratch stays open, since the listings are read from it."""
    world.gp.begin_run()
    world.sales.begin_run()
    return reconcile(world.job(), **options)


def plant(folder: Path, seed: int, number: int = PER_SEED) -> Planted:
    """Plant so many defects, each at pairs of its own."""
    planted, random = Planted(in_step(folder)), Random(seed)
    links = planted.world.links()
    random.shuffle(links)
    pairs = [(str(link.left_key), str(link.right_key)) for link in links]
    for at in range(number):
        side = random.choice(("gp", "sales"))
        kind = random.choice(("missing", "changed", "silently changed", "doubled", "swapped"))
        planted.kinds[kind] = planted.kinds.get(kind, 0) + 1
        one = pairs.pop()
        if kind == "missing":
            _delete(planted, side, one)
        elif kind == "doubled":
            _double(planted, side, one, at)
        elif kind == "swapped":
            _swap(planted, side, one, pairs.pop())
        else:
            name = random.choice(list(_FIELDS))
            _change(planted, "sales" if kind != "changed" else side, one, name, at, silent=kind != "changed")
    return planted


def found_by(told: Reconciliation) -> set[Finding]:
    """Give what a reconciliation found, in the words of `Planted.expected`."""
    found: set[Finding] = set()
    for one in told.differences:
        for field_ in one.fields:
            found.add(("differs", one.left_key, one.right_key, field_.field, str(field_.reason.why)))
    for one in told.missing:
        if one.kind == "doubled":
            found.add(("doubled", one.side, *sorted(one.keys)))
        else:
            found.add((one.kind, one.side, *one.keys))
    found |= {("single", one.side, one.key) for one in told.singles}
    return found


def _key(side: str, pair: tuple[str, str]) -> str:
    return pair[0] if side == "gp" else pair[1]


def _put(world: World, side: str, key: str, **values: Any) -> None:
    if side == "gp":
        world.gp_put(key, **values)
    else:
        world.sales_put(key, **values)


def _row(world: World, side: str, key: str) -> dict[str, Any]:
    system, entity = (world.gp, "customer") if side == "gp" else (world.sales, "account")
    return dict(system.rows(entity)[(key,)])


def _delete(planted: Planted, side: str, pair: tuple[str, str]) -> None:
    world = planted.world
    if side == "gp":
        world.gp.person_delete("customer", (pair[0],))
    else:
        world.sales.person_delete("account", (pair[1],))
    planted.expected.add(("gone", side, *pair))
    planted.drifting += 1


def _double(planted: Planted, side: str, pair: tuple[str, str], at: int) -> None:
    key, other = _key(side, pair), f"D{at:03}" if side == "gp" else f"double-{at}"
    row = _row(planted.world, side, key)
    if at % 2 and side == "gp":
        row.pop("Mark", None)  # a copy that does not bring our mark along
    own = {"Number", "id"}
    _put(planted.world, side, other, **{name: value for name, value in row.items() if name not in own})
    planted.expected.add(("doubled", side, *sorted((key, other))))
    planted.expected.add(("single", side, other))


def _swap(planted: Planted, side: str, pair: tuple[str, str], other: tuple[str, str]) -> None:
    """Swap two credit limits: no total shows it."""
    name = _FIELDS["limit"][0 if side == "gp" else 1]
    held = [_row(planted.world, side, _key(side, one))[name] for one in (pair, other)]
    for one, value in zip((pair, other), reversed(held), strict=True):
        _put(planted.world, side, _key(side, one), **{name: value})
        planted.expected.add(("differs", *one, "limit", "changed-since-last-sync"))


def _change(planted: Planted, side: str, pair: tuple[str, str], name: str, at: int, *, silent: bool) -> None:
    wire = _FIELDS[name][0 if side == "gp" else 1]
    value: Any = Decimal(500_000 + at) if name == "limit" else f"X{at}"
    if silent:
        row = planted.world.sales.system.tables["account"].find((pair[1],))
        assert row is not None
        row.values[wire] = value  # type: ignore[index]
        planted.drifting += 1
    else:
        _put(planted.world, side, _key(side, pair), **{wire: value})
    why = "drift" if silent else "changed-since-last-sync"
    planted.expected.add(("differs", *pair, name, why))
