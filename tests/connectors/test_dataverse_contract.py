"""The Dataverse connector passes the contract: on accounts that people edit, and on the card that we alone write."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

import pytest

pytest.register_assert_rewrite("contract.connector_contract", "contract.identity_contract")

from connectors.dataverse_place import Place, guid, place  # noqa: E402
from contract.connector_contract import ConnectorContract  # noqa: E402
from contract.identity_contract import IdentityContract, IdentityWorld  # noqa: E402
from gp365.connectors.dataverse import DataverseConnector  # noqa: E402
from gp365.model.values import Key, Value  # noqa: E402
from gp365_sim.dataverse.merging import Merging, merge_rows  # noqa: E402
from gp365_sim.dataverse.organisation import Unseen  # noqa: E402
from gp365_sim.dataverse.past import Backup, back_up, restore  # noqa: E402
from gp365_sim.dataverse.platform import PERSON, PERSON_ID  # noqa: E402

EAST, WEST = guid(1, "t"), guid(2, "t")


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with place(tmp_path_factory.mktemp("sales")) as made:
        made.provision()
        unit = made.system.org.business_unit
        for id_, name in ((EAST, "East"), (WEST, "West")):
            values = {"name": name, "teamtype": 0, "_businessunitid_value": unit}
            made.put("teams", id_, {**values, "_administratorid_value": PERSON_ID})
        yield made


@dataclass
class Seller:
    """A user of the organisation beside the connector."""

    place: Place
    entity: str
    set_name: str
    text_field: str
    other_field: str
    fields: Sequence[str]
    refused: Mapping[str, Value]
    batch: int = 200
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    state: tuple[str, Value, Value] = ("statecode", 0, 1)
    owner: tuple[str, Value, Value] = ("ownerid", EAST, WEST)
    tells_hidden: bool = True
    backup: Backup | None = None

    @property
    def connector(self) -> DataverseConnector:
        return self.place.connector

    def new(self, number: int) -> tuple[Key, dict[str, Value]]:
        key = (guid(number, self.entity[0]),)
        if self.entity == "account":
            return key, {"name": f"Firm Number {number:05d}", "creditlimit": Decimal(number)}
        values: dict[str, Value] = {"gp365_company": "TWO", "gp365_numberkey": f"K{number}"}
        return key, values | {"gp365_class": f"Class {number:05d}", "gp365_creditlimit": Decimal(number)}

    def person_create(self, key: Key, values: Mapping[str, Value]) -> Key:
        self.place.clock.advance(1)  # creation stamps have a resolution of one second
        self.place.put(self.set_name, key[0], {name: _plain(value) for name, value in values.items()})
        return key

    def person_put(self, key: Key, values: Mapping[str, Value]) -> None:
        self.place.put(self.set_name, key[0], {name: _plain(value) for name, value in values.items()})

    def person_delete(self, key: Key) -> None:
        self.place.delete(self.set_name, key[0])

    def row(self, key: Key) -> Mapping[str, Value] | None:
        return self.place.row(self.set_name, key[0])

    def lose_next_reply(self) -> None:
        writes = r"(\$batch|CreateMultiple|UpdateMultiple)$"
        self.place.fault(do="lost_reply", method="POST", path=writes)

    def person_merge(self, key: Key, into: Key) -> None:
        org = self.place.system.org
        merge_rows(org, PERSON, Merging(org.schema.tables[self.entity], into[0], key[0], {}))

    def hide(self, key: Key) -> None:
        self.place.system.org.unseen.append(Unseen(row=key[0]))

    def show_all(self) -> None:
        self.place.system.org.unseen.clear()

    def back_up(self) -> None:
        self.backup = back_up(self.place.system.org)

    def put_back(self) -> None:
        assert self.backup is not None
        restore(self.place.system.org, self.backup)


def _plain(value: Value) -> object:
    return str(value) if isinstance(value, Decimal) else value


class TestAccounts(ConnectorContract, IdentityContract):
    @pytest.fixture
    def world(self, sales: Place) -> Iterator[IdentityWorld]:
        fields = ("name", "address1_city", "creditlimit", "creditonhold", "customertypecode", "createdon")
        yield Seller(
            sales,
            "account",
            "accounts",
            "name",
            "address1_city",
            (*fields, "primarycontactid", "primarycontact.fullname"),
            {"customertypecode": 4711},
        )
        sales.system.faults.clear()


class TestCards(ConnectorContract, IdentityContract):
    @pytest.fixture
    def world(self, sales: Place) -> Iterator[IdentityWorld]:
        fields = ("gp365_class", "gp365_terms", "gp365_creditlimit", "gp365_hold", "gp365_creditlimittype")
        yield Seller(
            sales,
            "gp365_customer",
            "gp365_customers",
            "gp365_class",
            "gp365_terms",
            (*fields, "gp365_numberkey", "gp365_accountid"),
            {"gp365_creditlimittype": 4711},
        )
        sales.system.faults.clear()
