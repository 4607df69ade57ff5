"""Teams, Slack, e-mail and plain HTTP: each takes the same notice in its own form, is tried again, and shows no secret."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from apprise.plugins.slack import NotifySlack

from alerts.alert_desk import Desk, Receiver, firms, http_receiver, mail_receiver, write_settings
from gp365.app.alerts.watch import Watch
from gp365.app.service.standing import Fault, SystemStanding
from gp365.store.alerts import waiting_notices
from gp365_sim.core.tls import certificate

DOWN = SystemStanding("gp", "gp", "open", Fault("unreachable", "No answer."))
SIGNATURE = "CANARYsig7f3a9c0d1eXYZ"
SLACK = ("TCANARY7F", "BCANARY9C", "CANARY0d1e2f3a4b5c6d7e8f")
WORKFLOW = "643e69f83c8944438d68119179a10a64"


@contextmanager
def teams(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Receiver]]:
    made = certificate(folder / "tls")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert_file, made.key_file)
    with http_receiver(context) as receiver:
        yield f"workflows://localhost:{receiver.port}/{WORKFLOW}/{SIGNATURE}", receiver


@contextmanager
def slack(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Receiver]]:
    del folder
    with http_receiver() as receiver:
        monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{receiver.port}/services")
        yield f"slack://{'/'.join(SLACK)}/#alerts", receiver


@contextmanager
def plain(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Receiver]]:
    del folder, monkeypatch
    with http_receiver() as receiver:
        yield f"json://127.0.0.1:{receiver.port}/alerts?+X-Key={SIGNATURE}", receiver


FAKES: dict[str, Any] = {"teams": teams, "slack": slack, "plain": plain}
SECRETS = (SIGNATURE, *SLACK)


def folder_with(desk: Desk, address: str) -> None:
    write_settings(desk.folder, "")
    (desk.folder / "secrets").mkdir(exist_ok=True)
    (desk.folder / "secrets" / "desk").write_text(address + "\n", "utf-8")
    desk.watch = Watch(desk.project)


def told(desk: Desk) -> None:
    for _ in range(2):
        desk.after(61, firms(), systems=(DOWN,))


def holds_a_secret(desk: Desk) -> list[Path]:
    """Search every file but the one that the secret is kept in."""
    kept = [file for file in desk.folder.rglob("*") if file.is_file() and "secrets" not in file.parts]
    return [file for file in kept if any(secret.encode() in file.read_bytes() for secret in SECRETS)]


@pytest.mark.parametrize("channel", list(FAKES))
def test_a_notice_arrives_in_the_channel_s_own_form_after_it_was_refused_twice(
    desk: Desk, channel: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with FAKES[channel](desk.folder, monkeypatch) as (address, receiver):
        receiver.status[:] = [500, 429, 200]
        folder_with(desk, address)
        told(desk)
        with desk.project.store.read() as conn:
            [waiting] = waiting_notices(conn)
        assert waiting.failure == "refused with HTTP 500"
        for _ in range(12):
            desk.after(31, firms(), systems=(DOWN,))
    assert [one["code"] for one in receiver.got] == [500, 429, 200]
    said = json.dumps(receiver.got[-1]["body"])
    assert "gp365: system-down gp" in said and "its flows wait" in said
    if channel == "teams":
        assert receiver.got[-1]["path"].startswith(f"/workflows/{WORKFLOW}/triggers/manual/paths/invoke?")
    if channel == "slack":
        assert receiver.got[-1]["path"] == "/services/" + "/".join(SLACK)
    desk.close()
    out, err = capfd.readouterr()
    assert [secret for secret in SECRETS if secret in out + err] == []
    assert holds_a_secret(desk) == []


def test_a_channel_that_is_down_costs_the_others_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as open_, mail_receiver() as mail:
        dead, receiver = open_.enter_context(slack(desk.folder, monkeypatch))
        open_.close()  # nobody listens there any more
        to = "to=desk@example.com&from=gp365@example.com&mode=insecure"
        mailing = f"mailto://127.0.0.1:{mail.port}?{to}&smtp=127.0.0.1"
        more = '[alerts.channels.mail]\naddress = {file = "secrets/mail"}\n'
        folder_with(desk, dead)
        settings = desk.folder / "gp365.toml"
        settings.write_text(settings.read_text("utf-8") + more, "utf-8")
        (desk.folder / "secrets" / "mail").write_text(mailing, "utf-8")
        desk.close()
        desk.project = desk.reopened()
        desk.watch = Watch(desk.project)
        told(desk)
        with desk.project.store.read() as conn:
            left = {one.channel: one.failure for one in waiting_notices(conn)}
    assert len(mail.got) == 1 and "gp365: system-down gp" in mail.got[0]
    assert left == {"desk": "no connection, or the other end did not take it"}
    assert receiver.got == []
    desk.close()
    assert holds_a_secret(desk) == []
