"""How a procedure ends badly: error states with their numbers and texts, and errors that SQL Server itself raises."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from gp365_sim.gp.sqltypes import Value


class SqlError(Exception):
    """An error of SQL Server: it ends the batch and no error state comes back."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


class NoSuch(SqlError):
    """The procedure (2812) or one of its parameters (8145) is not known."""


class MissingParameter(SqlError):
    """A parameter without default was not given (201)."""


class BadValue(SqlError):
    """A value cannot become what the parameter or column holds (8114, 8115, 220)."""


class CheckViolated(SqlError):
    """A value breaks a CHECK constraint, as a time of day in one of GP's date columns does (547)."""


class Refused(Exception):
    """A procedure ends with error numbers; what it wrote is undone."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.numbers = tuple(dict.fromkeys(numbers))
        super().__init__(" ".join(map(str, self.numbers)))


@dataclass(frozen=True)
class Meaning:
    """One error number: what taErrorCode says of it, and whether its number was seen in public."""

    number: int
    procedure: str
    text: str
    parameters: str
    seen: bool


@cache
def meanings() -> Mapping[str, Meaning]:
    """Read the error numbers by the short names that the procedures use."""
    source = json.loads(files(__package__ or "").joinpath("data", "errors.json").read_text("utf-8"))
    return {
        name: Meaning(number, procedure, text, parameters, seen)
        for seen, part in ((True, "seen"), (False, "assumed"))
        for name, (number, procedure, text, parameters) in source[part].items()
    }


def number_of(meaning: str) -> int:
    """Give the number of an error by its short name."""
    return meanings()[meaning].number


def error_rows() -> list[Mapping[str, Value]]:
    """Give the rows of DYNAMICS..taErrorCode for these numbers; texts are our own, the real ones are not public."""
    return [
        {
            "ErrorCode": each.number,
            "SourceProc": each.procedure,
            "ErrorDesc": each.text,
            "ErrorKeyFields": each.parameters,
            "ErrorParms": each.parameters,
        }
        for each in sorted(meanings().values(), key=lambda each: each.number)
    ]
