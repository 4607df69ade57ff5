"""Commands that wait for the service: each is taken up once, and tells how it ended."""

from __future__ import annotations

from datetime import timedelta

from gp365.store import actions
from gp365.store.engine import Store


def put(store: Store, command: str = "sync") -> str:
    with store.write() as conn:
        return actions.put(conn, command, [command, "--json"], folder="/home/ann", actor="ann@desk")


def test_the_command_that_waits_longest_comes_first_and_is_taken_up_once(store: Store) -> None:
    first, second = put(store), put(store, "undo")
    with store.write() as conn:
        found = actions.waiting(conn)
        assert found is not None
        assert {first, second} == {found.id, second if found.id == first else first}
        assert [actions.take(conn, found.id), actions.take(conn, found.id)] == [True, False]
        assert actions.count_waiting(conn) == 1


def test_an_ended_command_keeps_its_answer_until_it_is_forgotten(store: Store) -> None:
    id = put(store)
    with store.write() as conn:
        actions.take(conn, id)
        actions.tell(conn, id, "worked 3")
        actions.end(conn, id, actions.DONE, answer=b'{"runs":[]}', exit_code=1)
        actions.tell(conn, id, "too late")
    with store.write() as conn:
        found = actions.get(conn, id)
        assert found is not None
        assert (found.state, found.progress, found.answer, found.exit_code) == (
            "done",
            "worked 3",
            b'{"runs":[]}',
            1,
        )
        assert found.arguments == ("sync", "--json")
        assert found.ended_at is not None
        actions.forget(conn, found.ended_at)
        assert actions.get(conn, id) is not None
        actions.forget(conn, found.ended_at + timedelta(seconds=1))
        assert actions.get(conn, id) is None


def test_a_command_is_withdrawn_only_while_it_waits(store: Store) -> None:
    waiting, running = put(store), put(store)
    with store.write() as conn:
        actions.take(conn, running)
        assert [actions.withdraw(conn, waiting), actions.withdraw(conn, running)] == [True, False]


def test_what_a_service_did_not_live_to_end_is_found_by_the_next(store: Store) -> None:
    ended, begun = put(store), put(store)
    with store.write() as conn:
        for id in (ended, begun):
            actions.take(conn, id)
        actions.end(conn, ended, actions.DONE, answer=b"{}", exit_code=0)
        assert [one.id for one in actions.orphans(conn)] == [begun]
        actions.again(conn, begun)
        assert actions.orphans(conn) == []
        found = actions.waiting(conn)
        assert found is not None
        assert found.id == begun
