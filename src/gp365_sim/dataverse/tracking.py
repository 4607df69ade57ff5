"""Change tracking: the first full read with a delta link, and the changes since a token, deletions last.

Behaviour after use-change-tracking-synchronize-data-external-systems.md. A token is `version!time`, but opaque to clients.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from . import refusal
from .access import check_whole_table
from .exchange import Answer, Request, json_answer
from .organisation import Organisation
from .paging import unseal
from .query import Query
from .reading import context, find_page, next_link, page_size, scope_of, view_of
from .render import renderer
from .schema import Table
from .store import Row, Tombstone

_TOKEN = re.compile(r"^(\d+)!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)$")
_TIME = "%m/%d/%Y %H:%M:%S"
_REFUSED = ("$filter", "$orderby", "$expand", "$top")


@dataclass(frozen=True)
class Token:
    """A point in the organisation's sequence of versions, and when it was handed out."""

    version: int
    at: datetime

    def text(self) -> str:
        return f"{self.version}!{self.at.strftime(_TIME)}"


def first_read(org: Organisation, request: Request, table: Table, query: Query) -> Answer:
    """Answer a page of all rows; the last page carries the delta link of the moment when the first was read."""
    _check(org, request, table, query)
    state = unseal(org, scope_of(table, query), query.skiptoken) if query.skiptoken else None
    token = read_token(str(state["stamp"])) if state else Token(org.store.version, org.now())
    page = find_page(org, request, table, query)
    write = renderer(org, table, view_of(request), query.select)
    body: dict[str, Any] = {"@odata.context": context(request, table, query)}
    if page.state is None:
        body["@odata.deltaLink"] = delta_link(request, token)
    body["value"] = [write(row) for row in page.rows]
    if page.state is not None:
        body["@odata.nextLink"] = next_link(org, request, table, query, {**page.state, "stamp": token.text()})
    return json_answer(body, ("Preference-Applied", _applied(request)), rows=len(page.rows))


def changes(org: Organisation, request: Request, table: Table, query: Query) -> Answer:
    """Answer what changed since the token: changed rows by version, then deletions, pages of 5000."""
    _check(org, request, table, query)
    since = valid_token(org, query.deltatoken or "")
    state = unseal(org, scope_of(table, query), query.skiptoken) if query.skiptoken else None
    until = read_token(str(state["stamp"])) if state else Token(org.store.version, org.now())
    rows, graves = _between(org, table, since.version, until.version)
    done = int(state["offset"]) if state else 0
    size = page_size(org, request)
    entries: list[Row | Tombstone] = [*rows, *graves]
    if state:
        entries = [e for e in entries if _place(e) > (state["kind"], state["version"])]
    entries, rest = entries[:size], entries[size:]
    body: dict[str, Any] = {"@odata.context": context(request, table, query, "/$delta")}
    if not rest:
        body["@odata.deltaLink"] = delta_link(request, until)
    write = renderer(org, table, view_of(request), query.select)
    body["value"] = [_deleted(request, table, e) if isinstance(e, Tombstone) else write(e) for e in entries]
    if rest:
        kind, version = _place(entries[-1])
        page = (state["page"] if state else 0) + 1
        position = {"page": page, "kind": kind, "version": version, "offset": done + len(entries)}
        body["@odata.nextLink"] = next_link(
            org, request, table, query, {**position, "stamp": until.text(), "last": ""}
        )
    return json_answer(body, rows=len(entries))


def count_changes(org: Organisation, request: Request, table: Table, query: Query) -> Answer:
    """Answer `$count?$deltatoken=…`: how many changes wait."""
    _check(org, request, table, query)
    since = valid_token(org, query.deltatoken or "")
    rows, graves = _between(org, table, since.version, org.store.version)
    return Answer(200, str(len(rows) + len(graves)).encode(), content_type="text/plain")


def _place(entry: Row | Tombstone) -> tuple[int, int]:
    return (1, entry.version) if isinstance(entry, Tombstone) else (0, entry["versionnumber"])


def _between(org: Organisation, table: Table, since: int, until: int) -> tuple[list[Row], list[Tombstone]]:
    rows = [r for r in org.store.rows[table.name].values() if since < r["versionnumber"] <= until]
    rows.sort(key=lambda row: row["versionnumber"])
    # A row that is there again, under the same id, is a change and no longer a deletion.
    alive = org.store.rows[table.name]
    graves = {g.id: g for g in org.store.tombstones.get(table.name, ()) if since < g.version <= until}
    return rows, sorted((g for g in graves.values() if g.id not in alive), key=lambda g: g.version)


def _deleted(request: Request, table: Table, grave: Tombstone) -> dict[str, Any]:
    where = f"{request.root}$metadata#{table.set_name}/$deletedEntity"
    return {"@odata.context": where, "id": grave.id, "reason": "deleted"}


def _check(org: Organisation, request: Request, table: Table, query: Query) -> None:
    check_whole_table(org, request.caller, table)
    if not table.tracked:
        # Code and wording are assumed; the page only says that tracking must be on.
        raise refusal.invalid(f"Change tracking is not enabled for entity '{table.name}'.")
    for option in _REFUSED:
        if option in query.texts:
            raise refusal.bad_request(
                f'The "{option}" query parameter isn\'t supported when Change Tracking is enabled.'
            )


def read_token(text: str) -> Token:
    """Read a delta token; raises 400 where it is none (code assumed)."""
    found = _TOKEN.match(text)
    if found is None:
        raise refusal.invalid(f"The delta token '{text}' is not valid.")
    return Token(int(found[1]), datetime.strptime(found[2], _TIME).replace(tzinfo=UTC))


def valid_token(org: Organisation, text: str) -> Token:
    """Read a delta token that is still good: not older than seven days, not of another organisation."""
    token = read_token(text)
    if org.now() - token.at > timedelta(days=org.rules.delta_days):
        raise refusal.expired_token()
    if token.version > org.store.version:
        raise refusal.invalid(f"The delta token '{text}' is not valid.")
    return token


def delta_link(request: Request, token: Token) -> str:
    kept = [
        p
        for p in request.query.split("&")
        if p and not p.lower().replace("%24", "$").startswith(("$skiptoken=", "$deltatoken="))
    ]
    kept.append(f"$deltatoken={quote(token.text(), safe='')}")
    return f"{request.root}{request.path}?{'&'.join(kept)}"


def _applied(request: Request) -> str:
    size = request.prefer.page_size
    return "odata.track-changes" + (f", odata.maxpagesize={size}" if size is not None else "")
