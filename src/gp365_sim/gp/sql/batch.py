"""Takes a text apart into statements: what T-SQL has around its queries, read from sqlglot's tokens.

The queries and expressions themselves are parsed by sqlglot later. Values never stand in a text here: the marks `?`
become the variables `@__p1`, `@__p2` … in the order in which they stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from gp365_sim.gp.sql.errors import not_modelled, syntax

MARK = "__p"
_OPENS = {"SELECT", "WITH", "SET", "DECLARE", "EXEC", "EXECUTE", "IF", "BEGIN", "COMMIT", "ROLLBACK", "USE", "END",
          "ELSE", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "ALTER", "DROP", "WHILE", "PRINT",
          "RAISERROR", "THROW", "RETURN", "GRANT", "REVOKE", "DENY", "WAITFOR", "SAVE", "GOTO"}  # fmt: skip
_JOINS_QUERIES = {"UNION", "ALL", "EXCEPT", "INTERSECT"}
_OPTIONS = {"NOCOUNT", "XACT_ABORT", "LOCK_TIMEOUT", "TRANSACTION", "ANSI_NULLS", "ANSI_WARNINGS", "QUOTED_IDENTIFIER",
            "DEADLOCK_PRIORITY", "TEXTSIZE", "ARITHABORT", "IMPLICIT_TRANSACTIONS", "DATEFORMAT"}  # fmt: skip


@dataclass(frozen=True)
class Query:
    """A SELECT, as text."""

    text: str


@dataclass(frozen=True)
class Argument:
    """An argument of a procedure: its name (empty: by place), its value as text, and whether it comes back."""

    name: str
    text: str
    output: bool


@dataclass(frozen=True)
class Execute:
    """A call of a procedure: the variable for its return code (or empty), its name's parts, its arguments."""

    code: str
    name: tuple[str, ...]
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Declare:
    """A variable, its type as text, and its first value as text (empty: NULL)."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class Assign:
    """SET @name = text."""

    name: str
    text: str


@dataclass(frozen=True)
class Option:
    """SET OPTION words."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class If:
    """IF with its two branches."""

    text: str
    then: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


@dataclass(frozen=True)
class Work:
    """BEGIN, COMMIT or ROLLBACK of a transaction."""

    what: str


@dataclass(frozen=True)
class Use:
    """USE of another database."""

    name: str


Statement = Query | Execute | Declare | Assign | Option | If | Work | Use


