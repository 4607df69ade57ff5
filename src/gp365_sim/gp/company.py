"""A GP company database: what GP itself keeps there beside rows, and how it is filled, backed up and restored.

What SQL Server does when a row is written is in `database`; what a person or a service may write in `windows`.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gp365_sim.gp.database import Database, Now, Setup
from gp365_sim.gp.sqltypes import AMOUNT_STEP, Value
from gp365_sim.gp.system import SystemDatabase
from gp365_sim.gp.tables import Key, Row, tables

__all__ = ["Company", "Identity", "Image", "Now", "Setup"]

FIRST_NOTE = 1001
FUNCTIONAL = "Z-US$"


@dataclass(frozen=True)
class Identity:
    """What a company is called: display name (in service addresses), database and company number.

    `time_zone` is where its clerks sit; empty: where those of the first company do. `currency` is the functional one.
    """

    name: str = "Fabrikam, Inc."
    interid: str = "TWO"
    number: int = -1
    time_zone: str = ""
    currency: str = FUNCTIONAL


@dataclass(frozen=True)
class Image:
    """A backup of a company database: its rows and counters at one moment."""

    rows: Mapping[str, Mapping[Key, Row]]
    next_note: int
    next_row: Mapping[str, int]
    documents: Mapping[str, tuple[str, ...]]
    trails: Mapping[str, int] = field(default_factory=dict[str, int])


class Company(Database):
    """One company database on its SQL Server.

    `now` gives aware UTC moments; `time_zone` is where the clerks sit, whose calendar day goes into MODIFDT and
    CREATDDT. That GP takes the day from the local calendar is assumed: the columns are date-only by CHECK
    constraint (public schema dump), their zone is documented nowhere. Without `posting_setup` there is no table SY02300,
    whose columns are assumed.
    """

    def __init__(
        self,
        identity: Identity,
        now: Now,
        time_zone: str = "America/Chicago",
        system: SystemDatabase | None = None,
        *,
        posting_setup: bool = True,
    ) -> None:
        known = {name: each for name, each in tables().items() if posting_setup or name != "SY02300"}
        super().__init__(known, now, time_zone)
        self.identity = identity
        self.system = system or SystemDatabase(now)
        self._next_note = FIRST_NOTE
        self._trails: dict[str, int] = {}
        self.documents: dict[str, list[str]] = {}
        """Numbers of documents by folded customer number that the control door has said to be open."""

    @property
    def next_note(self) -> int:
        """The note index that is drawn next."""
        return self._next_note

    def draw_note(self) -> Decimal:
        """Draw the next note index of the company (a card keeps its own for life)."""
        drawn = self._next_note
        self._next_note += 1
        return Decimal(drawn).quantize(AMOUNT_STEP)

    def draw_trail(self, prefix: str) -> str:
        """Draw the next audit trail code of a posting, such as `RMSLS00000012` (the prefixes are assumed)."""
        drawn = self._trails.get(prefix, 0) + 1
        self._trails[prefix] = drawn
        return f"{prefix}{drawn:08d}"

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Undo everything inside when an exception leaves it, in the system database too."""
        with self.system.transaction(), super().transaction():
            yield

    def load(self, setup: Setup) -> None:
        """Fill tables with rows as an import would: types are checked, windows are not asked, one stamp for all.

        Missing NOTEINDX, CREATDDT and MODIFDT are supplied. Raises `Refusal` for a value that does not fit.
        """
        at, today = self.statement(), self.today()
        for name, given in setup():
            table = self[name].table
            values: dict[str, Value] = {
                each: today for each in ("CREATDDT", "MODIFDT") if each in table.place
            } | table.accepted(given)
            if "NOTEINDX" in table.place and "NOTEINDX" not in values:
                values["NOTEINDX"] = self.draw_note()
            self._put(self[name], table.changed(table.blank, values), at, fresh=True)

    def clear(self) -> None:
        """Empty every table and start the counters again."""
        super().clear()
        self._next_note = FIRST_NOTE
        self._trails.clear()
        self.documents.clear()

    def image(self) -> Image:
        """Back the database up."""
        return Image(
            {name: self[name].image() for name in self},
            self._next_note,
            dict(self._next_row),
            {number: tuple(held) for number, held in self.documents.items()},
            dict(self._trails),
        )

    def restore(self, image: Image) -> None:
        """Put a backup in place of everything, counters and stamps included, as SQL Server's RESTORE does.

        What the company is called stays: names and numbers of companies are kept outside of their databases, so a live
        company's backup restored over a test company lives on under the test company's name.
        """
        for name in self:
            self[name].fill(image.rows[name].values())
        self._next_note = image.next_note
        self._next_row = dict(image.next_row)
        self._trails = dict(image.trails)
        self.documents = {number: list(held) for number, held in image.documents.items()}

    def take(self, image: Image, at: datetime) -> None:
        """Fill the tables that an image has, every row stamped as of a moment, and take its counters."""
        for name, rows in image.rows.items():
            table = self[name].table
            stamp = {"DEX_ROW_TS": at} if table.stamped else {}
            self[name].fill(table.changed(row, stamp) for row in rows.values())
        self._next_note = image.next_note
        self._next_row |= {name: image.next_row[name] for name in image.rows}
        self._trails = dict(image.trails)

    def move_documents(self, old: str, new: str) -> None:
        """Give the open documents of one folded customer number to another."""
        moved = self.documents.pop(old, [])
        if moved:
            self.documents.setdefault(new, []).extend(moved)

    def _counters(self) -> Callable[[], None]:
        rows_back, note = super()._counters(), self._next_note
        held = {number: list(each) for number, each in self.documents.items()}
        trails = dict(self._trails)

        def put_back() -> None:
            rows_back()
            self._next_note, self.documents, self._trails = note, held, trails

        return put_back
