"""The signed door: whoever can post and sign may tell us of a key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from door_desk import NEW, OLD, Desk, Word, knock

from gp365.web.door_signed import SIGNATURE, TIME

BODY = b'{"table": "customer", "key": "AARONFIT0001"}'


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_a_key_that_is_signed_with_one_of_both_secrets_is_kept(desk: Desk, secret: Word) -> None:
    answer = knock(desk.app(), "/hooks/gp", BODY, headers=desk.sign(BODY, secret))
    assert answer.status == 200
    assert desk.kept("gp") == [("customer", "AARONFIT0001")]


def test_the_signature_is_what_the_documentation_says(desk: Desk) -> None:
    stamp = str(int(desk.now.timestamp()))
    made = hmac.new(NEW.text.encode(), f"{stamp}.".encode() + BODY, hashlib.sha256).hexdigest()
    headers = {"X-Gp365-Timestamp": stamp, "X-Gp365-Signature": f"sha256={made}"}
    assert knock(desk.app(), "/hooks/gp", BODY, headers=headers).status == 200


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ({"table": "customer", "keys": ["A", "B", "A"]}, ["A", "B"]),
        (
            {"keys": [{"table": "customer", "key": "A"}, {"table": "customer", "key": ["B", "MAIN"]}]},
            ["A", "B\x1fMAIN"],
        ),
        ({"table": "customer", "key": ["A", "MAIN"], "message": "Update"}, ["A\x1fMAIN"]),
        ({"keys": [{"table": "customer", "key": "A"}, {"table": "vendor", "key": "V"}]}, ["A"]),
    ],
)
def test_one_request_may_name_several_keys(desk: Desk, body: object, keys: list[str]) -> None:
    sent = json.dumps(body).encode()
    assert knock(desk.app(), "/hooks/gp", sent, headers=desk.sign(sent)).status == 200
    assert [key for _, key in desk.kept("gp")] == keys


@pytest.mark.parametrize("seconds", [-301, 301, 10**8])
def test_a_request_from_another_time_is_a_strangers(desk: Desk, seconds: int) -> None:
    headers = desk.sign(BODY)
    desk.forward(seconds)
    assert knock(desk.app(), "/hooks/gp", BODY, headers=headers).status == 401
    assert desk.kept("gp") == []


@pytest.mark.parametrize("seconds", [-299, 299])
def test_clocks_may_differ_by_five_minutes(desk: Desk, seconds: int) -> None:
    headers = desk.sign(BODY)
    desk.forward(seconds)
    assert knock(desk.app(), "/hooks/gp", BODY, headers=headers).status == 200


@pytest.mark.parametrize(
    "change", ["body", "stamp", "signature", "base64", "none", "no stamp", "not ascii", "size"]
)
def test_what_was_not_signed_so_is_a_strangers(desk: Desk, change: str) -> None:
    headers, body = desk.sign(BODY), BODY
    if change == "body":
        body = BODY.replace(b"AARON", b"BARON")
    elif change == "stamp":
        headers[TIME] = str(int(headers[TIME]) + 1)
    elif change == "signature":
        headers[SIGNATURE] = headers[SIGNATURE][:-1] + "g"
    elif change == "base64":
        headers[SIGNATURE] = "sha256=" + base64.b64encode(bytes.fromhex(headers[SIGNATURE][7:])).decode()
    elif change == "none":
        del headers[SIGNATURE]
    elif change == "no stamp":
        headers[TIME] = "yesterday"
    elif change == "not ascii":
        headers[SIGNATURE] = "sha256=\u00e4"
    elif change == "size":
        body = b"x" * 300_000
    answer = knock(desk.app(), "/hooks/gp", body, headers=headers)
    assert (answer.status, answer.body) == (401, b"") and desk.kept("gp") == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"table": "customer"}',
        b'{"table": "customer", "key": ""}',
        b'{"table": "customer", "key": 5}',
        b'{"table": "customer", "key": []}',
        b'{"table": "customer", "keys": []}',
        b'{"table": "customer", "keys": "A"}',
        b'{"table": "customer", "key": "A\\u0000"}',
        b'{"table": "customer", "key": "A\\u001fB"}',
        b'{"keys": [{"key": "A"}]}',
        json.dumps({"table": "customer", "keys": ["A"] * 1001}).encode(),
    ],
)
def test_a_signed_body_that_names_no_key_is_answered_400(desk: Desk, body: bytes) -> None:
    assert knock(desk.app(), "/hooks/gp", body, headers=desk.sign(body)).status == 400
    assert desk.kept("gp") == []


def test_the_same_request_sent_again_changes_nothing(desk: Desk) -> None:
    app, headers = desk.app(), desk.sign(BODY)
    for _ in range(3):
        assert knock(app, "/hooks/gp", BODY, headers=headers).status == 200
    assert desk.kept("gp") == [("customer", "AARONFIT0001")]
