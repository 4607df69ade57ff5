"""The explorer of the two simulated worlds: people, identity events, restores, faults and syncs in any order."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from e2e_site import GP, PAIR, SALES, Site
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from people import SITE_FLOW, People, tag_of
from two_worlds import Disagrees, Known, is_unlinked, judge

from gp365.app.actions.opening import holder_of
from gp365.app.actions.outputs import SyncOut
from gp365.app.actions.running import silent
from gp365.app.actions.sync import sync_jobs
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import Project, open_project
from gp365.model.values import unpack_deep
from gp365.store import guards, parked
from gp365.wire.redact import SECRETS

FIRMS = st.integers(0, 5)
SIDES = st.sampled_from((GP, SALES))
CHANGED, MATCHING = {"number", "name"}, {"phone", "street", "zip"}
STOPPED = 5
STAYS_UP = 10


class Worlds(RuleBasedStateMachine):
    """Edits on both sides, renumbers, combines, merges, deletions, restores, role filters, clock jumps and faults.

    The test gives `site` (running simulators) and `steps`, in which every rule that was carried out is counted.
    """

    site: Site
    steps: dict[str, int]
    examples = count()
    start: ClassVar[Path | None] = None
    """A project in front of worlds that were provisioned, which every example begins with."""
    secrets: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.tokens = count(1)
        self.numbers = count(1)
        self.ahead_s = 0.0
        self.people = People(self.site)
        self.known = Known()
        self.changed: dict[str, set[str]] = {}
        self.tags: list[str] = []
        self.mine: Site = self.site
        self.snapshots: set[str] = set()
        self.moved_back = False
        self.project: Project | None = None
        self.assembly: Assembly | None = None
        self.syncs = count(1)

    # the beginning

    @initialize(both=st.integers(0, 3), gp=st.integers(0, 2), sales=st.integers(0, 2))
    def begin(self, both: int, gp: int, sales: int) -> None:
        for system in (GP, SALES):
            self.site.door(system, "POST", "/reset")
        folder = self.site.folder.parent / f"project{next(self.examples)}"
        shutil.copytree(self._provisioned(), folder)
        self.mine = Site(folder, self.site.started)
        self.people = People(self.mine)
        self.project = open_project(folder, clock=self._clock)
        self.people.store = self.project.store
        for made, number in (("both", both), ("gp", gp), ("sales", sales)):
            for _ in range(number):
                self._new(made)
        self._sync()

    def _provisioned(self) -> Path:
        """Put provisioned worlds there: by the command the first time, after that from a backup."""
        kind = type(self)
        if kind.start is not None:
            self.site.door(SALES, "POST", "/restore", {"snapshot": "provisioned"})
            SECRETS._keep(
                kind.secrets
            )  # a process that lives for a day does not see tokens of thousands of sign-ins
            return kind.start
        folder = self.site.folder.parent / "start"
        shutil.copytree(self.site.folder, folder, ignore=shutil.ignore_patterns(".gp365", "reached-*"))
        (folder / "flows").mkdir(exist_ok=True)
        (folder / "flows" / "customers.yaml").write_text(SITE_FLOW, "utf-8")
        if Site(folder, self.site.started).run("provision", "apply").code != 0:
            raise AssertionError("provisioning failed")
        self.site.door(SALES, "POST", "/snapshot", {"name": "provisioned", "stays": True})
        kind.start, kind.secrets = folder, SECRETS._secrets
        return folder

    def _new(self, where: str) -> None:
        number = next(self.numbers)
        self.tags.append(tag_of(number))
        if where in ("both", "gp"):
            self.people.new_customer(number)
        if where in ("both", "sales"):
            self.people.new_account(number)

    def _tag(self, number: int) -> str:
        return self.tags[number % len(self.tags)] if self.tags else ""

    def _token(self) -> str:
        return f"{next(self.tokens):06d}"

    def _count(self, name: str) -> None:
        self.steps[name] = self.steps.get(name, 0) + 1

    # people

    @rule(where=st.sampled_from(("both", "gp", "sales")))
    def someone_new(self, where: str) -> None:
        self._count("new")
        if len(self.tags) < 12:
            self._new(where)
            if self.moved_back and where == "both":
                # An account that people enter under a version which the lost time had too is in no feed (docs/limits.md).
                self._let_stand_twice(self.tags[-1])

    @rule(firm=FIRMS, what=st.sampled_from(("name", "phone", "street", "zip", "hold")))
    def a_customer_is_edited(self, firm: int, what: str) -> None:
        self._count("edit gp")
        tag, token = self._tag(firm), self._token()
        self._part(tag, what)
        self.changed.setdefault(tag, set()).add(what)
        if what == "name":
            self.people.edit_customer(tag, CUSTNAME=f"Firm {tag} {token}")
        elif what == "hold":
            self.people.edit_customer(tag, HOLD=int(token) % 2)
        else:
            field = {"phone": "PHONE1", "street": "ADDRESS1", "zip": "ZIP"}[what]
            value = {"phone": f"312{int(token):07d}0000", "street": f"{token} G Street", "zip": token[1:]}[
                what
            ]
            self.people.edit_customer_address(tag, **{field: value})

    @rule(firm=FIRMS, what=st.sampled_from(("name", "phone", "street", "zip")))
    def an_account_is_edited(self, firm: int, what: str) -> None:
        self._count("edit sales")
        tag, token = self._tag(firm), self._token()
        self._part(tag, what)
        field = {
            "name": "name",
            "phone": "telephone1",
            "street": "address1_line1",
            "zip": "address1_postalcode",
        }[what]
        value = {
            "name": f"Firm {tag} {token}",
            "phone": f"(773) {token[:3]}-{int(token):04d}"[:14],
            "street": f"{token} S Street",
            "zip": token[1:],
        }[what]
        self.people.edit_account(tag, **{field: value})

    def _part(self, tag: str, what: str) -> None:
        """A firm that stands on both sides unlinked, and is written otherwise on one of them, may be made on both again."""
        if what in ("name", "zip") and any(is_unlinked(self.people, side, tag) for side in ("gp", "sales")):
            self._let_stand_twice(tag)

    def _let_stand_twice(self, tag: str) -> None:
        for doubled in self.known.doubled.values():
            doubled.add(tag)

    @rule(firm=FIRMS, inactive=st.booleans(), side=SIDES)
    def a_record_is_deactivated(self, firm: int, inactive: bool, side: str) -> None:
        self._count("deactivate")
        if side == GP:
            self.people.edit_customer(self._tag(firm), INACTIVE=int(inactive))
        else:
            self.people.edit_account(self._tag(firm), statecode=int(inactive))

    @rule(firm=FIRMS, scope=st.sampled_from((3, 1)))
    def an_account_leaves_the_condition_or_returns(self, firm: int, scope: int) -> None:
        self._count("scope")
        self.people.edit_account(self._tag(firm), customertypecode=scope)

    # events

    @rule(firm=FIRMS)
    def a_customer_is_renumbered(self, firm: int) -> None:
        self._count("renumber")
        self.changed.setdefault(self._tag(firm), set()).add("number")
        self.people.renumber(self._tag(firm), f"R{self._token()}")

    @rule(firm=FIRMS, into=FIRMS)
    def customers_are_combined(self, firm: int, into: int) -> None:
        self._count("combine")
        self.people.combine(self._tag(firm), self._tag(into))

    @rule(firm=FIRMS, into=FIRMS)
    def accounts_are_merged(self, firm: int, into: int) -> None:
        self._count("merge")
        self.people.merge(self._tag(firm), self._tag(into))

    @rule(firm=FIRMS, side=SIDES)
    def a_record_is_deleted(self, firm: int, side: str) -> None:
        self._count("delete")
        (self.people.delete_customer if side == GP else self.people.delete_account)(self._tag(firm))

    @rule(side=SIDES)
    def a_backup_is_made(self, side: str) -> None:
        self._count("backup")
        self.people.door(side, "/snapshot", {"name": "backup"})
        self.snapshots.add(side)

    @precondition(lambda self: self.snapshots)
    @rule(side=SIDES)
    def a_system_is_restored(self, side: str) -> None:
        self._count("restore")
        if side in self.snapshots:
            self.people.door(side, "/restore", {"snapshot": "backup"})
            self.moved_back = self.moved_back or side == SALES

    @rule(firm=FIRMS, side=SIDES)
    def a_role_hides_a_firm(self, firm: int, side: str) -> None:
        self._count("hide")
        tag = self._tag(firm)
        if is_unlinked(self.people, side, tag):
            # What was never linked and cannot be seen cannot be matched: its firm may be made again on that side.
            self.known.doubled["gp" if side == GP else "sales"].add(tag)
        self.people.hide(side, tag)

    @rule()
    def the_role_shows_all_again(self) -> None:
        self._count("show")
        self.people.show_all()

    @rule(seconds=st.sampled_from((1, 90, 4000, 90_000)))
    def time_passes(self, seconds: int) -> None:
        self._count("clock")
        self.ahead_s += seconds
        for system in (GP, SALES):
            self.people.door(system, "/clock", {"advance_s": seconds})

    @rule(side=SIDES, do=st.sampled_from(("lost_reply", "reset", "503", "429")), nth=st.integers(1, 6))
    def something_will_go_wrong(self, side: str, do: str, nth: int) -> None:
        self._count("fault")
        wrong: dict[str, Any] = {"do": do, "nth": nth, "path": "Sales|accounts|gp365_customers|batch"}
        if do in ("503", "429"):
            wrong["retry_after_s"] = 0
        self.people.door_list(side, "/faults", [wrong])

    # a person decides

    @rule(pick=st.integers(0, 50), how=st.sampled_from(("link", "create", "ignore", "gp", "sales")))
    def a_person_decides(self, pick: int, how: str) -> None:
        self._count("decide")
        with self._open().store.write() as conn:
            entries = parked.list_open(conn, limit=1000)
            if entries:
                entry = entries[pick % len(entries)]
                decision = self._decision(entry, how)
                if how == "create":
                    self._let_double(entry)
                if decision is not None:
                    parked.resolve(conn, entry.id, decision, "tester")

    def _let_double(self, entry: parked.Parked) -> None:
        """A person who has a record created beside what looks like it wants two of that firm."""
        for tag in re.findall(r"t\d{5}", f"{entry.about!r} {entry.message}"):
            self._let_stand_twice(tag)

    def _decision(self, entry: parked.Parked, how: str) -> dict[str, Any] | None:
        if entry.field:
            return {"take": how} if how in ("gp", "sales") else None
        if how == "link":
            shown = unpack_deep(entry.shown)
            found = list(shown.get("candidates") or ())
            return {"link": found[0]} if found else None
        return {how: True} if how in ("create", "ignore") else None

    # syncs

    @rule()
    def a_sync_runs(self) -> None:
        self._count("sync")
        self._sync()

    @rule()
    def a_sync_is_approved(self) -> None:
        self._count("approve")
        self._sync(approve=True)

    def _let_the_unseen_stand_twice(self) -> None:
        """A customer who stands under another number than we know, and whom our role hides or who has another name and
        another street, zip or telephone too, cannot be told from one that a restore took away: a way back that
        somebody approves makes it anew under the number that we know (docs/limits.md).
        """
        others = {tag for tag, what in self.changed.items() if what >= CHANGED and what & MATCHING}
        for tag in others | set(self.people.hidden_tags[GP]):
            if tag not in self.known.doubled["gp"] and is_unlinked(self.people, "gp", tag):
                self.known.doubled["gp"].add(tag)

    def teardown(self) -> None:
        if self.project is None:
            return
        try:
            if self.tags:
                self._end()
        finally:
            self._stop()
            self.project.close()
            shutil.rmtree(self.mine.folder, ignore_errors=True)

    def _end(self) -> None:
        self.people.show_all()
        for system in (GP, SALES):
            self.site.door(system, "DELETE", "/faults")
        self.ahead_s += 4000
        self._sync(approve=True)
        self.ahead_s += 4000
        first = self._sync(approve=True)
        if first.clean:
            again = self._sync(approve=True)
            if again.written:
                raise Disagrees(f"the second sync wrote {again.written} rows")

    def _open(self) -> Project:
        assert self.project is not None
        return self.project

    def _clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def _sync(self, *, approve: bool = False) -> Ran:
        """Sync and judge. A feed does not show a backup that people have worked on since: a full compare does."""
        if approve or self._way_back_is_under_way():
            self._let_the_unseen_stand_twice()
        ran = self._once(approve=approve)
        if self.moved_back and not ran.stopped:
            self.moved_back = False
            ran = self._once(approve=approve, full=True)
        return ran

    def _way_back_is_under_way(self) -> bool:
        with self._open().store.read() as conn:
            return any(one.state != guards.OPEN for one in guards.standing(conn, PAIR, "", "restored"))

    def _once(self, *, approve: bool, full: bool = False) -> Ran:
        done = self._run(approve=approve, full=full)
        for run in done.runs:
            if not run.balanced:
                raise Disagrees(f"not balanced: {run.mismatches}")
        stopped = done.exit_code in (3, STOPPED)
        clean = not stopped and bool(done.runs) and all(run.clean for run in done.runs)
        stops = not clean
        if clean:
            self.changed.clear()
        self._count("(stopped or unclean)" if stops else "(judged)")
        judge(self.people, self.known, stops or (self.moved_back and not full))
        written = sum(one.created + one.updated for run in done.runs for one in run.sides.values())
        return Ran(clean, stopped, written)

    def _run(self, *, approve: bool, full: bool) -> SyncOut:
        """Sync as a service does that stays up: connections are kept, and it is started again now and then."""
        project = self._open()
        if next(self.syncs) % STAYS_UP == 0:
            self._stop()
        if self.assembly is None:
            self.assembly = assemble(project)
        else:
            self.assembly.begin_run(PAIR)
        with project.locked():
            jobs = self.assembly.jobs(PAIR)
            return sync_jobs(jobs, holder_of(project), progress=silent, approve=approve, full=full)

    def _stop(self) -> None:
        if self.assembly is not None:
            self.assembly.close()
            self.assembly = None


class Ran:
    """What the machine keeps of a sync."""

    def __init__(self, clean: bool, stopped: bool, written: int) -> None:
        self.clean, self.stopped, self.written = clean, stopped, written


def folder_of(base: Path) -> Path:
    """Name the simulators' own folder below a test's folder."""
    return base / "site"
