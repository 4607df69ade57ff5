"""Runs the steps of a text in a session: queries, calls of procedures, variables, transactions, options."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gp365_sim.gp import econnect
from gp365_sim.gp.company import Company
from gp365_sim.gp.heap import Heap
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sql.batch import MARK, Option, Use, Work
from gp365_sim.gp.sql.catalogue import SCHEMA
from gp365_sim.gp.sql.compiled import Called, Chosen, Selected, Set, Step, Valued
from gp365_sim.gp.sql.errors import SqlError, denied, no_procedure, not_modelled
from gp365_sim.gp.sql.properties import answer
from gp365_sim.gp.sql.rights import Login
from gp365_sim.gp.sql.scope import Field
from gp365_sim.gp.sql.session import Session
from gp365_sim.gp.sql.types import Value, convert
from gp365_sim.gp.tables import Row


@dataclass(frozen=True)
class ResultSet:
    """The rows of one query."""

    fields: tuple[Field, ...]
    rows: list[Sequence[Value]]


def run(session: Session, text: str, values: Sequence[Value], now: datetime) -> list[ResultSet]:
    """Run a text and give its result sets. Raises `SqlError`, and `MustWait` with nothing done."""
    variables: dict[str, Value] = {f"{MARK}{number}": value for number, value in enumerate(values, 1)}
    with session.call():
        steps = session.bases.texts.compile(text, session.state.database, values)
        return list(_Run(session, now, variables).steps(steps))


@dataclass
class _Run:
    """One text on its way; it is the `Moment` of everything compiled."""

    session: Session
    at: datetime
    variables: dict[str, Value]
    error: int = 0

    def steps(self, steps: Sequence[Step]) -> Iterator[ResultSet]:
        """Do steps in their order and give the result sets."""
        for step in steps:
            yield from self._step(step)

    def _step(self, step: Step) -> Iterator[ResultSet]:
        match step:
            case Selected():
                yield from self._select(step)
            case Called():
                self._call(step)
            case Set(name, kind, value):
                found = self._value(value) if value is not None else None
                self.variables[name] = convert(found, kind)
            case Chosen(condition, then, otherwise):
                yield from self.steps(then if self._value(condition) is True else otherwise)
            case Work(what):
                self._work(what)
            case Option():
                self._option(step)
            case Use(name):
                check_entry(self.session.login, name)
                self.session.state.database = name

    def _value(self, value: Valued) -> Any:
        self._check(value.reads)
        return value.value(self)

    def _check(self, reads: frozenset[tuple[str, str]]) -> None:
        login = self.session.login
        for database, name in sorted(reads):
            check_entry(login, database)
            if not login.may("SELECT", database, name):
                raise denied("SELECT", name, database)

    def _select(self, step: Selected) -> Iterator[ResultSet]:
        self._check(step.reads)
        if step.reads:
            self.session.begin()
        for database in sorted(step.locks):
            if database in self.session.bases.companies:
                self.session.space(database)
        rows = list(step.plan.rows(step.frame(self)))
        self.session.state.row_count = len(rows)
        if not step.into:
            yield ResultSet(step.plan.fields, rows)  # pyright: ignore[reportArgumentType]
        elif rows:
            for (name, kind), value in zip(step.into, rows[-1], strict=True):
                self.variables[name] = convert(value, kind)
        if step.locks:
            self.session.end_statement()

    def _work(self, what: str) -> None:
        session = self.session
        if what == "BEGIN":
            session.state.transactions += 1
        elif what == "ROLLBACK":
            if not session.state.transactions:
                raise SqlError(3903, "ROLLBACK without BEGIN TRANSACTION.")
            session.roll_back()
        elif not session.state.transactions:
            raise SqlError(3902, "COMMIT without BEGIN TRANSACTION.")
        else:
            session.state.transactions -= 1
            session.end_statement()

    def _option(self, option: Option) -> None:
        state, words = self.session.state, " ".join(option.words)
        if option.name == "LOCK_TIMEOUT":
            try:
                state.lock_timeout_ms = int(words.replace(" ", ""))
            except ValueError:
                raise not_modelled("SET LOCK_TIMEOUT to something that is no number") from None
        elif option.name == "XACT_ABORT":
            state.abort_on_error = words == "ON"
        elif option.name == "IMPLICIT_TRANSACTIONS":
            state.autocommit = words == "OFF"
        elif option.name == "TRANSACTION" and words != "ISOLATION LEVEL READ COMMITTED":
            raise not_modelled(f"SET TRANSACTION {words}")

    def _call(self, step: Called) -> None:
        session = self.session
        company = session.bases.companies.get(step.database)
        if company is None or step.procedure.lower() not in {
            n.lower() for n in session.bases.views.signatures
        }:
            raise no_procedure(".".join((step.database, SCHEMA, step.procedure)))
        check_entry(session.login, step.database)
        if not session.login.may("EXECUTE", step.database, step.procedure):
            raise denied("EXECUTE", step.procedure, step.database)
        given = self._arguments(step)
        session.begin()
        session.space(step.database)
        result = _called(company, step.procedure, given)
        self._back(step, result)
        session.end_statement()

    def _arguments(self, step: Called) -> dict[str, Value]:
        names = next(
            v for k, v in self.session.bases.views.signatures.items() if k.lower() == step.procedure.lower()
        )
        given: dict[str, Value] = {}
        for place, each in enumerate(step.arguments):
            if not each.name and place >= len(names):
                raise SqlError(8144, f"Procedure {step.procedure} has too many arguments specified.")
            name = f"@{each.name}" if each.name else names[place][0]
            if name.lower() in (known.lower() for known in given):
                raise SqlError(8143, f"Parameter '{name}' was supplied multiple times.")
            given[name] = self._value(each.value)
        return given

    def _back(self, step: Called, result: econnect.Result) -> None:
        outputs = {name.lower(): value for name, value in result.outputs.items()}
        for place, each in enumerate(step.arguments):
            name = f"@{each.name}".lower() if each.name else list(outputs)[place : place + 1]
            if each.back:
                self.variables[each.back] = convert(outputs.get(str(name)), each.type)
        if step.code:
            self.variables[step.code] = result.rc

    def variable(self, name: str) -> Value:
        """See `Moment`."""
        if not name.startswith("@"):
            return self.variables.get(name.lower())
        state = self.session.state
        return (
            {
                "@SPID": self.session.number,
                "@TRANCOUNT": state.transactions,
                "@ROWCOUNT": state.row_count,
                "@ERROR": 0,
                "@LOCK_TIMEOUT": state.lock_timeout_ms,
            }.get(name)
            if name not in ("@VERSION", "@SERVERNAME")
            else answer(self.session, name)
        )

    def heap(self, database: str, table: str) -> Heap:
        """See `Moment`."""
        return self.session.bases.base(database)[table]

    def now(self) -> datetime:
        """See `Moment`."""
        return self.at

    def ask(self, function: str, *values: Value) -> Value:
        """See `Moment`."""
        return answer(self.session, function, *values)

    def listed(self, database: str, view: str) -> Sequence[Sequence[Value]]:
        """See `Moment`."""
        check_entry(self.session.login, database)
        return self.session.bases.views.rows(view, database, self.session.login)

    def hold(self, database: str, table: str, row: Row) -> None:
        """See `Moment`."""
        if database in self.session.bases.companies:
            self.session.space(database).hold(table, row)


def check_entry(login: Login, database: str) -> None:
    """Refuse a database in which the login has no user (916)."""
    if not login.may_enter(database):
        raise SqlError(916, f'The login "{login.name}" cannot access the database "{database}".', 14)


def _called(company: Company, procedure: str, given: Mapping[str, Value]) -> econnect.Result:
    """Call a procedure; what it wrote before an error of SQL Server is undone with it."""
    try:
        with company.transaction():
            return econnect.call(company, company.system, procedure, given)  # pyright: ignore[reportArgumentType]
    except econnect.SqlError as error:
        raise SqlError(error.number, error.message) from None
    except Refusal as refusal:
        raise SqlError(2627 if refusal.code == "DuplicateKey" else 547, str(refusal)) from None
