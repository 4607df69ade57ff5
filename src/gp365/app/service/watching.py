"""Watching the project's own files: settings, flows and lookups that a person changes while the service runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from gp365.app.project import Project
from gp365.app.settings import Settings
from gp365.app.settings_file import FILE, read_settings

EVERY_S = 5.0
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """Files that were changed; `settings` reads them anew, with the errors of a faulty file."""

    folder: Path

    def settings(self) -> Settings:
        """Read the settings; Misconfigured where they are faulty."""
        return read_settings(self.folder / FILE)


@dataclass(slots=True)
class Settled:
    """How the files were when they were last taken up."""

    stamp: Stamp
    looked: float

    @classmethod
    def of(cls, project: Project) -> Settled:
        """Note how a project's files are now."""
        return cls(stamp_of(project.folder), monotonic())

    def changed(self, project: Project) -> Changed | None:
        """Tell, every few seconds, whether the files are others than before."""
        if monotonic() - self.looked < EVERY_S:
            return None
        self.looked = monotonic()
        now = stamp_of(project.folder)
        if now == self.stamp:
            return None
        self.stamp = now
        return Changed(project.folder)


def stamp_of(folder: Path) -> Stamp:
    """Note name, size and time of the files that decide what the service does."""
    files = [
        folder / FILE,
        *sorted((folder / "flows").glob("*.yaml")),
        *sorted((folder / "lookups").glob("*.csv")),
    ]
    found: list[tuple[str, int, int]] = []
    for file in files:
        try:
            held = file.stat()
        except OSError:
            continue
        found.append((file.name, held.st_size, held.st_mtime_ns))
    return tuple(found)
