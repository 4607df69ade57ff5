"""What of ours stands in Dataverse: publisher, solution, the customer card with columns, lookups and key, as bodies.

The bodies follow Microsoft's pages on creating tables, columns, relationships and alternate keys with the Web API. Labels
are English under the organisation's own base language, because a label of a language that is not installed is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gp365.connectors.dataverse.blueprint_figures import ACCOUNT_FIGURES, CARD_FIGURES
from gp365.connectors.dataverse.columns import OwnColumn
from gp365.connectors.dataverse.settings import CARD

PREFIX = "gp365"
OPTION_PREFIX = 36500
FIRST_OPTION = OPTION_PREFIX * 10_000
SOLUTION = "gp365"
KEY_NAME = "gp365_customer_key"
KEY_COLUMNS = ("gp365_company", "gp365_numberkey")
PARENT_CARD = "gp365_parentcardid"
TERMS_COLUMN = "paymenttermscode"
PUBLISHED = "Customer cards of Dynamics GP, kept by gp365. Published."
UNPUBLISHED = "Customer cards of Dynamics GP, kept by gp365. Not yet published."

_CRM = "Microsoft.Dynamics.CRM."
_MOST_MONEY = 922337203685477
_MOST_DAYS = 100_000


@dataclass(frozen=True, slots=True)
class OwnLookup:
    """One lookup of ours: from `referencing` to `referenced`; parental ones hand on ownership, sharing and deletion."""

    relationship: str
    referencing: str
    referenced: str
    schema_name: str
    label: str
    parental: bool

    @property
    def name(self) -> str:
        """The lookup's logical name."""
        return self.schema_name.lower()


NAME_COLUMN = OwnColumn("gp365_name", "gp365_Name", "Name", "String", 100)
COLUMNS = (
    OwnColumn("gp365_company", "gp365_Company", "GP company", "String", 5),
    OwnColumn("gp365_number", "gp365_Number", "GP customer number", "String", 15),
    OwnColumn("gp365_numberkey", "gp365_NumberKey", "Encoded GP customer number", "String", 45),
    OwnColumn("gp365_primary", "gp365_Primary", "Primary card", "Boolean"),
    OwnColumn("gp365_class", "gp365_Class", "GP customer class", "String", 15),
    OwnColumn("gp365_terms", "gp365_Terms", "GP payment terms", "String", 21),
    OwnColumn("gp365_currency", "gp365_Currency", "GP currency", "String", 15),
    OwnColumn("gp365_creditlimit", "gp365_CreditLimit", "Credit limit", "Money"),
    OwnColumn(
        "gp365_creditlimittype",
        "gp365_CreditLimitType",
        "Credit limit type",
        "Picklist",
        options=((0, "No Credit"), (1, "Unlimited"), (2, "Amount")),
    ),
    OwnColumn("gp365_hold", "gp365_Hold", "On hold", "Boolean"),
    OwnColumn("gp365_inactive", "gp365_Inactive", "Inactive", "Boolean"),
    OwnColumn("gp365_corporate", "gp365_Corporate", "GP corporate customer", "String", 15),
    OwnColumn("gp365_reference", "gp365_Reference", "Reference of gp365", "String", 40),
)
FIGURES = (*CARD_FIGURES, *ACCOUNT_FIGURES)
"""Columns of cards and accounts that the flow receivables fills; made where a pair runs it."""
# What the companies grant together, one amount per currency: text, because no column holds several currencies.
ACCOUNT_COLUMNS = (
    OwnColumn("gp365_creditlimits", "gp365_CreditLimits", "GP credit limits", "String", 400, table="account"),
)
LOOKUPS = (
    OwnLookup("gp365_account_gp365_customer", CARD, "account", "gp365_AccountId", "Account", parental=True),
    OwnLookup(
        "gp365_customer_account_parentcard",
        "account",
        CARD,
        "gp365_ParentCardId",
        "Parent customer card",
        parental=False,
    ),
)


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


def table_body(language: int) -> dict[str, Any]:
    """Return the customer card's table: owned by users, tracked, with its primary name only."""
    return {
        "@odata.type": f"{_CRM}EntityMetadata",
        "SchemaName": "gp365_Customer",
        "DisplayName": label("GP customer", language),
        "DisplayCollectionName": label("GP customers", language),
        "Description": label(
            "One customer card of one Dynamics GP company. Written by gp365 alone.", language
        ),
        "OwnershipType": "UserOwned",
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": True,
        "Attributes": [{**column_body(NAME_COLUMN, language), "IsPrimaryName": True}],
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


def _kind_of(column: OwnColumn, language: int) -> dict[str, Any]:
    if column.type == "String":
        return {"MaxLength": column.length, "FormatName": {"Value": "Text"}}
    if column.type == "Money":
        limits = {"MinValue": -_MOST_MONEY, "MaxValue": _MOST_MONEY}
        return {"Precision": 4, "PrecisionSource": 0, **limits}
    if column.type == "Boolean":
        return {"DefaultValue": False, "OptionSet": _yes_no(language)}
    if column.type == "DateTime":
        return {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}
    if column.type == "Integer":
        return {"Format": "None", "MinValue": -_MOST_DAYS, "MaxValue": _MOST_DAYS}
    return {"OptionSet": _choice(column, language)}


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

    Parental: whoever is assigned or shared the account gets its cards (configure relationship behaviour page).
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


def key_body(language: int) -> dict[str, Any]:
    """Return the card's alternate key: company and encoded number."""
    return {
        "SchemaName": KEY_NAME,
        "DisplayName": label("GP company and customer number", language),
        "KeyAttributes": list(KEY_COLUMNS),
    }
