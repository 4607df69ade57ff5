"""Lists of GP as options in Dataverse: payment terms and shipping methods, and the lookups that say which is which.

Lines that a site has written itself are kept, and so is the option that they name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gp365.app.assembly import Assembly
from gp365.app.settings import GpSystem

if TYPE_CHECKING:
    from gp365.connectors.dataverse.terms import PaymentTerm, TermOption

COLUMNS = ("gp", "sales", "label")


@dataclass(frozen=True, slots=True)
class List:
    """A list of GP: its entity, and the lookup that leads to the options of Dataverse."""

    entity: str
    lookup: str

    def entries(self, assembly: Assembly, organisation: str) -> list[PaymentTerm]:
        """Read the entries of every GP company that is paired with an organisation.

        Those that a line gives to an option that is not ours bring its value along.
        """
        from gp365.connectors.dataverse.terms import PaymentTerm

        mapped = self._mapped(assembly)
        found: dict[str, PaymentTerm] = {}
        for pair in assembly.pairs.values():
            gp = pair.sides.get("gp", "")
            paired = organisation in pair.sides.values()
            if not paired or not isinstance(assembly.project.settings.systems.get(gp), GpSystem):
                continue
            for page in assembly.connector(gp).census(self.entity):
                for (name,), _ in page:
                    given = mapped.get(name.casefold())
                    if given is None or given.isdigit():
                        value = None if given is None else int(given)
                        found.setdefault(name, PaymentTerm(name, value=value))
        return list(found.values())

    def lines(self, assembly: Assembly, options: Sequence[TermOption]) -> list[list[str]]:
        """Return the lookup as it shall stand: the site's own lines as they are, ours anew; nothing without options."""
        if not options:
            return []
        given = {option.term.casefold() for option in options}
        lines = {term: held for term, held in self._held(assembly).items() if term.casefold() not in given}
        lines |= {option.term: (str(option.value), option.label) for option in options}
        return [[term, *lines[term]] for term in sorted(lines, key=str.casefold)]

    def _mapped(self, assembly: Assembly) -> dict[str, str]:
        """Map the entries that a line gives to an option that is not ours to what stands there."""
        from gp365.connectors.dataverse.terms import is_ours

        return {
            term.casefold(): value if value.isascii() else ""
            for term, (value, _) in self._held(assembly).items()
            if not (value.isascii() and value.isdigit() and is_ours(int(value)))
        }

    def _held(self, assembly: Assembly) -> Mapping[str, tuple[str, str]]:
        table = assembly.project.lookups.get(self.lookup)
        if table is None:
            return {}
        wide = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        return {row[table.columns[0]]: (row.get("sales", ""), row.get("label", "")) for row in wide}


TERMS = List("payment_terms", "payment_terms")
METHODS = List("shipping_method", "shipping_methods")
