"""Paging cookies: opaque to the client, readable and checked by the organisation that made them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import quote, unquote

from . import refusal
from .organisation import Organisation

_OUTER = re.compile(r'^<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="(True|False)" />$')
_INNER = re.compile(r'<position state="([A-Za-z0-9_=-]+)" check="([0-9a-f]+)" />')


def seal(org: Organisation, scope: str, state: dict[str, Any]) -> str:
    """Write the position behind a page as a $skiptoken, percent-encoded once for the URL.

    `scope` is what the page belongs to (table and query options); `state` holds at least `page`. The shape is that of
    page-results.md: an XML element around a twice encoded XML element.
    """
    text = base64.urlsafe_b64encode(json.dumps(state, default=str).encode()).decode()
    position = f'<position state="{text}" check="{_check(org, scope, text)}" />'
    inner = f'<cookie page="{state["page"]}">{position}</cookie>'
    tracking = "True" if "stamp" in state else "False"
    outer = (
        f'<cookie pagenumber="{state["page"] + 1}" pagingcookie="{quote(quote(inner, safe=""), safe="")}" '
        f'istracking="{tracking}" />'
    )
    return quote(outer, safe="")


def unseal(org: Organisation, scope: str, token: str) -> dict[str, Any]:
    """Read a $skiptoken; raises 400 where it was changed or belongs to another query (code assumed)."""
    outer = _OUTER.match(token)
    inner = _INNER.search(unquote(unquote(outer[2]))) if outer else None
    if inner is None or not hmac.compare_digest(inner[2], _check(org, scope, inner[1])):
        raise refusal.invalid("Malformed XML in the Paging Cookie")
    return json.loads(base64.urlsafe_b64decode(inner[1]))


def _check(org: Organisation, scope: str, text: str) -> str:
    return hmac.new(org.secret, f"{scope}\n{text}".encode(), hashlib.sha256).hexdigest()[:24]
