"""The commands that move data: plan, apply, sync."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, session

Flow = Annotated[
    str | None,
    typer.Argument(
        help="A flow or a group of flows, with what it needs; else all of the pair.", show_default=False
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Read both sides whole instead of what changed.")]
SHOWN = 10


def plan(
    context: typer.Context,
    flow: Flow = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the plan to this file, for `gp365 apply`.", show_default=False),
    ] = None,
    full: Full = False,
    every: Annotated[bool, typer.Option("--all", help="Show every record, not only the first.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="How many records of a flow are shown.")
    ] = SHOWN,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Show what a sync would do, per record and field, and what it costs. Nothing is written."""
    from gp365.app.actions.plan import plan as act
    from gp365.cli.show_plan import show_plan

    at = session(context, folder, json, pair)
    at.work(
        lambda project, progress: act(
            project,
            pair=at.pair,
            flow=flow,
            full=full,
            out=out,
            limit=None if every else limit,
            progress=progress,
        ),
        show_plan,
    )


def apply(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Plan files of `gp365 plan --out`.")],
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Do what plan files say; records that have moved since are left alone and named (exit code 5)."""
    from gp365.app.actions.apply import apply as act
    from gp365.cli.show_runs import show_apply

    at = session(context, folder, json)
    at.work(
        lambda project, progress: act(project, files, progress=progress),
        show_apply,
        lambda done: done.exit_code,
    )


def sync(
    context: typer.Context,
    flow: Flow = None,
    full: Full = False,
    approve: Annotated[
        bool,
        typer.Option("--approve", help="Let go what guards hold of these flows; the ledger keeps your name."),
    ] = False,
    not_restored: Annotated[
        bool,
        typer.Option("--not-restored", help="With --approve: no system was restored, take each as it is."),
    ] = False,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Bring both systems into step, and prove by three counts that nothing was lost."""
    from gp365.app.actions.sync import sync as act
    from gp365.cli.show_runs import show_sync

    at = session(context, folder, json, pair)
    at.work(
        lambda project, progress: act(
            project,
            pair=at.pair,
            flow=flow,
            full=full,
            approve=approve,
            not_restored=not_restored,
            progress=progress,
        ),
        show_sync,
        lambda done: done.exit_code,
    )
