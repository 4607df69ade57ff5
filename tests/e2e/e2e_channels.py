"""Sites whose company of GP is reached over one channel or another, and the door of its SQL server.

A way is a channel's name, or two: read over the first, write over the second ("sql-rest").
"""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e_site import GP, GP_TABLES, SALES, Row, Site, World, site, world

from gp365.connectors.gp.soap import classfile
from gp365.connectors.gp.tables import entity_named
from gp365.model.entity import FieldType

MIXED = ("sql-rest", "rest-sql", "sql-soap", "rest-soap")
MAILS = frozenset({"sql", "soap", "sql-soap"})
"""The ways over which internet addresses are read and written: Service Based Architecture serves none."""
_MIXED = '[systems.gp.channels]\ncustomer = {read = "%s", write = "%s"}\ncustomer_address = {read = "%s", write = "%s"}\n'


def over(way: str, at: Site, **sql: Any) -> None:
    """Rewrite the settings so that GP is reached over this way alone; `sql` are settings of the SQL channel."""
    path = at.folder / "gp365.toml"
    original = at.folder / "gp365.toml.original"
    if not original.exists():
        original.write_text(path.read_text("utf-8"), "utf-8")
    path.write_text(settings_over(original.read_text("utf-8"), way, sql), "utf-8")
    if way == "soap":
        (at.folder / "classes-gp.toml").write_text(classes_of(at), "utf-8")


def classes_of(at: Site) -> str:
    """Give the file of classes that somebody writes who has GP's class window before them."""
    columns = {entity_named("customer_class").fields[name].sql: name for name in classfile.fields()}
    lines = list[str]()
    for row in at.rows(GP, "RM00201"):
        lines += ["", f"[{json.dumps(row['CLASSID'].strip())}]", "approved = true"]
        for column, name in columns.items():
            described = entity_named("customer").fields[name].description
            value = row[column].strip() if isinstance(row[column], str) else row[column]
            if described.type in (FieldType.MONEY, FieldType.DECIMAL):
                lines.append(f"{name} = {value}")
            elif described.type is FieldType.BOOLEAN:
                lines.append(f"{name} = {json.dumps(bool(value))}")
            elif value or not classfile.names_of(name):
                lines.append(f"{name} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def settings_over(text: str, way: str, sql: Mapping[str, Any]) -> str:
    """Return settings with the channels of a way and no others; the tables of SQL and SOAP stand there as comments."""
    read, _, write = way.partition("-")
    channels, block = {read, write or read}, ""
    kept: list[str] = []
    # The first line makes the file the simulators' own: they would write it again.
    for line in text.splitlines()[1:]:
        bare = line.removeprefix("# ")
        table = re.match(r"# \[systems\.gp\.(\w+)\]", line)
        block = table.group(1) if table else block if line.startswith("#") else ""
        if not block:
            rest_address = line.startswith("url = ") and "GPService" in line
            kept += [] if rest_address and "rest" not in channels else [line]
        elif block in channels and (block != "sql" or bare.partition(" ")[0] not in sql):
            kept.append(bare if table or " = " in bare else line)
            if table and block == "sql":
                kept += [f"{word} = {json.dumps(value)}" for word, value in sql.items()]
    found = "\n".join(kept) + "\n"
    return found + _MIXED % (read, write, read, write) if write else found


@contextmanager
def site_over(folder: Path, way: str, *, synced: bool = True, **wishes: Any) -> Generator[Site]:
    """Run the sample data of both worlds with GP over a way; after a first sync unless told otherwise."""
    with site(folder, provisioned=False, **wishes) as made:
        over(way, made)
        assert made.run("provision", "apply").code == 0
        if synced:
            done = made.sync()
            assert done.code == 0, done.out + done.err
        yield made


@dataclass(frozen=True)
class SqlDoor:
    """The control door of a site's SQL server, or of its Web Services."""

    control: str

    @classmethod
    def of(cls, at: Site, way: str = "sql") -> SqlDoor:
        return cls(str(at.started.description["gp"][way]["control"]))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.control}{path}", None if body is None else json.dumps(body).encode(), method=method
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    @property
    def last(self) -> int:
        return int(self.ask("GET", "/requests")["last"])

    def asked(self, after: int) -> list[Row]:
        """Give what was asked since, without what a connection says when it is made and ended."""
        told = self.ask("GET", f"/requests?after={after}")["requests"]
        return [one for one in told if not re.match("SET LOCK_TIMEOUT|COMMIT|ROLLBACK", str(one["text"]))]

    def faults(self, *faults: Mapping[str, Any]) -> None:
        self.ask("POST", "/faults", list(faults))

    def fired(self) -> list[int]:
        """Tell how often each ordered fault was done, and clear them."""
        found = [int(one["fired"]) for one in self.ask("GET", "/faults")["faults"]]
        self.ask("DELETE", "/faults")
        return found

    def login(self, **login: Any) -> None:
        self.ask("POST", "/logins", login)


def told_renamed(at: Site, old: str, new: str) -> None:
    """Decide, as a person, that a customer goes on under another number: where reading gives no birth mark."""
    account = at.card(old)["_gp365_accountid_value"]
    for flow, key in (("customers", account), ("customer_cards", old)):
        (entry,) = [
            one
            for one in at.run("parked", "list").json["entries"]
            if one["flow"] == flow and one["keys"].get("gp") == new
        ]
        decided = at.run("parked", "resolve", str(entry["id"]), "--link", key)
        assert decided.code == 0, decided.out
        assert at.sync().balanced


def whole_world(at: Site) -> World:
    """Give the rows of `world`, GP's internet addresses, and which rows of GP bear our mark."""
    found = world(at)
    mails = [
        {
            name: value
            for name, value in row.items()
            if not name.startswith("DEX_") and not name.startswith("@")
        }
        for row in at.rows(GP, "SY01200")
    ]
    found["SY01200"] = sorted(mails, key=lambda row: json.dumps(row, sort_keys=True))
    found["marked"] = [
        {"table": table, "customer": row["CUSTNMBR"], "address": row["ADRSCODE"]}
        for table in GP_TABLES
        for row in at.rows(GP, table)
        if row["INTEGRATIONID"].strip()
    ]
    return found


def afresh(at: Site, folder: Path, way: str) -> Site:
    """Put the samples back into both running systems, and a new project in front of them."""
    folder.mkdir()
    original = at.folder / "gp365.toml.original"
    for name in ("ca.pem", "sim.json"):
        (folder / name).write_bytes((at.folder / name).read_bytes())
    shutil.copytree(at.folder / "secrets", folder / "secrets")
    source = original if original.exists() else at.folder / "gp365.toml"
    (folder / "gp365.toml").write_text(source.read_text("utf-8"), "utf-8")
    SqlDoor.of(at).ask("POST", "/reset")
    for system in (GP, SALES):
        at.door(system, "POST", "/reset")
    made = Site(folder, at.started)
    over(way, made)
    assert made.run("provision", "apply").code == 0
    return made
