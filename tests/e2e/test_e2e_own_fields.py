"""A field that a site adds by a file alone goes both ways; and the rooms that need no wire name know none."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from e2e_site import GP, SALES, Site
from ruamel.yaml import YAML

import gp365

ROOT = Path(gp365.__file__).parent
ROOMS = ("app", "cli", "model", "store", "sync", "wire")
WORDS = frozenset(
    {
        "name",
        "fax",
        "tax",
        "Hold",
        "Inactive",
        "Name",
        "Type",
        "Sequence",
        "has_opportunity",
        "INTERID",
        "ModifiedDate",
        "Company",
        "subject",
    }
)
"""Wire names that are plain words too; two stand in what settings say of themselves."""
ROW = "flow: customers\nfields:\n  remark: {gp: Comment1, sales: description, owner: ask}\n"


def test_a_field_added_by_a_file_alone_goes_both_ways(fresh: Site) -> None:
    assert fresh.sync().code == 0
    folder = fresh.folder / "flows"
    folder.mkdir(exist_ok=True)
    (folder / "customers.yaml").write_text(ROW, "utf-8")
    fresh.edit_account_of("ADAMPARK0001", description="Keep the back door open")
    fresh.put(GP, "RM00101", "AARONFIT0001", COMMENT1="Call before noon")
    fresh.edit_account_of("BLUEYOND0001", description="Thirty signs and many more of them")
    done = fresh.sync()
    assert done.code == 0
    assert fresh.customer("ADAMPARK0001")["COMMENT1"] == "Keep the back door open"
    assert fresh.account_of("AARONFIT0001")["description"] == "Call before noon"
    assert fresh.customer("BLUEYOND0001")["COMMENT1"] == "Thirty signs and many more of"
    assert fresh.sync().written == 0
    fresh.put(GP, "RM00101", "ADAMPARK0001", COMMENT1="Closed on Mondays")
    fresh.edit_account_of("AARONFIT0001", description="Call after noon")
    assert fresh.sync().code == 0
    assert fresh.account_of("ADAMPARK0001")["description"] == "Closed on Mondays"
    assert fresh.customer("AARONFIT0001")["COMMENT1"] == "Call after noon"
    assert fresh.sync().written == 0


def test_a_created_record_takes_the_added_field_along(fresh: Site) -> None:
    (fresh.folder / "flows").mkdir(exist_ok=True)
    (fresh.folder / "flows" / "customers.yaml").write_text(ROW, "utf-8")
    fresh.put(GP, "RM00101", "PLAZAONE0001", COMMENT1="From the first day")
    made = fresh.put(
        SALES,
        "accounts",
        "a9000000-0000-4000-8000-000000000001",
        name="Quartz Optical Group",
        customertypecode=3,
        address1_line1="12 Lake Road",
        address1_city="Milwaukee",
        address1_postalcode="53202",
        address1_country="USA",
        description="Met at the fair",
    )
    assert fresh.sync().code == 0
    assert fresh.account_of("PLAZAONE0001")["description"] == "From the first day"
    assert fresh.account_of("QUARTZOP0001")["accountid"] == made["accountid"]
    assert fresh.customer("QUARTZOP0001")["COMMENT1"] == "Met at the fair"


# the house


def test_no_wire_name_stands_outside_connectors_flows_and_their_data() -> None:
    names = set(wire_names()) - WORDS
    assert {"CustomerNumber", "BillTo.Address1", "RM00101", "CUSTNMBR", "address1_line1"} <= names
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources()
        for line, text in texts(path)
        for name in names.intersection(re.findall(r"[\w.]+", text))
    ]
    assert found == []


def wire_names() -> Iterator[str]:
    """Give GP's field names in every channel, its tables, and the columns that the shipped flows name."""
    for file in (ROOT / "connectors" / "gp" / "entities").glob("*.json"):
        entity = json.loads(file.read_text("utf-8"))
        yield str(entity["table"])
        for name, described in entity["fields"].items():
            yield from (name, described.get("sql") or name, described.get("sba") or name)
    for file in (ROOT / "flows").glob("*.yaml"):
        flow = YAML(typ="safe").load(file.read_text("utf-8"))
        for row in rows(flow.get("fields", {})):
            for side in ("gp", "sales"):
                held = row.get(side) or []
                yield from [held] if isinstance(held, str) else held


def rows(fields: dict[str, dict[str, object]]) -> Iterator[dict[str, object]]:
    for row in fields.values():
        inner = row.get("fields")
        yield from rows(inner) if isinstance(inner, dict) else [row]


def sources() -> list[Path]:
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return list(files)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Give the string constants of a module but for docstrings, which may tell of anything."""
    tree = ast.parse(path.read_text("utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value
