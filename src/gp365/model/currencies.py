"""Currencies: which ISO currency GP's own ids mean, how many decimals a currency has, how an amount is written for people.

GP names currencies by ids of the company's own making (CURNCYID, such as Z-US$); a blank one is the company's functional
currency, and two ids may mean one ISO currency (tables MC40200 and MC40000). What an id means is said by a site's table
`gp_currencies` and never guessed.
"""

from __future__ import annotations

from decimal import Decimal

from gp365.model.fit import Unfit
from gp365.model.lookups import Lookup

GP_CURRENCIES = "gp_currencies"
"""Lookup: gp (GP's id), iso, and, where several ids mean one currency, write (yes for the one that is written)."""
ORGANISATION = "currencies"
"""Lookup that provisioning writes: currency (ISO), and the organisation's id of it by column of the flow."""
_YES = frozenset({"yes", "true", "1", "x"})

# ISO 4217, alphabetic codes in use; by minor unit where it is not 2.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_TWO_DECIMALS = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
    "CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS "
    "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_DECIMALS = {
    code: decimals
    for decimals, codes in ((0, _NO_DECIMALS), (2, _TWO_DECIMALS), (3, _THREE_DECIMALS), (4, _FOUR_DECIMALS))
    for code in codes.split()
}


def is_iso(code: str) -> bool:
    """Tell whether a text is an ISO 4217 code in capitals."""
    return code in _DECIMALS


def decimals_of(iso: str) -> int:
    """Return the decimals of a currency (ISO 4217, minor unit); 2 for one that is not known."""
    return _DECIMALS.get(iso, 2)


def iso_of(gp_id: str, table: Lookup | None, functional: str) -> str:
    """Return the ISO code of a GP id, "" being the functional currency; Unfit("lookup-missing") where nobody says it."""
    if not gp_id.strip():
        return _functional(functional)
    held = table.to("gp", "iso", gp_id) if table else None
    if held is None:
        raise Unfit("lookup-missing", f"The lookup {GP_CURRENCIES} has no line with gp {gp_id!r}.")
    return _checked(held.upper(), f"the lookup {GP_CURRENCIES} gives {gp_id!r}")


def gp_id_of(iso: str, table: Lookup | None, functional: str) -> str:
    """Return the GP id that is written for an ISO code, "" for a functional currency that has no id of its own.

    Unfit("lookup-missing") where no id means it, and where several do and none is marked as the one to write.
    """
    ids, marked = _ids_of(iso, table)
    if len(marked or ids) == 1:
        return (marked or ids)[0]
    if not ids and iso == functional.strip().upper():
        return ""
    if not ids:
        raise Unfit("lookup-missing", f"The lookup {GP_CURRENCIES} has no line with iso {iso!r}.")
    told = " and ".join(marked or ids)
    raise Unfit(
        "lookup-missing", f"{told} are all {iso}: the lookup {GP_CURRENCIES} must mark one in `write`."
    )


def amount_text(iso: str, amount: Decimal) -> str:
    """Write an amount with its currency for people: USD 50,000.00. Never rounded: more decimals are shown if it has them."""
    exponent = amount.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) else 0
    return f"{iso} {amount:,.{max(decimals_of(iso), own)}f}"


def checked_iso(text: str) -> str:
    """Return a text as an ISO code; Unfit("bad-value") for anything else."""
    return _checked(text.strip().upper(), "the value is")


def _functional(functional: str) -> str:
    if not functional.strip():
        message = "A blank currency is the company's functional one, and functional_currency is not set."
        raise Unfit("lookup-missing", message)
    return _checked(functional.strip().upper(), "functional_currency is")


def _checked(iso: str, whence: str) -> str:
    if not is_iso(iso):
        raise Unfit("bad-value", f"{whence} {iso!r}, which is no ISO 4217 currency.")
    return iso


def _ids_of(iso: str, table: Lookup | None) -> tuple[list[str], list[str]]:
    """Give the ids that mean a currency, and those of them that are marked to be written."""
    if table is None:
        return [], []
    lines = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    mine = [line for line in lines if line.get("iso", "").upper() == iso]
    marked = [line["gp"] for line in mine if line.get("write", "").casefold() in _YES]
    return [line["gp"] for line in mine], marked
