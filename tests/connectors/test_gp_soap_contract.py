"""The GP connector keeps the contract over GP Web Services."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import pytest

pytest.register_assert_rewrite("contract.connector_contract", "contract.identity_contract")
from gp_contract_world import CompanyWorld  # noqa: E402
from gp_soap_place import SoapPlace, soap_place  # noqa: E402

from contract.connector_contract import ConnectorContract, World  # noqa: E402
from contract.identity_contract import IdentityContract  # noqa: E402
from gp365.model.record import Op, Status, Write  # noqa: E402


@dataclass
class GpSoapWorld(CompanyWorld):
    """A company over SOAP, which serves e-mail addresses too."""

    fields: tuple[str, ...] = (*CompanyWorld.fields, "BillTo.Email")
    batch: int = 100

    def lose_next_reply(self) -> None:
        self.place.fault(do="lost_reply", path="(Create|Update)Customer$")


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
