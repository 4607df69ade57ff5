"""A site's customer classes in a file: one table per class, a line per field, and whether a person has approved it.

    ["USA-ILMO-T1"]
    approved = true
    PaymentTermsID = "Net 30"
    StatementCycle = "Monthly"
    KeepTrxHistory = true
    AccountsReceivableAccount = "000-1200-00"

Fields are those that a class gives to a customer and the Web Services can say, under our names; accounts go by number.
Options may be given by code or by name. A class that counts says its four history flags: what is posted without them
cannot be mended.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from gp365.connectors.gp.classes import HISTORY, shared
from gp365.connectors.gp.soap.shapes import shape_of
from gp365.connectors.gp.soap.values import account_named
from gp365.connectors.gp.values import capitals, check_values
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.values import Value, Values

APPROVED = "approved"
_ACCOUNT_LENGTH = 129
_CLASS_LENGTH = 15
_LIMIT_BYTES = 5_000_000
_AMOUNTS = (FieldType.MONEY, FieldType.DECIMAL)


@dataclass(frozen=True, slots=True)
class ClassSaid:
    """What a class gives to a new customer: values under our names, account numbers by the field of their index."""

    values: Values
    accounts: Mapping[str, str]
    approved: bool = False


@cache
def fields() -> tuple[str, ...]:
    """Return the fields that a class of the file may have, beside accounts."""
    served = shape_of("customer").served
    return tuple(name for name in shared() if name in served)


@cache
def accounts() -> Mapping[str, str]:
    """Return the accounts that a class of the file may have, with our field for the index of each."""
    return {account_named(name): name for name in shape_of("customer").accounts if name in shared()}


def names_of(name: str) -> Mapping[str, int]:
    """Return the names of an option's codes; none for a field that has no options."""
    place = shape_of("customer").whole.get(name)
    if place is not None and place.codes is not None:
        return place.codes
    options = shape_of("customer").entity.fields[name].description.options
    return {label: code for code, label in options.items()}


