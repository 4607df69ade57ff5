"""Write docs/sql/gp365-role.sql from the data files of the SQL channel.

python tools/write_sql.py          writes it
python tools/write_sql.py --check  ends 1 if it is not as it would be written
"""

from __future__ import annotations

import sys
from pathlib import Path

from gp365.connectors.gp.sql.role import script

PATH = Path(__file__).resolve().parents[1] / "docs" / "sql" / "gp365-role.sql"


def main(arguments: list[str]) -> int:
    """Write the script, or compare it."""
    if "--check" in arguments:
        same = PATH.is_file() and PATH.read_text("utf-8") == script()
        sys.stdout.write("" if same else f"{PATH.name} is stale: run tools/write_sql.py\n")
        return 0 if same else 1
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(script(), "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
