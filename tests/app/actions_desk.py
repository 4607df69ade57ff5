"""A desk for the actions' tests: a project of two memory systems, with people who edit in both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.app_folder import Folder, make_folder
from gp365.app.actions.outputs import SyncOut
from gp365.app.project import Project, open_project
from gp365.connectors.memory import MemoryConnector
from gp365.connectors.memory.descriptions import from_json

T = TypeVar("T")


@dataclass
class Desk:
    """A project folder, and the two systems as people see them."""

    folder: Folder

    @property
    def path(self) -> Path:
        return self.folder.path

    def person(self, side: str) -> MemoryConnector:
        """Open a system beside the project, as a person does."""
        path = self.path / f"{side}.json"
        return MemoryConnector.open(self.path / f"{side}.db", side, from_json(json.loads(path.read_text())))

    def gp(self, number: str, **values: Any) -> None:
        self._put("gp", "customer", number, values)

    def sales(self, key: str, **values: Any) -> None:
        self._put("sales", "account", key, values)

    def _put(self, side: str, entity: str, key: str, values: dict[str, Any]) -> None:
        system = self.person(side)
        system.person_put(entity, (key,), values)
        system.close()

    def customers(self) -> dict[str, dict[str, Any]]:
        return self._rows("gp", "customer")

    def accounts(self) -> dict[str, dict[str, Any]]:
        return self._rows("sales", "account")

    def _rows(self, side: str, entity: str) -> dict[str, dict[str, Any]]:
        system = self.person(side)
        rows = {key[0]: dict(row) for key, row in system.rows(entity).items()}
        system.close()
        return rows

    def account_named(self, name: str) -> dict[str, Any]:
        (found,) = [row for row in self.accounts().values() if row["name"] == name]
        return found

    def act(self, action: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call an action on the project, as a process of its own would."""
        with self.open() as project:
            return action(project, *arguments, **named)

    def open(self) -> Project:
        return open_project(self.path, actor="ann@desk")

    def copy(self, to: Path) -> Desk:
        """Copy the project and both systems, so that two ways can be compared from the same start."""
        shutil.copytree(self.path, to)
        return Desk(Folder(to))


def make_desk(path: Path) -> Desk:
    """Make a project with some firms: one in GP only, one in Sales only, one in both under another spelling."""
    desk = Desk(make_folder(path))
    desk.gp("AARONFIT0001", Name="Aaron Fitz", Country="USA", Class="USA-MEDIUM")
    desk.gp("CONTOSO0001", Name="Contoso, Ltd.", Country="USA", Class="USA-MEDIUM")
    desk.sales("a1", name="CONTOSO LTD", number="CONTOSO0001", country="United States", kind=3)
    desk.sales("a2", name="Lakeside Dental", country="United States", person="Ann Bell", kind=3)
    desk.sales("a3", name="Northwind", country="United States", kind=8)
    return desk


def written(done: SyncOut | Any) -> int:
    """Count the rows that runs wrote."""
    return sum(side.created + side.updated for run in done.runs for side in run.sides.values())
