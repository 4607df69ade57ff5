"""Everything that the planner is told besides the two records: pairs, computed values, references, resolutions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gp365.model.plan import Pair, Resolution, Window
from gp365.model.values import Value


@dataclass(frozen=True, slots=True)
class RefState:
    """Where a referenced record stands: `link` when it is linked, else why not.

    `state` is linked, waiting (not known yet), parked or filtered. `shared`: it stands on a record that is another
    link's end, such as a second GP customer of one account.
    """

    state: str
    link: int = 0
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Computed:
    """The result of an expression, or the error that it ended with."""

    value: Value = None
    code: str = ""
    message: str = ""


def _no_refs() -> dict[tuple[str, str, str], RefState]:
    return {}


def _no_keys() -> dict[tuple[str, int, str], str]:
    return {}


def _no_past() -> dict[str, dict[str, list[Value]]]:
    return {}


@dataclass(frozen=True, slots=True)
class Facts:
    """The planner's inputs for one subject.

    `pairs` holds the agreed pairs whose row fingerprint is still today's. `computed` holds expression results by name
    (`when:SIDE`, `route:SIDE`, `on_create:FIELD`). `refs` maps (flow, side, key) to the state of the record referred
    to, `ref_keys` maps (flow, link, side) to its key there. `superseded` maps side and wire field to values of writes
    that we gave up. `windows` maps (field, side) to when the field's change happened there.
    `restored` names, by restored side, the moved fields that hold there what they held before; `doubted` the units that
    were asked about after a restore, with the halves that were shown, while nobody has decided. `led` names, by side, the
    pair of another company that leads the record there: what the other side owns comes from that company alone. `refused`:
    what the other system said against an order's write in this run. `rehearsed`: nothing is written; an order is planned as
    if what it must remember first were remembered.
    """

    pairs: Mapping[str, Pair] = field(default_factory=dict[str, Pair])
    computed: Mapping[str, Computed] = field(default_factory=dict[str, Computed])
    refs: Mapping[tuple[str, str, str], RefState] = field(default_factory=_no_refs)
    ref_keys: Mapping[tuple[str, int, str], str] = field(default_factory=_no_keys)
    resolutions: Mapping[str, Resolution] = field(default_factory=dict[str, Resolution])
    superseded: Mapping[str, Mapping[str, list[Value]]] = field(default_factory=_no_past)
    windows: Mapping[tuple[str, str], Window] = field(default_factory=dict[tuple[str, str], Window])
    company: str = ""
    restored: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    doubted: Mapping[str, Resolution] = field(default_factory=dict[str, Resolution])
    led: Mapping[str, str] = field(default_factory=dict[str, str])
    refused: str = ""
    rehearsed: bool = False
