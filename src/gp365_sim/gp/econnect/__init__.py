"""The eConnect procedures of a company database: what GP lets integrations write, with its defaults and its refusals.

Names, types and defaults are public facts; what a procedure checks beyond them comes from Microsoft Learn's eConnect
pages, from error numbers seen in public, or is assumed (so marked in `data/errors.json` and in docstrings).
"""

from gp365_sim.gp.econnect.refused import (
    BadValue,
    CheckViolated,
    MissingParameter,
    NoSuch,
    SqlError,
    error_rows,
    number_of,
)
from gp365_sim.gp.econnect.running import Exit, Exits, Result, call, exits
from gp365_sim.gp.econnect.signatures import Parameter, signatures

__all__ = [
    "BadValue",
    "CheckViolated",
    "Exit",
    "Exits",
    "MissingParameter",
    "NoSuch",
    "Parameter",
    "Result",
    "SqlError",
    "call",
    "error_rows",
    "exits",
    "number_of",
    "signatures",
]
