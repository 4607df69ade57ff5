"""CAST and CONVERT, and types as they are written in a text."""

from collections.abc import Callable

from sqlglot import expressions as exp

from gp365_sim.gp.sql.errors import SqlError, not_modelled
from gp365_sim.gp.sql.parts import Expr, Frame, expr
from gp365_sim.gp.sql.tree import only
from gp365_sim.gp.sql.types import MAX, SqlType, Value, convert, type_named


def unpadded(value: Value) -> Value:
    """Give a value of a char without its blanks."""
    return value.rstrip(" ") if isinstance(value, str) else value


def cast(node: exp.Expr, compile_: Callable[[exp.Expr], Expr]) -> Expr:
    """Compile CAST, CONVERT and their TRY_ forms; a text without length has 30 characters there."""
    if isinstance(node, exp.Convert):
        target, side = data_type(node.this), compile_(node.expression)
    else:
        target, side = data_type(node.args["to"]), compile_(node.this)
    styled = node.args.get("style")
    style = int(styled.name) if isinstance(styled, exp.Literal) else 0
    if styled is not None and not isinstance(styled, exp.Literal):
        raise not_modelled("a style that is not a number")
    if target.name in ("char", "varchar", "nchar", "nvarchar") and target.size == 1 and not _sizes(node):
        target = SqlType(target.name, 30)
    get, safe = side.get, bool(node.args.get("safe"))

    def converted(frame: Frame) -> Value:
        try:
            return convert(get(frame), target, style)
        except SqlError:
            if safe:
                return None
            raise

    done = expr(target, converted, side)
    return (
        Expr(target, converted, lambda frame: unpadded(converted(frame)), done.slots)
        if target.fixed
        else done
    )


def _sizes(node: exp.Expr) -> bool:
    kind = node.this if isinstance(node, exp.Convert) else node.args["to"]
    return bool(kind.expressions)


def data_type(node: exp.Expr) -> SqlType:
    """Read a type in a text."""
    only(node, "this", "expressions", "kind", "nested")
    name = str(node.this.value if isinstance(node.this, exp.DType) else node.args.get("kind") or node.this)
    sizes = [MAX if each.name.upper() == "MAX" else int(each.name) for each in node.expressions]
    spoken = {"DOUBLE": "float", "TIMESTAMP": "datetime", "UINT": "tinyint", "UTINYINT": "tinyint",
              "BOOLEAN": "bit", "ROWVERSION": "timestamp", "SMALLMONEY": "smallmoney",
              "DATETIME64": "datetime2"}.get(name.upper(), name)  # fmt: skip
    return type_named(spoken, *sizes)
