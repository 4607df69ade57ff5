"""The Python that the proof's client runs in: the locked packages and pyproject's `kerberos` extra, apart from our own.

The extra is compiled from source, which takes minutes, so the environment is kept between runs.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "GP365_KERBEROS_VENV"
"""Names an environment made beforehand; then none is made."""

PROGRAMS = {"gcc": "gcc", "krb5-config": "libkrb5-dev"}
"""What compiling the extra needs, and the Debian package that brings it."""


def extra() -> list[str]:
    """Return the requirement lines of pyproject's `kerberos` extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"]["kerberos"])


def given() -> Path | None:
    """Return the environment that the variable names, if it names one."""
    return Path(os.environ[VARIABLE]).resolve() if os.environ.get(VARIABLE) else None


def is_made(folder: Path) -> bool:
    stamp = folder / "made-from"
    return stamp.is_file() and stamp.read_text(encoding="ascii") == _wanted()


def make(folder: Path) -> None:
    """Make the environment in this folder; AssertionError with pip's words if that fails."""
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    pip = [str(python(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")])
    _run([*pip, *extra()])
    (folder / "made-from").write_text(_wanted(), encoding="ascii")


def python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _wanted() -> str:
    lock = (ROOT / "requirements.lock").read_bytes()
    return hashlib.sha256(lock + "\n".join([sys.version, *extra()]).encode()).hexdigest()


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {(done.stdout + done.stderr)[-3000:]}"
