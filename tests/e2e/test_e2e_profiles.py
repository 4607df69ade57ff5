"""The first sync under each form of GP's answers, and under both meanings of a PATCH, leaves equal rows."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from e2e_site import Site, World, site, world

PROFILES = ("bare", "payload", "container")
PATCHES = ("replace", "merge")
OTHERS = [pair for pair in product(PROFILES, PATCHES) if pair != (PROFILES[0], PATCHES[0])]


@pytest.mark.parametrize(("profile", "patch"), OTHERS)
def test_the_first_sync_leaves_equal_rows_whatever_form_gp_answers_in(
    tmp_path: Path, undisturbed: World, profile: str, patch: str
) -> None:
    """`undisturbed` is the world of the first profile (a bare object) where a PATCH replaces what it does not name."""
    with site(tmp_path / "site", extra=("--gp-profile", profile, "--gp-patch", patch)) as made:
        assert made.sync().code == 0
        assert world(made) == undisturbed
        edited_and_synced(made)


def edited_and_synced(at: Site) -> None:
    """An edit of one field reaches GP and takes no other field along, in the customer or its addresses."""
    before = at.customer("ADAMPARK0001")
    at.edit_account_of("ADAMPARK0001", telephone1="(317) 555-0199")
    assert at.sync().code == 0
    after = at.customer("ADAMPARK0001")
    moved = {name for name in before if after[name] != before[name]}
    assert moved - {"DEX_ROW_TS", "MODIFDT"} == {"PHONE1"}
    assert at.sync().written == 0
