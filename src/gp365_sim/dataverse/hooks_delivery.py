"""Delivers webhooks in the background: one request per event and step, one more attempt at most, a system job for failures.

Source: use-webhooks.md, "Troubleshoot": 60 seconds, any status of 2xx is good, one more attempt for 502, 503 and 504 and
for nothing else; a failed delivery of an asynchronous step leaves a failed system job. Assumed: how long after the
first the second attempt comes, how many deliveries run at once, that a job is written only when it has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

from .hooks_context import Occasion, headers_and_body
from .hooks_events import STEPS, Event
from .hooks_lanes import Lanes
from .hooks_steps import Step, addressed, images_of, steps_of
from .hooks_wire import Call, Lines
from .organisation import Organisation
from .store import Row, Store
from .values import stamp

AGAIN = frozenset({502, 503, 504})
SUCCEEDED, FAILED = 30, 31


@dataclass
class Manner:
    """How deliveries are made; tests make them late, double, backwards or not at all.

    `late_s` is waited before each delivery; with `backwards` those of so many seconds are gathered and sent last first.
    `tag_in_parent` puts the tag where variables of the PreValidation stage are found.
    """

    timeout_s: float = 60.0
    again_after_s: float = 0.5
    late_s: float = 0.0
    copies: int = 1
    backwards: bool = False
    dropped: bool = False
    tag_in_parent: bool = False


@dataclass(frozen=True)
class Delivering:
    """What deliveries are made with: `ca_files` are trusted beside the authorities that the system trusts.

    `lanes` deliveries run at once, the last `kept` are shown; a reset goes back to `manner`.
    """

    ca_files: tuple[Path, ...] = ()
    lanes: int = 8
    kept: int = 20_000
    manner: Manner = field(default_factory=Manner)


@dataclass(slots=True)
class Delivery:
    """One event for one step, and what became of it; `status` is 0 where no answer came."""

    step: Step
    occasion: Occasion
    number: int = 0
    outcome: str = "waiting"
    status: int = 0
    attempts: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    duration_ms: int = 0
    error: str = ""


@dataclass(frozen=True)
class Log:
    """The deliveries since the last reset, numbered from 1, and how many had which outcome."""

    kept: deque[Delivery]
    counts: Counter[str] = field(default_factory=Counter[str])

    def add(self, delivery: Delivery) -> None:
        self.counts["deliveries"] += 1
        delivery.number = self.counts["deliveries"]
        self.kept.append(delivery)


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery and the log that it belongs to."""

    log: Log
    delivery: Delivery


