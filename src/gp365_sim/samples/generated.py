"""Sample data of any size: generated customers and accounts, some of them the same firms otherwise spelt."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from gp365_sim.samples.fabrikam import fabrikam, owners
from gp365_sim.samples.firms import Firm, firm
from gp365_sim.samples.rows import Row, Samples

_USD, _CAD = "d1000000-0000-4000-8000-000000000001", "d1000000-0000-4000-8000-000000000002"
_TERMS = ("Net 30", "NET 10", "2% 10/Net 30", "EOM")
_US_CLASSES = ("USA-ILMO-T1", "USA-MOIA-T2", "USA-MEDIUM", "USA-LARGE")


def generated(customers: int, accounts: int, overlap: int, seed: int = 0) -> Samples:
    """Return so many customers and accounts, the first `overlap` of each being the same firms.

    Rows are made while they are read, so any number costs little memory. Every fifth firm has a ship-to of its
    own, every second account a primary contact. Setup tables are those of the sample company. ValueError if
    the overlap is larger than either side.
    """
    if min(customers, accounts, overlap) < 0 or overlap > min(customers, accounts):
        raise ValueError("overlap lies between 0 and the smaller of customers and accounts")
    base = fabrikam()

    def account_firms() -> Iterator[tuple[int, Firm]]:
        for number in range(accounts):
            yield number, firm(seed, number if number < overlap else customers + number)

    return Samples(
        terms=base.terms,
        classes=base.classes,
        customers=lambda: _customers(customers, seed),
        currencies=base.currencies,
        accounts=lambda: (_account(number, seed, each) for number, each in account_firms()),
        contacts=lambda: (
            _contact(number, seed, each) for number, each in account_firms() if number % 2 == 0
        ),
        **owners(),
    )


def _customers(count: int, seed: int) -> Iterator[Row]:
    counters: Counter[str] = Counter()
    for index in range(count):
        each = firm(seed, index)
        letters = "".join(filter(str.isalnum, each.name.upper()))[:8].ljust(8, "X")
        counters[letters] += 1
        yield _customer(f"{letters}{counters[letters]:04d}", index, each)


def _customer(number: str, index: int, each: Firm) -> Row:
    address = _gp_address(each, each.street)
    shipped_apart = index % 5 == 4
    addresses: list[Row] = [{"ADRSCODE": "PRIMARY", **address}]
    if shipped_apart:
        addresses.append({"ADRSCODE": "WAREHOUSE", **_gp_address(each, f"{index % 900 + 1} Dock Road")})
    born = date(2015, 1, 1) + timedelta(days=index % 4000)
    return {
        "CUSTNMBR": number,
        "CUSTNAME": each.name,
        "STMTNAME": each.name,
        "SHRTNAME": each.name[:15].rstrip(),
        "CUSTCLAS": "CANADA" if each.iso == "CA" else _US_CLASSES[index % len(_US_CLASSES)],
        "PYMTRMID": _TERMS[index % len(_TERMS)],
        **_credit(index),
        "CURNCYID": "Z-C$" if each.iso == "CA" else "Z-US$",
        "ADRSCODE": "PRIMARY",
        **address,
        "PRBTADCD": "PRIMARY",
        "PRSTADCD": "WAREHOUSE" if shipped_apart else "PRIMARY",
        "STADDRCD": "PRIMARY",
        **dict.fromkeys(("KPCALHST", "KPDSTHST", "KPERHIST", "KPTRXHST"), 1),
        "HOLD": int(index % 97 == 96),
        "INACTIVE": int(index % 89 == 88),
        "CREATDDT": born,
        "MODIFDT": born + timedelta(days=index % 200),
        "addresses": addresses,
    }


def _gp_address(each: Firm, street: str) -> Row:
    return {
        "CNTCPRSN": " ".join(each.person),
        "ADDRESS1": street,
        "CITY": each.city,
        "STATE": each.state,
        "ZIP": each.postal_code,
        "COUNTRY": each.country,
        "CCode": each.iso,
        "PHONE1": f"{each.phone}0000",
    }


def _credit(index: int) -> Row:
    if index % 10 == 0:
        return {"CRLMTTYP": 0}
    if index % 10 == 1:
        return {"CRLMTTYP": 1}
    return {"CRLMTTYP": 2, "CRLMTAMT": Decimal(1000 * (1 + index % 50))}


def _id(letter: str, seed: int, number: int) -> str:
    return f"{letter}2{seed % 0x1000000:06x}-0000-4000-8000-{number:012x}"


def _account(number: int, seed: int, each: Firm) -> Row:
    row: Row = {
        "accountid": _id("a", seed, number),
        "name": each.other_name,
        "customertypecode": 3,
        "telephone1": f"({each.phone[:3]}) {each.phone[3:6]}-{each.phone[6:]}",
        "address1_addresstypecode": 1,
        "address1_line1": each.street,
        "address1_city": each.city,
        "address1_stateorprovince": each.state,
        "address1_postalcode": each.postal_code,
        "address1_country": each.country,
        "_transactioncurrencyid_value": _CAD if each.iso == "CA" else _USD,
    }
    if number % 2 == 0:
        row["_primarycontactid_value"] = _id("c", seed, number)
    return row


def _contact(number: int, seed: int, each: Firm) -> Row:
    first, last = each.person
    return {
        "contactid": _id("c", seed, number),
        "firstname": first,
        "lastname": last,
        "emailaddress1": f"{first}.{last}{number}@firms.example".lower(),
        "_parentcustomerid_value": _id("a", seed, number),
    }
