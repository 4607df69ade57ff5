"""The commands of the ledger: verify, export, erase; and replay."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, session

ledger_app = typer.Typer(
    help="Prove the ledger, export it, and erase what need not be kept.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
BROKEN = 4


@ledger_app.command("verify")
def verify(
    context: typer.Context,
    from_export: Annotated[
        Path | None,
        typer.Option("--from-export", help="Prove this export; no store is read.", show_default=False),
    ] = None,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Prove every chain: each row, its place, its payload and the head; exit code 4 names the first that does not fit."""
    from gp365.app.actions.ledger import ledger_verify, ledger_verify_file
    from gp365.cli.show_ledger import show_verified

    at = session(context, folder, json, pair)
    if from_export is not None:
        found = ledger_verify_file(from_export)
    else:
        with at.project() as project:
            found = ledger_verify(project, pair=at.pair)
    at.answer(found, show_verified, 0 if found.ok else BROKEN)


@ledger_app.command("export")
def export(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write to this file; else to standard output.", show_default=False),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", help="Only what is newer (UTC).", show_default=False)
    ] = None,
    chain: Annotated[
        str | None,
        typer.Option("--chain", metavar="PAIR/FLOW", help="Only this chain.", show_default=False),
    ] = None,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Write the ledger as JSON Lines, which `ledger verify --from-export` proves without the store."""
    from gp365.app.actions.ledger import ledger_export
    from gp365.cli.show_ledger import show_exported

    at = session(context, folder, json, pair)
    moment = (since if since.tzinfo else since.replace(tzinfo=UTC)) if since else None
    with at.project() as project:
        write = sys.stdout.buffer.write if out is None else None
        done = ledger_export(project, write, out=out, pair=at.pair, chain=chain, since=moment)
    if out is not None:
        at.answer(done, show_exported)
    sys.stdout.flush()


@ledger_app.command("erase")
def erase(
    context: typer.Context,
    older_than: Annotated[
        int | None,
        typer.Option(
            "--older-than",
            min=0,
            metavar="DAYS",
            help="What is older; else ledger.keep_payloads_days.",
            show_default=False,
        ),
    ] = None,
    subject: Annotated[
        tuple[str, str, str] | None,
        typer.Option(
            "--subject",
            metavar="SYSTEM ENTITY KEY",
            help="Only what is kept of one record.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for the ledger; name nobody in it.", show_default=False)
    ] = "",
    even_undo: Annotated[
        bool, typer.Option("--even-undo", help="Erase also what undo may need (ledger.keep_undo_days).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; erase nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Erase payloads of the ledger and of ended writes; the rows stay, and the chain still verifies."""
    from gp365.app.actions.ledger_erase import ledger_erase
    from gp365.cli.output import progress_shown
    from gp365.cli.show_ledger import show_erased

    at = session(context, folder, json, pair)
    with at.project() as project, progress_shown(quiet=at.json) as progress:
        done = ledger_erase(
            project,
            older_than=older_than,
            subject=subject,
            reason=reason,
            even_undo=even_undo,
            dry_run=dry_run,
            pair=at.pair,
            progress=progress,
        )
    at.answer(done, show_erased)
