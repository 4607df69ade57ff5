"""Secrets by reference: from the vault, the environment or a file, read when they are needed and masked from then on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gp365.app.settings import SecretReference
from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured
from gp365.wire.redact import register_secret


@dataclass(frozen=True, slots=True, repr=False)
class ReferredSecret:
    """A secret that the settings refer to (a port of `model.contract`); `of` is the setting that needs it.

    `vault` opens the vault's secret of a name; it is asked only where the reference names one.
    """

    reference: SecretReference
    folder: Path
    of: str
    vault: Callable[[str], Secret]
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def reveal(self) -> str:
        """Return the secret text; Misconfigured("secret-missing") if it is not there."""
        text = self._read()
        if not text:
            raise _missing(self.of, f"{self.place} is empty")
        register_secret(text)
        return text

    @property
    def place(self) -> str:
        """Say where the secret is kept."""
        given = self.reference
        if given.vault:
            return f"the vault's secret {given.vault}"
        return f"the variable {given.env}" if given.env else f"the file {given.file}"

    def _read(self) -> str:
        given = self.reference
        if given.vault:
            return self.vault(given.vault).reveal()
        if given.env:
            text = self.environ.get(given.env)
            if text is None:
                raise _missing(self.of, f"the variable {given.env} is not set")
            return text
        return self._from_file()

    def _from_file(self) -> str:
        path = self.folder / self.reference.file
        try:
            return path.read_text("utf-8-sig").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise _missing(self.of, f"the file {self.reference.file} cannot be read") from None

    def __repr__(self) -> str:
        return f"ReferredSecret({self.of}: {self.place})"


def _missing(of: str, why: str) -> Misconfigured:
    return Misconfigured("secret-missing", f"{of}: {why}.", field=of)
