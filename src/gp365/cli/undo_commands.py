"""The command undo: what a run or the last writes of a record changed is shown, and on request taken back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, Session, session

if TYPE_CHECKING:
    from gp365.app.actions.undo import OfRecord, OfRun
    from gp365.app.actions.undo_outputs import UndoOut

SHOWN = 20


def undo(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN [FLOW] | SYSTEM ENTITY KEY",
            help="A run by its id, as `gp365 history` shows it; or a record, whose last writes are meant.",
        ),
    ],
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="RUN|TIME",
            help="Of a record: everything written since this run began, or since this moment (UTC).",
            show_default=False,
        ),
    ] = None,
    links: Annotated[
        bool, typer.Option("--links", help="Of a run: close the links too that it made by matching.")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Carry it out; else it is only shown.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --apply: do not ask.")] = False,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar="DIGEST",
            help="With --apply: only if it still does exactly what was shown under this digest.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every record, not only the first.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many records are shown.")] = SHOWN,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Take back what a run, or the last writes of a record, changed; without --apply nothing is written."""
    at = session(context, folder, json, pair)
    meant, shown = _meant(what, since, links), None if every else limit
    if not apply:
        found = _act(at, meant, False, "", shown)
        _answer(at, found)
    digest = plan or ""
    if not yes and not digest:
        digest = _asked(at, meant, shown)
    _answer(at, _act(at, meant, True, digest, shown))


def _meant(what: list[str], since: str | None, links: bool) -> OfRun | OfRecord:
    from gp365.app.actions.undo import OfRecord, OfRun

    if len(what) in (1, 2) and since is None:
        return OfRun(what[0], what[1] if len(what) > 1 else "", links)
    if len(what) == 3 and not links:
        return OfRecord(what[0], what[1], what[2], since or "")
    raise typer.BadParameter("Name a run (RUN [FLOW], --links), or a record (SYSTEM ENTITY KEY, --since).")


def _act(at: Session, what: OfRun | OfRecord, apply: bool, plan: str, limit: int | None) -> UndoOut:
    from gp365.app.actions.undo import undo as act
    from gp365.cli.output import progress_shown

    with at.project() as project, progress_shown(quiet=at.json) as progress:
        return act(project, what, pair=at.pair, apply=apply, plan=plan, limit=limit, progress=progress)


def _asked(at: Session, what: OfRun | OfRecord, limit: int | None) -> str:
    """Show the undo and ask; give the digest of what was agreed to."""
    from gp365.cli.output import console
    from gp365.cli.show_undo import show_undo
    from gp365.model.errors import Misconfigured

    if at.json or not sys.stdin.isatty():
        fix = "Write --yes, or --plan DIGEST with the digest that was shown."
        raise Misconfigured("usage", "Nobody is there to be asked.", fix=fix)
    found = _act(at, what, False, "", limit)
    show_undo(console(), found)
    if not typer.confirm("Take this back?", err=True):
        raise typer.Abort
    return found.digest


def _answer(at: Session, found: UndoOut) -> None:
    from gp365.cli.show_undo import show_undo

    at.answer(found, show_undo, found.exit_code)
