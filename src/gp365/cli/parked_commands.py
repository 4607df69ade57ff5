"""The commands `parked`: list, show and retry what waits for a person, and decide it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.look_commands import FlowName
from gp365.cli.session import Folder, Json, Pair, session

parked_app = typer.Typer(help="What waits for a person: list, show, retry, resolve.", no_args_is_help=True)
Code = Annotated[
    str | None,
    typer.Option("--code", help="Only this cause, such as conflict or rejected.", show_default=False),
]


@parked_app.command("list")
def parked_list(
    context: typer.Context,
    flow: FlowName = None,
    code: Code = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many entries are shown.")] = 100,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", help="Write all of them to this file, to decide in a spreadsheet.", show_default=False
        ),
    ] = None,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """List what waits for a person, oldest first."""
    from gp365.app.actions.parked import parked_list as act
    from gp365.cli.show_parked import show_parked_list

    at = session(context, folder, json, pair)
    at.ask(
        lambda project: act(project, pair=at.pair, flow=flow, code=code, limit=limit, csv=csv),
        show_parked_list,
    )


@parked_app.command("show")
def parked_show(
    context: typer.Context,
    id: Annotated[int, typer.Argument(help="Number of the entry.")],
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show one entry: both values, who and when, what had been agreed, the candidates, and the decisions it takes."""
    from gp365.app.actions.parked import parked_show as act
    from gp365.cli.show_parked import show_parked

    at = session(context, folder, json)
    at.ask(lambda project: act(project, id), show_parked)


@parked_app.command("retry")
def parked_retry(
    context: typer.Context,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID]...", help="Entries to look at afresh.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All entries (of the pair, flow and cause).")] = False,
    flow: FlowName = None,
    code: Code = None,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Let the next sync look at entries afresh; a write that was refused is sent once more."""
    from gp365.app.actions.parked import parked_retry as act
    from gp365.cli.show_parked import show_retry
    from gp365.model.errors import Misconfigured

    at = session(context, folder, json, pair)
    if not (ids or every or code):
        raise Misconfigured("usage", "Say which entries: numbers, --code CAUSE, or --all.")
    at.ask(lambda project: act(project, ids=ids or (), code=code, pair=at.pair, flow=flow), show_retry)


@parked_app.command("resolve")
def parked_resolve(
    context: typer.Context,
    id: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Number of the entry.", show_default=False)
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(
            "--link", metavar="KEY", help="It is this record of the other side.", show_default=False
        ),
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="It is a new one on the other side.")] = False,
    ignore: Annotated[bool, typer.Option("--ignore", help="Leave it alone for good.")] = False,
    take: Annotated[
        str | None,
        typer.Option(
            "--take", metavar="SIDE|VALUE", help="This side's value holds, or this value.", show_default=False
        ),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option(
            "--value",
            help="This value holds, whatever it looks like; an empty one empties.",
            show_default=False,
        ),
    ] = None,
    field: Annotated[
        str | None,
        typer.Option("--field", help="Another parked field of the same record.", show_default=False),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", help="Decide by a file that `parked list --csv` wrote.", show_default=False),
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Run the entry's flow at once.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only; decide nothing.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Decide on an entry, or on many by a file; the next sync carries it out."""
    from gp365.app.actions.resolve import Given, resolve
    from gp365.app.actions.resolve_file import resolve_file
    from gp365.cli.output import progress_shown
    from gp365.cli.show_parked import show_resolved
    from gp365.model.errors import Misconfigured

    at = session(context, folder, json)
    given = Given(link, create, ignore, take, value, field)
    if (file is None) == (id is None) or (file is not None and (given != Given() or now)):
        raise Misconfigured("usage", "Name one entry with its decision, or a file with --from FILE.")
    with at.project() as project, progress_shown(quiet=at.json) as progress:
        if file is not None:
            done = resolve_file(project, file, dry_run=dry_run)
        else:
            assert id is not None
            done = resolve(project, id, given, now=now, dry_run=dry_run, progress=progress)
    at.answer(done, show_resolved, done.exit_code)
