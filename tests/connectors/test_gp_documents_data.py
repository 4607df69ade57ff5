"""The data files of documents: what they name is there, in eConnect's spelling, in GP's tables, and in each other."""

from __future__ import annotations

import pytest

from gp365.connectors.gp.documents import Document, document_of, documents, step_fields, written_within
from gp365.connectors.gp.sql.document_rows import row_fields
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.writing import CALLS
from gp365.connectors.gp.tables import NAMES, entity_named
from gp365.model.entity import FieldType
from gp365_sim.gp.econnect import signatures
from gp365_sim.gp.periods import FLAGS, ORIGINS
from gp365_sim.gp.tables import tables

EACH = pytest.mark.parametrize("document", documents(), ids=lambda each: each.entity)


@EACH
def test_every_element_of_a_call_is_a_parameter_in_its_own_spelling(document: Document) -> None:
    for step in document.steps:
        known = {each.name.removeprefix("@I_v") for each in signatures()[step.procedure]}
        named = {
            *step.same,
            *step.sets,
            *step.update_sets,
            *step.keeps,
            *step_fields(document, step).values(),
        }
        assert named <= known, named - known
        assert {step.mark, step.switch} - {""} <= known


@EACH
def test_every_parameter_without_a_default_is_filled(document: Document) -> None:
    required = {
        name for name, each in entity_named(document.entity).fields.items() if each.description.required
    }
    for step in document.steps:
        wanted = {
            each.name.removeprefix("@I_v")
            for each in signatures()[step.procedure]
            if each.required and not each.output
        }
        fields = entity_named(step.entity).fields
        own = {
            element
            for name, element in step_fields(document, step).items()
            if fields[name].description.required
        }
        worked_out = {"DOCAMNT", "GLPOSTDT"}  # documents_totals
        given = {element for element, of in step.same.items() if of in required or isinstance(of, int)}
        assert wanted <= given | own | worked_out | set(step.sets), (step.procedure, wanted - given - own)


@EACH
def test_tables_columns_and_fields_that_are_named_are_there(document: Document) -> None:
    entity, held = entity_named(document.entity), tables()
    assert set(document.lock) <= set(held[document.lock_table].place)
    assert {name for name in document.lock.values() if isinstance(name, str)} <= set(entity.fields)
    assert set(document.dates) <= set(entity.fields) and set(document.orphans) <= set(document.lists)
    for exchange in document.exchange:
        assert {*exchange.columns.values(), *exchange.only} <= set(held[exchange.table].place)
    for name, listing in document.lists.items():
        assert listing.entity in NAMES and row_fields(document.entity, name)
        assert {of for of in listing.by.values() if isinstance(of, str)} <= set(entity.key)
        assert set(listing.by) <= set(entity_named(listing.entity).fields)


@EACH
def test_series_flag_and_origin_of_a_period_belong_together(document: Document) -> None:
    if document.period is None:
        assert document.entity in ("purchase_order", "vendor", "vendor_address")
        return
    assert FLAGS[document.period.series] == document.period.flag
    [origin] = [each for each in ORIGINS.values() if each.name == document.period.origin]
    assert origin.series == document.period.series and origin.source == (document.batch or "RM_Apply")


@EACH
def test_an_amount_is_written_in_the_currency_in_which_it_is_read(document: Document) -> None:
    if document.entity != "sales_document":
        return
    for step in document.steps:
        fields = entity_named(step.entity).fields
        for name in step_fields(document, step):
            assert fields[name].description.type is not FieldType.MONEY or name.startswith("Originating"), (
                name
            )


def test_what_is_not_written_is_not_called_writable_and_what_is_is() -> None:
    for name in NAMES:
        entity, within = entity_named(name), name in written_within()
        writable = {each for each, field in entity.fields.items() if field.description.writable != "never"}
        if document_of(name) is not None:
            assert entity.creates and writable <= {
                each for each, field in entity.fields.items() if field.econnect
            }
        if within:
            assert not entity.creates and not entity.updates and source_of(name).not_written
            assert writable == {each for each, field in entity.fields.items() if field.econnect}
    assert set(CALLS) == {
        "customer",
        "customer_address",
        "customer_class",
        *(each.entity for each in documents()),
    }
