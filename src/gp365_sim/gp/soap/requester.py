"""Requester triggers: what is written, changed and deleted goes into eConnect_Out, from where GetChanged…KeyList reads.

The mechanism is eConnect's Transaction Requester (Microsoft Learn aa973839, ff623993); document types as in the names of
the procedures taRequesterWSChanged…; the codes of ACTION are assumed, and so is that a site without the triggers
answers with empty lists.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from gp365_sim.gp.company import Company
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells
from gp365_sim.gp.sqltypes import EMPTY_STAMP, Value
from gp365_sim.gp.tables import Row

DOCUMENTS = {
    "RM00101": "WSChangedCustomer",
    "RM00102": "WSChangedCustomerAddress",
    "RM00301": "WSChangedSalesperson",
    "IV00101": "WSChangedItem",
}
ACTIONS = {"insert": (0, "Created"), "update": (1, "Updated"), "delete": (2, "Deleted")}
_WORDS = dict(ACTIONS.values())


def enable(company: Company) -> None:
    """Make the triggers of a company; what was written before stays unseen."""
    _set_up(company)
    if _trigger not in company.triggers:
        company.triggers.append(_trigger)


def disable(company: Company) -> None:
    """Drop the triggers of a company; what they wrote stays."""
    if _trigger in company.triggers:
        company.triggers.remove(_trigger)


def _set_up(company: Company) -> None:
    for table, document in DOCUMENTS.items():
        if company.find("eConnect_Out_Setup", document, 1, table) is not None:
            continue
        keys = company[table].table.key
        indexes = {f"INDEX{number}": name for number, name in enumerate(keys, 1)}
        flags = {"INSERT_ENABLED": 1, "UPDATE_ENABLED": 1, "DELETE_ENABLED": 1, "MAIN": 1}
        row = {"DOCTYPE": document, "TABLENAME": table, "INDEXCNT": len(keys)}
        company.add("eConnect_Out_Setup", {**row, **flags, **indexes})


def _trigger(company: Company, act: str, table: str, row: Row, at: datetime) -> None:
    """Write down one change; the setup is made again where a reset has emptied it."""
    document = DOCUMENTS.get(table)
    if document is None:
        return
    _set_up(company)
    definition = company[table].table
    values: dict[str, Value] = {
        "DOCTYPE": document,
        "TABLENAME": table,
        "ACTION": ACTIONS[act][0],
        "DATE1": at,
        "DBNAME": company.identity.interid,
        **{f"INDEX{place}": definition.text(row, name) for place, name in enumerate(definition.key, 1)},
    }
    out = company["eConnect_Out"].table
    if out.key_of(out.changed(out.blank, values)) not in company["eConnect_Out"]:
        company.insert("eConnect_Out", values, at)


def changes(company: Company, table: str) -> Iterator[Cells]:
    """Give the last change of every key of a table: its key columns, ACTION in words, and the moment."""
    last: dict[tuple[str, ...], Cells] = {}
    keys = company[table].table.key
    for row in sorted(company.rows("eConnect_Out"), key=_order):
        if row["DOCTYPE"] == DOCUMENTS[table]:
            parts = tuple(str(row[f"INDEX{place}"]) for place, _ in enumerate(keys, 1))
            last.pop(parts, None)
            last[parts] = {
                **dict(zip(keys, parts, strict=True)),
                "ACTION": _WORDS[_integer(row["ACTION"])],
                "DATE1": row["DATE1"],
            }
    return iter(last.values())


def _order(row: Cells) -> tuple[datetime, int]:
    at = row["DATE1"]
    return (at if isinstance(at, datetime) else EMPTY_STAMP).astimezone(UTC), _integer(row["DEX_ROW_ID"])


def _integer(value: Value) -> int:
    assert isinstance(value, int)
    return value


def changed_key(row: Cells) -> Obj:
    """Give what every changed key says: the action, when, and by whom (not known, left out)."""
    return {"Action": row["ACTION"], "LastModifiedDate": row["DATE1"]}
