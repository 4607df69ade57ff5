"""Reading back what was written to GP: from the list where writes go to single objects, one by one where it is long."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from gp_place import Place, place

FIELDS = ["CustomerNumber", "CustomerName", "CreditLimitAmount", "BillTo.City", "ShipTo.City"]


@pytest.fixture
def gp(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path, single_limit=5) as found:
        yield found


def scanned(gp: Place) -> list[tuple[str, ...]]:
    return [record.key for page in gp.connector.scan("customer", FIELDS) for record in page]


def test_a_short_list_is_read_anew_for_a_few_records(gp: Place) -> None:
    keys = scanned(gp)
    before = gp.connector.tally().requests
    found = gp.connector.read_aside("customer", keys[:3], FIELDS)
    assert list(found) == keys[:3] and gp.connector.tally().requests - before == 2
    singly = gp.connector.get("customer", keys[:3], FIELDS, fresh=True)
    assert {key: record.values for key, record in found.items()} == {
        key: record.values for key, record in singly.items()
    }


def test_addresses_are_not_read_where_no_field_of_theirs_is_wanted(gp: Place) -> None:
    keys = scanned(gp)
    before = gp.connector.tally().requests
    assert len(gp.connector.read_aside("customer", keys[:3], ["CustomerName"])) == 3
    assert gp.connector.tally().requests - before == 1


def test_a_list_of_unknown_length_is_left_alone_for_a_few_records(gp: Place) -> None:
    keys = scanned(gp)
    gp.connector.begin_run()
    before = gp.connector.tally().requests
    assert len(gp.connector.read_aside("customer", keys[:1], ["CustomerName"])) == 1
    assert gp.connector.tally().requests - before == 1
    before = gp.connector.tally().requests
    assert len(gp.connector.read_aside("customer", keys[:9], ["CustomerName"])) == 9
    assert gp.connector.tally().requests - before == 1


def test_a_plain_entity_is_read_back_too(gp: Place) -> None:
    [terms, *_] = [
        record for page in gp.connector.scan("payment_terms", ["PaymentTermsID"]) for record in page
    ]
    found = gp.connector.read_aside("payment_terms", [terms.key], ["PaymentTermsID"])
    assert found[terms.key].values == terms.values
