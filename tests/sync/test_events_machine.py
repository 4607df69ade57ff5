"""People rename, swap, delete, merge and decide in any order: nobody is doubled, and every link is right or waits."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gp365.model.entity import Feed, Strength
from gp365.model.values import unpack_deep
from gp365.store.links import OPEN, Link
from sync.engine_world import FLOW, World, account, customer, written
from sync.events_world import decide_on, entities_of, events_world, mergeable, rename

FIRMS = st.integers(0, 4)
NUMBERS = count(1)
SHORT = settings(
    max_examples=25,
    stateful_step_count=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    phases=[Phase.generate],
)
# Firms are told apart by their postal code, which nobody changes.
EVENTS_FLOW: dict[str, Any] = {
    **FLOW,
    "match": [{"same": ["address.zip"]}],
    "fields": {**FLOW["fields"], "hold": {"gp": "Hold", "sales": "hold", "owner": "gp"}},
}


class IdentityMachine(RuleBasedStateMachine):
    """Two systems whose people do to identities what they like. A firm is its postal code, on both sides."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.fresh = count(1)
        self.begun = False

    @initialize(
        feed=st.sampled_from([Feed.NONE, Feed.DELTA]),
        gp=st.sampled_from([Strength.WHOLE, Strength.COMPARED]),
        renumbered=st.sampled_from(["follow", "ask"]),
        merged=st.sampled_from(["follow", "ask"]),
        gone=st.sampled_from(["ask", "ignore", "hold"]),
        page=st.sampled_from([1, 2, 200]),
    )
    def begin(self, feed: Feed, gp: Strength, renumbered: str, merged: str, gone: str, page: int) -> None:
        self.pair = f"m{next(NUMBERS)}"  # in the firms' names too, or GP's numbers for them would run out
        entities_of(self.world, customer(gp, feed), mergeable())
        events = {"renumbered": renumbered, "merged": merged, "gone": gone, "hold": "hold"}
        self.world.flow, self.world.page = {**EVENTS_FLOW, "events": events}, page
        # Nobody touches the last one: a side that shows nothing at all stops the flow.
        for number in (0, 1, 2, 3, 9):
            self.someone_new(number, number % 2 == 0)
        self.sync()
        self.begun = True

    # people

    @rule(number=FIRMS, in_gp=st.booleans())
    def someone_new(self, number: int, in_gp: bool) -> None:
        code = f"Z{number}"
        if self.customers(code) or self.accounts(code):
            return
        if in_gp:
            self.world.gp_put(f"N{next(self.fresh)}", Name=f"{self.pair} {code}", Zip=code)
        else:
            self.world.sales_put(f"s{next(self.fresh)}", name=f"{self.pair} {code}", zip=code, type=3)

    @rule(number=FIRMS, in_gp=st.booleans())
    def someone_edits(self, number: int, in_gp: bool) -> None:
        token = f"{next(self.fresh)}"
        for key in (self.customers if in_gp else self.accounts)(f"Z{number}"):
            if in_gp:
                self.world.gp_put(key, Phone=token)
            else:
                self.world.sales_put(key, phone=token)

    @rule(number=FIRMS)
    def renumbered(self, number: int) -> None:
        for key in self.customers(f"Z{number}"):
            rename(self.world, key, f"R{next(self.fresh)}")

    @rule(one=FIRMS, other=FIRMS)
    def swapped(self, one: int, other: int) -> None:
        a, b = self.customers(f"Z{one}"), self.customers(f"Z{other}")
        if a and b and a[0] != b[0]:
            rename(self.world, a[0], "ASIDE")
            rename(self.world, b[0], a[0])
            rename(self.world, "ASIDE", b[0])

    @rule(number=FIRMS, in_gp=st.booleans())
    def deleted(self, number: int, in_gp: bool) -> None:
        for key in (self.customers if in_gp else self.accounts)(f"Z{number}")[:1]:
            system, entity = (self.world.gp, "customer") if in_gp else (self.world.sales, "account")
            system.person_delete(entity, (key,))

    @rule(number=FIRMS, other=FIRMS)
    def deleted_and_the_number_taken(self, number: int, other: int) -> None:
        keys, others = self.customers(f"Z{number}"), self.customers(f"Z{other}")
        if keys and others and keys[0] != others[0]:
            self.world.gp.person_delete("customer", (keys[0],))
            rename(self.world, others[0], keys[0])

    @rule(one=FIRMS, other=FIRMS)
    def merged(self, one: int, other: int) -> None:
        a, b = self.accounts(f"Z{one}"), self.accounts(f"Z{other}")
        if a and b and a[0] != b[0]:
            self.world.sales.person_merge("account", (a[0],), (b[0],))

    @rule(which=st.integers(0, 9), answer=st.sampled_from(["create", "ignore", "link", "nobody"]), at=FIRMS)
    def a_person_decides(self, which: int, answer: str, at: int) -> None:
        entries = [one for one in self.world.parked(self.pair) if one.field == ""]
        if not entries:
            return
        one = entries[which % len(entries)]
        across = self.accounts if one.left_key and not one.right_key else self.customers
        keys = {"link": across(f"Z{at}"), "nobody": ["nobody"]}.get(answer)
        if keys:
            decide_on(self.world, one, link=keys[0])
        elif keys is None:
            decide_on(self.world, one, **{answer: True})

    # what goes wrong

    @rule(side=st.sampled_from(["gp", "sales"]), what=st.sampled_from(["lost", "late", "land", "down"]))
    def something_goes_wrong(self, side: str, what: str) -> None:
        system = self.world.gp if side == "gp" else self.world.sales
        if what == "land":
            system.land()
        else:
            {"lost": system.faults.lose_replies, "late": system.faults.delay, "down": system.faults.down}[
                what
            ](1)

    @rule(full=st.booleans(), seconds=st.sampled_from([0, 5000]))
    def a_sync(self, full: bool, seconds: int) -> None:
        self.world.clock.advance(seconds)
        self.sync(full=full)

    # the engine

    def sync(self, *, full: bool = False) -> Any:
        report = self.world.sync(pair=self.pair, full=full)
        assert report.balanced, report
        self.judge_links()
        return report

    def customers(self, code: str) -> list[str]:
        return [key for key, row in self.world.customers().items() if row["Zip"] == code]

    def accounts(self, code: str) -> list[str]:
        rows = self.world.sales.rows("account").items()
        return [key[0] for key, row in rows if row["zip"] == code and not row["master"]]

    def links(self) -> list[Link]:
        return self.world.links(self.pair)

    def judge_links(self) -> None:
        """No record is an end twice, and no open link holds two records that nobody linked by hand or merge."""
        for end in ("left_key", "right_key"):
            keys = [getattr(one, end) for one in self.links() if getattr(one, end) is not None]
            assert len(keys) == len(set(keys)), keys

    def teardown(self) -> None:
        if not self.begun:
            return
        for system in (self.world.gp, self.world.sales):
            system.faults.down(0)
            system.faults.lose_replies(0)
            system.faults.delay(0)
            system.land()
        for _ in range(4):
            self.world.clock.advance(5000)
            self.sync(full=True)
        held = self.world.customers(), self.world.sales.rows("account")
        report = self.sync()
        assert written(report) == 0 and report.clean, report
        assert held == (self.world.customers(), self.world.sales.rows("account"))
        self.judge_peace()

    def judge_peace(self) -> None:
        """Every record is linked, shares, is closed, is left out as merged, or waits for a person; births are right."""
        entries = [one for one in self.world.parked(self.pair) if one.field == ""]
        waiting = {(one.left_key, one.right_key) for one in entries}
        left = {key for pair in waiting for key in pair[:1]}
        renumbered = [unpack_deep(one.shown) for one in entries if one.code == "renumbered"]
        left |= {key for one in renumbered for key in one["candidates"]}
        right = {key for pair in waiting for key in pair[1:]}
        for one in self.links():
            left.add(one.left_key)
            right.add(one.right_key)
            self._judge_births(one, waiting)
        merged = {key[0] for key, row in self.world.sales.rows("account").items() if row["master"]}
        assert set(self.world.customers()) <= left, (set(self.world.customers()) - left, waiting)
        accounts = {key[0] for key in self.world.sales.rows("account")}
        assert accounts - merged <= right, (accounts - merged - right, waiting)

    def _judge_births(self, link: Link, waiting: set[tuple[str | None, str | None]]) -> None:
        if link.state != OPEN or (link.left_key, link.right_key) in waiting:
            return
        gp = self.world.gp.system.tables["customer"].find((link.left_key or "",))
        sales = self.world.sales.system.tables["account"].find((link.right_key or "",))
        assert gp is not None and sales is not None, link
        assert (gp.birth, sales.birth) == (link.left_birth, link.right_birth), link


def explore(folder: Path, how: settings) -> None:
    world = events_world(folder, customer(), account())

    class Machine(IdentityMachine):
        pass

    Machine.world = world
    try:
        run_state_machine_as_test(Machine, settings=how)
        assert world.chain_holds()
    finally:
        world.store.close()


def test_whatever_happens_to_identities_nobody_is_doubled_and_every_link_is_right_or_waits(
    tmp_path: Path,
) -> None:
    explore(tmp_path, SHORT)


@pytest.mark.proof
def test_long_explorations_of_identities_find_no_way_around(tmp_path: Path) -> None:
    explore(tmp_path, settings(SHORT, max_examples=1000, stateful_step_count=30, derandomize=False))
