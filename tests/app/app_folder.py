"""A project folder for tests: two memory systems, their entities, and a small flow of its own between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp365.app.assembly import Assembly, assemble
from gp365.app.project import Project, open_project

SETTINGS = """\
schema = 1

[systems.gp]
kind = "memory"
path = "gp.db"
entities = "gp.json"
interid = "TWO"
time_zone = "America/Chicago"
functional_currency = "USD"

[systems.sales]
kind = "memory"
path = "sales.db"
entities = "sales.json"

[pairs.main]
gp = "gp"
sales = "sales"
flows = ["firms"]
"""

FLOW = """\
format: 1
flow: firms
title: Firms on both sides
options: {grade: "B", vip: false}
sides:
  gp: {entity: customer, create: true, update: true, number: {scheme: name, name: name}}
  sales: {entity: account, create: true, update: true, when: "kind === 3"}
first_contact: gp
match:
  - same: [number, name]
  - alone: [number]
fields:
  number: {gp: Number, sales: number, create_only: true}
  kind: {sales: kind, on_create: "3"}
  name: {gp: Name, sales: name, owner: ask}
  country: {gp: Country, sales: country, convert: country, owner: ask}
  contact: {gp: Contact, sales: person, owner: sales, may_clear: false}
  class: {gp: Class, on_create: "lookup('class_by_country', country || '(none)')"}
"""

Entity = dict[str, Any]


def field(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "length": 60, **more}


def gp_entities() -> dict[str, Entity]:
    fields = [
        field("Number", length=15, upper=True, writable="create", code_page="cp1252"),
        field("Name", length=20, required=True, code_page="cp1252"),
        field("Country", code_page="cp1252"),
        field("Contact"),
        field("Mail", readable=False, writable="never"),
        field("Class", length=15, upper=True),
        field("Limit", type="money", length=None, decimals=2),
        field("Mark", length=30),
    ]
    customer = {
        "key": ["Number"],
        "fields": fields,
        "strength": "whole",
        "reference_field": "Mark",
        "renamable": True,
        "all_or_nothing": True,
    }
    return {"customer": customer}


def sales_entities() -> dict[str, Entity]:
    fields = [
        field("id", length=36, writable="create"),
        field("name", required=True),
        field("number", length=20),
        field("country"),
        field("person", writable="never"),
        field("mail"),
        field("kind", type="option", length=None, options={"3": "Customer", "8": "Prospect"}),
        field("limit", type="money", length=None, decimals=2),
        field("seen", writable="never"),
    ]
    account = {
        "key": ["id"],
        "fields": fields,
        "strength": "versioned",
        "feed": "delta",
        "feed_sees_deletions": True,
    }
    return {"account": account}


@dataclass
class Folder:
    """A project folder that tests write into."""

    path: Path

    def settings(self, old: str = "", new: str = "") -> None:
        """Write the settings, with one text replaced."""
        assert old in SETTINGS
        self.write("gp365.toml", SETTINGS.replace(old, new, 1) if old else SETTINGS)

    def flow(self, old: str = "", new: str = "") -> None:
        """Write the flow, with one text replaced."""
        assert old in FLOW
        self.write("flows/firms.yaml", FLOW.replace(old, new, 1) if old else FLOW)

    def entities(self, side: str, entities: Mapping[str, Entity]) -> None:
        self.write(f"{side}.json", json.dumps(entities))

    def write(self, name: str, text: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")

    def open(self) -> Project:
        return open_project(self.path, actor="tester")

    def assembly(self) -> Assembly:
        return assemble(self.open())


def make_folder(path: Path) -> Folder:
    """Make a project folder that is right in everything."""
    folder = Folder(path)
    folder.settings()
    folder.flow()
    folder.entities("gp", gp_entities())
    folder.entities("sales", sales_entities())
    return folder
