"""What the store keeps of alerts: one open row of a kind, notices until they are sent, sums of days."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from gp365.model.errors import Gp365Error
from gp365.store import alerts
from gp365.store.alerts import MENDED, SENT, TOLD, Alert, Waiting
from gp365.store.bulk import now
from gp365.store.engine import Store


def test_an_alert_is_open_once_and_can_break_again_after_it_mended(store: Store) -> None:
    at = alerts_moment(store)
    with store.write() as conn:
        first = alerts.put_alert(conn, Alert("lag|main|firms", b"{}", at, at))
        alerts.put_alert(conn, replace(first, state=TOLD, told_at=at))
    with pytest.raises((Gp365Error, IntegrityError)), store.write() as conn:
        alerts.put_alert(conn, Alert("lag|main|firms", b"{}", at, at))
    with store.write() as conn:
        alerts.put_alert(conn, replace(first, state=MENDED, ended_at=at))
        again = alerts.put_alert(conn, Alert("lag|main|firms", b"{}", at, at))
    with store.read() as conn:
        assert [one.id for one in alerts.open_alerts(conn)] == [again.id]
        assert [one.id for one in alerts.past_alerts(conn, at)] == [first.id]


def test_a_notice_is_kept_once_per_channel_until_it_was_sent(store: Store) -> None:
    at = alerts_moment(store)
    one = Waiting("desk", "broken 1", "broken", b"{}", at, at)
    with store.write() as conn:
        alerts.put_notices(conn, [one, replace(one, channel="other")])
        alerts.put_notices(conn, [replace(one, shown=b"later")])
        assert alerts.due_notices(conn, at) == [one, replace(one, channel="other")]
        alerts.note_notice(conn, replace(one, state=SENT, sent_at=at))
        alerts.postpone(conn, "other", at + timedelta(seconds=30))
    with store.write() as conn:
        alerts.put_notices(conn, [one])
        assert alerts.due_notices(conn, at) == []
        assert [each.channel for each in alerts.waiting_notices(conn)] == ["other"]
        assert alerts.unsent(conn) == 1


def test_sums_of_a_day_add_up_and_old_days_are_dropped(store: Store) -> None:
    at = alerts_moment(store)
    with store.write() as conn:
        for day in ("2026-11-21", "2026-11-22"):
            alerts.add_to_day(conn, day, "main", "firms", {"runs": 1, "created": 2, "parked": 0})
        alerts.add_to_day(conn, "2026-11-22", "main", "firms", {"runs": 1})
        alerts.forget(conn, at, "2026-11-22")
        found = alerts.day_sums(conn, ["2026-11-21", "2026-11-22"])
    assert found == {("2026-11-22", "main", "firms"): {"runs": 2, "created": 2}}


def alerts_moment(store: Store) -> datetime:
    with store.read() as conn:
        return now(conn)