def statements(text: str) -> tuple[tuple[Statement, ...], int]:
    """Give the statements of a text and the number of its marks. Raises `SqlError` 102, or 50001 and nothing is done."""
    try:
        tokens = sqlglot.tokenize(text, read="tsql")
    except SqlglotError:
        raise syntax("the text cannot be read") from None
    reader = _Reader(text, tokens)
    found = reader.many(inside=False)
    return found, reader.marks


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0
        self._marked = {
            id(token): number
            for number, token in enumerate((t for t in tokens if t.token_type is TokenType.PLACEHOLDER), 1)
        }

    @property
    def marks(self) -> int:
        """The number of marks in the whole text."""
        return len(self._marked)

    def many(self, *, inside: bool) -> tuple[Statement, ...]:
        """Read statements up to the end of the text, or of the block."""
        found: list[Statement] = []
        while True:
            while self._is(";"):
                self._at += 1
            if self._at >= len(self._tokens):
                if inside:
                    raise syntax("BEGIN without END")
                return tuple(found)
            if inside and self._word() == "END":
                self._at += 1
                return tuple(found)
            found += self._one()

    def _one(self) -> list[Statement]:
        word = self._word()
        if word in ("SELECT", "WITH"):
            return [Query(self._span(self._end()))]
        if word in ("EXEC", "EXECUTE"):
            return [self._execute()]
        if word == "DECLARE":
            return self._declare()
        if word == "SET":
            return [self._set()]
        if word == "IF":
            return [self._if()]
        if word in ("BEGIN", "COMMIT", "ROLLBACK"):
            return self._work(word)
        if word == "USE":
            self._at += 1
            return [Use(self._next().text)]
        raise not_modelled(f"{word[:30] or 'a statement without a first word'} as a statement")

    def _work(self, word: str) -> list[Statement]:
        self._at += 1
        after = self._word()
        if after in ("TRAN", "TRANSACTION", "WORK"):
            self._at += 1
            if self._at < len(self._tokens) and not self._is(";") and self._word() not in _OPENS:
                raise not_modelled("names of transactions")
            return [Work(word)]
        if word != "BEGIN":
            return [Work(word)]
        if after in ("TRY", "CATCH", "DISTRIBUTED", "DIALOG"):
            raise not_modelled(f"BEGIN {after}")
        return list(self.many(inside=True))

    def _if(self) -> If:
        self._at += 1
        condition = self._span(self._end(condition=True))
        then = self._branch()
        while self._is(";") and self._peek(1) == "ELSE":
            self._at += 1
        if self._word() != "ELSE":
            return If(condition, then, ())
        self._at += 1
        return If(condition, then, self._branch())

    def _branch(self) -> tuple[Statement, ...]:
        if self._at >= len(self._tokens):
            raise syntax("IF without a statement")
        return tuple(self._one())

    def _set(self) -> Statement:
        self._at += 1
        if self._is("@"):
            name = self._variable()
            self._take("=")
            return Assign(name, self._span(self._end()))
        name = self._next().text.upper()
        if name not in _OPTIONS:
            raise not_modelled(f"SET {name[:30]}")
        words: list[str] = []
        while (
            self._at < len(self._tokens) and not self._is(";") and (not words or self._word() not in _OPENS)
        ):
            words.append(self._next().text.upper())
        return Option(name, tuple(words))

    def _declare(self) -> list[Statement]:
        self._at += 1
        found: list[Statement] = []
        while True:
            name = self._variable()
            if self._word() == "AS":
                self._at += 1
            if self._word() in ("TABLE", "CURSOR"):
                raise not_modelled(f"variables of type {self._word()}")
            kind, text = self._span(self._stop("=", ",")), ""
            if self._is("="):
                self._at += 1
                text = self._span(self._stop(","))
            found.append(Declare(name, kind, text))
            if not self._is(","):
                return found
            self._at += 1

    def _execute(self) -> Execute:
        self._at += 1
        code = ""
        if self._is("@"):
            code = self._variable()
            self._take("=")
        if self._is("("):
            raise not_modelled("EXEC of a text")
        name = self._name()
        arguments: list[Argument] = []
        while self._at < len(self._tokens) and not self._is(";") and self._word() not in _OPENS:
            arguments.append(self._argument())
            if not self._is(","):
                break
            self._at += 1
        return Execute(code, name, tuple(arguments))

    def _name(self) -> tuple[str, ...]:
        parts = [self._next().text]
        while self._is("."):
            self._at += 1
            parts.append("" if self._is(".") else self._next().text)
        return tuple(parts)

    def _argument(self) -> Argument:
        name = ""
        if self._is("@") and self._peek(2) == "=":
            name = self._variable()
            self._take("=")
        text = self._span(self._stop(",", "OUTPUT", "OUT"))
        output = self._word() in ("OUTPUT", "OUT")
        if output:
            self._at += 1
        return Argument(name, text, output)

    def _variable(self) -> str:
        self._take("@")
        return self._next().text

    def _end(self, *, condition: bool = False) -> int:
        """Find the token behind a query or condition: a `;`, or a word that opens the next statement."""
        depth, cases, at, first = 0, 0, self._at, True
        while at < len(self._tokens):
            word, kind = self._upper(at), self._tokens[at].token_type
            depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
            cases += word == "CASE"
            if depth == 0 and kind is TokenType.SEMICOLON:
                break
            opens = depth == 0 and cases == 0 and word in _OPENS and (condition or not first)
            if opens and not self._continues(at, condition=condition):
                break
            if cases and word == "END":
                cases -= 1
            first, at = False, at + 1
        return at

    def _continues(self, at: int, *, condition: bool) -> bool:
        before, word = self._upper(at - 1), self._upper(at)
        if word == "WITH":
            return self._upper(at + 1) in ("(", "TIES")
        if word == "SELECT":
            return before in _JOINS_QUERIES or (
                self._upper(self._at) == "WITH" and before == ")" and not condition
            )
        return False

    def _stop(self, *words: str) -> int:
        """Find the token behind a type or value: one of these words, a `;` or a word that opens a statement."""
        depth, at, cases = 0, self._at, 0
        while at < len(self._tokens):
            word, kind = self._upper(at), self._tokens[at].token_type
            cases += word == "CASE"
            if depth == 0 and not cases and (kind is TokenType.SEMICOLON or word in words or word in _OPENS):
                break
            cases -= word == "END" and cases > 0
            depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
            at += 1
        return at

    def _span(self, end: int) -> str:
        """Give the text up to a token, with the variables of the marks, and go on behind it."""
        if end <= self._at:
            raise syntax("something is missing")
        tokens, self._at = self._tokens[self._at : end], end
        parts: list[str] = []
        place = tokens[0].start
        for token in tokens:
            number = self._marked.get(id(token))
            if number is not None:
                parts += [self._text[place : token.start], f"@{MARK}{number}"]
                place = token.end + 1
        return "".join([*parts, self._text[place : tokens[-1].end + 1]])

    def _upper(self, at: int) -> str:
        if not 0 <= at < len(self._tokens):
            return ""
        token = self._tokens[at]
        if token.token_type in (TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.IDENTIFIER):
            return ""
        return token.text.upper()

    def _word(self) -> str:
        return self._upper(self._at)

    def _peek(self, ahead: int) -> str:
        return self._upper(self._at + ahead)

    def _is(self, sign: str) -> bool:
        return self._upper(self._at) == sign

    def _take(self, sign: str) -> None:
        if not self._is(sign):
            raise syntax(f"{sign} was expected")
        self._at += 1

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise syntax("the text ends too early")
        self._at += 1
        return self._tokens[self._at - 1]
