"""The check of flows against both systems: every fault with file and line, before anything is asked."""

from __future__ import annotations

import pytest

from app.app_folder import FLOW, Folder, gp_entities, sales_entities
from gp365.app.effective import FlowFinding
from gp365.model.contract import Level
from gp365.model.errors import Misconfigured


def findings(folder: Folder, old: str = "", new: str = "") -> list[FlowFinding]:
    """Check the flow with one text replaced."""
    folder.flow(old, new)
    with folder.assembly() as assembly:
        found = [one for flow in assembly.flows("main") for one in flow.findings]
        assembly.project.close()
    return found


def only(folder: Folder, old: str, new: str) -> FlowFinding:
    found = findings(folder, old, new)
    assert len(found) == 1, found
    return found[0]


def line_of(text: str) -> str:
    number = next(number for number, line in enumerate(FLOW.splitlines(), 1) if text in line)
    return f"flows/firms.yaml, line {number}"


def test_a_sound_flow_has_no_findings_and_can_run(folder: Folder) -> None:
    assert findings(folder) == []
    with folder.assembly() as assembly:
        [job] = assembly.jobs("main")
        assert (job.pair, job.flow.name, job.company) == ("main", "firms", "TWO")
        assert job.compiled.context.time_zone == "America/Chicago"
        assembly.project.close()


def test_an_unknown_field_is_named_with_line_value_and_the_nearest_one(folder: Folder) -> None:
    found = only(folder, "gp: Country, sales", "gp: Contry, sales")
    assert (found.code, found.row, found.value) == ("flow-field", "country", "Contry")
    assert found.fix == "Did you mean Country?"
    assert found.where == line_of("  country: {gp")


def test_a_flow_with_a_fault_never_runs(folder: Folder) -> None:
    folder.flow("gp: Name, sales: name", "gp: Nam, sales: name")
    with folder.assembly() as assembly, pytest.raises(Misconfigured) as caught:
        assembly.jobs("main")
    assert caught.value.code == "flow-field"
    assert line_of("  name: {gp") in caught.value.message


def test_a_row_that_would_write_a_read_only_field_is_refused(folder: Folder) -> None:
    found = only(folder, "owner: sales, may_clear", "owner: ask, may_clear")
    assert (found.code, found.row, found.value) == ("flow-field", "contact", "person")


def test_values_of_two_kinds_cannot_be_compared(folder: Folder) -> None:
    found = only(folder, "  contact:", "  limit: {gp: Limit, sales: mail, owner: gp}\n  contact:")
    assert (found.code, found.row) == ("flow-invalid", "limit")
    assert "number on gp and text on sales" in found.message


def test_an_unknown_converter_is_named(folder: Folder) -> None:
    found = only(folder, "convert: country", "convert: contry")
    assert (found.code, found.value) == ("flow-invalid", "contry")
    assert "country" in found.fix


def test_fields_that_are_read_as_one_are_never_written_from_one(folder: Folder) -> None:
    row = "  both: {gp: [Number, Name], sales: mail, owner: OWNER, convert: joined}\n  contact:"
    assert findings(folder, "  contact:", row.replace("OWNER", "gp")) == []
    found = [one.code for one in findings(folder, "  contact:", row.replace("OWNER", "ask"))]
    assert "flow-invalid" in found


def test_an_unknown_owner_is_named(folder: Folder) -> None:
    found = only(folder, "owner: sales, may_clear", "owner: crm, may_clear")
    assert (found.code, found.value) == ("flow-invalid", "crm")


def test_an_unknown_lookup_is_named(folder: Folder) -> None:
    found = only(
        folder, "  contact:", "  grade: {gp: Class, sales: mail, owner: gp, lookup: grades}\n  contact:"
    )
    assert (found.code, found.value) == ("lookup-invalid", "grades")
    assert "lookups/grades.csv" in found.fix


def test_a_lookup_without_a_column_for_a_side_is_named(folder: Folder) -> None:
    folder.write("lookups/grades.csv", "gp,crm\nA,1\n")
    found = only(
        folder, "  contact:", "  grade: {gp: Class, sales: mail, owner: gp, lookup: grades}\n  contact:"
    )
    assert (found.code, found.value) == ("lookup-invalid", "sales")


def test_a_reference_to_a_flow_that_does_not_run_is_refused(folder: Folder) -> None:
    found = only(
        folder, "  contact:", "  parent: {gp: Class, sales: mail, owner: gp, ref: customers}\n  contact:"
    )
    assert (found.code, found.value) == ("flow-unknown", "customers")


def test_a_condition_that_cannot_be_read_is_named_with_its_line(folder: Folder) -> None:
    found = only(folder, "kind === 3", "kind === ")
    assert found.code == "flow-condition"
    assert found.where == line_of("sales: {entity")


def test_a_computed_value_that_cannot_be_read_is_named(folder: Folder) -> None:
    found = only(folder, 'on_create: "3"', 'on_create: "3 +"')
    assert (found.code, found.row) == ("flow-condition", "kind")


def test_a_condition_that_names_no_field_is_refused(folder: Folder) -> None:
    found = only(folder, "kind === 3", "knd === 3")
    assert (found.code, found.where) == ("flow-condition", line_of("sales: {entity"))
    assert "knd" in found.message
    assert "kind" in found.fix


def test_a_condition_that_names_no_option_is_refused(folder: Folder) -> None:
    found = only(folder, "kind === 3", "kind === 3 || options.vpi")
    assert (found.code, found.value, found.fix) == ("flow-condition", "vpi", "Did you mean vip?")


