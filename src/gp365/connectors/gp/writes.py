"""What a batch of writes to GP is over any channel: checked, parted by customer, one after another on each, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from gp365.connectors.gp.values import check_values, missing_required, unfit_character
from gp365.model.entity import EntityDescription, FieldDescription
from gp365.model.errors import Gp365Error, Rejected, Retry
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Key, show_key
from gp365.wire.clock import Clock

Stopped = list[Gp365Error]
"""Filled by the write that finds out that the system refuses us or is set wrongly; the others are not sent any more."""


class TooLate(Exception):
    """The moment after which the write must not be sent has passed."""


def check_time(write: Write, clock: Clock) -> None:
    """Raise TooLate where the write must not be sent any more."""
    if not write.in_time(clock.utc_now()):
        raise TooLate


def too_late(write: Write) -> Retry:
    """Return the error of a write that was not sent in time."""
    return Retry(
        "unsettled", "The moment by which this had to be sent has passed.", record=show_key(write.key)
    )


def moved(write: Write, fresh_values: Mapping[str, object], fresh_birth: str) -> bool:
    """Say whether the record is not the one that the write was planned on: another birth mark, or a mapped value."""
    if write.birth and fresh_birth and write.birth != fresh_birth:
        return True
    return any(fresh_values[name] != value for name, value in write.expected.items() if name in fresh_values)


@dataclass(slots=True)
class Locks:
    """A lock per record, made when it is wanted and forgotten when nobody holds it."""

    _guard: Lock = field(default_factory=Lock)
    _held: dict[str, tuple[Lock, int]] = field(default_factory=dict[str, tuple[Lock, int]])

    @contextmanager
    def of(self, name: str) -> Generator[None]:
        """Hold the lock of a record."""
        with self._guard:
            lock, holders = self._held.get(name, (Lock(), 0))
            self._held[name] = (lock, holders + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, holders = self._held[name]
                if holders == 1:
                    del self._held[name]
                else:
                    self._held[name] = (lock, holders - 1)


class Acknowledged:
    """The rows that replies acknowledged, by entity and operation; lanes count at the same time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: Counter[tuple[str, str]] = Counter()

    def add(self, entity: str, write: Write) -> None:
        """Count a row."""
        with self._lock:
            self._rows[entity, write.op.value] += 1

    def counts(self) -> dict[tuple[str, str], int]:
        """Return the counts so far."""
        with self._lock:
            return dict(self._rows)


@dataclass(frozen=True, slots=True)
class Writable:
    """An entity as a channel writes it. `refusal` are its words for a verb that it does not serve, before "of ENTITY".

    `fix`: what would open the verbs that are not served. `controls`: control characters may stand in a key, but for the
    one that parts keys.
    """

    name: str
    system: str
    key: tuple[str, ...]
    fields: Mapping[str, FieldDescription]
    creates: bool
    updates: bool
    refusal: str
    fix: str = ""
    controls: bool = False


def writable_of(described: EntityDescription, system: str, refusal: str) -> Writable:
    """Say what of an entity a channel writes that describes it so."""
    return Writable(
        described.name,
        system,
        described.key,
        described.fields,
        described.creates,
        described.updates,
        refusal,
        described.opens_writing,
    )


def write_fault(entity: Writable, write: Write) -> Rejected | None:
    """Return why a write cannot be sent at all, or None."""
    record, verb = show_key(write.key), write.op.value
    fault = _verb_fault(entity, write, record) or _key_fault(entity, write, record)
    values = {name: value for name, value in write.values.items() if name not in entity.key}
    fault = fault or check_values(entity.fields, values, verb, record)
    if fault is None and write.op is Op.CREATE:
        fault = missing_required(entity.fields, write.values, entity.key, record)
    if fault is not None:
        fault.system = entity.system
    return fault


def _verb_fault(entity: Writable, write: Write, record: str) -> Rejected | None:
    served = {Op.CREATE: entity.creates, Op.UPDATE: entity.updates}.get(write.op, False)
    message = f"{entity.refusal} {write.op.value} of {entity.name}."
    return None if served else Rejected("not-served", message, record=record, fix=entity.fix)


def _key_fault(entity: Writable, write: Write, record: str) -> Rejected | None:
    """Check the key by the lengths of its fields; what a key holds is otherwise GP's to judge."""
    if len(write.key) != len(entity.key):
        return Rejected("bad-value", f"The key needs {', '.join(entity.key)}.", record=record)
    for name, part in zip(entity.key, write.key, strict=True):
        length = entity.fields[name].length or len(part)
        if not part.strip():
            return Rejected("required-missing", "The key is empty.", record=record, field=name)
        if len(part) > length:
            return Rejected(
                "too-long", f"At most {length} characters.", record=record, field=name, value=part
            )
        if any(_is_barred(sign, entity) for sign in part):
            return Rejected("bad-value", "The key holds a control character.", record=record, field=name)
        if bad := unfit_character(part):
            message = f"The character {bad} (U+{ord(bad):04X}) is not in code page 1252 of Dynamics GP."
            return Rejected("not-in-code-page", message, record=record, field=name, value=part)
    return None


def _is_barred(sign: str, entity: Writable) -> bool:
    return sign == "\x1f" or (not entity.controls and (ord(sign) < 32 or ord(sign) == 127))


@dataclass(frozen=True, slots=True)
class Parted:
    """A batch: the outcomes of what cannot be sent, and the places of the others by their customer."""

    writes: Sequence[Write]
    outcomes: dict[int, Outcome]
    customers: dict[str, list[int]]

    @property
    def sendable(self) -> list[Write]:
        """The writes that can be sent."""
        return [self.writes[at] for places in self.customers.values() for at in places]


def part(entity: Writable, writes: Sequence[Write], customer: Callable[[Key], str]) -> Parted:
    """Check writes and part them by customer."""
    parted = Parted(writes, {}, {})
    for at, write in enumerate(writes):
        fault = write_fault(entity, write)
        if fault is not None:
            parted.outcomes[at] = Outcome(Status.REJECTED, write.key, error=fault)
        else:
            parted.customers.setdefault(customer(write.key), []).append(at)
    return parted


def carry_out(
    parted: Parted, one: Callable[[Write, Stopped], Outcome], *, lanes: int, name: str
) -> list[Outcome]:
    """Send a batch over lanes, those of one customer in order; return one outcome each, in order.

    Raises what stopped the system only where nothing of the batch has been done.
    """
    stopped: Stopped = []

    def sent(write: Write) -> Outcome:
        return Outcome(Status.RETRY, write.key, error=stopped[0]) if stopped else one(write, stopped)

    def of_customer(places: list[int]) -> list[tuple[int, Outcome]]:
        return [(at, sent(parted.writes[at])) for at in places]

    outcomes = parted.outcomes
    with ThreadPoolExecutor(lanes, name) as pool:
        for done in pool.map(of_customer, parted.customers.values()):
            outcomes.update(done)
    places = [at for each in parted.customers.values() for at in each]
    if stopped and all(outcomes[at].status is Status.RETRY for at in places):
        raise stopped[0]
    return [outcomes[at] for at in range(len(parted.writes))]
