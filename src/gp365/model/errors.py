"""Errors whose type says what happens next; their codes stand in the catalogue (error_catalogue.py).

    Gp365Error
    ├── Misconfigured   stop the flow, alert once: settings, flows, lookups, commands       exit 2
    ├── Unauthorised    stop that system, alert once, check again: password, token, rights  exit 3
    ├── Retry           stays queued: unreachable, busy, throttled                          exit 3 when the budget is spent
    ├── Rejected        the other system refused the record, in its own words               exit 1
    ├── Conflict        a person must decide                                                exit 1
    └── Bug             ours, with a traceback                                              exit 6

They are caught in one place, the cycle of the engine. A message is for the operator: what, which record, what to do.
No error ever carries a secret.
"""

from __future__ import annotations

from typing import Any

from gp365.model.error_catalogue import CATALOGUE


class Gp365Error(Exception):
    """What went wrong, where, and what to do about it.

    `code` is a key of CATALOGUE. `message` is a plain sentence. `system`, `record`, `field`, `value` name the place
    as far as it is known; `fix` overrides the catalogue's fix where a more exact one is known.
    """

    exit_code = 6

    def __init__(
        self,
        code: str,
        message: str,
        *,
        system: str = "",
        record: str = "",
        field: str = "",
        value: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.system = system
        self.record = record
        self.field = field
        self.value = value
        self.fix = fix or (CATALOGUE[code].fix if code in CATALOGUE else "")

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the command line's JSON shows it."""
        return {
            "code": self.code,
            "message": self.message,
            "system": self.system,
            "record": self.record,
            "field": self.field,
            "value": self.value,
            "fix": self.fix,
        }

    def __str__(self) -> str:
        where = ", ".join(
            f"{name} {text}"
            for name, text in (
                ("system", self.system),
                ("record", self.record),
                ("field", self.field),
                ("value", self.value),
            )
            if text
        )
        return f"{self.message} [{where}]" if where else self.message


class Misconfigured(Gp365Error):
    """The settings, a flow, a lookup or a command is wrong: stop and say so once."""

    exit_code = 2


class Unauthorised(Gp365Error):
    """A system refuses our credentials or rights: stop that system only."""

    exit_code = 3


class Retry(Gp365Error):
    """It may work later: the record stays queued. `after_s` is the other system's wish in seconds, or None."""

    exit_code = 3

    def __init__(self, code: str, message: str, *, after_s: float | None = None, **where: str) -> None:
        super().__init__(code, message, **where)
        self.after_s = after_s


class Rejected(Gp365Error):
    """The other system refused this record; the message holds its own words."""

    exit_code = 1


class Conflict(Gp365Error):
    """A person must decide."""

    exit_code = 1


class Bug(Gp365Error):
    """Ours."""

    exit_code = 6
