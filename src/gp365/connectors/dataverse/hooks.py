"""Webhooks of an organisation: the endpoint and one step per message and table, set right, listed, and taken away.

What is ours is known by its name, which begins with "gp365 ", and by its endpoint; nothing else is ever touched. What stands
as it should is left alone, so that a second run changes nothing but the secret, which can be written and never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gp365.connectors.dataverse import hooks_rows as rows
from gp365.connectors.dataverse.api import Refused, WebApi
from gp365.connectors.dataverse.hooks_rows import Failure, Form, Offered, Row
from gp365.connectors.dataverse.hooks_watched import Watched
from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured

_DISABLED = "it was disabled"
_SHORTEST = 16
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Dataverse shall post: the door's name and address, and how it brings the secret."""

    door: str
    url: str
    form: Form
    field: str
    secret: Secret

    @property
    def name(self) -> str:
        """The endpoint's name in Dataverse."""
        return endpoint_name(self.door)


@dataclass(frozen=True, slots=True)
class HookLine:
    """The endpoint (message and table "") or one step, and how it stands.

    `state`: present, made, changed, removed, surplus (of ours, no flow needs it), missing, differs, disabled, foreign (hangs
    on our endpoint and is not ours), kept (not removed), absent, not-offered (the table has no such message), refused.
    """

    name: str
    message: str
    table: str
    state: str
    detail: str = ""
    columns: tuple[str, ...] = ()
    failure: Failure | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A step that should be there."""

    name: str
    message: str
    table: str
    columns: tuple[str, ...]

    def line(self, state: str, detail: str = "") -> HookLine:
        return HookLine(self.name, self.message, self.table, state, detail, self.columns)


def endpoint_name(door: str) -> str:
    """Return the name of a door's endpoint in Dataverse."""
    return f"{rows.PREFIX}{door}"


# registering


def register(api: WebApi, endpoint: Endpoint, tables: Sequence[Watched]) -> tuple[HookLine, ...]:
    """Make or set right the endpoint and its steps, and return how each stands.

    Raise Misconfigured for a secret that cannot be used, Unauthorised where the credential may not register. A step that
    Dataverse refuses is told as refused, and the others are made.
    """
    secret = rows.auth_value(endpoint.form, endpoint.field, checked_secret(endpoint))
    line, id_ = _endpoint(api, endpoint, secret)
    offers = rows.offered(api, [one.table for one in tables])
    standing = _ours(rows.steps_of(api, id_), endpoint.door)
    lines = [line]
    for wish in _wishes(endpoint.door, tables):
        held = standing.pop(wish.name, [])
        lines.append(_set_right(api, id_, wish, held, offers))
    lines += [_removed(api, row) for held in standing.values() for row in held]
    return tuple(lines)


