"""The watch: looks at how everything stands after each round, remembers what was told, and sends beside the rounds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from gp365.app.alerts import notices, outbox
from gp365.app.alerts.channels import AppriseChannel, Channel
from gp365.app.alerts.conditions import WEEKS_BACK, Condition, Expiry, Facts, conditions
from gp365.app.alerts.days import company_zone, digest_day
from gp365.app.alerts.expiry import expiries
from gp365.app.alerts.memory import Damping, Folded, condition_of, fold
from gp365.app.alerts.notices import Notice
from gp365.app.project import Project
from gp365.app.service.standing import Standing
from gp365.app.settings_alerts import AlertSettings
from gp365.model.errors import Gp365Error
from gp365.store import alerts
from gp365.store.alerts import Alert
from gp365.sync.equation import Report

WRITE_EVERY = timedelta(seconds=30)
KEEP_DAYS = 60


class RanLike(Protocol):
    """What the watch reads of what was run (`app.actions.running.Ran`)."""

    @property
    def reports(self) -> Sequence[tuple[Report, int]]: ...

    @property
    def skipped(self) -> Sequence[object]: ...


class Watch:
    """The alerts of a project. `look` is cheap and may come after each round; `send` never waits for a channel.

    One thread looks; sending is a thread of its own that ends when nothing is due.
    """

    def __init__(
        self,
        project: Project,
        settings: AlertSettings | None = None,
        *,
        open_channel: outbox.Open | None = None,
    ) -> None:
        self._project = project
        self._settings = settings or project.settings.alerts
        self._open_channel = open_channel or self._apprise
        self._zone = company_zone(project.settings)
        self._damping = Damping(self._settings.confirm_s, self._settings.settle_s)
        self._open: list[Alert] | None = None
        self._written_at: datetime | None = None
        self._sums: dict[tuple[str, str, str], dict[str, int]] = {}
        self._kept: dict[tuple[str, str, str], dict[str, int]] = {}
        self._day: date | None = None
        self._expiries: Sequence[Expiry] = ()
        self._digest: date | None = None
        self._standing = outbox.Delivered()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def look(self, standing: Standing, ran: RanLike | None, now: datetime) -> list[Notice]:
        """Take in a round: keep what broke or mended and the notices about it in one commit, and return those."""
        known = self._begin(now)
        self._count(ran, now)
        found = conditions(standing, self._facts(now), self._settings)
        folded = fold(known, found, now, standing.began, self._damping)
        made = [*self._success(ran)]
        day = self._digest_due(now)
        if self._to_write(known, folded, now) or made or day:
            made += self._write(standing, folded, made, day, now)
        else:
            self._open = folded.open
        return made

    def send(self, notices: Sequence[Notice] = ()) -> None:
        """Send what is due, beside the caller; the notices of a look stand in the store already."""
        due = self._standing.next_at
        if not notices and (due is None or due > self._project.clock()):
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._deliver_all, name="gp365-alerts", daemon=True)
                self._thread.start()

    def deliver(self) -> outbox.Delivered:
        """Send what is due now, in this thread."""
        given = self._settings
        store, clock = self._project.store, self._project.clock
        self._standing = outbox.deliver(store, given.channels, self._open_channel, clock, given.keep_h)
        return self._standing

    def broken(self) -> list[Condition]:
        """Name what was told to be broken and was not told to be mended."""
        return [condition_of(one) for one in self._open or () if one.state == alerts.TOLD]

    def close(self, timeout_s: float = 10.0) -> None:
        """Keep what is only in memory, and wait a little for what is being sent; the rest is sent by the next start."""
        self._keep()
        if self._thread is not None:
            self._thread.join(timeout_s)

    # what a look knows

    def _begin(self, now: datetime) -> list[Alert]:
        """Read what was known, at the first look; at the first of a day, what is new that day."""
        store, today = self._project.store, now.astimezone(self._zone).date()
        if self._open is None:
            with store.read() as conn:
                self._open = alerts.open_alerts(conn)
            self._standing = outbox.standing(store)
        if today != self._day:
            self._keep()
            self._new_day(today, now)
        return self._open

    def _new_day(self, today: date, now: datetime) -> None:
        days = [
            today - timedelta(days=back)
            for back in (0, 1, *(1 + 7 * week for week in range(1, WEEKS_BACK + 1)))
        ]
        with self._project.store.write() as conn:
            oldest = today - timedelta(days=KEEP_DAYS)
            alerts.forget(conn, now - timedelta(days=KEEP_DAYS), oldest.isoformat())
            self._kept = alerts.day_sums(conn, [day.isoformat() for day in days])
        self._expiries = expiries(self._project)
        self._day = today

    def _facts(self, now: datetime) -> Facts:
        today = now.astimezone(self._zone).date()
        return Facts(today, self._kept, self._expiries, self._standing.failing)

    # what a round brought

    def _count(self, ran: RanLike | None, now: datetime) -> None:
        day = now.astimezone(self._zone).date().isoformat()
        for report, _ in ran.reports if ran else ():
            counts = {"runs": 1, "considered": report.considered, **report.dispositions}
            self._add((day, report.pair, report.flow), counts)
            self._add((day, "", ""), {f"requests:{name}": number for name, number in report.requests.items()})

    def _add(self, place: tuple[str, str, str], counts: dict[str, int]) -> None:
        for sums in (self._sums, self._kept):
            there = sums.setdefault(place, {})
            for name, number in counts.items():
                if number:
                    there[name] = there.get(name, 0) + number

    def _success(self, ran: RanLike | None) -> list[Notice]:
        wish = self._settings.success
        reports = [report for report, _ in ran.reports] if ran else []
        if wish == "never" or not reports or (ran and ran.skipped) or not all(one.clean for one in reports):
            return []
        wrote = any(one.dispositions.get(name) for one in reports for name in ("created", "updated"))
        return [notices.success(reports)] if wrote or wish == "always" else []

    def _digest_due(self, now: datetime) -> date | None:
        day = digest_day(now, self._zone, self._settings)
        return day if day != self._digest else None

    # what is kept

    def _to_write(self, known: Sequence[Alert], folded: Folded, now: datetime) -> bool:
        """Tell whether the store must hear of it: at once what is new or over, else now and then."""
        if folded.ended or {(one.key, one.state) for one in known} != {
            (one.key, one.state) for one in folded.open
        }:
            return True
        waiting = bool(folded.open or self._sums)
        return waiting and (self._written_at is None or now - self._written_at >= WRITE_EVERY)

    def _write(
        self, standing: Standing, folded: Folded, made: Sequence[Notice], day: date | None, now: datetime
    ) -> list[Notice]:
        """Keep alerts and notices in one commit, and return the notices that this made beside `made`."""
        more: list[Notice] = []
        given = self._settings
        with self._project.store.write() as conn:
            numbered = {one.key: alerts.put_alert(conn, one) for one in [*folded.ended, *folded.open]}
            affected = self._affected()
            more += [notices.broken(numbered[one.key], given, affected) for one in folded.broken]
            more += [notices.mended(numbered[one.key], given, affected) for one in folded.mended]
            if day is not None:
                more.append(
                    self._make_digest(conn, day, standing, [numbered[one.key] for one in folded.open], now)
                )
            outbox.put(conn, [*made, *more], given.channels, now)
            self._keep_sums(conn)
        self._open = [numbered[one.key] for one in folded.open]
        self._digest, self._written_at = day or self._digest, now
        return more

    def _make_digest(
        self, conn: Connection, day: date, standing: Standing, open: Sequence[Alert], now: datetime
    ) -> Notice:
        past = alerts.past_alerts(conn, now - timedelta(days=1))
        return notices.digest(day, standing, open, past, self._kept, self._zone)

    def _keep(self) -> None:
        if self._sums:
            with self._project.store.write() as conn:
                self._keep_sums(conn)

    def _keep_sums(self, conn: Connection) -> None:
        for (day, pair, flow), sums in self._sums.items():
            alerts.add_to_day(conn, day, pair, flow, sums)
        self._sums = {}

    def _affected(self) -> dict[str, tuple[str, ...]]:
        pairs = self._project.settings.pairs
        names = self._project.settings.systems
        return {
            one: tuple(pair for pair, given in pairs.items() if one in given.sides.values()) for one in names
        }

    # sending

    def _apprise(self, name: str) -> Channel:
        given = self._settings.channels[name]
        return AppriseChannel(self._project.secret(given.address, f"alerts.channels.{name}.address"))

    def _deliver_all(self) -> None:
        # A store that is busy or full is not the channel's fault: what waits is sent after one of the next rounds.
        with suppress(Gp365Error):
            while (told := self.deliver()).sent and told.next_at and told.next_at <= self._project.clock():
                pass
