"""The Service Based Architecture: GP's REST view of the company.

Verbs after MicrosoftDocs dynamics-gp/installation/SBA.md and the LBMC blog (GP 2015 RTM): GET reads, POST creates on
the collection, PATCH changes with the key in the address and again in the payload, DELETE deletes. Status codes and
bodies of answers are those of a profile (`profiles`).
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response, StreamingResponse

from gp365_sim.gp import windows
from gp365_sim.gp.addresses import BadAddress, Segment, segments
from gp365_sim.gp.company import Company
from gp365_sim.gp.helppage import help_page
from gp365_sim.gp.listing import chosen
from gp365_sim.gp.refusals import NotOffered, Refusal, not_found
from gp365_sim.gp.resources import Resource, catalogue
from gp365_sim.gp.security import Security
from gp365_sim.gp.site import Site, resource_at
from gp365_sim.gp.tables import Key, Row, folded_key
from gp365_sim.gp.users import User
from gp365_sim.gp.wire import (
    JSON_TYPE,
    XML_TYPE,
    document,
    element,
    payload_of,
    pieces,
    row_encoder,
    values_of,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the service reads it; header names are in lower case."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how many rows it carries."""

    response: Response
    rows: int = 0


@dataclass(frozen=True, slots=True)
class _Order:
    """What a call asks of one resource in one company."""

    call: Call
    company: Company
    security: Security
    resource: Resource
    key: tuple[str, ...] | None
    as_json: bool

    @property
    def folded(self) -> Key:
        return folded_key(self.key or ())

    @property
    def row(self) -> Row | None:
        """The row that the key names, if this user sees it."""
        table = self.resource.table.name
        found = self.company[table].find(self.folded)
        return found if found is not None and self.security.shows(self.company, table, found) else None


def serve(site: Site, user: User, call: Call) -> Reply:
    """Answer a call of an authenticated user; never raises `Refusal`."""
    as_json = _wants_json(call)
    try:
        return _answer(site, user, call, as_json)
    except BadAddress as error:
        return _refused(site, call, Refusal("BadRequest", str(error)), None, as_json)
    except Refusal as refusal:
        return _refused(site, call, refusal, None, as_json)


def _wants_json(call: Call) -> bool:
    """Decide the format: a GET answers XML unless `.json` ends its path, whatever it accepts.

    XML by default is verified (LBMC blog); that `Accept` alone does not change a GET is assumed, the harder case. A
    write answers in JSON when it asks for it (seen: `Content-Type` and `Accept` both application/json).
    """
    if call.raw_path.lower().endswith(".json"):
        return True
    asked = call.headers.get("accept", "") + call.headers.get("content-type", "")
    return call.method != "GET" and "application/json" in asked


def _answer(site: Site, user: User, call: Call, as_json: bool) -> Reply:
    path = segments(call.raw_path)
    if path[0].name.lower() != "gpservice" or len(path) < 3:
        raise Refusal("ServiceNotFound", "There is no service at this address.")
    site.check_tenant(path[1])
    if path[2].name.lower() == "help" and len(path) == 3:
        return Reply(HTMLResponse(help_page(site.tenant)))
    if path[2].name.lower() != "companies":
        raise Refusal("ResourceNotFound", f"{path[2].name} is not a resource.")
    if len(path) == 3:
        return _companies(site, user, call, path[2], as_json)
    company = site.company(path[2].whole_key, user)
    security = site.security[company.identity.interid]
    resource = security.open_part(resource_at(path[3:]))
    order = _Order(call, company, security, resource, path[-1].key, as_json)
    try:
        return _on_resource(site, user, order)
    except Refusal as refusal:
        return _refused(site, call, refusal, order.resource, as_json)


def _companies(site: Site, user: User, call: Call, segment: Segment, as_json: bool) -> Reply:
    """Answer the listed resource Companies; its three field names are assumed."""
    if call.method != "GET":
        raise NotOffered("Companies can only be read.", "GET")
    _no_query(call)
    many = segment.key is None
    found = (
        [each for each in site.companies.values() if user.may_enter(each.identity.name)]
        if many
        else [site.company(segment.whole_key, user)]
    )
    identities = [each.identity for each in found]
    rows = [{"CompanyName": i.name, "CompanyID": i.number, "IntercompanyID": i.interid} for i in identities]
    texts = [document(row, as_json=True) if as_json else element("Company", dict(row)) for row in rows]
    before, after = site.answering.profile.envelope("Company", "Companies", many=many, as_json=as_json)
    return Reply(_body(before + ("," if as_json else "").join(texts) + after, as_json), len(rows))


def _on_resource(site: Site, user: User, order: _Order) -> Reply:
    method, resource = order.call.method, order.resource
    allowed = _allowed(order)
    if method not in allowed:
        raise NotOffered(f"{method} is not offered on {resource.path}.", ", ".join(allowed))
    if not user.may_use(resource.window):
        raise Refusal("AccessDenied", f"The user has no right to the window {resource.window}.")
    action = order.call.headers.get("gp-custom-action")
    if action is not None:
        raise Refusal("UnknownAction", f"{resource.path} has no action {action}.")
    if order.key is not None and len(order.key) != len(resource.key_fields):
        raise Refusal("BadKey", f"{resource.path} is keyed by {';'.join(resource.key_fields)}.")
    verbs = {"GET": _read, "POST": _create, "PATCH": _change, "DELETE": _remove}
    return verbs[method](site, order)


