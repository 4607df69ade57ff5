"""A site with Web Services alone: its classes file is drafted from its customers, approved by a person, and examined."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_app_channels import switched

from gp365.app.actions.doctor import doctor
from gp365.app.actions.doctor_outputs import DoctorFinding
from gp365.app.actions.gp_classes import ClassesDrafted, draft_classes
from gp365.app.actions.simulators import Simulators
from gp365.app.assembly import assemble
from gp365.app.project import open_project
from gp365.cli.output import console
from gp365.cli.show_gp import show_classes
from gp365.model.contract import Level
from gp365.model.errors import Misconfigured


@pytest.fixture
def at(running: Simulators) -> Iterator[Path]:
    """The project folder with the Web Services as its only channel; put back afterwards."""
    settings, file = running.folder / "gp365.toml", running.folder / "classes-gp.toml"
    given = settings.read_text("utf-8")
    settings.write_text(switched(given, "soap"), "utf-8")
    yield running.folder
    settings.write_text(given, "utf-8")
    file.unlink(missing_ok=True)


def drafted(folder: Path, *, write: bool = False) -> ClassesDrafted:
    with open_project(folder, actor="tester") as project, assemble(project) as assembly:
        return draft_classes(assembly, write=write)


def told(folder: Path) -> list[DoctorFinding]:
    with open_project(folder, actor="tester") as project, assemble(project) as assembly:
        return [each for each in doctor(assembly).findings if each.subject.endswith("customer classes")]


def test_a_draft_is_added_once_and_what_a_person_wrote_stays(at: Path) -> None:
    shown = drafted(at)
    assert not shown.written and not (at / "classes-gp.toml").exists()
    known = {each.class_id: each for each in shown.classes}
    assert {"USA-ILMO-T1", "EUROPE"} <= set(known)
    assert shown.customers == sum(each.customers for each in shown.classes) + shown.without_class
    assert all(each.state == "new" for each in shown.classes)
    assert drafted(at, write=True).written
    held = tomllib.loads((at / "classes-gp.toml").read_text("utf-8"))
    assert set(held) == set(known) and not any(each["approved"] for each in held.values())
    ours = '["EUROPE"]  # ours\n'
    (at / "classes-gp.toml").write_text(ours, "utf-8")
    again = drafted(at, write=True)
    assert {each.class_id for each in again.classes if each.state == "waiting"} == {"EUROPE"}
    text = (at / "classes-gp.toml").read_text("utf-8")
    assert text.startswith(ours) and set(tomllib.loads(text)) == set(known)
    assert not drafted(at, write=True).written


def test_the_draft_is_shown_within_the_width_of_a_screen(
    at: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_classes(console(), drafted(at))
    out = capsys.readouterr().out
    assert "customer classes of gp" in out and '["USA-ILMO-T1"]' in out and "approved = false" in out
    assert "--write adds it there" in out


def test_doctor_names_the_classes_that_lookups_give_and_nobody_has_approved(at: Path) -> None:
    first, lookups = told(at)
    assert first.level is lookups.level is Level.WARNING
    assert "draft-classes" in first.fix and "Such customers are parked" in lookups.text
    drafted(at, write=True)
    file = at / "classes-gp.toml"
    approved = file.read_text("utf-8").replace("approved = false", "approved = true", 1)
    file.write_text(approved, "utf-8")
    first, lookups = told(at)
    assert "1 of its" in first.text and first.level is Level.WARNING
    assert lookups.code == "lookup-missing"


def test_no_draft_is_made_where_another_channel_has_classes(running: Simulators) -> None:
    with pytest.raises(Misconfigured, match="not reached over GP Web Services"):
        drafted(running.folder)
    settings = running.folder / "gp365.toml"
    given = settings.read_text("utf-8")
    settings.write_text(switched(given, "soap", "sql"), "utf-8")
    try:
        with pytest.raises(Misconfigured, match="read over SQL"):
            drafted(running.folder)
        [found] = told(running.folder)
        assert found.level is Level.OK and "read over SQL" in found.text
    finally:
        settings.write_text(given, "utf-8")
