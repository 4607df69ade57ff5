"""The commands about webhooks of Dataverse: register, list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, session

webhooks_app = typer.Typer(
    help="Dataverse's webhooks to the doors of the settings: register, list, remove.", no_args_is_help=True
)
Door = Annotated[
    str, typer.Option("--door", help="Only this door of the settings.", show_default=False, metavar="NAME")
]


@webhooks_app.command("register")
def webhooks_register(
    context: typer.Context,
    door: Door = "",
    url: Annotated[
        str,
        typer.Option("--url", help="Address of the door, instead of the setting's.", show_default=False),
    ] = "",
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Make or set right the endpoint and the steps in Dataverse, for every table that the flows read."""
    from gp365.app.actions.webhooks import webhooks_register as act
    from gp365.cli.show_webhooks import show_webhooks

    at = session(context, folder, json, pair)
    at.reach(
        lambda assembly: act(assembly, at.pair or "", door, url), show_webhooks, lambda done: done.exit_code
    )


@webhooks_app.command("list")
def webhooks_list(
    context: typer.Context, door: Door = "", folder: Folder = None, json: Json = False, pair: Pair = None
) -> None:
    """Show how each step stands in Dataverse, with its last failure."""
    from gp365.app.actions.webhooks import webhooks_list as act
    from gp365.cli.show_webhooks import show_webhooks

    at = session(context, folder, json, pair)
    at.reach(lambda assembly: act(assembly, at.pair or "", door), show_webhooks)


@webhooks_app.command("remove")
def webhooks_remove(
    context: typer.Context, door: Door = "", folder: Folder = None, json: Json = False, pair: Pair = None
) -> None:
    """Take away what gp365 registered in Dataverse; what others registered stays."""
    from gp365.app.actions.webhooks import webhooks_remove as act
    from gp365.cli.show_webhooks import show_webhooks

    at = session(context, folder, json, pair)
    at.reach(lambda assembly: act(assembly, at.pair or "", door), show_webhooks)
