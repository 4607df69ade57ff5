"""Dynamics GP: what is common to its channels stands here, each channel in a room of its own (`rest`)."""

from gp365.connectors.gp.connector import GpConnector
from gp365.connectors.gp.settings import RESOURCES, GpSettings, Resource, with_overrides

__all__ = ["RESOURCES", "GpConnector", "GpSettings", "Resource", "with_overrides"]
