"""The memory connector passes the contract in every write strength, with every feed, in memory and in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

pytest.register_assert_rewrite("contract.connector_contract", "contract.identity_contract")

from contract.connector_contract import ConnectorContract, World  # noqa: E402
from contract.identity_contract import IdentityContract, IdentityWorld  # noqa: E402
from gp365.connectors.memory import MemoryConnector, Snapshot  # noqa: E402
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength  # noqa: E402
from gp365.model.values import Key, Value  # noqa: E402

FIELDS = {
    held.name: held
    for held in (
        FieldDescription("Number", length=15, upper=True),
        FieldDescription("Name", length=64, required=True, code_page="cp1252"),
        FieldDescription("City", length=35),
        FieldDescription("Limit", FieldType.MONEY, decimals=5, minimum=Decimal(0)),
        FieldDescription("Hold", FieldType.BOOLEAN),
        FieldDescription("LimitType", FieldType.OPTION, options={0: "No Credit", 1: "Unlimited"}),
        FieldDescription("Opened", FieldType.DATE),
        FieldDescription("Touched", FieldType.DATETIME),
        FieldDescription("Rank", FieldType.INTEGER),
        FieldDescription("Secret", readable=False),
        FieldDescription("Mark", length=30),
        FieldDescription("Inactive", FieldType.BOOLEAN),
        FieldDescription("Owner", FieldType.REFERENCE, target="team"),
        FieldDescription("MergedInto", FieldType.REFERENCE, target="customer", writable="never"),
    )
}


def customer(strength: Strength, feed: Feed, **chosen: object) -> EntityDescription:
    """Describe the customers of one memory system."""
    return EntityDescription(
        "customer",
        ("Number",),
        FIELDS,
        strength,
        feed,
        reference_field="Mark",
        merged_into="MergedInto",
        **chosen,
    )  # type: ignore[arg-type]


SYSTEMS = {
    "versioned, delta": customer(Strength.VERSIONED, Feed.DELTA, feed_sees_deletions=True),
    "versioned, own keys": customer(Strength.VERSIONED, Feed.DELTA, chosen_keys=False),
    "compared, days": customer(Strength.COMPARED, Feed.MODIFIED, feed_granularity_s=86400.0),
    "reread, no feed": customer(Strength.REREAD, Feed.NONE),
    "whole, lists": customer(Strength.WHOLE, Feed.MODIFIED, all_or_nothing=True, renamable=True),
}


@dataclass
class MemoryWorld:
    """A memory system with its person's door."""

    connector: MemoryConnector
    entity: str = "customer"
    text_field: str = "Name"
    other_field: str = "City"
    fields: Sequence[str] = ("Number", "Name", "City", "Limit", "Hold", "LimitType", "Opened", "Secret")
    batch: int = 200
    state: tuple[str, Value, Value] = ("Inactive", False, True)
    owner: tuple[str, Value, Value] = ("Owner", "East", "West")
    tells_hidden: bool = True
    hidden: list[Key] = field(default_factory=list[Key])
    backup: Snapshot | None = None

    @property
    def refused(self) -> Mapping[str, Value]:
        return {"Name": "株式会社"}

    def new(self, number: int) -> tuple[Key, dict[str, Value]]:
        values: dict[str, Value] = {
            "Name": f"Firm Number {number:05d}",
            "Limit": Decimal(number),
            "Inactive": False,
        }
        chosen = self.connector.entity("customer").chosen_keys
        return (f"FIRM{number:05d}",) if chosen else (), values

    def person_create(self, key: Key, values: Mapping[str, Value]) -> Key:
        drawn = key or (f"{values['Name']}"[-15:],)
        return self.connector.person_put("customer", drawn, values).key

    def person_put(self, key: Key, values: Mapping[str, Value]) -> None:
        self.connector.person_put("customer", key, values)

    def person_delete(self, key: Key) -> None:
        self.connector.person_delete("customer", key)

    def row(self, key: Key) -> Mapping[str, Value] | None:
        return self.connector.rows("customer").get(key)

    def lose_next_reply(self) -> None:
        self.connector.faults.lose_replies(1)

    def person_merge(self, key: Key, into: Key) -> None:
        self.connector.person_merge("customer", key, into)

    def hide(self, key: Key) -> None:
        self.connector.person_hide("customer", key)
        self.hidden.append(key)

    def show_all(self) -> None:
        for key in self.hidden:
            self.connector.person_hide("customer", key, hidden=False)

    def back_up(self) -> None:
        self.backup = self.connector.snapshot()

    def put_back(self) -> None:
        assert self.backup is not None
        self.connector.restore(self.backup)


class TestMemory(ConnectorContract):
    @pytest.fixture(params=SYSTEMS.values(), ids=SYSTEMS.keys())
    def world(self, request: pytest.FixtureRequest) -> World:
        return MemoryWorld(MemoryConnector("memory", {"customer": request.param}, page=7))


class TestIdentityInMemory(IdentityContract):
    @pytest.fixture(params=SYSTEMS.values(), ids=SYSTEMS.keys())
    def world(self, request: pytest.FixtureRequest) -> IdentityWorld:
        return MemoryWorld(MemoryConnector("memory", {"customer": request.param}, page=7))


class TestMemoryInAFile(ConnectorContract, IdentityContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        entities = {"customer": SYSTEMS["compared, days"]}
        connector = MemoryConnector.open(tmp_path / "memory.jsonl", "memory", entities)
        yield MemoryWorld(connector)
        connector.close()
