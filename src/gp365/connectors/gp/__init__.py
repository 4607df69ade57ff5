"""Dynamics GP: what is common to its channels stands here, each channel in a room of its own (`rest`, `sql`, `soap`)."""

from gp365.connectors.gp.channel import Channel
from gp365.connectors.gp.connector import GpConnector, Ways
from gp365.connectors.gp.settings import RESOURCES, GpSettings, Resource, with_overrides

__all__ = ["RESOURCES", "Channel", "GpConnector", "GpSettings", "Resource", "Ways", "with_overrides"]
