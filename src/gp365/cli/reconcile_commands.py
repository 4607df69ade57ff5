"""The commands `reconcile`: compare both systems in full, check a report, show the key that reports are signed with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gp365.cli.flow_commands import Flow
from gp365.cli.session import Folder, Json, Pair, session

_RUN = "run"


class _ReconcileGroup(TyperGroup):
    """`gp365 reconcile customers` means `gp365 reconcile run customers`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` before what names no command of the group."""
        if args[:1] != ["--help"] and args[:1] not in [[name] for name in self.commands]:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


reconcile_app = typer.Typer(
    help="Prove that both systems agree: run (may be left out), verify, key.", cls=_ReconcileGroup
)


@reconcile_app.command(_RUN)
def reconcile_run(
    context: typer.Context,
    flow: Flow = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Write the reports to this folder; else to `reports`.", show_default=False
        ),
    ] = None,
    sample: Annotated[
        int,
        typer.Option(
            "--sample", min=0, max=1000, help="Add so many pairs, drawn by chance, with all their values."
        ),
    ] = 0,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many findings of a flow are shown.")] = 20,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Read both systems in full, compare every linked pair by value, and write a signed report.

    Nothing is written to either system. `run` may be left out: `gp365 reconcile customers`. Ends 0 when every difference
    is explained, 1 when some of it waits for a person, 4 when there is one that nothing explains.
    """
    from gp365.app.actions.reconcile import reconcile as act
    from gp365.cli.show_reconcile import show_reconcile

    at = session(context, folder, json, pair)
    at.work(
        lambda project, progress: act(
            project, pair=at.pair, flow=flow, out=out, sample=sample, limit=limit, progress=progress
        ),
        show_reconcile,
        lambda done: done.exit_code,
    )


@reconcile_app.command("verify")
def reconcile_verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The report: its .json, .html or .xlsx.")],
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="PUBLIC",
            help="The public key of `reconcile key`, or a file that holds it; else the key beside the report.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check that a report is as it was signed. No project is needed. Ends 4 when it is not."""
    from gp365.app.reports.checking import verify_report
    from gp365.cli.show_reconcile import show_verified

    at = session(context, None, json)
    told = verify_report(file, key)
    at.answer(told, show_verified, told.exit_code)


@reconcile_app.command("key")
def reconcile_key(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Show the public key that this project's reports are checked with. Hand it to the auditor by another way."""
    from gp365.app.actions.reconcile import reconcile_key as act
    from gp365.cli.show_reconcile import show_key

    at = session(context, folder, json)
    at.ask(act, show_key)
