"""Generated firms: the same seed and index always give the same firm, and no two indexes the same name."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from gp365_sim.samples.words import Words, words

# A large prime that divides none of the lists' lengths: stepping by it visits every combination once.
_STEP = 7_368_787


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm as it would describe itself; `other_name` is how somebody else typed it."""

    name: str
    other_name: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    iso: str
    phone: str
    person: tuple[str, str]


def firm(seed: int, index: int) -> Firm:
    """Return firm number `index` (0 to about 800,000) of a seed."""
    known, chance = words(), Random(seed * 1_000_003 + index)
    name, form = _name(known, seed, index), chance.choice(known.forms)
    canadian = chance.random() < 0.08
    city, state, area, phone_area = chance.choice(known.canadian_cities if canadian else known.cities)
    return Firm(
        name=_with_form(name, form, comma=chance.random() < 0.5),
        other_name=_typed(name, form, known.other_forms[form], chance),
        street=f"{chance.randrange(1, 9900)} {chance.choice(known.streets)}",
        city=city,
        state=state,
        postal_code=_canadian_code(area, chance) if canadian else _zip(area, chance),
        country="Canada" if canadian else "USA",
        iso="CA" if canadian else "US",
        phone=f"{phone_area}555{chance.randrange(10_000):04d}",
        person=(chance.choice(known.people), chance.choice(known.families)),
    )


def _name(known: Words, seed: int, index: int) -> str:
    place = (index * _STEP + seed * 104_729) % known.names
    place, family = divmod(place, len(known.families))
    trade, land = divmod(place, len(known.lands))
    return f"{known.families[family]} {known.lands[land]} {known.trades[trade]}"


def _with_form(name: str, form: str, *, comma: bool) -> str:
    return f"{name}{',' if comma and form else ''} {form}".rstrip()


def _typed(name: str, form: str, others: Sequence[str], chance: Random) -> str:
    """Spell a firm's name as another person would: case, blanks, punctuation, legal form."""
    way = chance.randrange(6)
    if way == 0:
        return _with_form(name, form, comma=False)
    if way == 1:
        return _with_form(name, form, comma=True).upper()
    if way == 2:
        return _with_form(name, chance.choice(others), comma=chance.random() < 0.5)
    if way == 3:
        return _with_form(name.replace(" ", "  ", 1), form, comma=False)
    if way == 4:
        return _with_form(name.replace(" ", "-", 1), form, comma=False)
    return _with_form(name, form, comma=True).lower()


def _zip(area: str, chance: Random) -> str:
    return f"{area}{chance.randrange(1, 100):02d}-{chance.randrange(1, 10_000):04d}"


def _canadian_code(area: str, chance: Random) -> str:
    letters = "ABCEGHJKLMNPRSTVWXYZ"
    digit, last = chance.randrange(10), chance.randrange(10)
    return f"{area}{chance.choice(letters)} {digit}{chance.choice(letters)}{last}"
