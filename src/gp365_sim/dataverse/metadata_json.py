"""Writes definitions as the Web API shows metadata: EntityMetadata, AttributeMetadata and what hangs on them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .organisation import Organisation
from .schema import Column, Key, Option, Relationship, Table, metadata_id

CRM = "Microsoft.Dynamics.CRM."
Json = dict[str, Any]

# AttributeType to the name of its metadata type and of its AttributeTypeName.
METADATA_TYPES: dict[str, tuple[str, str]] = {
    "String": ("StringAttributeMetadata", "StringType"),
    "Memo": ("MemoAttributeMetadata", "MemoType"),
    "Integer": ("IntegerAttributeMetadata", "IntegerType"),
    "BigInt": ("BigIntAttributeMetadata", "BigIntType"),
    "Decimal": ("DecimalAttributeMetadata", "DecimalType"),
    "Double": ("DoubleAttributeMetadata", "DoubleType"),
    "Money": ("MoneyAttributeMetadata", "MoneyType"),
    "Boolean": ("BooleanAttributeMetadata", "BooleanType"),
    "DateTime": ("DateTimeAttributeMetadata", "DateTimeType"),
    "Picklist": ("PicklistAttributeMetadata", "PicklistType"),
    "State": ("StateAttributeMetadata", "StateType"),
    "Status": ("StatusAttributeMetadata", "StatusType"),
    "Lookup": ("LookupAttributeMetadata", "LookupType"),
    "Customer": ("LookupAttributeMetadata", "CustomerType"),
    "Owner": ("LookupAttributeMetadata", "OwnerType"),
    "Uniqueidentifier": ("UniqueIdentifierAttributeMetadata", "UniqueidentifierType"),
    "EntityName": ("EntityNameAttributeMetadata", "EntityNameType"),
}
# The properties of AttributeMetadata itself; others can be selected behind a cast only.
# fmt: off
BASE_PROPERTIES = frozenset(
    {
        "MetadataId",
        "LogicalName",
        "SchemaName",
        "EntityLogicalName",
        "AttributeType",
        "AttributeTypeName",
        "AttributeOf",
        "ColumnNumber",
        "DisplayName",
        "Description",
        "IsCustomAttribute",
        "IsPrimaryId",
        "IsPrimaryName",
        "IsSecured",
        "CanBeSecuredForRead",
        "CanBeSecuredForCreate",
        "CanBeSecuredForUpdate",
        "IsValidForCreate",
        "IsValidForRead",
        "IsValidForUpdate",
        "RequiredLevel",
        "IsManaged",
        "IsLogical",
        "IsRetrievable",
        "IsFilterable",
        "IsSearchable",
        "IsCustomizable",
        "IsRenameable",
        "IsAuditEnabled",
        "IsValidForAdvancedFind",
        "IsValidODataAttribute",
        "IsValidForForm",
        "IsValidForGrid",
        "IsRequiredForForm",
        "CanModifyAdditionalSettings",
        "ExternalName",
        "HasChanged",
        "IntroducedVersion",
        "DeprecatedVersion",
        "LinkedAttributeId",
        "SourceType",
        "InheritsFrom",
    }
)
# fmt: on


def label(text: str) -> Json:
    """Write a label in the one language of the organisation, English (1033)."""
    if not text:
        return {"LocalizedLabels": [], "UserLocalizedLabel": None}
    one = {
        "Label": text,
        "LanguageCode": 1033,
        "IsManaged": False,
        "MetadataId": _label_id(text),
        "HasChanged": None,
    }
    return {"LocalizedLabels": [one], "UserLocalizedLabel": dict(one)}


@lru_cache(maxsize=20_000)
def _label_id(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, text))


def managed(value: object, name: str) -> Json:
    return {"Value": value, "CanBeChanged": True, "ManagedPropertyLogicalName": name}


def table_json(table: Table) -> Json:
    """Write an EntityMetadata without its collections."""
    out: Json = {
        "MetadataId": table.id,
        "LogicalName": table.name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "CollectionSchemaName": f"{table.schema_name}s",
        "DisplayName": label(table.label),
        "DisplayCollectionName": label(table.collection_label),
        "Description": label(""),
        "PrimaryIdAttribute": table.id_column,
        "PrimaryNameAttribute": table.name_column,
        "PrimaryImageAttribute": None,
        "ObjectTypeCode": table.type_code,
        "OwnershipType": table.ownership,
        "TableType": "Standard",
        "IsCustomEntity": table.custom,
        "IsManaged": False,
        "IsActivity": table.id_column == "activityid",
        "IsIntersect": False,
        "IsValidForAdvancedFind": True,
        "IsPrivate": False,
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": table.tracked,
        "CanChangeTrackingBeEnabled": managed(table.can_be_tracked, "canchangetrackingbeenabled"),
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomizable": managed(True, "iscustomizable"),
        "IsRenameable": managed(True, "isrenameable"),
        "CanCreateAttributes": managed(True, "cancreateattributes"),
        "IsAuditEnabled": managed(False, "canmodifyauditsettings"),
        "IsDuplicateDetectionEnabled": managed(True, "canmodifyduplicatedetectionsettings"),
        "Privileges": [read_privilege(table)],
    }
    out.update(table.extra)
    return out


def read_privilege(table: Table) -> Json:
    """Write the SecurityPrivilegeMetadata of Read on a table; other privileges are not modelled."""
    return {
        "CanBeBasic": table.ownership == "UserOwned",
        "CanBeLocal": table.ownership == "UserOwned",
        "CanBeDeep": table.ownership == "UserOwned",
        "CanBeGlobal": True,
        "Name": f"prvRead{table.schema_name}",
        "PrivilegeId": metadata_id("privilege", "Read", table.name),
        "PrivilegeType": "Read",
    }


_MOST = 50_000
_WRITTEN: dict[int, tuple[Column, tuple[str | None, ...], Json]] = {}
"""Definitions by the identity of their column, each with the column, so that no identity is given out again."""


def column_json(table: Table, column: Column) -> Json:
    """Write an AttributeMetadata with the properties of its own type; what comes back is not to be changed.

    Columns never change, and clients describe tables again and again: what was written once is kept.
    """
    of = (table.name, table.id_column, table.name_column, _attribute_of(table, column))
    kept = _WRITTEN.get(id(column))
    if kept is None or kept[0] is not column or kept[1] != of:
        if len(_WRITTEN) > _MOST:
            _WRITTEN.clear()
        _WRITTEN[id(column)] = kept = (column, of, _column_json(table, column))
    return kept[2]


def _column_json(table: Table, column: Column) -> Json:
    kind, type_name = METADATA_TYPES.get(column.type, ("AttributeMetadata", f"{column.type}Type"))
    out: Json = {
        "@odata.type": f"#{CRM}{kind}",
        "MetadataId": column.id,
        "LogicalName": column.name,
        "SchemaName": column.schema_name,
        "EntityLogicalName": table.name,
        "AttributeType": column.type,
        "AttributeTypeName": {"Value": type_name},
        "AttributeOf": _attribute_of(table, column),
        "DisplayName": label(column.label),
        "Description": label(""),
        "IsCustomAttribute": column.custom,
        "IsPrimaryId": column.name == table.id_column,
        "IsPrimaryName": column.name == table.name_column,
        "IsSecured": column.secured,
        "CanBeSecuredForRead": column.custom,
        "CanBeSecuredForCreate": column.custom,
        "CanBeSecuredForUpdate": column.custom,
        "IsValidForCreate": column.for_create,
        "IsValidForRead": column.for_read,
        "IsValidForUpdate": column.for_update,
        "RequiredLevel": managed(column.required, "canmodifyrequirementlevelsettings"),
        "IsManaged": False,
        "IsLogical": False,
        "IsCustomizable": managed(True, "iscustomizable"),
        "IsValidODataAttribute": True,
    }
    more = _DERIVED.get(column.type)
    out.update(more(column) if more else {})
    out.update(column.extra)
    return out


def _attribute_of(table: Table, column: Column) -> str | None:
    owner = column.name.removesuffix("_base")
    return owner if owner != column.name and owner in table.columns else None


def _text(column: Column) -> Json:
    kind = column.format or ("TextArea" if column.type == "Memo" else "Text")
    return {"MaxLength": column.max_length, "Format": kind, "FormatName": {"Value": kind}}


def _range(column: Column) -> Json:
    return {"MinValue": column.minimum, "MaxValue": column.maximum, "Format": "None"}


def _whole_range(column: Column) -> Json:
    low = -(2**31) if column.minimum is None else int(column.minimum)
    high = 2**31 - 1 if column.maximum is None else int(column.maximum)
    return {"MinValue": low, "MaxValue": high, "Format": column.format or "None"}


def _decimals(column: Column) -> Json:
    return {**_range(column), "Precision": 2 if column.precision is None else column.precision}


def _money(column: Column) -> Json:
    base = column.name.endswith("_base")
    return {
        **_decimals(column),
        "PrecisionSource": column.precision_source,
        "IsBaseCurrency": base,
        "CalculationOf": column.name.removesuffix("_base") if base else None,
    }


def _time(column: Column) -> Json:
    return {"Format": column.format or "DateAndTime", "DateTimeBehavior": {"Value": column.behavior}}


def _lookup(column: Column) -> Json:
    return {"Targets": list(column.targets), "Format": "None"}


_DERIVED: dict[str, Callable[[Column], Json]] = {
    "String": _text,
    "Memo": _text,
    "Integer": _whole_range,
    "BigInt": _range,
    "Decimal": _decimals,
    "Double": _decimals,
    "Money": _money,
    "DateTime": _time,
    "Lookup": _lookup,
    "Customer": _lookup,
    "Owner": _lookup,
    "Boolean": lambda column: {"DefaultValue": False},
    "Picklist": lambda column: {"DefaultFormValue": -1},
}


def option_set_json(table: Table, column: Column) -> Json:
    """Write the local option set of a choice, status, state or yes/no column."""
    common: Json = {
        "MetadataId": str(uuid.uuid5(uuid.UUID(column.id), "options")),
        "Name": f"{table.name}_{column.name}",
        "DisplayName": label(column.label),
        "Description": label(""),
        "IsGlobal": False,
        "IsCustomOptionSet": column.custom,
    }
    if column.type == "Boolean":
        names = {o.value: o.label for o in column.options}
        yes, no = Option(1, names.get(1, "Yes")), Option(0, names.get(0, "No"))
        kinds = {"TrueOption": _option(yes, column), "FalseOption": _option(no, column)}
        return {**common, "OptionSetType": "Boolean", **kinds}
    return {**common, "OptionSetType": column.type, "Options": [_option(o, column) for o in column.options]}


def _option(option: Option, column: Column) -> Json:
    out: Json = {
        "Value": option.value,
        "Label": label(option.label),
        "Description": label(""),
        "Color": None,
        "IsManaged": False,
        "ExternalValue": None,
    }
    if column.type == "Status":
        return {"@odata.type": f"#{CRM}StatusOptionMetadata", **out, "State": option.state}
    if column.type == "State":
        return {"@odata.type": f"#{CRM}StateOptionMetadata", **out, "InvariantName": option.label}
    return out


def key_json(org: Organisation, table: Table, key: Key) -> Json:
    """Write an EntityKeyMetadata with the present state of its index job."""
    return {
        "MetadataId": key.id,
        "LogicalName": key.name,
        "SchemaName": key.schema_name,
        "EntityLogicalName": table.name,
        "KeyAttributes": list(key.columns),
        "EntityKeyIndexStatus": _status(org, key),
        "DisplayName": label(key.label),
        "IsCustomizable": managed(True, "iscustomizable"),
        "IsManaged": False,
        "AsyncJob": None,
    }


def _status(org: Organisation, key: Key) -> str:
    if key.failed:
        return "Failed"
    return "Active" if org.store.usable(key) else "Pending"


def relationship_json(org: Organisation, relationship: Relationship) -> Json:
    """Write a OneToManyRelationshipMetadata."""
    handed_on = relationship.on_assign
    return {
        "@odata.type": f"#{CRM}OneToManyRelationshipMetadata",
        "MetadataId": relationship.id,
        "SchemaName": relationship.schema_name,
        "RelationshipType": "OneToManyRelationship",
        "IsCustomRelationship": relationship.custom,
        "IsManaged": False,
        "ReferencedEntity": relationship.referenced,
        "ReferencedAttribute": _id_column(org, relationship.referenced),
        "ReferencingEntity": relationship.referencing,
        "ReferencingAttribute": relationship.column,
        "ReferencingEntityNavigationPropertyName": relationship.navigation,
        "ReferencedEntityNavigationPropertyName": relationship.collection,
        "IsHierarchical": False,
        "CascadeConfiguration": {
            "Assign": handed_on,
            "Delete": relationship.on_delete,
            "Merge": relationship.on_merge,
            "Reparent": handed_on,
            "Share": handed_on,
            "Unshare": handed_on,
            "Archive": "NoCascade",
            "RollupView": "NoCascade",
        },
        "IsCustomizable": managed(True, "iscustomizable"),
    }


def _id_column(org: Organisation, table: str) -> str:
    found = org.schema.tables.get(table)
    return found.id_column if found else f"{table}id"