def test_a_computed_value_sees_the_other_sides_record_and_no_more(folder: Folder) -> None:
    assert findings(folder, "country || '(none)'", "kind || '(none)'") == []
    found = only(folder, 'on_create: "3"', 'on_create: "kind"')
    assert (found.code, found.row) == ("flow-condition", "kind")


def test_a_lookup_that_a_computed_value_names_must_be_there(folder: Folder) -> None:
    found = only(folder, "lookup('class_by_country'", "lookup('clas_by_country'")
    assert (found.code, found.row, found.value) == ("lookup-invalid", "class", "clas_by_country")


def test_a_flow_that_would_create_outside_its_own_condition_is_refused(folder: Folder) -> None:
    found = only(folder, 'on_create: "3"', 'on_create: "8"')
    assert (found.code, found.level) == ("outside-condition", Level.ERROR)
    assert "kind = 8" in found.message


def test_a_condition_over_fields_that_come_from_the_other_side_is_left_to_the_run(folder: Folder) -> None:
    assert findings(folder, "kind === 3", "kind === 3 && country === 'US'") == []


def test_a_condition_over_a_field_that_we_never_write_is_refused(folder: Folder) -> None:
    folder.flow("kind === 3", "kind === 3 && seen === 'yes'")
    text = (folder.path / "flows" / "firms.yaml").read_text("utf-8")
    folder.write("flows/firms.yaml", text + "  seen: {sales: seen, read_only: true}\n")
    with folder.assembly() as assembly:
        [found] = [one for flow in assembly.flows("main") for one in flow.findings]
    assert found.code == "outside-condition"


def test_an_option_can_open_a_condition(folder: Folder) -> None:
    folder.settings('flows = ["firms"]', 'flows = ["firms"]\n[pairs.main.options]\nvip = true')
    assert findings(folder, "kind === 3", "kind === 3 && options.vip") == []


def test_a_required_field_that_nothing_fills_is_refused(folder: Folder) -> None:
    entities = sales_entities()
    entities["account"]["fields"].append({"name": "region", "length": 10, "required": True})
    folder.entities("sales", entities)
    found = findings(folder)
    assert [(one.code, one.value) for one in found] == [("required-missing", "region")]


def test_a_side_that_serves_no_creates_is_not_created_on(folder: Folder) -> None:
    entities = gp_entities()
    entities["customer"]["creates"] = False
    folder.entities("gp", entities)
    assert [one.code for one in findings(folder)] == ["not-served"]


def test_a_row_that_is_not_served_is_left_out_aloud(folder: Folder) -> None:
    row = "  mail: {gp: Mail, sales: mail, owner: sales, may_clear: false}\n"
    found = only(folder, "  contact:", f"{row}  contact:")
    assert (found.code, found.level, found.row, found.value) == ("not-served", Level.NOTE, "mail", "Mail")
    with folder.assembly() as assembly:
        [job] = assembly.jobs("main")
        assert "mail" not in job.flow.by_name
        assert "Mail" not in job.left.fields
        assembly.project.close()


def test_a_flow_that_matches_by_a_field_that_is_not_served_does_not_run(folder: Folder) -> None:
    folder.flow("same: [number, name]", "same: [number, mail]")
    text = (folder.path / "flows" / "firms.yaml").read_text("utf-8")
    folder.write("flows/firms.yaml", text + "  mail: {gp: Mail, sales: mail, owner: sales}\n")
    with folder.assembly() as assembly:
        found = [one for flow in assembly.flows("main") for one in flow.findings]
    assert ("not-served", Level.ERROR) in [(one.code, one.level) for one in found]


def test_a_matching_rule_names_rows(folder: Folder) -> None:
    found = only(folder, "alone: [number]", "alone: [nmber]")
    assert (found.code, found.where) == ("flow-invalid", line_of("alone:"))


def test_a_row_behind_an_option_is_there_only_while_it_is_on(folder: Folder) -> None:
    row = "  mail: {sales: mail, read_only: true, option: vip}\n"
    folder.flow("  contact:", f"{row}  contact:")
    with folder.assembly() as assembly:
        assert "mail" not in assembly.jobs("main")[0].flow.by_name
        assembly.project.close()
    folder.settings('flows = ["firms"]', 'flows = ["firms"]\n[pairs.main.options]\nvip = true')
    with folder.assembly() as assembly:
        assert "mail" in assembly.jobs("main")[0].flow.by_name
        assembly.project.close()


@pytest.mark.parametrize(
    ("option", "fix"), [("vpi = true", "Did you mean vip?"), ("vip = 3", ""), ("grade = false", "")]
)
def test_an_option_that_no_flow_has_or_of_another_kind_is_refused(
    folder: Folder, option: str, fix: str
) -> None:
    folder.settings('flows = ["firms"]', f'flows = ["firms"]\n[pairs.main.options]\n{option}')
    with folder.assembly() as assembly, pytest.raises(Misconfigured) as caught:
        assembly.flows("main")
    assert caught.value.code == "settings-invalid"
    assert fix in caught.value.fix


def test_a_pair_or_flow_that_there_is_not_is_named(folder: Folder) -> None:
    with folder.assembly() as assembly:
        with pytest.raises(Misconfigured) as pair:
            assembly.jobs("mian")
        with pytest.raises(Misconfigured) as flow:
            assembly.jobs("main", only="customers")
    assert (pair.value.code, flow.value.code) == ("pair-unknown", "flow-unknown")


def test_a_flow_without_a_column_of_the_pair_is_refused(folder: Folder) -> None:
    folder.flow("  sales: {entity", "  bc: {entity")
    with folder.assembly() as assembly, pytest.raises(Misconfigured, match="no side sales"):
        assembly.flows("main")
