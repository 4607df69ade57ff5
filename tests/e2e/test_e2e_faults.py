"""A first sync through lost replies, refusals, cut answers and cut connections ends as one that nothing disturbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from e2e_site import GP, SALES, Site, World, world

Fault = dict[str, Any]

LOST_IN_GP: Sequence[Fault] = (
    {"method": "POST", "path": r"Sales/Customers$", "nth": 2, "do": "lost_reply"},
    {"method": "POST", "path": r"Sales/Customers$", "nth": 5, "do": "lost_reply"},
    {"method": "POST", "path": r"Sales/CustomerAddresses$", "nth": 1, "do": "lost_reply"},
    {"method": "PATCH", "path": r"Sales/Customers\(", "nth": 3, "do": "lost_reply"},
)
LOST_IN_SALES: Sequence[Fault] = (
    {"method": "POST", "path": r"accounts/Microsoft.Dynamics.CRM.CreateMultiple", "do": "lost_reply"},
    {"method": "POST", "path": r"gp365_customers/Microsoft.Dynamics.CRM.CreateMultiple", "do": "lost_reply"},
    {"method": "POST", "path": r"\$batch$", "nth": 4, "times": 2, "do": "lost_reply"},
)
REFUSED_BY_GP: Sequence[Fault] = (
    {"method": "GET", "path": r"Customers\.json$", "do": "503", "retry_after_s": 0},
    {"method": "POST", "path": r"Sales/Customers$", "nth": 2, "do": "503", "retry_after_s": 0},
    {"method": "GET", "path": r"Sales/CustomerAddresses\(", "nth": 3, "do": "503", "retry_after_s": 0},
)
REFUSED_BY_SALES: Sequence[Fault] = (
    {"method": "GET", "path": r"/accounts$", "times": 6, "do": "429", "retry_after_s": 0},
    {"method": "POST", "path": r"CreateMultiple", "times": 6, "do": "429", "retry_after_s": 0},
    {"method": "POST", "path": r"\$batch$", "nth": 4, "times": 3, "do": "503", "retry_after_s": 0},
    {"path": r"/contacts$", "do": "401"},
)
CUT_IN_GP: Sequence[Fault] = (
    {"method": "GET", "path": r"Customers\.json$", "do": "truncate", "after_bytes": 9000},
    {"method": "GET", "path": r"CustomerAddresses\.json$", "do": "reset"},
    {"method": "POST", "path": r"Sales/Customers$", "nth": 3, "do": "truncate", "after_bytes": 40},
    {"method": "PATCH", "path": r"Sales/Customers\(", "nth": 2, "do": "reset"},
)
CUT_IN_SALES: Sequence[Fault] = (
    {"method": "GET", "path": r"/accounts$", "do": "truncate", "after_bytes": 900},
    {"method": "GET", "path": r"/contacts$", "do": "reset"},
    {"method": "POST", "path": r"accounts/.*CreateMultiple", "do": "truncate", "after_bytes": 30},
    {"method": "POST", "path": r"\$batch$", "nth": 4, "do": "reset"},
    {"method": "POST", "path": r"gp365_customers/.*CreateMultiple", "do": "reset"},
)


@pytest.mark.parametrize(
    ("system", "faults"),
    [
        pytest.param(GP, LOST_IN_GP, id="replies lost by GP"),
        pytest.param(SALES, LOST_IN_SALES, id="replies lost by Sales"),
        pytest.param(GP, REFUSED_BY_GP, id="GP is too busy"),
        pytest.param(SALES, REFUSED_BY_SALES, id="Sales is too busy"),
        pytest.param(GP, CUT_IN_GP, id="GP hangs up"),
        pytest.param(SALES, CUT_IN_SALES, id="Sales hangs up"),
    ],
)
def test_nothing_is_doubled_and_nothing_lost(
    fresh: Site, undisturbed: World, system: str, faults: Sequence[Fault]
) -> None:
    fresh.faults(system, *faults)
    done = fresh.sync()
    assert done.code in (0, 1), done.out
    assert done.balanced
    assert all(fresh.fired(system)), "a fault met no request"
    fresh.settled()
    assert world(fresh) == undisturbed
    assert fresh.sync().written == 0
