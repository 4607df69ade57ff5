"""Next numbers of documents, drawn from GP before a document is planned.

A number is drawn in a transaction of its own and kept in the intent: a try whose answer was lost is then found by its
number, and never made twice. A number that is drawn and not used leaves a gap, as a window of GP does that is left.
"""

from __future__ import annotations

from collections.abc import Mapping

from gp365.connectors.gp.documents import Document, document_of
from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.pool import ATTEMPTS
from gp365.connectors.gp.sql.port import SqlFailed, SqlValue
from gp365.connectors.gp.sql.procedures import Refused
from gp365.connectors.gp.sql.refusals import Refusals
from gp365.connectors.gp.sql.rows import sent
from gp365.connectors.gp.sql.text import call
from gp365.connectors.gp.tables import entity_named
from gp365.model.errors import Misconfigured, Rejected
from gp365.model.values import Key, Value, Values, show

_STATE = "@O_iErrorState"


def draw(desk: Desk, refusals: Refusals, entity: str, values: Values) -> Key:
    """Return the key of a document to be created, its number taken from GP.

    `values` hold what the number depends on (DocumentType, and DocumentID of a sales document). Raises Rejected where GP
    gives none, Misconfigured("not-served") for an entity without numbers.
    """
    document = document_of(entity)
    if document is None or document.number is None:
        raise Misconfigured(
            "not-served",
            f"Dynamics GP draws no numbers for {entity}.",
            system=desk.settings.name,
            value=entity,
        )
    given = _given(document, values)
    number = _drawn(desk, refusals, document, given)
    key = entity_named(entity).key
    return tuple(number if name == key[-1] else show(values.get(name)) for name in key)


def _given(document: Document, values: Values) -> dict[str, SqlValue]:
    assert document.number is not None
    fields = entity_named(document.entity).fields
    given: dict[str, SqlValue] = {}
    for parameter, source in document.number.given.items():
        if isinstance(source, int):
            given[parameter] = source
            continue
        value: Value = values.get(source)
        if value is None:
            raise Rejected("required-missing", "The number depends on this field.", field=source)
        given[parameter] = sent(fields[source].description, value)
    return {**given, document.number.take: 1}


def _drawn(desk: Desk, refusals: Refusals, document: Document, given: Mapping[str, SqlValue]) -> str:
    assert document.number is not None
    number = document.number
    statement = call(
        desk.names.object(number.procedure), given, [(number.output, "varchar(21)"), (_STATE, "int")]
    )
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with desk.pool.lane() as lane, lane.transaction():
                [row] = lane.rows(statement, call=True)
        except SqlFailed as failed:
            # A lost answer has at most used a number up; the next one is as good.
            if not (failed.passing or failed.unsure) or attempt == ATTEMPTS:
                raise desk.told(failed) from None
            continue
        state, drawn = row[2] or row[0], str(row[1] or "").rstrip()
        if state or not drawn:
            numbers = (int(str(state)),) if state else ()
            raise refusals.error(Refused(number.procedure, numbers), document.title, {})
        return drawn
    raise AssertionError
