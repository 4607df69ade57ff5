"""What of ours stands in a Dataverse organisation, as data: tables, columns, lookups, keys and views.

The files are in `tables/` (see own_files). A file that names a schema makes its table; any other adds to a table that
stands already, ours or the platform's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Ownership = Literal["user", "organisation"]
Scalar = str | int | bool | None


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """One column of ours: type, limits, the options of a choice, and a description. A DateTime is a day without a time."""

    table: str
    name: str
    schema_name: str
    label: str
    type: str
    length: int | None = None
    options: tuple[tuple[int, str], ...] = ()
    about: str = ""
    precision: int | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class OwnLookup:
    """One lookup of ours: from `referencing` to `referenced`; parental ones hand on ownership, sharing and deletion."""

    relationship: str
    referencing: str
    referenced: str
    schema_name: str
    label: str
    parental: bool = False

    @property
    def name(self) -> str:
        """The lookup's logical name."""
        return self.schema_name.lower()


@dataclass(frozen=True, slots=True)
class OwnKey:
    """One alternate key of ours."""

    table: str
    name: str
    label: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnView:
    """One public view: columns in order, sorted by `order` (`-` before a column: descending), rows where all values hold."""

    table: str
    name: str
    columns: tuple[str, ...]
    order: tuple[str, ...] = ()
    where: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])


@dataclass(frozen=True, slots=True)
class OwnGrid:
    """A list of rows of `table` that hang on a record by `relationship`, as `view` shows them."""

    label: str
    table: str
    relationship: str
    view: str
    rows: int = 4


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """Where a quick view is to stand: main forms of `table`, by `lookup`; without one, on the forms of its own table."""

    table: str
    lookup: str = ""


@dataclass(frozen=True, slots=True)
class OwnQuickView:
    """One quick-view form: columns of its table and lists of what hangs on the record, and where it belongs."""

    table: str
    name: str
    about: str
    columns: tuple[str, ...]
    grids: tuple[OwnGrid, ...] = ()
    places: tuple[OwnPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnTable:
    """One table of ours. `role` is the security role that reads it, "" where the site's own roles say who does.

    `people`: people write rows of it too, so that updates carry versions.
    """

    name: str
    schema_name: str
    set_name: str
    label: str
    labels: str
    about: str
    ownership: Ownership
    name_column: OwnColumn
    notes: bool = False
    role: str = ""
    people: bool = False

    @property
    def ownership_type(self) -> str:
        """The ownership as the platform calls it; it cannot be changed later (create-entity page)."""
        return "UserOwned" if self.ownership == "user" else "OrganizationOwned"


@dataclass(frozen=True, slots=True)
class Parts:
    """What one file makes: a table or none, and what stands in it; `flows` that need it, none where all sites do."""

    source: str
    table: str
    made: OwnTable | None = None
    flows: frozenset[str] = frozenset()
    columns: tuple[OwnColumn, ...] = ()
    lookups: tuple[OwnLookup, ...] = ()
    keys: tuple[OwnKey, ...] = ()
    views: tuple[OwnView, ...] = ()
    quick_views: tuple[OwnQuickView, ...] = ()
    tracked: bool = False


@dataclass(frozen=True, slots=True)
class Blueprint:
    """All parts of several files, each kind in the order in which it is made."""

    files: tuple[Parts, ...]

    @property
    def tables(self) -> tuple[OwnTable, ...]:
        """The tables of ours."""
        return tuple(one.made for one in self.files if one.made is not None)

    @property
    def columns(self) -> tuple[OwnColumn, ...]:
        """All columns of ours but the names of our tables."""
        return tuple(column for one in self.files for column in one.columns)

    @property
    def lookups(self) -> tuple[OwnLookup, ...]:
        """All lookups of ours."""
        return tuple(lookup for one in self.files for lookup in one.lookups)

    @property
    def keys(self) -> tuple[OwnKey, ...]:
        """All alternate keys of ours."""
        return tuple(key for one in self.files for key in one.keys)

    @property
    def views(self) -> tuple[OwnView, ...]:
        """All views of ours."""
        return tuple(view for one in self.files for view in one.views)

    @property
    def quick_views(self) -> tuple[OwnQuickView, ...]:
        """All quick-view forms of ours."""
        return tuple(view for one in self.files for view in one.quick_views)

    @property
    def roles(self) -> Mapping[str, tuple[OwnTable, ...]]:
        """The security roles of ours, each with the tables that it reads."""
        names = dict.fromkeys(table.role for table in self.tables if table.role)
        return {name: tuple(table for table in self.tables if table.role == name) for name in names}

    @property
    def placed(self) -> tuple[str, ...]:
        """The tables on whose forms a quick view of ours may stand."""
        return tuple(dict.fromkeys(place.table for view in self.quick_views for place in view.places))

    @property
    def tracked(self) -> tuple[str, ...]:
        """The tables whose changes are read: those that a file says, and our own."""
        named = [one.table for one in self.files if one.tracked]
        return tuple(dict.fromkeys((*named, *(table.name for table in self.tables))))

    @property
    def touched(self) -> tuple[str, ...]:
        """Every table that something of ours stands in."""
        return tuple(dict.fromkeys(one.table for one in self.files))

    def table(self, name: str) -> OwnTable | None:
        """Return a table of ours, or None."""
        return next((table for table in self.tables if table.name == name), None)

    def of(self, table: str) -> Blueprint:
        """Return the parts that stand in one table."""
        return Blueprint(tuple(one for one in self.files if one.table == table))
