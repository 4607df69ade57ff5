"""Whether the settings name the currency that GP keeps the company in, as doctor asks: every balance is shown in it.

Multicurrency Management's setup (MC40000) names the functional currency by an id of the company's own making; the
installation's list of currencies (DYNAMICS..MC40200) gives its ISO code, where somebody has entered it. Column names: a
public schema dump of a Dynamics GP 2013/2015 installation.
"""

from __future__ import annotations

from collections.abc import Iterator

from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.text import mark, select
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error

TABLE, LIST = "MC40000", "MC40200"
SUBJECT = "functional currency"


def functional(desk: Desk) -> Iterator[Finding]:
    """Compare both; nothing where GP says nothing, or does not let us read it."""
    wanted = desk.settings.functional_currency.strip().upper()
    try:
        rows = desk.rows(select(["[g].[FUNLCURR]"], f"[dbo].[{TABLE}]", alias="g"))
        held = next((name for row in rows if (name := str(row[0] or "").rstrip())), "")
        iso = _iso(desk, held) if held else ""
    except Gp365Error as fault:
        text = f"GP's functional currency cannot be read: {fault.message}"
        yield Finding(SUBJECT, Level.NOTE, text, fault.fix, fault.code)
        return
    if not iso:
        return
    facts = {"gp": held, "iso": iso}
    if not wanted or wanted == iso:
        yield Finding(SUBJECT, Level.OK, f"GP keeps the company in {held} ({iso}).", facts=facts)
        return
    text = f"GP keeps the company in {held} ({iso}), the settings say {wanted}: amounts would be shown in a wrong currency."
    fix = f'Write functional_currency = "{iso}" in the settings of the system.'
    yield Finding(SUBJECT, Level.ERROR, text, fix, "settings-invalid", facts)


def _iso(desk: Desk, held: str) -> str:
    listed = select(["[g].[ISOCURRC]"], desk.names.object(LIST, system=True), alias="g")
    listed.add(" WHERE [g].[CURNCYID] = ").add(mark("varchar(128)"), held)
    rows = desk.rows(listed)
    return str(rows[0][0] or "").strip().upper() if rows else ""
