"""Showing writes that were read back: a line of counts, and what was acknowledged and is not there."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from gp365.app.actions.outputs import UnkeptOut, VerifiedOut
from gp365.app.actions.unkept import UnkeptList
from gp365.cli.words import EMPTY, counts, plain

SHOWN = 12


def verified_words(verified: VerifiedOut) -> str:
    """Say in one line how many writes were read back, and how they were found."""
    found = {
        "as written": verified.agreed,
        "changed since": verified.changed_since,
        "not to be found": verified.cannot_tell,
        "NOT AS WRITTEN": verified.mismatched,
    }
    healed = f" ({verified.healed} that had not been before)" if verified.healed else ""
    return f"{verified.sampled:,} read back: {counts(found)}{healed}"


def unkept_lines(unkept: list[UnkeptOut]) -> Iterator[str]:
    """Name the writes that are not there, the first of them."""
    for one in unkept[:SHOWN]:
        fields = "; ".join(
            f"{each.field} is {_value(each.found)}, not {_value(each.acknowledged)}" for each in one.fields
        )
        yield f"{one.number}  {one.system} {one.entity} {one.key}: {fields} (run {one.run})"
    if len(unkept) > SHOWN:
        yield f"and {len(unkept) - SHOWN} more (--json names them)"


def _value(value: object) -> str:
    return EMPTY if value is None else str(value)


def show_unkept_list(console: Console, found: UnkeptList) -> None:
    """Show the writes that did not stand."""
    for line in unkept_lines(found.unkept):
        console.print(plain(line))
    if found.unkept:
        console.print(
            plain("Each sync looks again; `gp365 unkept end NUMBER` ends one that is settled otherwise.")
        )
    else:
        console.print(plain("Every write that was read back is there."))


def show_unkept_end(console: Console, ended: UnkeptOut) -> None:
    """Show what was ended."""
    for line in unkept_lines([ended]):
        console.print(plain(f"Ended: {line}"))
