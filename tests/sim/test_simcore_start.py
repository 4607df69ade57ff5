"""`python -m gp365_sim` as a process: the folder it prepares, what answers there, and how it ends."""

import base64
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import spnego
from spnego.channel_bindings import GssChannelBindings

from gp365_sim import sqlclient
from gp365_sim.core.tls import certificate

SCRIPT = [sys.executable, "-m", "gp365_sim"]


def wait_for(condition, seconds=30):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.02)


def started(folder, *options):
    """Start the simulators and wait until sim.json says that they are ready."""
    with (folder.parent / f"{folder.name}.out").open("wb") as out:
        process = subprocess.Popen(
            [*SCRIPT, "--dir", str(folder), *options], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    wait_for(lambda: (folder / "sim.json").exists() or process.poll() is not None)
    assert process.poll() is None, (folder.parent / f"{folder.name}.out").read_text()
    return process, json.loads((folder / "sim.json").read_text("utf-8"))


def stopped(process):
    process.terminate()
    try:
        return process.wait(20)
    finally:
        process.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Running simulators with secrets that the test chose beforehand."""
    folder = tmp_path_factory.mktemp("site") / "project"
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "gp-password").write_text("chosen-by-the-test\n", "utf-8")
    process, told = started(folder)
    try:
        yield folder, told
    finally:
        stopped(process)


@pytest.fixture
def web(site):
    with requests.Session() as session:
        session.trust_env, session.verify = False, site[1]["ca_file"]
        yield session


def test_the_settings_name_both_systems_one_pair_and_keep_every_secret_in_a_file(site):
    folder, told = site
    text = (folder / "gp365.toml").read_text("utf-8")
    settings = tomllib.loads(text)
    gp, sales = settings["systems"]["gp"], settings["systems"]["sales"]
    assert settings["pairs"]["fabrikam"] == {"gp": "gp", "sales": "sales", "flows": ["customers"]}
    assert (gp["url"], gp["user"], gp["company"]) == (
        told["gp"]["url"],
        told["gp"]["user"],
        told["gp"]["company"],
    )
    assert sales["url"] == sales["authority"] == told["dataverse"]["url"]
    assert (folder / gp["ca_file"]).read_bytes() == (folder / sales["ca_file"]).read_bytes()
    for reference, value in (
        (gp["password"], told["gp"]["password"]),
        (sales["client_secret"], told["dataverse"]["client_secret"]),
        (sales["provision"]["client_secret"], told["dataverse"]["provision_client_secret"]),
    ):
        assert (folder / reference["file"]).read_text("utf-8").strip() == value
        assert value not in text


def test_a_second_company_is_asked_for_and_stands_in_the_settings_with_the_same_sales(tmp_path):
    folder = tmp_path / "two"
    process, told = started(folder, "--companies", "2")
    try:
        settings = tomllib.loads((folder / "gp365.toml").read_text("utf-8"))
        second = settings["systems"]["gp_canada"]
        assert (second["company"], second["interid"]) == (told["gp_canada"]["company"], "CAN")
        assert (second["url"], second["functional_currency"]) == (settings["systems"]["gp"]["url"], "CAD")
        assert {name: (pair["gp"], pair["sales"]) for name, pair in settings["pairs"].items()} == {
            "fabrikam": ("gp", "sales"),
            "canada": ("gp_canada", "sales"),
        }
        with requests.Session() as web:
            web.trust_env, web.verify = False, told["ca_file"]
            there = web.get(f"{told['gp_canada']['control']}/rows/RM00101").json()["rows"]
            here = web.get(f"{told['gp']['control']}/rows/RM00101").json()["rows"]
        assert {row["CUSTNMBR"] for row in there} & {row["CUSTNMBR"] for row in here} == {"NORTHERN0001"}
        assert {row["CURNCYID"] for row in there} == {"", "Z-C$", "Z-US$"}
    finally:
        stopped(process)


def test_a_secret_that_stood_there_before_is_used(site):
    assert site[1]["gp"]["password"] == "chosen-by-the-test"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_secrets_can_be_read_by_their_owner_only(site):
    folder, _ = site
    private = [
        folder / "sim.json",
        folder / "secrets" / "server.key",
        folder / "secrets" / "sales-client-secret",
    ]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600] * 3


def test_gp_answers_its_customers_to_the_user_of_the_settings(site, web):
    folder, told = site
    gp = told["gp"]
    binding = certificate(folder / "secrets").binding
    client = spnego.client(
        gp["user"],
        gp["password"],
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
        channel_bindings=GssChannelBindings(application_data=binding),
    )
    url = f"{gp['url']}/Tenants(DefaultTenant)/Companies(Fabrikam,%20Inc.)/Sales/Customers.json"
    answer, token = None, None
    for _ in range(2):
        token = client.step(token)
        answer = web.get(
            url, headers={"Authorization": f"NTLM {base64.b64encode(token).decode()}"}, timeout=20
        )
        if answer.status_code == 401:
            token = base64.b64decode(answer.headers["WWW-Authenticate"].split()[1].rstrip(","))
    assert answer.status_code == 200
    assert len(answer.json()) == len(rows(web, gp, "RM00101"))


def token_of(web, sales, kind="client"):
    prefix = "" if kind == "client" else "provision_"
    form = {
        "grant_type": "client_credentials",
        "client_id": sales[f"{prefix}client_id"],
        "client_secret": sales[f"{prefix}client_secret"],
        "scope": f"{sales['url']}/.default",
    }
    answer = web.post(f"{sales['url']}/{sales['tenant_id']}/oauth2/v2.0/token", form, timeout=20)
    return answer.json()["access_token"]


@pytest.mark.parametrize("address", ["url", "http_url"])
@pytest.mark.parametrize("kind", ["client", "provision"])
def test_sales_answers_who_am_i_to_both_applications_over_https_and_http(site, web, kind, address):
    sales = site[1]["dataverse"]
    answer = web.get(
        f"{sales[address]}/api/data/v9.2/WhoAmI",
        headers={"Authorization": f"Bearer {token_of(web, sales, kind)}"},
        timeout=20,
    )
    assert answer.status_code == 200
    assert answer.json()["UserId"]


def rows(web, system, table):
    return web.get(f"{system['control']}/rows/{table}", timeout=20).json()["rows"]


def test_the_sample_data_of_both_worlds_stands_behind_the_control_doors(site, web):
    _, told = site
    assert len(rows(web, told["gp"], "RM00101")) >= 30
    assert len(rows(web, told["dataverse"], "accounts")) == 25


def test_each_system_has_its_own_clock_faults_and_requests(site, web):
    _, told = site
    gp, sales = told["gp"]["control"], told["dataverse"]["control"]
    web.post(f"{gp}/faults", json=[{"do": "503", "path": "nowhere"}], timeout=20)
    assert len(web.get(f"{gp}/faults", timeout=20).json()["faults"]) == 1
    assert web.get(f"{sales}/faults", timeout=20).json()["faults"] == []
    web.delete(f"{gp}/faults", timeout=20)


def test_generated_data_other_settings_and_a_clean_end(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "gp365.toml").write_text("# mine\n", "utf-8")
    process, told = started(
        folder,
        "--customers",
        "40",
        "--accounts",
        "30",
        "--overlap",
        "20",
        "--seed",
        "3",
        "--gp-profile",
        "payload",
    )
    with requests.Session() as session:
        session.trust_env, session.verify = False, told["ca_file"]
        assert len(rows(session, told["gp"], "RM00101")) == 40
        assert len(rows(session, told["dataverse"], "accounts")) == 30
    assert (folder / "gp365.toml").read_text("utf-8") == "# mine\n"
    assert told["pid"] == process.pid
    assert stopped(process) == 0 or sys.platform == "win32"
    assert not (folder / "sim.json").exists() or sys.platform == "win32"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(told["gp"]["url"]).port), 5).close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not there")
def test_the_simulators_end_when_the_process_that_started_them_was_killed(tmp_path):
    folder = tmp_path / "project"
    code = (
        "import subprocess, sys, os, time\n"
        f"subprocess.Popen({SCRIPT!r} + ['--dir', {str(folder)!r}, '--parent-pid', str(os.getpid())],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
    try:
        wait_for(lambda: (folder / "sim.json").exists())
        pid = json.loads((folder / "sim.json").read_text("utf-8"))["pid"]
    finally:
        parent.kill()
        parent.wait(20)
    wait_for(lambda: not (folder / "sim.json").exists())
    wait_for(lambda: not alive(pid))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody reaps orphans, an ended process stays as a zombie.
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_the_simulators_without_a_traceback(tmp_path):
    process, _ = started(tmp_path / "project")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert "Traceback" not in (tmp_path / "project.out").read_text("utf-8")


def test_an_overlap_that_cannot_be_is_a_usage_error(tmp_path):
    ended = subprocess.run(
        [*SCRIPT, "--dir", str(tmp_path), "--customers", "3", "--accounts", "2", "--overlap", "3"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert b"overlap" in ended.stderr


def test_sim_json_tells_how_to_reach_the_company_over_sql(site):
    told = site[1]["gp"]["sql"]
    assert (told["driver"], told["system_database"]) == ("gp365_sim.sqlclient", "DYNAMICS")
    assert (site[0] / "secrets" / "sql-password").read_text("utf-8") == told["password"]
    given = {name: told[name] for name in ("server", "database", "user", "password")}
    with sqlclient.connect(**given) as connection:
        rows = connection.cursor().execute(
            "SELECT CUSTNMBR FROM RM00101 WHERE CUSTNMBR = ?", ["AARONFIT0001"]
        )
        assert rows.fetchall() == [("AARONFIT0001   ",)]
    asked = requests.get(f"{told['control']}/requests", timeout=10).json()["requests"]
    assert [each["rows"] for each in asked] == [1]
