"""Showing requests: what is asked for whom, what stood there and what stands now, who asked and who approved."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.requests import RequestDecided, RequestList, RequestOut
from gp365.cli.words import grid, plain, value

_FOLD = {"overflow": "fold"}


def show_requests(console: Console, found: RequestList) -> None:
    """Show the requests that have not ended."""
    if not found.requests:
        console.print("No request waits for anybody.")
        return
    table = grid(*(_FOLD for _ in range(6)))
    table.add_row(
        *(plain(name, "bold") for name in ("id", "record", "state", "asks for", "asked by", "says"))
    )
    for one in found.requests:
        table.add_row(
            str(one.id),
            plain(one.record),
            one.state,
            plain(_asks(one)),
            plain(one.asked_by),
            plain(one.message),
        )
    console.print(table)


def show_decided(console: Console, done: RequestDecided) -> None:
    """Show what was decided."""
    one = done.request
    console.print(plain(f"Request {one.id} for {one.record} is {done.decision} by {done.by}: {_asks(one)}."))
    console.print("The next sync carries it out.")


def _asks(one: RequestOut) -> str:
    return "; ".join(
        f"{name} {value(asked)} (was {value(one.before.get(name))}, is {value(one.now.get(name))})"
        for name, asked in one.asks.items()
    )
