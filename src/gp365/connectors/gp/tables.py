"""The entities of Dynamics GP under our own field names, read from the data files in `entities/`.

One file per entity; a field has its type, usable length and rights, and a column per channel: `sba` (our own name
where it is missing, because both are the Dexterity name without blanks), `sql`, `econnect`, `soap`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.values import Value

NAMES = (
    *("customer", "customer_address", "customer_class", "payment_terms", "company"),
    *("internet_address", "salesperson", "territory", "shipping_method", "currency"),
    *("receivables_summary", "customer_figures", "receivables_document", "receivable"),
    *("cash_receipt", "payment", "apply", "application"),
    *("gl_account", "gl_balance", "posting_account", "fiscal_period", "batch", "note"),
    *("item", "item_quantity", "price_list", "vendor", "vendor_address"),
    *("sales_document", "sales_document_line", "sales_payment", "sales_distribution"),
    *("sales_invoice", "sales_invoice_line"),
    *("receivables_distribution", "purchase_order", "purchase_order_line"),
)
CODE_PAGE = "cp1252"
MONEY_LIMIT = Decimal("99999999999999.99999")
"""The largest amount of a column numeric(19,5)."""
_INTEGERS = {"tinyint": (0, 255), "smallint": (-32768, 32767), "int": (-(2**31), 2**31 - 1)}


@dataclass(frozen=True, slots=True)
class GpField:
    """A field with the names that the channels have for it; an empty name: that channel does not have it."""

    description: FieldDescription
    sba: str = ""
    sql: str = ""
    econnect: str = ""
    soap: str = ""


@dataclass(frozen=True, slots=True)
class GpEntity:
    """An entity as GP keeps it: `fields` are those of its own table, `shown` also those of a joined view.

    `roles` name the addresses that a joined view shows (BillTo, ShipTo), `role_fields` what each of them has. `children`
    are the lists inside of a document, by name: the entity of a row, and its fields that name the document. `always` gives
    fields that hold the same on every record. `copies`: new ones are made over eConnect, as copies of others.
    """

    name: str
    table: str
    key: tuple[str, ...]
    fields: Mapping[str, GpField]
    shown: Mapping[str, FieldDescription]
    birth: tuple[str, ...] = ()
    reference: str = ""
    creates: bool = False
    updates: bool = False
    roles: tuple[str, ...] = ()
    role_fields: tuple[str, ...] = ()
    not_served: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    children: Mapping[str, tuple[str, Mapping[str, str | int]]] = field(
        default_factory=dict[str, tuple[str, Mapping[str, str | int]]]
    )
    always: Mapping[str, Value] = field(default_factory=dict[str, Value])
    copies: bool = False


@cache
def entity_named(name: str) -> GpEntity:
    """Read an entity's data file; Misconfigured("entity-unknown") if there is none."""
    if name not in NAMES:
        raise Misconfigured("entity-unknown", f"Dynamics GP has no entity {name!r} here.", value=name)
    source = files("gp365.connectors.gp").joinpath("entities", f"{name}.json").read_bytes()
    return _entity(cast("dict[str, Any]", orjson.loads(source)))


def _entity(spec: dict[str, Any]) -> GpEntity:
    fields = {name: _field(name, each) for name, each in spec["fields"].items()}
    roles, role_fields = tuple(spec.get("roles", ())), tuple(spec.get("role_fields", ()))
    not_served = tuple(spec.get("not_served", ()))
    shown = {name: each.description for name, each in fields.items()}
    for role in roles:
        for name in role_fields:
            shown[f"{role}.{name}"] = replace(
                shown[name], name=f"{role}.{name}", writable="both", required=False
            )
        for name in spec.get("role_shown", ()):
            shown[f"{role}.{name}"] = replace(
                shown[name], name=f"{role}.{name}", writable="never", required=False
            )
    for name in not_served:
        shown[name] = FieldDescription(name, length=200, readable=False, writable="never", assumed=True)
    return GpEntity(
        spec["entity"],
        spec["table"],
        tuple(spec["key"]),
        fields,
        shown,
        tuple(spec.get("birth", ())),
        spec.get("reference", ""),
        spec["creates"],
        spec["updates"],
        roles,
        role_fields,
        not_served,
        tuple(spec["assumed"]),
        {each: (form["entity"], form["by"]) for each, form in spec.get("children", {}).items()},
        {name: each["always"] for name, each in spec["fields"].items() if "always" in each},
        bool(spec.get("copies", False)),
    )


def _field(name: str, spec: dict[str, Any]) -> GpField:
    kind = FieldType(spec.get("type", "text"))
    low, high = _INTEGERS.get(spec.get("sql_type", ""), (None, None))
    money = kind in (FieldType.MONEY, FieldType.DECIMAL)
    description = FieldDescription(
        name,
        type=kind,
        length=spec.get("length"),
        required=spec.get("required", False),
        writable=spec.get("writable", "both"),
        readable=spec.get("readable", True),
        options={int(code): label for code, label in spec.get("options", {}).items()},
        code_page=CODE_PAGE if kind is FieldType.TEXT else "",
        upper=spec.get("upper", False),
        decimals=5 if money else None,
        minimum=-MONEY_LIMIT if money else _number(low),
        maximum=MONEY_LIMIT if money else _number(high),
        assumed=spec.get("assumed", True),
    )
    return GpField(
        description,
        spec.get("sba", name),
        spec.get("sql", ""),
        spec.get("econnect", ""),
        spec.get("soap", ""),
    )


def _number(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)
