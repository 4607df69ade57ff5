"""Health, figures and the status page: who may see what, and what they say."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from alerts.alert_desk import BEGAN, firms, ran, report
from gp365.app.alerts.conditions import Condition
from gp365.app.metrics import Metrics
from gp365.app.service.standing import (
    Fault,
    GuardStanding,
    HookStanding,
    Standing,
    SystemStanding,
    WorkerStanding,
)
from gp365.model.errors import Retry
from gp365.web.health import Face, health

WELL = Standing(BEGAN, BEGAN, (firms(links=7, parked=3),), (SystemStanding("gp", "gp", lanes=2, refusals=4),))
TOKEN = "w0rd-of-the-page"


@dataclass(frozen=True)
class Word:
    text: str

    def reveal(self) -> str:
        return self.text


def client(
    standing: Standing | None = WELL, *, token: str = "", host: str = "127.0.0.1", **more: object
) -> TestClient:
    metrics = Metrics(lambda: standing)
    face = Face(lambda: standing, metrics.text, token=Word(token) if token else None, **more)  # type: ignore[arg-type]
    return TestClient(health(face), base_url="http://127.0.0.1:8365", client=(host, 50_000))


def test_all_is_ready_while_the_store_opens_and_every_system_answers() -> None:
    there = client()
    assert there.get("/health/live").json() == {"live": True}
    answer = there.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "missing": []})


def test_what_is_not_ready_is_named() -> None:
    down = SystemStanding("gp", "gp", "open", Fault("unreachable", "No answer of Contoso"))
    refusing = SystemStanding("sales", "dataverse", unauthorised=True, fault=Fault("login-refused"))
    guard = GuardStanding("restored", "gp", "…", BEGAN, whole_pair=True)
    flow = firms(guards=(guard,), stopped=Fault("flow-invalid"))
    answer = client(replace(WELL, flows=(flow,), systems=(down, refusing))).get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["missing"] == [
        {"what": "system", "name": "gp", "code": "unreachable"},
        {"what": "system", "name": "sales", "code": "login-refused"},
        {"what": "pair", "name": "main", "code": "restored"},
        {"what": "flow", "name": "main firms", "code": "flow-invalid"},
    ]
    assert "Contoso" not in answer.text


def test_a_store_that_does_not_open_is_not_ready_and_the_process_still_lives() -> None:
    def broken() -> Standing:
        raise Retry("store-busy", "busy")

    there = TestClient(health(Face(broken, bytes)), base_url="http://localhost", client=("127.0.0.1", 1))
    assert there.get("/health/live").status_code == 200
    assert there.get("/health/ready").json()["missing"] == [
        {"what": "store", "name": "", "code": "store-failed"}
    ]
    assert "The store does not answer" in there.get("/").text


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_without_a_token_only_this_machine_sees_the_pages(path: str) -> None:
    assert client().get(path).status_code == 200
    assert client(host="10.1.2.3").get(path).status_code == 403
    assert client().get(path, headers={"X-Forwarded-For": "10.1.2.3"}).status_code == 403
    assert client().get(path, headers={"Host": "evil.example"}).status_code == 403
    assert client(host="10.1.2.3").get("/health/ready").json() == {"ready": True}


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_with_a_token_whoever_knows_it_sees_the_pages_from_anywhere(path: str) -> None:
    there = client(token=TOKEN, host="10.1.2.3")
    refused = there.get(path)
    assert refused.status_code == 401
    assert "Basic" in refused.headers["WWW-Authenticate"]
    assert there.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    basic = base64.b64encode(f"anna:{TOKEN}".encode()).decode()
    assert there.get(path, headers={"Authorization": f"Basic {basic}"}).status_code == 200
    for wrong in ("Bearer x", "Basic !!", f"Digest {TOKEN}", "Bearer", ""):
        assert there.get(path, headers={"Authorization": wrong}).status_code == 401
    assert client(token=TOKEN).get(path).status_code == 401


def test_the_page_says_what_is_broken_what_ran_and_what_waits_for_whom() -> None:
    broken = [Condition("parked", "main", "firms", figures={"parked": 3, "limit": 2})]
    page = client(WELL, broken=lambda: broken).get("/")
    assert "3 records of firms of main wait for a person" in page.text
    assert "gp365 parked list" in page.text
    assert "answers" in page.text
    assert "Decide them: <code>gp365 parked list</code>." in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_says_how_busy_a_system_is_which_webhooks_do_not_work_and_who_works() -> None:
    system = SystemStanding(
        "sales", lanes=4, busy=3, waiting=2, refusals=1200, requests_today=9000, allowance=25_000
    )
    hooks = (
        HookStanding("sales", "gp365 sales: Create of account"),
        HookStanding("sales", "gp365 sales: Update of account", "disabled", "it was disabled"),
    )
    workers = (
        WorkerStanding("north", "srv1:C:\\gp365", leads=True),
        WorkerStanding("south", "srv2:C:\\gp365", pairs=("fabrikam",)),
    )
    standing = replace(WELL, systems=(system,), hooks=hooks, workers=workers)
    page = client(standing).get("/").text
    assert "3 of 4, 2 wait" in page and "1,200" in page and "9,000 of 25,000" in page
    assert "1 of 2" in page and "gp365 sales: Update of account (disabled)" in page
    assert "leads" in page and "runs fabrikam" in page
    figures = client(standing).get("/metrics").text
    for line in (
        'gp365_system_lanes{system="sales"} 4.0',
        'gp365_system_lanes_busy{system="sales"} 3.0',
        'gp365_system_callers_waiting{system="sales"} 2.0',
        'gp365_system_throttled_total{system="sales"} 1200.0',
        'gp365_system_requests_today{system="sales"} 9000.0',
        'gp365_system_requests_allowance{system="sales"} 25000.0',
        'gp365_webhooks{state="disabled",system="sales"} 1.0',
        "gp365_workers 2.0",
    ):
        assert line in figures
    assert "Workers" not in client().get("/").text


def test_the_page_loads_nothing_from_anywhere_and_no_name_can_put_code_into_it() -> None:
    evil = "<script>alert(1)</script>"
    flow = replace(firms(guards=(GuardStanding(evil, evil, evil, BEGAN),)), pair=evil, flow=evil)
    standing = replace(WELL, flows=(flow,), systems=(SystemStanding(evil, evil, "open", Fault(evil)),))
    hooks = (HookStanding(evil, evil, "disabled", evil),)
    standing = replace(standing, hooks=hooks, workers=(WorkerStanding(evil, evil, pairs=(evil,)),))
    page = client(standing, broken=lambda: [Condition("system-down", system=evil)]).get("/").text
    seen: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append(tag)
            assert not {"src", "href"} & {name for name, _ in attrs}

    Reader().feed(page)
    assert "script" not in seen
    assert 'name="viewport"' in page


def test_figures_can_be_read_by_prometheus_and_agree_with_what_stands_and_what_ran() -> None:
    metrics = Metrics(lambda: WELL, doors=lambda: {("sales", "kept"): 5}, broken=lambda: ["lag", "lag"])
    metrics.count(ran(report(considered=3, created=2, unchanged=1, requests=9), report("r2")).reports)
    found = {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for one in family.samples
    }
    assert found["gp365_store_up",] == 1
    assert found["gp365_flow_lag_seconds", "firms", "main"] == 5
    assert found["gp365_flow_left", "firms", "main", "parked"] == 3
    assert found["gp365_flow_links", "firms", "main"] == 7
    assert found["gp365_system_up", "gp"] == 1
    assert found["gp365_system_throttled_total", "gp"] == 4
    assert found["gp365_runs_total", "done", "firms", "main"] == 2
    assert found["gp365_subjects_total", "created", "firms", "main"] == 2
    assert found["gp365_requests_total", "gp"] == 9
    assert found["gp365_door_requests_total", "kept", "sales"] == 5
    assert found["gp365_alerts", "lag"] == 2


def test_figures_of_a_store_that_does_not_open_say_so() -> None:
    assert b"gp365_store_up 0.0" in Metrics(lambda: None).text()


def test_times_on_the_page_are_those_of_the_company() -> None:
    from zoneinfo import ZoneInfo

    page = client(WELL, zone=ZoneInfo("America/Chicago")).get("/").text
    assert datetime(2026, 11, 22, 8, tzinfo=UTC) == BEGAN
    assert "2026-11-22 02:00:00 (America/Chicago)" in page


def test_all_is_well_only_where_nothing_waits_for_a_person() -> None:
    page = client(WELL).get("/").text
    assert "<h1" in page and "Nothing is broken, 3 for a person to decide</h1>" in page
    assert "main firms: 3 parked for a decision (<code>gp365 parked list --flow firms</code>)" in page
    assert "All is well</h1>" in client(replace(WELL, flows=(firms(links=7),))).get("/").text
