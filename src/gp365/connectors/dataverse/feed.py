"""The feed of one table: change tracking where it is on, else modifiedon with overlap; its mark says where it stands.

Change tracking refuses $filter, $orderby and $expand and lives 7 days (Microsoft's use-change-tracking page); modifiedon
has second resolution and shows no deletions, so that a poll looks back over the time a transaction may take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gp365.connectors.dataverse.narrow import filtered
from gp365.connectors.dataverse.organisation import Organisation
from gp365.connectors.dataverse.selection import MODIFIED, Selection
from gp365.connectors.dataverse.values import moment, moment_text
from gp365.connectors.dataverse.witness import Witnesses
from gp365.model.errors import Unauthorised
from gp365.wire.odata import DeltaExpired, Page

Mark = Mapping[str, str]
LINK = "link"
WITNESSES = "witnesses"
SINCE = "since"
_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Rows and deleted ids; the last page of a pass carries the mark to go on from."""

    rows: tuple[Mapping[str, Any], ...]
    deleted: tuple[str, ...] = ()
    mark: Mark | None = None


def everything(org: Organisation, chosen: Selection) -> Iterator[FeedPage]:
    """Give every row; with tracking off or not allowed to us, the mark is the newest modifiedon seen."""
    if chosen.table.tracked:
        params = {"$select": chosen.select}
        witnesses = Witnesses(chosen)
        try:
            for page in org.api.track(chosen.table.set_name, params, page_rows=org.sizes.page_rows):
                witnesses.meet(page.rows)
                yield FeedPage(page.rows, (), _mark(page, witnesses))
        except Unauthorised as refused:
            if refused.code != "right-missing":
                raise
            # Tracking needs Read on the whole organisation; what we may see of the table can still be polled.
            org.allow_tracking(chosen.table, allowed=False)
        else:
            org.allow_tracking(chosen.table)
            return
    yield from _polled(org, chosen, None)


def since(org: Organisation, chosen: Selection, mark: Mark) -> Iterator[FeedPage]:
    """Give what changed since the mark; raise DeltaExpired where that can no longer be told."""
    if LINK in mark and not chosen.table.tracked:
        raise DeltaExpired("change tracking is off")
    if LINK in mark:
        yield from _tracked(org, chosen, mark)
    elif chosen.table.tracked and _may_track(org, chosen):
        raise DeltaExpired("change tracking has been switched on since")
    else:
        yield from _polled(org, chosen, moment(mark[SINCE]))


def _tracked(org: Organisation, chosen: Selection, mark: Mark) -> Iterator[FeedPage]:
    witnesses = Witnesses(chosen, mark.get(WITNESSES, ""))
    try:
        for page in org.api.delta(mark[LINK], page_rows=org.sizes.page_rows):
            deleted = tuple(id_.lower() for id_ in page.deleted)
            witnesses.meet(page.rows, deleted)
            if page.delta_link and witnesses.contradict(org, mark[LINK], page.delta_link):
                org.tell_fall()
            yield FeedPage(page.rows, deleted, _mark(page, witnesses))
    except Unauthorised as refused:
        if refused.code != "right-missing":
            raise
        raise DeltaExpired("change tracking is not allowed to us any more") from None


def _mark(page: Page, witnesses: Witnesses) -> Mark | None:
    return {LINK: page.delta_link, WITNESSES: witnesses.text()} if page.delta_link else None


def _may_track(org: Organisation, chosen: Selection) -> bool:
    """Look whether the table may be tracked by us, with a page of one row."""
    try:
        next(
            iter(org.api.track(chosen.table.set_name, {"$select": chosen.table.id_column}, page_rows=1)), None
        )
    except Unauthorised as refused:
        if refused.code != "right-missing":
            raise
        org.allow_tracking(chosen.table, allowed=False)
        return False
    return True


def _polled(org: Organisation, chosen: Selection, last: datetime | None) -> Iterator[FeedPage]:
    newest = last or _BEGINNING
    params = {"$select": chosen.select}
    if last is not None:
        back = timedelta(seconds=org.sizes.modified_overlap_s)
        params |= {"$filter": f"{MODIFIED} ge {moment_text(max(_BEGINNING, last - back))}"}
    asked = filtered(chosen.table, params)
    for page in org.api.pages(chosen.table.set_name, asked, page_rows=org.sizes.page_rows):
        newest = max([newest, *(moment(row[MODIFIED]) for row in page.rows if row.get(MODIFIED))])
        mark = None if page.next_link else {SINCE: moment_text(newest)}
        yield FeedPage(page.rows, (), mark)
