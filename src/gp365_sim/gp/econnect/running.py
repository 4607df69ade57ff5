"""Running a procedure: its arguments, the exits before and after it, its errors, and the undoing of what it wrote."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from gp365_sim.gp.company import Company
from gp365_sim.gp.database import Database
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.catalogue import procedures
from gp365_sim.gp.econnect.refused import MissingParameter, NoSuch, Refused, number_of
from gp365_sim.gp.econnect.signatures import Parameter, signature, with_exits
from gp365_sim.gp.econnect.values import taken
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sqltypes import Value

Exit = Callable[[dict[str, Value | None]], int]
"""Takes the arguments by plain name, may change them before the procedure runs, and gives an error number or 0."""

ERRORS_LENGTH = 255


@dataclass(frozen=True)
class Exits:
    """What a site has put into the exits of its procedures, by the procedure's name (taX, not taXPre)."""

    before: dict[str, Exit] = field(default_factory=dict[str, Exit])
    after: dict[str, Exit] = field(default_factory=dict[str, Exit])


@dataclass(frozen=True)
class Result:
    """How a call ended: its return value, error state, error numbers parted by blanks, and outputs by name with @."""

    rc: int
    state: int
    errors: str
    outputs: Mapping[str, Value]


_exits: WeakKeyDictionary[Company, Exits] = WeakKeyDictionary()


def exits(company: Company) -> Exits:
    """Give the exits of a company's procedures, to be filled (Learn bb625129: Pre and Post procedures)."""
    return _exits.setdefault(company, Exits())


def call(company: Company, system: Database, name: str, given: Mapping[str, Value | None]) -> Result:
    """Run a procedure with the arguments of an EXEC, by parameter name with @; outputs count as given when named.

    The caller owns the transaction; a call whose state is not 0 has written nothing itself. Raises `SqlError`: `NoSuch`
    for an unknown procedure or parameter, `MissingParameter` for one without default that is not named, `BadValue` and
    `CheckViolated` for values that SQL Server refuses.
    """
    written, parameters = signature(name)
    values = _arguments(written, parameters, given)
    call_ = Call(company, system, written, values)
    try:
        with company.transaction():
            _run(call_, parameters, values)
    except Refused as refused:
        return _result(parameters, {}, refused.numbers)
    except Refusal:
        return _result(parameters, {}, (number_of("rule"),))
    return _result(parameters, call_.outputs, ())


def _run(call_: Call, parameters: tuple[Parameter, ...], values: dict[str, Value | None]) -> None:
    _check_nulls(call_, parameters)
    own = exits(call_.company) if call_.procedure in with_exits() else Exits()
    _leave(own.before.get(call_.procedure), values)
    procedures()[call_.procedure](call_)
    call_.settle()
    _leave(own.after.get(call_.procedure), values)


def _leave(exit_: Exit | None, values: dict[str, Value | None]) -> None:
    number = exit_(values) if exit_ else 0
    if number:
        raise Refused([number])


def _arguments(
    name: str, parameters: tuple[Parameter, ...], given: Mapping[str, Value | None]
) -> dict[str, Value | None]:
    known = {each.name.lower(): each for each in parameters}
    named = {each.lower(): value for each, value in given.items()}
    for each in given:
        if each.lower() not in known:
            raise NoSuch(8145, f"{each} is not a parameter for procedure {name}.")
    for parameter in parameters:
        if parameter.required and parameter.name.lower() not in named:
            raise MissingParameter(
                201,
                f"Procedure or function '{name}' expects parameter '{parameter.name}', which was not supplied.",
            )
    return {each.plain: taken(each, named.get(each.name.lower(), each.default)) for each in parameters}


def _check_nulls(call_: Call, parameters: tuple[Parameter, ...]) -> None:
    """Refuse NULL where it cannot mean keep or take the default: required ones and those with another default."""
    for each in parameters:
        if (
            not each.output
            and call_.values[each.plain] is None
            and (each.required or each.default is not None)
        ):
            raise Refused([number_of("null")])


def _result(
    parameters: tuple[Parameter, ...], outputs: Mapping[str, Value], numbers: tuple[int, ...]
) -> Result:
    state = numbers[0] if numbers else 0
    errors = " ".join(map(str, numbers))[:ERRORS_LENGTH]
    own: dict[str, Value] = {"ErrorState": state, "ErrString": errors, **outputs}
    return Result(
        state,
        state,
        errors,
        {each.name: own[each.plain] for each in parameters if each.output and each.plain in own},
    )
