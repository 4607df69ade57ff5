"""How alike two texts are, and which blocks two records share."""

from __future__ import annotations

import pytest

from gp365.model.matching import PHONE, POSTAL, STREET, TOWN
from gp365.model.similar import alike, far_apart, names_alike, outlines, streets_alike
from gp365.model.similar_blocks import blocks_of
from gp365.model.similar_words import name_words


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Contoso Mfg Intl", "Contoso Manufacturing International, Inc."),
        ("Aaron Fitz Electrical", "Fitz, Aaron Elec."),
        ("Blue Star Foods", "Bluestar Foods LLC"),
        ("Smith Bros. Services", "Smith Brothers Service"),
        ("Müller & Söhne GmbH", "MULLER AND SOHNE"),
        ("Art's Delicatessen", "Arts Deli"),
    ],
)
def test_a_name_in_another_dress_is_the_same_name(mine: str, theirs: str) -> None:
    assert names_alike(mine, theirs) == names_alike(theirs, mine) == 1.0


@pytest.mark.parametrize(
    ("mine", "theirs", "least"),
    [
        ("Lakeside Dental Supply", "Lakeside Dental Suply", 0.9),
        ("Lakeside Dental Supply", "Lakseide Dental Supplly", 0.85),
        ("International Business Machines", "IBM", 0.9),
        ("Dalston Plumbing", "Dalston Plumbing Services", 0.85),
        ("Dalston Plumbing of Chicago", "Dalston Plumbing", 0.7),
    ],
)
def test_slips_and_words_more_or_less_are_nearly_the_name(mine: str, theirs: str, least: float) -> None:
    assert least <= names_alike(mine, theirs) < 1.0


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Lakeside Plumbing", "Riverside Plumbing"),
        ("Store 1", "Store 2"),
        ("Harper Dental Supply", "Nolan Dental Supply"),
        ("First National Bank", "Second Street Bakery"),
    ],
)
def test_firms_of_one_trade_are_not_alike(mine: str, theirs: str) -> None:
    assert names_alike(mine, theirs) < 0.7


def test_a_part_of_a_name_is_not_the_name() -> None:
    assert names_alike("Lakeside", "Lakeside Harper Nolan Trust") < 0.7


def test_a_word_that_many_firms_share_weighs_less() -> None:
    weights = {"lakeside": 0.3, "harper": 1.0, "nolan": 1.0}
    common = names_alike("Lakeside Harper", "Lakeside Nolan", weights.__getitem__)
    assert common < names_alike("Lakeside Harper", "Lakeside Nolan")


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("100 N. Main St.", "100 North Main Street"),
        ("100 Main St", "100 Main Street, Chicago"),
        ("Accounts Payable, 100 Main St", "100 Main Street"),
        ("100 Main St Ste 5", "100 Main Street"),
    ],
)
def test_the_same_house_is_found_however_it_is_written(mine: str, theirs: str) -> None:
    assert streets_alike(mine, theirs) == 1.0


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("100 Main St", "102 Main St"),
        ("100 Main St Ste 5", "100 Main St Ste 7"),
        ("100 Main St", "100 Oak St"),
    ],
)
def test_another_number_is_another_house(mine: str, theirs: str) -> None:
    assert streets_alike(mine, theirs) < 0.9


def test_phones_are_compared_by_their_digits_without_extension_and_country() -> None:
    assert alike(PHONE, "55555501000000", "+1 (555) 555-0100 x 12") == 1.0
    assert alike(PHONE, "555-0100", "(312) 555-0100") == 0.9
    assert alike(PHONE, "3125550100", "3125550101") < 1.0


def test_postal_codes_and_towns_are_compared_as_people_write_them() -> None:
    assert alike(POSTAL, "60603-0776", "606030776") == 1.0
    assert alike(POSTAL, "60603", "60604") < 1.0
    assert alike(TOWN, "St. Paul", "ST PAUL") == 1.0
    assert alike(TOWN, "Chicago", "Chicgao") > 0.7
    assert alike(STREET, "1 Oak Ave", "1 OAK AVENUE") == 1.0


def test_a_name_that_is_nothing_but_fillers_keeps_its_words() -> None:
    assert name_words("The & Of") == ("the", "of") or name_words("The & Of") == ("of",)
    assert name_words("Inc") == ("inc",)


def test_outlines_that_are_far_apart_are_told_at_a_glance() -> None:
    others = [outlines(name)[0] for name in ("Lakeside Dental Suply", "Zeta Foods")]
    assert far_apart(outlines("Lakeside Dental Supply")[0], others, 0.55) == [False, True]


KINDS = ("", POSTAL, STREET, PHONE)
FIRM = ("Dalston Plumbing Services", "60603", "100 N Main St", "(312) 555-0102")


@pytest.mark.parametrize(
    "other",
    [
        ("Dalton Plumbing Services", "", "", ""),
        ("Plumbing Dalston", "", "", ""),
        ("Dalston Plubming", "60603", "", ""),
        ("Daltson Plubming Svcs", "", "100 North Main Street", ""),
        ("D. Plumbing", "", "", "+1 312 555 0102"),
        ("DALSTON PLUMBING SVCS., INC.", "", "Suite 4", ""),
    ],
)
def test_every_usual_slip_leaves_a_block_standing(other: tuple[str, ...]) -> None:
    assert set(blocks_of(KINDS, FIRM)) & set(blocks_of(KINDS, other))


def test_strangers_share_no_block() -> None:
    stranger = ("Zeta Foods", "10001", "7 Oak Ave", "(212) 555-0199")
    assert not set(blocks_of(KINDS, FIRM)) & set(blocks_of(KINDS, stranger))
    assert len(blocks_of(KINDS, FIRM)) < 16


def test_an_empty_card_has_no_blocks() -> None:
    assert blocks_of(KINDS, ("", "", "", "")) == []
