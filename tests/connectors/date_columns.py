"""Date columns that a site has made for itself, as definitions to be posted."""

from __future__ import annotations

from typing import Any

from gp365.connectors.dataverse.blueprint import label


def date_column(name: str, form: str, behavior: str) -> dict[str, Any]:
    """The definition of a date column, as Microsoft's page on configuring date and time columns has it."""
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata",
        "AttributeType": "DateTime",
        "AttributeTypeName": {"Value": "DateTimeType"},
        "SchemaName": f"gp365_{name}",
        "DisplayName": label(name, 1033),
        "RequiredLevel": {"Value": "None", "CanBeChanged": True},
        "Format": form,
        "DateTimeBehavior": {"Value": behavior},
    }
