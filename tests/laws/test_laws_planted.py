"""The law has teeth: each of five faults planted in the planner is found within the examples that `make test` plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from laws.judge import LawBroken
from laws.planted import FAULTS
from laws.test_laws_engine import LAW, check


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_planted_fault_is_found_by_the_law(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    FAULTS[fault](monkeypatch)
    with pytest.raises(LawBroken) as found:
        check(tmp_path, LAW, 2, 8)
    print(f"\n{fault}: {str(found.value)[:300]}")
