"""The world of the laws: two memory systems with a row of every kind between them, and many partners in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import event

from gp365.connectors.memory import MemoryConnector
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.errors import Rejected
from gp365.model.lookups import Lookup, lookup
from gp365.model.values import Value
from sync.engine_world import World, make_world, text

GP, SALES = "gp", "sales"
ENTITY = {GP: "customer", SALES: "account"}

# canonical name: (length in GP, length in Sales) of the rows that hold text
TEXTS: dict[str, tuple[int, int]] = {
    "name": (20, 40),
    "note": (30, 60),
    "gp_owned": (15, 40),
    "sales_owned": (15, 40),
    "gp_kept": (20, 20),
    "clearing": (20, 20),
    "parking": (12, 24),
    "wide_in_gp": (40, 12),
    "place.street": (20, 40),
    "place.zip": (8, 12),
    "bank.name": (10, 20),
    "bank.account": (12, 12),
    "phone": (21, 40),
    "country": (30, 40),
    "once": (20, 40),
    "shown": (20, 40),
}
OTHERS = ("limit", "rate", "count", "hold", "since", "terms", "parent")
FIELDS = (*TEXTS, *OTHERS)


def wire(side: str, name: str) -> str:
    """The wire name of a canonical field: Gp-ish words in GP, small letters in Sales."""
    plain = name.replace(".", "_")
    return plain.title().replace("_", "") if side == GP else plain


def _typed(side: str) -> list[FieldDescription]:
    decimals = {"limit": (2, 4), "rate": (4, 2)}
    place = 0 if side == GP else 1
    found = [
        text(
            wire(side, name),
            lengths[place],
            code_page="cp1252" if side == GP else "",
            required=name == "name",
        )
        for name, lengths in TEXTS.items()
    ]
    found += [
        FieldDescription(wire(side, name), FieldType.MONEY, decimals=both[place])
        for name, both in decimals.items()
    ]
    day = FieldType.DATE if side == GP else FieldType.DATETIME
    reference = (
        text("Parent", 15, upper=True, code_page="cp1252")
        if side == GP
        else FieldDescription("parent", FieldType.REFERENCE, target="account", length=36)
    )
    return [
        *found,
        FieldDescription(
            wire(side, "count"),
            FieldType.INTEGER,
            minimum=Decimal(-1000),
            maximum=Decimal(1000 * (1 + place)),
        ),
        FieldDescription(wire(side, "hold"), FieldType.BOOLEAN),
        FieldDescription(wire(side, "since"), day),
        text(wire(side, "terms"), 20),
        reference,
        text(wire(side, "tag"), 10, code_page="cp1252"),
    ]


def card(strength: Strength = Strength.WHOLE, feed: Feed = Feed.NONE, **more: Any) -> EntityDescription:
    """GP's side."""
    fields = [text("Number", 15, upper=True, writable="create", code_page="cp1252"), *_typed(GP)]
    fields.append(text("Mark", 30, code_page="cp1252"))
    options: dict[str, Any] = {"reference_field": "Mark", "renamable": True} | more
    return EntityDescription(
        "customer",
        ("Number",),
        {one.name: one for one in fields},
        strength,
        feed,
        all_or_nothing=feed is Feed.NONE,
        longest_reply_s=60.0,
        **options,
    )


def account(
    strength: Strength = Strength.VERSIONED, feed: Feed = Feed.DELTA, **more: Any
) -> EntityDescription:
    """Sales' side."""
    kind = FieldDescription("kind", FieldType.OPTION, options={3: "Customer", 8: "Prospect"})
    fields = [text("id", 36, writable="create"), *_typed(SALES), kind]
    return EntityDescription(
        "account",
        ("id",),
        {one.name: one for one in fields},
        strength,
        feed,
        feed_sees_deletions=feed is Feed.DELTA,
        longest_reply_s=60.0,
        **more,
    )


def _row(name: str, **more: Any) -> dict[str, Any]:
    return {"gp": wire(GP, name), "sales": wire(SALES, name), **more}


