"""A project: its folder with settings, flows and lookups, and what is opened below .gp365 when it is first needed."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy import make_url

from gp365.app.loader import FlowSet, load_flows, load_lookups
from gp365.app.log import LogFile
from gp365.app.secrets import ReferredSecret
from gp365.app.settings import SecretReference, Settings
from gp365.app.settings_file import FILE, read_settings
from gp365.model.errors import Misconfigured
from gp365.model.lookups import Lookup
from gp365.store import lease as leases
from gp365.store.engine import Clock, Store, open_store, utc_now
from gp365.store.masterkey import KeyRing
from gp365.store.scratch import ScratchFile
from gp365.store.vault import VaultSecret

if TYPE_CHECKING:
    from gp365.app.sharing import Shared

OWN = ".gp365"
_STORE = "gp365.db"
FOLDER_VARIABLE = "GP365_DIR"
SERVICE = "serve"
"""The lease of a living service."""


class Project:
    """An open project. Store, scratch and vault are opened on first use; `close` closes them.

    `actor` is who acts, for the ledger: the operating-system user. `folder` is absolute. `served`: the service runs a
    command for somebody, under its own lock of the folder.
    """

    def __init__(self, folder: Path, settings: Settings, *, actor: str = "", clock: Clock = utc_now) -> None:
        self.folder = folder
        self.settings = settings
        self.actor = actor or operating_user()
        self.clock = clock
        self.own = folder / OWN
        self.log = LogFile(self.own / "logs")
        self._store: Store | None = None
        self._scratch: ScratchFile | None = None
        self.served = False
        self.shared: dict[str, Shared] = {}
        """What the connectors of each system share in this process (see app/sharing.py)."""

    @property
    def store(self) -> Store:
        """The store with links, work, ledger and vault."""
        if self._store is None:
            self.own.mkdir(parents=True, exist_ok=True)
            self._store = self._opened()
        return self._store

    def another_store(self) -> Store:
        """Open the store once more, for a thread that must not wait for its other users; the caller closes it."""
        self.own.mkdir(parents=True, exist_ok=True)
        return self._opened()

    def has_store(self) -> bool:
        """Tell whether there is a store already, without making one."""
        return self._store is not None or bool(self.settings.store.url) or (self.own / _STORE).is_file()

    @property
    def scratch(self) -> ScratchFile:
        """The scratch file of this process."""
        if self._scratch is None:
            self._scratch = ScratchFile(self.own / "scratch")
        return self._scratch

    @property
    def ring(self) -> KeyRing:
        """Where the vault's master key is kept."""
        return KeyRing(self.own, self.store.id)

    @cached_property
    def flows(self) -> FlowSet:
        """The flows, shipped and the site's."""
        return load_flows(self.folder / "flows")

    @cached_property
    def lookups(self) -> Mapping[str, Lookup]:
        """The lookups, the site's before the shipped ones."""
        return load_lookups(self.folder / "lookups")

    def secret(self, reference: SecretReference, of: str) -> ReferredSecret:
        """Return the secret that a setting refers to; it is read when it is revealed."""
        return ReferredSecret(
            reference, self.folder, of, lambda name: VaultSecret(self.store, self.ring, name)
        )

    def path(self, name: str) -> Path:
        """Return a file's path that the settings give relative to the project folder."""
        return self.folder / name

    @contextmanager
    def locked(self, *, beside_service: bool = False) -> Generator[None]:
        """Hold the folder for a command that writes; Misconfigured("folder-locked") while another one does.

        A PostgreSQL store may be that of other folders, too: there a service that lives anywhere keeps commands out.

        `beside_service`: the command may also write while the service holds the folder.
        """
        if self.served:
            yield
            return
        if self.store.dialect != "sqlite" and self.serving():
            if beside_service:
                yield
                return
            raise Misconfigured("folder-locked", "A service or worker is at work on this store.")
        self.own.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.own / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if beside_service and self.serving():
                yield
                return
            raise Misconfigured(
                "folder-locked", f"Another gp365 process is at work in {self.folder}.", value=str(self.folder)
            ) from None
        try:
            yield
        finally:
            lock.release()

    def serving(self) -> bool:
        """Tell whether a living service holds the folder's store."""
        with self.store.read() as conn:
            return leases.is_alive(conn, SERVICE)

    def reload(self) -> None:
        """Read flows and lookups anew when they are next needed."""
        self.__dict__.pop("flows", None)
        self.__dict__.pop("lookups", None)

    def close(self) -> None:
        """Close what was opened."""
        if self._store is not None:
            self._store.close()
        if self._scratch is not None:
            self._scratch.close()
        self._store = self._scratch = None
        self.log.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Store:
        try:
            return open_store(self._store_url(), clock=self.clock)
        except ImportError:
            raise Misconfigured(
                "settings-invalid",
                "store.url names PostgreSQL, and its driver is not installed.",
                field="store.url",
                fix='Install it: pip install "gp365[postgresql]".',
            ) from None

    def _store_url(self) -> str | Path:
        given = self.settings.store
        if not given.url:
            return self.own / _STORE
        if given.password is None:
            return given.url
        word = self.secret(given.password, "store.password").reveal()
        return make_url(given.url).set(password=word).render_as_string(hide_password=False)


def project_folder(given: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the project folder: the one given (-C), else GP365_DIR, else the current one; absolute."""
    chosen = given or (Path(environ[FOLDER_VARIABLE]) if environ.get(FOLDER_VARIABLE) else Path.cwd())
    return chosen.expanduser().resolve()


def open_project(folder: Path | None = None, *, actor: str = "", clock: Clock = utc_now) -> Project:
    """Open the project of a folder; Misconfigured settings-missing or settings-invalid."""
    chosen = project_folder(folder)
    return Project(chosen, read_settings(chosen / FILE), actor=actor, clock=clock)


def operating_user() -> str:
    """Name who runs this process: the operating system's user and machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
