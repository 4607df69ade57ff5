"""When certificates and secrets of the settings expire: read from certificates, said in the settings for secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date

from cryptography import x509
from pydantic import BaseModel

from gp365.app.alerts.conditions import Expiry
from gp365.app.project import Project
from gp365.app.settings import ClientSettings
from gp365.app.settings_base import SecretReference
from gp365.model.errors import Gp365Error


def expiries(project: Project) -> list[Expiry]:
    """Name what expires, with its last day in UTC; what cannot be read is left to `doctor`."""
    said = [Expiry(what, on) for what, on in project.settings.alerts.expires.items()]
    found = [one for name, given in project.settings.systems.items() for one in _of(project, name, given)]
    return [*said, *found]


def _of(project: Project, place: str, given: BaseModel) -> Iterator[Expiry]:
    if isinstance(given, ClientSettings) and given.expires is not None:
        yield Expiry(f"the secret {place}.client_secret", given.expires)
    for name in type(given).model_fields:
        value = getattr(given, name)
        if isinstance(value, SecretReference):
            last = _secret_day(project, value, f"{place}.{name}") if name == "certificate" else None
        elif isinstance(value, BaseModel):
            yield from _of(project, f"{place}.{name}", value)
            continue
        else:
            last = _file_day(project, value) if name == "ca_file" and value else None
        if last is not None:
            yield Expiry(f"the certificate {place}.{name}", last)


def _secret_day(project: Project, reference: SecretReference, of: str) -> date | None:
    try:
        return last_day(project.secret(reference, of).reveal().encode())
    except Gp365Error:
        return None


def _file_day(project: Project, name: str) -> date | None:
    try:
        return last_day(project.path(name).read_bytes())
    except OSError:
        return None


def last_day(pem: bytes) -> date | None:
    """Return the last day of the certificate in a PEM text that ends first; None where there is none."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return None
    return min(one.not_valid_after_utc for one in found).astimezone(UTC).date()
