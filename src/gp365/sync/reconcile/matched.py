"""What the groups of alike records come to: records that should be partners, and records that stand twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from gp365.model.contract import ScratchTable
from gp365.model.values import key_of, pack, show_key, unpack
from gp365.sync.job import Job
from gp365.sync.reconcile.found import Missing, Reason, Single, Why
from gp365.sync.reconcile.groups import Group, groups
from gp365.sync.reconcile.reading import BETWEEN, Reading

_PAGE = 500
_MOST = 20


@dataclass(frozen=True, slots=True)
class Matched:
    """On disk: what each record without partner matches, which records stand twice, and why each single is one."""

    matches: ScratchTable
    doubled: ScratchTable
    reasons: ScratchTable

    def of(self, side: str, keys: Sequence[str]) -> dict[str, str]:
        """Say, by key, what records of a side match."""
        found = self.matches.get([f"{side}{BETWEEN}{key}" for key in keys])
        return {name.split(BETWEEN, 1)[1]: str(unpack(held)["match"]) for name, held in found.items()}

    def partners(self, side: str, keys: Sequence[str]) -> dict[str, str]:
        """Give, by key, the record across that a record of a side matches."""
        found = self.matches.get([f"{side}{BETWEEN}{key}" for key in keys])
        return {name.split(BETWEEN, 1)[1]: str(unpack(held)["key"]) for name, held in found.items()}

    def note(self, singles: Sequence[Single]) -> None:
        """Keep why records have no partner, for those that stand twice."""
        self.reasons.put(
            [
                (
                    f"{one.side}{BETWEEN}{one.key}",
                    "",
                    pack({"why": str(one.reason.why), "text": one.reason.text}),
                )
                for one in singles
            ]
        )


def match(job: Job, readings: tuple[Reading, Reading]) -> Matched:
    """Walk the groups of alike records and keep what they come to."""
    names = ("matches", "doubled", "reasons")
    found = Matched(*(job.scratch.table(f"{job.chain}/reconcile/{name}") for name in names))
    for table in (found.matches, found.doubled, found.reasons):
        table.clear()
    every = groups(job, readings)
    while page := list(islice(every, _PAGE)):
        _keep(found.matches, [row for group in page for row in _matches(job, group)])
        _keep(found.doubled, [row for group in page for row in _doubled(job, group)])
    return found


def _keep(table: ScratchTable, rows: Sequence[tuple[str, bytes]]) -> None:
    """Add rows; the first of a key stays, since the surest rule comes first."""
    fresh = dict(reversed(rows))
    there = table.get(list(fresh))
    table.put([(key, "", payload) for key, payload in fresh.items() if key not in there])


def _matches(job: Job, group: Group) -> Iterator[tuple[str, bytes]]:
    if not group.links:
        return
    for place in job.places:
        across = job.across(place.side)
        others = group.alone(across.side)
        for one in group.alone(place.side) if others else ():
            names = ", ".join(show_key(key_of(other.key)) for other in others[:_MOST])
            text = f"{across.side} {names} by {group.fields}"
            yield f"{place.side}{BETWEEN}{one.key}", pack({"match": text, "key": others[0].key})


def _doubled(job: Job, group: Group) -> Iterator[tuple[str, bytes]]:
    for place in job.places:
        if group.side not in ("", place.side):
            continue
        members = group.of(place.side)
        alone = [one.key for one in members if not one.linked]
        if len(members) < 2 or not (alone or group.certain):
            continue
        keys = sorted(one.key for one in members)
        held = {"fields": group.fields, "keys": keys, "alone": alone, "mark": bool(group.side)}
        yield BETWEEN.join((place.side, *keys)), pack(held)


def doubled(found: Matched) -> Iterator[Missing]:
    """Give the records that stand twice, each group with the reason of its members."""
    for page in found.doubled.scan(_PAGE):
        for name, _, payload in page:
            held, side = unpack(payload), name.split(BETWEEN, 1)[0]
            alone: list[str] = held["alone"]
            told = found.reasons.get([f"{side}{BETWEEN}{key}" for key in alone])
            reason = _reason([unpack(one) for one in told.values()], mark=held["mark"])
            keys = tuple(show_key(key_of(key)) for key in held["keys"])
            text = f"{len(keys)} records of {side} have the same {held['fields']}: {reason.text}"
            yield Missing("doubled", "", side, keys, "", Reason(reason.why, text))


def _reason(told: Sequence[Mapping[str, object]], *, mark: bool) -> Reason:
    found = [Reason(Why(str(one["why"])), str(one["text"])) for one in told]
    drift = next((one for one in found if one.why is Why.DRIFT), None)
    if drift is not None or found:
        return drift or found[0]
    if mark:
        return Reason(Why.DRIFT, "our mark is in one record only; both are linked")
    return Reason(Why.LINKED, "each is linked with a partner of its own")
