"""A company of GP as the shared contract suite sees it, over whichever channel: what its clerks do, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gp_place import columns_of, our_values

from gp365.connectors.gp import GpConnector
from gp365.model.values import Key, Value


@dataclass
class CompanyWorld:
    """A company with its sample data; the tests' customers are numbered CT000001 and on."""

    place: Any
    entity: str = "customer"
    text_field: str = "CustomerName"
    other_field: str = "Comment1"
    fields: tuple[str, ...] = (
        *("CustomerNumber", "CustomerName", "Comment1", "CreditLimitAmount", "Hold", "CreditLimitType"),
        *("CreatedDate", "PaymentTermsID", "BillTo.City", "BillTo.Zip", "ShipTo.City"),
    )
    refused: Mapping[str, Value] = field(default_factory=lambda: {"PaymentTermsID": "NO SUCH TERMS"})
    batch: int = 200
    state: tuple[str, Value, Value] = ("Inactive", False, True)
    owner: tuple[str, Value, Value] = ("", None, None)
    tells_hidden: bool = False

    @property
    def connector(self) -> GpConnector:
        return self.place.connector

    def new(self, number: int) -> tuple[Key, dict[str, Value]]:
        name = f"Contract Firm {number:05d}"
        return (f"CT{number:06d}",), {"CustomerName": name, "BillTo.City": "Chicago", "Hold": False}

    def person_create(self, key: Key, values: Mapping[str, Value]) -> Key:
        own = {name: value for name, value in values.items() if "." not in name}
        self.place.customer(key[0], **columns_of("customer", own))
        return key

    def person_put(self, key: Key, values: Mapping[str, Value]) -> None:
        self.place.save("RM00101", key[0], columns_of("customer", values))

    def person_delete(self, key: Key) -> None:
        self.place.delete("RM00101", key[0])

    def row(self, key: Key) -> Mapping[str, Value] | None:
        found = self.place.row("RM00101", key[0])
        return None if found is None else our_values("customer", found)

    def lose_next_reply(self) -> None:
        raise NotImplementedError

    def person_merge(self, key: Key, into: Key) -> None:
        self.place.system.world.combine(key[0], into[0])

    def hide(self, key: Key) -> None:
        held = self.place.system.places["TWO"]
        held.security.hide(held.world.company, "RM00101", {"CUSTNMBR": key[0]})

    def show_all(self) -> None:
        self.place.system.places["TWO"].security.clear()

    def back_up(self) -> None:
        self.place.system.world.snapshot("contract")

    def put_back(self) -> None:
        world = self.place.system.world
        world.company.restore(world.image("contract"))
