"""The judge: at the moment of every overwrite, and after every sync, it knows who had seen what.

It works from what the two systems hold and from converters and fit alone; the planner's own functions are not asked,
so that a fault in them is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import select

from gp365.model.fit import Unfit, fit
from gp365.model.record import Op, Outcome, Write
from gp365.model.values import Value, unpack_deep
from gp365.store import intents, ledger, links, tables
from gp365.sync.agreed import unpack_pairs
from gp365.sync.equation import Report
from gp365.sync.plan import CompiledFlow, CompiledRow
from laws.laws_world import FLOW, GP, SALES, by_tag, rows_of, system, wire
from sync.engine_world import World, written

Half = tuple[Value, ...] | None
OTHER = {GP: SALES, SALES: GP}
END: dict[str, Literal["left", "right"]] = {GP: "left", SALES: "right"}


class LawBroken(AssertionError):
    """A law of the engine does not hold."""


@dataclass(slots=True)
class Judge:
    """Watches both systems. `agreed` holds, by partner and row, what both sides last held while they were equal."""

    world: World
    pair: str
    body: dict[str, Any] = field(default_factory=lambda: FLOW)
    agreed: dict[tuple[str, str], dict[str, Half]] = field(
        default_factory=dict[tuple[str, str], dict[str, Half]]
    )
    before: dict[str, dict[str, Value]] = field(default_factory=dict[str, dict[str, Value]])
    doubtful: list[tuple[str, str, str, str]] = field(default_factory=list[tuple[str, str, str, str]])
    compiled: CompiledFlow = field(init=False)
    meanwhile: bool = False  # somebody acted while the run went on: what it leaves is the next run's
    vanished: bool = False  # somebody deleted or renumbered a record, and no full reading has shown it yet
    gone: int = 0  # how many records were deleted or renumbered
    at_work: bool = False
    behind: set[tuple[str, str]] = field(
        default_factory=set[tuple[str, str]]
    )  # what a write did not take along

    def __post_init__(self) -> None:
        job = self.world.job(self.body, pair=self.pair)
        job.scratch.close()  # type: ignore[attr-defined]
        self.compiled = job.compiled

    @property
    def name(self) -> str:
        return str(self.body["flow"])

    def on_write(self, side: str, write: Write) -> None:
        """Take down what stands in the record directly before a write."""
        self.before = {write.key[0]: rows_of(self.world, side).get(write.key[0], {})}

    def on_commit(self, side: str, write: Write, outcome: Outcome) -> None:
        if self.at_work and write.op is Op.UPDATE:
            self.judge_overwrite(side, outcome.key[0], self.before[write.key[0]], set(write.values))
        self.note_agreement()

    # what a field holds

    def fitted(self, row: CompiledRow, side: str, values: dict[str, Value]) -> tuple[str, Value]:
        """("ok", value) after fitting, or ("bad", code); a reference stands for the partner that it names."""
        half = row.half(side, values)
        if half is None:
            return ("absent", None)
        if row.row.ref:
            return ("ok", None) if half[0] is None else self._partner_named(side, str(half[0]))
        try:
            return ("ok", fit(row.codecs[side].read(half, self.compiled.context_of(row)), row.limits).value)
        except Unfit as unfit:
            return ("bad", unfit.code)

    def _partner_named(self, side: str, key: str) -> tuple[str, Value]:
        held = rows_of(self.world, side).get(key)
        return ("bad", "unknown") if held is None else ("ok", str(held[wire(side, "tag")]))

    def is_equal(self, row: CompiledRow, here: dict[str, Value], side: str, there: dict[str, Value]) -> bool:
        one, two = self.fitted(row, side, here), self.fitted(row, OTHER[side], there)
        return one == two and one[0] == "ok"

    def pairs(self) -> dict[str, tuple[dict[str, Value], dict[str, Value]]]:
        """Both records of every partner that stands on both sides."""
        tags = {side: by_tag(self.world, side) for side in (GP, SALES)}
        held = {side: rows_of(self.world, side) for side in (GP, SALES)}
        return {
            tag: (held[GP][tags[GP][tag][0]], held[SALES][tags[SALES][tag][0]])
            for tag in tags[GP]
            if tag in tags[SALES]
        }

    def note_agreement(self) -> None:
        for tag, (gp, sales) in self.pairs().items():
            for row in self.compiled.rows:
                if row.row.compared and self.is_equal(row, gp, GP, sales):
                    self.agreed[tag, row.row.name] = {GP: row.half(GP, gp), SALES: row.half(SALES, sales)}

    # the moment of an overwrite

    def judge_overwrite(self, side: str, key: str, before: dict[str, Value], sent: set[str]) -> None:
        now = rows_of(self.world, side)[key]
        tag = str(now[wire(side, "tag")])
        there = self.pairs().get(tag)
        if there is None:
            raise LawBroken(f"{side} {key} was updated without a partner")
        other = there[1] if side == GP else there[0]
        for row in self.compiled.rows:
            if row.row.two_sided and sent.intersection(row.row.wires[side]):
                self._judge_field(side, key, tag, row, before, now, other)
        self._judge_along(side, key, tag, sent, before, now, other)

    def _judge_along(
        self,
        side: str,
        key: str,
        tag: str,
        sent: set[str],
        before: dict[str, Value],
        now: dict[str, Value],
        other: dict[str, Value],
    ) -> None:
        """What goes along with others goes with every write, and is none by itself unless somebody else moved it."""
        rows = [row for row in self.compiled.rows if row.row.along and row.row.owner == OTHER[side]]
        wires = {wire for row in rows for wire in row.row.wires[side]}
        for row in rows:
            change = self.behind.discard if self.is_equal(row, now, side, other) else self.behind.add
            change((tag, row.row.name))
        kept = self._kept_of(side, key)
        moved = [row for row in rows if kept.get(row.row.name) != row.half(side, before)]
        if sent and sent <= wires and not moved:
            raise LawBroken(f"{tag} on {side}: {sorted(sent)} was written by itself")

    def _kept_of(self, side: str, key: str) -> dict[str, Half]:
        """What the store keeps as agreed of a side's record, by row."""
        with self.world.store.read() as conn:
            link = links.by_keys(conn, self.pair, self.name, END[side], [key]).get(key)
        held = unpack_pairs(link.agreed) if link is not None and link.agreed else {}
        return {name: pair[0 if side == GP else 1] for name, pair in held.items()}

    def _judge_field(
        self,
        side: str,
        key: str,
        tag: str,
        row: CompiledRow,
        before: dict[str, Value],
        now: dict[str, Value],
        other: dict[str, Value],
    ) -> None:
        name = row.row.name
        old, new = row.half(side, before), row.half(side, now)
        what = f"{tag}.{name} on {side}: {old!r} -> {new!r}, across {row.half(OTHER[side], other)!r}"
        if row.row.create_only or row.row.read_only:
            raise LawBroken(f"written after its creation: {what}")
        patched = (
            _is_text(old) and _is_text(new) and str((new or ("",))[0]).startswith(str((old or ("",))[0]))
        )
        if row.row.owner == side and not patched:
            raise LawBroken(f"its owner was overwritten: {what}")
        if self.is_equal(row, before, side, other):
            raise LawBroken(f"written though both sides were equal: {what}")
        if self._clears(side, row, before, now):
            raise LawBroken(f"cleared without leave: {what}")
        seen = self.agreed.get((tag, name), {}).get(side)
        if self.fitted(row, side, before) != ("ok", None) and old != seen and not patched:
            self.doubtful.append((side, key, name, what))

    def _clears(self, side: str, row: CompiledRow, before: dict[str, Value], now: dict[str, Value]) -> bool:
        unit = self.compiled.units[row.row.group or row.row.name]
        if all(one.row.may_clear for one in unit):
            return False
        was = [self.fitted(one, side, before) for one in unit]
        stays = [self.fitted(one, side, now) for one in unit]
        return all(one == ("ok", None) for one in stays) and not all(one == ("ok", None) for one in was)

    # after a sync

    def sync(self, *, clean: bool = True, full: bool = False) -> Report:
        """Sync once under the judge's eyes."""
        self.note_agreement()
        start, self.at_work = self.pairs(), True
        self.behind.clear()
        try:
            report = self.world.sync(self.body, full=full, pair=self.pair)
        finally:
            self.at_work = False
        self.vanished = self.vanished and not (full and report.clean)
        self.judge_run(report, start, clean=clean)
        self.meanwhile = False
        return report

    def judge_run(
        self, report: Report, start: dict[str, tuple[dict[str, Value], dict[str, Value]]], *, clean: bool
    ) -> None:
        if not report.balanced:
            raise LawBroken(f"the equation does not balance: {report.mismatches}")
        if clean and not report.clean:
            raise LawBroken(f"the run is not clean: {report}")
        self._judge_overruled(report)
        if not self.meanwhile:
            self._judge_groups(start)
        self.judge_doubles()
        self.note_agreement()
        if report.clean and not self.meanwhile:
            self.judge_law()

    def _judge_overruled(self, report: Report) -> None:
        """Whatever nobody had seen agreed and was overwritten stands in its intent as overruled."""
        if not self.doubtful:
            return
        with self.world.store.read() as conn:
            mine = select(tables.intent.c.id).where(tables.intent.c.run == report.run)
            held = intents.by_ids(conn, conn.execute(mine).scalars())
        recorded = {
            (one.side, one.key, name) for one in held.values() for name in unpack_deep(one.overruled or b"{}")
        }
        for side, key, name, what in self.doubtful:
            if (side, key, name) not in recorded:
                raise LawBroken(f"overwritten, though nobody had seen it agreed, and not recorded: {what}")
        self.doubtful.clear()

    def _judge_groups(self, start: dict[str, tuple[dict[str, Value], dict[str, Value]]]) -> None:
        """A group that came into step took the values of one side, never a mixture of both."""
        ends = self.pairs()
        for tag, (gp, sales) in start.items():
            for unit, rows in self.compiled.units.items():
                if len(rows) < 2 or tag not in ends:
                    continue
                origins = [self._origin(row, gp, sales, *ends[tag]) for row in rows]
                if {GP, SALES} <= set(origins):
                    raise LawBroken(f"{tag}.{unit} was mixed of both sides: {origins}")

    def _origin(
        self,
        row: CompiledRow,
        gp: dict[str, Value],
        sales: dict[str, Value],
        gp_end: dict[str, Value],
        sales_end: dict[str, Value],
    ) -> str:
        if self.is_equal(row, gp, GP, sales) or not self.is_equal(row, gp_end, GP, sales_end):
            return ""
        end = self.fitted(row, GP, gp_end)
        if end == self.fitted(row, GP, gp):
            return GP
        return SALES if end == self.fitted(row, SALES, sales) else "patched"

    def judge_doubles(self) -> None:
        for side in (GP, SALES):
            for tag, keys in by_tag(self.world, side).items():
                if len(keys) > 1:
                    raise LawBroken(f"{tag} stands {len(keys)} times on {side}: {keys}")

    def judge_law(self) -> None:
        """Every field is equal after fitting, or carries a reason; every partner is linked once, or carries one."""
        reasons = self.reasons()
        both = self.pairs()
        names = {SALES: by_tag(self.world, SALES), GP: by_tag(self.world, GP)}
        held = self.links()
        for link in held:
            for single in (f"{GP}:{link.left_key}", f"{SALES}:{link.right_key}"):
                reasons[single] = reasons.get(f"L{link.id}", {})
        linked = {link.right_key: link for link in held}
        ends = {
            f"{side}:{key}" for link in held for side, key in ((GP, link.left_key), (SALES, link.right_key))
        }
        for tag in {*names[GP], *names[SALES]}:
            key = names[SALES].get(tag, [""])[0]
            if tag in both and key in linked and linked[key].left_key == names[GP][tag][0]:
                self._judge_partner(tag, both[tag], reasons.get(f"L{linked[key].id}", {}), reasons)
            elif self.vanished and any(
                f"{side}:{one}" in ends for side in names for one in names[side].get(tag, [])
            ):
                continue  # a feed that shows no deletions: the next full reading will
            elif not any(
                self._single_reason(side, names[side].get(tag, [""])[0], reasons) for side in (GP, SALES)
            ):
                raise LawBroken(f"{tag} has no partner and no reason: {reasons}")
        if len(linked) > len(both) + self.gone:
            raise LawBroken(f"{len(linked)} links for {len(both)} partners")

    def _single_reason(self, side: str, key: str, reasons: dict[str, dict[str, str]]) -> bool:
        return bool(key) and "" in reasons.get(f"{side}:{key}", {})

    def _judge_partner(
        self,
        tag: str,
        both: tuple[dict[str, Value], dict[str, Value]],
        reasons: dict[str, str],
        of_all: dict[str, dict[str, str]],
    ) -> None:
        gp, sales = both
        for unit, rows in self.compiled.units.items():
            compared = [row for row in rows if row.row.compared]
            equal = [self.is_equal(row, gp, GP, sales) for row in compared]
            reason = reasons.get(unit) or next(
                (reasons[row.row.name] for row in rows if row.row.name in reasons), ""
            )
            shown = [(row.row.name, row.half(GP, gp), row.half(SALES, sales)) for row in compared]
            if compared and all(equal) and reason in ("conflict", "held", "parked"):
                raise LawBroken(f"{tag}.{unit} is equal and yet {reason}: {shown}")
            if any(self._names_one_in_doubt(row, both, of_all) for row in compared if row.row.ref):
                continue
            if all(self._goes_along(tag, row, both) for row in compared):
                continue
            if not all(equal) and not reason and "" not in reasons:
                raise LawBroken(f"{tag}.{unit} is unequal without a reason: {shown}; {reasons}")

    def _goes_along(
        self, tag: str, row: CompiledRow, both: tuple[dict[str, Value], dict[str, Value]]
    ) -> bool:
        """A row that goes along with others may differ: nobody but its owner has moved it, and nothing was written."""
        if not row.row.along or (tag, row.row.name) in self.behind:
            return False
        side, values = (SALES, both[1]) if row.row.owner == GP else (GP, both[0])
        key = next(name for name, held in rows_of(self.world, side).items() if held == values)
        return self._kept_of(side, key).get(row.row.name) == row.half(side, values)

    def _names_one_in_doubt(
        self,
        row: CompiledRow,
        both: tuple[dict[str, Value], dict[str, Value]],
        of_all: dict[str, dict[str, str]],
    ) -> bool:
        """A reference may dangle while the link of the record that it names waits for a person."""
        halves = zip((GP, SALES), (row.half(GP, both[0]), row.half(SALES, both[1])), strict=True)
        return any(half and "" in of_all.get(f"{side}:{half[0]}", {}) for side, half in halves)

    def links(self) -> list[links.Link]:
        with self.world.store.read() as conn:
            return [link for page in links.scan(conn, self.pair, self.name, 500) for link in page]

    def reasons(self) -> dict[str, dict[str, str]]:
        """By subject and unit, from the ledger's last look at the subject; "" stands for the whole record."""
        found: dict[str, dict[str, str]] = {}
        with self.world.store.read() as conn:
            chain = ledger.chain_of(self.pair, self.name)
            rows = ledger.history(conn, chain=chain, kinds=(ledger.OUTCOME,), limit=10_000)
        for row in rows:
            if row.subject and row.subjects > 0 and row.subject not in found:
                body = ledger.decode(row)
                found[row.subject] = _reasons_of(row.disposition, body)
                if "link" in body:
                    found.setdefault(f"L{body['link']}", found[row.subject])
        return found


