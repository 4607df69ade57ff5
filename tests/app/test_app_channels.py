"""The channels of a GP company as the settings name them: each is set up from gp365.toml and reads the same customers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp365.app.actions.simulators import Simulators
from gp365.app.assembly import assemble
from gp365.app.project import open_project
from gp365.connectors.gp import GpConnector
from gp365.model.errors import Misconfigured
from gp365.model.values import Value

FIELDS = ("CustomerName", "Hold", "BillTo.City", "CreditLimitAmount")


def switched(text: str, *ways: str) -> str:
    """Give the simulators' settings with these channels, which stand there as comments, and without GP Service."""
    kept: list[str] = []
    inside = ""
    for line in text.splitlines():
        if line.startswith("# [systems.gp."):
            inside = line.removeprefix("# [systems.gp.").rstrip("]")
        elif not line.startswith("# "):
            inside = ""
        if inside in ways:
            line = line.removeprefix("# ")
        if not (line.startswith("url = ") and "GPService" in line and ways):
            kept.append(line)
    return "\n".join(kept)


def customers(running: Simulators, *ways: str) -> dict[tuple[str, ...], dict[str, Value]]:
    """Read all customers through the settings."""
    settings = running.folder / "gp365.toml"
    given = settings.read_text("utf-8")
    settings.write_text(switched(given, *ways), "utf-8")
    try:
        with open_project(running.folder, actor="tester") as project, assemble(project) as made:
            connector = made.connector("gp")
            assert isinstance(connector, GpConnector)
            assert [channel.way for channel in connector.channels] == list(ways or ("rest",))
            return {
                record.key: dict(record.values)
                for page in connector.scan("customer", FIELDS)
                for record in page
            }
    finally:
        settings.write_text(given, "utf-8")


def test_every_channel_reads_the_same_customers(running: Simulators) -> None:
    over_rest = customers(running)
    assert len(over_rest) > 30
    assert customers(running, "sql") == over_rest
    assert customers(running, "soap") == over_rest


def test_a_company_that_cannot_be_reached_at_all_is_refused(tmp_path: Path, running: Simulators) -> None:
    text = switched((running.folder / "gp365.toml").read_text("utf-8"), "none")
    (tmp_path / "gp365.toml").write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match="names no way to GP"):
        open_project(tmp_path)


def test_an_entity_cannot_go_over_a_channel_that_is_not_set_up(tmp_path: Path, running: Simulators) -> None:
    text = (running.folder / "gp365.toml").read_text("utf-8")
    (tmp_path / "gp365.toml").write_text(
        f'{text}\n[systems.gp.channels]\ncustomer = {{read = "soap"}}\n', "utf-8"
    )
    with pytest.raises(Misconfigured, match="names soap, which is not set up here"):
        open_project(tmp_path)
