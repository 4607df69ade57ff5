"""What a site's own tables are about: territories, business units, teams and users of an organisation, by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gp365.connectors.dataverse.api import WebApi

_PAGE_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: its set, the columns of id and name, and which rows count."""

    set_name: str
    id_column: str
    name_column: str
    where: str = ""


TERRITORIES = Kind("territories", "territoryid", "name")
UNITS = Kind("businessunits", "businessunitid", "name", "isdisabled eq false")
# An access team (1) shares records and cannot own any (team table reference, teamtype).
TEAMS = Kind("teams", "teamid", "name", "teamtype ne 1")
USERS = Kind("systemusers", "systemuserid", "fullname", "isdisabled eq false")
MAIL_ADDRESSES = Kind("systemusers", "systemuserid", "internalemailaddress", "isdisabled eq false")


def places(api: WebApi, kind: Kind) -> Mapping[str, str]:
    """Return the name of each record of a kind by its id, ordered by name."""
    params = {"$select": f"{kind.id_column},{kind.name_column}"}
    if kind.where:
        params["$filter"] = kind.where
    found = {
        str(row[kind.id_column]).lower(): str(row.get(kind.name_column) or "")
        for page in api.pages(kind.set_name, params, page_rows=_PAGE_ROWS)
        for row in page.rows
    }
    return dict(sorted(found.items(), key=lambda one: (one[1].casefold(), one[0])))
