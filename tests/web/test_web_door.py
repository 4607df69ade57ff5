"""The door for Dataverse's webhooks: who is let in, what is kept, and what is answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from door_desk import KEY, NEW, OLD, SALES, SAMPLE, Desk, Word, context, dotnet, knock, knocking, with_secrets

from gp365.model.errors import Retry
from gp365.store.hints import Hint
from gp365.web.door_context import event_in

CODE = {"code": NEW.text}
OTHER = "7d1f7a5e-0000-4000-8000-000000000002"


def test_a_change_told_by_dataverse_is_kept_before_it_is_answered(desk: Desk) -> None:
    answer = knock(desk.app(), "/hooks/sales", dotnet(context()), query=CODE)
    assert (answer.status, answer.body) == (200, b"")
    assert desk.kept() == [("account", KEY)]


def test_microsofts_own_sample_is_understood(desk: Desk) -> None:
    answer = knock(desk.app(), "/hooks/sales", dotnet(SAMPLE["body"]), query=CODE, headers=SAMPLE["headers"])
    assert answer.status == 200
    assert desk.kept() == [("contact", "6d81597f-0f9f-e711-8122-000d3aa2331c")]


@pytest.mark.parametrize("secret", [NEW, OLD])
@pytest.mark.parametrize("form", ["key", "query", "header"])
def test_both_secrets_open_the_door_while_they_are_exchanged(desk: Desk, secret: Word, form: Any) -> None:
    name = "" if form == "key" else "x-gp365-key"
    app = desk.app(with_secrets(SALES, NEW, OLD, form=form, field=name))
    given = {name or "code": secret.text}
    answer = knock(
        app,
        "/hooks/sales",
        dotnet(context()),
        query={} if form == "header" else given,
        headers=given if form == "header" else {},
    )
    assert answer.status == 200 and desk.kept()


@pytest.mark.parametrize(
    ("path", "query", "headers", "method"),
    [
        ("/hooks/sales", {}, {}, "POST"),
        ("/hooks/sales", {"code": "wrong"}, {}, "POST"),
        ("/hooks/sales", {"code": ""}, {}, "POST"),
        ("/hooks/sales", {}, {"x-gp365-key": NEW.text}, "POST"),
        ("/hooks/sales", {}, {}, "GET"),
        ("/hooks/nobody", CODE, {}, "POST"),
        ("/hooks/", CODE, {}, "POST"),
        ("/hooks/gp", CODE, {}, "POST"),
        ("/hooks/sales/more", CODE, {}, "POST"),
    ],
)
def test_a_stranger_learns_nothing(
    desk: Desk, path: str, query: dict[str, str], headers: dict[str, str], method: str
) -> None:
    app = desk.app()
    answer = knock(app, path, dotnet(context()), query=query, headers=headers, method=method)
    plain = knock(app, "/hooks/no-such-door", b"", method="POST")
    assert (answer.status, answer.headers, answer.body) == (401, plain.headers, b"") and plain.status == 401
    assert answer.read == 0 and desk.kept() == []


def test_a_door_without_its_secret_lets_nobody_in(desk: Desk) -> None:
    app = desk.app(with_secrets(SALES))
    assert knock(app, "/hooks/sales", dotnet(context()), query={"code": ""}).status == 401


def test_no_secret_and_nothing_of_a_body_is_written_to_the_log(desk: Desk) -> None:
    app = desk.app()
    canary = b'{"PrimaryEntityName": "canary-of-a-customer'
    knock(app, "/hooks/sales", canary, query=CODE)
    knock(app, "/hooks/sales", canary, query={"code": "canary-guess"})
    desk.refuse = ValueError("canary-of-a-store")
    knock(app, "/hooks/sales", dotnet(context()), query=CODE)
    assert {note["fate"] for note in desk.notes} == {"bad", "stranger", "busy"}
    told = json.dumps(desk.notes)
    assert "canary" not in told and NEW.text not in told


def test_a_storm_of_bad_bodies_is_one_note_and_a_count(desk: Desk) -> None:
    app = desk.app()
    for _ in range(50):
        assert knock(app, "/hooks/sales", b"{not json", query=CODE).status == 400
    assert len(desk.notes) == 1
    assert app.state.tally.of("sales")["bad"] == 50


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b"\xff\xfe{}",
        b"[" * 100_000,
        dotnet(context(PrimaryEntityId="not a guid")),
        dotnet(context(PrimaryEntityId=None)),
        dotnet(context(PrimaryEntityName=7)),
        dotnet(context(PrimaryEntityName="x; drop table")),
    ],
)
def test_what_is_no_event_is_answered_400_and_keeps_nothing(desk: Desk, body: bytes) -> None:
    assert knock(desk.app(), "/hooks/sales", body, query=CODE).status == 400
    assert desk.kept() == []


def test_a_table_that_no_flow_reads_is_answered_200_and_counted(desk: Desk) -> None:
    app = desk.app()
    body = dotnet(context(PrimaryEntityName="systemuser"))
    assert knock(app, "/hooks/sales", body, query=CODE).status == 200
    assert desk.kept() == [] and app.state.tally.of("sales")["unknown"] == 1 and desk.notes == []


def test_a_context_that_was_cut_because_it_was_too_large_is_enough(desk: Desk) -> None:
    cut = context()
    for name in ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"):
        del cut[name]
    headers = {**SAMPLE["headers"], "x-ms-dynamics-msg-size-exceeded": "true"}
    assert knock(desk.app(), "/hooks/sales", dotnet(cut), query=CODE, headers=headers).status == 200
    assert desk.kept() == [("account", KEY)]


def test_a_body_of_almost_a_megabyte_is_taken(desk: Desk) -> None:
    body = dotnet(context(Description="x" * 900_000))
    parts = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    assert knock(desk.app(), "/hooks/sales", parts, query=CODE).status == 200
    assert desk.kept() == [("account", KEY)]


def test_a_body_that_says_it_is_over_a_megabyte_is_refused_unread(desk: Desk) -> None:
    answer = knock(desk.app(), "/hooks/sales", [b"x" * 65_536] * 40, query=CODE, length=2_621_440)
    assert (answer.status, answer.read) == (413, 0)
    assert answer.headers["connection"] == "close"


def test_a_body_that_turns_out_to_be_over_a_megabyte_is_not_read_to_its_end(desk: Desk) -> None:
    answer = knock(desk.app(), "/hooks/sales", [b"x" * 65_536] * 100, query=CODE)
    assert answer.status == 413 and answer.read == 16


def test_a_sender_that_hangs_up_leaves_nothing(desk: Desk) -> None:
    async def hang_up() -> int:
        app, whole = desk.app(), dotnet(context())

        async def cut(scope: Any, receive: Any, send: Any) -> None:
            async def first() -> Any:
                came = await receive()
                return {**came, "more_body": True} if came["type"] == "http.request" else came

            await app(scope, first, send)

        return (await knocking(cut, "/hooks/sales", whole[:100], query=CODE)).status

    assert asyncio.run(hang_up()) == 408 and desk.kept() == []


def _tagged(tag: str) -> list[dict[str, str]]:
    return [{"key": "tag", "value": tag}]


def _above(**changed: Any) -> dict[str, Any]:
    return context(SharedVariables=_tagged("gp365"), **changed)


@pytest.mark.parametrize(
    ("body", "echo"),
    [
        (context(SharedVariables=_tagged("gp365")), True),
        (context(ParentContext=_above()), True),
        (context(ParentContext=context(ParentContext=_above())), True),
        (context(ParentContext=_above(MessageName="UpdateMultiple", PrimaryEntityId=OTHER)), True),
        (context(SharedVariables=_tagged("another")), False),
        (context(SharedVariables=[{"key": "other", "value": "gp365"}]), False),
        (context(SharedVariables=None), False),
        (context(SharedVariables=["gp365", {"key": 5}, None]), False),
        (context(ParentContext=_above(PrimaryEntityId=OTHER)), False),
        (context(ParentContext=_above(PrimaryEntityName="lead")), False),
    ],
)
def test_our_own_write_told_back_is_dropped_and_the_work_of_a_plugin_below_it_is_not(
    desk: Desk, body: dict[str, Any], echo: bool
) -> None:
    app = desk.app()
    assert knock(app, "/hooks/sales", dotnet(body), query=CODE).status == 200
    assert desk.kept() == ([] if echo else [("account", KEY)])
    assert app.state.tally.of("sales")["echo"] == int(echo)


def test_of_a_merge_both_records_are_looked_at(desk: Desk) -> None:
    parameters = [{"key": "Target", "value": {}}, {"key": "SubordinateId", "value": OTHER.upper()}]
    body = dotnet(context(MessageName="Merge", InputParameters=parameters))
    assert knock(desk.app(), "/hooks/sales", body, query=CODE).status == 200
    assert desk.kept() == [("account", KEY), ("account", OTHER)]


def test_an_event_about_no_record_is_answered_and_counted(desk: Desk) -> None:
    app = desk.app()
    body = context(MessageName="CreateMultiple", PrimaryEntityId="00000000-0000-0000-0000-000000000000")
    assert knock(app, "/hooks/sales", dotnet(body), query=CODE).status == 200
    assert app.state.tally.of("sales")["unknown"] == 1 and desk.kept() == []


@pytest.mark.parametrize(
    "failure", [Retry("store-busy", "Another process held the store too long."), OSError(28, "full")]
)
def test_a_store_that_does_not_take_it_makes_dataverse_try_again(desk: Desk, failure: Exception) -> None:
    app = desk.app()
    desk.refuse = failure
    answer = knock(app, "/hooks/sales", dotnet(context()), query=CODE)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    desk.refuse = None
    assert knock(app, "/hooks/sales", dotnet(context()), query=CODE).status == 200
    assert desk.kept() == [("account", KEY)]


def test_a_service_that_stops_takes_nothing_more(desk: Desk) -> None:
    app = desk.app()
    assert knock(app, "/hooks/sales", dotnet(context()), query=CODE).status == 200
    assert app.state.keeping.stop()
    body = dotnet(context(PrimaryEntityId=OTHER))
    assert knock(app, "/hooks/sales", body, query=CODE).status == 503
    assert desk.kept() == [("account", KEY)]


def test_the_operation_and_the_message_are_kept_with_the_hint(desk: Desk) -> None:
    event = event_in(dotnet(context(MessageName="Delete")))
    (hint,) = event.hints("sales", desk.now)
    operation = "4af10637-4ea2-e711-8122-000d3aa2331c"
    assert hint == Hint("sales", "account", KEY, "Delete", operation, "", desk.now)


def test_many_that_come_at_once_share_a_commit(desk: Desk) -> None:
    async def together() -> list[int]:
        app = desk.app()
        bodies = [
            dotnet(context(PrimaryEntityId=f"{number:08x}-0000-4000-8000-000000000000"))
            for number in range(200)
        ]
        answers = await asyncio.gather(*(knocking(app, "/hooks/sales", body, query=CODE) for body in bodies))
        assert app.state.keeping.commits < 50
        return [one.status for one in answers]

    assert asyncio.run(together()) == [200] * 200
    assert len(desk.kept()) == 200
