"""What people do, as Hypothesis draws it: partners on either side, and edits of every kind of field, in rounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from gp365.model.values import Value
from laws.judge import Judge, finish, watch
from laws.laws_world import FIELDS, GP, SALES, TERMS, TEXTS, as_of, by_tag, edit, make_partner, rows_of, wire
from sync.engine_world import World

TWEAKS = ("copy", "upper", "tail", "head", "shorter", "empty")
GROUPS = (("place.street", "place.zip"), ("place.zip", "place.street"), ("bank.name", "bank.account"))
PLAIN = "abXY 1'.-&äßÖ€\t"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: a new value, or a tweak of the value that stands there."""

    side: str
    partner: int
    field: str
    value: Value
    tweak: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """A partner as it stands in the beginning: on which sides, with which values."""

    sides: tuple[str, ...]
    gp: dict[str, Value]
    sales: dict[str, Value]


@dataclass(frozen=True, slots=True)
class History:
    """Partners, and rounds of edits with a sync after each."""

    partners: list[Start]
    rounds: list[list[Edit]]


def texts(name: str) -> st.SearchStrategy[Value]:
    """All of Unicode, up to twice the longer limit; and the plainer characters that GP takes."""
    longest = 2 * max(TEXTS[name])
    free: list[st.SearchStrategy[Value]] = [st.none(), st.text(max_size=longest)]
    free += [st.text(PLAIN, min_size=size, max_size=longest) for size in (0, min(TEXTS[name]) - 1)]
    if name == "phone":
        free.append(st.from_regex(r"\A\(?[2-9][0-9]{2}\)? ?[2-9][0-9]{2}-?[0-9]{4}( x[0-9]{1,4})?\Z"))
    if name == "country":
        free.append(st.sampled_from(["NO", "Norway", "USA", "us", "Deutschland", "Nowhere", "GB"]))
    return st.one_of(free)


VALUES: dict[str, st.SearchStrategy[Value]] = {name: texts(name) for name in TEXTS} | {
    "limit": st.none() | st.decimals(-(10**8), 10**8, places=4, allow_nan=False) | st.just(Decimal(0)),
    "rate": st.none() | st.decimals(-1000, 1000, places=4, allow_nan=False),
    "count": st.none() | st.integers(-3000, 3000),
    "hold": st.none() | st.booleans(),
    "since": st.none() | st.dates(date(1700, 1, 1), date(2200, 1, 1)) | st.just(date(1900, 1, 1)),
    "terms": st.none() | st.sampled_from([value for pair in TERMS for value in pair]) | st.just("NET 99"),
    "parent": st.none() | st.integers(0, 3),
}


def edits() -> st.SearchStrategy[list[Edit]]:
    """One act: an edit of any kind, a tweak of what stands there, a clearing, or both people at one group."""
    sides, partners = st.sampled_from((GP, SALES)), st.integers(0, 2)
    texts_of = st.sampled_from(list(TEXTS))
    kinds = [st.builds(Edit, sides, partners, st.just(name), value) for name, value in VALUES.items()]
    tweaked = st.builds(Edit, sides, partners, texts_of, st.none(), st.sampled_from(TWEAKS))
    cleared = st.builds(Edit, sides, partners, texts_of, st.none(), st.just("empty"))
    acts = {
        "plain": st.one_of(kinds).map(_alone),
        "tweaked": tweaked.map(_alone),
        "cleared": cleared.map(_alone),
        "crossed": st.builds(
            _crossed, partners, sides, st.sampled_from(GROUPS), st.text("abc", min_size=1, max_size=8)
        ),
    }
    weights = ["plain", "plain", "tweaked", "cleared", "crossed"]
    return st.sampled_from(weights).flatmap(acts.__getitem__)


def _alone(one: Edit) -> list[Edit]:
    return [one]


def _crossed(partner: int, side: str, group: tuple[str, str], value: str) -> list[Edit]:
    """A person on each side changes another field of one group."""
    other = SALES if side == GP else GP
    return [Edit(side, partner, group[0], value), Edit(other, partner, group[1], value)]


def starts() -> st.SearchStrategy[Start]:
    values = st.dictionaries(st.sampled_from(FIELDS), st.none(), max_size=8)
    filled = values.flatmap(lambda names: st.fixed_dictionaries({name: VALUES[name] for name in names}))
    where = st.sampled_from(((GP,), (SALES,), (GP, SALES)))
    return st.builds(Start, where, filled, filled)


def histories(rounds: int = 2, per_round: int = 8) -> st.SearchStrategy[History]:
    return st.builds(
        History,
        st.lists(starts(), min_size=1, max_size=3),
        st.lists(st.lists(edits(), min_size=1, max_size=per_round).map(_joined), max_size=rounds),
    )


def _joined(acts: list[list[Edit]]) -> list[Edit]:
    return [one for act_of in acts for one in act_of]


def begin(world: World, history: History) -> None:
    for number, start in enumerate(history.partners):
        for side in start.sides:
            values = start.gp if side == GP else start.sales
            make_partner(world, side, f"T{number}", {})
            for name, value in values.items():
                act(world, Edit(side, number, name, value), number)


def act(world: World, one: Edit, token: int) -> None:
    """Let a person make an edit; a text that is drawn gets a mark, so that values never repeat."""
    keys = by_tag(world, one.side).get(f"T{one.partner}", [])
    if not keys:
        return
    if one.tweak:
        edit(world, one.side, keys[0], **{one.field: _tweaked(world, one, keys[0], token)})
    elif one.field == "parent":
        named = by_tag(world, one.side).get(f"T{one.value}", [None])
        edit(world, one.side, keys[0], parent=named[0])
    else:
        edit(world, one.side, keys[0], **{one.field: as_of(one.side, _marked(one, token))})


def _marked(one: Edit, token: int) -> Value:
    if one.field in TEXTS and one.field not in ("phone", "country") and one.value and token % 2:
        return f"{token:x}{one.value}"[: 2 * max(TEXTS[one.field])]
    return one.value


def _tweaked(world: World, one: Edit, key: str, token: int) -> Value:
    held = str(rows_of(world, one.side)[key][wire(one.side, one.field)] or "")
    if one.tweak == "copy":
        return _across(world, one)
    tweaks: dict[str, str] = {
        "upper": held.swapcase(),
        "tail": f"{held[:-1]}{token:x}",
        "head": f"{token:x}{held[1:]}",
        "shorter": held[:-2],
        "empty": "",
    }
    return tweaks[one.tweak]


def _across(world: World, one: Edit) -> Value:
    """What stands on the other side: both people type the same."""
    side = SALES if one.side == GP else GP
    keys = by_tag(world, side).get(f"T{one.partner}", [])
    return rows_of(world, side)[keys[0]][wire(side, one.field)] if keys else None


def play(world: World, history: History, pair: str) -> None:
    """Play a history out under the judge's eyes; LawBroken names what does not hold."""
    judge = Judge(world, pair)
    watch(judge)
    begin(world, history)
    judge.note_agreement()
    judge.sync()
    token = 16
    for edits_of_round in history.rounds:
        for one in edits_of_round:
            token += 1
            act(world, one, token)
        judge.sync()
    finish(judge)


__all__: list[Any] = ["Edit", "History", "Start", "histories", "play"]
