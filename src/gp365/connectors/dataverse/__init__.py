"""Dynamics 365 Sales and any other Dataverse organisation, over the Web API v9.2."""

from gp365.connectors.dataverse.api import budget_of
from gp365.connectors.dataverse.connector import DataverseConnector
from gp365.connectors.dataverse.neighbours import NEIGHBOURS, Neighbour
from gp365.connectors.dataverse.settings import Credential, DataverseSettings, Limits, Sizes

__all__ = [
    "NEIGHBOURS",
    "Credential",
    "DataverseConnector",
    "DataverseSettings",
    "Limits",
    "Neighbour",
    "Sizes",
    "budget_of",
]
