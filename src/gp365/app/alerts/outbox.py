"""The outbox: a notice stands in the store from the commit that made it until the other end took it.

It is sent at least once: a process that dies between the other end's answer and our note of it sends it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gp365.app.alerts.channels import Channel, Sent
from gp365.app.alerts.notices import Notice, wanted
from gp365.app.settings_alerts import ChannelSettings
from gp365.model.errors import Gp365Error
from gp365.model.values import pack, unpack
from gp365.store.alerts import (
    DROPPED,
    SENT,
    Waiting,
    due_notices,
    note_notice,
    postpone,
    put_notices,
    waiting_notices,
)
from gp365.store.engine import Clock, Store
from gp365.wire.redact import redact

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
FAILING_FROM = 3
NAMES = {DROPPED: "dropped", SENT: "sent"}
Open = Callable[[str], Channel]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a pass over the outbox did; `next_at` is when the next notice is due, `failing` channels failed three times."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0
    next_at: datetime | None = None
    failing: tuple[str, ...] = ()


def put(
    conn: Connection, notices: Iterable[Notice], channels: Mapping[str, ChannelSettings], at: datetime
) -> int:
    """Keep notices for every channel that wants them; how many. Secrets are masked here, before anything is kept."""
    made = [
        Waiting(name, one.occasion, one.kind, packed(one), at, at)
        for one in notices
        for name, given in channels.items()
        if wanted(one, name, given)
    ]
    put_notices(conn, made)
    return len(made)


def packed(notice: Notice) -> bytes:
    """Pack what a channel is given of a notice."""
    return pack({"title": redact(notice.title), "body": redact(notice.body), "good": good(notice)})


def good(notice: Notice) -> bool:
    """Tell whether a notice is good news."""
    return notice.kind in ("mended", "success", "test")


def deliver(
    store: Store, channels: Mapping[str, ChannelSettings], open_channel: Open, clock: Clock, keep_h: float
) -> Delivered:
    """Send what is due, oldest first; no transaction is open meanwhile. A channel that fails is left for later."""
    with store.read() as conn:
        due = due_notices(conn, clock())
    failed: set[str] = set()
    counts = {"sent": 0, "failed": 0, "dropped": 0}
    for notice in due:
        if notice.channel in failed:
            continue
        after = _after(notice, channels, open_channel, clock(), timedelta(hours=keep_h))
        if after.state not in NAMES:
            failed.add(notice.channel)
        counts[NAMES.get(after.state, "failed")] += 1
        with store.write() as conn:
            note_notice(conn, after)
            if after.channel in failed:
                postpone(conn, after.channel, after.due_at)
    return _told(store, counts)


def standing(store: Store) -> Delivered:
    """Say what waits, without sending anything."""
    return _told(store, {})


def _told(store: Store, counts: Mapping[str, int]) -> Delivered:
    with store.read() as conn:
        left = waiting_notices(conn)
    next_at = min((one.due_at for one in left), default=None)
    failing = tuple(sorted({one.channel for one in left if one.tries >= FAILING_FROM}))
    return Delivered(**counts, next_at=next_at, failing=failing)


def _after(
    notice: Waiting,
    channels: Mapping[str, ChannelSettings],
    open_channel: Open,
    at: datetime,
    keep: timedelta,
) -> Waiting:
    """Send one notice, and say how it stands then."""
    given = channels.get(notice.channel)
    if given is None or not given.active:
        return replace(notice, state=DROPPED, failure="there is no such channel any more")
    shown = unpack(notice.shown)
    sent = attempt(
        open_channel, notice.channel, str(shown["title"]), str(shown["body"]), good=bool(shown["good"])
    )
    tries = notice.tries + 1
    if sent.ok:
        return replace(notice, state=SENT, tries=tries, failure="", sent_at=at)
    if at - notice.made_at >= keep:
        return replace(notice, state=DROPPED, tries=tries, failure=sent.failure)
    wait = min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)
    return replace(notice, tries=tries, failure=sent.failure, due_at=at + wait)


def attempt(open_channel: Open, name: str, title: str, body: str, *, good: bool) -> Sent:
    """Send one text over a channel; whatever goes wrong there is only a failure of that channel."""
    try:
        return open_channel(name).send(title, body, good=good)
    except Gp365Error as error:
        return Sent(redact(error.message))
    except Exception as error:  # noqa: BLE001  a channel's library must not stop the service; its words may hold secrets
        return Sent(f"an error of the library: {type(error).__name__}")
