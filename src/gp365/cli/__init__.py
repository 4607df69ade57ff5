"""The command line `gp365`: commands that call the actions of `gp365.app` and show what they answer."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    from gp365.cli.program import run

    return run(arguments)
