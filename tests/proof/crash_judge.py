"""The judge of the crash proof: it reads both systems' rows and the store, never what a command says of itself.

Lost is a value that a person gave, that no person has replaced, and that stands neither on both sides nor, beside a
reason, on one. Doubled is a firm that stands more than once on a side, or a number or account with two cards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

from e2e.e2e_site import GP, PAIR, SALES
from gp365.app.project import open_project
from gp365.model.values import key_of
from gp365.store import ledger, links, parked, tables
from proof.crash_world import TWO_SIDED, UNITS, CrashWorld, Held, Snapshot

GROUPS = {"street": "bill_to", "ship": "ship_to", "limit": "credit_on_account"}


@dataclass
class Kept:
    """What the store says: parked fields with their code by link ends, whole records parked, links, open intents."""

    reasons: dict[tuple[str, str], dict[str, str]]
    links: dict[str, str]
    open_intents: int
    chain: bool


@dataclass
class Verdict:
    """What the judge found, in words; `conflicts` are fields that a person must decide, `needless` those nobody caused."""

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    strange: list[str] = field(default_factory=list[str])
    conflicts: int = 0
    needless: list[str] = field(default_factory=list[str])
    codes: Counter[str] = field(default_factory=Counter[str])

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.strange)


def kept(world: CrashWorld) -> Kept:
    """Read the store."""
    reasons: dict[tuple[str, str], dict[str, str]] = {}
    with open_project(world.site.folder) as project, project.store.read() as conn:
        for entry in parked.list_open(conn, PAIR, limit=100_000):
            for side, key in ((GP, entry.left_key), (SALES, entry.right_key)):
                if key is not None:
                    reasons.setdefault((side, _text(key)), {})[entry.field] = entry.code
        held = [link for page in links.scan(conn, PAIR, "customers", 1000) for link in page]
        pairs = {_text(link.left_key): _text(link.right_key) for link in held if link.left_key}
        query = select(func.count()).select_from(tables.intent).where(tables.intent.c.state == "open")
        return Kept(reasons, pairs, conn.execute(query).scalar_one(), ledger.verify(conn).ok)


def judge(world: CrashWorld, seen: Snapshot) -> Verdict:
    """Judge every firm; where both sides hold the same, what stood there before is forgotten."""
    found, store = Verdict(), kept(world)
    found.doubled += _doubles(seen)
    if store.open_intents:
        found.strange.append(f"{store.open_intents} intents are still open")
    if not store.chain:
        found.strange.append("the ledger's chain is broken")
    for tag, held in sorted(seen.firms.items()):
        found.lost += _missing(tag, held, store)
        if tag in world.retired:
            if not held.retired.get(world.retired[tag]):
                found.strange.append(f"{tag} was taken back and is in use on {world.retired[tag]}")
        elif held.keys[GP] and held.keys[SALES]:
            _judge_units(world, tag, held, seen, store, found)
            found.strange += _judge_cards(tag, held, seen, store)
    known = {tag for tag, _ in world.live}
    found.lost += [f"{tag} stands nowhere" for tag in sorted(known - set(seen.firms))]
    return found


def _doubles(seen: Snapshot) -> Iterator[str]:
    for tag, held in seen.firms.items():
        if not tag:
            yield f"rows that no person made: {held.keys}"
        for side, keys in held.keys.items():
            if len(keys) > 1:
                yield f"{tag} stands {len(keys)} times on {side}: {keys}"
    for number, cards in seen.cards.items():
        if len(cards) > 1:
            yield f"{len(cards)} cards of {number}"
    accounts = Counter(card["_gp365_accountid_value"] for cards in seen.cards.values() for card in cards)
    yield from (f"{number} cards on account {account}" for account, number in accounts.items() if number > 1)


def _missing(tag: str, held: Held, store: Kept) -> Iterator[str]:
    """A firm stands on both sides and is linked, or says why not."""
    for side in (GP, SALES):
        if not held.keys[side]:
            there = held.keys[SALES if side == GP else GP]
            if not any("" in store.reasons.get((SALES if side == GP else GP, key), {}) for key in there):
                yield f"{tag} is missing on {side} without a reason"
    if held.keys[GP] and held.keys[SALES] and store.links.get(held.keys[GP][0]) != held.keys[SALES][0]:
        yield f"{tag} stands on both sides and is not linked"


def _shows_limits(held: Held, seen: Snapshot) -> bool:
    """GP's limits are shown on accounts in the company's currency, which is the card's."""
    cards = seen.cards.get(held.keys[GP][0], [])
    return any(card["_transactioncurrencyid_value"] == held.currency for card in cards)


def _judge_units(
    world: CrashWorld, tag: str, held: Held, seen: Snapshot, store: Kept, found: Verdict
) -> None:
    reasons = store.reasons.get((GP, held.keys[GP][0]), {}) | store.reasons.get(
        (SALES, held.keys[SALES][0]), {}
    )
    found.codes.update(f"{code} {name}".strip() for name, code in reasons.items())
    for unit in UNITS if _shows_limits(held, seen) else TWO_SIDED:
        live = world.live.get((tag, unit), set())
        here, there = held.values[GP].get(unit, ""), held.values[SALES].get(unit, "")
        reason = reasons.get(GROUPS.get(unit, unit), "") or reasons.get("", "")
        if (kept := world.undone.get((tag, unit))) is not None:
            if kept != {GP: here, SALES: there}:
                found.lost.append(f"{tag}.{unit}: {here!r} in GP, {there!r} in Sales, taken back to {kept}")
            continue
        told = f"{tag}.{unit}: {here!r} in GP, {there!r} in Sales, given {sorted(live)}"
        if here == there:
            if live - {here}:
                found.lost.append(f"{told}, equal")
            elif reasons.get(GROUPS.get(unit, unit)) == "conflict":
                found.strange.append(f"{told}, equal and yet a conflict")
            elif here:
                world.live[tag, unit] = {here}
        elif not reason:
            found.lost.append(f"{told}, and no reason")
        else:
            found.conflicts += 1
            if live - {here, there}:
                found.lost.append(f"{told}, though {reason}")
            if len(live) < 2:
                found.needless.append(f"{told}: {reason}")


def _judge_cards(tag: str, held: Held, seen: Snapshot, store: Kept) -> Iterator[str]:
    """A firm's card says what GP says, names its account, and is the only one."""
    number = held.keys[GP][0]
    cards = seen.cards.get(number, [])
    if not cards:
        if "" not in store.reasons.get((GP, number), {}):
            yield f"{tag}: {number} has no card"
        return
    card, values = cards[0], held.values[GP]
    if card["_gp365_accountid_value"] != held.keys[SALES][0]:
        yield f"{tag}: the card of {number} names another account"
    if values["name"] not in card["gp365_name"]:
        yield f"{tag}: the card of {number} says {card['gp365_name']!r}, GP {values['name']!r}"
    limit = card.get("gp365_creditlimit")
    if "limit" in values and (limit is None or f"{float(limit):.2f}" != values["limit"]):
        yield f"{tag}: the card of {number} has the limit {limit}, GP {values['limit']}"


def _text(key: str) -> str:
    return str(key_of(key)[0])
