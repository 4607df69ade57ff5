"""Setting a project up: init, secrets, the simulators as a command, and what is told when something is missing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.cli_desk import CANARY, Shell


def test_a_new_project_is_written_and_says_what_to_do_next(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new")
    answer = shell.json("init", "--gp-company", "Fabrikam, Inc.", "--gp-interid", "TWO", "--name", "fabrikam")
    assert answer.code == 0, answer.err
    assert "gp365.toml" in answer.json["written"]
    assert shell.json("flows", "list").code == 0
    again = shell.json("init")
    assert again.code == 2
    assert again.error["code"] == "usage"


def test_a_new_project_asks_for_what_is_not_given(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new")
    answer = shell.run("init", "--name", "ours", stdin="\n" * 12)
    assert answer.code == 0, answer.err
    assert "[pairs.ours]" in (shell.folder / "gp365.toml").read_text("utf-8")


def test_an_answer_that_cannot_be_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new")
    answer = shell.json("init", "--gp-interid", "TOO LONG")
    assert answer.code == 2
    assert not (shell.folder / "gp365.toml").exists()


def test_a_secret_is_read_from_standard_input_and_never_shown(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new")
    shell.json("init")
    assert shell.json("secret", "set", "gp", stdin=f"{CANARY}vault77\n").json == {
        "name": "gp",
        "replaced": False,
    }
    assert shell.json("secret", "set", "gp", stdin=f"{CANARY}vault78\n").json["replaced"]
    present = {one["name"]: one["present"] for one in shell.json("secret", "list").json["secrets"]}
    assert present["gp"]
    assert not present["sales"]
    assert shell.json("secret", "rotate").json == {"secrets": 1}
    assert CANARY.encode() not in (shell.folder / ".gp365" / "gp365.db").read_bytes()


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new")
    shell.json("init")
    assert shell.json("secret", "set", "gp", stdin="\n").code == 2


def test_a_folder_without_settings_says_so(tmp_path: Path) -> None:
    answer = Shell(tmp_path).json("sync")
    assert answer.code == 2
    assert answer.error["code"] == "settings-missing"
    assert "gp365 init" in answer.error["fix"]


def test_a_doctor_of_systems_that_are_not_there_ends_with_3(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "new")
    shell.json("init", "--gp-url", "https://127.0.0.1:9/GPService", "--sales-url", "https://127.0.0.1:9")
    for name in ("gp", "sales", "provision"):
        shell.json("secret", "set", name, stdin="x7y8z9w0\n")
    text = (shell.folder / "gp365.toml").read_text("utf-8")
    for system in ("[systems.gp]", "[systems.sales]"):
        text = text.replace(system, f"{system}\nretry_seconds = 0")
    (shell.folder / "gp365.toml").write_text(
        text.replace("https://login.microsoftonline.com", "https://127.0.0.1:9"), "utf-8"
    )
    answer = shell.json("doctor")
    assert answer.code == 3, answer.out
    assert {one["code"] for one in answer.json["findings"] if one["level"] == "error"} >= {"unreachable"}


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to one process on POSIX only")
def test_the_simulators_run_as_a_command_until_interrupted(tmp_path: Path) -> None:
    folder = tmp_path / "sim"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gp365",
            "sim",
            "--dir",
            str(folder),
            "--json",
            "--customers",
            "3",
            "--accounts",
            "2",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not (folder / "sim.json").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    assert Shell(folder).json("provision", "apply").code == 0
    done = Shell(folder).json("sync")
    assert done.code == 0
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert set(json.loads(out)["urls"]) == {"gp", "dataverse"}
    assert process.returncode == 0
