"""The furnished company: its tables, its seeds, transactions, and what a renumbering takes along."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simgpm_desk import check, document, everything, furnished

from gp365_sim.core.clock import Clock
from gp365_sim.gp.app import Manner, build
from gp365_sim.gp.company import Identity
from gp365_sim.gp.notes import note, write_note
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.rename import renumber
from gp365_sim.gp.sqltypes import accept, column, stored
from gp365_sim.gp.tables import system_tables, tables
from gp365_sim.gp.world import GpWorld
from gp365_sim.samples import fabrikam, fabrikam_canada, generated

STAMPED = (
    "RM00101 RM00102 RM00301 RM00303 RM10301 RM20101 RM30101 GL00100 GL00102 GL10000 GL10001 GL20000 GL30000 GL40000 "
    "GL40200 SY00300 SY01200 SY40100 SY40101 IV00101 IV00107 IV00108 IV40201 IV40202 IV40800 PM00200 PM00300 PM10000 "
    "PM20000 PM30200 POP10100 POP10110 POP30100 POP30110 SOP10100 SOP10200 SOP30200 SOP30300 MC40000"
)


@pytest.fixture
def company():
    return furnished()


def test_only_the_tables_that_have_a_stamp_have_one():
    assert {name for name, table in tables().items() if table.stamped} == set(STAMPED.split())
    assert {name for name, table in system_tables().items() if table.stamped} == {"MC40200"}


def test_every_seed_file_names_its_sources():
    for name in ("dynamics", "ledger", "sales", "inventory", "vendors"):
        meta = json.loads(files("gp365_sim.gp").joinpath("data", "seeds", f"{name}.json").read_text("utf-8"))[
            "_meta"
        ]
        assert meta["sources"] and meta["confidence"]


def test_every_key_that_is_unique_is_unique_in_the_samples(company):
    for heap in (*(company[name] for name in company), *(company.system[name] for name in company.system)):
        rows = [heap.table.as_dict(row) for row in heap.unordered()]
        for key in (heap.table.key, *heap.table.unique):
            found = [tuple(str(row[name]).upper() for name in key) for row in rows]
            assert len(set(found)) == len(found), (heap.table.name, key)


def test_numbers_in_keys_order_by_value(company):
    keys = [row[0] for row in company["GL00100"].scan()]
    assert keys == sorted(keys) and keys[-1] > 9
    assert company["SOP40200"].table.fold("3", "stdinv") == company["SOP40200"].table.fold(3, "STDINV ")
    assert company.find("GL10110", "1", 2026, "0", 1)


@pytest.mark.parametrize(
    "samples", [generated(40, 0, 0), generated(2, 0, 0), generated(0, 0, 0), fabrikam_canada()]
)
def test_any_company_is_furnished(samples):
    check(furnished(samples))


def test_two_companies_are_furnished_alike_but_in_their_currency():
    canada = Identity("Fabrikam Canada", "CAN", 2, currency="Z-C$")
    system = build(Clock(), fabrikam(), (), more_companies=[canada], more_samples={"CAN": fabrikam_canada()})
    first, second = (place.world.company for place in system.places.values())
    assert second.rows("MC40000")[0]["FUNLCURR"] == "Z-C$" and first.rows("MC40000")[0]["FUNLCURR"] == "Z-US$"
    assert {row["CURNCYID"] for row in second.rows("RM20101")} == {"Z-C$"}
    rows = {row["INTERID"]: (row["CMPANYID"], row["CMPNYNAM"]) for row in system.system.rows("SY01500")}
    assert rows == {"TWO": (-1, "Fabrikam, Inc."), "CAN": (2, "Fabrikam Canada")}
    document(first, "ADAMPARK0001", "10.00")
    assert second.find("RM00103", "ADAMPARK0001") is None
    check(first)
    check(second)


def test_posting_setup_can_be_left_out():
    without = furnished(manner=Manner(posting_setup=False))
    assert "SY02300" not in without and "SY02300" in furnished()
    document(without, "ADAMPARK0001", "10.00")


def test_the_same_company_is_furnished_the_same_way_twice():
    one, other = furnished(), furnished()
    for table in one:
        stamp = one[table].table.place.get("DEX_ROW_TS")
        rows = [
            [[*row[:stamp], *row[stamp + 1 :]] if stamp else [*row] for row in each[table].scan()]
            for each in (one, other)
        ]
        assert rows[0] == rows[1], table


def test_what_is_posted_in_one_company_is_not_in_the_next_that_is_made():
    document(furnished(), "ADAMPARK0001", "10.00")
    assert furnished().find("RM00103", "ADAMPARK0001") is None


def test_reset_puts_documents_back(company):
    world = GpWorld(company, lambda: ())
    before = len(company["RM20101"])
    document(company, "ADAMPARK0001", "10.00")
    world.reset()
    assert company.find("RM00401", 1, "SLS10001") is None and len(company["RM20101"]) < before
    check(company)


def test_a_transaction_that_fails_leaves_nothing_not_even_in_the_system_database(company):
    before, system, drawn = everything(company), company.system.rows("SY00800"), company.next_note
    with pytest.raises(ZeroDivisionError), company.transaction():
        document(company, "ADAMPARK0001", "10.00")
        with company.transaction():
            company.system.add("SY00800", {"USERID": "erin", "CMPNYNAM": "X"})
            company.drop("GL00105", 1)
        raise ZeroDivisionError
    assert everything(company) == before and company.system.rows("SY00800") == system
    assert company.next_note == drawn and company.draw_trail("RMSLS") == furnished().draw_trail("RMSLS")


def test_a_taken_key_is_refused(company):
    with pytest.raises(Refusal) as caught:
        company.add("GL00105", {"ACTINDX": 1})
    assert caught.value.code == "DuplicateKey"


def test_a_corporate_customer_is_a_national_account(company):
    assert [row["CPRCSTNM"] for row in company.rows("RM00105")] == ["NORTHERN0001"]


def test_documents_follow_a_renumbered_customer(company):
    company.add(
        "SY01200",
        {"Master_Type": "CUS", "Master_ID": "CONTOSOL0001", "ADRSCODE": "PRIMARY", "INET1": "a@b.example"},
    )
    owed = company.find("RM00103", "CONTOSOL0001")["CUSTBLNC"]
    renumber(company, "CONTOSOL0001", "CONTOSO-NEW")
    assert company.find("RM00103", "CONTOSO-NEW")["CUSTBLNC"] == owed
    assert company.find("SY01200", "CUS", "CONTOSO-NEW", "PRIMARY")
    for table in company:
        if "CUSTNMBR" in company[table].table.place:
            assert not [row for row in company.rows(table) if row["CUSTNMBR"] == "CONTOSOL0001"], table
    check(company)


def test_customers_that_are_combined_join_their_balances(company):
    both = sum(company.find("RM00103", name)["CUSTBLNC"] for name in ("CONTOSOL0001", "BLUEYOND0001"))
    GpWorld(company, lambda: ()).combine("CONTOSOL0001", "BLUEYOND0001")
    assert company.find("RM00103", "BLUEYOND0001")["CUSTBLNC"] == both
    check(company)


def test_a_note_is_kept_whole_and_goes_when_it_is_emptied(company):
    index = Decimal(str(company.find("RM00101", "ADAMPARK0001")["NOTEINDX"]))
    words = "Zahlt spät.\r\n" * 600
    write_note(company, index, words)
    assert note(company, index) == words
    write_note(company, index, "")
    assert note(company, index) == "" and company.find("SY03900", index) is None


@settings(deadline=None, derandomize=True)
@given(st.times())
def test_a_time_of_day_is_kept_on_the_first_of_1900_and_nothing_else_is(moment):
    kept = column("TIME1", "datetime", time=True)
    assert accept(kept, moment) == datetime.combine(date(1900, 1, 1), moment)
    for wrong in (
        datetime.combine(date(1900, 1, 2), moment),
        datetime(1900, 1, 1, tzinfo=UTC),
        date(1900, 1, 1),
        "",
    ):
        with pytest.raises(Refusal):
            accept(kept, wrong)


def test_rates_texts_and_bytes_have_columns_of_their_own():
    assert accept(column("XCHGRATE", "numeric(19,7)"), Decimal("1.2345678")) == Decimal("1.2345678")
    with pytest.raises(Refusal):
        accept(column("XCHGRATE", "numeric(19,7)"), Decimal("1.23456789"))
    words = column("TXTFIELD", "text")
    assert stored(words, accept(words, "a ")) == "a "
    assert accept(column("FLAGS", "binary(4)"), b"\x01") == b"\x01\0\0\0"
    assert column("FLAGS", "binary(4)").empty == bytes(4)
    assert accept(column("TIME1", "datetime", time=True), time(7)) == datetime(1900, 1, 1, 7)  # noqa: DTZ001
