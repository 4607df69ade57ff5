"""The command demo: both systems simulated, and everything shown once, within a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.session import Json, session


def demo(
    context: typer.Context,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave the simulators running and the folder in place, for playing."),
    ] = False,
    dir: Annotated[
        Path | None,
        typer.Option("--dir", help="Folder for the demonstration; it must be empty.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Watch the customers of GP's sample company and the accounts of Sales come into step, on simulators."""
    from gp365.cli.show_demo import run_demo

    at = session(context, json=json)
    raise typer.Exit(run_demo(dir, keep=keep, as_json=at.json))
