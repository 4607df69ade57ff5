"""Asking for any of many keys with one parameter, so that a statement is compiled once and not once per length of list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, Dialect, Integer, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Texts(TypeDecorator[Any]):
    """Texts in one parameter: an array where the database has them, else JSON."""

    impl = Text
    cache_ok = True
    _each: TypeEngine[Any] = Text()

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the parameter's type."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self._each))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Pack the list."""
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value


class _Numbers(_Texts):
    """Whole numbers in one parameter."""

    cache_ok = True
    _each = BigInteger()


class _Among(FunctionElement[bool]):
    """`column` is one of the values of a list.

    A condition as it stands: compared with 1, as SQLAlchemy does with functions on SQLite, it would use no index.
    """

    type = Boolean()
    _is_implicitly_boolean = True
    inherit_cache = True


def among(column: ColumnElement[Any], values: Sequence[Any]) -> _Among:
    """Give the condition that a column of texts or whole numbers holds one of the values."""
    kind = _Numbers() if isinstance(column.type, Integer) else _Texts()
    return _Among(column, bindparam(None, list(values), type_=kind))


def among_given(column: ColumnElement[Any], name: str = "keys") -> _Among:
    """Give the same condition on a list that is a parameter of the statement, under this name."""
    kind = _Numbers() if isinstance(column.type, Integer) else _Texts()
    return _Among(column, bindparam(name, type_=kind))


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled pieces


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} = ANY ({values})"
