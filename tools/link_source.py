"""Link this source tree into its virtual environment and write the `gp365` command, without building a package.

A .pth file and a launcher, the same on Linux and Windows, so that installing needs nothing but the locked dependencies.
"""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
from pathlib import Path

LAUNCHER = """#!{python}
import sys
from gp365.cli import main

# A process of our own that is started beside (spawn) reads this file, and must not run the command again.
if __name__ == "__main__":
    sys.exit(main())
"""


def link(root: Path) -> None:
    """Write gp365.pth into site-packages and the launcher into the environment's script folder."""
    site = Path(sysconfig.get_path("purelib"))
    (site / "gp365.pth").write_text(f"{root / 'src'}\n", encoding="utf-8")
    scripts = Path(sysconfig.get_path("scripts"))
    if os.name == "nt":
        (scripts / "gp365.cmd").write_text(f'@"{sys.executable}" -m gp365 %*\n', encoding="utf-8")
        return
    launcher = scripts / "gp365"
    launcher.write_text(LAUNCHER.format(python=sys.executable), encoding="utf-8")
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    link(Path(__file__).resolve().parent.parent)