def read_classes(path: Path, system: str) -> dict[str, ClassSaid]:
    """Read the classes, none where there is no such file.

    Raises Misconfigured("settings-invalid") that names file, class, field, value and what to do.
    """
    try:
        if path.stat().st_size > _LIMIT_BYTES:
            raise _fault(path, system, "", "", "It is too big to be a file of classes.", "Name another file.")
        text = path.read_bytes().decode("utf-8-sig")
        tables = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _fault(path, system, "", "", f"It cannot be read: {why}.", "Check its rights.") from None
    except UnicodeDecodeError:
        raise _fault(path, system, "", "", "It is not UTF-8 text.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        fix = 'Write classes as ["CLASS"] and fields as NAME = "text", NAME = 5 or NAME = true.'
        raise _fault(path, system, "", "", f"It is not TOML: {error}.", fix) from None
    found: dict[str, ClassSaid] = {}
    for name, table in tables.items():
        class_id = _class_id(path, system, name, table)
        if class_id in found:
            raise _fault(path, system, name, "", f"The class {class_id} stands twice.", "Keep one of them.")
        found[class_id] = _class(path, system, name, table)
    return found


def _class_id(path: Path, system: str, name: str, table: Any) -> str:
    if not isinstance(table, dict):
        fix = 'Put a line with the class above it, as in ["USA-ILMO-T1"].'
        raise _fault(path, system, "", name, f"{name} stands in no class.", fix)
    class_id = capitals(name.rstrip(" "))
    if not class_id or len(class_id) > _CLASS_LENGTH:
        why = f"A class id has 1 to {_CLASS_LENGTH} characters."
        raise _fault(path, system, name, "", why, "Write the id as Dynamics GP shows it.")
    return class_id


def _class(path: Path, system: str, class_id: str, table: Mapping[str, Any]) -> ClassSaid:
    values: dict[str, Value] = {}
    numbers: dict[str, str] = {}
    approved = table.get(APPROVED, False)
    if not isinstance(approved, bool):
        raise _fault(path, system, class_id, APPROVED, "It is true or false.", "Write approved = true.")
    for name, raw in table.items():
        if name in accounts():
            numbers[accounts()[name]] = _account(path, system, class_id, name, raw)
        elif name in fields():
            value = _value(path, system, class_id, name, raw)
            values[name] = None if value == "" else value
        elif name != APPROVED:
            near = difflib.get_close_matches(name, [*fields(), *accounts(), APPROVED], 1, 0.6)
            fix = f"Did you mean {near[0]}?" if near else "Take the line out."
            why = "GP Web Services take no such field from a class."
            raise _fault(path, system, class_id, name, why, fix, raw)
    missing = [name for name in HISTORY if name not in values]
    if approved and missing:
        why = "An approved class says it: what is posted without history cannot be mended."
        fix = f"Write {missing[0]} = true or {missing[0]} = false."
        raise _fault(path, system, class_id, missing[0], why, fix)
    return ClassSaid(values, numbers, approved)


def _account(path: Path, system: str, class_id: str, name: str, raw: Any) -> str:
    if isinstance(raw, str) and 0 < len(raw.strip()) <= _ACCOUNT_LENGTH:
        return raw.strip()
    fix = f'Write the number as Dynamics GP shows it: {name} = "000-1200-00".'
    raise _fault(path, system, class_id, name, "It is no account number.", fix, raw)


def _value(path: Path, system: str, class_id: str, name: str, raw: Any) -> Value:
    described = shape_of("customer").entity.fields[name].description
    value = _typed(described, raw)
    if value is None:
        raise _fault(path, system, class_id, name, "It is no value of this field.", _wanted(described), raw)
    refused = check_values({name: described}, {name: value}, "create", class_id)
    if (
        refused is None
        and isinstance(value, int)
        and (known := names_of(name))
        and value not in known.values()
    ):
        raise _fault(path, system, class_id, name, "There is no such option.", _wanted(described), raw)
    if refused is not None:
        raise _fault(path, system, class_id, name, refused.message, _wanted(described), raw)
    return value


def _typed(described: FieldDescription, raw: Any) -> Value:
    """Return a value of the field's kind, None for one that cannot be."""
    kind, known = described.type, names_of(described.name)
    if kind in (FieldType.TEXT, FieldType.REFERENCE):
        if not isinstance(raw, str):
            return None
        text = raw.rstrip(" ")
        return capitals(text) if described.upper else text
    if kind is FieldType.BOOLEAN:
        return raw if isinstance(raw, bool) else None
    if isinstance(raw, bool):
        return None
    if kind in _AMOUNTS:
        amount = Decimal(raw) if isinstance(raw, int | Decimal) else None
        return amount if amount is not None and amount.is_finite() else None
    if isinstance(raw, str):
        return next((code for label, code in known.items() if label.casefold() == raw.casefold()), None)
    return raw if isinstance(raw, int) else None


def _wanted(described: FieldDescription) -> str:
    known, name = names_of(described.name), described.name
    if known:
        quoted = ", ".join(f'"{label}"' for label in known)
        return f"Write one of {quoted}."
    if described.type is FieldType.BOOLEAN:
        return f"Write {name} = true or {name} = false."
    if described.type in (FieldType.TEXT, FieldType.REFERENCE):
        return f'Write text in quotes, at most {described.length} characters: {name} = "…".'
    return f"Write a number: {name} = 0."


def _fault(
    path: Path, system: str, class_id: str, name: str, why: str, fix: str, raw: object = None
) -> Misconfigured:
    where = f"[{class_id}]" if class_id else ""
    where = f"{where} {name}".strip()
    value = "" if raw is None else str(raw)[:80]
    told = f", {where}" if where else ""
    told += f" ({value})" if value else ""
    return Misconfigured(
        "settings-invalid",
        f"{path.name}{told}: {why}",
        system=system,
        field=where or "classes",
        value=value,
        fix=fix,
    )
