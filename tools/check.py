"""What must be clean before a commit: ruff, pyright, import contracts. One script for make, CI and people."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: tuple[tuple[str, ...], ...] = (
    ("python", "tools/write_docs.py", "--check"),
    ("python", "tools/write_commands.py", "--check"),
    ("python", "tools/write_sql.py", "--check"),
    ("ruff", "check", "--quiet", "src", "tests", "bench", "tools"),
    ("ruff", "format", "--check", "--quiet", "src", "tests", "bench", "tools"),
    ("lint-imports", "--no-cache"),
    ("pyright", "--warnings"),
)


def main() -> int:
    """Run every check, print one line each, and return how many failed."""
    failed = 0
    for command in CHECKS:
        done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True)  # noqa: S603
        print(f"{'ok' if done.returncode == 0 else 'FAILED'}  {' '.join(command)}", flush=True)  # noqa: T201
        if done.returncode:
            failed += 1
            print(done.stdout + done.stderr)  # noqa: T201
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
