"""An organisation's answers to the byte: the same ones are the same table, any other one is read anew."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, place
from gp365.connectors.dataverse.described import table_in
from gp365.connectors.dataverse.metadata import questions


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path) as made:
        yield made


def said(sales: Place) -> list[bytes]:
    return sales.connector.api.read_texts(questions("account"))


def test_the_same_answers_are_the_same_table(sales: Place) -> None:
    assert table_in(said(sales)) is table_in(said(sales))
    described = sales.connector.entity("account")
    sales.connector.begin_run()
    assert sales.connector.entity("account") is described


def test_a_column_that_has_gone_is_gone_at_once(sales: Place) -> None:
    whole = said(sales)
    assert "telephone1" in table_in(whole).columns
    less = [text.replace(b'"LogicalName":"telephone1"', b'"LogicalName":"telephone9"') for text in whole]
    assert less != whole
    assert "telephone1" not in table_in(less).columns
    assert "telephone1" in table_in(whole).columns


def test_tracking_that_was_refused_shows_in_the_description(sales: Place) -> None:
    org = sales.connector.organisation
    assert sales.connector.entity("account").feed_sees_deletions
    org.allow_tracking(org.table("account"), allowed=False)
    assert not sales.connector.entity("account").feed_sees_deletions
    org.allow_tracking(org.table("account"))
    assert sales.connector.entity("account").feed_sees_deletions
