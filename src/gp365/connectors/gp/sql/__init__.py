"""The SQL channel: GP's tables read by set, its eConnect procedures called in one transaction, over one small port."""

from gp365.connectors.gp.sql.channel import SqlChannel
from gp365.connectors.gp.sql.settings import SqlSettings

__all__ = ["SqlChannel", "SqlSettings"]
