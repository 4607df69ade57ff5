"""The exit code of a command: from errors and counts to one number."""

from __future__ import annotations

from collections.abc import Iterable

from gp365.app.actions.outputs import LeftOut
from gp365.model.errors import Gp365Error
from gp365.sync.equation import Report

DONE, LEFT, USAGE, REFUSED, UNBALANCED, STOPPED, OURS, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
_PRIORITY = (OURS, UNBALANCED, REFUSED, USAGE, STOPPED, LEFT, DONE)
_BY_CODE = {
    "plan-stale": STOPPED,
    "restored": STOPPED,
    "source-shrunk": STOPPED,
    "equation": UNBALANCED,
    "chain-broken": UNBALANCED,
}


def exit_of(error: Gp365Error) -> int:
    """Return the exit code of an error that ends a command."""
    return _BY_CODE.get(error.code, error.exit_code)


def worst(codes: Iterable[int]) -> int:
    """Return the code that counts when several apply: ours, equation, refused, settings, stopped, left."""
    given = set(codes)
    return next(code for code in _PRIORITY if code in given or code == DONE)


def exit_of_runs(
    reports: Iterable[Report],
    left: Iterable[LeftOut],
    skipped: Iterable[Gp365Error] = (),
    *,
    moved: bool = False,
    interrupted: bool = False,
) -> int:
    """Return the exit code of a command that ran flows, from what they report and what they leave."""
    if interrupted:
        return INTERRUPTED
    codes = [exit_of(error) for error in skipped]
    for report in reports:
        codes += [] if report.balanced and not report.verified.mismatched else [UNBALANCED]
        codes += [exit_of(report.stopped)] if report.stopped else []
        codes += [STOPPED] if report.guards else []
    codes += [LEFT] if any(one.anything for one in left) else []
    codes += [STOPPED] if moved else []
    return worst(codes)