def _allowed(order: _Order) -> list[str]:
    """Give the verbs of this address: POST belongs to the collection, or with an action to a record."""
    if order.key is None:
        here = ("GET", "POST")
    elif "gp-custom-action" in order.call.headers:
        here = ("GET", "POST", "PATCH", "DELETE")
    else:
        here = ("GET", "PATCH", "DELETE")
    return [verb for verb in order.resource.verbs if verb in here]


def _read(site: Site, order: _Order) -> Reply:
    if order.key is not None:
        _no_query(order.call)
        return _one(site, order, order.row)
    table = order.resource.table.name
    rows = order.security.seen(order.company, table, order.company[table].scan())
    if order.call.query:
        rows = chosen(rows, order.resource, order.call.query, proved=site.answering.modified_filter)
    return _many(site, order, list(rows))


def _create(site: Site, order: _Order) -> Reply:
    _no_query(order.call)
    values = _entered(order)
    row = windows.create(order.company, order.resource.table.name, values)
    return _one(site, order, row, site.answering.profile.created)


def _change(site: Site, order: _Order) -> Reply:
    """Change a record; whether a real PATCH empties the fields it leaves out is unknown, hence the setting."""
    _no_query(order.call)
    values = _entered(order)
    for part, column in zip(order.folded, order.resource.table.key, strict=True):
        if folded_key([str(values.get(column, ""))]) != (part,):
            raise Refusal("KeyMismatch", "must repeat the key of the address.", column)
    _check_seen(order)
    if site.answering.patch == "replace":
        values = {**{each.name: each.empty for each in order.resource.writable.values()}, **values}
    return _one(site, order, windows.change(order.company, order.resource.table.name, order.folded, values))


def _remove(site: Site, order: _Order) -> Reply:
    _no_query(order.call)
    _check_seen(order)
    windows.remove(order.company, order.resource.table.name, order.folded)
    left = site.answering.profile.nothing(order.resource.plural)
    if left is None:
        return Reply(Response(status_code=204), 1)
    return Reply(_body(document(left, as_json=order.as_json), order.as_json), 1)


def _check_seen(order: _Order) -> None:
    if order.row is None:
        raise not_found(order.resource.name, ";".join(order.key or ()))


def _entered(order: _Order) -> dict[str, object]:
    """Read the payload of a write; the XML form of requests is unknown and not modelled."""
    kind = order.call.headers.get("content-type", "")
    if "xml" in kind:
        raise Refusal("NotModelled", "The XML form of requests is not modelled.")
    if "application/json" not in kind:
        raise Refusal("UnsupportedMediaType", "A write needs Content-Type: application/json.")
    payload = payload_of(order.call.body)
    hidden = order.security.columns.get(order.resource.table.name, frozenset())
    whole = catalogue().resources[order.resource.path.lower()]
    for name in payload:
        if name in whole.fields and whole.fields[name].name in hidden:
            raise Refusal("AccessDenied", "The user has no right to this field.", name)
    return values_of(order.resource, payload)


def _no_query(call: Call) -> None:
    """Refuse a query string aloud: none was ever seen in public, the real service may ignore it."""
    if call.query:
        raise Refusal("NotModelled", "Query strings are not modelled here.")


def _one(site: Site, order: _Order, row: Row | None, status: int = 200) -> Reply:
    resource = order.resource
    if row is None:
        raise not_found(resource.name, ";".join(order.key or ()))
    encode = row_encoder(resource, as_json=order.as_json, padded=site.answering.padded)
    before, after = _envelope(site, order, many=False)
    return Reply(_body(before + encode(row) + after, order.as_json, status), 1)


def _many(site: Site, order: _Order, rows: list[Row]) -> Reply:
    """Stream a list; lists are unpaged (`Items` "retrieves all items", LBMC blog)."""
    encode = row_encoder(order.resource, as_json=order.as_json, padded=site.answering.padded)
    before, after = _envelope(site, order, many=True)
    texts = pieces(iter(rows), encode, as_json=order.as_json)
    media_type = JSON_TYPE if order.as_json else XML_TYPE
    return Reply(StreamingResponse(_stream(before, texts, after), media_type=media_type), len(rows))


async def _stream(before: str, texts: Iterator[str], after: str) -> AsyncIterator[bytes]:
    yield before.encode()
    for text in texts:
        yield text.encode()
    yield after.encode()


def _envelope(site: Site, order: _Order, *, many: bool) -> tuple[str, str]:
    resource = order.resource
    return site.answering.profile.envelope(resource.name, resource.plural, many=many, as_json=order.as_json)


def _refused(site: Site, call: Call, refusal: Refusal, resource: Resource | None, as_json: bool) -> Reply:
    profile = site.answering.profile
    field = resource.field_of(refusal.field) if resource else refusal.field
    status = profile.status(refusal, write=call.method != "GET")
    response = _body(document(profile.error(refusal, field), as_json=as_json), as_json, status)
    if isinstance(refusal, NotOffered):
        response.headers["Allow"] = refusal.allowed
    return Reply(response)


def _body(text: str, as_json: bool, status: int = 200) -> Response:
    return Response(text.encode(), status, media_type=JSON_TYPE if as_json else XML_TYPE)
