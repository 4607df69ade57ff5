"""The wire against the shipped simulators, which share no code with it: real handshakes, tokens, batches, deltas, faults."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gp365.model.errors import Unauthorised
from gp365.wire.batch import ChangeSet, Item, Part, send
from gp365.wire.calls import CallFailed
from gp365.wire.handshake import WindowsLogin
from gp365.wire.http import HttpClient
from gp365.wire.oauth import App, ClientSecret, OAuth
from gp365.wire.odata import delta, pages, service_error, track
from gp365.wire.retries import Retries
from gp365.wire.throttle import Concurrency, RequestBudget
from gp365.wire.trust import Trust
from gp365.wire.windows import Lanes

QUICK = Retries(attempts=4, first_pause_s=0.01)
JSON = {"Content-Type": "application/json"}
CUSTOMERS = "Tenants(DefaultTenant)/Companies(Fabrikam, Inc.)/Sales/Customers"


@dataclass
class Simulators:
    facts: dict[str, Any]
    folder: Path
    trust: Trust

    def lanes(self, password: str = "", *, lanes: int = 1) -> Lanes:
        gp = self.facts["gp"]
        login = WindowsLogin(gp["user"], password or gp["password"])
        return Lanes(
            gp["url"], system="gp", trust=self.trust, login=login, lanes=lanes, spacing_s=0, retries=QUICK
        )

    def dataverse(self, secret: str = "", client_id: str = "") -> HttpClient:
        sales = self.facts["dataverse"]
        credential = ClientSecret(secret or sales["client_secret"])
        app = App(sales["tenant_id"], client_id or sales["client_id"], credential, sales["url"], sales["url"])
        return HttpClient(
            sales["url"] + "/api/data/v9.2",
            system="sales",
            trust=self.trust,
            auth=OAuth(app, system="sales", trust=self.trust, retries=QUICK),
            budget=RequestBudget(concurrency=Concurrency()),
            retries=QUICK,
        )

    def switch_tracking_on(self) -> None:
        settings = tomllib.loads((self.folder / "gp365.toml").read_text(encoding="utf-8"))
        given = settings["systems"]["sales"]["provision"]
        secret = (self.folder / given["client_secret"]["file"]).read_text(encoding="utf-8").strip()
        client = self.dataverse(secret, given["client_id"])
        path = "EntityDefinitions(LogicalName='account')"
        definition = client.request("GET", path).json()
        definition["ChangeTrackingEnabled"] = True
        headers = {"MSCRM.MergeLabels": "true", **JSON}
        assert client.request("PUT", path, content=json.dumps(definition).encode(), headers=headers).ok

    def control(self, system: str) -> HttpClient:
        return HttpClient(self.facts[system]["control"], system="control", trust=self.trust)

    def fault(self, system: str, **fault: object) -> None:
        body = json.dumps([{"times": 1, "nth": 1, **fault}]).encode()
        assert self.control(system).request("POST", "faults", content=body, headers=JSON).ok


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    folder = tmp_path_factory.mktemp("sim")
    child = subprocess.Popen(
        [sys.executable, "-m", "gp365_sim", "--dir", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ready = folder / "sim.json"
    try:
        until = time.monotonic() + 60
        while not ready.exists():
            assert child.poll() is None, "the simulators ended"
            assert time.monotonic() < until, "the simulators did not start"
            time.sleep(0.05)
        facts = json.loads(ready.read_text(encoding="utf-8"))
        yield Simulators(facts, folder, Trust(Path(facts["ca_file"])))
    finally:
        child.terminate()
        child.wait(20)


@pytest.fixture(autouse=True)
def reset(simulators: Simulators) -> None:
    for system in ("gp", "dataverse"):
        simulators.control(system).request("POST", "reset", idempotent=True)
        simulators.control(system).request("DELETE", "faults", idempotent=True)


def test_gp_is_read_and_written_over_one_handshake(simulators: Simulators) -> None:
    lanes = simulators.lanes()
    key = f"{CUSTOMERS}(AARONFIT0001).json"
    before = lanes.request("GET", key).json()
    changed = json.dumps({"Payload": {**before, "CustomerName": "Aaron Fitz"}}).encode()
    with lanes.lane() as lane:
        assert lane.request("PATCH", key, content=changed, headers=JSON).ok
        assert lane.request("GET", key).json()["CustomerName"].strip() == "Aaron Fitz"
    report = lanes.report()
    assert (report.handshakes, report.bound, report.mechanism) == (1, True, "Negotiate (NTLM)")
    with lanes.stream("GET", f"{CUSTOMERS}.json") as answer:
        assert b"AARONFIT0001" in answer.read()


def test_gp_refuses_a_wrong_password_once(simulators: Simulators) -> None:
    lanes = simulators.lanes("wrong")
    for _ in range(3):
        with pytest.raises(Unauthorised) as caught:
            lanes.request("GET", f"{CUSTOMERS}.json")
        assert caught.value.code == "login-refused"
    assert lanes.tally.total + lanes.tally.handshake_legs == 3


@pytest.mark.parametrize(("do", "doubt"), [("lost_reply", True), ("503", False), ("truncate", True)])
def test_a_write_to_gp_tells_whether_it_may_have_been_done(
    simulators: Simulators, do: str, doubt: bool
) -> None:
    lanes = simulators.lanes()
    key = f"{CUSTOMERS}(AARONFIT0001).json"
    before = lanes.request("GET", key).json()
    simulators.fault("gp", method="PATCH", path=".*", do=do, retry_after_s=1, after_bytes=1, times=9)
    content = json.dumps({"Payload": {**before, "Comment1": "changed"}}).encode()
    with pytest.raises(CallFailed) as caught:
        lanes.request("PATCH", key, content=content, headers=JSON)
    assert caught.value.maybe_sent is doubt
    stored = simulators.control("gp").request("GET", "rows/RM00101/AARONFIT0001").json()["rows"][0]
    assert (stored["COMMENT1"].strip() == "changed") is doubt


def test_gp_that_forgets_a_login_is_logged_in_to_again(simulators: Simulators) -> None:
    lanes = simulators.lanes()
    assert lanes.request("GET", f"{CUSTOMERS}(AARONFIT0001).json").ok
    simulators.fault("gp", method="GET", path=".*", do="401")
    assert lanes.request("GET", f"{CUSTOMERS}(AARONFIT0001).json").ok
    assert lanes.report().handshakes == 2


def test_dataverse_pages_track_and_delta(simulators: Simulators) -> None:
    client = simulators.dataverse()
    all_rows = [row for page in pages(client, "accounts", params={"$select": "name"}) for row in page.rows]
    small = {"Prefer": "odata.maxpagesize=7"}
    paged = list(pages(client, "accounts", params={"$select": "name"}, headers=small))
    assert len(paged) > 1
    assert {r["accountid"] for p in paged for r in p.rows} == {r["accountid"] for r in all_rows}
    simulators.switch_tracking_on()
    tracked = list(track(client, "accounts", params={"$select": "name"}))
    account = all_rows[0]["accountid"]
    changed = client.request(
        "PATCH", f"accounts({account})", content=b'{"name":"Renamed"}', headers={"If-Match": "*", **JSON}
    )
    assert changed.ok
    again = list(delta(client, tracked[-1].delta_link))
    assert [row["name"] for page in again for row in page.rows] == ["Renamed"]


def test_a_batch_with_versions_is_answered_part_by_part(simulators: Simulators) -> None:
    client = simulators.dataverse()
    rows = next(pages(client, "accounts", params={"$select": "name"})).rows[:3]
    stale = 'W/"1"'
    items: list[Item] = [
        Part(
            "PATCH",
            f"/api/data/v9.2/accounts({row['accountid']})",
            {"If-Match": tag},
            b'{"name":"In a batch"}',
        )
        for row, tag in zip(rows, (rows[0]["@odata.etag"], stale, rows[2]["@odata.etag"]), strict=True)
    ]
    items.append(ChangeSet((Part("POST", "/api/data/v9.2/accounts", JSON, b'{"name":"New one"}'),)))
    answers = send(client, items)
    assert [a.answers[0].status for a in answers if a] == [204, 412, 204, 204]
    refused = answers[1]
    assert refused is not None
    assert service_error(412, refused.answers[0].body).message.startswith(
        "The version of the existing record"
    )
    assert answers[3] is not None
    assert answers[3].answers[0].content_id == "1"


def test_dataverse_refuses_a_wrong_secret(simulators: Simulators) -> None:
    with pytest.raises(Unauthorised, match="AADSTS") as caught:
        simulators.dataverse("canary-wrong").request("GET", "WhoAmI")
    assert caught.value.code == "token-refused"
    assert "canary" not in str(vars(caught.value))


def test_dataverse_throttling_and_a_lost_token_are_ridden_out(simulators: Simulators) -> None:
    client = simulators.dataverse()
    simulators.fault("dataverse", method="GET", path=".*WhoAmI.*", do="429", retry_after_s=0)
    assert client.request("GET", "WhoAmI").ok
    simulators.fault("dataverse", method="GET", path=".*WhoAmI.*", do="401")
    assert client.request("GET", "WhoAmI").ok
    assert client.tally.by_method == {"GET": 4}
