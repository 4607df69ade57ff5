"""A site with Web Services alone, from the first sync on: nobody guesses what a class gives, a person approves it once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from e2e_channels import site_over
from e2e_site import GP, Row, Site
from ways_story import account

HISTORY = ("KPCALHST", "KPDSTHST", "KPERHIST", "KPTRXHST")


@pytest.fixture
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample company, never synced, without a file of classes."""
    with site_over(tmp_path_factory.mktemp("classes") / "site", "soap", synced=False) as made:
        (made.folder / "classes-gp.toml").unlink()
        yield made


def named(at: Site, name: str) -> list[Row]:
    return [row for row in at.rows(GP, "RM00101") if row["CUSTNAME"] == name]


def test_what_a_class_gives_is_drafted_approved_and_then_given(there: Site) -> None:
    at, before = there, len(there.rows(GP, "RM00101"))
    account(at, 1, "Quartz Optical Group LLC")
    first = at.sync()
    assert first.code == 1
    assert first.balanced
    assert len(at.rows(GP, "RM00101")) == before
    waiting = [one for one in at.run("parked", "list").json["entries"] if one["code"] == "rejected"]
    assert {one["field"] for one in waiting} <= {"", "class"}
    assert "Quartz Optical Group LLC" in str(waiting)
    assert all("draft-classes" in at.run("parked", "show", str(one["id"])).json["fix"] for one in waiting[:1])
    told = [one for one in at.run("doctor").json["findings"] if one["subject"] == "customer classes"]
    assert [one["level"] for one in told] == ["warning", "warning"]

    assert at.run("gp", "draft-classes", "--write").json["written"]
    assert at.sync().written == 0
    file = at.folder / "classes-gp.toml"
    reviewed = file.read_text("utf-8").replace(
        "approved = false", 'approved = true\nTaxScheduleID = "USASTCITY"'
    )
    file.write_text(reviewed, "utf-8")
    assert at.run("parked", "retry", "--all").code == 0
    assert at.sync().balanced
    (made,) = named(at, "Quartz Optical Group LLC")
    said = tomllib.loads(reviewed)[made["CUSTCLAS"].strip()]
    assert [made[name] for name in HISTORY] == [1, 1, 1, 1]
    assert (made["TAXSCHID"].strip(), made["PRCLEVEL"].strip()) == ("USASTCITY", said["PriceLevel"])
    assert at.sync().written == 0
