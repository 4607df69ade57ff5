"""The users who may knock: Windows accounts, what GP lets them do, and the account file of the NTLM acceptor."""

import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

_ENVIRONMENT = threading.Lock()
_VARIABLE = "NTLM_USER_FILE"


@dataclass(frozen=True)
class User:
    """A Windows account and the GP user mapped to it.

    `windows` names the GP windows whose right the user has (None: all), `mapped` tells whether a GP user is mapped
    at all, `companies` the display names the user may enter (None: all). Source: User Setup, User Access and User
    Security steps in MicrosoftDocs dynamics-gp/installation/SBA.md.
    """

    name: str
    password: str = field(repr=False)
    windows: frozenset[str] | None = None
    companies: frozenset[str] | None = None
    mapped: bool = True

    def __post_init__(self) -> None:
        if self.name.count("\\") != 1 or ":" in self.name + self.password:
            raise ValueError(f"user {self.name}: give DOMAIN\\name, and no colon in name or password")

    def may_enter(self, company: str) -> bool:
        """Tell whether User Access lets the user into a company."""
        return self.mapped and (self.companies is None or company in self.companies)

    def may_use(self, window: str) -> bool:
        """Tell whether User Security gives the user a window."""
        return self.mapped and (self.windows is None or window in self.windows)


class Accounts:
    """The Windows accounts of one simulated domain, kept for the acceptor in a file only we can read.

    The acceptor finds that file by an environment variable, which is one per process: it is set only while a
    handshake step runs, so that several simulators in one process keep their own accounts.
    """

    def __init__(self, users: Sequence[User]) -> None:
        self._users = {user.name.upper(): user for user in users}
        self._folder = TemporaryDirectory(prefix="gp365-sim-")
        self._file = Path(self._folder.name) / "accounts"
        lines = [f"{user.name.replace(chr(92), ':')}:{user.password}\n" for user in users]
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write("".join(lines).encode())

    def find(self, name: str) -> User | None:
        """Find a user by `DOMAIN\\name`, in any case."""
        return self._users.get(name.upper())

    @contextmanager
    def offered(self) -> Generator[None]:
        """Let the acceptor see these accounts while the block runs."""
        with _ENVIRONMENT:
            before = os.environ.get(_VARIABLE)
            os.environ[_VARIABLE] = str(self._file)
            try:
                yield
            finally:
                if before is None:
                    del os.environ[_VARIABLE]
                else:
                    os.environ[_VARIABLE] = before
