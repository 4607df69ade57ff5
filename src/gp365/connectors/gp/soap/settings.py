"""What must be known to reach a GP company over GP Web Services, and which of their two endpoints an address is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured

LEGACY = "DynamicsGPWebServices"
"""Where the legacy endpoint (SOAP 1.1, 2006/01) is below the host: DynamicsGPLegacy.config, Learn cc508704."""
ASMX = "DynamicsGPService.asmx"
"""What is POSTed to, below that: the soap:address of the legacy WSDL."""
_NATIVE = re.compile(r"/Dynamics/GPService(/|$)", re.IGNORECASE)
"""Where the native endpoint (SOAP 1.2, 2010/01) is: DynamicsGP.config."""


@dataclass(frozen=True, slots=True)
class SoapSettings:
    """One company behind GP Web Services.

    `url` is the legacy endpoint, http://HOST:48620/DynamicsGPWebServices, with or without the .asmx. `company_id` is
    the company's number (SY01500.CMPANYID); where it is None it is looked up by `company`, the name that GP shows.
    `user` is a Windows account (DOMAIN\\user) with a role in the Dynamics Security Service. `currency` is the ISO code
    of the functional currency (amounts carry one), `currency_id` the id under which GP
    keeps it, where several have that code. `overlap_s`: so far before the last seen stamp a poll begins.
    `compare_h`: after so many hours everything is read, because changed addresses have no stamp here. `window`: about
    so many rows are asked for at once, since lists have no pages. `classes` is the file that says what customer classes
    give to new customers, where no other channel tells it. Raises Misconfigured("settings-invalid") for values
    that cannot be.
    """

    name: str
    url: str
    user: str = ""
    password: Secret | None = field(default=None, repr=False)
    company: str = ""
    company_id: int | None = None
    interid: str = ""
    culture: str = "en-US"
    currency: str = ""
    currency_id: str = ""
    role: str = ""
    ca_file: Path | None = None
    lanes: int = 2
    spacing_ms: int = 150
    timeout_s: float = 120.0
    overlap_s: float = 300.0
    compare_h: float = 24.0
    window: int = 1000
    page: int = 100
    allow_basic: bool = False
    main_code: str = "PRIMARY"
    bill_to_code: str = "BILLTO"
    ship_to_code: str = "SHIPTO"
    classes: Path = Path("classes-gp.toml")

    def __post_init__(self) -> None:
        _check(self)

    @property
    def base(self) -> str:
        """Return the address of the service without the .asmx and without a query."""
        url = self.url.partition("?")[0].rstrip("/")
        return url[: -len(ASMX)].rstrip("/") if url.lower().endswith(ASMX.lower()) else url

    @property
    def plain(self) -> bool:
        """Say whether nothing is encrypted on the way: passwords are not sent by NTLM, but all records are readable."""
        return urlsplit(self.url).scheme.lower() == "http"


def _check(settings: SoapSettings) -> None:
    parts = urlsplit(settings.url)
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        raise _invalid(settings, "url", settings.url, "must be http://HOST:PORT/… or https://…")
    if _NATIVE.search(parts.path):
        raise native(settings)
    if settings.company_id is None and not settings.company.strip():
        raise _invalid(settings, "company", "", "or company_id must be given")
    for name, low, high in (
        ("lanes", 1, 8),
        ("spacing_ms", 0, 60_000),
        ("overlap_s", 0, 86_400),
        ("compare_h", 0, 8_784),
        ("window", 10, 100_000),
        ("page", 1, 5_000),
    ):
        if not low <= getattr(settings, name) <= high:
            raise _invalid(settings, name, str(getattr(settings, name)), f"must lie between {low} and {high}")
    if settings.currency and not re.fullmatch(r"[A-Z]{3}", settings.currency):
        raise _invalid(settings, "currency", settings.currency, "must be an ISO code such as USD")


def native(settings: SoapSettings) -> Misconfigured:
    """Return why the native endpoint cannot be used, and the address to use in its place.

    Its binding is WSHttpBinding with message security (WS-SecureConversation started by SPNEGO): no library for Python
    speaks it. Every installation of GP Web Services has the legacy endpoint beside it.
    """
    parts = urlsplit(settings.url)
    return Misconfigured(
        "settings-invalid",
        f"{settings.url} is the native endpoint of GP Web Services, which speaks WS-SecureConversation only.",
        system=settings.name,
        field="url",
        value=settings.url,
        fix=f"Give the legacy endpoint: {parts.scheme}://{parts.netloc}/{LEGACY}",
    )


def _invalid(settings: SoapSettings, name: str, value: str, why: str) -> Misconfigured:
    return Misconfigured(
        "settings-invalid",
        f"[systems.{settings.name}.soap] {name} {why}.",
        system=settings.name,
        field=name,
        value=value,
        fix=f"Correct {name} in gp365.toml.",
    )
