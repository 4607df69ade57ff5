"""Sites that run the reference data, and what people do there: propose, approve, look at choices."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site

from gp365.app.actions.provision import privileged
from gp365.app.assembly import Assembly
from gp365.app.project import open_project
from gp365.connectors.dataverse.option_sets import METHODS, TERMS, OptionSet
from gp365.connectors.dataverse.site import Site as Metadata

_OURS = 'flows = ["customers"]'
FLOWS = ("payment_terms", "customer_classes", "salespersons", "territories", "shipping_methods", "currencies")
SETS = {
    "payment_terms": "gp365_paymentterms",
    "customer_classes": "gp365_customerclasses",
    "salespersons": "gp365_salespersons",
    "territories": "gp365_territories",
    "shipping_methods": "gp365_shippingmethods",
    "currencies": "gp365_gpcurrencies",
}
SALES_SYSTEM = "sales"
SAM = "5ad1c0de-0000-4000-8000-00000000cafe"
"""The person who edits in Sales."""


@contextmanager
def reference_site(
    folder: Path, way: str, flows: Sequence[str] = ("reference_data",), **sql: Any
) -> Generator[Site]:
    """Run the sample data of both worlds with these flows over a channel, after a first sync."""
    with site(folder, provisioned=False) as made:
        over(way, made, **sql)
        named = ", ".join(f'"{flow}"' for flow in flows)
        made.settings(_OURS, f"flows = [{named}]")
        done = made.run("provision", "apply")
        assert done.code == 0, done.out + done.err
        done = made.sync()
        assert done.code == 0, done.out + done.err
        yield made


@contextmanager
def elsewhere(at: Site, way: str) -> Generator[None]:
    """Reach GP over another channel for a while, with the reference data alone."""
    path = at.folder / "gp365.toml"
    usual = path.read_text("utf-8")
    over(way, at)
    at.settings(_OURS, 'flows = ["reference_data"]')
    try:
        yield
    finally:
        path.write_text(usual, "utf-8")


def shown(at: Site, flow: str) -> dict[str, Row]:
    """Return the rows of a flow's table by the id that GP has for them."""
    name = "gp365_id" if flow in ("salespersons", "territories") else "gp365_name"
    return {row[name]: row for row in at.rows(SALES, SETS[flow])}


def proposed(at: Site, flow: str, name: str, **values: Any) -> str:
    """Let somebody in Sales propose an entry; return the key of the row."""
    key = str(uuid4())
    given = {"gp365_name": name, "gp365_company": "TWO", "gp365_standing": 2, **values}
    at.put(SALES, SETS[flow], key, **given)
    return key


def approved(at: Site, flow: str, key: str) -> None:
    """Let somebody set a row to approved."""
    at.put(SALES, SETS[flow], key, gp365_standing=3)


def approvers(at: Site, *people: str) -> None:
    """Name who may approve."""
    lines = "".join(f"{one},\n" for one in people)
    path = at.folder / "lookups" / "approvers.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"sales,name\n{lines}", "utf-8")


def given(at: Site, term: str, value: int) -> None:
    """Say in the lookup of payment terms which option a term is."""
    path = at.folder / "lookups" / "payment_terms.csv"
    path.write_text(f"{path.read_text('utf-8')}{term},{value},\n", "utf-8")


def parked(at: Site, flow: str) -> list[Mapping[str, Any]]:
    """Return what waits for a person in a flow."""
    return [one for one in at.run("parked", "list").json["entries"] if one["flow"] == flow]


def all_options(at: Site, chosen: OptionSet) -> dict[str, dict[int, str]]:
    """Return the options of every choice of a list, by value, as a customizer sees them in Dataverse."""
    with (
        open_project(at.folder) as project,
        Assembly(project) as assembly,
        privileged(assembly, SALES_SYSTEM) as api,
    ):
        seen = Metadata(api, lambda _: None, lambda _: None)
        return {choice.name: dict(choice.options(seen) or {}) for choice in chosen.choices}


def synced(at: Site, *arguments: str) -> Answer:
    """Sync, without anything left to a person."""
    done = at.sync(*arguments)
    assert done.code == 0, [*at.run("parked", "list").json["entries"], done.err]
    assert done.balanced
    return done


__all__ = ["GP", "METHODS", "SALES", "TERMS"]
