"""From the settings to the store: Dataverse is told where the door is, and what people change there is heard of."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn
from pydantic import TypeAdapter

from gp365.app.actions.provision import provision_apply
from gp365.app.actions.simulators import Simulators, simulators
from gp365.app.actions.webhooks import Webhooks, webhooks_list, webhooks_register, webhooks_remove
from gp365.app.actions.webhooks_health import registered_hooks
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import open_project
from gp365.cli.answers import ANSWERS
from gp365.cli.program import run
from gp365.model.errors import Misconfigured
from gp365.store import hints
from gp365.web.door import door
from gp365.web.door_project import doors_of, keeper

SECRET = "a-secret-of-the-door-for-this-test"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulators(tmp_path_factory.mktemp("site")) as started:
        settings = started.folder / "gp365.toml"
        (started.folder / "secrets" / "door").write_text(SECRET)
        more = '\n[doors.sales]\nkind = "dataverse"\nsystem = "sales"\nsecret = {file = "secrets/door"}\n'
        settings.write_text(settings.read_text("utf-8") + more, "utf-8")
        with open_project(started.folder, actor="tester") as project, assemble(project) as made:
            provision_apply(made, sleep=lambda _: None)
        yield started


@pytest.fixture
def assembly(site: Simulators) -> Iterator[Assembly]:
    with open_project(site.folder, actor="tester") as project, assemble(project) as made:
        yield made


def control(site: Simulators, method: str, path: str, body: Any = None) -> Any:
    """Act as a user of the organisation."""
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


@contextmanager
def open_door(assembly: Assembly) -> Iterator[str]:
    """Serve the doors of the project on a free port."""
    app = door(doors_of(assembly), keeper(assembly.project))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, access_log=False, log_level="warning")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/hooks/sales"
    finally:
        server.should_exit = True
        thread.join(20)


def until(true: Any, seconds: float = 30) -> None:
    end = monotonic() + seconds
    while not true():
        assert monotonic() < end, "it did not come"
        sleep(0.02)


def kept(assembly: Assembly) -> list[tuple[str, str, str]]:
    with assembly.project.store.read() as conn:
        return [(one.table, one.key, one.message) for one in hints.take(conn, "sales", 1000)]


def states(found: Webhooks) -> set[str]:
    return {step.state for one in found.doors for step in one.steps}


def test_what_a_person_changes_in_sales_is_heard_of_and_what_no_flow_reads_is_not(
    site: Simulators, assembly: Assembly
) -> None:
    with open_door(assembly) as url:
        done = webhooks_register(assembly, url=url)
        assert states(done) <= {"made", "not-offered"} and done.exit_code == 0
        rows = control(site, "GET", "/rows/accounts")["rows"]
        one, other = rows[0]["accountid"], rows[1]["accountid"]
        control(site, "PUT", f"/rows/accounts/{one}", {"numberofemployees": 7})
        control(site, "PUT", f"/rows/accounts/{other}", {"name": "A firm with a new name"})
        until(lambda: kept(assembly))
        until(lambda: control(site, "GET", "/steps")["under_way"] == 0)
        assert kept(assembly) == [("account", other.lower(), "Update")]
        listed = webhooks_list(assembly)
        assert states(listed) <= {"present", "not-offered"} and listed.doors[0].url == url
        assert states(webhooks_register(assembly, url=url)) <= {"present", "not-offered"}
        assert states(webhooks_remove(assembly)) == {"removed"}
        assert states(webhooks_list(assembly)) == {"missing"}


def test_a_step_that_somebody_disabled_or_removed_is_seen_by_the_watch(
    site: Simulators, assembly: Assembly
) -> None:
    assert [(one.name, one.state) for one in registered_hooks(assembly)] == [("gp365 sales", "missing")]
    webhooks_register(assembly, url="http://127.0.0.1:9/hooks/sales")
    assert {one.state for one in registered_hooks(assembly)} == {"enabled"}
    steps = {row["name"]: row for row in control(site, "GET", "/rows/sdkmessageprocessingsteps")["rows"]}
    gone, off = "gp365 sales: Delete of account", "gp365 sales: Update of account"
    path = "/rows/sdkmessageprocessingsteps/"
    control(site, "PUT", path + steps[off]["sdkmessageprocessingstepid"], {"statecode": 1, "statuscode": 2})
    control(site, "DELETE", path + steps[gone]["sdkmessageprocessingstepid"])
    states_now = {one.name: one.state for one in registered_hooks(assembly) if one.state != "enabled"}
    assert states_now == {gone: "missing", off: "disabled"}
    webhooks_register(assembly, url="http://127.0.0.1:9/hooks/sales")
    assert {one.state for one in registered_hooks(assembly)} == {"enabled"}
    webhooks_remove(assembly)


def test_an_organisation_that_refuses_us_makes_the_watch_say_that_it_does_not_know(
    site: Simulators, assembly: Assembly
) -> None:
    secret = site.folder / "secrets" / "provision-client-secret"
    right = secret.read_text()
    secret.write_text("expired-by-now")
    try:
        (one,) = registered_hooks(assembly)
    finally:
        secret.write_text(right)
    assert (one.system, one.state) == ("sales", "unknown") and one.why


def test_without_an_address_nothing_is_registered_and_the_fix_is_named(assembly: Assembly) -> None:
    with pytest.raises(Misconfigured) as refused:
        webhooks_register(assembly)
    assert "--url" in refused.value.fix
    for wrong in (
        "http://hooks.example.com/hooks/sales",
        "https://h.example.com:8443/x",
        "https://u:p@h.example/x",
    ):
        with pytest.raises(Misconfigured):
            webhooks_register(assembly, url=wrong)


def test_a_door_that_the_settings_do_not_have_is_refused_with_those_they_have(assembly: Assembly) -> None:
    with pytest.raises(Misconfigured) as refused:
        webhooks_list(assembly, door="nobody")
    assert "sales" in refused.value.fix


def test_the_doors_of_the_settings_know_the_tables_that_the_flows_read(assembly: Assembly) -> None:
    (made,) = doors_of(assembly)
    assert made.tables is not None and {"account", "contact", "gp365_customer"} <= made.tables
    assert made.tag == "gp365" and SECRET not in repr(made)
    assert Path(assembly.project.folder, "secrets", "door").read_text() == SECRET


def test_the_command_lists_what_is_missing_and_its_answer_fits_its_schema(
    site: Simulators, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(site.folder), "webhooks", "list", "--json"]) == 0
    printed = capsys.readouterr()
    (listed,) = TypeAdapter(ANSWERS["webhooks list"]).validate_json(printed.out).doors
    assert listed.door == "sales" and {step.state for step in listed.steps} == {"missing"}
    assert run(["-C", str(site.folder), "webhooks", "list"]) == 0
    assert "gp365 sales: Update of account" in " ".join(capsys.readouterr().out.split())
    assert run(["-C", str(site.folder), "webhooks", "register", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "url"
