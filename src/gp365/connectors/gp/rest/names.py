"""How a service spells the fields of an entity, where that is not our own name for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gp365.connectors.gp.tables import entity_named

_FOREIGN = "sba:"
"""Marks a served field that bears a name of ours and is, by the settings, another field."""


@dataclass(frozen=True, slots=True)
class Names:
    """How a service spells an entity's fields; a field that it spells "" is not served."""

    spelled: Mapping[str, str]
    named: Mapping[str, str]

    @classmethod
    def of(cls, entity: str, corrections: Mapping[str, str]) -> Names:
        """Lay a site's corrections over the spellings of the data file."""
        fields = entity_named(entity).fields
        usual = {name: each.sba for name, each in fields.items() if each.sba != name}
        spelled = {**usual, **corrections}
        return cls(spelled, {spelling: name for name, spelling in spelled.items() if spelling})

    def ours(self, served: dict[str, Any]) -> dict[str, Any]:
        """Return a served object under our names; what we do not know keeps its own."""
        if not self.spelled:
            return served
        return {self._our(name): value for name, value in served.items()}

    def _our(self, name: str) -> str:
        if name in self.named:
            return self.named[name]
        return _FOREIGN + name if name in self.spelled else name

    def theirs(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return members under the service's names, without what it does not serve."""
        spelled = ((self._their(name), value) for name, value in members.items())
        return {name: value for name, value in spelled if name}

    def _their(self, name: str) -> str:
        return name.removeprefix(_FOREIGN) if name.startswith(_FOREIGN) else self.spelled.get(name, name)
