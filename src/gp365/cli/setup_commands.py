"""The commands that set a project up: init, secret, doctor, provision, flows, sim."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gp365.cli.session import Folder, Json, Pair, session

secret_app = typer.Typer(help="The credential vault: set, list, rotate.", no_args_is_help=True)
provision_app = typer.Typer(help="What gp365 needs in Dataverse: plan, apply, remove.", no_args_is_help=True)
flows_app = typer.Typer(help="The flows: list, show, check.", no_args_is_help=True)
System = Annotated[
    str,
    typer.Option("--system", help="The Dataverse system, where the project has several.", show_default=False),
]

PlaceForms = Annotated[
    bool,
    typer.Option("--place-forms", help="Also add one section of ours to the site's main forms; removable."),
]


def _answer(help: str) -> typer.models.OptionInfo:
    return typer.Option(help=help, show_default=False)


def init(
    context: typer.Context,
    gp_url: Annotated[str, _answer("Address of GP Service.")] = "",
    gp_company: Annotated[str, _answer("Company, as GP shows its name.")] = "",
    gp_interid: Annotated[str, _answer("Company database (INTERID).")] = "",
    gp_user: Annotated[str, _answer("Windows user for GP Service, DOMAIN\\user.")] = "",
    gp_time_zone: Annotated[str, _answer("Time zone of the company.")] = "",
    gp_currency: Annotated[str, _answer("Functional currency (ISO code).")] = "",
    sales_url: Annotated[str, _answer("Address of the Dataverse organisation.")] = "",
    sales_tenant_id: Annotated[str, _answer("Microsoft Entra tenant id.")] = "",
    sales_client_id: Annotated[str, _answer("Application (client) id.")] = "",
    name: Annotated[str, typer.Option("--name", help="Name of the pair.", show_default=False)] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; what is not given has the example's value.")
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Make a project folder with a commented gp365.toml; asks for what is not given."""
    from gp365.app.actions.init import Answers
    from gp365.app.actions.init import init as act
    from gp365.app.project import project_folder
    from gp365.cli.show_setup import show_init

    at = session(context, folder, json)
    answers = Answers(
        gp_url=gp_url,
        gp_company=gp_company,
        gp_interid=gp_interid,
        gp_user=gp_user,
        gp_time_zone=gp_time_zone,
        gp_currency=gp_currency,
        sales_url=sales_url,
        sales_tenant_id=sales_tenant_id,
        sales_client_id=sales_client_id,
        pair=name,
    )
    ask = None if yes or at.json else _ask
    at.answer(act(project_folder(at.folder), answers, ask=ask), show_init)


def _ask(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default, err=True))


@secret_app.command("set")
def secret_set(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help='Name of the secret, as in {vault = "name"}.')],
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Store a secret in the vault. It is asked for, or read from standard input; never given on the command line."""
    from gp365.app.actions.secret import secret_set as act
    from gp365.cli.show_setup import show_secret_set

    at = session(context, folder, json)
    at.ask(lambda project: act(project, name, _secret(name)), show_secret_set)


def _secret(name: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"Secret {name}", hide_input=True, err=True))
    return sys.stdin.read()


@secret_app.command("list")
def secret_list(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """List the secrets that the settings name or the vault holds; never their values."""
    from gp365.app.actions.secret import secret_list as act
    from gp365.cli.documents import SecretList
    from gp365.cli.show_setup import show_secrets

    at = session(context, folder, json)
    at.ask(lambda project: SecretList(act(project)), show_secrets)


@secret_app.command("rotate")
def secret_rotate(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Give the vault a new master key and seal every secret with it."""
    from gp365.app.actions.secret import secret_rotate as act
    from gp365.cli.show_setup import show_rotated

    at = session(context, folder, json)
    at.ask(act, show_rotated)


