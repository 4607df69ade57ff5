"""Words of names and streets as similarity compares them: abbreviations written out, legal forms and fillers left out.

The lists are our own, of what people write in address books; a word that is not there counts as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from gp365.model.name_words import bare_words, plain_words

# fmt: off
_FILLERS = frozenset(("and", "of", "the", "for", "in", "at", "und", "et", "de", "del", "la", "le", "der", "die",
                      "das", "von", "van", "dept", "department", "attn", "usa", "us", "dba"))
_WRITTEN_OUT: Mapping[str, str] = {
    short: long
    for long, shorts in {
        "international": "intl internatl internat int", "manufacturing": "mfg manuf manufg mfging mnfg",
        "manufacturer": "mfr manufr", "industry": "ind inds indus industries industrial industl",
        "company": "co coy comp", "associate": "assoc assocs assn assoc association associates", "brother": "bros bro",
        "service": "svc svcs serv servs srv srvs svce", "center": "ctr cntr cen centre cent",
        "national": "natl nat nationl", "american": "amer am america", "construction": "constr const construct",
        "distributor": "dist distr distrib distributing distribution distributors", "engineering": "eng engr engrg",
        "laboratory": "lab labs laboratories", "technology": "tech techs technologies technical",
        "equipment": "equip eqpt eqp", "transportation": "transp trans transport", "electric": "elec elect electrical",
        "electronic": "electronics electr", "insurance": "ins insur", "medical": "med medic", "building": "bldg bldgs blg",
        "material": "matl matls mat", "system": "sys syst", "university": "univ", "hospital": "hosp hospitals",
        "management": "mgmt mgt mngmt", "development": "dev devel", "corporation": "corp", "department": "dept",
        "government": "govt gov", "general": "gen genl", "supply": "sup supl supplies suppl", "group": "grp gp groupe",
        "professional": "prof", "product": "prod prods", "enterprise": "ent entp enterpr", "commercial": "comm coml",
        "communication": "communications comms commun", "solution": "sol solns", "southern": "so sou", "northern": "no nor",
        "saint": "st ste", "mount": "mt", "doctor": "dr", "junior": "jr", "senior": "sr", "restaurant": "rest rst",
        "delicatessen": "deli delis", "pharmacy": "pharm", "realty": "rlty", "agency": "agcy agy", "chemical": "chem",
        "mechanical": "mech", "machine": "mach", "hardware": "hdwe hdw", "furniture": "furn", "wholesale": "whsl whse",
        "warehouse": "whs", "refrigeration": "refrig", "heating": "htg", "plumbing": "plbg plmb", "packaging": "pkg pkging",
        "printing": "prtg print", "publishing": "publ pub", "investment": "inv invest", "financial": "fin",
    }.items()
    for short in shorts.split()
}
_WAYS: Mapping[str, str] = {
    short: long
    for long, shorts in {
        "street": "st str", "avenue": "ave av aven", "road": "rd", "drive": "dr drv", "boulevard": "blvd boul",
        "lane": "ln", "parkway": "pkwy pky", "court": "ct crt", "place": "pl", "square": "sq", "highway": "hwy",
        "circle": "cir", "terrace": "ter terr", "trail": "trl", "suite": "ste", "floor": "fl flr", "building": "bldg",
        "apartment": "apt", "room": "rm", "unit": "no nr", "north": "n", "south": "s", "east": "e", "west": "w",
        "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "expressway": "expy",
        "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th",
        "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th", "mount": "mt", "fort": "ft",
    }.items()
    for short in shorts.split()
}
# What a street is called is its name; these words are how it is written.
WAY_WORDS = frozenset((*_WAYS.values(), "way", "box", "po", "pobox", "postfach")) - frozenset((
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "mount", "fort"))
# Words that many firms have in their name: they tell little of which firm it is.
GENERIC = frozenset((
    *_WRITTEN_OUT.values(), "office", "plumbing", "electric", "dental", "auto", "part", "freight", "food", "work",
    "furniture", "printing", "consulting", "consultant", "hardware", "landscaping", "roofing", "steel", "fabricator",
    "packaging", "software", "rental", "travel", "farm", "heating", "cooling", "pharmacy", "veterinary", "clinic",
    "real", "estate", "security", "water", "treatment", "dairy", "holding", "partner", "partnership", "trading", "trade",
    "store", "shop", "market", "design", "studio", "media", "marketing", "advertising", "energy", "power", "oil", "gas",
    "home", "house", "health", "care", "school", "church", "bank", "hotel", "inn", "club", "cafe", "grill", "bar",
    "kitchen", "bakery", "foundation", "fund", "trust", "capital", "global", "world", "worldwide", "united", "first",
    "city", "county", "state", "community", "air", "conditioning", "computer", "data", "digital", "network", "online",
    "tool", "metal", "paper", "plastic", "rubber", "glass", "paint", "textile", "shipping", "logistics", "logistic",
    "import", "export", "sale", "sales", "retail", "repair", "cleaning", "contractor", "contracting", "architect",
    "law", "attorney", "accounting", "tax", "investor", "property", "properties", "apartment", "son", "new", "best",
    "quality", "premier", "standard", "advanced", "precision", "superior", "universal", "reliable", "central", "metro",
))
# fmt: on


@lru_cache(16384)
def name_words(text: str) -> tuple[str, ...]:
    """Return the words of a name in order: written out, in the singular, without legal form and fillers.

    A name that is nothing but such words keeps them.
    """
    words = [_singular(_WRITTEN_OUT.get(word, word)) for word in bare_words(text)]
    kept = tuple(word for word in words if word not in _FILLERS)
    return kept or tuple(words)


@lru_cache(16384)
def street_words(text: str) -> tuple[str, ...]:
    """Return the words of an address line in order, ways and points of the compass written out."""
    return tuple(_WAYS.get(word, word) for word in plain_words(text))


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    singular = f"{word[:-3]}y" if len(word) > 5 and word.endswith("ies") else word[:-1]
    return _WRITTEN_OUT.get(singular, singular)
