"""Policies: what a write may be told about how it behaves; each operation that writes has one.

The structure is the schema's, the behaviours of each policy are documented one by one on Microsoft Learn (cc508728) and
not modelled: every policy here has one external behaviour, whose choice changes nothing, and one internal one, which a
caller must leave as it is.
"""

from uuid import NAMESPACE_URL, uuid5

from gp365_sim.gp.soap.errors import Failed, invalid
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.schema import GP, operations


def policy(operation: str) -> Obj:
    """Give the policy of an operation. Raises `Failed` for one that has none."""
    known = operations().get(operation)
    if known is None or not known.writes:
        raise Failed("BusinessObjectNotFoundException", f"{operation} has no policy.")
    root = next(type_name for name, type_name in known.parameters if name not in ("context", "policy"))
    behaviors = [
        _behavior(operation, "External", "Treat warnings as errors", internal=False),
        _behavior(operation, "Internal", "Write the audit log", internal=True),
    ]
    return {
        "Key": {"Id": _id(operation)},
        "Name": operation,
        "RootBusinessObjectName": root,
        "Behaviors": behaviors,
    }


def summaries() -> list[Obj]:
    """Give all policies without their behaviours."""
    found = [policy(each.name) for each in operations().values() if each.writes]
    return [{name: value for name, value in each.items() if name != "Behaviors"} for each in found]


def check(operation: str, given: object) -> None:
    """Check the policy of a write: it must be that of the operation, its internal behaviours untouched."""
    if not isinstance(given, dict):
        raise invalid("a policy is required.", "Policy", "policy")
    held: Obj = given  # pyright: ignore[reportUnknownVariableType]
    own = policy(operation)
    if _key(held) != _id(operation):
        raise invalid(f"the policy is not that of {operation}.", "Policy", "Key")
    behaviors = own["Behaviors"]
    assert isinstance(behaviors, list)
    known: dict[str, Obj] = {_key(each): each for each in behaviors}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    sent = held.get("Behaviors", [])
    assert isinstance(sent, list)
    for each in sent:  # pyright: ignore[reportUnknownVariableType]
        _check_behavior(known, each)  # pyright: ignore[reportUnknownArgumentType]


def _check_behavior(known: dict[str, Obj], given: Obj) -> None:
    own = known.get(_key(given))
    if own is None:
        raise invalid("the policy has a behaviour that is not its own.", "Behavior", "Key")
    chosen = given.get("SelectedOption")
    if own["Internal"] and isinstance(chosen, dict) and _option(chosen) != _option(own["SelectedOption"]):  # pyright: ignore[reportUnknownArgumentType]
        raise invalid("an internal behaviour cannot be changed by a caller.", "Behavior", "SelectedOption")


def _behavior(operation: str, kind: str, words: str, *, internal: bool) -> Obj:
    key: Obj = {"Id": _id(f"{operation}/{kind}"), "PolicyKey": {"Id": _id(operation)}}
    options: list[Obj] = [
        {"Key": {"Id": number, "BehaviorKey": key}, "Name": name} for number, name in enumerate(("No", "Yes"))
    ]
    return {
        "Key": key,
        "Name": words,
        "Internal": internal,
        "Options": options,
        "SelectedOption": options[1 if internal else 0],
    }


def _option(given: object) -> object:
    key = given.get("Key") if isinstance(given, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return key.get("Id") if isinstance(key, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _key(given: Obj) -> str:
    key = given.get("Key")
    return str(key.get("Id")) if isinstance(key, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{GP}/policy/{name}"))
