"""Matching at first contact: firms of two systems observed, matched and planned, against what is known to be true.

Nothing is written: it is the path of `gp365 plan`. Links must all be right; of the true pairs that are not linked the
share that a person is shown is measured, and how many firms without a partner are shown to a person needlessly.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any

from bench.firms import Firms, kinds_of, make_firms
from bench.matching_world import MatchingWorld, make_matching_world
from gp365.model.plan import SubjectPlan
from gp365.sync.preview import preview


@dataclass(slots=True)
class Findings:
    """What a plan says: links (customer → account), what is shown for a record (keys, best first), and codes counted."""

    links: dict[str, str] = field(default_factory=dict[str, str])
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    codes: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, plan: SubjectPlan) -> None:
        """Take a subject's plan in."""
        left, right = (record.key[0] if record else "" for record in (plan.left, plan.right))
        if plan.problem is not None:
            self.codes[plan.problem.code] = self.codes.get(plan.problem.code, 0) + 1
            self.shown[left or right] = tuple(one.key for one in plan.problem.evidence)
        elif left and right:
            self.links[left] = right


def matching(size: int, seed: int = 365) -> dict[str, Any]:
    """Match `size` customers with as many accounts; return the figures."""
    firms = make_firms(size, seed=seed)
    world = make_matching_world(firms)
    before = _peak_mb()
    try:
        findings, seconds, cpu_s = _planned(world)
    finally:
        world.close()
    return {
        "customers": len(firms.customers),
        "accounts": len(firms.accounts),
        "true_pairs": len(firms.pairs),
        "seconds": round(seconds, 1),
        "cpu_seconds_of_this_process": round(cpu_s, 1),
        "records_per_s": round((len(firms.customers) + len(firms.accounts)) / seconds),
        **figures(firms, findings),
        "parked": findings.codes,
        "peak_mb": {"with_both_systems": before, "planning": _peak_mb()},
    }


def _planned(world: MatchingWorld) -> tuple[Findings, float, float]:
    findings = Findings()
    # The rows of the two systems lie in this process only here.
    gc.collect()
    gc.freeze()
    began, cpu = perf_counter(), process_time()
    _, plans = preview(world.job)
    for plan in plans:
        findings.add(plan)
    return findings, perf_counter() - began, process_time() - cpu


def figures(firms: Firms, findings: Findings) -> dict[str, Any]:
    """Judge a plan's findings: precision and recall of links, shares of suggestions, all and by kind of noise."""
    right = sum(firms.pairs.get(customer) == account for customer, account in findings.links.items())
    apart = {one: other for one, other in firms.pairs.items() if findings.links.get(one) != other}
    back = {account: customer for customer, account in firms.pairs.items()}
    traps = {key for keys in firms.traps.values() for key in keys}
    lone = [key for key in (*firms.customers, *firms.accounts) if key not in firms.pairs and key not in back]
    return {
        "links": len(findings.links),
        "precision_of_links": _share(right, len(findings.links)),
        "recall_of_links": _share(right, len(firms.pairs)),
        "not_linked": len(apart),
        "suggested": _share(_suggested(apart, findings), len(apart)),
        "suggested_first": _share(
            sum(findings.shown.get(one, ())[:1] == (other,) for one, other in apart.items()), len(apart)
        ),
        "found": _share(right + _suggested(apart, findings), len(firms.pairs)),
        "needless_suggestions": _share(
            _shown(findings, (key for key in lone if key not in traps)), len(lone) - len(traps)
        ),
        "by_kind": _by_kind(firms, findings, apart),
        "traps_shown": {
            kind: _share(_shown(findings, keys), len(keys)) for kind, keys in firms.traps.items()
        },
        "traps_linked": sum(
            customer in traps or account in traps for customer, account in findings.links.items()
        ),
    }


def _by_kind(firms: Firms, findings: Findings, apart: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in kinds_of(firms):
        pairs = [customer for customer, held in firms.kinds.items() if held == kind]
        loose = {customer: apart[customer] for customer in pairs if customer in apart}
        found[kind] = {
            "pairs": len(pairs),
            "linked": len(pairs) - len(loose),
            "suggested": _share(_suggested(loose, findings), len(loose)),
        }
    return found


def _suggested(pairs: Mapping[str, str], findings: Findings) -> int:
    """Count the pairs of which each record's partner is among what is shown for it."""
    return sum(
        account in findings.shown.get(customer, ()) and customer in findings.shown.get(account, ())
        for customer, account in pairs.items()
    )


def _shown(findings: Findings, keys: Iterable[str]) -> int:
    return sum(bool(findings.shown.get(key)) for key in keys)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def _peak_mb() -> int:
    """Give the largest memory that this process has had so far; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit
