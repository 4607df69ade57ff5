"""What moves when a row is written: DEX_ROW_TS, MODIFDT, CREATDDT, NOTEINDX, and what a renumbering leaves alone."""

from datetime import UTC, datetime, timedelta

import pytest
from simgp_desk import CLERK, desk

from gp365_sim.core.clock import Clock
from gp365_sim.gp import windows
from gp365_sim.gp.app import Manner, build
from gp365_sim.gp.company import Company, Identity
from gp365_sim.gp.rename import renumber
from gp365_sim.samples import fabrikam


class Moment:
    """A clock that a test sets by hand."""

    def __init__(self):
        self.at = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def now(self):
        return self.at

    def pass_by(self, **much):
        self.at += timedelta(**much)


@pytest.fixture
def moment():
    return Moment()


@pytest.fixture
def company(moment):
    return build(moment, fabrikam(), [CLERK]).world.company


def shown(company, table, *key):
    heap = company[table]
    return heap.table.as_dict(heap.find(tuple(key)))


def test_rows_that_one_statement_wrote_share_their_stamp(company):
    stamps = {company["RM00101"].table.get(row, "DEX_ROW_TS") for row in company["RM00101"].scan()}
    assert stamps == {datetime(2026, 3, 2, 12, tzinfo=UTC)}


@pytest.mark.parametrize("what", ["create", "change", "remove"])
def test_whatever_happens_to_an_address_stamps_its_customer(company, moment, what):
    windows.create(company, "RM00102", {"CUSTNMBR": "AARONFIT0001", "ADRSCODE": "SPARE"})
    moment.pass_by(minutes=5)
    match what:
        case "create":
            windows.create(company, "RM00102", {"CUSTNMBR": "AARONFIT0001", "ADRSCODE": "MORE"})
        case "change":
            windows.change(company, "RM00102", ("AARONFIT0001", "SPARE"), {"CITY": "Joliet"})
        case _:
            windows.remove(company, "RM00102", ("AARONFIT0001", "SPARE"))
    customer = shown(company, "RM00101", "AARONFIT0001")
    assert customer["DEX_ROW_TS"] == moment.at
    assert shown(company, "RM00101", "ADAMPARK0001")["DEX_ROW_TS"] < moment.at


def test_an_address_saved_in_its_own_window_does_not_move_the_customers_modified_date(company, moment):
    before = shown(company, "RM00101", "AARONFIT0001")["MODIFDT"]
    moment.pass_by(days=3)
    windows.change(company, "RM00102", ("AARONFIT0001", "PRIMARY"), {"CITY": "Joliet"})
    assert shown(company, "RM00102", "AARONFIT0001", "PRIMARY")["MODIFDT"].isoformat() == "2026-03-05"
    assert shown(company, "RM00101", "AARONFIT0001")["MODIFDT"] == before


def test_a_save_without_a_difference_is_stamped_all_the_same(company, moment):
    moment.pass_by(days=1)
    windows.change(company, "RM00101", ("AARONFIT0001",), {"CUSTNAME": "Aaron Fitz Electrical"})
    row = shown(company, "RM00101", "AARONFIT0001")
    assert (row["DEX_ROW_TS"], row["MODIFDT"].isoformat()) == (moment.at, "2026-03-03")


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/Chicago", "2026-03-01"), ("UTC", "2026-03-02"), ("Pacific/Auckland", "2026-03-02")],
)
def test_dates_are_those_of_the_clerks_calendar_not_of_utc(zone, day):
    company = Company(Identity(), lambda: datetime(2026, 3, 2, 3, tzinfo=UTC), zone)
    windows.create(company, "RM00101", {"CUSTNMBR": "LATE", "CUSTNAME": "Late"})
    row = shown(company, "RM00101", "LATE")
    assert (row["CREATDDT"].isoformat(), row["MODIFDT"].isoformat()) == (day, day)
    assert row["DEX_ROW_TS"] == datetime(2026, 3, 2, 3, tzinfo=UTC)


def test_every_card_draws_its_own_note_index_and_keeps_it(company):
    def note(table, **given):
        row = windows.create(company, table, given)
        return company[table].table.get(row, "NOTEINDX")

    notes = [
        note("RM00101", CUSTNMBR="N1", CUSTNAME="One"),
        note("RM00201", CLASSID="N2"),
        note("RM00101", CUSTNMBR="N3", CUSTNAME="Three"),
    ]
    assert notes == [notes[0], notes[0] + 1, notes[0] + 2]
    windows.change(company, "RM00101", ("N1",), {"CUSTNAME": "Uno"})
    assert shown(company, "RM00101", "N1")["NOTEINDX"] == notes[0]


def test_a_deleted_and_recreated_customer_is_another_one(company, moment):
    before = shown(company, "RM00101", "ADAMPARK0001")
    windows.remove(company, "RM00101", ("ADAMPARK0001",))
    moment.pass_by(days=2)
    windows.create(company, "RM00101", {"CUSTNMBR": "ADAMPARK0001", "CUSTNAME": "Adam Park"})
    after = shown(company, "RM00101", "ADAMPARK0001")
    assert after["NOTEINDX"] > before["NOTEINDX"] and after["CREATDDT"] > before["CREATDDT"]
    assert after["DEX_ROW_ID"] > before["DEX_ROW_ID"]


def test_setup_tables_have_no_row_stamp(company):
    assert "DEX_ROW_TS" not in shown(company, "RM00201", "CANADA")
    assert "DEX_ROW_TS" not in shown(company, "SY03300", "NET 30")


def test_a_renumbered_customer_keeps_note_and_birthday_and_everything_follows_it(company, moment):
    before = shown(company, "RM00101", "NORTHERN0001")
    moment.pass_by(days=2)
    renumber(company, "northern0001", "polar1")
    after = shown(company, "RM00101", "POLAR1")
    assert company["RM00101"].find(("NORTHERN0001",)) is None
    kept = ("NOTEINDX", "CREATDDT", "MODIFDT", "CUSTNAME", "DEX_ROW_ID")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert (after["CUSTNMBR"], after["CPRCSTNM"], after["DEX_ROW_TS"]) == ("POLAR1", "POLAR1", moment.at)
    assert shown(company, "RM00101", "MIDCITYH0001")["CPRCSTNM"] == "POLAR1"
    assert not company["RM00102"].under("NORTHERN0001") and company["RM00102"].under("POLAR1")


def test_the_clock_of_the_door_moves_the_stamps(tmp_path):
    with desk(tmp_path, Manner(), samples=fabrikam()) as site:
        before = site.row("RM00101", "AARONFIT0001")
        site.door("POST", "clock", {"advance_s": 86400 * 40})
        site.door("PUT", "rows/RM00101/AARONFIT0001", {"HOLD": 1})
        after = site.row("RM00101", "AARONFIT0001")
        gone = datetime.fromisoformat(after["DEX_ROW_TS"]) - datetime.fromisoformat(before["DEX_ROW_TS"])
        assert gone >= timedelta(days=40) and after["MODIFDT"] > before["MODIFDT"]
        assert isinstance(site.clock, Clock)
