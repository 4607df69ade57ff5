"""The commands `alerts`: what is broken and was told, and a test of the channels."""

from __future__ import annotations

from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, session

alerts_app = typer.Typer(help="What is broken and was told; test the channels.", no_args_is_help=True)


@alerts_app.command("list")
def alerts_list(
    context: typer.Context,
    days: Annotated[float, typer.Option("--days", min=0, help="Show what mended within so many days.")] = 7.0,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """List what is broken, what mended of late, and notices that could not be sent yet."""
    from gp365.app.actions.alerts import alerts_list as act
    from gp365.cli.show_alerts import show_alerts

    at = session(context, folder, json)
    at.ask(lambda project: act(project, days=days), show_alerts)


@alerts_app.command("test")
def alerts_test(
    context: typer.Context,
    channel: Annotated[
        str | None, typer.Argument(help="Name of the channel; else all of them.", show_default=False)
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Send a test notice over a channel, or over all of them; ends 3 if one does not take it."""
    from gp365.app.actions.alerts import alerts_test as act
    from gp365.cli.show_alerts import show_tested

    at = session(context, folder, json)
    at.ask(lambda project: act(project, channel), show_tested, lambda told: told.exit_code)
