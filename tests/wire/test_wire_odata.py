"""OData pages, change tracking, error words, literals and long filters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import quote, unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gp365.wire.calls import CallFailed
from gp365.wire.http import HttpClient
from gp365.wire.literals import any_of, encoded_length, filters, in_list, key_segment, literal
from gp365.wire.odata import DeltaExpired, Page, ServiceRefused, delta, pages, prefer, service_error, track
from gp365.wire.trust import Trust
from wire.conftest import VirtualTime
from wire.wire_server import Reply, Request, Server

Serve = Callable[..., Server]
ROOT = "/api/data/v9.2"


class Accounts:
    """Serve numbered rows in pages; the links are absolute, as Dataverse gives them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.url = ""
        self.refusals = 0

    def __call__(self, request: Request) -> Reply:
        if self.refusals:
            self.refusals -= 1
            return Reply(400, body=b'{"error":{"code":"0x80044352","message":"The delta token has expired"}}')
        wishes = request.headers.get("prefer", "")
        size = int((re.search(r"maxpagesize=(\d+)", wishes) or ["", "5000"])[1])
        start = int((re.search(r"skiptoken=(\d+)", request.target) or ["", "0"])[1])
        rows: list[dict[str, object]] = [{"n": n} for n in range(start, min(start + size, self.count))]
        body: dict[str, object] = {"value": rows}
        path = f"{self.url}{ROOT}/accounts?$select=n"
        if start + size < self.count:
            body["@odata.nextLink"] = f"{path}&$skiptoken={start + size}"
        elif "track-changes" in wishes or "deltatoken" in request.target:
            body["@odata.deltaLink"] = f"{path}&$deltatoken=919042%2108%2f22"
            rows += [
                {
                    "@odata.context": f"{self.url}/$metadata#accounts/$deletedEntity",
                    "id": "g-1",
                    "reason": "deleted",
                }
            ]
        return Reply(200, body=json.dumps(body).encode())


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(12)


@pytest.fixture
def client(serve: Serve, accounts: Accounts, virtual: VirtualTime) -> HttpClient:
    server = serve(accounts)
    accounts.url = server.url
    accounts.server = server  # type: ignore[attr-defined]
    return HttpClient(server.url + ROOT, system="sales", trust=Trust(), clock=virtual.clock)


def numbers(found: list[Page]) -> list[int]:
    return [row["n"] for page in found for row in page.rows]


def test_all_pages_are_read_by_their_links_and_prefer_goes_with_each(
    client: HttpClient, accounts: Accounts
) -> None:
    found = list(
        pages(client, "accounts", params={"$select": "n"}, headers={"Prefer": "odata.maxpagesize=5"})
    )
    assert numbers(found) == list(range(12))
    assert [len(page.rows) for page in found] == [5, 5, 2]
    requests = accounts.server.requests  # type: ignore[attr-defined]
    assert {request.headers["prefer"] for request in requests} == {"odata.maxpagesize=5"}
    assert [request.target for request in requests][1] == f"{ROOT}/accounts?$select=n&$skiptoken=5"


def test_tracking_ends_with_a_link_that_reads_changes_and_deletions(
    client: HttpClient, accounts: Accounts
) -> None:
    first = list(track(client, "accounts", params={"$select": "n"}, page_size=7))
    assert [bool(page.delta_link) for page in first] == [False, True]
    assert numbers(first) == list(range(12))
    accounts.count = 3
    again = list(delta(client, first[-1].delta_link))
    assert numbers(again) == [0, 1, 2]
    assert again[-1].deleted == ("g-1",)
    assert again[-1].delta_link


def test_an_expired_delta_token_is_a_signal_after_one_more_try(
    client: HttpClient, accounts: Accounts
) -> None:
    link = list(track(client, "accounts", params={}))[-1].delta_link
    accounts.refusals = 1
    assert numbers(list(delta(client, link))) == list(range(12))
    accounts.refusals = 2
    with pytest.raises(DeltaExpired, match="expired"):
        list(delta(client, link))


