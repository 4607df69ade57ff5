"""The GP connector keeps the contract, under every response profile and both readings of PATCH."""

from __future__ import annotations

from collections.abc import Generator

import pytest

pytest.register_assert_rewrite("contract.connector_contract", "contract.identity_contract")
from gp_contract_world import CompanyWorld  # noqa: E402
from gp_place import Place, place  # noqa: E402

from contract.connector_contract import ConnectorContract  # noqa: E402
from contract.identity_contract import IdentityContract  # noqa: E402
from gp365_sim.gp.app import Manner  # noqa: E402


class GpWorld(CompanyWorld):
    """A company over REST."""

    def lose_next_reply(self) -> None:
        for method in ("POST", "PATCH"):
            self.place.fault(do="lost_reply", method=method)


MANNERS = {
    "bare": Manner(profile="bare", patch="replace"),
    "payload": Manner(profile="payload", patch="merge"),
    "container": Manner(profile="container", patch="replace", padded=False),
}


@pytest.fixture(scope="module", params=MANNERS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with place(tmp_path_factory.mktemp("gp"), MANNERS[request.param]) as found:
        yield found


@pytest.fixture
def world(served: Place) -> GpWorld:
    served.system.faults.clear()
    return GpWorld(served)


class TestGpOverRest(ConnectorContract, IdentityContract):
    """The shared suite; a customer is read from two lists and written through one."""
