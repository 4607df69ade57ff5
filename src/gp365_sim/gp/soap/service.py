"""The service: one call after another, from the message to the answer or the fault."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gp365_sim.core.clock import Clock
from gp365_sim.gp.company import Company
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.security import Security
from gp365_sim.gp.soap import cards, customers, documents, keeping, orders, policies
from gp365_sim.gp.soap.calls import Answer, Call
from gp365_sim.gp.soap.errors import BadMessage, Failed, Invalid, invalid
from gp365_sim.gp.soap.journal import Journal
from gp365_sim.gp.soap.messages import (
    FaultForm,
    answered,
    bad_message,
    body_of,
    logged_fault,
    not_supported,
    operation_of,
)
from gp365_sim.gp.soap.reading import Obj, read
from gp365_sim.gp.soap.scene import Scene
from gp365_sim.gp.soap.schema import GP, PLAIN, REFERENCES, Operation, operations, published, schema
from gp365_sim.gp.soap.writing import written
from gp365_sim.gp.soap.xmltree import BadXml, Node
from gp365_sim.gp.system import SystemDatabase
from gp365_sim.gp.users import User

ANSWERS: Mapping[str, Answer] = {
    **cards.ANSWERS,
    **customers.ANSWERS,
    **documents.ANSWERS,
    **keeping.ANSWERS,
    **orders.ANSWERS,
}
WITHOUT_COMPANY = frozenset({"GetCompanyList", "GetCompanyByKey", "GetWSEnabledCompanyForUserList"}) | {
    name for name in keeping.ANSWERS if "Logged" in name or "Policy" in name
}
"""Operations that work on the system database: their context needs no company."""


@dataclass
class Service:
    """The endpoint over the companies of a site.

    `rights` names the operations that a user may call, by upper-case user name; who is not in it may call all.
    `strict` keeps declared orders of elements. `changes`: requester triggers are made.
    """

    companies: Mapping[int, tuple[Company, Security]]
    system: SystemDatabase
    clock: Clock
    form: FaultForm = "detail"
    strict: bool = True
    changes: bool = False
    journal: Journal = field(default_factory=Journal)
    rights: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


@dataclass(frozen=True)
class Reply:
    """An answer to send: its HTTP status, its text, and how many objects it holds."""

    status: int
    text: str
    rows: int = 0


def serve(service: Service, user: User, action: str | None, message: bytes) -> Reply:
    """Answer a message of an authenticated user; `action` is the header SOAPAction (None: missing)."""
    name, company = "", ""
    try:
        node = body_of(message)
        operation = _operation(node, action)
        name = operation.name
        arguments = _arguments(service, operation, node)
        scene = _scene(service, user, operation, arguments)
        company = scene.company.identity.name
        return _run(service, operation, scene, arguments)
    except BadMessage as error:
        return Reply(error.status, bad_message(error))
    except BadXml as error:
        return Reply(500, bad_message(BadMessage(str(error))))
    except (Invalid, Failed) as error:
        at, request = service.clock.now(), message.decode("utf-8", "replace")
        entry = service.journal.note(
            error, at=at, user=user.name, company=company, operation=name, request=request
        )
        return Reply(500, logged_fault(entry, service.form))


def _operation(node: Node, action: str | None) -> Operation:
    """Find the operation of the body's element, which must be that of the SOAPAction."""
    if action is None:
        raise not_supported("")
    name = operation_of(action)
    if name in published():
        raise BadMessage(f"the simulator does not model {name}.", "Server")
    found = operations().get(name)
    if found is None:
        raise not_supported(action)
    if node.name != (GP, name):
        raise BadMessage(f"the body holds {node.name[1]} where {name} was expected by its SOAPAction.")
    return found


def _arguments(service: Service, operation: Operation, node: Node) -> Obj:
    """Read the parameters, which must stand in their order."""
    places = {(GP, name): place for place, (name, _) in enumerate(operation.parameters)}
    found: Obj = {}
    last = -1
    for child in node.children:
        place = places.get(child.name)
        if place is None:
            raise BadMessage(f"{child.name[1]} is no parameter of {operation.name}.")
        if place <= last:
            raise BadMessage(f"{child.name[1]} stands twice or out of order in {operation.name}.")
        last = place
        name, type_name = operation.parameters[place]
        value = read(child, type_name, strict=service.strict)
        if value is not None:
            found[name] = value
    for name, type_name in operation.parameters:
        if name not in found and _is_value(type_name):
            raise BadMessage(f"{name} of {operation.name} must be given.")
    return found


def _is_value(type_name: str) -> bool:
    return type_name in schema().enums or (type_name in PLAIN and type_name not in REFERENCES)


def _scene(service: Service, user: User, operation: Operation, arguments: Obj) -> Scene:
    """Find the company of the context, and check that the user may do this there."""
    allowed = service.rights.get(user.name.upper())
    if not user.mapped or (allowed is not None and operation.name not in allowed):
        raise Failed("AuthorizationException", f"{user.name} has no right to {operation.name}.")
    context = arguments.get("context")
    if not isinstance(context, dict):
        raise invalid("a context is required.", "Context", "context")
    held: Obj = context  # pyright: ignore[reportUnknownVariableType]
    company, security = _company(service, operation, held)
    if not user.may_enter(company.identity.name) and operation.name not in WITHOUT_COMPANY:
        raise Failed("AuthorizationException", f"{user.name} has no access to {company.identity.name}.")
    return Scene(company, service.system, security, user, held.get("CurrencyType") == "Local")


def _company(service: Service, operation: Operation, context: Obj) -> tuple[Company, Security]:
    key = context.get("OrganizationKey")
    if key is None and operation.name in WITHOUT_COMPANY:
        return next(iter(service.companies.values()))
    if not isinstance(key, dict) or "Id" not in key:
        raise invalid("the context must name a company (CompanyKey).", "Context", "OrganizationKey")
    number: object = key["Id"]  # pyright: ignore[reportUnknownVariableType]
    found = service.companies.get(number) if isinstance(number, int) else None
    if found is None:
        raise invalid(f"there is no company {number}.", "Company", "Key.Id", code="RecordNotFound")
    return found


def _run(service: Service, operation: Operation, scene: Scene, arguments: Obj) -> Reply:
    if operation.writes:
        policies.check(operation.name, arguments.get("policy"))
    answer = ANSWERS.get(operation.name)
    if answer is None:
        raise BadMessage(f"the simulator does not model {operation.name}.", "Server")
    try:
        result = answer(Call(operation.name, arguments, scene, service.journal, service.changes))
    except Refusal as refusal:
        raise invalid(str(refusal), operation.name, refusal.field, code=refusal.code) from None
    if not operation.result:
        return Reply(200, answered(operation.name, ""), 1)
    inner = written(f"{operation.name}Result", operation.result, result, scene.number)
    rows = len(result) if isinstance(result, list) else 1  # pyright: ignore[reportUnknownArgumentType]
    return Reply(200, answered(operation.name, inner), rows)
