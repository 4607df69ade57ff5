"""Line breaks of a street in Sales survive an edit in GP, which has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gp365.model.text import clean
from gp365.model.text_breaks import keep_breaks

TEXT = st.text(alphabet="ab \r\n\t", max_size=12)


@pytest.mark.parametrize(
    ("wide", "edit", "whole"),
    [
        ("Dock 5\r\nBuilding 7", "Dock 6 Building 7", "Dock 6\r\nBuilding 7"),
        ("Dock 5\nBuilding 7\nGate B", "Dock 5 Building 7 Gate C", "Dock 5\nBuilding 7\nGate C"),
        ("Dock 5\nBuilding 7", "Dock 5, Building 7", "Dock 5,\nBuilding 7"),
        ("Dock 5\nBuilding 7", "1 Main", None),
        ("Dock 5 Building 7", "Dock 6 Building 7", None),
    ],
)
def test_an_edit_in_gp_keeps_the_line_breaks_that_it_does_not_touch(
    wide: str, edit: str, whole: str | None
) -> None:
    found = keep_breaks(wide, clean(wide), edit)
    assert found == whole or (whole is None and found == edit)


@given(TEXT, TEXT.map(clean))
def test_what_is_kept_is_the_edit_on_one_line(wide: str, edit: str) -> None:
    found = keep_breaks(wide, clean(wide), edit)
    assert found is None or clean(found) == edit
