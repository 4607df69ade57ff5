"""The commands `unkept`: writes that were acknowledged and, read back, are not there."""

from __future__ import annotations

from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, session

unkept_app = typer.Typer(help="Writes that were acknowledged and are not there.", no_args_is_help=True)


@unkept_app.command("list")
def unkept_list(context: typer.Context, folder: Folder = None, json: Json = False, pair: Pair = None) -> None:
    """List the writes that were read back and were not there."""
    from gp365.app.actions.unkept import unkept_list as act
    from gp365.cli.show_unkept import show_unkept_list

    at = session(context, folder, json, pair)
    at.ask(lambda project: act(project, pair=at.pair), show_unkept_list)


@unkept_app.command("end")
def unkept_end(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number of the write, as `unkept list` shows it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the ledger keeps it.")] = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """End one that is settled otherwise: it fails no run any more."""
    from gp365.app.actions.unkept import unkept_end as act
    from gp365.cli.show_unkept import show_unkept_end

    at = session(context, folder, json)
    at.ask(lambda project: act(project, number, reason=reason), show_unkept_end)
