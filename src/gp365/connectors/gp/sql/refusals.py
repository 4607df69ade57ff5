"""What eConnect's error numbers mean: their texts are the site's own, in taErrorCode of the system database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import cast

from gp365.connectors.gp.documents import documents
from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.procedures import ADDRESS, CUSTOMER, INTERNET, Refused
from gp365.connectors.gp.sql.queries import among
from gp365.connectors.gp.sql.text import bracketed, select
from gp365.connectors.gp.tables import entity_named
from gp365.model.errors import Gp365Error, Rejected, Retry
from gp365.model.values import Values, show

IN_USE = frozenset({2022, 2079})
"""The document is being edited by another user (public forum posts on taSopHdrIvcInsert)."""
_COLUMNS = ("ErrorCode", "SourceProc", "ErrorDesc", "ErrorKeyFields", "ErrorParms")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _entities() -> dict[str, str]:
    """Return whose fields the elements of a procedure are."""
    found = {CUSTOMER: "customer", ADDRESS: "customer_address"}
    return found | {step.procedure: step.entity for document in documents() for step in document.steps}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A row of taErrorCode."""

    number: int
    text: str
    words: tuple[str, ...]


class Refusals:
    """Look error numbers up, each once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._guard = Lock()
        self._known: dict[int, Meaning] = {}

    def error(self, refused: Refused, record: str, values: Values, role: str = "") -> Gp365Error:
        """Return a refusal in the site's words, with the field that they name."""
        meanings = self._meanings(refused.numbers)
        told = "; ".join(f"{number} {meanings[number].text}".rstrip() for number in refused.numbers)
        message = f"eConnect refuses ({refused.procedure}): {told}"
        if any(number in IN_USE for number in refused.numbers):
            return Retry("busy", message, system=self._desk.settings.name, record=record)
        field = _field(refused.procedure, [meanings[number] for number in refused.numbers], values, role)
        return Rejected(
            "rejected",
            message,
            system=self._desk.settings.name,
            record=record,
            field=field,
            value=show(values.get(field))[:80],
        )

    def _meanings(self, numbers: tuple[int, ...]) -> Mapping[int, Meaning]:
        with self._guard:
            unknown = [number for number in numbers if number not in self._known]
        if unknown:
            found = self._read(unknown)
            with self._guard:
                self._known |= found
        return {number: self._known.get(number) or Meaning(number, "", ()) for number in numbers}

    def _read(self, numbers: list[int]) -> dict[int, Meaning]:
        """Read texts; where we may not, the numbers alone must do."""
        columns = [f"[t].{bracketed(each)}" for each in _COLUMNS]
        statement = select(columns, self._desk.names.object("taErrorCode", system=True)).add(" WHERE ")
        statement.join(
            [among([f"[t].{bracketed('ErrorCode')}"], ["int"], [(number,) for number in numbers])], ""
        )
        try:
            rows = self._desk.rows(statement)
        except Gp365Error:
            return {}
        found: dict[int, Meaning] = {}
        for row in rows:
            number, text = cast("int", row[0]), " ".join(str(row[2] or "").split())
            words = _WORD.findall(f"{row[3] or ''} {row[4] or ''} {text}")
            found[number] = Meaning(number, text, tuple(words))
        return found


def _field(procedure: str, meanings: list[Meaning], values: Values, role: str) -> str:
    """Return our name of the first field that the texts name, "" if they name none that was written."""
    if procedure == INTERNET:
        return next((name for name in values if name.endswith(".Email")), "")
    entity = _entities().get(procedure)
    if entity is None:
        return ""
    fields = entity_named(entity).fields
    ours = {each.econnect.lower(): name for name, each in fields.items() if each.econnect}
    for meaning in meanings:
        for word in meaning.words:
            name = ours.get(re.sub(r"^i_v", "", word.lower()), "")
            shown = [f"{role}.{name}", name] if role else [name, f"BillTo.{name}"]
            if name and (found := next((each for each in shown if each in values), "")):
                return found
    return ""
