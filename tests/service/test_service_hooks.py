"""Webhooks that are gone, disabled or refused are noticed by the service, and polls take over until they work again."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.actions_desk import Desk
from gp365.app.actions.provision import provision_apply
from gp365.app.actions.simulators import Simulators, simulators
from gp365.app.actions.sync import sync
from gp365.app.actions.webhooks import webhooks_register, webhooks_remove
from gp365.app.actions.webhooks_health import registered_hooks
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import Project, open_project
from gp365.app.service import plans
from gp365.app.service.circuit import Backoff
from gp365.app.service.due import Planned
from gp365.app.service.hooked import Hooked, told_of
from gp365.app.service.pace import Look, Pace
from gp365.app.service.service import Service
from gp365.app.service.standing import HookStanding
from gp365.model.errors import Retry
from service.service_desk import desk_with, until

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DOOR = '\n[doors.sales]\nkind = "dataverse"\nsystem = "sales"\nsecret = {file = "secrets/door"}\n'
SELDOM = "\n[service]\npoll = {shortest_s = 1.0, longest_s = 3600.0}\n"
OFF = HookStanding("sales", "gp365 sales: Update of account", "disabled", "it was disabled")
ON = HookStanding("sales", "gp365 sales: Update of account")
UNKNOWN = HookStanding("sales", "sales", "unknown", "No answer.")


# plans


def planned(*systems: str, flow: str) -> Planned:
    return Planned("main", flow, systems, Look(NOW + timedelta(hours=1), 3600.0))


def state() -> plans.State:
    flows = {
        ("main", "accounts"): planned("gp", "sales", flow="accounts"),
        ("main", "ledgers"): planned("gp", "books", flow="ledgers"),
    }
    paces = dict.fromkeys(flows, Pace(10.0, 3600.0))
    return plans.State(flows, paces, ZoneInfo("UTC"), (), Backoff(5, 300), {})


def test_polls_take_over_at_their_shortest_while_webhooks_of_their_system_do_not_work() -> None:
    taken = plans.unhooked(state(), frozenset({"sales"}), NOW)
    first, second = taken.planned()
    assert first.look.next_at == NOW + timedelta(seconds=10)
    assert second.look.next_at == NOW + timedelta(hours=1)
    assert (taken.pace(first).longest_s, taken.pace(second).longest_s) == (10.0, 3600.0)
    back = plans.unhooked(taken, frozenset(), NOW)
    assert back.pace(first).longest_s == 3600.0


# what is remembered


def test_an_organisation_that_cannot_be_asked_leaves_what_was_known() -> None:
    assert told_of([UNKNOWN], [OFF]) == (OFF,)
    assert told_of([ON], [OFF]) == (ON,)
    assert told_of([UNKNOWN], []) == (UNKNOWN,)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    desk: Desk = desk_with(tmp_path, "")
    with desk.open() as opened:
        door = opened.settings.doors | {"sales": _door()}
        opened.settings = opened.settings.model_copy(update={"doors": door})
        yield opened


def _door() -> Any:
    from gp365.app.settings_doors import DoorSettings

    return DoorSettings.model_validate({"kind": "dataverse", "system": "sales", "secret": {"env": "X"}})


def test_a_look_that_takes_long_holds_nobody_up_and_is_taken_once_an_hour(project: Project) -> None:
    going, asked = Event(), list[datetime]()

    def ask(assembly: Assembly, since: datetime) -> tuple[HookStanding, ...]:
        del assembly
        asked.append(since)
        going.wait(30)
        return (ON,)

    hooked = Hooked(project, ask=ask)
    hooked.turn(NOW)
    assert hooked.hooks == ()
    hooked.turn(NOW + timedelta(hours=2))
    going.set()
    until(lambda: hooked.hooks == (ON,))
    hooked.close()
    hooked.turn(NOW + timedelta(minutes=59))
    assert len(asked) == 1
    hooked.turn(NOW + timedelta(minutes=61))
    until(lambda: len(asked) == 2)
    hooked.close()
    assert asked[1] == NOW + timedelta(minutes=2)


def test_what_does_not_work_is_asked_for_more_often_until_it_does(project: Project) -> None:
    answers = [(OFF,), (OFF,), (ON,), (ON,)]
    hooked = Hooked(project, ask=lambda assembly, since: answers.pop(0))
    at, looks = NOW, []
    for _ in range(13):
        left = len(answers)
        hooked.turn(at)
        hooked.close()
        looks += [at] if len(answers) < left else []
        at += timedelta(minutes=10)
    assert [(one - NOW).total_seconds() / 60 for one in looks] == [0, 60, 70, 80]
    assert hooked.broken() == frozenset()


def test_an_organisation_that_is_down_or_fails_is_not_told_of_twice(project: Project) -> None:
    def fail(assembly: Assembly, since: datetime) -> tuple[HookStanding, ...]:
        del assembly, since
        raise Retry("unreachable", "No answer.", system="sales")

    hooked = Hooked(project, ask=fail)
    hooked.turn(NOW, down=["sales"])
    hooked.close()
    hooked.turn(NOW)
    hooked.close()
    assert hooked.hooks == () and not hooked.broken()


# before the simulator


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulators(tmp_path_factory.mktemp("site")) as started:
        (started.folder / "secrets" / "door").write_text("a-secret-of-the-door-for-this-test")
        settings = started.folder / "gp365.toml"
        settings.write_text(settings.read_text("utf-8") + DOOR + SELDOM, "utf-8")
        with open_project(started.folder, actor="tester") as project, assemble(project) as made:
            provision_apply(made, sleep=lambda _: None)
        with open_project(started.folder, actor="tester") as project:
            assert sync(project).exit_code == 0
        yield started


@contextmanager
def serving(site: Simulators) -> Iterator[Service]:
    with open_project(site.folder) as project:
        service = Service(project)
        service.start()
        try:
            yield service
        finally:
            assert service.stop(60)


def states(service: Service) -> set[str]:
    return {one.state for one in service.standing().hooks}


def looks_again_within(service: Service, seconds: float) -> bool:
    next_looks = [one.next_look for one in service.standing().flows]
    return all(at is not None and at <= service.clock() + timedelta(seconds=seconds) for at in next_looks)


@pytest.mark.proof
def test_a_service_without_registered_webhooks_polls_at_its_shortest_and_with_them_seldom(
    site: Simulators,
) -> None:
    with serving(site) as service:
        until(lambda: states(service) == {"missing"})
        until(lambda: service.rounds >= 12, 60)
        assert looks_again_within(service, 2)
    with open_project(site.folder) as project, assemble(project) as assembly:
        webhooks_register(assembly, url="http://127.0.0.1:9/hooks/sales")
    with serving(site) as service:
        until(lambda: states(service) == {"enabled"})
        until(lambda: service.rounds >= 5 and not looks_again_within(service, 3), 60)
    with open_project(site.folder) as project, assemble(project) as assembly:
        webhooks_remove(assembly)


def test_a_step_whose_jobs_fail_is_failing_in_the_words_of_the_organisation(site: Simulators) -> None:
    with open_project(site.folder) as project, assemble(project) as assembly:
        webhooks_register(assembly, url="http://127.0.0.1:9/hooks/sales")
        since = project.clock() - timedelta(minutes=1)
        rows = _control(site, "GET", "/rows/accounts")["rows"]
        _control(site, "PUT", f"/rows/accounts/{rows[0]['accountid']}", {"name": "A firm of another name"})
        until(lambda: _control(site, "GET", "/steps")["under_way"] == 0)
        failing = [one for one in registered_hooks(assembly, since) if one.state != "enabled"]
        later = registered_hooks(assembly, project.clock() + timedelta(minutes=1))
        webhooks_remove(assembly)
    assert [(one.name, one.state) for one in failing] == [("gp365 sales: Update of account", "failing")]
    assert failing[0].why
    assert {one.state for one in later} == {"enabled"}


def test_the_certificate_that_gp_s_server_shows_is_known_from_the_first_day(site: Simulators) -> None:
    with serving(site) as service:
        until(lambda: service.standing().certificates)
        [seen] = service.standing().certificates
    assert seen.system == "gp" and seen.until > service.clock()


def test_how_busy_both_systems_are_is_known_after_the_first_round(site: Simulators) -> None:
    with serving(site) as service:
        until(lambda: service.rounds and all(one.requests_today for one in service.standing().systems))
        gp, sales = service.standing().systems
    assert gp.lanes >= 1 and sales.lanes >= 1
    assert (gp.busy, gp.waiting, gp.refusals) == (0, 0, 0)


def _control(site: Simulators, method: str, path: str, body: Any = None) -> Any:
    trusted = ssl.create_default_context(cafile=str(site.description["ca_file"]))
    given = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{site.description['dataverse']['control']}{path}",
        given,
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, context=trusted) as answer:
        return json.load(answer)
