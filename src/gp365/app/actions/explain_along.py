"""What `explain` says of a row that is written along with others, where its owner has changed it and nobody wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gp365.app.actions.explain_view import View
from gp365.app.assembly import Assembly
from gp365.model.errors import Gp365Error
from gp365.model.plan import Pair, Verdict
from gp365.model.record import Record
from gp365.sync.plan import Facts, compile_rows
from gp365.sync.plan.update import plan_update

Along = Callable[[str], str]
"""Says of a row by its name why it was left as it is; "" where it was not."""


def along_of(
    assembly: Assembly, view: View, records: Mapping[str, Record], agreed: Mapping[str, Pair]
) -> Along:
    """Plan both records as they are now, and say which rows wait for another field to be written.

    What cannot be planned now says nothing: a system that does not answer, or a field that it does not serve.
    """
    left, right = (records.get(end.side) for end in view.ends)
    if left is None or right is None or not any(row.along for row in view.flow.rows):
        return lambda name: ""
    try:
        one, other = (end.connector.entity(end.entity) for end in view.ends)
        compiled = compile_rows(view.flow, one, other, assembly.context(view.pair))
    except Gp365Error:
        return lambda name: ""
    plan = plan_update(compiled, "", left, right, Facts(pairs=agreed))
    said = {one.name: one.rule for one in plan.fields if one.verdict is Verdict.ALONG}
    return lambda name: said.get(name, "")
