"""Small questions to the syntax trees of sqlglot."""

from sqlglot import expressions as exp

from gp365_sim.gp.sql.errors import not_modelled


def only(node: exp.Expr, *names: str) -> None:
    """Refuse a part of the text that carries something else than what is read here, so that nothing is passed over."""
    for name, value in node.args.items():
        if name not in names and value not in (None, False, [], ""):
            raise not_modelled(f"{name.rstrip('_')} in {written(node)}")


def parts_of(node: exp.Expr, name: str) -> list[exp.Expr]:
    """Give the parts of a syntax tree under a name; none is an empty list."""
    found: list[exp.Expr] | None = node.args.get(name)
    return found or []


def written(node: exp.Expr) -> str:
    return node.sql(dialect="tsql")[:60]
