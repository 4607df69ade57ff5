"""The commands that look: status, history, explain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, session

FlowName = Annotated[str | None, typer.Option("--flow", help="Only this flow.", show_default=False)]


def status(context: typer.Context, folder: Folder = None, json: Json = False, pair: Pair = None) -> None:
    """Say how every flow stands: last run, what is queued, waiting, parked and open, how old the cursors are."""
    from gp365.app.actions.status import status as act
    from gp365.cli.show_look import show_status

    at = session(context, folder, json, pair)
    at.ask(lambda project: act(project, pair=at.pair), show_status)


def history(
    context: typer.Context,
    flow: FlowName = None,
    run: Annotated[str | None, typer.Option("--run", help="One run, by its id.", show_default=False)] = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="Show the rows of the ledger too.")] = False,
    since: Annotated[
        datetime | None, typer.Option("--since", help="Only what is newer (UTC).", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many lines of each.")] = 20,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Show the runs, newest first, and with --ledger what each did with which record."""
    from gp365.app.actions.history import history as act
    from gp365.cli.show_look import show_history

    at = session(context, folder, json, pair)
    moment = since.replace(tzinfo=UTC) if since else None
    at.ask(
        lambda project: act(
            project, pair=at.pair, flow=flow, run=run, rows=ledger, since=moment, limit=limit
        ),
        show_history,
    )


def explain(
    context: typer.Context,
    system: Annotated[str, typer.Argument(help="Name of the system in the settings, such as gp.")],
    entity: Annotated[str, typer.Argument(help="Entity, such as customer or account.")],
    key: Annotated[str, typer.Argument(help="Key of the record; parts joined by `;`.")],
    field: Annotated[
        str | None, typer.Argument(help="One field, by its name or a column's.", show_default=False)
    ] = None,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Explain a record: its partner, what both sides hold, what was decided when, by which rule, and why."""
    from gp365.app.actions.explain import explain as act
    from gp365.cli.show_explain import show_explain

    at = session(context, folder, json, pair)
    at.ask(lambda project: act(project, system, entity, key, field, pair=at.pair), show_explain)
