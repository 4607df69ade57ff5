"""Add-ons of a site over SQL: what they would make wrong is refused before anything is sent, and reading stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from gp_sql_place import SqlPlace, sql_place

from gp365.model.contract import Level
from gp365.model.errors import Misconfigured
from gp365.model.record import Op, Write

PRICE = Write(Op.UPDATE, ("100XLG", "Z-US$", "RETAIL", "Each", "999999999999.00000"), {"UnitPrice": 1})
ORDER = Write(Op.CREATE, ("2", "ORD9001"), {"CustomerNumber": "AARONFIT0001"})


def price_sheet(here: SqlPlace) -> None:
    """Let somebody keep a price sheet in GP."""
    here.system.world.company.add("SOP10110", {"PRCSHID": "SUMMER", "DESCEXPR": "Summer prices", "ACTIVE": 1})


def test_prices_and_sales_documents_are_refused_where_extended_pricing_is_in_use(tmp_path: Path) -> None:
    with sql_place(tmp_path) as here:
        price_sheet(here)
        for entity, write in (("price_list", PRICE), ("sales_document", ORDER)):
            with pytest.raises(Misconfigured) as refused:
                here.connector.write(entity, [write])
            assert (refused.value.code, refused.value.value) == ("not-served", entity)
            assert "Extended Pricing is in use (SOP10110 has rows)" in refused.value.message
            assert "out of the pair" in refused.value.fix
        with pytest.raises(Misconfigured, match="Extended Pricing"):
            here.connector.draw("sales_document", {"DocumentType": 2, "DocumentID": "STDORD"})
        assert not any("EXEC" in text for text in here.asked())


def test_with_extended_pricing_prices_are_still_read_and_customers_written(tmp_path: Path) -> None:
    with sql_place(tmp_path) as here:
        price_sheet(here)
        read = [record for page in here.connector.scan("price_list", ["ItemNumber"]) for record in page]
        assert read
        assert here.create("SHEET1", {"CustomerName": "Has a price sheet"}).error is None
        assert here.row("RM00101", "SHEET1") is not None


def test_a_site_without_add_ons_is_asked_for_them_only_where_one_could_matter(tmp_path: Path) -> None:
    with sql_place(tmp_path) as here:
        here.create("PLAIN1", {"CustomerName": "Plain"})
        assert not any("SOP10110" in str(each) for each in here.sql.server.record.after(0))
        [outcome] = here.connector.write("price_list", [PRICE])
        assert any("SOP10110" in str(each) for each in here.sql.server.record.after(0))
        assert outcome.error is not None and "Extended Pricing" not in outcome.error.message


def test_an_add_on_that_begins_is_seen_by_the_next_run(tmp_path: Path) -> None:
    with sql_place(tmp_path) as here:
        here.connector.write("price_list", [PRICE])
        price_sheet(here)
        here.connector.begin_run()
        with pytest.raises(Misconfigured):
            here.connector.write("price_list", [PRICE])


def test_doctor_names_the_tables_and_what_is_not_written(tmp_path: Path) -> None:
    with sql_place(tmp_path) as here:
        price_sheet(here)
        [found] = [each for each in here.connector.check() if each.subject == "Extended Pricing"]
        assert found.level is Level.NOTE and found.facts["table"] == "SOP10110"
        assert "Not written over SQL because of it: price_list, sales_document" in found.text
