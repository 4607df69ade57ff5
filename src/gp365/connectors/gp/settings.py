"""What must be known about one GP company to talk to it, and the map of its resources: paths, keys and verbs.

No public document shows more of the map than the resources' names; every site may override every line of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured

_INTERID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,4}")


@dataclass(frozen=True, slots=True)
class Resource:
    """Where an entity is served: `path` below the company (or below the tenant), key parts, verbs.

    `modified_filter` is the query of a site that has proved one, with {day} for the first day wanted, for example
    `$filter=ModifiedDate ge {day}`; empty where lists come whole.
    """

    path: str
    key: tuple[str, ...]
    verbs: tuple[str, ...] = ("GET", "POST", "PATCH")
    below_tenant: bool = False
    modified_filter: str = ""
    assumed: bool = True


RESOURCES: Mapping[str, Resource] = MappingProxyType(
    {
        "customer": Resource("Sales/Customers", ("CustomerNumber",)),
        "customer_address": Resource("Sales/CustomerAddresses", ("CustomerNumber", "AddressCode")),
        "customer_class": Resource("Sales/Classes", ("ClassID",), ("GET",)),
        "payment_terms": Resource("Administration/PaymentTerms", ("PaymentTermsID",), ("GET",)),
        "company": Resource("Companies", ("CompanyName",), ("GET",), below_tenant=True),
    }
)
"""Resource names: MicrosoftDocs/msftdynamicsgpdocs, installation/SBA.md; spelling of paths, keys and verbs assumed."""


@dataclass(frozen=True, slots=True)
class GpSettings:
    """One company of one GP installation, reached through the Service Based Architecture and other channels.

    `url` is GP Service's, empty where there is none. `company` is the display name as it stands in the URL; `interid` is
    the company database. `spacing_ms` lies between the end of a call and the start of the next on the same lane.
    `single_limit`: up to so many keys are read one by one where no list was read in this run. `read_back`: after an edit
    the card is read again and compared. Raises Misconfigured("settings-invalid") for values that cannot be.
    """

    name: str
    url: str
    company: str
    user: str
    password: Secret | None
    tenant: str = "DefaultTenant"
    interid: str = ""
    time_zone: str = "UTC"
    ca_file: Path | None = None
    functional_currency: str = ""
    lanes: int = 2
    spacing_ms: int = 150
    allow_basic: bool = False
    timeout_s: float = 120.0
    first_timeout_s: float = 300.0
    single_limit: int = 50
    page: int = 500
    resources: Mapping[str, Resource] = field(default_factory=lambda: dict(RESOURCES))
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    main_code: str = "PRIMARY"
    bill_to_code: str = "BILLTO"
    ship_to_code: str = "SHIPTO"
    read_back: bool = True

    def __post_init__(self) -> None:
        _check(self)


def _check(settings: GpSettings) -> None:
    for name in ("tenant", "company"):
        if not str(getattr(settings, name)).strip():
            raise _invalid(settings, name, "", "is empty")
    if settings.url and not settings.url.lower().startswith("https://"):
        raise _invalid(settings, "url", settings.url, "must begin with https://: GP Service speaks TLS only")
    if settings.interid and not _INTERID.fullmatch(settings.interid):
        raise _invalid(
            settings,
            "interid",
            settings.interid,
            "is not a company database: 1 to 5 letters, digits or _, not beginning with a digit",
        )
    if not 1 <= settings.lanes <= 5:
        raise _invalid(settings, "lanes", str(settings.lanes), "must lie between 1 and 5")
    if not 0 <= settings.spacing_ms <= 60_000:
        raise _invalid(settings, "spacing_ms", str(settings.spacing_ms), "must lie between 0 and 60000")


def _invalid(settings: GpSettings, name: str, value: str, why: str) -> Misconfigured:
    return Misconfigured(
        "settings-invalid",
        f"[systems.{settings.name}] {name} {why}.",
        system=settings.name,
        field=name,
        value=value,
        fix=f"Correct {name} in gp365.toml.",
    )


def with_overrides(
    base: Mapping[str, Resource], overrides: Mapping[str, Mapping[str, object]]
) -> dict[str, Resource]:
    """Return the resource map with a site's lines laid over it; Misconfigured for an unknown entity or setting."""
    result = dict(base)
    for name, lines in overrides.items():
        if name not in result:
            raise Misconfigured(
                "settings-invalid", f"No GP resource is called {name!r}.", field="resources", value=name
            )
        result[name] = _laid_over(name, result[name], lines)
    return result


def _laid_over(name: str, resource: Resource, lines: Mapping[str, object]) -> Resource:
    known: dict[str, object] = {}
    for key, value in lines.items():
        if key not in ("path", "key", "verbs", "below_tenant", "modified_filter", "assumed"):
            raise Misconfigured(
                "settings-invalid",
                f"The resource {name} has no setting {key!r}.",
                field=f"resources.{name}",
                value=key,
            )
        known[key] = tuple(str(each) for each in value) if isinstance(value, list | tuple) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return replace(resource, **known)  # type: ignore[arg-type]
