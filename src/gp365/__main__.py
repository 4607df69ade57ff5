"""Run the command line: `python -m gp365`."""

import sys

from gp365.cli import main

if __name__ == "__main__":
    sys.exit(main())
