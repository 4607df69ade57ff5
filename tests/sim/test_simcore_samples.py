"""The sample company and the generated firms: what the demo and the proofs stand on."""

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import islice

import pytest

from gp365_sim.core.clock import Clock
from gp365_sim.dataverse.app import build as build_sales
from gp365_sim.gp.app import build as build_gp
from gp365_sim.gp.tables import tables
from gp365_sim.identity.tokens import Tokens
from gp365_sim.samples import fabrikam, fabrikam_canada, generated
from gp365_sim.samples.fabrikam import same_customers, same_firms

OWN = {"CUSTNMBR", "DEX_ROW_ID"}

COLUMNS = {name: {each.name: each.sql_type for each in table.columns} for name, table in tables().items()}


def customers():
    return {row["CUSTNMBR"]: row for row in fabrikam().customers()}


def accounts():
    return {row["name"]: row for row in fabrikam().accounts()}


def gp_rows(samples):
    for table, rows in (("SY03300", samples.terms()), ("RM00201", samples.classes())):
        yield from ((table, row) for row in rows)
    for customer in samples.customers():
        yield "RM00101", {name: value for name, value in customer.items() if name != "addresses"}
        yield from (("RM00102", address) for address in customer["addresses"])


def letters(name):
    return "".join(filter(str.isalnum, name.upper()))


@pytest.mark.parametrize(
    "samples",
    [fabrikam(), fabrikam_canada(), generated(60, 40, 20, 5)],
    ids=["fabrikam", "canada", "generated"],
)
def test_every_gp_value_fits_its_column_and_the_code_page(samples):
    for table, row in gp_rows(samples):
        for name, value in row.items():
            kind = COLUMNS[table][name]
            if kind.startswith("char("):
                assert len(value.encode("cp1252")) < int(kind[5:-1]) or len(value) <= 15, (name, value)
            elif kind == "datetime":
                assert type(value) is date
            else:
                assert type(value) in (int, Decimal), (name, value)


@pytest.mark.parametrize("samples", [fabrikam(), generated(60, 40, 20, 5)], ids=["fabrikam", "generated"])
def test_every_reference_between_sample_rows_leads_somewhere(samples):
    classes = {row["CLASSID"] for row in samples.classes()}
    terms = {row["PYMTRMID"] for row in samples.terms()}
    numbers = [row["CUSTNMBR"] for row in samples.customers()]
    assert len(set(numbers)) == len(numbers)
    for row in samples.customers():
        codes = [each["ADRSCODE"] for each in row["addresses"]]
        assert len(set(codes)) == len(codes)
        assert row["CUSTCLAS"] in classes
        assert row["PYMTRMID"] in terms
        assert {row[role] for role in ("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD")} <= set(codes)
        assert row.get("CPRCSTNM", row["CUSTNMBR"]) in numbers
    assert all(row["PYMTRMID"] in terms for row in samples.classes())
    ids = {row["accountid"] for row in samples.accounts()}
    people = {row["contactid"]: row["_parentcustomerid_value"] for row in samples.contacts()}
    currencies = {row["transactioncurrencyid"] for row in samples.currencies()}
    assert set(people.values()) <= ids
    for row in samples.accounts():
        assert row["_transactioncurrencyid_value"] in currencies
        if "_primarycontactid_value" in row:
            assert people[row["_primarycontactid_value"]] == row["accountid"]


def test_the_card_carries_a_copy_of_the_address_in_its_own_code():
    for row in fabrikam().customers():
        own = next(each for each in row["addresses"] if each["ADRSCODE"] == row["ADRSCODE"])
        assert {name: row.get(name) for name in own} == own


def test_the_sample_company_shows_every_case_that_the_demo_tells_of():
    cards = customers()
    assert 30 <= len(cards) <= 35
    assert "#1" in cards
    assert {row["CRLMTTYP"] for row in cards.values()} == {0, 1, 2}
    assert [n for n, row in cards.items() if row.get("HOLD")] == ["DIRECTMA0001"]
    assert [n for n, row in cards.items() if row.get("INACTIVE")] == ["LAWRENCE0001"]
    family = Counter(row["CPRCSTNM"] for row in cards.values() if "CPRCSTNM" in row)
    assert family == {"NORTHERN0001": 3}
    assert cards["NORTHERN0001"]["CPRCSTNM"] == "NORTHERN0001"
    assert "NO" in {row.get("CCode") for row in cards.values()}
    assert not cards["MULLERSO0001"]["CUSTNAME"].isascii()
    assert any(row["PRSTADCD"] != row["PRBTADCD"] for row in cards.values())