def _reasons_of(disposition: str, body: dict[str, Any]) -> dict[str, str]:
    steps = body.get("steps", [])
    held = {one["field"]: one["verdict"] for one in (steps[-1].get("fields", []) if steps else [])}
    found = {name: verdict for name, verdict in held.items() if verdict not in ("write", "along")}
    writes = [one.get("outcome") for step in steps[-1:] for one in step.get("writes", [])]
    if "rejected" in writes:
        found[""] = "rejected"
    if any("problem" in step for step in steps[-1:]) or disposition in ("filtered", "waiting", "rejected"):
        found[""] = disposition
    return found


def _is_text(half: Half) -> bool:
    return half is not None and isinstance(half[0], str)


def watch(*judges: Judge) -> None:
    """Let judges see every write of both systems."""
    for side in (GP, SALES):
        _watch(side, judges)


def _watch(side: str, judges: tuple[Judge, ...]) -> None:
    def on_write(_: str, write: Write) -> None:
        for judge in judges:
            judge.on_write(side, write)

    def on_commit(_: str, write: Write, outcome: Outcome) -> None:
        for judge in judges:
            judge.on_commit(side, write, outcome)

    faults = system(judges[0].world, side).faults
    faults.before_write, faults.after_commit = on_write, on_commit


def finish(judge: Judge) -> None:
    """Nothing is left to write: a second sync leaves both systems as they are."""
    held = {side: rows_of(judge.world, side) for side in (GP, SALES)}
    report = judge.sync()
    if written(report) or held != {side: rows_of(judge.world, side) for side in (GP, SALES)}:
        raise LawBroken(f"a second sync wrote: {report}")
