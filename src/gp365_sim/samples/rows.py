"""The shape of sample data, the same for the small sample company and for generated firms."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Row = dict[str, object]
Source = Callable[[], Iterable[Row]]


def nothing() -> Iterable[Row]:
    """Give no rows."""
    return ()


@dataclass(frozen=True)
class Samples:
    """Rows by kind; every field is called for its rows and gives them anew each time, in the same order.

    GP rows use SQL columns and leave out columns that hold their default; a customer has the rows of RM00102
    under `addresses` (without CUSTNMBR). Amounts are Decimal, dates `datetime.date`, the rest text or int.
    Dataverse rows use logical column names, lookups as `_column_value`, ids as text; users and teams say under `roles` how
    many security roles they hold.
    """

    terms: Source
    classes: Source
    customers: Source
    currencies: Source
    accounts: Source
    contacts: Source
    units: Source = nothing
    users: Source = nothing
    teams: Source = nothing
    territories: Source = nothing
