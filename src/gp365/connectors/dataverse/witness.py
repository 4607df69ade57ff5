"""The newest rows that a delta feed has shown, kept to be looked at again: they tell of a restore that the count hides.

A delta link counts on from a version of the database. Where an environment was restored from a backup and people then
worked on it until the count had passed the link's, the link is taken as if nothing had happened, and whatever was written
below its version is left out for good. What gives it away is that the newest rows do not stand any more as they were
seen, and that the feed says nothing of them. (That versions go back with the database follows from their being its row
versions; assumed. A restore after which nothing of ours had changed since the backup gives no sign: docs/limits.md.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from heapq import nlargest
from typing import Any

from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.selection import Selection

_MOST = 8
_TOKEN_VERSION = re.compile(r"deltatoken=(\d+)(?:%21|!)", re.IGNORECASE)
_ROW_VERSION = re.compile(r'^W/"(\d+)"$')


def versions_in(text: str) -> list[int]:
    """Return the database's versions in the delta links of a text (`919042!08/22/2017 …`; use-change-tracking page)."""
    return [int(found) for found in _TOKEN_VERSION.findall(text)]


class Witnesses:
    """Rows of one table by id and version, the newest that were seen; kept in a mark as text."""

    def __init__(self, chosen: Selection, text: str = "") -> None:
        self._chosen = chosen
        self._kept: dict[str, int] = {}
        for one in text.split():
            id_, _, version = one.partition("=")
            self._kept[id_] = int(version)
        self._silent = dict(self._kept)  # those that the feed has not named yet

    def meet(self, rows: Iterable[Mapping[str, Any]], deleted: Iterable[str] = ()) -> None:
        """Take in a page of the feed."""
        for row in rows:
            id_ = self._chosen.id_of(row)
            self._silent.pop(id_, None)
            version = _version(row)
            if version is not None:
                self._kept[id_] = version
        for id_ in deleted:
            self._silent.pop(id_, None)
            self._kept.pop(id_, None)
        if len(self._kept) > _MOST:
            self._kept = dict(nlargest(_MOST, self._kept.items(), key=lambda one: one[1]))

    def text(self) -> str:
        """Give what the next pass needs."""
        return " ".join(f"{id_}={version}" for id_, version in sorted(self._kept.items()))

    def contradict(self, org: Organisation, before: str, now: str) -> bool:
        """Say whether rows that the feed did not name stand otherwise than it has shown them.

        `before` and `now` are the delta links; where the count has not moved nothing is asked for, else one request.
        """
        until = max(versions_in(now), default=None)
        silent = self._silent
        if until is None or not silent or until in versions_in(before):
            return False
        found = _versions(org, self._chosen, silent)
        # What was written after the feed was read comes with the next one.
        if any(until >= found[id_] != version for id_, version in silent.items() if id_ in found):
            return True
        missing = silent.keys() - found.keys()
        return bool(missing and missing - _deleted_since(org, now))


def _version(row: Mapping[str, Any]) -> int | None:
    found = _ROW_VERSION.match(str(row.get("@odata.etag") or ""))
    return int(found[1]) if found else None


def _versions(org: Organisation, chosen: Selection, ids: Iterable[str]) -> dict[str, int]:
    column = chosen.table.id_column
    params = {"$select": column, "$filter": " or ".join(f"{column} eq {id_}" for id_ in sorted(ids))}
    found: dict[str, int] = {}
    for page in org.api.pages(chosen.table.set_name, params, page_rows=_MOST):
        for row in page.rows:
            found[chosen.id_of(row)] = _version(row) or 0
    return found


def _deleted_since(org: Organisation, link: str) -> set[str]:
    """Give what was deleted in the moments since the feed was read."""
    pages = org.api.delta(link, page_rows=org.sizes.page_rows)
    return {id_.lower() for page in pages for id_ in page.deleted}
