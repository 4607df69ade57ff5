"""Firms that never were, as two systems hold them: who is whose partner is known, and how each copy was spoilt.

Everything follows from the seed. The words are invented or of everyday use; no firm is meant.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

# fmt: off
_HEADS = ("Al", "Ban", "Bar", "Bel", "Ber", "Bran", "Cal", "Car", "Cas", "Dal", "Dan", "Del", "Dor", "El", "Far", "Fen",
          "Fin", "Gal", "Gar", "Gil", "Gran", "Hal", "Han", "Har", "Hol", "Jan", "Jar", "Kal", "Kel", "Ken", "Kor",
          "Lan", "Lar", "Lin", "Lor", "Mal", "Man", "Mar", "Mer", "Mon", "Nor", "Ol", "Or", "Pal", "Par", "Per", "Quin",
          "Ral", "Ran", "Rom", "Ros", "Sal", "San", "Sel", "Ser", "Sher", "Stan", "Tal", "Tan", "Tor", "Val", "Ver",
          "Wal", "War", "Wil", "Win", "Yor", "Zan")
_MIDS = ("", "", "a", "e", "i", "o", "der", "ing", "man", "ber", "ro", "ti", "la", "ve", "mi", "ne", "do", "ka", "su")
_TAILS = ("by", "dale", "den", "don", "er", "field", "ford", "gan", "ham", "ic", "ini", "ka", "ker", "land", "ler", "ley",
          "lin", "low", "man", "mer", "mont", "ner", "nett", "ney", "quist", "ro", "sen", "ski", "son", "stad", "ster",
          "ston", "ter", "ton", "vale", "vers", "vich", "way", "well", "wick", "wood", "worth", "zer")
_BRANDS = ("Apex", "Summit", "Pioneer", "Heritage", "Liberty", "Premier", "Golden", "Silver", "Blue Ridge", "Lakeside",
           "Riverside", "Evergreen", "Northstar", "Sunrise", "Patriot", "Cardinal", "Keystone", "Cornerstone", "Allied",
           "United", "National", "American", "Midwest", "Pacific", "Atlantic", "Central", "First", "Metro", "Coastal",
           "Precision", "Quality", "Reliable", "Advanced", "Superior", "Standard", "Global", "Universal", "Dynamic")
_TRADES = ("Plumbing", "Electric", "Dental Supply", "Office Supply", "Manufacturing", "Construction", "Insurance Agency",
           "Auto Parts", "Freight", "Foods", "Machine Works", "Medical Center", "Furniture", "Printing", "Consulting",
           "Engineering", "Distributors", "Hardware", "Landscaping", "Roofing", "Steel Fabricators", "Packaging",
           "Technology", "Software Services", "Equipment Rental", "Building Materials", "Travel", "Farms",
           "Heating and Cooling", "Pharmacy", "Veterinary Clinic", "Transportation", "Real Estate", "Laboratories",
           "Electronics", "Industries", "International", "Security Systems", "Water Treatment", "Dairy")
_KINDS = ("", "", "", " Group", " Company", " Services", " Associates", " Brothers", " Partners", " Holdings")
_FORMS = ("", ", Inc.", " Inc", " LLC", ", L.L.C.", " Corp.", " Corporation", " Ltd", ", Ltd.", " Co.", " Incorporated",
          " Limited", " & Co", " LP")
_STREETS = ("Main", "Oak", "Maple", "Washington", "Lake", "Hill", "Park", "Cedar", "Elm", "Pine", "Church", "Mill",
            "Industrial", "Commerce", "River", "Spring", "Highland", "Jefferson", "Lincoln", "Franklin", "Jackson",
            "Airport", "Center", "North", "State", "Sunset", "Railroad", "Chestnut", "Walnut", "Prospect")
_WAYS = ("Street", "Avenue", "Road", "Drive", "Boulevard", "Lane", "Parkway", "Court")
_STATES = ("IL", "WI", "MN", "IN", "OH", "MI", "IA", "MO", "TX", "CA", "NY", "PA", "GA", "FL", "WA", "CO", "AZ", "NC")
_SHORT = {"Manufacturing": "Mfg", "International": "Intl", "Industries": "Ind.", "Company": "Co", "Associates": "Assoc.",
          "Brothers": "Bros", "Services": "Svcs", "Center": "Ctr", "National": "Natl", "American": "Amer.",
          "Construction": "Constr", "Distributors": "Dist.", "Engineering": "Eng.", "Laboratories": "Labs",
          "Technology": "Tech", "Equipment": "Equip", "Transportation": "Transp.", "Electric": "Elec",
          "Insurance": "Ins", "Medical": "Med", "Building": "Bldg", "Materials": "Matls", "Systems": "Sys",
          "Electronics": "Elec."}
_WAYS_SHORT = {"Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr.", "Boulevard": "Blvd", "Lane": "Ln",
               "Parkway": "Pkwy", "Court": "Ct"}
# fmt: on
_LETTERS = "abcdefghijklmnoprstuvwy"


@dataclass(frozen=True, slots=True)
class Firm:
    """What one system holds of a firm; "" is empty."""

    name: str
    street1: str
    street2: str
    city: str
    state: str
    zip: str
    phone: str
    number: str = ""


@dataclass(slots=True)
class Firms:
    """Both systems' firms by key, the true pairs (customer → account), and of each pair how the account was spoilt.

    `traps` names, by kind, the customers and accounts without a partner that look like somebody else's.
    """

    customers: dict[str, Firm] = field(default_factory=dict[str, Firm])
    accounts: dict[str, Firm] = field(default_factory=dict[str, Firm])
    pairs: dict[str, str] = field(default_factory=dict[str, str])
    kinds: dict[str, str] = field(default_factory=dict[str, str])
    traps: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


class _Town:
    """One generator of names and places: as many towns, postal codes and family names as the size asks for."""

    def __init__(self, chance: random.Random, size: int) -> None:
        self.chance = chance
        self.families = [self._invented() for _ in range(max(200, size // 8))]
        self.towns = [self._town() for _ in range(max(40, size // 150))]

    def _invented(self) -> str:
        pick = self.chance.choice
        return pick(_HEADS) + pick(_MIDS) + pick(_TAILS)

    def _town(self) -> tuple[str, str, str, list[str]]:
        base = self.chance.randrange(100, 999) * 100
        codes = [f"{base + self.chance.randrange(100):05d}" for _ in range(self.chance.randrange(1, 6))]
        area = f"{self.chance.randrange(2, 10)}{self.chance.randrange(0, 100):02d}"
        return self._invented(), self.chance.choice(_STATES), area, codes

    def name(self) -> str:
        """Invent a firm's name without its legal form."""
        pick, kind = self.chance.choice, self.chance.random()
        family, trade = pick(self.families), pick(_TRADES)
        if kind < 0.34:
            name = f"{family} {trade}{pick(_KINDS)}"
        elif kind < 0.5:
            name = f"{family} & {pick(self.families)} {trade}"
        elif kind < 0.62:
            name = f"{pick(self.towns)[0]} {trade}{pick(_KINDS)}"
        elif kind < 0.76:
            name = f"{pick(_BRANDS)} {family} {trade}"
        elif kind < 0.86:
            name = f"{pick('ABCDEFGHJKLMNPRSTW')}{pick('ABCDEFGHJKLMNPRSTW')}{pick('ABCDEFGHJKLMNPRSTW')} {family} {trade}"
        else:
            name = f"{family}{pick((' Sons', ' and Sons', ' Bros.', ''))} {trade}{pick(_KINDS)}"
        return name

    def place(self) -> Firm:
        """Invent an address and a phone, without a name."""
        chance = self.chance
        town, state, area, codes = chance.choice(self.towns)
        street = f"{chance.randrange(1, 9900)} {chance.choice(_STREETS)} {chance.choice(_WAYS)}"
        suite = f"Suite {chance.randrange(1, 900)}" if chance.random() < 0.15 else ""
        phone = f"({area}) {chance.randrange(200, 999)}-{chance.randrange(10000):04d}"
        return Firm("", street, suite, town, state, chance.choice(codes), phone)

    def firm(self) -> Firm:
        """Invent a firm."""
        return replace(self.place(), name=self.name() + self.chance.choice(_FORMS))


