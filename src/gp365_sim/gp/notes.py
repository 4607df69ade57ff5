"""Record notes (SY03900): a text under the note index of a card or document.

The column is of type text; GP's own programs pass 8,000 characters at most (varchar(8000) of the eConnect procedures), a
person's note in the client may be longer.
"""

from decimal import Decimal

from gp365_sim.gp.company import Company


def note(company: Company, index: Decimal) -> str:
    """Read the note of an index; blank where there is none."""
    found = company.find("SY03900", index)
    return "" if found is None else str(found["TXTFIELD"])


def write_note(company: Company, index: Decimal, words: str) -> None:
    """Put a text in place of the note of an index; a blank one deletes it."""
    found = company.find("SY03900", index)
    values = {"TXTFIELD": words, "DATE1": company.today(), "TIME1": company.time_of_day()}
    if not words:
        if found is not None:
            company.drop("SY03900", index)
    elif found is None:
        company.add("SY03900", {"NOTEINDX": index, **values})
    else:
        company.change("SY03900", (index,), values)
