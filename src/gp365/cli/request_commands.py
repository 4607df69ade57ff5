"""The commands `requests`: orders of Sales that wait for somebody, and a person's word on them."""

from __future__ import annotations

from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, session

requests_app = typer.Typer(
    help="Requests of Sales that change GP once they are approved.", no_args_is_help=True
)
Number = Annotated[
    str, typer.Argument(metavar="ID", help="Number of the request, or its id in Sales.", show_default=False)
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words.", show_default=False)]


@requests_app.command("list")
def requests_list(
    context: typer.Context, folder: Folder = None, json: Json = False, pair: Pair = None
) -> None:
    """List the requests that were submitted or approved and have not ended."""
    from gp365.app.actions.requests import requests_list as act
    from gp365.cli.show_requests import show_requests

    at = session(context, folder, json, pair)
    at.reach(lambda assembly: act(assembly, pair=at.pair), show_requests)


@requests_app.command("approve")
def requests_approve(
    context: typer.Context,
    id: Number,
    by: By,
    reason: Reason = "",
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Approve a request as it stands now; never who asked for it. The next sync carries it out."""
    _decide(context, id, by, reason, folder, json, pair, approve=True)


@requests_app.command("refuse")
def requests_refuse(
    context: typer.Context,
    id: Number,
    by: By,
    reason: Reason = "",
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Refuse a request; the next sync tells it so in Sales."""
    _decide(context, id, by, reason, folder, json, pair, approve=False)


def _decide(
    context: typer.Context,
    number: str,
    by: str,
    reason: str,
    folder: Folder,
    json: bool,
    pair: Pair,
    *,
    approve: bool,
) -> None:
    from gp365.app.actions.requests import request_decide
    from gp365.cli.show_requests import show_decided

    at = session(context, folder, json, pair)
    at.ask(
        lambda project: request_decide(project, number, by=by, approve=approve, reason=reason, pair=at.pair),
        show_decided,
    )
