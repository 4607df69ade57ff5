"""Showing what init, secret, provision, flows and sim answer."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.flows import FlowList, FlowShown
from gp365.app.actions.init import Initialised
from gp365.app.actions.provision import Provisioned
from gp365.app.actions.secret import Rotated, SecretSet
from gp365.cli.documents import FlowsChecked, SecretList, SimulatorsRunning
from gp365.cli.words import EMPTY, grid, heading, plain

MARKS = {"ok": ("ok", "green"), "note": ("note", "cyan"), "warning": ("warning", "yellow")}
ERROR = ("ERROR", "bold red")
_FOLD = {"overflow": "fold"}


def show_init(console: Console, done: Initialised) -> None:
    """Show a new project."""
    console.print(plain(f"Written to {done.folder}: {', '.join(done.written)}"))
    console.print(heading("Next"))
    for step in done.next_steps:
        console.print(plain(f"  {step}"))


def show_secret_set(console: Console, done: SecretSet) -> None:
    """Say that a secret is kept."""
    console.print(plain(f"The secret {done.name} is {'replaced' if done.replaced else 'kept'}."))


def show_secrets(console: Console, found: SecretList) -> None:
    """Show which secrets there are."""
    table = grid(_FOLD, _FOLD, _FOLD, _FOLD)
    for one in found.secrets:
        state = plain("is there", "green") if one.present else plain("is missing", "red")
        table.add_row(f"{one.place} {one.name}", state, ", ".join(one.used_by) or EMPTY, plain(one.fix))
    console.print(table if found.secrets else plain("The settings name no secret."))


def show_rotated(console: Console, done: Rotated) -> None:
    """Say that the vault has a new key."""
    console.print(plain(f"{done.secrets} secrets are sealed with a new key."))


def show_provisioned(console: Console, found: Provisioned) -> None:
    """Show the steps of provisioning."""
    console.print(heading(found.system, "nothing to do" if found.nothing_to_do else ""))
    table = grid({"min_width": 9}, _FOLD, {"style": "dim", "overflow": "fold"})
    for step in found.steps:
        table.add_row(f"  {step.state}", plain(step.title), plain(step.detail))
    console.print(table)
    for note in found.notes:
        console.print(plain(f"note: {note}", "dim"))
    if found.lookups:
        console.print(plain(f"Written: {', '.join(found.lookups)}"))


def show_flows(console: Console, found: FlowList) -> None:
    """Show the flows and groups."""
    table = grid(_FOLD, _FOLD, _FOLD, _FOLD)
    for one in found.flows:
        pairs = ", ".join(one.pairs) or "no pair"
        table.add_row(plain(one.name, "bold"), plain(one.title), pairs, ", ".join(one.sources))
    console.print(table)
    for name, flows in found.groups.items():
        console.print(plain(f"group {name}: {', '.join(flows)}"))


def show_flow(console: Console, found: FlowShown) -> None:
    """Show a flow's rows."""
    console.print(heading(found.name, found.title))
    console.print(plain(f"from {', '.join(found.sources)}; first contact: {found.first_contact}"))
    sides = list(found.sides)
    table = grid(*(_FOLD for _ in range(len(sides) + 4)))
    table.add_row(*(plain(name, "dim") for name in ("field", *sides, "owner", "notes", "where")))
    for row in found.rows:
        wires = [plain(", ".join(row.wires.get(side, ())) or EMPTY) for side in sides]
        owner = ", ".join([row.owner, *(f"{who} in {pair}" for pair, who in row.owners.items())])
        table.add_row(
            plain(row.name), *wires, plain(owner), plain(", ".join(row.notes)), plain(row.where, "dim")
        )
    console.print(table)


def show_checked(console: Console, found: FlowsChecked) -> None:
    """Show what the check found."""
    for flow in found.flows:
        verdict = "can run" if flow.sound else "CANNOT RUN"
        console.print(heading(flow.flow, f"pair {flow.pair} · {verdict}"))
        for one in flow.findings:
            mark, style = MARKS.get(str(one.level), ERROR)
            console.print(plain(f"  {mark}  {one.where}: {one.message}", style))
            if one.fix:
                console.print(plain(f"        fix: {one.fix}", "dim"))


def show_simulators(console: Console, told: SimulatorsRunning) -> None:
    """Say where the simulators answer."""
    for name, url in told.urls.items():
        console.print(plain(f"{name:<10} {url}"))
    console.print(
        plain(f"Project folder: {told.folder}. `gp365 -C {told.folder} doctor` works now. Ctrl-C ends.")
    )
