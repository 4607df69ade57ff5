"""What a controller or a sales manager would say of the shipped flows, over both simulated systems."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from gp365.app.actions.provision import provision_apply
from gp365.app.actions.simulators import Simulators, simulators
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import open_project
from gp365.store import lease as leases
from gp365.store import parked
from gp365.store.parked import Parked
from gp365.sync.cycle import sync
from gp365.sync.equation import Report

OPTIONS = (
    '\n[pairs.fabrikam.options]\nowner_by = "territory"\nterritory_by = "territory"\nroute_by = "territory"\n'
)
TEAMS = "gp,sales\nTERRITORY 1,East\nTERRITORY 3,Midwest\nTERRITORY 6,West+Canada\n"
EAST, MIDWEST = (f"7e000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
T1, T3, T5 = (f"7a000000-0000-4000-8000-00000000000{number}" for number in (1, 3, 5))
ROUTES = f"sales,company\n{T1},TWO\n{T3},TWO\n{T5},CAN\n"
TERRITORIES = f"sales,gp\n{T1},TERRITORY 1\n{T3},TERRITORY 3\n"


class Site:
    """A synced site, and people at work in both systems."""

    def __init__(self, running: Simulators, assembly: Assembly) -> None:
        self._running = running
        self._assembly = assembly

    def door(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """Use the control door as a user of the system."""
        request = urllib.request.Request(
            f"{self._running.description[system]['control']}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        context = ssl.create_default_context(cafile=str(self._running.description["ca_file"]))
        with urllib.request.urlopen(request, context=context) as answer:
            return json.load(answer)

    def gp(self, number: str, **values: Any) -> None:
        self.door("gp", "PUT", f"/rows/RM00101/{number}", values)

    def sales(self, key: str, **values: Any) -> None:
        self.door("dataverse", "PUT", f"/rows/accounts/{key}", values)

    def customers(self) -> dict[str, dict[str, Any]]:
        rows = self.door("gp", "GET", "/rows/RM00101")["rows"]
        return {row["CUSTNAME"].strip(): row for row in rows}

    def accounts(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in self.door("dataverse", "GET", "/rows/accounts")["rows"]}

    def account(self, number: str) -> dict[str, Any]:
        """Give the account of a customer, by its card."""
        cards = self.door("dataverse", "GET", "/rows/gp365_customers")["rows"]
        [card] = [one for one in cards if one["gp365_number"] == number]
        key = card["_gp365_accountid_value"]
        return self.door("dataverse", "GET", f"/rows/accounts/{key}")["rows"][0]

    def sync(self) -> dict[str, Report]:
        assembly = self._assembly
        with assembly.project.locked():
            with assembly.project.store.write() as conn:
                lease = leases.take(conn, "worker", "test", 600.0)
            assembly.begin_run("fabrikam")
            reports: dict[str, Report] = {}
            for job in assembly.jobs("fabrikam"):
                job.lease = lease
                reports[job.flow.name] = sync(job)
            with assembly.project.store.write() as conn:
                leases.release(conn, lease)
        return reports

    def parked(self, field: str) -> list[Parked]:
        with self._assembly.project.store.read() as conn:
            return [one for one in parked.list_open(conn, "fabrikam") if one.field == field]

    def decide(self, entry: Parked, decision: dict[str, Any]) -> None:
        with self._assembly.project.store.write() as conn:
            assert parked.resolve(conn, entry.id, decision, "ann")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with simulators(tmp_path_factory.mktemp("site")) as running:
        settings = running.folder / "gp365.toml"
        settings.write_text(settings.read_text("utf-8") + OPTIONS, "utf-8")
        lookups = running.folder / "lookups"
        lookups.mkdir(exist_ok=True)
        for name, text in (
            ("team_by_territory", TEAMS),
            ("company_by_territory", ROUTES),
            ("territory_by_territory", TERRITORIES),
        ):
            (lookups / f"{name}.csv").write_text(text, "utf-8")
        with open_project(running.folder, actor="tester") as project, assemble(project) as assembly:
            made = Site(running, assembly)
            provision_apply(
                assembly,
                sleep=lambda seconds: made.door("dataverse", "POST", "/clock", {"advance_s": seconds}),
            )
            made.sync()
            yield made


def test_a_new_account_belongs_to_the_team_of_the_customers_territory(site: Site) -> None:
    site.gp("ZEPHYRKI0001", CUSTNAME="Zephyr Kiteworks", ADRSCODE="PRIMARY", SALSTERR="TERRITORY 1")
    site.sync()
    assert site.accounts()["Zephyr Kiteworks"]["_ownerid_value"] == EAST
    [card] = [
        row
        for row in site.door("dataverse", "GET", "/rows/gp365_customers")["rows"]
        if row["gp365_number"] == "ZEPHYRKI0001"
    ]
    assert card["_ownerid_value"] == EAST
    assert card["gp365_primary"] is True


def test_a_new_customer_has_the_territory_of_its_account_the_class_of_its_country_and_no_credit(
    site: Site,
) -> None:
    site.sales(
        "a7000000-0000-4000-8000-000000000001",
        name="Quartz Optics",
        customertypecode=3,
        address1_country="United States",
        _territoryid_value=T3,
        creditlimit=25000,
    )
    site.sync()
    made = site.customers()["Quartz Optics"]
    assert made["SALSTERR"].strip() == "TERRITORY 3" and made["CUSTCLAS"].strip() == "USA-MEDIUM"
    assert (made["CRLMTTYP"], float(made["CRLMTAMT"])) == (0, 0.0)
    assert site.accounts()["Quartz Optics"].get("creditlimit") is None


@pytest.mark.parametrize(("name", "country"), [("Freedonia Exports", "Freedonia"), ("Nowhere Limited", None)])
def test_a_country_that_no_class_is_for_parks_and_never_becomes_an_export_customer(
    site: Site, name: str, country: str | None
) -> None:
    key = f"a7000000-0000-4000-8000-00000000000{2 if country else 3}"
    site.sales(
        key,
        name=name,
        customertypecode=3,
        address1_country=country,
        _territoryid_value=T3,
    )
    site.sync()
    assert name not in site.customers()
    codes = [one.code for one in site.parked("") if one.right_key == key]
    assert codes == ["lookup-missing"]


def test_an_account_of_another_companys_territory_becomes_no_customer_here(site: Site) -> None:
    for number, territory in ((4, T5), (5, None)):
        site.sales(
            f"a7000000-0000-4000-8000-00000000000{number}",
            name=f"Routed Firm {number}",
            customertypecode=3,
            address1_country="USA",
            _territoryid_value=territory,
        )
    site.sync()
    assert not {"Routed Firm 4", "Routed Firm 5"} & set(site.customers())
    waiting = [one.right_key for one in site.parked("") if one.code == "no-route"]
    assert "a7000000-0000-4000-8000-000000000005" in waiting
    assert "a7000000-0000-4000-8000-000000000004" not in waiting


def test_terms_hold_and_limit_that_gp_takes_away_are_taken_away_in_sales(site: Site) -> None:
    site.gp("AARONFIT0001", HOLD=1, CRLMTTYP=2, CRLMTAMT="50000.00")
    site.sync()
    before = site.account("AARONFIT0001")
    assert before["creditonhold"] is True and float(before["creditlimit"]) == 50000.0
    assert before["paymenttermscode"] is not None
    site.gp("AARONFIT0001", HOLD=0, CRLMTTYP=1, PYMTRMID="")
    site.sync()
    after = site.account("AARONFIT0001")
    assert after["creditonhold"] is False
    assert after.get("creditlimit") is None and after.get("paymenttermscode") is None


def test_a_term_that_is_nearly_another_is_parked_and_changes_no_due_date(site: Site) -> None:
    before = site.account("ADAMPARK0001")["paymenttermscode"]
    site.door("gp", "PUT", "/rows/SY03300/Net%2031", {"DUETYPE": 1, "DUEDTDS": 31})
    site.gp("ADAMPARK0001", PYMTRMID="Net 31", HOLD=1)
    site.sync()
    assert site.account("ADAMPARK0001")["paymenttermscode"] == before
    assert site.account("ADAMPARK0001")["creditonhold"] is True, "the rest of the record goes on"
    assert "lookup-missing" in [one.code for one in site.parked("terms")]


def test_an_inactive_customer_hides_no_open_opportunity_until_a_person_says_so(site: Site) -> None:
    site.gp("ASTORSUI0001", INACTIVE=1)
    site.sync()
    [entry] = [one for one in site.parked("inactive") if one.left_key == "ASTORSUI0001"]
    assert entry.code == "deactivated" and site.account("ASTORSUI0001")["statecode"] == 0
    site.decide(entry, {"take": "gp"})
    site.sync()
    assert site.account("ASTORSUI0001")["statecode"] == 1
    assert not [one for one in site.parked("inactive") if one.left_key == "ASTORSUI0001"]


def test_nothing_of_all_this_is_written_twice(site: Site) -> None:
    site.sync()
    for report in site.sync().values():
        assert report.balanced and sum(side.created + side.updated for side in report.sides.values()) == 0
