"""How everything stands at one moment, as the service knows it: what alerts, metrics, health and the status page read.

Values only. What the store alone can tell of the flows is put together by `app.alerts.stored`; the service lays over it
what only it knows (next look, circuits, lanes, hooks).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Circuit = Literal["closed", "open", "half-open"]
HookState = Literal["enabled", "disabled", "missing", "failing", "differs", "unknown"]
BROKEN: frozenset[HookState] = frozenset({"disabled", "missing", "failing", "differs"})
"""States of a webhook in which it does not tell us of everything."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that stands: its code of the catalogue, the sentence for the operator, and since when."""

    code: str
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class FlowStanding:
    """How one flow of one pair stands.

    `last_*` describe its newest run, ended or not (`last_state`: running, done, mismatched, failed, stopped,
    interrupted); `success_at` is when it last came to a good end. `lag_s` says how old its knowledge of the slower side
    is at most: whatever changed earlier is in step or counted in `due` … `unsettled`; None before the first run.
    `stopped` is what stops the flow itself (settings, a flow file), `guards` are those that a person has to let go;
    `whole_pair` of them stop everything of the pair.
    """

    pair: str
    flow: str
    systems: tuple[str, ...] = ()
    last_run: str = ""
    last_state: str = ""
    last_began: datetime | None = None
    last_ended: datetime | None = None
    last_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    success_at: datetime | None = None
    next_look: datetime | None = None
    lag_s: float | None = None
    links: int = 0
    due: int = 0
    later: int = 0
    waiting: int = 0
    parked: int = 0
    rejected: int = 0
    unsettled: int = 0
    unkept: int = 0
    balanced: bool | None = None
    stopped: Fault | None = None
    guards: tuple[GuardStanding, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardStanding:
    """A guard that holds something of a flow, or with `whole_pair` its whole pair, for a person."""

    code: str
    side: str
    message: str
    since: datetime
    whole_pair: bool = False


@dataclass(frozen=True, slots=True)
class SystemStanding:
    """How one system stands.

    `fault` is why the circuit is not closed; its class tells unreachable (Retry) from refused (`unauthorised` True).
    `lanes` are allowed now, `busy` of them at work, and `waiting` callers wait for one; `refusals` counts 429s since the
    service began; `requests_today` counts requests of the company's day, `allowance` what is granted for a day (0: not
    known).
    """

    name: str
    kind: str = ""
    circuit: Circuit = "closed"
    fault: Fault | None = None
    unauthorised: bool = False
    next_try: datetime | None = None
    lanes: int = 0
    busy: int = 0
    waiting: int = 0
    refusals: int = 0
    requests_today: int = 0
    allowance: int = 0


@dataclass(frozen=True, slots=True)
class HookStanding:
    """A registered webhook step of a system. Where it is BROKEN polling alone finds changes; unknown: it cannot be asked."""

    system: str
    name: str
    state: HookState = "enabled"
    why: str = ""


@dataclass(frozen=True, slots=True)
class WorkerStanding:
    """A living worker of a crew: its slot, who it is, the pairs that it runs at this moment, and whether it leads."""

    slot: str
    holder: str
    leads: bool = False
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateStanding:
    """The certificate that a server of a system showed, and until when it holds."""

    system: str
    host: str
    until: datetime


@dataclass(frozen=True, slots=True)
class TriggerStanding:
    """How a rule of the fiscal calendar or the sales cycle stands.

    `next_at` is when it comes next, where that is known; `until`: it lets its flows be looked at more often until then.
    `left` are the flows that are still to be read whole, because of the occasions `why`. `seen_at` is when its fiscal
    calendar was last read, `fault` why it cannot be.
    """

    name: str
    pair: str
    flows: tuple[str, ...] = ()
    next_at: datetime | None = None
    until: datetime | None = None
    left: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    seen_at: datetime | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything at the moment `at`; the service runs since `began`. `hints` and `actions` wait to be taken up.

    `workers` are those of a crew on PostgreSQL; a service alone has none.
    """

    at: datetime
    began: datetime
    flows: tuple[FlowStanding, ...] = ()
    systems: tuple[SystemStanding, ...] = ()
    hooks: tuple[HookStanding, ...] = ()
    hints: int = 0
    actions: int = 0
    quiet_until: datetime | None = None
    triggers: tuple[TriggerStanding, ...] = ()
    certificates: tuple[CertificateStanding, ...] = ()
    workers: tuple[WorkerStanding, ...] = ()

    def system(self, name: str) -> SystemStanding | None:
        """Find a system by name."""
        return next((one for one in self.systems if one.name == name), None)

    def flow(self, pair: str, name: str) -> FlowStanding | None:
        """Find a flow of a pair."""
        return next((one for one in self.flows if (one.pair, one.flow) == (pair, name)), None)

    def in_short(self, broken: int) -> str:
        """Say in a few words how everything stands: what is broken, else what waits for a person."""
        waits = sum(one.parked + one.unkept + len(one.guards) for one in self.flows)
        if broken:
            return f"{broken} broken"
        return f"nothing is broken, {waits:,} for a person to decide" if waits else "all is well"
