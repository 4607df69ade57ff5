"""Addresses, payloads, lists and values of SBA as pure functions: whatever comes, nothing is lost or invented."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest
from gp_place import Word
from hypothesis import given
from hypothesis import strategies as st

from gp365.connectors.gp import RESOURCES, GpSettings
from gp365.connectors.gp.rest.listing import Cut, Refused, Unreadable, objects
from gp365.connectors.gp.rest.payload import faults, parsed, refusal_words, request_body, single_object
from gp365.connectors.gp.rest.url import encoded, help_path, list_path, object_path
from gp365.connectors.gp.tables import NAMES, entity_named
from gp365.connectors.gp.values import check_values, read_value, sent, unfit_character
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.values import Value
from gp365_sim.gp.addresses import segments

CP1252 = st.characters(codec="cp1252", exclude_categories=["Cc"])


def settings(company: str = "Fabrikam, Inc.", tenant: str = "DefaultTenant") -> GpSettings:
    return GpSettings("gp", "https://gp.example/GPService", company, "CORP\\gp", Word("x"), tenant=tenant)


# addresses


def test_the_published_address_of_a_list_is_ours() -> None:
    assert (
        list_path(settings(tenant="Test"), RESOURCES["customer"])
        == "Tenants(Test)/Companies(Fabrikam%2C%20Inc.)/Sales/Customers.json"
    )
    assert help_path(settings()) == "Tenants(DefaultTenant)/help"


def test_inner_parentheses_slashes_and_semicolons_are_encoded_and_outer_ones_are_not() -> None:
    path = object_path(settings("A (B) LTD"), RESOURCES["customer_address"], ("A;B/C)", "#1 &"))
    assert path == (
        "Tenants(DefaultTenant)/Companies(A%20%28B%29%20LTD)/Sales/CustomerAddresses(A%3BB%2FC%29;%231%20%26).json"
    )


@given(
    company=st.text(CP1252, min_size=1).filter(str.strip), key=st.tuples(*[st.text(CP1252, min_size=1)] * 2)
)
def test_any_company_and_any_key_arrive_as_they_were_sent(company: str, key: tuple[str, str]) -> None:
    *_, found, _, record = segments(object_path(settings(company), RESOURCES["customer_address"], key))
    assert found.whole_key == company
    assert record.key == key
    assert record.json


@given(st.text())
def test_an_encoded_part_holds_no_sign_with_a_meaning(text: str) -> None:
    assert not set(encoded(text)) & set("()/;?#&% +'\"") - {"%"}


# payloads


AMOUNTS = st.decimals(-(10**14), 10**14, allow_nan=False, allow_infinity=False, places=5)


@given(st.dictionaries(st.text(max_size=8), AMOUNTS))
def test_decimals_travel_without_loss(members: dict[str, Decimal]) -> None:
    assert parsed(request_body(members)) == {"Payload": members}


ROW = {"ClassID": "USA", "Amount": 1.5}


@pytest.mark.parametrize(
    "document",
    [
        ROW,
        {"Payload": ROW},
        {"Customers": [ROW]},
        {"Payload": {"Customer": ROW}},
        [ROW],
        {"Errors": [], "Payload": ROW},
    ],
)
def test_one_object_is_found_in_any_wrapping(document: Any) -> None:
    assert single_object(document) == ROW


@pytest.mark.parametrize(
    "document", [None, [], {}, {"Payload": None}, {"Payload": []}, {"Customers": []}, "text"]
)
def test_no_object_is_found_where_there_is_none(document: Any) -> None:
    assert single_object(document) is None


@pytest.mark.parametrize(
    ("body", "told", "field"),
    [
        (
            b'{"Code":"RuleViolated","Message":"CUSTNAME: is required.","Field":"CustomerName"}',
            "is required",
            "CustomerName",
        ),
        (b'{"Errors":[{"Message":"one","Field":"A"},{"Message":"two"}]}', "one; two", "A"),
        (b'{"Errors":["words"]}', "words", ""),
        (b"<html><body>Runtime Error</body></html>", "Runtime Error", ""),
        (b"", "", ""),
        (b"\xff\xfe", "", ""),
    ],
)
def test_the_services_own_words_are_found_in_any_body(body: bytes, told: str, field: str) -> None:
    words, named = refusal_words(body)
    assert told in words and named == field


def test_a_success_with_an_error_inside_is_a_failure() -> None:
    assert faults({"Errors": ["no"]}) == "no"
    assert faults({"Errors": [], "Payload": {}}) == ""


# lists

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ROWS = st.lists(st.dictionaries(st.text(min_size=1, max_size=6), JSON, min_size=1, max_size=5), max_size=6)
WRAPS: list[Any] = [
    lambda rows: rows,
    lambda rows: {"Payload": rows},
    lambda rows: {"Customers": rows},
    lambda rows: {"Payload": {"Customers": rows}},
    lambda rows: {"Count": 7, "Errors": [], "Payload": rows, "Messages": ["note"]},
]


def cut_up(body: bytes, sizes: list[int]) -> list[bytes]:
    chunks: list[bytes] = []
    for size in sizes:
        chunks.append(body[:size])
        body = body[size:]
    return [*chunks, body]


@given(
    rows=ROWS,
    wrap=st.sampled_from(WRAPS),
    sizes=st.lists(st.integers(0, 40), max_size=30),
    indent=st.booleans(),
)
def test_a_list_gives_the_same_objects_however_it_is_wrapped_and_cut(
    rows: list[dict[str, Any]], wrap: Any, sizes: list[int], indent: bool
) -> None:
    body = json.dumps(wrap(rows), ensure_ascii=False, indent=2 if indent else None).encode(
        "utf-8", "surrogatepass"
    )
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    assert list(objects(cut_up(body, sizes))) == rows


@given(rows=ROWS.filter(bool), wrap=st.sampled_from(WRAPS), keep=st.floats(0, 0.999))
def test_a_list_that_ends_early_is_never_taken_for_a_whole_one(
    rows: list[Any], wrap: Any, keep: float
) -> None:
    body = orjson.dumps(json.loads(json.dumps(wrap(rows)).replace("\\ud", "\\u0")))
    short = body[: int(len(body) * keep)]
    if not short.strip():
        return
    with pytest.raises((Cut, Unreadable)):
        list(objects([short]))


def test_an_error_beside_or_after_the_list_is_a_refusal() -> None:
    for body in (b'{"Errors":["no right"]}', b'{"Payload":[{"A":1}],"Errors":["cut short"]}'):
        with pytest.raises(Refused):
            list(objects([body]))


@pytest.mark.parametrize("body", [b"<html>", b"[1,2]", b'[{"A":1}', b'{"Payload":[{"A":1},', b"\xff"])
def test_what_is_no_list_is_not_read_as_one(body: bytes) -> None:
    with pytest.raises((Unreadable, Cut)):
        list(objects([body]))


def test_a_list_of_one_may_come_as_an_object() -> None:
    assert list(objects([b'{"Payload":{"ClassID":"A","ClassDescription":"B"}}'])) == [
        {"ClassID": "A", "ClassDescription": "B"}
    ]


def test_money_in_a_list_keeps_its_decimals() -> None:
    [row] = objects([b'[{"A":98765432109876.54321}]'])
    assert row["A"] == Decimal("98765432109876.54321")


# values

TEXT = FieldDescription("Name", length=30, code_page="cp1252")
ID = FieldDescription("Id", length=15, code_page="cp1252", upper=True)
MONEY = FieldDescription("Money", FieldType.MONEY)
FLAG = FieldDescription("Flag", FieldType.BOOLEAN)
DAY = FieldDescription("Day", FieldType.DATE)


@given(st.text(CP1252, max_size=30))
def test_a_text_comes_back_without_its_padding_and_otherwise_as_it_was(text: str) -> None:
    padded = sent(TEXT, text).ljust(40)
    assert read_value(TEXT, padded) == (text.rstrip(" ") or None)


@given(st.text(CP1252, max_size=15))
def test_an_id_comes_back_in_capitals_of_the_same_length(text: str) -> None:
    once = read_value(ID, sent(ID, text))
    assert once is None or (
        len(str(once)) == len(text.rstrip(" ")) and read_value(ID, sent(ID, once)) == once
    )
    assert not unfit_character(str(once or ""))


@given(st.dates(date(1900, 1, 2)))
def test_a_day_comes_back(day: date) -> None:
    assert read_value(DAY, sent(DAY, day)) == day
    assert sent(DAY, day).endswith("T00:00:00")


@pytest.mark.parametrize("raw", [None, "", "1900-01-01", "1900-01-01T00:00:00", "/Date(-2208988800000)/"])
def test_gps_empty_date_is_empty(raw: Any) -> None:
    assert read_value(DAY, raw) is None
    assert read_value(DAY, sent(DAY, None)) is None


@pytest.mark.parametrize(
    ("raw", "flag"), [(0, False), (1, True), ("1", True), (True, True), ("false", False)]
)
def test_a_flag_is_read_in_any_spelling(raw: Any, flag: bool) -> None:
    assert read_value(FLAG, raw) is flag
    assert sent(FLAG, flag) == int(flag)


@given(AMOUNTS)
def test_money_comes_back_to_the_last_decimal(amount: Decimal) -> None:
    assert read_value(MONEY, parsed(request_body({"A": sent(MONEY, amount)}))["Payload"]["A"]) == amount


@given(st.text(max_size=20))
def test_exactly_the_texts_of_the_code_page_may_be_sent(text: str) -> None:
    fault = check_values({"Name": TEXT}, {"Name": text}, "update", "X")
    fits = not unfit_character(text)
    printable = all(ord(sign) >= 32 and ord(sign) != 127 for sign in text)
    assert (fault is None) == (fits and printable)
    if fault is not None and not fits:
        assert fault.code == "not-in-code-page" and unfit_character(text) in fault.message


# entities


@pytest.mark.parametrize("name", NAMES)
def test_every_entity_file_is_whole(name: str) -> None:
    entity = entity_named(name)
    assert set(entity.key) <= set(entity.fields)
    # A field that is worked out of others is in no channel's table; a second look at a column has no name in SBA.
    assert all(each.sql or not each.sba for each in entity.fields.values())
    assert all(
        each.description.length for each in entity.fields.values() if each.description.type is FieldType.TEXT
    )
    assert entity.assumed
    assert not any(" " in field or not field[0].isupper() for field in entity.fields)


def test_usable_lengths_are_those_of_econnect_not_of_the_columns() -> None:
    fields = entity_named("customer").shown
    lengths = {
        name: fields[name].length
        for name in ("CustomerName", "BillTo.Address1", "BillTo.Zip", "IntegrationID")
    }
    assert lengths == {"CustomerName": 64, "BillTo.Address1": 60, "BillTo.Zip": 10, "IntegrationID": 30}


def test_value_types_of_the_customer_view_follow_its_columns() -> None:
    values: dict[str, Value] = {"Hold": True, "CreditLimitAmount": Decimal(1), "BillTo.City": "Gary"}
    assert check_values(entity_named("customer").shown, values, "create", "X") is None
