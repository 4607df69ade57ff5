"""GP's system database, DYNAMICS: companies, users and their access, currencies, and who is at work on what."""

from gp365_sim.gp.database import Database, Now
from gp365_sim.gp.tables import system_tables


class SystemDatabase(Database):
    """The system database that all companies of a site share."""

    def __init__(self, now: Now) -> None:
        super().__init__(system_tables(), now)
