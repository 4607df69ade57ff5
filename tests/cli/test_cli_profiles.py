"""The whole first sync under each of the three forms in which GP may answer: equal rows in both systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.cli_desk import Site, make_site

MADE = ("CUSTNMBR", "CUSTNAME", "ADDRESS1", "CITY", "PHONE1", "CNTCPRSN", "CUSTCLAS", "PYMTRMID", "CRLMTTYP")
SEEN = ("name", "accountnumber", "address1_line1", "address1_city", "telephone1", "paymenttermscode", "fax")
CARDS = ("gp365_number", "gp365_numberkey", "gp365_class", "gp365_terms", "gp365_creditlimit", "gp365_hold")


def test_the_first_sync_leaves_equal_rows_under_every_profile(tmp_path: Path) -> None:
    worlds: list[Any] = []
    for profile, patch in (("bare", "replace"), ("payload", "merge"), ("container", "replace")):
        with make_site(tmp_path / profile, extra=("--gp-profile", profile, "--gp-patch", patch)) as site:
            done = site.json("sync")
            assert done.code == 0, done.out
            worlds.append(held(site))
    assert worlds[0] == worlds[1] == worlds[2]
    assert len(worlds[0][0]) == 43


def held(site: Site) -> list[list[tuple[str, ...]]]:
    tables = (
        ("gp", "RM00101", MADE),
        ("dataverse", "accounts", SEEN),
        ("dataverse", "gp365_customers", CARDS),
    )
    return [
        sorted(tuple(str(row.get(name)) for name in names) for row in site.rows(system, table))
        for system, table, names in tables
    ]
