"""What every verb of the channel works with: the pool, the names of the databases, and errors in the model's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from gp365.connectors.gp.sql import dbapi, mssql, tds
from gp365.connectors.gp.sql.pool import Pool
from gp365.connectors.gp.sql.port import Row, SqlConnection, SqlFailed, told
from gp365.connectors.gp.sql.settings import REGULAR, SqlSettings
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, mark, select
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.wire.clock import Clock
from gp365.wire.gate import Gate, Turn

Open = Callable[[SqlSettings, str], SqlConnection]
"""Opens a connection to a database; SqlFailed, Misconfigured."""


def opener(settings: SqlSettings) -> Open:
    """Return what opens connections with the driver of the settings."""
    known: dict[str, Open] = {"tds": tds.connect, "mssql": mssql.connect}
    return known.get(settings.driver, dbapi.connect)


class Desk:
    """One company over SQL; nothing is connected before the first question."""

    def __init__(
        self,
        settings: SqlSettings,
        clock: Clock,
        open_: Open | None = None,
        turn: Turn = Turn(),  # noqa: B008 (frozen)
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.names = Names.of(settings.database, settings.system_database)
        self._open = open_ or opener(settings)
        gate = turn.gate or Gate(settings.lanes, 0.0)
        self.pool = Pool(self._connect, gate, turn.priority, asked)
        self._guard = Lock()
        self._listed = False
        self._columns: dict[str, frozenset[str]] = {}

    def rows(self, statement: Statement, *, new: bool = False) -> list[Row]:
        """Ask a question; a leaf of the model's errors where it is refused."""
        try:
            return self.pool.rows(statement, new=new)
        except SqlFailed as failed:
            raise self.told(failed) from None

    def told(self, failed: SqlFailed) -> Gp365Error:
        """Return a failure in the model's words."""
        return told(failed, self.settings.name, self.settings.user)

    def missing(self, entity: str) -> frozenset[str]:
        """Return the fields of an entity whose columns differ between sites and are not there at this one."""
        source = source_of(entity)
        if not source.varies:
            return frozenset()
        held = self.columns(source.parts[0].table, system=source.system)
        return frozenset(name for name in source.varies if source.field(name).sql.lower() not in held)

    def columns(self, table: str, *, system: bool = False) -> frozenset[str]:
        """Return the columns of a table in small letters, asked once."""
        with self._guard:
            known = self._columns.get(table)
        if known is None:
            database = self.names.system if system else self.names.company
            statement = select(["[c].[name]"], f"{database}.[sys].{bracketed('columns')}", alias="c")
            statement.add(
                f" WHERE [c].[object_id] = OBJECT_ID({mark('varchar(400)')})",
                self.names.object(table, system=system),
            )
            known = frozenset(str(row[0]).lower() for row in self.rows(statement))
            with self._guard:
                self._columns[table] = known
        return known

    def companies(self) -> Sequence[Row]:
        """Read the company list: number, name, database."""
        return self.rows(company_list(self.names))

    def _connect(self) -> SqlConnection:
        """Open a connection to the company; an odd name only after SY01500 has shown it."""
        settings = self.settings
        if not REGULAR.fullmatch(settings.database):
            self._look_up()
        connection = self._open(settings, settings.database)
        # Posting in GP holds locks for long; a wait without end would hold a run up.
        for _ in connection.query(f"SET LOCK_TIMEOUT {int(settings.lock_timeout_s * 1000):d}"):
            pass
        return connection

    def _look_up(self) -> None:
        with self._guard:
            if self._listed:
                return
            connection = self._open(self.settings, self.settings.system_database)
            try:
                text = company_list(self.names).text
                found = [str(row[2]).rstrip() for page in connection.query(text) for row in page]
            finally:
                connection.close()
            if self.settings.database.casefold() not in {name.casefold() for name in found}:
                raise no_company(self.settings, found)
            self._listed = True


def company_list(names: Names) -> Statement:
    """Return the question for the companies of the installation (SY01500)."""
    columns = [f"[t].{bracketed(each)}" for each in ("CMPANYID", "CMPNYNAM", "INTERID")]
    return select(columns, names.object("SY01500", system=True))


def no_company(settings: SqlSettings, found: Sequence[str]) -> Misconfigured:
    """Return what is wrong when the company database is in no row of SY01500."""
    return Misconfigured(
        "company-unknown",
        f"No company of this installation has the database {settings.database!r}.",
        system=settings.name,
        field="database",
        value=settings.database,
        fix=f"Write one of {', '.join(found) or '(none)'}, as SY01500.INTERID has it.",
    )
