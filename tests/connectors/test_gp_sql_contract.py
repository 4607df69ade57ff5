"""The GP connector keeps the contract over SQL Server and eConnect."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

import pytest

pytest.register_assert_rewrite("contract.connector_contract", "contract.identity_contract")
from gp_place import columns_of, our_values  # noqa: E402
from gp_sql_place import SqlPlace, sql_place  # noqa: E402

from contract.connector_contract import ConnectorContract  # noqa: E402
from contract.identity_contract import IdentityContract, IdentityWorld  # noqa: E402
from gp365.connectors.gp import GpConnector  # noqa: E402
from gp365.model.values import Key, Value  # noqa: E402


@dataclass
class GpSqlWorld:
    """A company with its sample data; the tests' customers are numbered CT000001 and on."""

    place: SqlPlace
    entity: str = "customer"
    text_field: str = "CustomerName"
    other_field: str = "Comment1"
    fields: tuple[str, ...] = (
        *("CustomerNumber", "CustomerName", "Comment1", "CreditLimitAmount", "Hold", "CreditLimitType"),
        *("CreatedDate", "PaymentTermsID", "BillTo.City", "BillTo.Zip", "ShipTo.City", "BillTo.Email"),
    )
    refused: Mapping[str, Value] = field(default_factory=lambda: {"PaymentTermsID": "NO SUCH TERMS"})
    batch: int = 200
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
        self.place.fault(do="lost_reply", match="^COMMIT$")

    def person_merge(self, key: Key, into: Key) -> None:
        self.place.system.world.combine(key[0], into[0])

    def hide(self, key: Key) -> None:
        raise AssertionError("SQL Server shows a table or refuses it, never single rows of it")

    def show_all(self) -> None:
        return None

    def back_up(self) -> None:
        self.place.system.world.snapshot("contract")

    def put_back(self) -> None:
        world = self.place.system.world
        world.company.restore(world.image("contract"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


@pytest.fixture
def world(served: SqlPlace) -> GpSqlWorld:
    served.sql.server.orders.clear()
    return GpSqlWorld(served)


class TestGpOverSql(ConnectorContract, IdentityContract):
    """The shared suite; a customer is read by joins and written through procedures."""

    def test_a_hidden_record_is_in_no_list_and_comes_back_unchanged(self, world: IdentityWorld) -> None:
        """No row can be hidden from a login that may read its table; a table that is closed is an error."""
        described = world.connector.entity(world.entity)
        assert all(each.readable for each in described.fields.values())

    def test_nothing_is_written_to_a_hidden_record_and_none_is_made_beside_it(
        self, world: IdentityWorld
    ) -> None:
        """A create meets every record that there is, because none is hidden."""
        key, values = world.new(990_001)
        world.person_create(key, values)
        from gp365.model.record import Op, Status, Write

        [made] = world.connector.write(world.entity, [Write(Op.CREATE, key, values)])
        assert made.status is Status.EXISTS