def doctor(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """Examine every system, flow, lookup and the store; each finding with its fix."""
    from gp365.app.actions.doctor import doctor as act
    from gp365.app.assembly import assemble
    from gp365.cli.output import progress_shown
    from gp365.cli.show_doctor import show_doctor

    at = session(context, folder, json)
    with at.project() as project, assemble(project) as assembly, progress_shown(quiet=at.json) as progress:
        found = act(assembly, progress=lambda what: progress(f"examining {what}", 0, 0))
    at.answer(found, show_doctor, found.exit_code)


@provision_app.command("plan")
def provision_plan(
    context: typer.Context,
    system: System = "",
    place_forms: PlaceForms = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show what would be made in Dataverse: tables, columns, keys, views, forms, roles, options of payment terms."""
    from gp365.app.actions.provision import provision_plan as act
    from gp365.cli.show_setup import show_provisioned

    at = session(context, folder, json)
    at.reach(lambda assembly: act(assembly, system, place_forms=place_forms), show_provisioned)


@provision_app.command("apply")
def provision_apply(
    context: typer.Context,
    system: System = "",
    place_forms: PlaceForms = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Make what is missing in Dataverse, and write lookups/payment_terms.csv."""
    from gp365.app.actions.provision import provision_apply as act
    from gp365.app.assembly import assemble
    from gp365.cli.output import progress_shown
    from gp365.cli.show_setup import show_provisioned

    at = session(context, folder, json)
    with at.project() as project, assemble(project) as assembly, progress_shown(quiet=at.json) as progress:
        done = act(assembly, system, place_forms=place_forms, say=lambda what: progress(what, 0, 0))
    at.answer(done, show_provisioned)


@provision_app.command("remove")
def provision_remove(
    context: typer.Context,
    system: System = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also while rows of ours exist; they are lost.")
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Take away what gp365 made in Dataverse; change tracking stays on."""
    from gp365.app.actions.provision import provision_remove as act
    from gp365.cli.show_setup import show_provisioned

    at = session(context, folder, json)
    at.reach(lambda assembly: act(assembly, system, force=force), show_provisioned)


@flows_app.command("list")
def flows_list(context: typer.Context, folder: Folder = None, json: Json = False) -> None:
    """List the flows, where they come from, and which pairs run them."""
    from gp365.app.actions.flows import flows_list as act
    from gp365.cli.show_setup import show_flows

    at = session(context, folder, json)
    at.ask(act, show_flows)


@flows_app.command("show")
def flows_show(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="Name of the flow.")],
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show a flow as it holds here: its rows with columns, owners and where each stands."""
    from gp365.app.actions.flows import flows_show as act
    from gp365.cli.show_setup import show_flow

    at = session(context, folder, json)
    at.ask(lambda project: act(project, flow), show_flow)


@flows_app.command("check")
def flows_check(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="Only this flow.", show_default=False)] = "",
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
) -> None:
    """Check the flows against what both systems say of their entities; exit code 2 where one cannot run."""
    from gp365.app.actions.flows import flows_check as act
    from gp365.cli.documents import FlowsChecked
    from gp365.cli.show_setup import show_checked

    at = session(context, folder, json, pair)
    at.reach(
        lambda assembly: FlowsChecked(act(assembly, pair=at.pair or "", only=flow)),
        show_checked,
        lambda found: 0 if all(one.sound for one in found.flows) else 2,
    )


def sim(
    context: typer.Context,
    dir: Annotated[Path, typer.Option("--dir", help="Project folder to prepare.")] = Path("sim"),
    customers: Annotated[
        int | None,
        typer.Option("--customers", min=0, help="Generate so many GP customers.", show_default=False),
    ] = None,
    accounts: Annotated[
        int | None, typer.Option("--accounts", min=0, help="Generate so many accounts.", show_default=False)
    ] = None,
    overlap: Annotated[
        int, typer.Option("--overlap", min=0, help="How many of them are the same firms.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Another number gives other firms.")] = 0,
    companies: Annotated[
        int, typer.Option("--companies", min=1, max=2, help="Companies of GP; 2 adds Fabrikam Canada.")
    ] = 1,
    json: Json = False,
) -> None:
    """Run simulators of Dynamics GP and Dynamics 365 Sales with a project folder, until interrupted."""
    from gp365.app.actions.simulators import simulators
    from gp365.cli.documents import SimulatorsRunning
    from gp365.cli.output import console, write_json
    from gp365.cli.show_setup import show_simulators

    at = session(context, json=json)
    size = {
        "customers": customers,
        "accounts": accounts,
        "overlap": overlap,
        "seed": seed,
        "companies": companies,
    }
    with simulators(dir.resolve(), **size) as running:
        told = SimulatorsRunning(str(running.folder), running.pid, dict(running.urls))
        if at.json:
            write_json(told)
        else:
            show_simulators(console(), told)
        try:
            running.wait()
        except KeyboardInterrupt:
            return
