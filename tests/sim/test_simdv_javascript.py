"""npm's dynamics-web-api, unchanged, against the simulated organisation; printed as SKIPPED where node is not to be had."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from simdv_desk import CRM, CUSTOMIZER, organisation

PACKAGE, VERSION = "dynamics-web-api", "2.5.0"
DRIVER = Path(__file__).with_name("simdv_driver.cjs")


def installed(cache):
    """Give the folder with the package, fetched once, or why there is none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None, "node and npm are not installed"
    folder = Path(cache.mkdir(f"{PACKAGE}-{VERSION}"))
    found = folder / "node_modules" / PACKAGE / "package.json"
    if not found.exists():
        order = [
            npm,
            "install",
            "--no-package-lock",
            "--no-save",
            "--no-audit",
            "--no-fund",
            f"{PACKAGE}@{VERSION}",
        ]
        (folder / "package.json").write_text("{}", encoding="utf-8")
        done = subprocess.run(order, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode or not found.exists():
            return None, f"npm could not fetch {PACKAGE} {VERSION}: {done.stderr.strip()[-300:]}"
    return folder / "node_modules", ""


def say_skipped(why):
    words = f"SKIPPED {PACKAGE}: {why}"
    print(words, file=sys.stderr)
    warnings.warn(words, stacklevel=2)


@pytest.fixture(scope="module")
def steps(request, tmp_path_factory):
    """What every step of the driver gave; None where node is not to be had."""
    modules, why = installed(request.config.cache)
    if modules is None:
        say_skipped(why)
        return None
    with organisation(tmp_path_factory.mktemp("dv"), tracked=("account",)) as org:
        org.add_key("account", "gp365_number_key", "accountnumber")
        token = org.tokens.issue(CUSTOMIZER, f"{org.http_url}/.default")
        done = subprocess.run(
            [shutil.which("node"), str(DRIVER), org.http_url, token],
            env={**os.environ, "NODE_PATH": str(modules)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        found["rows"] = {name: org.rows(name) for name in ("accounts", "contacts")}
        found["requests"] = org.door("GET", "requests").json()["requests"]
        return found


def test_the_javascript_client_reads_and_updates_with_versions(steps):
    if steps is None:
        return
    assert steps["read"]["name"] == "Driver Ltd"
    assert steps["update with etag"] is True
    assert steps["update with a stale etag"] is False
    assert steps["update with representation"]["fax"] == "9"
    assert steps["expanded"]["telephone1"] == "4"
    assert steps["delete"] is True
    assert (steps["read deleted"]["status"], steps["read deleted"]["code"]) == (404, "0x80040217")


def test_the_javascript_client_upserts_by_key(steps):
    if steps is None:
        return
    created, updated = steps["upsert by key creates"], steps["upsert by key updates"]
    assert created["accountid"] == updated["accountid"]
    assert updated["name"] == "By key 2"
    assert steps["insert only"] is None
    assert steps["update only"] is None
    assert {r["name"] for r in steps["rows"]["accounts"]} >= {"By key 2"}


def test_the_javascript_client_links_rows(steps):
    if steps is None:
        return
    assert steps["expanded"]["primarycontactid"]["lastname"] == "Driver"
    assert steps["contact"]["_parentcustomerid_value"] is None


def test_the_javascript_client_sends_the_headers_of_the_platform(steps):
    if steps is None:
        return
    assert (steps["duplicate rule"]["status"], steps["duplicate rule"]["code"]) == (412, "0x80040333")
    assert "tag=gp365" in [r["query"] for r in steps["requests"]]


def test_the_javascript_client_pages_counts_and_filters(steps):
    if steps is None:
        return
    pages = steps["all pages"]
    assert (pages["first"], pages["next"]) == (10, True)
    assert pages["all"] == steps["count"] > 20
    assert [r["name"] for r in steps["filtered"]["value"]] == ["By key 2"]
    assert steps["filtered"]["oDataCount"] == 1
    assert steps["formatted"]["value"][0]["customertypecode_Formatted"] == "Customer"


def test_the_javascript_client_tracks_changes(steps):
    if steps is None:
        return
    tracked = steps["track changes"]
    changed, gone = tracked["delta"]
    assert (changed["accountid"], changed["name"]) == (tracked["id"], "Changed")
    assert (gone["id"], gone["reason"]) == (tracked["gone"], "deleted")
    assert tracked["again"] is True


def test_the_javascript_client_sends_batches_with_change_sets(steps):
    if steps is None:
        return
    contact, account, listed = steps["batch"]
    row = next(r for r in steps["rows"]["accounts"] if r["accountid"] == account)
    assert row["_primarycontactid_value"] == contact
    assert [r["accountid"] for r in listed["value"]] == [account]
    assert steps["never"]["value"] == []


def test_the_javascript_client_sends_bulk_messages(steps):
    if steps is None:
        return
    assert len(steps["create multiple"]["Ids"]) == 2
    found = sorted((r["name"], r["fax"]) for r in steps["multiple"]["value"])
    assert found == [("M1", "77"), ("M2", "77"), ("M3", None)]


def test_the_javascript_client_makes_reads_and_removes_definitions(steps):
    if steps is None:
        return
    assert steps["entity"]["EntitySetName"] == "gp365_drivers"
    assert {"gp365_name", "gp365_amount"} <= {a["LogicalName"] for a in steps["entity"]["Attributes"]}
    assert steps["update entity"]["ChangeTrackingEnabled"] is True
    assert [e["LogicalName"] for e in steps["entities"]["value"]] == ["gp365_driver"]
    assert (steps["attribute"]["Precision"], steps["attribute"]["PrecisionSource"]) == (4, 0)
    assert steps["update attribute"]["MaxLength"] == 50
    assert [o["Value"] for o in steps["picklists"]["value"][0]["OptionSet"]["Options"]] == [1, 2, 3, 4]
    assert steps["relationship"]["@odata.type"] == f"#{CRM}OneToManyRelationshipMetadata"
    assert steps["update relationship"]["CascadeConfiguration"]["Delete"] == "RemoveLink"
    assert steps["delete relationship"] is True
    assert steps["relationship gone"]["status"] == 404
