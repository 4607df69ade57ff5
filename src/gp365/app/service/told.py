"""What a round brought, as plain data: so it comes from the worker that ran it to the one that plans.

No exception travels, only its class, code, message and place; none of ours holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, cast

from gp365.app.actions.opening import Failed
from gp365.app.actions.running import Ran
from gp365.app.service.rounds import RoundDone
from gp365.model.errors import Bug, Conflict, Gp365Error, Misconfigured, Rejected, Retry, Unauthorised
from gp365.sync.equation import Report, SideReport
from gp365.sync.guards.limits import Guarded
from gp365.sync.verify import Verified

_CLASSES: Mapping[str, type[Gp365Error]] = {
    one.__name__: one for one in (Misconfigured, Unauthorised, Retry, Rejected, Conflict, Bug)
}
_PLAIN = tuple(
    one.name for one in fields(Report) if one.name not in ("stopped", "guards", "sides", "verified")
)
_COUNTS = tuple(one.name for one in fields(Verified) if one.name != "unkept")


def told_of(done: RoundDone) -> dict[str, Any]:
    """Write down what a round brought."""
    return {
        "pair": done.pair,
        "reports": [[_report(report), turn] for report, turn in done.ran.reports],
        "skipped": [[job.flow.name, error_told(error)] for job, error in done.ran.skipped],
        "interrupted": done.ran.interrupted,
        "failed": [[one.pair, one.flow, error_told(one.error)] for one in done.failed],
        "faults": {name: error_told(error) for name, error in done.faults.items()},
        "answered": sorted(done.answered),
        "stopped": {name: error_told(error) for name, error in done.stopped.items()},
        "changed": sorted(done.changed),
    }


def done_of(told: Mapping[str, Any]) -> RoundDone:
    """Read what a round brought. Of flows that were not run only the errors are known, and nothing of what is left."""
    reports = [(_read_report(report), int(turn)) for report, turn in told["reports"]]
    skipped: Any = [(flow, error_of(error)) for flow, error in told["skipped"]]
    return RoundDone(
        told["pair"],
        Ran(reports, skipped, [], bool(told["interrupted"])),
        tuple(Failed(pair, flow, error_of(error)) for pair, flow, error in told["failed"]),
        {name: error_of(error) for name, error in told["faults"].items()},
        frozenset(told["answered"]),
        {name: error_of(error) for name, error in told["stopped"].items()},
        frozenset(told["changed"]),
    )


def error_of(told: Mapping[str, Any]) -> Gp365Error:
    """Read an error."""
    places = {name: str(told.get(name) or "") for name in ("system", "record", "field", "fix")}
    kind = _CLASSES.get(told["class"], Bug)
    if kind is Retry:
        return Retry(told["code"], told["message"], after_s=told.get("after_s"), **places)
    return kind(told["code"], told["message"], **places)


def error_told(error: Gp365Error) -> dict[str, Any]:
    """Write an error down: its class, its code, its words and its place."""
    name = next((name for name, one in _CLASSES.items() if isinstance(error, one)), "Bug")
    told: dict[str, Any] = {"class": name, "code": error.code, "message": error.message}
    told |= {place: getattr(error, place) for place in ("system", "record", "field", "fix")}
    return told | {"after_s": error.after_s if isinstance(error, Retry) else None}


def _report(report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {name: _plain(getattr(report, name)) for name in _PLAIN}
    told["sides"] = {side: asdict(one) for side, one in report.sides.items()}
    told["guards"] = [asdict(one) for one in report.guards]
    told["verified"] = {name: getattr(report.verified, name) for name in _COUNTS}
    told["stopped"] = None if report.stopped is None else error_told(report.stopped)
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    return list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value


def _read_report(told: Mapping[str, Any]) -> Report:
    plain = {name: told[name] for name in _PLAIN}
    plain |= {name: tuple(plain[name]) for name in ("mismatches", "recovered")}
    stopped = told["stopped"]
    return Report(
        **plain,
        sides={side: SideReport(**one) for side, one in told["sides"].items()},
        guards=tuple(Guarded(**one) for one in told["guards"]),
        verified=Verified(**told["verified"]),
        stopped=None if stopped is None else error_of(stopped),
    )
