"""The addresses of GP's Service Based Architecture, relative to `https://host/GPService`.

    Tenants(<tenant>)/help
    Tenants(<tenant>)/Companies(<display name>)/<series>/<resource>[(key;key)].json

Sources: MicrosoftDocs web-components pages (help), LBMC blog "Using the Dynamics GP Service Based Architecture" (core
resources, company display names, bare keys, `.json`), public client code (`;` between key parts, %28 and %29).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from gp365.connectors.gp.settings import GpSettings, Resource


def encoded(part: str) -> str:
    """Percent-encode a tenant, company or key part: everything but letters, digits and - . _ ~, as UTF-8.

    Inner parentheses become %28 and %29, a blank %20, `;` %3B (that an encoded one belongs to the key is assumed).
    """
    return quote(part, safe="-._~")


def help_path(settings: GpSettings) -> str:
    """Return the address of the discovery page."""
    return f"Tenants({encoded(settings.tenant)})/help"


def list_path(settings: GpSettings, resource: Resource) -> str:
    """Return the address of a resource's list, as JSON."""
    return f"{_place(settings, resource)}{resource.path}.json"


def object_path(settings: GpSettings, resource: Resource, key: Sequence[str]) -> str:
    """Return the address of one object; `.json` after the key is the likely form (assumed)."""
    parts = ";".join(encoded(part) for part in key)
    return f"{_place(settings, resource)}{resource.path}({parts}).json"


def _place(settings: GpSettings, resource: Resource) -> str:
    tenant = f"Tenants({encoded(settings.tenant)})/"
    return tenant if resource.below_tenant else f"{tenant}Companies({encoded(settings.company)})/"