class Deliveries:
    """The deliveries of one organisation; they run in the event loop that serves it, beside its requests."""

    def __init__(self, org: Organisation, how: Delivering | None = None) -> None:
        self._org = org
        self._how = how or Delivering()
        self.manner = replace(self._how.manner)
        self.log = Log(deque(maxlen=self._how.kept))
        self._heard: tuple[Store, list[Step]] | None = None
        self._lanes = Lanes(self._how.lanes, self._how.ca_files, self._deliver)
        self._held: list[Order] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def reset(self) -> None:
        """Forget what waits and what was; what is under way goes on unseen."""
        self.manner = replace(self._how.manner)
        self.log = Log(deque(maxlen=self._how.kept))
        self._lanes.waiting.clear()
        self._held.clear()

    @property
    def usual(self) -> Manner:
        """How deliveries are made unless a test orders otherwise."""
        return self._how.manner

    @property
    def under_way(self) -> int:
        """Count the deliveries that have not ended."""
        return sum(each.ended is None for each in self.log.kept)

    def trust(self, ca_file: Path) -> None:
        """Trust one more authority from now on; raises OSError where the file holds none."""
        self._lanes.trusted.load_verify_locations(ca_file)

    def take(self, events: list[object]) -> None:
        """Make the deliveries of events whose change is certain; never waits.

        Called by whoever changed rows; without the event loop that serves the organisation nothing can be delivered.
        """
        with contextlib.suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()
        found = [
            self._delivery(step, event)
            for event in events
            if isinstance(event, Event)
            for step in self._steps(event)
        ]
        if not found:
            return
        if self._loop is None or self._loop.is_closed():
            self._drop(found, "nobody serves the organisation")
        elif self.manner.dropped:
            self._drop(found, "not delivered, as ordered")
        else:
            self._loop.call_soon_threadsafe(self._order, found)

    def _steps(self, event: Event) -> list[Step]:
        """Give the steps that an event is for; they are looked up anew when steps change."""
        if self._heard is None or self._heard[0] is not self._org.store or event.table.name == STEPS:
            self._heard = (self._org.store, list(steps_of(self._org)))
        return [step for step in self._heard[1] if step.hears(event)]

    def _delivery(self, step: Step, event: Event) -> Delivery:
        images = images_of(self._org, step.id)
        return Delivery(step, Occasion(event, step.id, str(uuid.uuid4()), images, self.manner.tag_in_parent))

    def _drop(self, found: list[Delivery], why: str) -> None:
        for delivery in found:
            delivery.error = why
            self.log.add(delivery)
            self._end(self.log, delivery, "dropped")

    def _order(self, found: list[Delivery]) -> None:
        """Queue deliveries in the manner that is ordered now."""
        orders = [Order(self.log, replace(each)) for each in found for _ in range(self.manner.copies)]
        for order in orders:
            self.log.add(order.delivery)
        late_s, loop = self.manner.late_s, asyncio.get_running_loop()
        if self.manner.backwards:
            if not self._held:
                loop.call_later(late_s, self._release)
            self._held += orders
            return
        for order in orders:
            if late_s:
                loop.call_later(late_s, self._lanes.put, [order])
            else:
                self._lanes.put([order])

    def _release(self) -> None:
        held, self._held = self._held[::-1], []
        if held:
            self._lanes.put(held)

    # --- sending -------------------------------------------------------------------------------------------------

    async def _deliver(self, lines: Lines, order: Order) -> None:
        delivery = order.delivery
        target = addressed(self._org, delivery.step.endpoint)
        if target is None:
            self._end(order.log, delivery, "gone")
            return
        delivery.started, delivery.outcome, began = self._org.now(), "under way", monotonic()
        headers, body = headers_and_body(self._org, delivery.occasion)
        call = Call(target[0], {**headers, **target[1]}, body, self.manner.timeout_s)
        delivery.attempts, delivery.status, delivery.error = 1, *await call.made(lines)
        if delivery.status in AGAIN:
            await asyncio.sleep(self.manner.again_after_s)
            delivery.attempts, delivery.status, delivery.error = 2, *await call.made(lines)
        delivery.duration_ms = round((monotonic() - began) * 1000)
        self._end(order.log, delivery, "succeeded" if 200 <= delivery.status < 300 else "failed")

    # --- ends ----------------------------------------------------------------------------------------------------

    def _end(self, log: Log, delivery: Delivery, outcome: str) -> None:
        delivery.outcome, delivery.ended = outcome, self._org.now()
        log.counts[outcome] += 1
        if outcome == "failed" or (outcome == "succeeded" and delivery.step.keeps_jobs):
            self._write_job(delivery)

    def _write_job(self, delivery: Delivery) -> None:
        """Write the system job of a delivery; a second copy of it is the same job."""
        store = self._org.store
        table = self._org.schema.tables["asyncoperation"]
        job_id = delivery.occasion.operation
        if store.find(table.name, job_id) is None and store.find(STEPS, delivery.step.id) is not None:
            store.insert(table, _job(job_id, delivery))


def _job(job_id: str, delivery: Delivery) -> Row:
    event, failed = delivery.occasion.event, delivery.outcome == "failed"
    row: dict[str, Any] = {
        "asyncoperationid": job_id,
        "name": delivery.step.name[:256],
        "operationtype": 1,
        "statecode": 3,
        "statuscode": FAILED if failed else SUCCEEDED,
        "messagename": event.message,
        "primaryentitytype": event.table.name,
        "depth": 1,
        "correlationid": event.correlation,
        "retrycount": delivery.attempts - 1,
        "createdon": stamp(event.at),
        "_owningextensionid_value": delivery.step.id,
    }
    row.update(
        {
            name: stamp(moment)
            for name, moment in (("startedon", delivery.started), ("completedon", delivery.ended))
            if moment is not None
        }
    )
    if failed:
        said = delivery.error or f"the endpoint answered {delivery.status}"
        row["friendlymessage"] = row["message"] = f"The webhook call failed: {said}."
    return row
