"""The GP connector keeps the contract over SQL Server and eConnect."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

pytest.register_assert_rewrite("contract.connector_contract", "contract.identity_contract")
from gp_contract_world import CompanyWorld  # noqa: E402
from gp_sql_place import SqlPlace  # noqa: E402

from contract.connector_contract import ConnectorContract  # noqa: E402
from contract.identity_contract import IdentityContract, IdentityWorld  # noqa: E402
from gp365.model.values import Key  # noqa: E402


@dataclass
class GpSqlWorld(CompanyWorld):
    """A company over SQL, which serves e-mail addresses too."""

    fields: tuple[str, ...] = (*CompanyWorld.fields, "BillTo.Email")

    def lose_next_reply(self) -> None:
        self.place.fault(do="lost_reply", match="^COMMIT$")

    def hide(self, key: Key) -> None:
        raise AssertionError("SQL Server shows a table or refuses it, never single rows of it")

    def show_all(self) -> None:
        return None


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
