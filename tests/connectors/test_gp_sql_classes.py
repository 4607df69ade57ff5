"""New customer classes through eConnect: whole copies of a class that stands, made once, and never over another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp_sql_place import SqlPlace

from gp365.model.record import Op, Outcome, Status, Write

MODEL = "USA-ILMO-T1"
OWN = frozenset(
    {"CLASSID", "CLASDSCR", "NOTEINDX", "CREATDDT", "MODIFDT", "DEX_ROW_ID", "DEFLTCLS", "CSTPRLVL"}
)


def copy(here: SqlPlace, name: str, template: str = MODEL) -> Outcome:
    values = {"ClassDescription": "Made here", "TemplateClass": template}
    [outcome] = here.connector.write("customer_class", [Write(Op.CREATE, (name,), values)])
    return outcome


def unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {name for name in one if one[name] != other[name]} - OWN


def held(here: SqlPlace, name: str) -> dict[str, Any]:
    row = here.row("RM00201", name)
    assert row is not None
    return row


def test_a_copy_has_all_that_its_template_has_with_its_accounts_and_is_not_the_default_class(
    here: SqlPlace,
) -> None:
    account = max(int(str(row["ACTINDX"])) for row in here.system.world.rows("GL00105"))
    here.save("RM00201", MODEL, {"RMARACC": account, "RMSLSACC": account, "DEFLTCLS": 1, "FNCHPCNT": 150})
    made = copy(here, "copied")
    assert (made.status, made.key, made.error) == (Status.DONE, ("COPIED",), None)
    model, new = held(here, MODEL), held(here, "COPIED")
    assert unlike(model, new) == set() and new["RMARACC"] == account and new["FNCHPCNT"] == 150
    assert (model["DEFLTCLS"], new["DEFLTCLS"], str(new["CLASDSCR"]).strip()) == (1, 0, "Made here")
    customer = {"CustomerName": "First of its class", "CustomerClass": "COPIED", "BillTo.City": "Gary"}
    assert here.create("CLASSY1", customer).error is None
    assert held_customer(here, "CLASSY1")["RMARACC"] == account


def held_customer(here: SqlPlace, number: str) -> dict[str, Any]:
    row = here.row("RM00101", number)
    assert row is not None
    return row


def test_a_class_that_stands_is_never_overwritten(here: SqlPlace) -> None:
    before = held(here, "AUSTRALIA")
    met = copy(here, "AUSTRALIA")
    assert met.status is Status.EXISTS and met.record is not None
    assert met.record.values["PaymentTermsID"] == str(before["PYMTRMID"]).strip()
    assert held(here, "AUSTRALIA") == before


def test_a_template_that_is_not_there_makes_nothing_and_says_so(here: SqlPlace) -> None:
    refused = copy(here, "ODD", "NOWHERE")
    assert refused.status is Status.REJECTED and refused.error is not None
    assert "NOWHERE" in refused.error.message and refused.error.field == "TemplateClass"
    assert here.row("RM00201", "ODD") is None


def test_what_the_procedure_takes_no_word_of_is_named_in_the_answer(here: SqlPlace) -> None:
    here.save("RM00201", "EUROPE", {"SNDSTMNT": 1, "FINCHARG": 1})
    made = copy(here, "EUROPE-2", "EUROPE")
    assert made.status is Status.DONE and made.error is not None
    assert "SendStatement" in made.error.message and "FinanceCharge" in made.error.message
    assert held(here, "EUROPE-2")["PYMTRMID"] == held(here, "EUROPE")["PYMTRMID"]


def test_classes_are_made_over_sql_alone_and_never_changed(here: SqlPlace) -> None:
    described = here.connector.entity("customer_class")
    assert (described.creates, described.updates) == (True, False)
    assert described.fields["ClassDescription"].can("create")
    assert not described.fields["PaymentTermsID"].can("create")
