"""The world of the crash proof: firms on both sides, people who edit them, and what goes wrong on the wire.

No value is ever given twice. Each edit is noted with what stood there before, so that the judge knows which values a
person has seen and replaced, and which nobody may lose.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from e2e.e2e_site import GP, SALES, Row, Site, site

UNITS = ("name", "street", "phone", "ship", "limit")
TWO_SIDED = ("name", "street", "phone", "ship")
FLOWS = """flow: {name}
guards: {{creates: {{count: 0, percent: 0}}, updates: {{count: 0, percent: 0}}, loop_writes: 1000}}
"""
TAG_ROW = """fields:
  tag: {gp: UserDefined2, sales: websiteurl, owner: ask}
"""
SETTINGS = """
[worker]
page = {page}

[verify]
share = {read_back}
"""
# Of the writes, so many are read back, also those that a run left which was killed before it had read them back.
READ_BACK = float(os.environ.get("CRASH_READ_BACK", "0.05"))
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


@dataclass
class Held:
    """A firm as both systems show it: its rows by side, and the values of its units."""

    keys: dict[str, list[str]] = field(default_factory=lambda: {GP: list[str](), SALES: list[str]()})
    values: dict[str, dict[str, str]] = field(default_factory=lambda: {GP: {}, SALES: {}})
    retired: dict[str, bool] = field(default_factory=dict[str, bool])
    currency: str | None = None


@dataclass
class Snapshot:
    """All tagged firms at a moment, the cards by number, and how many rows each side has."""

    firms: dict[str, Held]
    cards: dict[str, list[Row]]
    rows: dict[str, int]


@dataclass
class CrashWorld:
    """A site with its people; `ahead_s` moves all clocks.

    `live` are values that nobody has replaced, by firm and unit; `touched` firms somebody has edited since the last
    judgement, `meeting` those that people entered on both sides since then (`both`: they do). `undone` are fields that
    were taken back, with what each side holds since; `retired` firms that were created and taken back, with the side
    that was created.
    """

    site: Site
    random: Random
    ahead_s: float = 0.0
    serial: Iterator[int] = field(default_factory=lambda: count(1))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    live: dict[tuple[str, str], set[str]] = field(default_factory=dict[tuple[str, str], set[str]])
    edits: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    touched: set[str] = field(default_factory=set[str])
    meeting: set[str] = field(default_factory=set[str])
    undone: dict[tuple[str, str], dict[str, str]] = field(
        default_factory=dict[tuple[str, str], dict[str, str]]
    )
    retired: dict[str, str] = field(default_factory=dict[str, str])
    left_alone: set[str] = field(default_factory=set[str])
    first_run: str = ""
    both: bool = True

    # looking

    def look(self) -> Snapshot:
        """Read both systems as they stand."""
        customers, accounts = self.site.rows(GP, "RM00101"), self.site.rows(SALES, "accounts")
        addresses = {(_plain(r["CUSTNMBR"]), _plain(r["ADRSCODE"])): r for r in self.site.rows(GP, "RM00102")}
        cards = self.site.rows(SALES, "gp365_customers")
        firms: dict[str, Held] = {}
        for row in customers:
            held = firms.setdefault(_plain(row["USERDEF2"]), Held())
            held.keys[GP].append(_plain(row["CUSTNMBR"]))
            held.values[GP] = _of_customer(row, addresses)
            held.retired[GP] = bool(row["HOLD"]) and bool(row["INACTIVE"])
        for row in accounts:
            held = firms.setdefault(_plain(row.get("websiteurl")), Held())
            held.keys[SALES].append(row["accountid"])
            held.values[SALES] = _of_account(row)
            held.currency = row.get("_transactioncurrencyid_value")
            held.retired[SALES] = row.get("statecode") == 1
        by_number: dict[str, list[Row]] = {}
        for card in cards:
            by_number.setdefault(card["gp365_number"], []).append(card)
        return Snapshot(firms, by_number, {GP: len(customers), SALES: len(accounts)})

    # people

    def new_firm(self, where: tuple[str, ...]) -> str:
        """A person enters a firm on a side, or one on each."""
        number = next(self.numbers)
        tag, held = f"t{number:05d}", {unit: self._value(unit) for unit in TWO_SIDED}
        zip_code = f"{10000 + number * 7 % 89999}"
        if GP in where:
            self._put(GP, "RM00101", f"C{number:06d}", _customer(tag, held, zip_code))
        if SALES in where:
            self._put(
                SALES, "accounts", f"00000000-0000-4000-8000-{number:012d}", _account(tag, held, zip_code)
            )
        for unit in TWO_SIDED if SALES in where else ("name", "street", "phone"):
            self.live[tag, unit] = {held[unit]}
        self.edits["new"] += 1
        self.touched.add(tag)
        if len(where) > 1:
            self.meeting.add(tag)  # until they are linked, one side wins by the rule of the first contact
        return tag

    def edit(self, seen: Snapshot, tag: str, unit: str, side: str) -> str:
        """A person changes a unit of a firm on one side, knowing what stands there."""
        held = seen.firms[tag]
        value = self._value(unit)
        self.undone.pop((tag, unit), None)
        self._write(held, side, unit, value)
        live = self.live.setdefault((tag, unit), set())
        live.discard(held.values[side].get(unit, ""))
        if unit == "limit":
            live.clear()
        live.add(value)
        held.values[side][unit] = value
        self.edits[side] += 1
        self.touched.add(tag)
        return value

    def agree(self, seen: Snapshot, tag: str, unit: str) -> None:
        """People write the same on both sides."""
        value = self._value(unit)
        for side in (GP, SALES):
            self._write(seen.firms[tag], side, unit, value)
            seen.firms[tag].values[side][unit] = value
        self.live[tag, unit] = {value}
        self.edits["agreed"] += 1
        self.touched.add(tag)

    def _value(self, unit: str) -> str:
        number = next(self.serial)
        if unit == "phone":
            return f"{2_000_000_000 + number * 31:010d}"
        if unit == "limit":
            return f"{number}.25"
        words = " ".join(_word(number, part) for part in (1, 2))
        return f"{words} {number}" if unit == "name" else f"{number} {words} St"

    def _write(self, held: Held, side: str, unit: str, value: str) -> None:
        key = held.keys[side][0]
        if side == SALES:
            column = {
                "name": "name",
                "street": "address1_line1",
                "phone": "telephone1",
                "ship": "address2_line1",
            }
            self._put(SALES, "accounts", key, {column[unit]: value})
        elif unit == "name":
            self._put(GP, "RM00101", key, {"CUSTNAME": value})
        elif unit == "limit":
            self._put(GP, "RM00101", key, {"CRLMTTYP": 2, "CRLMTAMT": value})
        else:
            row = self.site.row(GP, "RM00101", key)
            code = _plain(row["PRSTADCD" if unit == "ship" else "PRBTADCD"]) or _plain(row["ADRSCODE"])
            column = {"street": "ADDRESS1", "ship": "ADDRESS1", "phone": "PHONE1"}[unit]
            filled = value + "0000" if unit == "phone" else value
            self._put(GP, "RM00102", f"{key};{code}", {column: filled})

    def _put(self, system: str, table: str, key: str, values: dict[str, Any]) -> None:
        self.site.put(system, table, key, **values)

    # what goes wrong, and time

    def disturb(self, most: int) -> None:
        """Order up to so many faults, any of them at any of the next requests."""
        for _ in range(self.random.randint(0, most)):
            system = self.random.choice((GP, SALES))
            self.site.faults(system, self._fault(system))

    def slow_down(self, seconds: float) -> None:
        """Let every write take a little, as those of real systems do."""
        for system, path in ((GP, r"Sales/Customer"), (SALES, r"batch|Multiple")):
            order = {"do": "slow", "seconds": seconds, "times": 0, "path": path}
            self.site.faults(system, *({**order, "method": method} for method in ("POST", "PATCH")))

    def _fault(self, system: str) -> dict[str, Any]:
        do = self.random.choice(("lost_reply", "lost_reply", "429", "503", "reset", "truncate", "slow"))
        writes = r"Sales/Customer" if system == GP else r"batch|Multiple|accounts|gp365_customers"
        wrong: dict[str, Any] = {"do": do, "nth": self.random.randint(1, 8), "path": writes}
        if system == GP and self.random.random() < 0.5:
            wrong["method"] = self.random.choice(("POST", "PATCH"))
        if do in ("429", "503"):
            wrong |= {"retry_after_s": self.random.choice((0, 1)), "times": self.random.randint(1, 2)}
        if do == "slow":
            wrong["seconds"] = self.random.choice((0.2, 0.8))
        if do == "truncate":
            wrong["after_bytes"] = self.random.randint(0, 200)
        return wrong

    def calm(self) -> None:
        """End the faults; count those that met a request."""
        for system in (GP, SALES):
            for one in self.site.door(system, "GET", "/faults")["faults"]:
                self.faults[one["do"]] += int(one["fired"]) if one["times"] else 0
            self.site.door(system, "DELETE", "/faults")

    def later(self, seconds: float) -> None:
        """Let time pass everywhere."""
        self.ahead_s += seconds
        for system in (GP, SALES):
            self.site.door(system, "POST", "/clock", {"advance_s": seconds})


@contextmanager
def crash_world(
    folder: Path, seed: int, *, page: int, firms: tuple[int, int, int] = (0, 0, 0), more: str = ""
) -> Iterator[CrashWorld]:
    """Run simulators with so many firms in GP alone, in Sales alone, and on both; never synced."""
    with site(folder / "site", customers=0, accounts=0, seed=seed) as made:
        flows = made.folder / "flows"
        flows.mkdir(exist_ok=True)
        (flows / "customers.yaml").write_text(FLOWS.format(name="customers") + TAG_ROW + more, "utf-8")
        (flows / "customer_cards.yaml").write_text(FLOWS.format(name="customer_cards"), "utf-8")
        with (made.folder / "gp365.toml").open("a", encoding="utf-8") as out:
            out.write(SETTINGS.format(page=page, read_back=READ_BACK))
        world = CrashWorld(made, Random(seed), both=bool(firms[2]))
        for where, number in zip(((GP,), (SALES,), (GP, SALES)), firms, strict=True):
            for _ in range(number):
                world.new_firm(where)
        yield world


def _word(number: int, part: int) -> str:
    """Make a word that is like no other: names that are alike would be shown to a person."""
    spell = Random(number * 2 + part)
    return "".join(spell.choice(_SYLLABLES) for _ in range(4)).capitalize()


def _customer(tag: str, held: dict[str, str], zip_code: str) -> dict[str, Any]:
    return {
        "CUSTNAME": held["name"],
        "CUSTCLAS": "USA-ILMO-T1",
        "ADRSCODE": "PRIMARY",
        "ADDRESS1": held["street"],
        "CITY": "Chicago",
        "STATE": "IL",
        "ZIP": zip_code,
        "COUNTRY": "USA",
        "PHONE1": held["phone"] + "0000",
        "USERDEF2": tag,
    }


def _account(tag: str, held: dict[str, str], zip_code: str) -> dict[str, Any]:
    return {
        "name": held["name"],
        "customertypecode": 3,
        "address1_line1": held["street"],
        "address1_city": "Chicago",
        "address1_stateorprovince": "IL",
        "address1_postalcode": zip_code,
        "address1_country": "USA",
        "address2_line1": held["ship"],
        "address2_city": "Chicago",
        "telephone1": held["phone"],
        "websiteurl": tag,
    }


def _of_customer(row: Row, addresses: dict[tuple[str, str], Row]) -> dict[str, str]:
    number = _plain(row["CUSTNMBR"])
    bill = addresses.get((number, _plain(row["PRBTADCD"]) or _plain(row["ADRSCODE"])), row)
    found = {
        "name": _plain(row["CUSTNAME"]),
        "street": _plain(bill["ADDRESS1"]),
        "phone": _digits(bill["PHONE1"]),
    }
    if (code := _plain(row["PRSTADCD"])) and code != (_plain(row["PRBTADCD"]) or _plain(row["ADRSCODE"])):
        found["ship"] = _plain(addresses.get((number, code), {}).get("ADDRESS1"))
    if row["CRLMTTYP"] == 2:
        found["limit"] = _amount(row["CRLMTAMT"])
    return found


def _of_account(row: Row) -> dict[str, str]:
    found = {
        "name": _plain(row.get("name")),
        "street": _plain(row.get("address1_line1")),
        "phone": _digits(row.get("telephone1")),
    }
    if _plain(row.get("address2_line1")):
        found["ship"] = _plain(row.get("address2_line1"))
    if row.get("creditlimit") is not None and float(row["creditlimit"]):
        found["limit"] = _amount(row["creditlimit"])
    return found


def _plain(value: Any) -> str:
    return str(value or "").strip()


def _digits(value: Any) -> str:
    return "".join(char for char in str(value or "") if char.isdigit())[:10]


def _amount(value: Any) -> str:
    return f"{float(value):.2f}"