def checked_secret(endpoint: Endpoint) -> str:
    """Return the secret of an endpoint; Misconfigured if it is too short, or would not arrive as it is."""
    text = endpoint.secret.reveal()
    why = ""
    if len(text) < _SHORTEST:
        why = f"is shorter than {_SHORTEST} characters"
    elif len(text) > 1000:
        why = "is longer than 1,000 characters"
    elif not set(text) <= _PLAIN:
        why = "holds characters other than letters, digits, - _ . and ~, which may not arrive as they are"
    if why:
        raise Misconfigured(
            "settings-invalid",
            f"The secret of the door {endpoint.door} {why}.",
            field=f"doors.{endpoint.door}.secret",
            fix='Make one: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return text


def _endpoint(api: WebApi, endpoint: Endpoint, secret: str) -> tuple[HookLine, str]:
    body = rows.endpoint_body(endpoint.name, endpoint.url, endpoint.form)
    found = rows.endpoints_named(api, endpoint.name)
    if not found:
        rows.make_endpoint(api, body, secret)
        made = rows.endpoints_named(api, endpoint.name)[0]
        return HookLine(endpoint.name, "", "", "made", url=endpoint.url), rows.endpoint_id(made)
    row = found[0]
    differs = ", ".join(name for name, value in body.items() if row.get(name) != value)
    rows.change_endpoint(api, row, body, secret)
    detail = differs or "its secret was written again: it cannot be read"
    state = "changed" if differs else "present"
    return HookLine(endpoint.name, "", "", state, detail, url=endpoint.url), rows.endpoint_id(row)


def _wishes(door: str, tables: Sequence[Watched]) -> list[_Wish]:
    return [
        _Wish(
            f"{endpoint_name(door)}: {message} of {one.table}",
            message,
            one.table,
            tuple(sorted(one.columns)) if message == "Update" else (),
        )
        for one in tables
        for message in one.messages
    ]


def _ours(found: Iterable[Row], door: str) -> dict[str, list[Row]]:
    """Sort the steps that are ours by name; others on the endpoint are left out."""
    named: dict[str, list[Row]] = {}
    for row in found:
        name = str(row.get("name") or "")
        if name.startswith(f"{endpoint_name(door)}: "):
            named.setdefault(name, []).append(row)
    return named


def _set_right(api: WebApi, endpoint: str, wish: _Wish, held: Sequence[Row], offers: Offered) -> HookLine:
    if (wish.message, wish.table) not in offers.filters:
        return wish.line("not-offered", "the table has no such message")
    try:
        return _made_right(api, endpoint, wish, held, offers)
    except Refused as refused:
        return wish.line("refused", refused.message)


def _made_right(api: WebApi, endpoint: str, wish: _Wish, held: Sequence[Row], offers: Offered) -> HookLine:
    message, table_filter = offers.messages[wish.message], offers.filters[wish.message, wish.table]
    right = [row for row in held if _listens(row, message, table_filter)]
    for row in [one for one in held if one not in right[:1]]:
        api.delete(f"{rows.STEPS}({rows.step_id(row)})")
    if not right:
        rows.make_step(api, wish.name, endpoint, message, table_filter, rows.ours(wish.columns))
        return wish.line("changed" if held else "made", "made anew" if held else "")
    differs = _differs(wish, right[0])
    if any(what != _DISABLED for what in differs):
        rows.change_step(api, right[0], rows.ours(wish.columns))
    if _DISABLED in differs:
        rows.enable_step(api, right[0])
    doubled = ["it stood twice"] if len(held) > 1 else []
    detail = ", ".join([*differs, *doubled])
    return wish.line("changed" if detail else "present", detail)


def _listens(row: Row, message: str, table_filter: str) -> bool:
    held = (row.get("_sdkmessageid_value"), row.get("_sdkmessagefilterid_value"))
    return tuple(str(one).lower() for one in held) == (message, table_filter)


def _differs(wish: _Wish, row: Row) -> list[str]:
    """Say in what a step is not as it should be."""
    differs: list[str] = []
    if not rows.runs_as_ours(row):
        differs.append("stage or mode differed")
    if rows.columns_of(row) != frozenset(wish.columns):
        differs.append("filtering attributes differed")
    if row.get("statecode") != rows.ENABLED:
        differs.append(_DISABLED)
    return differs


def _removed(api: WebApi, row: Row) -> HookLine:
    api.delete(f"{rows.STEPS}({rows.step_id(row)})")
    return HookLine(str(row["name"]), "", "", "removed", "no flow needs it")


# listing


def standing(
    api: WebApi, door: str, tables: Sequence[Watched], *, failures: bool = True, since: datetime | None = None
) -> tuple[HookLine, ...]:
    """Say how the endpoint and each step that should be there stands, and what else hangs on it.

    With the last failure of each step, unless those are not asked for; with `since` only those since then, in one request.
    """
    found = rows.endpoints_named(api, endpoint_name(door))
    if not found:
        line = HookLine(endpoint_name(door), "", "", "missing")
        return (line, *(wish.line("missing") for wish in _wishes(door, tables)))
    endpoint = found[0]
    held = rows.steps_of(api, rows.endpoint_id(endpoint))
    named = _ours(held, door)
    offers = rows.offered(api, [one.table for one in tables])
    lines = [HookLine(endpoint_name(door), "", "", "present", url=str(endpoint.get("url") or ""))]
    wishes = _wishes(door, tables)
    ids = [rows.step_id(row) for wish in wishes for row in named.get(wish.name, ())]
    failed = rows.failed_since(api, ids, since) if since is not None else {}
    for wish in wishes:
        line = _stands(wish, step := named.pop(wish.name, []), offers)
        if since is not None and step:
            line = replace(line, failure=failed.get(rows.step_id(step[0])))
        elif failures and step:
            line = replace(line, failure=rows.last_failure(api, rows.step_id(step[0])))
        lines.append(line)
    for row in held:
        name = str(row.get("name") or "")
        if name in named:
            lines.append(HookLine(name, "", "", "surplus", "no flow needs it"))
        elif not name.startswith(f"{endpoint_name(door)}: "):
            lines.append(HookLine(name, "", "", "foreign", "not ours"))
    return tuple(lines)


def _stands(wish: _Wish, held: Sequence[Row], offers: Offered) -> HookLine:
    if (wish.message, wish.table) not in offers.filters:
        return wish.line("not-offered", "the table has no such message")
    if not held:
        return wish.line("missing")
    differs = _differs(wish, held[0])
    if not _listens(held[0], offers.messages[wish.message], offers.filters[wish.message, wish.table]):
        differs.append("it listens to something else")
    state = "disabled" if _DISABLED in differs else "differs" if differs else "present"
    return wish.line(state, ", ".join(differs))


# removing


def remove(api: WebApi, door: str) -> tuple[HookLine, ...]:
    """Take away our steps and the endpoint, which is kept while somebody else's step hangs on it."""
    name = endpoint_name(door)
    found = rows.endpoints_named(api, name)
    if not found:
        return (HookLine(name, "", "", "absent"),)
    return tuple(line for endpoint in found for line in _taken_away(api, endpoint, door))


def _taken_away(api: WebApi, endpoint: Row, door: str) -> list[HookLine]:
    id_ = rows.endpoint_id(endpoint)
    held = rows.steps_of(api, id_)
    mine = {rows.step_id(row) for group in _ours(held, door).values() for row in group}
    lines: list[HookLine] = []
    for row in held:
        state = "removed" if rows.step_id(row) in mine else "foreign"
        if state == "removed":
            api.delete(f"{rows.STEPS}({rows.step_id(row)})")
        lines.append(HookLine(str(row.get("name") or ""), "", "", state))
    kept = len(mine) < len(held)
    if not kept:
        api.delete(f"{rows.ENDPOINTS}({id_})")
    detail = "somebody else's step hangs on it" if kept else ""
    line = HookLine(
        endpoint_name(door), "", "", "kept" if kept else "removed", detail, url=str(endpoint["url"])
    )
    return [line, *lines]
