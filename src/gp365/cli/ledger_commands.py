"""The commands of the ledger: verify, export, erase; and replay."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.look_commands import FlowName
from gp365.cli.session import Folder, Json, Pair, session

ledger_app = typer.Typer(
    help="Prove the ledger, export it, and erase what need not be kept.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
BROKEN = 4


def utc(given: datetime | None) -> datetime | None:
    """Take a moment without a time zone as UTC."""
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given


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
    with at.project() as project:
        write = sys.stdout.buffer.write if out is None else None
        done = ledger_export(project, write, out=out, pair=at.pair, chain=chain, since=utc(since))
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
    from gp365.cli.show_ledger import show_erased

    at = session(context, folder, json, pair)
    at.work(
        lambda project, progress: ledger_erase(
            project,
            older_than=older_than,
            subject=subject,
            reason=reason,
            even_undo=even_undo,
            dry_run=dry_run,
            pair=at.pair,
            progress=progress,
        ),
        show_erased,
    )


def replay(
    context: typer.Context,
    record: Annotated[
        tuple[str, str, str] | None,
        typer.Option("--record", metavar="SYSTEM ENTITY KEY", help="This record.", show_default=False),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", help="The records that this run looked at.", show_default=False)
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", help="The records that runs looked at since then (UTC).", show_default=False),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", help="With --since: until then (UTC).", show_default=False)
    ] = None,
    cause: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="CODE", help="The records parked for this cause.", show_default=False
        ),
    ] = None,
    flow: FlowName = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Plan with the version of the flow that was recorded.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write it, with today's flow; without, nothing is written.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many records of a flow are shown.")] = 20,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Plan earlier records again, and show what would be written beside what was written then."""
    from gp365.app.actions.replay import Asked
    from gp365.app.actions.replay import replay as act
    from gp365.cli.show_replay import show_replay

    at = session(context, folder, json, pair)
    asked = Asked(record, run, utc(since), utc(until), cause)
    at.work(
        lambda project, progress: act(
            project,
            asked,
            pair=at.pair,
            flow=flow,
            recorded=recorded,
            apply=apply,
            limit=limit,
            progress=progress,
        ),
        show_replay,
        lambda done: done.exit_code,
    )
