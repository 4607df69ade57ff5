"""One call's surroundings: who asks, in which company, and what keys and currencies mean there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gp365_sim.gp.company import Company
from gp365_sim.gp.security import Security
from gp365_sim.gp.sqltypes import Value, folded
from gp365_sim.gp.system import SystemDatabase
from gp365_sim.gp.users import User

Cells = Mapping[str, Value]


@dataclass
class Scene:
    """The company of a call, its filters, the user, and whether amounts are wanted in the local currency."""

    company: Company
    system: SystemDatabase
    security: Security
    user: User
    local: bool

    @property
    def number(self) -> int:
        """The number of the company, as CompanyKey has it."""
        return self.company.identity.number

    @property
    def functional(self) -> str:
        """The ISO code of the company's functional currency."""
        return self.iso(self.company.identity.currency)

    def iso(self, currency: str) -> str:
        """Give the ISO code of a currency id; blank stands for the functional currency."""
        found = self._currencies.get(folded(currency or self.company.identity.currency))
        return str(found["ISOCURRC"]) if found else ""

    def decimals(self, iso: str) -> int:
        """Give the decimals that a currency shows: DECPLCUR counts from 1 (assumed)."""
        for row in self._currencies.values():
            places = row["DECPLCUR"]
            if row["ISOCURRC"] == iso and isinstance(places, int) and places:
                return places - 1
        return 2

    def currency(self, iso: str) -> str | None:
        """Find the currency id of an ISO code: the functional one if it is that, else the first by id."""
        if iso == self.functional:
            return self.company.identity.currency
        ids = sorted(str(row["CURNCYID"]) for row in self._currencies.values() if row["ISOCURRC"] == iso)
        return ids[0] if ids else None

    def account(self, index: int) -> str:
        """Give the number of an account as text, as it is shown; blank for none."""
        return self._accounts.get(index, "")

    def index(self, account: str) -> int | None:
        """Find the index of an account by its number."""
        wanted = folded(account)
        return next((index for index, text in self._accounts.items() if folded(text) == wanted), None)

    @cached_property
    def _currencies(self) -> dict[str, Cells]:
        return {folded(str(row["CURNCYID"])): row for row in self.system.rows("MC40200")}

    @cached_property
    def _accounts(self) -> dict[int, str]:
        rows = self.company.rows("GL00105")
        return {row["ACTINDX"]: str(row["ACTNUMST"]) for row in rows if isinstance(row["ACTINDX"], int)}
