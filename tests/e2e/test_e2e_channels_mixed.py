"""The same days leave the same rows when GP is read over one channel and written over another."""

from __future__ import annotations

import pytest
from e2e_channels import MIXED
from ways_story import Left, differing, lived_over


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    return lived_over(tmp_path_factory.mktemp("ways"), ("rest", *MIXED))


@pytest.mark.parametrize("way", MIXED)
def test_a_mixture_leaves_the_rows_that_rest_leaves_and_parks_the_same(
    left: dict[str, Left], way: str
) -> None:
    """No internet addresses either: one of the two channels does not serve them, so that their row is left out."""
    assert differing(left["rest"].world, left[way].world) == {}
    assert left[way].world["SY01200"] == []
    assert (left[way].parked, left[way].after) == (left["rest"].parked, left["rest"].after)
