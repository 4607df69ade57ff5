"""Keep secrets out of everything that a person or a file may see.

Exact secrets are registered when they are resolved; beside them, well-known shapes (Authorization headers, tokens,
client secrets, `code=` in a query, NTLM messages, cookies) are masked wherever they turn up.
"""

from __future__ import annotations

import base64
import json
import re
from threading import Lock
from urllib.parse import quote, quote_plus

MASK = "[secret]"
_HOLE = "\x00\x01\x00"  # stands for a mask until all secrets are looked for: one may be a part of the mask
_ANYWHERE = 4  # shorter secrets are masked only where they stand alone, or every text would be unreadable

_NAMES = (
    "client_secret|client_assertion|refresh_token|access_token|id_token|assertion|password|passwd|pwd|secret"
    "|api[-_]key"
)
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|set-cookie|cookie)(['\"]?\s*[:=]\s*)(?:b?['\"])?[^\r\n'\"]+"
        ),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"\b((?i:bearer))\s+[A-Za-z0-9+/=_.~-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\b((?i:negotiate|ntlm|basic))\s+(?=[a-z]*[A-Z0-9+/=])[A-Za-z0-9+/=]{8,}"), rf"\1 {MASK}"),
    (re.compile(rf"(?i)([?&;\s]|^)({_NAMES})=[^&\s\"'<>]+"), rf"\1\2={MASK}"),
    (re.compile(r"(?i)([?&])(code|sig)=[^&\s\"'<>]+"), rf"\1\2={MASK}"),
    (re.compile(rf"(?i)([\"'](?:{_NAMES})[\"']\s*:\s*)\"(?:[^\"\\]|\\.)*\""), rf'\1"{MASK}"'),
    (re.compile(rf"(?i)([\"'](?:{_NAMES})[\"']\s*:\s*)'(?:[^'\\]|\\.)*'"), rf"\1'{MASK}'"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*\.?[A-Za-z0-9_-]*"), MASK),
    (re.compile(r"\bTlRMTVNTUA[A-Za-z0-9+/=]*"), MASK),  # base64 of "NTLMSSP\0"
)
# Every shape holds one of these, in whatever case; in ASCII nothing but a letter's own two cases is the same letter.
_SIGNS = (
    *(
        "authorization",
        "cookie",
        "bearer",
        "negotiate",
        "ntlm",
        "basic",
        "secret",
        "assertion",
        "token",
        "passw",
    ),
    *("pwd", "api-key", "api_key", "code=", "sig=", "eyj", "tlrmtvntua"),
)


def spellings(secret: str) -> frozenset[str]:
    """Return the ways a secret may be written in a URL, JSON text, a Python repr or a Basic header."""
    raw = secret.encode("utf-8", "surrogatepass")
    return frozenset(
        {
            secret,
            quote(raw, safe=""),
            quote(raw),
            quote_plus(raw),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            repr(secret)[1:-1],
            base64.b64encode(raw).decode("ascii"),
        }
    )


class Redactor:
    """Know the secrets of this process and mask them in a text."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._secrets: frozenset[str] = frozenset()
        self._long: tuple[str, ...] = ()
        self._short: re.Pattern[str] | None = None

    def register(self, secret: str) -> None:
        """Mask this secret, in every usual spelling, from now on."""
        if secret:
            with self._lock:
                self._keep(self._secrets | spellings(secret))

    def forget(self, secret: str) -> None:
        """Stop masking a secret that is worth nothing any more, such as an expired token."""
        with self._lock:
            self._keep(self._secrets - spellings(secret))

    def _keep(self, secrets: frozenset[str]) -> None:
        """Order the secrets, the longest first: another one may be a part of it."""
        ordered = sorted(secrets, key=lambda one: (-len(one), one))
        short = [one for one in ordered if len(one) < _ANYWHERE]
        alone = "|".join(re.escape(one) for one in short)
        self._short = re.compile(rf"(?<!\w)(?:{alone})(?!\w)") if short else None
        # Looked for one by one: a pattern of all of them takes longer to make than it ever saves.
        self._secrets, self._long = secrets, tuple(one for one in ordered if len(one) >= _ANYWHERE)

    def redact(self, text: str) -> str:
        """Return the text without registered secrets and without what has the shape of one."""
        for secret in self._long:
            if secret in text:
                text = text.replace(secret, _HOLE)
        short = self._short
        if short is not None:
            text = short.sub(_HOLE, text)
        text = text.replace(_HOLE, MASK)
        if text.isascii():
            small = text.lower()
            if not any(sign in small for sign in _SIGNS):
                return text
        for shape, masked in _SHAPES:
            text = shape.sub(masked, text)
        return text


SECRETS = Redactor()
"""The secrets of this process: they are the same for every client, log and traceback in it."""


def register_secret(secret: str) -> None:
    """Mask this secret in every log line and exception text of the process."""
    SECRETS.register(secret)


def redact(text: str) -> str:
    """Return the text as it may be shown."""
    return SECRETS.redact(text)
