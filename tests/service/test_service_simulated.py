"""The service before both simulators: polls, outages, a system that refuses us, and how little it asks while idle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cli.cli_desk import Site, make_site
from gp365.app.project import open_project
from gp365.app.service.service import Service
from gp365.app.service.standing import SystemStanding
from service.service_desk import until

ADDRESS = "ADVANCED0001;PRIMARY"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Simulators whose samples are in step already."""
    with make_site(tmp_path_factory.mktemp("site")) as made:
        assert made.json("sync").code == 0
        yield made


@contextmanager
def serving(site: Site, poll: str) -> Iterator[Service]:
    settings = site.folder / "gp365.toml"
    before = settings.read_text("utf-8")
    settings.write_text(
        f"{before}\n[service]\ncall_patience_s = 0.0\nbackoff_s = 0.5\npoll = {poll}\n", "utf-8"
    )
    try:
        with open_project(site.folder) as project:
            service = Service(project)
            service.start()
            try:
                until(service.is_quiet)
                yield service
            finally:
                assert service.stop(60)
    finally:
        settings.write_text(before, "utf-8")
        for system in ("gp", "dataverse"):
            site.door(system, "DELETE", "/faults")


FAST = "{shortest_s = 1.0, longest_s = 1.0}"
SELDOM = "{shortest_s = 3600.0, longest_s = 3600.0}"


def called(site: Site, last: str) -> Callable[[], bool]:
    """Tell whether an account is called under the number 219 555 01.."""

    def is_called() -> bool:
        phones = [str(row.get("telephone1") or "") for row in site.rows("dataverse", "accounts")]
        return any("".join(filter(str.isdigit, phone)).endswith(f"21955501{last}") for phone in phones)

    return is_called


def system(service: Service, name: str) -> SystemStanding:
    found = service.standing().system(name)
    assert found is not None
    return found


def test_a_phone_number_changed_in_gp_stands_in_sales_within_a_poll(site: Site) -> None:
    with serving(site, FAST):
        site.put("gp", "RM00102", ADDRESS, PHONE1="21955501010000")
        took = until(called(site, "01"), 30)
        assert took < 15


def test_a_gp_that_is_down_for_a_while_costs_only_delay(site: Site) -> None:
    with serving(site, FAST) as service:
        site.faults("gp", {"path": ".*", "nth": 1, "times": 100_000, "do": "reset"})
        until(lambda: system(service, "gp").circuit != "closed")
        assert system(service, "sales").circuit == "closed"
        site.put("gp", "RM00102", ADDRESS, PHONE1="21955501020000")
        before = len(site.requests("gp", 0))
        time.sleep(3)
        assert len(site.requests("gp", 0)) - before < 12  # it is not hammered while it is down
        site.door("gp", "DELETE", "/faults")
        until(called(site, "02"))
        until(lambda: system(service, "gp").circuit == "closed")
        assert service.failure is None


def test_a_system_that_refuses_our_password_is_asked_no_more_until_a_person_tries_again(
    site: Site,
) -> None:
    with serving(site, FAST) as service:
        site.faults("gp", {"path": ".*", "nth": 1, "times": 100_000, "do": "401"})
        until(lambda: system(service, "gp").unauthorised)
        asked = len(site.requests("gp", 0))
        time.sleep(4)
        assert len(site.requests("gp", 0)) == asked
        assert system(service, "gp").circuit == "open"
        site.door("gp", "DELETE", "/faults")
        site.put("gp", "RM00102", ADDRESS, PHONE1="21955501030000")
        assert site.json("sync").code == 0
        until(called(site, "03"))
        until(lambda: system(service, "gp").circuit == "closed")


def test_between_looks_neither_system_is_asked_anything(site: Site) -> None:
    with serving(site, SELDOM):
        before = [len(site.requests(name, 0)) for name in ("gp", "dataverse")]
        time.sleep(3)
        assert [len(site.requests(name, 0)) for name in ("gp", "dataverse")] == before
