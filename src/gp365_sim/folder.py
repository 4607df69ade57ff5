"""The project folder that the simulators prepare: certificate, secrets, settings and, last, `sim.json`."""

import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template

from gp365_sim.core.tls import Certificate, certificate, write_private

GP_USER = "FABRIKAM\\gpsvc"
SQL_USER = "gp365"
COMPANY = "Fabrikam, Inc."
CANADA_COMPANY = "Fabrikam Canada"
TENANT_ID = "7e5a1c9e-5b0f-4f43-9a55-0d1a3c2b6f10"
CLIENT_ID = "2f9c8a57-1d64-4c1e-9f0b-5b7e6a3d4c21"
PROVISION_CLIENT_ID = "5c3d1e88-7a42-4b96-8e2f-1f6a9b0c7d32"


@dataclass(frozen=True)
class Secrets:
    """The secrets of a simulated site."""

    gp_password: str = field(repr=False)
    client_secret: str = field(repr=False)
    provision_client_secret: str = field(repr=False)
    sql_password: str = field(repr=False)


@dataclass(frozen=True)
class Addresses:
    """Where the systems answer; base addresses without a trailing slash, the SQL server as host:port."""

    gp: str
    dataverse: str
    dataverse_http: str
    sql: str
    soap: str


def prepare(folder: Path) -> tuple[Certificate, Secrets]:
    """Make the folder's certificate and secrets, or take those that are there; withdraw an old `sim.json`.

    A secret file that exists is used as it is, so that a test or a user may choose the secret.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sim.json").unlink(missing_ok=True)
    private = folder / "secrets"
    private.mkdir(mode=0o700, exist_ok=True)
    tls = certificate(private)
    (folder / "ca.pem").write_bytes(tls.ca_file.read_bytes())
    names = ("gp-password", "sales-client-secret", "provision-client-secret", "sql-password")
    return tls, Secrets(*(_secret(private / name) for name in names))


def _secret(path: Path) -> str:
    if path.is_file():
        return path.read_text("utf-8").strip()
    # Letters and digits only: the value also stands in `DOMAIN:user:password` files and in forms.
    value = secrets.token_hex(20)
    write_private(path, value.encode())
    return value


def write_script(folder: Path) -> None:
    """Lay the demonstration's script (what people edit on both sides) into the folder."""
    script = files("gp365_sim.samples").joinpath("data", "demo.json").read_text("utf-8")
    (folder / "demo.json").write_text(script, "utf-8")


def write_settings(
    folder: Path,
    addresses: Addresses,
    *,
    canada: bool = False,
    channel: str = "rest",
    flows: Sequence[str] = ("customers",),
) -> None:
    """Write `gp365.toml`, unless somebody made it theirs by taking our first line out.

    With `canada` it has the second company too, paired with the same Sales. The first company is reached over `channel`
    (rest, sql or soap) alone, and its pair runs `flows`.
    """
    path = folder / "gp365.toml"
    names = ("gp365.toml.template", *(("canada.toml.template",) if canada else ()))
    template = "\n".join(files("gp365_sim").joinpath(name).read_text("utf-8") for name in names)
    first_line = template.partition("\n")[0]
    if path.exists() and not path.read_text("utf-8").startswith(first_line):
        sys.stderr.write(f"{path} is not ours and was left as it is; its addresses may be old.\n")
        return
    text = Template(template).substitute(
        gp_url=f"{addresses.gp}/GPService",
        sql_server=addresses.sql,
        sql_user=SQL_USER,
        soap_url=soap_url(addresses),
        sales_url=addresses.dataverse,
        tenant_id=TENANT_ID,
        client_id=CLIENT_ID,
        provision_client_id=PROVISION_CLIENT_ID,
    )
    text = _over(text, channel).replace('flows = ["customers"]', f"flows = {json.dumps(list(flows))}", 1)
    path.write_text(text, "utf-8", newline="\n")


def _over(text: str, channel: str) -> str:
    """Take the first company's table of a channel out of its comments, and GP Service's address away."""
    if channel == "rest":
        return text
    lines: list[str] = []
    inside = done = False
    for number, line in enumerate(text.splitlines()):
        inside = line == f"# [systems.gp.{channel}]" or (inside and line.startswith("# "))
        service = line.startswith("url = ") and "/GPService" in line and not done
        done = done or service
        if not service:
            lines.append(line.removeprefix("# ") if inside and number else line)
    return "\n".join(lines) + "\n"


def announce(folder: Path, addresses: Addresses, kept: Secrets, more: Sequence[str] = ()) -> Path:
    """Write `sim.json` in one step: once it is there, everything is ready; `more` names companies beside the first."""
    path, draft = folder / "sim.json", folder / "sim.json.new"
    write_private(draft, json.dumps(_description(folder, addresses, kept, more), indent=1).encode())
    draft.replace(path)
    return path


def withdraw(folder: Path) -> None:
    """Take `sim.json` away, since nothing answers any more."""
    (folder / "sim.json").unlink(missing_ok=True)


def soap_url(addresses: Addresses) -> str:
    """Return the address of GP Web Services, as their administrator would give it."""
    return f"{addresses.soap}/DynamicsGPWebServices"


def _gp(
    addresses: Addresses, kept: Secrets, company: str, interid: str, below: str = ""
) -> Mapping[str, object]:
    return {
        "url": f"{addresses.gp}/GPService",
        "company": company,
        "user": GP_USER,
        "password": kept.gp_password,
        "control": f"{addresses.gp}/_sim{below}",
        "sql": {
            "driver": "gp365_sim.sqlclient",
            "server": addresses.sql,
            "user": SQL_USER,
            "password": kept.sql_password,
            "database": interid,
            "system_database": "DYNAMICS",
            "control": f"http://{addresses.sql}/_sim",
        },
        "soap": {
            "url": soap_url(addresses),
            "user": GP_USER,
            "password": kept.gp_password,
            "company": company,
            "control": f"{addresses.soap}/_sim",
        },
    }


def _description(
    folder: Path, addresses: Addresses, kept: Secrets, more: Sequence[str]
) -> Mapping[str, object]:
    second = {"gp_canada": _gp(addresses, kept, CANADA_COMPANY, "CAN", "/companies/CAN")}
    return {
        "gp": _gp(addresses, kept, COMPANY, "TWO"),
        **(second if CANADA_COMPANY in more else {}),
        "dataverse": {
            "url": addresses.dataverse,
            "http_url": addresses.dataverse_http,
            "tenant_id": TENANT_ID,
            "client_id": CLIENT_ID,
            "client_secret": kept.client_secret,
            "provision_client_id": PROVISION_CLIENT_ID,
            "provision_client_secret": kept.provision_client_secret,
            "control": f"{addresses.dataverse}/_sim",
        },
        "ca_file": str((folder / "ca.pem").resolve()),
        "pid": os.getpid(),
    }
