"""The one query that a site may have proved on a list: records modified on a day or later. Off unless configured.

No query string of the service is public; this form and its day granularity are assumed, after MODIFDT, a date-only
column by CHECK constraint (public schema dump).
"""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import parse_qsl

from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.resources import Resource
from gp365_sim.gp.tables import Row

_SINCE = re.compile(r"ModifiedDate ge (\d{4}-\d{2}-\d{2})(?:T00:00:00)?")


def chosen(rows: Iterator[Row], resource: Resource, query: str, *, proved: bool) -> Iterator[Row]:
    """Keep the rows that a query asks for; any other query, or an installation without it, is refused aloud."""
    asked = parse_qsl(query, keep_blank_values=True)
    found = _SINCE.fullmatch(asked[0][1]) if len(asked) == 1 and asked[0][0] == "$filter" else None
    if not proved or found is None or "MODIFDT" not in resource.table.place:
        raise Refusal("NotModelled", "This query is not modelled here.")
    try:
        since = date.fromisoformat(found[1])
    except ValueError:
        raise Refusal("BadRequest", f"{found[1]} is not a date.") from None
    place = resource.table.place["MODIFDT"]
    return (row for row in rows if _day(row[place]) >= since)


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.min
