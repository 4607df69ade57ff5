"""Nothing that is secret survives in a text that a person or a file may see."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gp365.wire.redact import _SHAPES, MASK, Redactor

SECRET_TEXT = st.text(min_size=4, max_size=40).filter(lambda text: text.strip() and text not in MASK)


@given(SECRET_TEXT, st.text(max_size=30), st.text(max_size=30))
def test_a_registered_secret_is_found_in_every_usual_spelling(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.register(secret)
    raw = secret.encode("utf-8", "surrogatepass")
    for spelling in (
        secret,
        quote(raw, safe=""),
        quote_plus(raw),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        base64.b64encode(raw).decode(),
    ):
        shown = redactor.redact(f"{before}\n{spelling}\n{after}")
        rest = shown.replace(MASK, "")
        outside = f"{before}\n\n{after}"
        assert spelling not in rest or spelling in outside


@given(st.lists(SECRET_TEXT, min_size=2, max_size=4, unique=True))
def test_a_secret_inside_another_does_not_uncover_it(secrets: list[str]) -> None:
    redactor = Redactor()
    for secret in secrets:
        redactor.register(secret)
    shown = redactor.redact(" | ".join(secrets))
    assert not any(secret in shown.replace(MASK, "") for secret in secrets if secret.strip(" |"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def", f"Authorization: {MASK}"),
        ("{'authorization': 'Negotiate YIIabc=='}", f"{{'authorization': {MASK}'}}"),
        ("Cookie: ARRAffinity=1; x=2\r\nnext", f"Cookie: {MASK}\r\nnext"),
        ("sent NTLM TlRMTVNTUAABAAAA", f"sent NTLM {MASK}"),
        ("a TlRMTVNTUAABAAAA= b", f"a {MASK} b"),
        ("token eyJhbGciOi.eyJhdWQ.c2ln ends", f"token {MASK} ends"),
        ("client_secret=a%20b&scope=x", f"client_secret={MASK}&scope=x"),
        ("https://door/hook?code=abc&x=1", f"https://door/hook?code={MASK}&x=1"),
        ('{"access_token": "ab\\"cd", "x": 1}', f'{{"access_token": "{MASK}", "x": 1}}'),
        ("{'password': 'pw', 'n': 1}", f"{{'password': '{MASK}', 'n': 1}}"),
        ("Basic dXNlcjpwdw==", f"Basic {MASK}"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_masked(text: str, shown: str) -> None:
    assert Redactor().redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        '{"error":{"code":"0x80060892","message":"A record with matching key values already exists."}}',
        "by Negotiate (NTLM) or basic authentication",
        "https://org/api/accounts?$select=name&$skiptoken=%3Ccookie%20pagenumber=2",
        "CustomerNumber AARONFIT0001",
        "code=AARONFIT in a message",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert Redactor().redact(text) == text


def test_a_very_short_secret_is_masked_where_it_stands_alone() -> None:
    redactor = Redactor()
    redactor.register("pw1")
    assert redactor.redact("user:pw1 spw1x") == f"user:{MASK} spw1x"


def test_a_forgotten_secret_is_not_masked_any_more_and_others_are() -> None:
    redactor = Redactor()
    redactor.register("first-token")
    redactor.register("second-token")
    redactor.forget("first-token")
    redactor.forget("")
    assert redactor.redact("first-token second-token") == f"first-token {MASK}"


WORDS = (
    "authorization",
    "Set-Cookie",
    "cookie",
    "bearer",
    "negotiate",
    "NTLM",
    "basic",
    "client_secret",
    "password",
)
MORE = (
    "api-key",
    "api_key",
    "pwd",
    "passwd",
    "access_token",
    "assertion",
    "code",
    "sig",
    "eyJ",
    "TlRMTVNTUA",
    "\u017fig",
)
PIECES = st.sampled_from(
    (*WORDS, *MORE, "=", ":", " ", "?", "&", '"', "'", ";", "\n", ".", "Ab1+/=cdEf", "x", "\u212aey")
)


@given(st.lists(st.tuples(PIECES, st.booleans()), max_size=12))
def test_no_shape_is_overlooked_where_nothing_seems_to_be_one(pieces: list[tuple[str, bool]]) -> None:
    text = "".join(piece.swapcase() if swapped else piece for piece, swapped in pieces)
    masked = text
    for shape, mask in _SHAPES:
        masked = shape.sub(mask, masked)
    assert Redactor().redact(text) == masked
