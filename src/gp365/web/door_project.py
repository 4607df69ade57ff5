"""The doors of a project: its settings, with secrets, marks and tables, as the door takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gp365.app.actions.webhooks import tables_of
from gp365.app.assembly import Assembly
from gp365.app.project import Project
from gp365.app.settings import DataverseSystem
from gp365.app.settings_doors import DoorSettings
from gp365.model.errors import Gp365Error
from gp365.store import hints
from gp365.store.hints import Hint
from gp365.web.door import Door


def doors_of(assembly: Assembly) -> list[Door]:
    """Return the doors of a project.

    While a system cannot be described, every table is taken: a hint too many costs a look, one too few a poll's delay.
    """
    project = assembly.project
    return [_door(assembly, name, given) for name, given in project.settings.doors.items()]


def keeper(project: Project) -> Callable[[Sequence[Hint]], None]:
    """Return what keeps hints in the store of a project, durable when it returns."""

    def keep(given: Sequence[Hint]) -> None:
        with project.store.write() as conn:
            hints.keep(conn, given)

    return keep


def _door(assembly: Assembly, name: str, given: DoorSettings) -> Door:
    project = assembly.project
    secrets = [project.secret(given.secret, f"doors.{name}.secret")]
    if given.former_secret is not None:
        secrets.append(project.secret(given.former_secret, f"doors.{name}.former_secret"))
    system = project.settings.systems[given.system]
    tag = system.tag if isinstance(system, DataverseSystem) else ""
    tables = _tables(assembly, given.system)
    return Door(name, given.kind, given.system, tuple(secrets), given.form, given.field, tag, tables)


def _tables(assembly: Assembly, system: str) -> frozenset[str] | None:
    try:
        return tables_of(assembly, system)
    except Gp365Error:
        return None
