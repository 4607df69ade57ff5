"""What the organisation takes as the registration of a webhook, and from whom.

Sources: the references of the tables serviceendpoint, sdkmessageprocessingstep and sdkmessageprocessingstepimage,
register-web-hook.md (ways to authenticate, ports 80 and 443) and register-plug-in.md (asynchronous steps run after the
operation, filtering attributes belong to Update). That a wrong port is refused when it is registered, and the wording of
every refusal here, is assumed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit
from xml.parsers import expat

from gp365_sim.identity.tokens import Caller

from . import refusal
from .hooks_events import STEPS
from .metadata_rights import CUSTOMIZER_ROLE
from .organisation import Organisation
from .schema import Table
from .store import Row

ENDPOINTS, IMAGES = "serviceendpoint", "sdkmessageprocessingstepimage"
WEBHOOK = 8
KEY, HEADER, QUERY = 4, 5, 6
MESSAGES = frozenset({"Create", "Update", "Delete", "Merge"})
PRE, POST, BOTH = 0, 1, 2
_PORTS = {"http": 80, "https": 443}


def check_registrar(caller: Caller, table: Table, privilege: str) -> None:
    """Refuse an application user that may not customize; people at the control door are administrators here."""
    if table.name in _RULES and caller.client_id and CUSTOMIZER_ROLE not in caller.roles:
        raise refusal.denied(caller.user_id, f"prv{privilege}{table.schema_name}")


def check_registration(org: Organisation, table: Table, row: Row) -> None:
    """Refuse an endpoint, step or image that the organisation cannot take; other tables are left alone."""
    rule = _RULES.get(table.name)
    if rule is not None:
        rule(org, row)


# --- endpoints -------------------------------------------------------------------------------------------------------


def _endpoint(org: Organisation, row: Row) -> None:
    if row.get("contract") != WEBHOOK:
        raise refusal.not_modelled(f"service endpoints of contract {row.get('contract')}; 8 is a webhook")
    if row.get("authtype") not in {KEY, HEADER, QUERY}:
        raise refusal.invalid(
            "A webhook needs the authtype 4 (WebhookKey), 5 (HttpHeader) or 6 (HttpQueryString)."
        )
    if not row.get("authvalue"):
        raise refusal.invalid("A webhook needs an authvalue.")
    if row["authtype"] != KEY:
        settings_of(row["authvalue"])
    _check_url(org, urlsplit(str(row.get("url", ""))))


def _check_url(org: Organisation, url: SplitResult) -> None:
    if url.scheme not in _PORTS or not url.hostname:
        raise refusal.invalid("The url of a webhook has to be an absolute http or https address.")
    try:
        usual = url.port in {None, _PORTS[url.scheme]}
    except ValueError as error:
        raise refusal.invalid(f"The url of a webhook is wrong: {error}") from error
    if not usual and not (org.any_port and _is_here(url.hostname)):
        raise refusal.invalid("Webhooks are supported on port 80 for http and port 443 for https only.")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def settings_of(value: str) -> tuple[tuple[str, str], ...]:
    """Read `<settings><setting name value /></settings>` into pairs; raises 400 (form after public projects)."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, given: found.append((name, given))
    try:
        parser.Parse(value, True)
    except expat.ExpatError as error:
        raise refusal.invalid(f"The authvalue is not XML: {error}") from error
    root, *rest = found
    pairs = tuple(
        (given.get("name", ""), given.get("value", "")) for name, given in rest if name == "setting"
    )
    if root[0] != "settings" or not pairs or not all(name for name, _ in pairs):
        raise refusal.invalid("The authvalue has to be <settings> with one <setting name value /> or more.")
    return pairs


# --- steps and images ------------------------------------------------------------------------------------------------


def _step(org: Organisation, row: Row) -> None:
    message, table = _subject(org, row)
    if row["mode"] != 1:
        raise refusal.not_modelled("synchronous steps (mode 0)")
    if row["stage"] != 40:
        raise refusal.invalid("Only the stage PostOperation (40) is supported for an asynchronous step.")
    names = names_of(row.get("filteringattributes"))
    if names and message != "Update":
        raise refusal.invalid(f"Filtering attributes are for the message Update, not for {message}.")
    _check_columns(table, names)


def _subject(org: Organisation, row: Row) -> tuple[str, Table]:
    """Give the message and the table that a step listens to: one of each."""
    org.store.get(ENDPOINTS, row["_eventhandler_value"])
    message = str(org.store.get("sdkmessage", row["_sdkmessageid_value"])["name"])
    if message not in MESSAGES:
        raise refusal.not_modelled(f"webhooks on the message {message}")
    if row.get("_sdkmessagefilterid_value") is None:
        raise refusal.not_modelled("steps for every table (no sdkmessagefilterid)")
    listed = org.store.get("sdkmessagefilter", row["_sdkmessagefilterid_value"])
    if listed["_sdkmessageid_value"] != row["_sdkmessageid_value"]:
        raise refusal.invalid("The sdkmessagefilter does not belong to the sdkmessage of the step.")
    return message, org.schema.tables[listed["primaryobjecttypecode"]]


def names_of(text: object) -> tuple[str, ...]:
    """Read a comma-separated list of column names."""
    return tuple(name.strip() for name in str(text or "").split(",") if name.strip())


def _check_columns(table: Table, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in table.columns:
            raise refusal.invalid(f"'{table.name}' entity doesn't contain attribute with Name = '{name}'.")


def _image(org: Organisation, row: Row) -> None:
    step = org.store.get(STEPS, row["_sdkmessageprocessingstepid_value"])
    message, table = _subject(org, step)
    kind = row["imagetype"]
    if (message == "Create" and kind in {PRE, BOTH}) or (message == "Delete" and kind in {POST, BOTH}):
        word = "PreImage" if message == "Create" else "PostImage"
        raise refusal.invalid(f"{word} is not supported for the message {message}.")
    _check_columns(table, names_of(row.get("attributes")))


_RULES: dict[str, Callable[[Organisation, Row], None]] = {
    ENDPOINTS: _endpoint,
    STEPS: _step,
    IMAGES: _image,
}
