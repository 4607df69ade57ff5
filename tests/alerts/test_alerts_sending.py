"""Notices reach mail servers and web addresses; a channel that fails costs delay; no secret and no customer leaves."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert_desk import (
    BEGAN,
    Desk,
    ListChannel,
    firms,
    http_receiver,
    mail_receiver,
    make_desk,
    write_settings,
)
from gp365.app.actions.alerts import alerts_list, alerts_test
from gp365.app.alerts import notices
from gp365.app.alerts.channels import AppriseChannel
from gp365.app.alerts.conditions import Condition
from gp365.app.alerts.memory import shown_of
from gp365.app.alerts.outbox import packed
from gp365.app.alerts.watch import Watch
from gp365.app.log import line_of
from gp365.app.project import open_project
from gp365.app.service.standing import Fault, HookStanding, Standing, SystemStanding
from gp365.app.settings_alerts import AlertSettings
from gp365.app.settings_file import parse_settings
from gp365.cli.program import run as gp365
from gp365.model.errors import Misconfigured
from gp365.model.values import pack, unpack_deep
from gp365.store.alerts import Alert, waiting_notices
from gp365.wire.redact import register_secret

CANARY = "CANARY-7f3a9c0d1e"
DOWN = SystemStanding("gp", "gp", "open", Fault("unreachable", "No answer."))


def with_address(folder: Path, address: str, more: str = "") -> Path:
    write_settings(folder, more)
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "desk").write_text(address + "\n", "utf-8")
    return folder


def told(desk: Desk) -> None:
    """Let the system gp be down until it is told, and send."""
    for _ in range(2):
        desk.after(61, firms(), systems=(DOWN,))


def test_a_broken_system_comes_as_json_to_a_web_address(desk: Desk) -> None:
    with http_receiver() as receiver:
        with_address(desk.folder, f"json://127.0.0.1:{receiver.port}/teams?+X-Key={CANARY}")
        desk.watch = Watch(desk.project)
        told(desk)
        [got] = receiver.got
    assert got["body"]["title"] == "gp365: system-down gp"
    assert "`gp365 doctor` tests it." in got["body"]["message"]
    assert got["headers"]["X-Key"] == CANARY


def test_a_broken_system_comes_by_mail(desk: Desk) -> None:
    with mail_receiver() as receiver:
        to = "to=desk@example.com&from=gp365@example.com&mode=insecure"
        with_address(desk.folder, f"mailto://127.0.0.1:{receiver.port}?{to}&smtp=127.0.0.1")
        desk.watch = Watch(desk.project)
        told(desk)
        [got] = receiver.got
    assert "Subject: gp365: system-down gp" in got
    assert "its flows wait" in got


def test_an_address_that_refuses_is_tried_again_until_it_takes_the_notice_once(desk: Desk) -> None:
    with http_receiver() as receiver:
        receiver.status[:] = [503, 500, 200]
        with_address(desk.folder, f"json://127.0.0.1:{receiver.port}/{CANARY}")
        desk.watch = Watch(desk.project)
        told(desk)
        with desk.project.store.read() as conn:
            [waiting] = waiting_notices(conn)
        assert (waiting.tries, waiting.failure) == (1, "refused with HTTP 503")
        for _ in range(20):
            desk.after(31, firms(), systems=(DOWN,))
        assert [one["code"] for one in receiver.got] == [503, 500, 200]


def test_a_channel_that_hangs_does_not_hold_up_the_rounds(desk: Desk) -> None:
    let_go, hanging = Event(), Event()

    class Hanging(ListChannel):
        def send(self, title: str, body: str, *, good: bool):
            hanging.set()
            assert let_go.wait(30)
            return super().send(title, body, good=good)

    slow = Hanging()
    desk.watch = Watch(desk.project, open_channel=lambda _: slow)
    for _ in range(50):
        at = desk.clock.forward(10)
        desk.watch.send(desk.watch.look(Standing(at, desk.began, (firms(),), (DOWN,)), None, at))
    assert hanging.wait(10)
    assert slow.got == []
    let_go.set()
    desk.watch.close(10)
    assert slow.titles == ["gp365: system-down gp"]


def test_testing_a_channel_says_which_one_does_not_take_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_desk(tmp_path).close()
    with http_receiver() as receiver:
        with_address(tmp_path, f"json://user:{CANARY}@127.0.0.1:{receiver.port}/x")
        assert gp365(["-C", str(tmp_path), "alerts", "test", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {
            "channels": [{"channel": "desk", "sent": True, "failure": ""}]
        }
        receiver.status[:] = [401]
        assert gp365(["-C", str(tmp_path), "alerts", "test", "desk"]) == 3
        shown = capsys.readouterr()
    assert "desk: NOT SENT: refused with HTTP 401" in shown.out
    assert CANARY not in shown.out + shown.err
    assert gp365(["-C", str(tmp_path), "alerts", "test", "other"]) == 2


def test_the_list_shows_what_is_broken_with_what_to_do(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.channel.broken = True
    told(desk)
    listed = alerts_list(desk.project)
    assert [(one.kind, one.system, one.told_at) for one in listed.open] == [
        ("system-down", "gp", desk.clock())
    ]
    assert [(one.channel, one.failure) for one in listed.unsent] == [("desk", "no connection")]
    assert gp365(["-C", str(desk.folder), "alerts", "list"]) == 0
    shown = capsys.readouterr().out
    assert "error: Gp cannot be reached" in shown
    assert "gp365 doctor" in shown


@pytest.mark.parametrize("address", [f"nosuch://{CANARY}@x", "", f"json://127.0.0.1:1/{CANARY}"])
def test_an_address_that_is_no_good_is_a_failure_of_its_channel_alone(desk: Desk, address: str) -> None:
    with_address(desk.folder, address)
    [tested] = alerts_test(desk.project).channels
    assert not tested.sent
    assert tested.failure
    assert CANARY not in tested.failure


def test_an_address_in_plain_text_is_refused_without_being_shown(desk: Desk) -> None:
    text = (desk.folder / "gp365.toml").read_text("utf-8")
    with pytest.raises(Misconfigured) as refused:
        parse_settings(text.replace('{file = "secrets/desk"}', f'"mailto://x:{CANARY}@example.com"'))
    assert refused.value.code == "secret-plain"
    assert CANARY not in str(refused.value)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
SECRET = st.text(st.sampled_from("abcdefGHIJ0123456789+/=%&'\" üß\\"), min_size=8, max_size=24).filter(
    lambda text: text == text.strip()
)


@settings(max_examples=150, deadline=None)
@given(SECRET, TEXT, TEXT)
def test_no_secret_stands_in_what_is_kept_of_an_alert_in_a_notice_or_in_a_line_of_the_log(
    secret: str, before: str, after: str
) -> None:
    register_secret(secret)
    said = f"{before}{secret}{after}"
    shown = shown_of(Condition("hook-disabled", system=said, about=said, code=said, message=said))
    # What a release before this one kept may be as it was: the notice is masked once more.
    raw = pack({"kind": "flow-stopped", "pair": "main", "flow": "firms", "message": said, "code": said})
    telling = AlertSettings(details=True, status_url=f"https://x/?code={secret}")
    kept = [str(unpack_deep(shown))]
    for one in (shown, raw):
        notice = notices.broken(Alert("key", one, BEGAN, BEGAN), telling, {})
        kept += [str(value) for value in unpack_deep(packed(notice)).values()]
    line = json.loads(line_of({"what": said, "error": {"message": said, "values": [said]}, said: 1}))
    kept += [line.get("text", ""), *line, *(str(value) for value in line.values())]
    assert [one for one in kept if secret in one] == []


def test_no_secret_of_a_broken_thing_is_found_in_the_folder_or_in_what_was_sent(desk: Desk) -> None:
    desk.restart("details = true")
    register_secret(CANARY)
    said = f"The word {CANARY} was refused."
    system = SystemStanding("gp", "gp", "open", Fault("unreachable", said))
    for _ in range(2):
        desk.after(61, firms(), systems=(system,), hooks=(HookStanding("sales", said, "disabled", said),))
    assert len(desk.channel.got) == 2
    assert CANARY not in str(desk.channel.got)
    desk.close()
    assert [
        file for file in desk.folder.rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()
    ] == []


def test_an_address_opens_nothing_before_it_is_needed(desk: Desk) -> None:
    (desk.folder / "secrets").mkdir()
    project = open_project(desk.folder)
    reference = project.settings.alerts.channels["desk"].address
    channel = AppriseChannel(project.secret(reference, "alerts.channels.desk.address"))
    assert CANARY not in repr(channel)
    with pytest.raises(Misconfigured):
        channel.send("a", "b", good=True)
    project.close()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[alerts.channels.other]\naddress = {env = "X"}\npairs = ["mian"]\n', "names no pair"),
        ("allowances = {sale = 5}", "names no system"),
        ('digest_at = "7 am"', "is no time of a day"),
        ('digest_days = ["monday"]', "is wrong"),
        ('time_zone = "Chicago"', "is no time zone"),
    ],
)
def test_a_setting_by_which_nobody_would_be_told_is_refused_with_its_line(
    tmp_path: Path, more: str, said: str
) -> None:
    write_settings(tmp_path, more)
    with pytest.raises(Misconfigured) as refused:
        open_project(tmp_path)
    assert said in str(refused.value)
    assert "gp365.toml, line " in str(refused.value)
