"""Reading over GP Web Services: every entity, what changed, lists in windows, and the same records as over SQL Server."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from gp_soap_place import SoapPlace, over_sql, soap_place

from gp365.model.entity import Feed
from gp365.model.record import ChangePage, Record
from gp365.model.values import Key
from gp365_sim.gp.soap.app import SoapManner, set_changes

SERVED = {
    *("customer", "customer_address", "payment_terms", "company", "salesperson", "territory", "currency"),
    *("receivables_summary", "customer_figures", "receivables_document", "cash_receipt", "gl_account"),
    *("item", "item_quantity", "shipping_method"),
    *("vendor", "vendor_address", "sales_document", "purchase_order"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SoapPlace]:
    with soap_place(tmp_path_factory.mktemp("gp"), currency_id="Z-US$") as found:
        yield found


@pytest.fixture
def here(served: SoapPlace) -> SoapPlace:
    served.soap.faults.clear()
    served.connector.begin_run()
    return served


def _all(channel: object, entity: str, fields: list[str]) -> dict[Key, Record]:
    scan = getattr(channel, "scan")  # noqa: B009 (either channel)
    return {record.key: record for page in scan(entity, fields) for record in page}


def test_what_the_service_has_no_operations_for_is_not_served(here: SoapPlace) -> None:
    assert set(here.connector.entities()) == SERVED
    writable = [name for name in SERVED if here.connector.entity(name).creates]
    assert sorted(writable) == ["customer", "customer_address"]


@pytest.mark.parametrize("entity", sorted(SERVED))
def test_records_are_those_that_sql_server_has(here: SoapPlace, entity: str) -> None:
    described = here.connector.entity(entity)
    with over_sql(here) as sql:
        fields = [name for name, each in described.fields.items() if each.readable]
        ours = _all(here.connector, entity, fields)
        theirs = _all(sql, entity, [*fields, *described.key])
    if entity == "gl_account":
        theirs = {(str(each.values["AccountNumber"]),): each for each in theirs.values()}
    if entity == "item_quantity":
        theirs = {key: each for key, each in theirs.items() if key[1] == "2"}
    assert set(ours) == set(theirs) and ours
    for key, record in ours.items():
        their = theirs[key].values
        unlike = {
            name: (value, their[name])
            for name, value in record.values.items()
            if name in their and value != their[name] and not (name == "CurrencyID" and their[name] is None)
        }
        assert unlike == {}, key
    seen = {name for record in ours.values() for name in record.values}
    assert set(fields) - seen <= {"DiscountDollarAmount", "OrderFulfillmentShortageDefault"}


@pytest.mark.parametrize("entity", sorted(SERVED))
def test_a_record_by_its_key_is_the_one_of_the_list(here: SoapPlace, entity: str) -> None:
    fields = [name for name, each in here.connector.entity(entity).fields.items() if each.readable]
    listed = _all(here.connector, entity, fields)
    keys = list(listed)[:3]
    found = here.connector.get(entity, [*keys, tuple("NOBODY" for _ in keys[0])], fields, fresh=True)
    assert list(found) == keys
    for key in keys:
        both = set(found[key].values) & set(listed[key].values)
        assert {n: found[key].values[n] for n in both} == {n: listed[key].values[n] for n in both}
        assert set(listed[key].values) - both <= {"TransactionState"}


def test_a_list_is_read_once_in_a_run_and_summaries_cost_no_call_for_each_record(here: SoapPlace) -> None:
    before = here.last
    names = {r.key: r for page in here.connector.scan("customer", ["CustomerName", "Hold"]) for r in page}
    assert len(names) == len(_all(here.connector, "customer", ["CustomerClass"])) > 30
    assert set(here.asked(before)) <= {"GetCustomerList", "GetCurrencyList", "GetCompanyList"}
    before = here.last
    for _ in range(2):
        _all(here.connector, "customer", ["BillTo.City"])
        here.connector.get("customer", list(names), ["BillTo.City", "Comment1"])
    assert here.asked(before).count("GetCustomerByKey") == len(names)


def test_a_list_longer_than_a_window_is_asked_for_in_several(here: SoapPlace) -> None:
    with soap_place(here.channel._scratch.file().parent / "small", window=10) as small:  # pyright: ignore[reportPrivateUsage]
        for at in range(60):
            small.customer(f"M{at:04d}")
        found = _all(small.connector, "customer", ["CustomerName"])
        assert sum(key[0].startswith("M0") for key in found) == 60
        before = small.last
        small.connector.begin_run()
        assert set(_all(small.connector, "customer", ["CustomerName"])) == set(found)
        assert small.asked(before).count("GetCustomerList") > 3


def test_an_answer_that_breaks_off_is_asked_for_in_smaller_parts(here: SoapPlace) -> None:
    whole = set(_all(here.connector, "customer", ["CustomerName"]))
    here.connector.begin_run()
    here.fault(do="truncate", path="GetCustomerList$", after_bytes=900, times=2)
    assert set(_all(here.connector, "customer", ["CustomerName"])) == whole


def test_records_are_found_by_the_criteria_of_the_list(here: SoapPlace) -> None:
    before = here.last
    found = here.connector.find("customer", "CustomerName", ["aaron FITZ electrical  "], ["BillTo.City"])
    assert [record.key for record in found] == [("AARONFIT0001",)]
    assert set(found[0].values) == {"BillTo.City"}
    assert here.asked(before)[-2:] == ["GetCustomerList", "GetCustomerByKey"]
    names = [f"No Such Firm {number}" for number in range(20)] + ["Aaron Fitz Electrical"]
    assert len(here.connector.find("customer", "CustomerName", names, ["CustomerName"])) == 1
    assert here.connector.find("customer", "CustomerName", ["100%", "Ω", "x" * 300, "\x01"], ["Hold"]) == []


def test_no_record_has_a_key_that_no_message_can_hold(here: SoapPlace) -> None:
    keys = [("\x01",), ("Ω",), ("",), ("X" * 300,), ("TWO", "PARTS")]
    assert dict(here.connector.get("customer", keys, ["CustomerName"], fresh=True)) == {}


# what changed


def _feed(here: SoapPlace, entity: str, cursor: str | None) -> tuple[list[ChangePage], str]:
    here.connector.begin_run()
    pages = list(here.connector.changes(entity, ["CustomerName"] if entity == "customer" else [], cursor))
    return pages, str(pages[-1].cursor)


def _keys(pages: list[ChangePage]) -> set[str]:
    return {change.key[0] for page in pages for change in page.changes}


def test_a_change_is_found_by_its_stamp_and_told_once(here: SoapPlace) -> None:
    for number in ("FEED1", "FEED2"):
        here.customer(number)
    here.clock.advance(timedelta(minutes=10).total_seconds())
    everything, cursor = _feed(here, "customer", None)
    assert everything[-1].full and {"FEED1", "FEED2"} <= _keys(everything)
    _, cursor = _feed(here, "customer", cursor)
    here.clock.advance(timedelta(minutes=1).total_seconds())
    here.save("RM00101", "FEED1", {"COMMENT1": "moved"})
    here.clock.advance(timedelta(seconds=5).total_seconds())
    moved, cursor = _feed(here, "customer", cursor)
    assert not moved[-1].full and "FEED1" in _keys(moved) and "FEED2" not in _keys(moved)
    again, cursor = _feed(here, "customer", cursor)
    assert "FEED1" not in _keys(again)
    here.clock.advance(timedelta(hours=25).total_seconds())
    assert _feed(here, "customer", cursor)[0][-1].full


def test_changes_by_day_are_told_again_for_two_days_and_never_missed(here: SoapPlace) -> None:
    described = here.connector.entity("vendor")
    assert (described.feed, described.feed_granularity_s) == (Feed.MODIFIED, 86_400.0)
    _, cursor = _feed(here, "vendor", None)
    here.clock.advance(timedelta(hours=3).total_seconds())
    here.system.world.company.change("PM00200", ("ACETRAVE0001",), {"COMMENT1": "moved"})
    assert "ACETRAVE0001" in _keys(_feed(here, "vendor", cursor)[0])


def test_a_cursor_of_another_channel_counts_as_none(here: SoapPlace) -> None:
    for cursor in ("2026-11-23", '{"way": "sql", "at": "2026-11-23T00:00:00"}', "[]", "nonsense"):
        assert _feed(here, "customer", cursor)[0][-1].full


def test_deletions_and_changed_addresses_are_seen_where_gp_keeps_changed_keys(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with soap_place(tmp_path_factory.mktemp("gp"), SoapManner(changes=True)) as here:
        for number in ("KEYS1", "KEYS2", "KEYS3"):
            here.customer(number)
        here.clock.advance(timedelta(minutes=10).total_seconds())
        _, cursor = _feed(here, "customer", None)
        _, cursor = _feed(here, "customer", cursor)
        here.clock.advance(timedelta(minutes=1).total_seconds())
        here.delete("RM00101", "KEYS1")
        here.system.world.company.change("RM00102", ("KEYS2", "PRIMARY"), {"CITY": "Gary"})
        here.clock.advance(timedelta(seconds=5).total_seconds())
        pages, cursor = _feed(here, "customer", cursor)
        changes = {change.key[0]: change.deleted for page in pages for change in page.changes}
        assert changes["KEYS1"] and changes["KEYS2"] is False and "KEYS3" not in changes
        assert here.connector.entity("customer").feed_sees_deletions
        set_changes(here.soap.service, enabled=False)


def test_only_what_is_asked_for_is_read_with_one_lane(tmp_path_factory: pytest.TempPathFactory) -> None:
    with soap_place(tmp_path_factory.mktemp("gp"), lanes=1) as here:
        assert len(_all(here.connector, "customer", ["CurrencyID", "BillTo.City"])) > 30
        assert here.create("LANE1", {"CustomerName": "One lane"}).status.value == "done"
        assert here.connector.find("customer", "Comment1", ["x"], ["Comment1"]) == []


def test_each_lane_logs_in_once_however_much_is_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    with soap_place(tmp_path_factory.mktemp("gp")) as here:
        for entity in ("customer", "vendor", "item"):
            _all(here.connector, entity, [*here.connector.entity(entity).fields])
        assert len(here.asked()) > 60
        [login] = [each for each in here.connector.check() if each.subject == "authentication"]
        assert login.facts["handshakes"] in (1, 2) and login.facts["every_request"] is False


def test_a_customer_that_changed_is_asked_for_once_in_a_run_and_again_where_it_must_be_fresh(
    here: SoapPlace,
) -> None:
    fields = ["CustomerName", "PaymentTermsID", "BillTo.City"]
    keys: list[Key] = [("AARONFIT0001",), ("PLAZAONE0001",)]
    before = here.last
    first = here.connector.get("customer", keys, fields)
    assert here.connector.get("customer", keys, fields) == first and len(first) == 2
    assert here.asked(before).count("GetCustomerByKey") == 2
    here.save("RM00101", "AARONFIT0001", {"CUSTNAME": "Aaron, at once"})
    fresh = here.connector.get("customer", keys[:1], fields, fresh=True)
    assert fresh[keys[0]].values["CustomerName"] == "Aaron, at once"
    assert here.connector.get("customer", keys[:1], fields) == fresh
    here.save("RM00101", "AARONFIT0001", {"CUSTNAME": "Aaron Fitz Electrical"})
    here.channel.doubt("customer", keys[:1])
    again = here.connector.get("customer", keys[:1], fields)
    assert again[keys[0]].values["CustomerName"] == "Aaron Fitz Electrical"
    here.connector.begin_run()
    before = here.last
    here.connector.get("customer", keys, fields)
    assert here.asked(before).count("GetCustomerByKey") == 2
