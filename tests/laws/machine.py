"""The explorer: people, both systems and the engine acting in any order, with everything that goes wrong between them."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gp365.model.entity import Feed, Strength
from gp365.model.errors import Rejected
from gp365.model.record import Write
from gp365.store.engine import open_store
from laws.histories import Edit, Start, act, edits, starts
from laws.judge import Judge, watch
from laws.laws_world import (
    ENTITY,
    FLOW,
    GP,
    SALES,
    TEXTS,
    account,
    by_tag,
    card,
    fresh_systems,
    make_partner,
    rows_of,
    system,
    unhurried,
)
from sync.engine_world import World, written

OFTEN = ("name", "note", "phone", "place.street", "place.zip", "clearing")
EXTRAS = ("note", "wide_in_gp", "count")
SIDES = st.sampled_from((GP, SALES))
PARTNERS = st.integers(0, 2)
NUMBERS = count(1)
WRONG = (
    "lost reply",
    "late call",
    "landing",
    "down",
    "deleted",
    "renumbered",
    "refused",
    "accepted again",
    "tokens",
    "reopened",
)


def _only(body: dict[str, Any], flow: str, names: set[str], **sides: Any) -> dict[str, Any]:
    fields = {name: row for name, row in body["fields"].items() if name in names}
    return {**body, **sides, "flow": flow, "fields": fields}


MAIN = _only(FLOW, "customers", set(FLOW["fields"]) - set(EXTRAS))
SECOND = _only(
    FLOW,
    "extras",
    {"tag", *EXTRAS},
    sides={
        "gp": {"entity": "customer", "create": False, "update": True},
        "sales": {"entity": "account", "create": False, "update": True},
    },
)


class EngineMachine(RuleBasedStateMachine):
    """Two flows over the same records; the judges see every write, and every run's equation must balance."""

    world: World  # given by the test: a store that the machines share, each under a pair of its own

    def __init__(self) -> None:
        super().__init__()
        self.tokens = count(100)
        self.made: set[int] = set()
        self.judges: list[Judge] = []
        self.refused: list[tuple[str, str]] = []

    @initialize(
        gp=st.sampled_from(list(Strength)),
        sales=st.sampled_from(list(Strength)),
        feed=st.sampled_from([Feed.NONE, Feed.DELTA]),
        partners=st.lists(starts(), min_size=1, max_size=3),
    )
    def begin(self, gp: Strength, sales: Strength, feed: Feed, partners: list[Start]) -> None:
        self.pair = f"m{next(NUMBERS)}"
        fresh_systems(self.world, card(gp, feed), account(sales))
        self.world.flow, self.world.flows = MAIN, {"customers": MAIN, "extras": SECOND}
        self.judges = [Judge(self.world, self.pair, body) for body in (MAIN, SECOND)]
        watch(*self.judges)
        for number, start in enumerate(partners):
            self._new_partner(number, start)
        for judge in self.judges:
            self._sync(judge, False)

    # people

    @rule(number=PARTNERS, start=starts())
    def someone_new(self, number: int, start: Start) -> None:
        if number not in self.made:
            self._new_partner(number, start)

    def _new_partner(self, number: int, start: Start) -> None:
        self.made.add(number)
        for side in start.sides:
            make_partner(self.world, side, f"T{number}", {})
            for name, value in (start.gp if side == GP else start.sales).items():
                act(self.world, Edit(side, number, name, value), next(self.tokens))

    @rule(acts=st.lists(edits(), min_size=1, max_size=4))
    def people_edit(self, acts: list[list[Edit]]) -> None:
        for one in (one for act_of in acts for one in act_of):
            act(self.world, one, next(self.tokens))

    def _vanish(self, side: str, number: int, *, renumbered: bool) -> None:
        for key in by_tag(self.world, side).get(f"T{number}", []):
            if renumbered and side == GP:
                self.world.gp.person_rename("customer", (key,), (f"R{next(self.tokens)}",))
            else:
                system(self.world, side).person_delete(ENTITY[side], (key,))
            for judge in self.judges:
                judge.vanished = True
                judge.gone += 1

    # what goes wrong

    @rule(what=st.sampled_from(WRONG), side=SIDES, number=PARTNERS, count=st.integers(1, 5))
    def something_goes_wrong(self, what: str, side: str, number: int, count: int) -> None:
        """Once, before the next sync."""
        faults = system(self.world, side).faults
        if what == "lost reply":
            faults.lose_replies(count)
        elif what == "late call":
            faults.delay(1)
        elif what == "landing":
            system(self.world, side).land()
        elif what == "down":
            faults.down(count)
        elif what in ("deleted", "renumbered"):
            self._vanish(side, number, renumbered=what == "renumbered")
        elif what == "refused":
            self._refuse(side, number)
        elif what == "accepted again":
            self._accept_all()
        elif what == "tokens":
            self.world.sales.expire_tokens()
        else:
            self._reopen()

    def _refuse(self, side: str, number: int) -> None:
        for key in by_tag(self.world, side).get(f"T{number}", []):
            system(self.world, side).faults.refuse(ENTITY[side], (key,), Rejected("rejected", "Locked."))
            self.refused.append((side, key))

    def _accept_all(self) -> None:
        for side, key in self.refused:
            system(self.world, side).faults.accept(ENTITY[side], (key,))
        self.refused.clear()

    @rule(side=SIDES, name=st.sampled_from(sorted(TEXTS)), number=PARTNERS, window=st.booleans())
    def someone_acts_during_the_next_write(self, side: str, name: str, number: int, window: bool) -> None:
        faults, done = system(self.world, side).faults, [False]
        usual = faults.before_write

        def meanwhile(entity: str, write: Write) -> None:
            if not done[0]:
                done[0] = True
                act(self.world, Edit(side, number, name, f"{next(self.tokens)} mid"), 0)
                for judge in self.judges:
                    judge.meanwhile = True
            if not window and usual is not None:
                usual(entity, write)

        if window:
            faults.between_reread_and_write = meanwhile
        else:
            faults.before_write = meanwhile

    @rule(seconds=st.sampled_from([1, 700, 5000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    def _reopen(self) -> None:
        self.world.store.close()
        self.world.store = open_store(self.world.folder / "gp365.db", clock=self.world.clock)
        unhurried(self.world)

    # the engine

    @rule(acts=st.lists(edits(), min_size=1, max_size=4), full=st.booleans())
    def people_edit_and_both_flows_sync(self, acts: list[list[Edit]], full: bool) -> None:
        self.people_edit(acts)
        for judge in self.judges:
            self._sync(judge, full)

    @rule(
        side=SIDES,
        name=st.sampled_from(OFTEN),
        number=PARTNERS,
        what=st.sampled_from(WRONG),
        count=st.integers(1, 5),
    )
    def a_write_goes_wrong(self, side: str, name: str, number: int, what: str, count: int) -> None:
        """A person's edit whose way to the other side is disturbed."""
        across = SALES if side == GP else GP
        act(self.world, Edit(side, number, name, f"{next(self.tokens)} way"), 0)
        self.something_goes_wrong(what, across, number, count)
        for judge in self.judges:
            self._sync(judge, False)

    @rule(which=st.integers(0, 1))
    def one_flow_syncs(self, which: int) -> None:
        self._sync(self.judges[which], False)

    def _sync(self, judge: Judge, full: bool) -> None:
        judge.sync(clean=False, full=full)
        self._calm()

    def _calm(self) -> None:
        for side in (GP, SALES):
            system(self.world, side).faults.between_reread_and_write = None
        watch(*self.judges)

    @invariant()
    def nobody_stands_twice(self) -> None:
        for judge in self.judges:
            judge.judge_doubles()

    def teardown(self) -> None:
        """Let everything calm down: then the law holds whole, and nothing is left to write."""
        if not self.judges:
            return
        for side in (GP, SALES):
            faults = system(self.world, side).faults
            faults.down(0)
            faults.lose_replies(0)
            faults.delay(0)
            system(self.world, side).land()
        self._accept_all()
        self._calm()
        for _ in range(3):
            self.world.clock.advance(5000)
            for judge in self.judges:
                judge.sync(clean=False, full=True)
        for judge in self.judges:
            held = {side: rows_of(self.world, side) for side in (GP, SALES)}
            report = judge.sync()
            assert written(report) == 0, report
            assert held == {side: rows_of(self.world, side) for side in (GP, SALES)}
