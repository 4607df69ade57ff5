"""The organisation as provisioning sees it: fresh reads of metadata, and each single metadata write with patience.

Metadata writes are serialised by the platform and show up late (Microsoft's MetadataOperations samples wait 2 to 60 s);
a write whose effect is already there counts as done, so that a half-done run is simply continued.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from gp365.connectors.dataverse.api import Refused, WebApi
from gp365.connectors.dataverse.blueprint import PREFIX, SOLUTION, UNPUBLISHED
from gp365.connectors.dataverse.metadata import Table, label_of, questions, table_of
from gp365.model.errors import Retry
from gp365.wire.calls import CallFailed

PAUSES_S: Sequence[float] = (0.0, 2.0, 5.0, 10.0, 20.0, 20.0)
LOCKED = "0x80071151"
IN_SOLUTION = {"MSCRM.SolutionUniqueName": SOLUTION}
FRESH = {"Consistency": "Strong"}


@dataclass
class Site:
    """One organisation while it is provisioned; tables are read once and again after each write."""

    api: WebApi
    sleep: Callable[[float], None]
    say: Callable[[str], None]
    tables: dict[str, Table | None] = field(default_factory=dict[str, Table | None])
    known_language: int = 0
    unpublished: bool = False

    def table(self, name: str) -> Table | None:
        """Return a table's metadata, or None if it does not exist."""
        if name not in self.tables:
            self.tables[name] = self._read(name)
        return self.tables[name]

    def forget(self, *names: str) -> None:
        """Read these tables again at the next question, all without a name."""
        for name in names or tuple(self.tables):
            self.tables.pop(name, None)

    def language(self) -> int:
        """Return the organisation's base language, for labels; English where it cannot be read."""
        if not self.known_language:
            rows = self.rows("organizations?$select=languagecode")
            self.known_language = int(rows[0].get("languagecode") or 1033) if rows else 1033
        return self.known_language

    def rows(self, path: str) -> list[Mapping[str, Any]]:
        """Return the rows of one page."""
        return list(self.api.get(path)["value"])

    def publisher(self) -> Mapping[str, Any] | None:
        """Return our publisher, or None."""
        path = (
            "publishers?$select=publisherid,customizationprefix,customizationoptionvalueprefix"
            f"&$filter=uniquename eq '{PREFIX}'"
        )
        return next(iter(self.rows(path)), None)

    def solution(self) -> Mapping[str, Any] | None:
        """Return our solution, or None."""
        path = f"solutions?$select=solutionid,version,description&$filter=uniquename eq '{SOLUTION}'"
        return next(iter(self.rows(path)), None)

    def drafts(self, set_name: str, select: str, filter_: str) -> list[Mapping[str, Any]]:
        """Return views or forms as they stand now, published or not (RetrieveUnpublishedMultiple function)."""
        path = f"{set_name}/Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()"
        return self.rows(f"{path}?$select={select}&$filter={quote(filter_, safe='')}")

    def labels(self, table: str) -> Mapping[str, str]:
        """Return what the columns of a table are called in the caller's language."""
        path = f"EntityDefinitions(LogicalName='{table}')/Attributes?$select=LogicalName,DisplayName"
        told = {str(row["LogicalName"]): label_of(row.get("DisplayName")) for row in self.rows(path)}
        return {name: label for name, label in told.items() if label}

    def root_unit(self) -> str:
        """Return the id of the business unit that all others are below."""
        found = self.rows("businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null")
        return str(found[0]["businessunitid"]) if found else ""

    def describe_solution(self, text: str) -> None:
        """Write down in the solution whether everything was published."""
        if self.unpublished and text == UNPUBLISHED:
            return  # said already, and nobody publishes but us
        solution = self.solution()
        if solution is not None and solution.get("description") != text:
            self.api.patch(f"solutions({solution['solutionid']})", {"description": text}, {"If-Match": "*"})
        self.unpublished = solution is not None and text == UNPUBLISHED

    def write(self, verb: Callable[[], object], there: Callable[[], bool], *of: str) -> None:
        """Do one metadata write and wait until `there` sees it, in the tables `of` which it is (none: any).

        A write whose answer was lost, or that is refused because an earlier one had worked, is done when its effect
        shows. Raise Retry if it does not show up in a minute, Rejected with the platform's words.
        """
        self.describe_solution(UNPUBLISHED)
        for number, pause in enumerate(PAUSES_S, 1):
            self.sleep(pause)
            trouble = _tried(verb)
            if self._shows(there, of, patient=trouble is None):
                return
            if trouble is not None and (not _passes(trouble) or number == len(PAUSES_S)):
                raise trouble
        raise Retry(
            "busy", "Dataverse does not show a change of metadata yet: run the command again in a minute"
        )

    def _shows(self, there: Callable[[], bool], of: Sequence[str], *, patient: bool) -> bool:
        for pause in PAUSES_S if patient else (0.0,):
            self.sleep(pause)
            self.forget(*of)
            if there():
                return True
        return False

    def _read(self, name: str) -> Table | None:
        try:
            return table_of(self.api.read_batch(questions(name), FRESH))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise


def _tried(verb: Callable[[], object]) -> Refused | CallFailed | None:
    try:
        verb()
    except (Refused, CallFailed) as trouble:
        return trouble
    return None


def _passes(trouble: Refused | CallFailed) -> bool:
    """Say whether to try again: what we build on does not show yet, or another customization is under way."""
    if isinstance(trouble, Refused):
        return trouble.status == 404 or trouble.dataverse_code == LOCKED
    return True
