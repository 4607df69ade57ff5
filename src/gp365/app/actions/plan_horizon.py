"""How far back a flow reads what is settled, and the storage that it comes to, for those who decide about the horizon."""

from __future__ import annotations

from gp365.app.actions.outputs import HorizonOut
from gp365.model.contract import HasHorizon
from gp365.sync.job import Job

ROW_BYTES = 3000
"""Storage that one row of an account, card or document with its indexes is assumed to take."""


def horizon_of(job: Job) -> HorizonOut | None:
    """Count what lies within a flow's horizon and beyond it; None where its sides are read whole."""
    for place in job.places:
        held = place.connector.within(place.entity.name) if isinstance(place.connector, HasHorizon) else None
        if held is not None:
            return HorizonOut(
                place.side,
                held.months,
                held.since,
                held.rows,
                held.beyond,
                megabytes(held.rows),
                megabytes(held.rows + held.beyond),
            )
    return None


def megabytes(rows: int) -> float:
    """Return the storage that so many rows are assumed to take."""
    return round(rows * ROW_BYTES / 1_000_000, 2)


def told(one: HorizonOut) -> str:
    """Say what a horizon means, in a sentence."""
    within = (
        f"{one.rows:,} records are open or of the last {one.months} months (since {one.since.isoformat()})"
    )
    more = f"; {one.beyond:,} older ones stay out, {one.in_all_assumed:g} MB with them" if one.beyond else ""
    return f"{within}: about {one.megabytes_assumed:g} MB in Dataverse (assumed){more}"
