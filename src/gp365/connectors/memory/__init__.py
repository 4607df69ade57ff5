"""A system in memory (or in one file) that keeps the connector contract: for tests, for trying flows, for proofs."""

from gp365.connectors.memory.connector import MemoryConnector
from gp365.connectors.memory.faults import Faults
from gp365.connectors.memory.system import Snapshot

__all__ = ["Faults", "MemoryConnector", "Snapshot"]
