"""The registered steps as the organisation's rows say them, and which of them an event concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from .hooks_context import Image
from .hooks_events import STEPS, Event
from .hooks_rules import BOTH, ENDPOINTS, HEADER, IMAGES, KEY, POST, PRE, names_of, settings_of
from .organisation import Organisation
from .store import Row


@dataclass(frozen=True, slots=True)
class Step:
    """One registered step: what it listens to. `columns` are its filtering attributes, none for every change."""

    id: str
    name: str
    endpoint: str
    message: str
    table: str
    columns: tuple[str, ...]
    enabled: bool
    keeps_jobs: bool

    def hears(self, event: Event) -> bool:
        """Tell whether an event is for this step: an Update only if it named one of the filtering attributes.

        A column that was sent counts, changed or not (filtering attributes look at the Target of the message).
        """
        if not self.enabled or (event.message, event.table.name) != (self.message, self.table):
            return False
        known = event.table.columns
        return not self.columns or any(n in known and known[n].wire in event.sent for n in self.columns)


def steps_of(org: Organisation) -> Iterator[Step]:
    """Give every registered step, disabled ones too."""
    for row in org.store.rows[STEPS].values():
        listed = org.store.find("sdkmessagefilter", row["_sdkmessagefilterid_value"])
        message = org.store.find("sdkmessage", row["_sdkmessageid_value"])
        if listed is None or message is None:
            continue
        yield Step(
            id=row["sdkmessageprocessingstepid"],
            name=row.get("name", ""),
            endpoint=row["_eventhandler_value"],
            message=message["name"],
            table=listed["primaryobjecttypecode"],
            columns=names_of(row.get("filteringattributes")),
            enabled=row.get("statecode") == 0,
            keeps_jobs=not row.get("asyncautodelete"),
        )


def images_of(org: Organisation, step: str) -> tuple[Image, ...]:
    """Give the images that a step asks for."""
    rows = (r for r in org.store.rows[IMAGES].values() if r["_sdkmessageprocessingstepid_value"] == step)
    return tuple(_image(row) for row in rows)


def _image(row: Row) -> Image:
    kind, columns = row["imagetype"], names_of(row.get("attributes"))
    return Image(row["entityalias"], columns, kind in {PRE, BOTH}, kind in {POST, BOTH})


def addressed(org: Organisation, endpoint: str) -> tuple[str, dict[str, str]] | None:
    """Give the address of an endpoint with what proves the sender (register-web-hook.md): query pairs or headers."""
    row = org.store.find(ENDPOINTS, endpoint)
    if row is None:
        return None
    url, value = str(row["url"]), str(row["authvalue"])
    if row["authtype"] == KEY:
        return _with(url, (("code", value),)), {}
    if row["authtype"] == HEADER:
        return url, dict(settings_of(value))
    return _with(url, settings_of(value)), {}


def _with(url: str, pairs: tuple[tuple[str, str], ...]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(p for p in (parts.query, urlencode(pairs)) if p)))
