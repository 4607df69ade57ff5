"""Tables that a site fills in itself: which company, territory or owner belongs to what is in an organisation.

`gp365 provision apply` begins the tables that the options of the pairs ask for, one line per territory, business unit,
currency or owner of the organisation, and keeps every line that stands there. A line without an answer parks the records.
People and teams may be named; their ids are put in the place of names, and of the mail addresses of those who approve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gp365.app.assembly import Assembly
from gp365.app.settings import PairSettings
from gp365.model.lookups import Lookup

if TYPE_CHECKING:
    from gp365.connectors.dataverse.api import WebApi

_APPROVERS = {"approvers": "sales", "credit_approvers": "approver"}
"""The lookups of those who may approve what people propose or ask for, and the column that names a user."""
Line = tuple[str, ...]
Named = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup as it shall stand: name, columns, lines."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def choices(assembly: Assembly, system: str, api: WebApi) -> Iterator[Table]:
    """Give the tables that the pairs of an organisation need, with what it has now; reads only."""
    pairs = {name: pair for name, pair in assembly.pairs.items() if system in pair.sides.values()}
    yield from _by_id(assembly, _asked(pairs, "route_by"), _ROUTES, "company", api, pairs)
    yield from _by_id(assembly, _asked(pairs, "territory_by"), _TERRITORIES, "gp", api, pairs)
    yield from _by_id(assembly, _asked(pairs, "salesperson_by"), _SALESPEOPLE, "gp", api, pairs)
    for what in sorted(_asked(pairs, "owner_by")):
        if f"team_by_{what}" in assembly.project.lookups:
            yield _owners(assembly, f"team_by_{what}", api)
    filled = [table for name in _APPROVERS if (table := assembly.project.lookups.get(name)) and table.rows]
    if filled:
        named, mails = _users(api)
        yield from (
            _approvers(table, named, mails) for table in filled if _APPROVERS[table.name] in table.columns
        )


def _asked(pairs: Mapping[str, PairSettings], option: str) -> set[str]:
    return {str(pair.options.get(option) or "") for pair in pairs.values()} - {""}


def _territories(api: WebApi) -> Named:
    from gp365.connectors.dataverse.places import TERRITORIES, places

    return places(api, TERRITORIES)


def _units(api: WebApi) -> Named:
    from gp365.connectors.dataverse.places import UNITS, places

    return places(api, UNITS)


def _teams_and_users(api: WebApi) -> Named:
    from gp365.connectors.dataverse.places import TEAMS, USERS, places

    return {**places(api, TEAMS), **places(api, USERS)}


def _users(api: WebApi) -> tuple[Named, Named]:
    from gp365.connectors.dataverse.places import MAIL_ADDRESSES, USERS, places

    return places(api, USERS), places(api, MAIL_ADDRESSES)


def _currencies(api: WebApi) -> Named:
    from gp365.connectors.dataverse.currencies import currencies

    return {key: iso for iso, key in currencies(api).items()}


_Tables = Mapping[str, tuple[str, Callable[["WebApi"], Named]]]
_ROUTES: _Tables = {
    "territory": ("company_by_territory", _territories),
    "business_unit": ("company_by_business_unit", _units),
    "currency": ("company_by_currency", _currencies),
}
_TERRITORIES: _Tables = {
    "territory": ("territory_by_territory", _territories),
    "business_unit": ("territory_by_business_unit", _units),
}
_SALESPEOPLE: _Tables = {"owner": ("salesperson_by_owner", _teams_and_users)}


def _by_id(
    assembly: Assembly,
    asked: set[str],
    tables: _Tables,
    answer: str,
    api: WebApi,
    pairs: Mapping[str, PairSettings],
) -> Iterator[Table]:
    for word in sorted(asked.intersection(tables)):
        name, read = tables[word]
        held = {line[0].lower(): line for line in _lines(assembly, name)}
        guessed = _companies(assembly, pairs) if word == "currency" else dict[str, str]()
        lines = [
            (key, held[key][1] if key in held else guessed.get(shown, ""), shown)
            for key, shown in read(api).items()
        ]
        known = {line[0] for line in lines}
        kept = [(*line, "")[:3] for key, line in held.items() if key not in known]
        yield Table(name, ("sales", answer, "name"), (*lines, *kept))


def _companies(assembly: Assembly, pairs: Mapping[str, PairSettings]) -> Named:
    """Propose a company for a currency: the only one whose functional currency it is."""
    found: dict[str, list[str]] = {}
    for name, pair in pairs.items():
        given = assembly.project.settings.systems.get(pair.sides.get("gp", ""))
        found.setdefault(str(getattr(given, "functional_currency", "") or ""), []).append(
            assembly.company(name)
        )
    return {iso: companies[0] for iso, companies in found.items() if iso and len(companies) == 1}


def _owners(assembly: Assembly, name: str, api: WebApi) -> Table:
    """Put the id of a team or user in the place of its name, so that an owner who is read back is recognised."""
    named = _teams_and_users(api)
    found = [(line[0], *_known(line[1], named)) for line in _lines(assembly, name)]
    return Table(name, ("gp", "sales", "team"), tuple(found))


def _approvers(table: Lookup, named: Named, mails: Named) -> Table:
    """Put the id of a user in the place of a name or mail address: rows say by id who wrote them."""
    person = _APPROVERS[table.name]
    columns = table.columns if "name" in table.columns else (*table.columns, "name")
    found: list[Line] = []
    for line in table.rows:
        held = dict(zip(table.columns, line, strict=True))
        key, shown = _known(held[person], named, mails)
        held |= {person: key, "name": shown or held.get("name", "")}
        found.append(tuple(held[column] for column in columns))
    return Table(table.name, columns, tuple(found))


def _known(given: str, *named: Named) -> tuple[str, str]:
    """Return id and name of who is named, or given by id; what is not found, or not unique, stays as it is."""
    wanted = given.strip().casefold()
    ids = {key for names in named for key, shown in names.items() if shown.casefold() == wanted}
    key = ids.pop() if len(ids) == 1 else given
    return key, named[0].get(key.lower(), "")


def _lines(assembly: Assembly, name: str) -> Sequence[Line]:
    table = assembly.project.lookups.get(name)
    return table.rows if table else ()
