"""Record notes: the text that hangs on a row by its note index."""

from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import Fields, add, change, find


def write_note(call: Call, row: Fields, index: str = "NOTEINDX") -> None:
    """Write NOTETEXT under the note index of a row; NULL and blank leave what is there (that blank does is assumed)."""
    text = call.text("NOTETEXT")
    if not text:
        return
    company = call.company
    there = find(company, "SY03900", NOTEINDX=row[index])
    when = {"DATE1": company.today(), "TIME1": company.time_of_day()}
    if there is None:
        add(company, "SY03900", {"NOTEINDX": row[index], "TXTFIELD": text, **when})
    else:
        change(company, "SY03900", there, {"TXTFIELD": text, **when})
