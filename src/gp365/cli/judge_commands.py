"""The commands that judge before anything is done: whatif (another policy) and assess (before going live)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.look_commands import FlowName
from gp365.cli.session import Folder, Json, Pair, session


def whatif(
    context: typer.Context,
    owner: Annotated[
        list[str],
        typer.Option(
            "--owner", metavar="FIELD=SIDE", help="Whose the field or group would be; again for more."
        ),
    ],
    since: Annotated[datetime, typer.Option("--since", help="Replay what was recorded since then (UTC).")],
    flow: FlowName = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many changes of a flow are shown.")] = 50,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Replay recorded changes under another owner of a field, and show what would differ. Nothing is written."""
    from gp365.app.actions.whatif import whatif as act
    from gp365.cli.show_whatif import show_whatif

    at = session(context, folder, json, pair)
    moment = since if since.tzinfo else since.replace(tzinfo=UTC)
    at.ask(lambda project: act(project, owner, moment, pair=at.pair, flow=flow, limit=limit), show_whatif)


def assess(
    context: typer.Context,
    flow: FlowName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the report to this file (.md).", show_default=False),
    ] = None,
    row_bytes: Annotated[
        int, typer.Option("--row-bytes", min=1, help="Storage that a row in Dataverse is assumed to take.")
    ] = 3000,
    allowance: Annotated[
        int, typer.Option("--allowance", min=1, help="Requests a day that the tenant is assumed to allow.")
    ] = 500_000,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Read both systems before going live and say what the first sync would come to. Nothing is written."""
    from gp365.app.actions.assess import Assumed
    from gp365.app.actions.assess import assess as act
    from gp365.cli.show_assess import show_assess

    at = session(context, folder, json, pair)
    at.work(
        lambda project, progress: act(
            project,
            pair=at.pair,
            flow=flow,
            assumed=Assumed(row_bytes, allowance),
            out=out,
            progress=progress,
        ),
        show_assess,
    )
