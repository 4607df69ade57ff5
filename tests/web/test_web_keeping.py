"""Keeping many hints in one commit, and what becomes of those who wait when the store does not answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from door_desk import NEW, Desk, context, dotnet, knocking

from gp365.store.hints import Hint
from gp365.web import door as doors
from gp365.web import door_keeping
from gp365.web.door_keeping import Busy, Keeping


def _hint(number: int) -> Hint:
    return Hint("sales", "account", str(number), "Update", "", "", datetime(2026, 11, 22, tzinfo=UTC))


class Slow:
    """A store that takes nothing until it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.batches: list[int] = []

    def keep(self, given: Sequence[Hint]) -> None:
        assert self.let.wait(20)
        self.batches.append(len(given))


def test_what_comes_while_the_store_writes_is_written_in_one_piece() -> None:
    async def story() -> None:
        first = asyncio.create_task(keeping.put([_hint(0)]))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(keeping.put([_hint(number)])) for number in range(1, 101)]
        await asyncio.sleep(0.05)
        slow.let.set()
        await asyncio.gather(first, *others)

    slow = Slow()
    keeping = Keeping(slow.keep)
    asyncio.run(story())
    assert keeping.stop() and sum(slow.batches) == 101 and len(slow.batches) == 2


def test_a_store_that_hangs_keeps_nobody_waiting_for_ever() -> None:
    slow = Slow()
    keeping = Keeping(slow.keep, patience_s=0.1)
    with pytest.raises(Busy):
        asyncio.run(keeping.put([_hint(1)]))
    slow.let.set()
    assert keeping.stop() and slow.batches == [1]


def test_when_too_many_wait_the_next_is_sent_away_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_keeping, "MOST_WAITING", 3)

    async def story() -> list[bool]:
        puts = [asyncio.create_task(keeping.put([_hint(0)]))]
        await asyncio.sleep(0.05)
        puts += [asyncio.create_task(keeping.put([_hint(number)])) for number in range(1, 6)]
        await asyncio.sleep(0.05)
        slow.let.set()
        answers = await asyncio.gather(*puts, return_exceptions=True)
        return [isinstance(one, Busy) for one in answers]

    slow = Slow()
    keeping = Keeping(slow.keep)
    assert asyncio.run(story()) == [False] * 4 + [True] * 2
    assert keeping.stop() and sum(slow.batches) == 4


def test_what_waits_when_the_service_stops_is_still_kept() -> None:
    async def story() -> bool:
        put = asyncio.create_task(keeping.put([_hint(1)]))
        await asyncio.sleep(0.05)
        stopping = asyncio.create_task(asyncio.to_thread(keeping.stop))
        slow.let.set()
        await put
        return await stopping

    slow = Slow()
    keeping = Keeping(slow.keep)
    assert asyncio.run(story()) and slow.batches == [1]


def test_a_sender_that_never_ends_its_body_is_sent_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "BODY_S", 0.1)
    app = desk.app()

    async def endless(scope: object, receive: object, send: object) -> None:
        async def more() -> dict[str, object]:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": True}

        await app(scope, more, send)  # pyright: ignore[reportArgumentType]

    answer = asyncio.run(knocking(endless, "/hooks/sales", dotnet(context()), query={"code": NEW.text}))
    assert answer.status == 408 and desk.kept() == []
