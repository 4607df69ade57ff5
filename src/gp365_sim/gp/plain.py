"""Values as plain JSON writes them (control door, sample files) turned into what columns take."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Protocol

from gp365_sim.gp.refusals import bad_value
from gp365_sim.gp.sqltypes import EMPTY_DATE, Column
from gp365_sim.gp.tables import tables

SampleRow = Mapping[str, object]


class Samples(Protocol):
    """Sample data: each member gives its rows anew at every call, since a reset asks again."""

    @property
    def customers(self) -> Callable[[], Iterable[SampleRow]]:
        """Rows of RM00101 by column, each with its RM00102 rows under `addresses`."""
        ...

    @property
    def classes(self) -> Callable[[], Iterable[SampleRow]]:
        """Rows of RM00201."""
        ...

    @property
    def terms(self) -> Callable[[], Iterable[SampleRow]]:
        """Rows of SY03300."""
        ...


def typed(column: Column, value: object) -> object:
    """Read a plain value: amounts may be text or numbers, dates are ISO text, bytes hexadecimal; raises `Refusal`."""
    try:
        if column.kind in ("amount", "rate") and isinstance(value, str | float):
            return Decimal(str(value))
        if column.kind == "integer" and isinstance(value, str):
            return int(value)
        if column.kind == "time" and isinstance(value, str):
            return datetime.combine(EMPTY_DATE, time.fromisoformat(value.rpartition("T")[2]))
        if column.kind == "binary" and isinstance(value, str):
            return bytes.fromhex(value)
        if column.kind == "date" and isinstance(value, str):
            return day(column, value)
    except (InvalidOperation, ValueError):
        raise bad_value(column.name, f"{value!r} cannot be read.") from None
    return value


def day(column: Column, text: str) -> date:
    """Read a date; a time of day breaks the CHECK constraint of GP's date columns. Raises ValueError, `Refusal`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None or moment != datetime.combine(moment.date(), datetime.min.time()):
        raise bad_value(column.name, "must be a date without a time.")
    return moment.date()


def sample_rows(samples: Samples) -> Iterator[tuple[str, dict[str, object]]]:
    """Give every sample row with its table, terms and classes before the customers that name them."""
    for row in samples.terms():
        yield "SY03300", _row("SY03300", row)
    for row in samples.classes():
        yield "RM00201", _row("RM00201", row)
    for customer in samples.customers():
        yield (
            "RM00101",
            _row("RM00101", {key: value for key, value in customer.items() if key != "addresses"}),
        )
        dates = {name: customer[name] for name in ("CREATDDT", "MODIFDT") if name in customer}
        for address in _addresses(customer):
            yield "RM00102", _row("RM00102", {**dates, **address, "CUSTNMBR": customer["CUSTNMBR"]})


def _addresses(customer: SampleRow) -> Sequence[SampleRow]:
    found = customer.get("addresses", ())
    return found if isinstance(found, list | tuple) else ()  # pyright: ignore[reportUnknownVariableType]


def _row(table: str, row: SampleRow) -> dict[str, object]:
    definition = tables()[table]
    return {name: typed(definition.column(name), value) for name, value in row.items()}
