"""Teams and users of an organisation: who changed a record, by name, and whose a record shall be.

An owner is one navigation property, `ownerid`, whatever it points at (Web API: associate-disassociate page), so that it
must be known whether an id is a team's or a user's. What was found out is kept for the life of the connector.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import quote

from gp365.connectors.dataverse.api import Refused, WebApi
from gp365.connectors.dataverse.values import is_guid
from gp365.model.errors import Rejected, Unauthorised
from gp365.model.values import Value
from gp365.wire.literals import literal

CHANGED_BY = "_modifiedby_value"
OWNER = "ownerid"
_TEAM, _USER = "team:", "user:"
_IDS = {"teams": "teamid", "systemusers": "systemuserid"}
_MOST = 50


@dataclass(frozen=True, slots=True)
class Owner:
    """A team or a user: its id, and the set it is in."""

    id: str
    set_name: str

    @property
    def path(self) -> str:
        """The reference as a bind property takes it."""
        return f"/{self.set_name}({self.id})"


class Principals:
    """What has been asked about teams and users."""

    def __init__(self, api: WebApi) -> None:
        self.names: dict[str, str] = {}
        """The full name of each user met so far, by id."""
        self._api = api
        self._owners: dict[str, Owner] = {}
        self._lock = Lock()

    def meet(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Learn the names of those who last changed these rows; one request where somebody is new."""
        ids = {str(row[CHANGED_BY]).lower() for row in rows if row.get(CHANGED_BY)}
        if ids <= self.names.keys():
            return
        with self._lock:
            strangers = sorted(ids - self.names.keys())
            for at in range(0, len(strangers), _MOST):
                some = strangers[at : at + _MOST]
                found = dict.fromkeys(some, "") | self._full_names(some)
                self.names.update({id_: name or id_ for id_, name in found.items()})

    def _full_names(self, ids: Iterable[str]) -> dict[str, str]:
        where = " or ".join(f"systemuserid eq {id_}" for id_ in ids)
        params = {"$select": "systemuserid,fullname", "$filter": where}
        try:
            rows: list[dict[str, Any]] = self._api.get("systemusers", params)["value"]
        except (Refused, Unauthorised):
            return {}  # without the right to read users, an id must do
        return {str(row["systemuserid"]).lower(): str(row.get("fullname") or "") for row in rows}

    def owner(self, value: Value) -> Owner:
        """Return the team or user that a value means: an id, `team:` or `user:` with an id, or a team's name.

        Raises Rejected("option-unknown") where there is none or several teams have the name, and
        Rejected("right-missing") where teams and users may not be read.
        """
        text = " ".join(str("" if value is None else value).split())
        if not text:
            raise Rejected("required-missing", "A record of Dataverse always has an owner", field=OWNER)
        folded = text.casefold()
        for prefix, set_name in ((_TEAM, "teams"), (_USER, "systemusers")):
            if folded.startswith(prefix) and is_guid(folded.removeprefix(prefix).strip()):
                return Owner(folded.removeprefix(prefix).strip(), set_name)
        with self._lock:
            if folded not in self._owners:
                self._owners[folded] = self._found(text, folded)
            return self._owners[folded]

    def _found(self, text: str, folded: str) -> Owner:
        if is_guid(folded):
            asked = {set_name: f"{id_column} eq {folded}" for set_name, id_column in _IDS.items()}
        else:
            name = text[len(_TEAM) :].strip() if folded.startswith(_TEAM) else text
            asked = {"teams": f"name eq {literal(name)}"}
        owners = self._asked(asked, text)
        if len(owners) == 1:
            return owners[0]
        why = (
            f"{len(owners)} teams of this name"
            if owners
            else "no team of this name, and no owner with this id"
        )
        raise Rejected("option-unknown", f"Dataverse has {why}: {text}", field=OWNER, value=text)

    def _asked(self, asked: Mapping[str, str], text: str) -> list[Owner]:
        """Look for the owner in the named sets, each by its filter, in one request."""
        paths = [
            f"{set_name}?$select={_IDS[set_name]}&$filter={quote(filter_, safe='')}"
            for set_name, filter_ in asked.items()
        ]
        try:
            answers = self._api.read_batch(paths)
        except Unauthorised as refused:
            message = f"The owner cannot be looked up: {refused.message}"
            raise Rejected("right-missing", message, field=OWNER, value=text) from None
        return [
            Owner(str(row[_IDS[set_name]]).lower(), set_name)
            for set_name, answer in zip(asked, answers, strict=True)
            for row in answer["value"]
        ]