# how a copy is spoilt

Noise = Callable[[Firm, random.Random, "_Town"], Firm]


def _typo(text: str, chance: random.Random) -> str:
    """Make one slip of the fingers: a letter left out, doubled, swapped or mistaken."""
    at = [place for place in range(1, len(text) - 1) if text[place].isalpha() and text[place + 1].isalpha()]
    if not at:
        return text
    place, kind = chance.choice(at), chance.randrange(4)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place] + text[place:]
    if kind == 2:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + chance.choice(_LETTERS) + text[place + 1 :]


def _written(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    """Write the same in other letters: case, legal form, "&", phone and street in another dress."""
    name = _bare(firm.name) + chance.choice(_FORMS)
    if chance.random() < 0.4:
        name = name.replace(" & ", " and ") if " & " in name else name.replace(" and ", " & ")
    if chance.random() < 0.35:
        name = name.upper()
    street = firm.street1
    if chance.random() < 0.5:
        for long, short in _WAYS_SHORT.items():
            street = street.replace(f" {long}", f" {short}")
    digits = "".join(char for char in firm.phone if char.isdigit())
    phone = chance.choice(
        (firm.phone, digits, f"+1 {digits[:3]} {digits[3:6]} {digits[6:]}", f"{digits}0000", "")
    )
    code = f"{firm.zip}-{chance.randrange(1000, 9999)}" if chance.random() < 0.2 else firm.zip
    return replace(firm, name=name, street1=street, phone=phone, zip=code)


def _bare(name: str) -> str:
    for form in sorted(_FORMS, key=len, reverse=True):
        if form and name.endswith(form):
            return name.removesuffix(form)
    return name


def _misspelt(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return replace(firm, name=_typo(firm.name, chance))


def _misspelt_twice(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return replace(firm, name=_typo(_typo(firm.name, chance), chance))


def _swapped(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    words = _bare(firm.name).split()
    place = chance.randrange(len(words))
    return replace(firm, name=" ".join((*words[place:], *words[:place])))


def _shortened(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    name = firm.name
    for long, short in _SHORT.items():
        name = name.replace(long, short)
    return replace(firm, name=name)


def _word_less(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    words = _bare(firm.name).split()
    return replace(firm, name=" ".join(words[:-1]) if len(words) > 2 else " ".join(words))


def _word_more(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return replace(
        firm, name=f"{_bare(firm.name)} {chance.choice(('of', '-', 'USA', 'The', 'Dept.'))} {firm.city}"
    )


def _no_code(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return replace(firm, zip="")


def _wrong_code(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    place = chance.randrange(len(firm.zip))
    return replace(firm, zip=firm.zip[:place] + chance.choice("0123456789") + firm.zip[place + 1 :])


def _name_only(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return Firm(firm.name, "", "", "", "", "", "", firm.number)


def _moved_fields(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    if chance.random() < 0.5:
        return replace(firm, street1="Accounts Payable", street2=firm.street1, zip="")
    return replace(firm, street1=f"{firm.street1}, {firm.city}", city="", zip="")


def _moved_house(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    place = town.place()
    return replace(place, name=firm.name, number=firm.number)


def _moved_misspelt(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return _misspelt(replace(firm, zip="", street1=town.place().street1), chance, town)


def _misspelt_code(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return _wrong_code(_misspelt(firm, chance, town), chance, town)


def _swapped_short(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    return _shortened(_swapped(firm, chance, town), chance, town)


SPOILT: Mapping[str, Noise] = {
    "misspelt": _misspelt,
    "misspelt twice": _misspelt_twice,
    "words swapped": _swapped,
    "abbreviated": _shortened,
    "a word less": _word_less,
    "a word more": _word_more,
    "no postal code": _no_code,
    "wrong postal code": _wrong_code,
    "name only": _name_only,
    "fields moved": _moved_fields,
    "firm moved": _moved_house,
    "misspelt, no postal code": _moved_misspelt,
    "misspelt, wrong postal code": _misspelt_code,
    "swapped and abbreviated": _swapped_short,
}


# the two systems


def make_firms(size: int, *, seed: int = 365, overlap: float = 0.6, clean: float = 0.5) -> Firms:
    """Make `size` customers and as many accounts; `overlap` of them are the same firms, `clean` of those only written
    in other letters, the rest spoilt in one of the ways of SPOILT.
    """
    chance = random.Random(seed)
    town = _Town(chance, size)
    firms = Firms()
    shared = int(size * overlap)
    kinds = list(SPOILT)
    for count in range(shared):
        firm = town.firm()
        kind = "only written otherwise" if chance.random() < clean else kinds[count % len(kinds)]
        _add_pair(firms, firm, kind, chance, town)
    _add_traps(firms, chance, town, max(4, size // 100))
    while len(firms.customers) < size:
        _add(firms.customers, town.firm(), "C", chance)
    while len(firms.accounts) < size:
        _add(firms.accounts, town.firm(), "A", chance)
    return firms


def _add(held: dict[str, Firm], firm: Firm, letter: str, chance: random.Random, number: str = "") -> str:
    key = f"{letter}{len(held):07d}"
    if letter == "A":
        key = f"00000000-0000-4000-8000-{len(held):012d}"
        number = number or (str(10_000 + chance.randrange(90_000)) if chance.random() < 0.2 else "")
    held[key] = replace(firm, number=number)
    return key


def _add_pair(firms: Firms, firm: Firm, kind: str, chance: random.Random, town: _Town) -> None:
    customer = _add(firms.customers, firm, "C", chance)
    copy = _written(firm, chance, town)
    if kind in SPOILT:
        copy = SPOILT[kind](copy, chance, town)
    number = customer if chance.random() < 0.1 else ""
    account = _add(firms.accounts, copy, "A", chance, number)
    firms.pairs[customer] = account
    firms.kinds[customer] = kind


def _add_traps(firms: Firms, chance: random.Random, town: _Town, count: int) -> None:
    """Add what looks alike and is not: each time one customer and one account, neither of which has a partner."""
    for kind, other in _TRAPS.items():
        named = firms.traps.setdefault(kind, [])
        for _ in range(count):
            firm = town.firm()
            twin = other(firm, chance, town)
            customer = _add(firms.customers, firm, "C", chance)
            number = customer if kind == "number of another firm" else ""
            account = _add(firms.accounts, twin, "A", chance, number)
            named += [customer, account]


def _twin(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    """Give a firm of the same name in another town."""
    place = town.place()
    while place.city == firm.city:
        place = town.place()
    return replace(place, name=firm.name)


def _namesake(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    """Give another firm of the same name under the same postal code: other street, other phone."""
    place = town.place()
    return replace(firm, street1=place.street1, street2="", phone=place.phone)


def _neighbour(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    """Give another firm at the same address, with the same phone."""
    return replace(firm, name=town.firm().name)


def _sister(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    """Give a sister firm at the same address: the family's name, another trade."""
    family = _bare(firm.name).split()[0]
    return replace(firm, name=f"{family} {chance.choice(_TRADES)} {chance.choice(_BRANDS)}")


def _stranger(firm: Firm, chance: random.Random, town: _Town) -> Firm:
    """Give a firm that has nothing in common."""
    return town.firm()


_TRAPS: Mapping[str, Noise] = {
    "one name in two towns": _twin,
    "one name and postal code, two firms": _namesake,
    "another firm at one address": _neighbour,
    "sister firm at one address": _sister,
    "number of another firm": _stranger,
}


def kinds_of(firms: Firms) -> Sequence[str]:
    """Name the kinds of pairs, the clean one first."""
    return ["only written otherwise", *SPOILT]
