"""Sums that must be zero in GP itself, asked for by doctor: all postings of a ledger in a period balance.

What is added up stands in the entity's data file. A difference is GP's own: nothing of it comes from gp365.
"""

from __future__ import annotations

from decimal import Decimal

from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.queries import Plain
from gp365.connectors.gp.sql.sources import Balanced, Source
from gp365.connectors.gp.sql.text import Statement
from gp365.model.contract import Finding, Level
from gp365.model.values import decimal_text

SHOWN = 5


def unequal(desk: Desk, source: Source, balanced: Balanced) -> list[Row]:
    """Return the sums that are not zero: the fields that they are by, then the amount."""
    decides, values = source.only.get(balanced.sum, ("", frozenset[int]()))
    view = Plain(desk.names, source, [*balanced.by, balanced.sum], also=[decides] if decides else [])
    where = None
    if decides:
        where = Statement(f"{view.column(decides)} IN ({', '.join(f'{each:d}' for each in sorted(values))})")
    return desk.rows(view.unequal(balanced.by, balanced.sum, where))


def finding(desk: Desk, source: Source, balanced: Balanced) -> Finding:
    """Say whether all sums are zero, and name those that are not."""
    rows, name = unequal(desk, source, balanced), source.entity.name
    subject, by = f"sums of {name}", ", ".join(balanced.by)
    if not rows:
        return Finding(
            subject, Level.OK, f"{balanced.sum} adds up to zero for each {by}.", facts={"unequal": []}
        )
    told = [f"{'/'.join(map(_shown, row[:-1]))} by {_shown(row[-1])}" for row in rows]
    text = f"{balanced.sum} does not add up to zero in Dynamics GP itself for {by} {'; '.join(told[:SHOWN])}"
    text += f" and {len(told) - SHOWN} more." if len(told) > SHOWN else "."
    fix = "Let accounting run Reconcile (Financial) in Dynamics GP; gp365 shows what stands there."
    return Finding(subject, Level.WARNING, text, fix, facts={"unequal": told})


def _shown(value: SqlValue) -> str:
    return decimal_text(value) if isinstance(value, Decimal) else str(value).rstrip(" ")
