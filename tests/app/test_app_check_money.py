"""The check of amounts, currencies and roll-ups, before anything is asked."""

from __future__ import annotations

import pytest

from app.app_folder import FLOW, Folder, field, sales_entities
from gp365.app.effective import FlowFinding

ROLLUP = """\
rollups:
  grants: {sum: limit, currency: functional_currency, through: parent, side: sales, entity: account, to: grants}
"""
ROWS = """\
  limit: {gp: Limit, sales: limit, owner: gp}
  parent: {gp: Class, sales: parent, owner: gp, ref: firms}
"""


def findings(folder: Folder, flow: str) -> list[FlowFinding]:
    """Check a flow between systems that have a converted amount, a currency and a parent too."""
    entities = sales_entities()
    entities["account"]["fields"] += [
        field("limit_base", type="money", length=None, decimals=4, writable="never"),
        field("home_base"),
        field("currency", type="reference", length=36, target="currency"),
        field("parent", type="reference", length=36, target="account"),
        field("grants", length=400),
    ]
    folder.entities("sales", entities)
    folder.write("flows/firms.yaml", flow)
    with folder.assembly() as assembly:
        found = [one for prepared in assembly.flows("main") for one in prepared.findings]
        assembly.project.close()
    return found


def only(folder: Folder, flow: str) -> FlowFinding:
    [found] = findings(folder, flow)
    return found


def test_a_column_that_dataverse_converts_by_itself_is_refused_by_name(folder: Folder) -> None:
    found = only(folder, FLOW + "  limit: {gp: Limit, sales: limit_base, owner: sales}\n")
    assert (found.code, found.row, found.value) == ("flow-field", "limit", "limit_base")
    assert "exchange rate" in found.message
    assert found.fix.startswith("Name limit,")
    assert f"line {len(FLOW.splitlines()) + 1}" in found.where


def test_a_text_that_only_ends_like_a_converted_amount_is_no_fault(folder: Folder) -> None:
    assert findings(folder, FLOW + "  home: {gp: Contact, sales: home_base, owner: gp}\n") == []


def test_a_currency_needs_the_tables_that_say_what_it_means(folder: Folder) -> None:
    row = "  currency: {gp: Class, sales: currency, owner: gp, convert: gp_currency}\n"
    found = only(folder, FLOW + row)
    assert (found.code, found.value) == ("lookup-invalid", "currencies")
    folder.write("lookups/currencies.csv", "currency,sales\nUSD,11111111-1111-4111-8111-111111111111\n")
    assert findings(folder, FLOW + row) == []
    folder.write("lookups/gp_currencies.csv", "gp,meaning\nZ-US$,USD\n")
    found = only(folder, FLOW + row)
    assert (found.code, found.value) == ("lookup-invalid", "iso")
    assert "gp_currencies.csv" in found.fix


def test_a_sound_roll_up_has_no_findings(folder: Folder) -> None:
    assert findings(folder, FLOW + ROWS + ROLLUP) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "value"),
    [
        ("sum: limit", "sum: amount", "flow-invalid", "amount"),
        ("currency: functional_currency", "currency: money", "flow-invalid", "money"),
        ("through: parent", "through: name", "flow-invalid", "name"),
        ("through: parent", "through: owner", "flow-invalid", "owner"),
        ("to: grants", "to: limit", "flow-field", "limit"),
        ("to: grants", "to: seen", "flow-field", "seen"),
        ("to: grants", "to: gp365_limits", "not-provisioned", "gp365_limits"),
        ("entity: account", "entity: firm", "entity-unknown", "firm"),
    ],
)
def test_a_roll_up_that_cannot_be_is_refused_by_what_is_wrong(
    folder: Folder, old: str, new: str, code: str, value: str
) -> None:
    assert old in ROLLUP
    found = only(folder, FLOW + ROWS + ROLLUP.replace(old, new))
    assert (found.code, found.value) == (code, value)
