"""Gives the queries inside a FROM what the query around them asks: its conditions, and of its TOP and order what helps.

SQL Server's optimiser does so, and a page out of a UNION ALL costs one page of each part instead of all their rows.
"""

from sqlglot import expressions as exp

_PLAIN = {"expressions", "from_", "joins", "where"}
_STEADY = (exp.Literal, exp.Null, exp.National, exp.Neg)


def pushed(node: exp.Select) -> exp.Select:
    """Rewrite `SELECT TOP … FROM (… UNION ALL …) AS k WHERE … ORDER BY …`; any other query is given as it is."""
    from_ = node.args.get("from_")
    inner = from_.this if from_ is not None else None
    if (
        not isinstance(inner, exp.Subquery)
        or node.args.get("joins")
        or inner.args["alias"].args.get("columns")
    ):
        return node
    if any(node.args.get(name) for name in ("group", "having", "distinct", "offset", "with_")):
        return node
    parts = _parts(inner.this)
    where = node.args.get("where")
    if (
        not parts
        or (where is not None and where.find(exp.Query))
        or (where is None and not node.args.get("limit"))
    ):
        return node
    names = [each.alias_or_name.upper() for each in parts[0].expressions]
    if any(len(each.expressions) != len(names) for each in parts) or "" in names or "*" in names:
        return node
    copied = node.copy()
    for part in _parts(copied.args["from_"].this.this):
        columns = {name: _bare(each) for name, each in zip(names, part.expressions, strict=True)}
        _narrow(part, copied, columns)
    return copied


def _parts(node: exp.Expr) -> list[exp.Select]:
    """Give the SELECTs of a UNION ALL, or nothing where one of them is more than sources and conditions."""
    found: list[exp.Select] = []
    open_ = [node]
    while open_:
        each = open_.pop()
        carried = {name for name, value in each.args.items() if value not in (None, False, [], "")}
        if isinstance(each, exp.Union) and carried <= {"this", "expression"}:
            open_ += [each.expression, each.this]
        elif isinstance(each, exp.Select) and carried <= _PLAIN and not each.find(exp.AggFunc):
            found.append(each)
        else:
            return []
    return found


def _bare(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Alias) else node


def _narrow(part: exp.Select, around: exp.Select, columns: dict[str, exp.Expr]) -> None:
    where = around.args.get("where")
    if where is not None:
        if any(each.name.upper() not in columns for each in where.find_all(exp.Column)):
            return
        condition = where.this.copy().transform(_put, columns)
        own = part.args.get("where")
        both = (
            condition
            if own is None
            else exp.And(this=exp.Paren(this=own.this), expression=exp.Paren(this=condition))
        )
        part.set("where", exp.Where(this=both))
    order, limit = around.args.get("order"), around.args.get("limit")
    if limit is None or limit.args.get("limit_options") is not None:
        return
    by = [_by(each, columns) for each in order.expressions] if order is not None else []
    if None not in by:
        steady = [each for each in by if each is not None and not isinstance(each.this, _STEADY)]
        part.set("limit", limit.copy())
        if steady:
            part.set("order", exp.Order(expressions=steady))


def _put(node: exp.Expr, columns: dict[str, exp.Expr]) -> exp.Expr:
    if not isinstance(node, exp.Column):
        return node
    found = columns[node.name.upper()].copy()
    return found if isinstance(found, (exp.Column, *_STEADY)) else exp.Paren(this=found)


def _by(node: exp.Expr, columns: dict[str, exp.Expr]) -> exp.Expr | None:
    """Give a part of the order in the words of the inner query; None where it cannot be said there."""
    what = node.this
    if not isinstance(what, exp.Column) or what.name.upper() not in columns:
        return None
    inner = node.copy()
    inner.set("this", columns[what.name.upper()].copy())
    return inner
