"""The GP connector keeps the contract over GP Web Services."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

import pytest

pytest.register_assert_rewrite("contract.connector_contract", "contract.identity_contract")
from gp_place import columns_of, our_values  # noqa: E402
from gp_soap_place import SoapPlace, soap_place  # noqa: E402

from contract.connector_contract import ConnectorContract, World  # noqa: E402
from contract.identity_contract import IdentityContract  # noqa: E402
from gp365.connectors.gp import GpConnector  # noqa: E402
from gp365.model.record import Op, Status, Write  # noqa: E402
from gp365.model.values import Key, Value  # noqa: E402


@dataclass
class GpSoapWorld:
    """A company with its sample data; the tests' customers are numbered CT000001 and on."""

    place: SoapPlace
    entity: str = "customer"
    text_field: str = "CustomerName"
    other_field: str = "Comment1"
    fields: tuple[str, ...] = (
        *("CustomerNumber", "CustomerName", "Comment1", "CreditLimitAmount", "Hold", "CreditLimitType"),
        *("CreatedDate", "PaymentTermsID", "BillTo.City", "BillTo.Zip", "ShipTo.City", "BillTo.Email"),
    )
    refused: Mapping[str, Value] = field(default_factory=lambda: {"PaymentTermsID": "NO SUCH TERMS"})
    batch: int = 100
    state: tuple[str, Value, Value] = ("Inactive", False, True)
    owner: tuple[str, Value, Value] = ("", None, None)
    tells_hidden: bool = False

    @property
    def connector(self) -> GpConnector:
        return self.place.connector

    def new(self, number: int) -> tuple[Key, dict[str, Value]]:
        name = f"Contract Firm {number:05d}"
        return (f"CT{number:06d}",), {"CustomerName": name, "BillTo.City": "Chicago", "Hold": False}

    def person_create(self, key: Key, values: Mapping[str, Value]) -> Key:
        own = {name: value for name, value in values.items() if "." not in name}
        self.place.customer(key[0], **columns_of("customer", own))
        return key

    def person_put(self, key: Key, values: Mapping[str, Value]) -> None:
        self.place.save("RM00101", key[0], columns_of("customer", values))

    def person_delete(self, key: Key) -> None:
        self.place.delete("RM00101", key[0])

    def row(self, key: Key) -> Mapping[str, Value] | None:
        found = self.place.row("RM00101", key[0])
        return None if found is None else our_values("customer", found)

    def lose_next_reply(self) -> None:
        self.place.fault(do="lost_reply", path="(Create|Update)Customer$")

    def person_merge(self, key: Key, into: Key) -> None:
        self.place.system.world.combine(key[0], into[0])

    def hide(self, key: Key) -> None:
        held = self.place.system.places["TWO"]
        held.security.hide(held.world.company, "RM00101", {"CUSTNMBR": key[0]})

    def show_all(self) -> None:
        self.place.system.places["TWO"].security.clear()

    def back_up(self) -> None:
        self.place.system.world.snapshot("contract")

    def put_back(self) -> None:
        world = self.place.system.world
        world.company.restore(world.image("contract"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SoapPlace]:
    with soap_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


@pytest.fixture
def world(served: SoapPlace) -> GpSoapWorld:
    served.soap.faults.clear()
    return GpSoapWorld(served)


class TestGpOverSoap(ConnectorContract, IdentityContract):
    """The shared suite; a customer is one object with its addresses in it."""

    def test_another_record_under_the_same_key_has_another_birth_mark_and_is_not_overwritten(
        self, world: World
    ) -> None:
        """The service gives no note index and so no birth mark; what the other record holds protects it."""
        key, values = world.new(990_001)
        world.person_create(key, values)
        world.connector.begin_run()
        first = world.connector.get(world.entity, [key], world.fields)[key]
        world.person_delete(key)
        world.person_create(key, {**values, world.text_field: "Another firm"})
        write = Write(Op.UPDATE, key, {world.text_field: "For the first one"}, expected=first.values)
        [outcome] = world.connector.write(world.entity, [write])
        assert first.birth == "" and outcome.status is Status.MOVED
        row = world.row(key)
        assert row is not None and row[world.text_field] == "Another firm"
