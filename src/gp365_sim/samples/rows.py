"""The shape of sample data, the same for the small sample company and for generated firms."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Row = dict[str, object]
Source = Callable[[], Iterable[Row]]


@dataclass(frozen=True)
class Samples:
    """Rows by kind; every field is called for its rows and gives them anew each time, in the same order.

    GP rows use SQL columns and leave out columns that hold their default; a customer has the rows of RM00102
    under `addresses` (without CUSTNMBR). Amounts are Decimal, dates `datetime.date`, the rest text or int.
    Dataverse rows use logical column names, lookups as `_column_value`, ids as text.
    """

    terms: Source
    classes: Source
    customers: Source
    currencies: Source
    accounts: Source
    contacts: Source

    def gp_tables(self) -> dict[str, Iterable[Row]]:
        """Return GP's rows by table, in an order that respects references; each may be read once."""
        return {
            "SY03300": self.terms(),
            "RM00201": self.classes(),
            "RM00101": map(_without_addresses, self.customers()),
            "RM00102": _addresses(self.customers()),
        }


def _without_addresses(customer: Row) -> Row:
    return {name: value for name, value in customer.items() if name != "addresses"}


def _addresses(customers: Iterable[Row]) -> Iterator[Row]:
    for customer in customers:
        addresses = customer["addresses"]
        if not isinstance(addresses, list):
            raise TypeError("addresses is a list")
        for address in addresses:  # pyright: ignore[reportUnknownVariableType]
            yield {"CUSTNMBR": customer["CUSTNMBR"], **address}