FLOW: dict[str, Any] = {
    "format": 1,
    "flow": "customers",
    "sides": {
        "gp": {
            "entity": "customer",
            "create": True,
            "update": True,
            "number": {"scheme": "name", "name": "tag"},
        },
        "sales": {"entity": "account", "create": True, "update": True, "when": "kind === 3"},
    },
    "first_contact": "gp",
    "match": [{"same": ["tag"]}],
    "fields": {
        "tag": _row("tag", create_only=True),
        "kind": {"sales": "kind", "on_create": "3"},
        "name": _row("name", owner="ask"),
        "note": _row("note", owner="ask"),
        "gp_owned": _row("gp_owned", owner="gp"),
        "sales_owned": _row("sales_owned", owner="sales", along=True),
        "gp_kept": _row("gp_kept", owner="gp", may_clear=False),
        "clearing": _row("clearing", owner="ask", may_clear=True),
        "parking": _row("parking", owner="ask", long="park"),
        "wide_in_gp": _row("wide_in_gp", owner="ask"),
        "place": {
            "group": True,
            "owner": "ask",
            "fields": {"street": _row("place.street"), "zip": _row("place.zip")},
        },
        "bank": {
            "group": True,
            "owner": "gp",
            "fields": {"name": _row("bank.name"), "account": _row("bank.account")},
        },
        "phone": _row("phone", owner="ask", convert="phone"),
        "country": _row("country", owner="ask", convert="country"),
        "once": _row("once", create_only=True),
        "shown": _row("shown", read_only=True),
        "limit": _row("limit", owner="gp", along=True),
        "rate": _row("rate", owner="ask"),
        "count": _row("count", owner="ask"),
        "hold": _row("hold", owner="sales"),
        "since": _row("since", owner="ask", convert="day"),
        "terms": _row("terms", owner="gp", lookup="terms"),
        "parent": _row("parent", owner="gp", ref="customers"),
    },
}

TERMS = [("NET 30", "Net thirty"), ("NET 60", "Net sixty"), ("COD", "Cash")]


def lookups() -> Mapping[str, Lookup]:
    return {"terms": lookup("terms", ("gp", "sales"), TERMS)}


def laws_world(folder: Path) -> World:
    """A world whose store does not wait for the disk: the laws are about order, the kill tests about the disk."""
    world = make_world(folder, gp=card(), sales=account())
    unhurried(world)
    world.flow, world.lookups = FLOW, lookups()
    return world


def unhurried(world: World) -> None:
    """Let the store not wait for the disk."""

    def no_wait(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(world.store.engine, "connect", no_wait)
    world.store.engine.dispose()


def fresh_systems(
    world: World, gp: EntityDescription | None = None, sales: EntityDescription | None = None
) -> None:
    """Empty systems in the same store: the next example, under a pair of its own."""
    world.gp = MemoryConnector("gp", {"customer": gp or card()}, clock=world.clock)
    world.sales = MemoryConnector("sales", {"account": sales or account()}, clock=world.clock)


def system(world: World, side: str) -> MemoryConnector:
    return world.gp if side == GP else world.sales


def rows_of(world: World, side: str) -> dict[str, dict[str, Value]]:
    """Every record of a side by its key."""
    return {key[0]: dict(row) for key, row in system(world, side).rows(ENTITY[side]).items()}


def by_tag(world: World, side: str) -> dict[str, list[str]]:
    """The keys of a side's records by the partner that they stand for."""
    found: dict[str, list[str]] = {}
    for key, row in rows_of(world, side).items():
        found.setdefault(str(row[wire(side, "tag")]), []).append(key)
    return found


def edit(world: World, side: str, key: str, **values: Value) -> bool:
    """Let a person edit or make a record; False if the system refuses it."""
    try:
        system(world, side).person_put(
            ENTITY[side], (key,), {wire(side, name): held for name, held in values.items()}
        )
    except Rejected:
        return False
    return True


def make_partner(world: World, side: str, tag: str, values: Mapping[str, Value]) -> None:
    """Make a partner's record as a person does; what the system refuses of it is left out."""
    key = f"GP{tag}" if side == GP else f"sales-{tag}"
    edit(world, side, key, tag=tag, name=f"Firm {tag}", **({} if side == GP else {"kind": 3}))
    for name, value in values.items():
        edit(world, side, key, **{name: value})


def as_of(side: str, value: Value) -> Value:
    """A drawn value as the side's field holds its kind: days are moments in Sales."""
    if side == SALES and isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, 18, tzinfo=UTC)
    return value
