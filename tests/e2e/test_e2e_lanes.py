"""The lanes of GP as GP sees them: however many of us call, and over however many processes, the setting is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.e2e_served import serve, until
from e2e.e2e_site import GP, Site, site
from postgresql import new_schema

LANES, REST_S = 2, 0.02
EDITS = 24


@pytest.fixture(params=["sqlite", "postgresql"])
def begun(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path / "site", extra=("--gp-call-seconds", "0.01")) as made:
        made.settings("spacing_ms = 0 ", f"spacing_ms = {REST_S * 1000:.0f} ")
        if request.param == "postgresql":
            url = new_schema(request.getfixturevalue("postgresql_server"))
            url = url.replace("+psycopg", "", 1)
            with (made.folder / "gp365.toml").open("a", encoding="utf-8") as out:
                out.write(f'\n[store]\nurl = "{url}"\n')
        assert made.sync().code == 0
        yield made


@contextmanager
def paced(at: Site) -> Iterator[None]:
    """Let GP count calls at once and rests for the block."""
    at.door(GP, "POST", "/pacing", {"at_once": LANES, "rest_s": REST_S})
    at.door(GP, "DELETE", "/pacing")
    yield
    told = at.door(GP, "GET", "/pacing")
    assert (told["too_many"], told["too_soon"]) == (0, 0)
    assert told["most_at_once"] == LANES, "all lanes were used"


@pytest.mark.proof
def test_rounds_hints_and_commands_beside_keep_the_lanes_together(begun: Site) -> None:
    """The service's rounds, what webhooks tell it of, the commands that it runs, and a `doctor` that nobody runs for us."""
    numbers = sorted(row["CUSTNMBR"].strip() for row in begun.rows(GP, "RM00101"))
    linked = [row["gp365_number"] for row in begun.rows("dataverse", "gp365_customers")]
    chosen = [number for number in numbers if number in linked][:EDITS]
    with serve(begun, "poll = {shortest_s = 1.0, longest_s = 1.0}"), paced(begun):
        doctor = begun.child("doctor")
        for at, number in enumerate(chosen):
            begun.edit_account_of(number, address1_line1=f"{at} Lane Street")
            if at == EDITS // 2:
                beside = begun.child("sync")
        for process in (doctor, beside):
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, out + err
        until(
            lambda: all(
                begun.customer(number)["ADDRESS1"].strip() == f"{at} Lane Street"
                for at, number in enumerate(chosen)
            ),
            120,
            0.2,
        )
