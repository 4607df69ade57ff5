"""The bodies that make what is ours in Dataverse: publisher, solution, tables, columns, lookups and keys.

The bodies follow Microsoft's pages on creating tables, columns, relationships and alternate keys with the Web API. Labels
are English under the organisation's own base language, because a label of a language that is not installed is refused.
"""

from __future__ import annotations

from typing import Any

from gp365.connectors.dataverse.own import OwnColumn, OwnKey, OwnLookup, OwnTable

PREFIX = "gp365"
OPTION_PREFIX = 36500
FIRST_OPTION = OPTION_PREFIX * 10_000
SOLUTION = "gp365"
PARENT_CARD = "gp365_parentcardid"
TERMS_COLUMN = "paymenttermscode"
PUBLISHED = "Customer cards of Dynamics GP, kept by gp365. Published."
UNPUBLISHED = "Customer cards of Dynamics GP, kept by gp365. Not yet published."

_CRM = "Microsoft.Dynamics.CRM."
_MOST_MONEY = 922337203685477
_MOST_DECIMAL = 100_000_000_000  # DecimalAttributeMetadata: MinValue and MaxValue
_INTEGERS = (-(2**31), 2**31 - 1)
MONEY_DECIMALS = 4
DECIMALS = 5


def label(text: str, language: int) -> dict[str, Any]:
    """Return a Label value in one language."""
    return {
        "@odata.type": f"{_CRM}Label",
        "LocalizedLabels": [
            {"@odata.type": f"{_CRM}LocalizedLabel", "Label": text, "LanguageCode": language}
        ],
    }


def publisher_body() -> dict[str, Any]:
    """Return the publisher that owns prefix and option values."""
    return {
        "uniquename": PREFIX,
        "friendlyname": "gp365",
        "customizationprefix": PREFIX,
        "customizationoptionvalueprefix": OPTION_PREFIX,
    }


def solution_body(publisher_id: str) -> dict[str, Any]:
    """Return the solution that all our components join; its description says whether everything was published."""
    return {
        "uniquename": SOLUTION,
        "friendlyname": "gp365",
        "version": "1.0.0.0",
        "description": UNPUBLISHED,
        "publisherid@odata.bind": f"/publishers({publisher_id})",
    }


def table_body(table: OwnTable, language: int) -> dict[str, Any]:
    """Return a table of ours: its ownership, tracked, with its primary name only."""
    return {
        "@odata.type": f"{_CRM}EntityMetadata",
        "SchemaName": table.schema_name,
        "DisplayName": label(table.label, language),
        "DisplayCollectionName": label(table.labels, language),
        "Description": label(table.about, language),
        "OwnershipType": table.ownership_type,
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": table.notes,
        "ChangeTrackingEnabled": True,
        "Attributes": [{**column_body(table.name_column, language), "IsPrimaryName": True}],
    }


def column_body(column: OwnColumn, language: int) -> dict[str, Any]:
    """Return the definition of one column of ours."""
    body: dict[str, Any] = {
        "@odata.type": f"{_CRM}{column.type}AttributeMetadata",
        "AttributeType": column.type,
        "AttributeTypeName": {"Value": f"{column.type}Type"},
        "SchemaName": column.schema_name,
        "DisplayName": label(column.label, language),
        "RequiredLevel": {"Value": "None", "CanBeChanged": True},
    }
    if column.about:
        body["Description"] = label(column.about, language)
    return body | _kind_of(column, language)


def decimals(column: OwnColumn) -> int:
    """Return the decimals that an amount or number keeps."""
    if column.precision is not None:
        return column.precision
    return MONEY_DECIMALS if column.type == "Money" else DECIMALS


def _kind_of(column: OwnColumn, language: int) -> dict[str, Any]:
    if column.type == "String":
        return {"MaxLength": column.length, "FormatName": {"Value": "Text"}}
    if column.type == "Memo":
        return {"MaxLength": column.length, "Format": "TextArea"}
    if column.type == "Money":
        limits = _limits(column, -_MOST_MONEY, _MOST_MONEY)
        return {"Precision": decimals(column), "PrecisionSource": 0, **limits}
    if column.type == "Decimal":
        return {"Precision": decimals(column), **_limits(column, -_MOST_DECIMAL, _MOST_DECIMAL)}
    if column.type == "Boolean":
        return {"DefaultValue": False, "OptionSet": _yes_no(language)}
    if column.type == "DateTime":
        return {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}
    if column.type == "Integer":
        return {"Format": "None", **_limits(column, *_INTEGERS)}
    return {"OptionSet": _choice(column, language)}


def _limits(column: OwnColumn, least: int, most: int) -> dict[str, int]:
    return {
        "MinValue": least if column.minimum is None else column.minimum,
        "MaxValue": most if column.maximum is None else column.maximum,
    }


def _yes_no(language: int) -> dict[str, Any]:
    return {
        "@odata.type": f"{_CRM}BooleanOptionSetMetadata",
        "TrueOption": {"Value": 1, "Label": label("Yes", language)},
        "FalseOption": {"Value": 0, "Label": label("No", language)},
        "OptionSetType": "Boolean",
    }


def _choice(column: OwnColumn, language: int) -> dict[str, Any]:
    return {
        "@odata.type": f"{_CRM}OptionSetMetadata",
        "IsGlobal": False,
        "OptionSetType": "Picklist",
        "Options": [{"Value": value, "Label": label(text, language)} for value, text in column.options],
    }


def lookup_body(lookup: OwnLookup, language: int) -> dict[str, Any]:
    """Return a one-to-many relationship with its lookup inline.

    Parental: whoever is assigned or shared the account gets what hangs on it (configure relationship behaviour page).
    """
    handed_on = "Cascade" if lookup.parental else "NoCascade"
    return {
        "@odata.type": f"{_CRM}OneToManyRelationshipMetadata",
        "SchemaName": lookup.relationship,
        "ReferencedEntity": lookup.referenced,
        "ReferencingEntity": lookup.referencing,
        "CascadeConfiguration": {
            "Assign": handed_on,
            "Delete": "Cascade" if lookup.parental else "RemoveLink",
            "Merge": handed_on,
            "Reparent": handed_on,
            "Share": handed_on,
            "Unshare": handed_on,
        },
        "Lookup": {
            "@odata.type": f"{_CRM}LookupAttributeMetadata",
            "AttributeType": "Lookup",
            "AttributeTypeName": {"Value": "LookupType"},
            "SchemaName": lookup.schema_name,
            "DisplayName": label(lookup.label, language),
            "RequiredLevel": {"Value": "None", "CanBeChanged": True},
        },
    }


def key_body(key: OwnKey, language: int) -> dict[str, Any]:
    """Return an alternate key."""
    return {
        "SchemaName": key.name,
        "DisplayName": label(key.label, language),
        "KeyAttributes": list(key.columns),
    }