def test_a_refused_right_is_not_taken_for_an_expired_token(serve: Serve, virtual: VirtualTime) -> None:
    server = serve(lambda _: Reply(403, body=b'{"error":{"code":"0x80040220","message":"no privilege"}}'))
    client = HttpClient(server.url, system="sales", trust=Trust(), clock=virtual.clock)
    with pytest.raises(ServiceRefused) as caught:
        list(delta(client, f"{server.url}/accounts?$deltatoken=1"))
    assert (caught.value.error.status, caught.value.error.code) == (403, "0x80040220")


def test_links_that_run_in_a_circle_are_noticed(serve: Serve) -> None:
    server = serve(
        lambda r: Reply(
            body=json.dumps({"value": [], "@odata.nextLink": f"http://{r.headers['host']}/x"}).encode()
        )
    )
    with pytest.raises(CallFailed, match="leads back"):
        list(pages(HttpClient(server.url, system="sales", trust=Trust()), "accounts"))


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"value": 3}', b"<html>"])
def test_an_answer_without_rows_is_no_empty_page(serve: Serve, body: bytes) -> None:
    server = serve(lambda _: Reply(body=body))
    with pytest.raises(CallFailed) as caught:
        list(pages(HttpClient(server.url, system="sales", trust=Trust()), "accounts"))
    assert caught.value.code == "answer-unreadable"


def test_the_words_of_a_refusal_are_kept() -> None:
    body = b'{"error":{"code":"0X8004F","message":"No","innererror":{"message":"deep","type":"T"}}}'
    error = service_error(412, body)
    assert (error.code, error.message, error.inner) == ("0x8004f", "No", "deep")
    assert service_error(400, b'{"error":{"code":"","message":"m"}}').code == ""
    assert service_error(502, b"<html>Bad gateway</html>").message == "<html>Bad gateway</html>"
    for odd in (b"[]", b"{}", b'{"error":"x"}', b'{"error":null}', b"", b"\xff\xfe"):
        assert service_error(500, odd).status == 500


def test_a_wish_is_not_repeated() -> None:
    assert prefer({"prefer": "odata.maxpagesize=10, a"}, "odata.maxpagesize=5", "b") == {
        "prefer": "odata.maxpagesize=10,a,b"
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("O'Neil & Söhne", "'O''Neil & Söhne'"),
        ("", "''"),
        (True, "true"),
        (5, "5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (None, "null"),
        (date(2026, 5, 4), "2026-05-04"),
        (datetime(2026, 5, 4, 1, tzinfo=timezone(timedelta(hours=2))), "2026-05-03T23:00:00Z"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_literals(value: object, text: str) -> None:
    assert literal(value) == text  # type: ignore[arg-type]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        literal(datetime(2026, 5, 4, tzinfo=UTC).replace(tzinfo=None))


def test_a_key_may_hold_any_character() -> None:
    keys = key_segment([("gp365_company", "TWO"), ("gp365_numberkey", "A/B & 'C'%")])
    assert keys == "(gp365_company='TWO',gp365_numberkey='A%2FB%20%26%20''C''%25')"
    assert unquote(keys).endswith("'A/B & ''C''%')")


VALUES = st.lists(
    st.text(min_size=1, max_size=30).map(lambda t: t.encode("utf-8", "ignore").decode()), max_size=120
)


@given(VALUES, st.integers(200, 3000), st.integers(1, 50), st.sampled_from([any_of, in_list]))
def test_long_filters_are_cut_to_fit_and_lose_no_value(
    values: list[str], room: int, most: int, render: Callable[..., str]
) -> None:
    def filter_of(some: object) -> str:
        return render("accountnumber", some)

    found = list(filters(values, filter_of, room=room, most=most))
    assert [value for some, _ in found for value in some] == values
    for some, text in found:
        assert text == filter_of(some)
        assert len(some) <= most
        assert encoded_length(text) <= room or len(some) == 1


def test_a_thousand_values_fit_into_few_filters() -> None:
    found = list(
        filters([f"CUSTOMER{n:06}" for n in range(5000)], lambda some: in_list("accountnumber", some))
    )
    assert len(found) <= 5
    assert all(len(quote(text, safe="$'(),:;@/!*-._~")) <= 32_768 for _, text in found)