def test_the_accounts_hold_the_same_firms_otherwise_spelt_and_others_of_their_own():
    cards, known, twins = customers(), accounts(), same_firms()
    assert len(known) == 25
    for number, name in twins.items():
        assert known[name]["address1_city"] == cards[number]["CITY"]
        assert known[name]["address1_postalcode"] == cards[number]["ZIP"]
        assert letters(name)[:5] == letters(cards[number]["CUSTNAME"])[:5]
    assert sum(name != cards[number]["CUSTNAME"] for number, name in twins.items()) >= 8
    assert known["Durham North College"]["address1_city"] != cards["NORTHCOL0001"]["CITY"]
    own = [row for name, row in known.items() if name not in twins.values()]
    assert {"USA", "Canada"} <= {row["address1_country"] for row in own}
    assert Counter(row["customertypecode"] for row in known.values()) == {3: 24, 8: 1}


def test_generated_data_has_the_asked_sizes_and_overlap_and_is_the_same_every_time():
    samples = generated(50, 40, 15, 7)
    firms, others = list(samples.customers()), list(samples.accounts())
    assert (len(firms), len(others)) == (50, 40)
    assert firms == list(generated(50, 40, 15, 7).customers())
    assert others == list(samples.accounts())
    assert firms != list(generated(50, 40, 15, 8).customers())
    same = [
        i
        for i, account in enumerate(others)
        if any(account["address1_line1"] == f["ADDRESS1"] for f in firms)
    ]
    assert same == list(range(15))
    assert any(account["name"] != card["CUSTNAME"] for account, card in zip(others[:15], firms, strict=False))


def test_generated_firms_have_names_and_numbers_of_their_own_at_any_size():
    rows = list(generated(20_000, 20_000, 0, 3).customers())
    assert len({row["CUSTNAME"] for row in rows}) == len({row["CUSTNMBR"] for row in rows}) == 20_000


def test_generated_data_is_made_while_it_is_read():
    first = list(islice(generated(10**5, 10**5, 10**4, 1).accounts(), 3))
    assert len(first) == 3


@pytest.mark.parametrize("sizes", [(5, 5, 6), (-1, 5, 0), (5, 3, 4)])
def test_an_overlap_larger_than_a_side_is_refused(sizes):
    with pytest.raises(ValueError, match="overlap"):
        generated(*sizes)


def test_every_sample_card_and_account_can_be_saved_again_under_the_rules_of_its_system():
    samples, clock = fabrikam(), Clock()
    gp = build_gp(clock, samples, []).world
    for row in gp.rows("RM00101"):
        kept = {name: value for name, value in row.items() if type(value) in (str, int) and name not in OWN}
        assert gp.put("RM00101", row["CUSTNMBR"], kept)["CUSTNAME"] == row["CUSTNAME"]
    sales = build_sales(clock, Tokens(clock, "t", [], []), samples).world
    for row in samples.accounts():
        values = {name: value for name, value in row.items() if name != "accountid"}
        assert sales.put("accounts", row["accountid"], values)["name"] == row["name"]


def test_the_second_company_shares_customers_with_the_first_under_other_numbers():
    here, there = customers(), {row["CUSTNMBR"]: row for row in fabrikam_canada().customers()}
    shared = same_customers()
    assert len(shared) == 8 and not set(shared) & set(here)
    for number, known in shared.items():
        assert (there[number]["CUSTNAME"], there[number]["ZIP"]) == (
            here[known]["CUSTNAME"],
            here[known]["ZIP"],
        )
    assert there["NORTHERN0001"]["CUSTNAME"] != here["NORTHERN0001"]["CUSTNAME"]
    classes = {row["CLASSID"] for row in fabrikam_canada().classes()}
    assert {row["CUSTCLAS"] for row in there.values()} <= classes
