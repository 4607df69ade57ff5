"""The commands that concern Dynamics GP alone: gp import-help, gp draft-classes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, session

gp_app = typer.Typer(help="Dynamics GP: import-help, draft-classes.", no_args_is_help=True)


@gp_app.callback()
def _group() -> None:
    """Dynamics GP alone."""


@gp_app.command("import-help")
def import_help(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The page, saved from a browser: HTML or text.", metavar="FILE")
    ],
    system: Annotated[
        str, typer.Option("--system", help="The GP system, where there are several.", show_default=False)
    ] = "",
    write: Annotated[bool, typer.Option("--write", help="Put the lines into gp365.toml.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Turn a saved help page of GP Service into lines of the map of resources, compared with the present ones."""
    from gp365.app.actions.gp_help import import_help as act
    from gp365.cli.show_gp import show_help

    at = session(context, folder, json)
    at.ask(lambda project: act(project, file, system, write=write), show_help)


@gp_app.command("draft-classes")
def draft_classes(
    context: typer.Context,
    system: Annotated[
        str, typer.Option("--system", help="The GP system, where there are several.", show_default=False)
    ] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Add what the classes file lacks; what stands there stays.")
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Draft what customer classes give, from the customers read: for sites that have GP Web Services alone."""
    from gp365.app.actions.gp_classes import draft_classes as act
    from gp365.cli.show_gp import show_classes

    at = session(context, folder, json)
    at.reach(lambda assembly: act(assembly, system, write=write), show_classes)
