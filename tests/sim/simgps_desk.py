"""A database administrator's desk for the tests of the simulator's SQL server: a served site and its driver."""

from contextlib import contextmanager
from dataclasses import dataclass

import requests

from gp365_sim import sqlclient
from gp365_sim.core.clock import Clock
from gp365_sim.core.server import Door, bind, serving
from gp365_sim.gp import app as gp_app
from gp365_sim.gp.sql import app as sql_app
from gp365_sim.gp.sql.rights import Login
from gp365_sim.samples import fabrikam

INTEGRATION = Login("gp365", "Correct-Horse-1")


@dataclass
class SqlDesk:
    """A served SQL server, the site behind it and its control door."""

    server: str
    gp: gp_app.GpSystem
    sql: sql_app.SqlSystem
    clock: Clock
    web: requests.Session

    @property
    def company(self):
        return self.gp.world.company

    def connect(self, *, user="gp365", password="Correct-Horse-1", database="TWO", autocommit=True, **more):
        return sqlclient.connect(
            self.server, database, user, password, autocommit=autocommit, **{"timeout": 10.0, **more}
        )

    def rows(self, text, *values):
        """The rows of a text, on a connection of its own."""
        with self.connect() as connection:
            return connection.cursor().execute(text, values).fetchall()

    def one(self, text, *values):
        """The only value of a text."""
        ((value,),) = self.rows(text, *values)
        return value

    def refused(self, text, *values):
        """The number of the error that a text ends with."""
        try:
            found = self.rows(text, *values)
        except sqlclient.Error as error:
            return error.number
        raise AssertionError(f"was not refused: {found}")

    def door(self, method, path, body=None):
        answer = self.web.request(method, f"http://{self.server}/_sim/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def asked(self):
        """The texts that were run."""
        return self.door("GET", "requests")["requests"]


@contextmanager
def sql_desk(*, samples=None, logins=(INTEGRATION,), idle_s=1800.0, **more):
    """Serve a site's SQL server while the block runs."""
    clock = Clock()
    gp = gp_app.build(clock, samples or fabrikam(), [], gp_app.Manner(), **more)
    companies = [each.world.company for each in gp.places.values()]
    sql = sql_app.build(companies, gp.system, logins, clock, idle_s=idle_s)
    bound = bind()
    door = Door(sql.app, bound)
    with serving(door), requests.Session() as web:
        web.trust_env = False
        host, port = bound.getsockname()[:2]
        yield SqlDesk(f"{host}:{port}", gp, sql, clock, web)
