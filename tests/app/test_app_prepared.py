"""A flow is checked once while everything that the check looked at is the same, and at once again when anything is not."""

from __future__ import annotations

import pytest

from app.app_folder import Folder, sales_entities
from gp365.app.assembly import Assembly, PreparedFlow


def prepared(assembly: Assembly) -> PreparedFlow:
    assembly.begin_run("main")
    [flow] = assembly.flows("main")
    return flow


def codes(folder: Folder) -> list[str]:
    with folder.assembly() as assembly:
        found = [one.code for one in prepared(assembly).findings]
        assembly.project.close()
    return found


def test_a_run_after_another_has_the_same_flow_where_nothing_changed(folder: Folder) -> None:
    with folder.assembly() as assembly:
        first = prepared(assembly)
        assert prepared(assembly) is first
        assembly.renew("sales")
        assert prepared(assembly) is first
        assembly.project.close()


def test_a_column_that_has_gone_is_seen_by_the_next_run(folder: Folder) -> None:
    with folder.assembly() as assembly:
        assert prepared(assembly).errors == ()
        entities = sales_entities()
        entities["account"]["fields"] = [
            one for one in entities["account"]["fields"] if one["name"] != "country"
        ]
        folder.entities("sales", entities)
        assembly.renew("sales")
        gone = prepared(assembly)
        assert [one.code for one in gone.errors] == ["flow-field"] and gone.compiled is None
        folder.entities("sales", sales_entities())
        assembly.renew("sales")
        assert prepared(assembly).errors == ()
        assembly.project.close()


def test_a_limit_that_has_changed_is_planned_with(folder: Folder) -> None:
    with folder.assembly() as assembly:
        before = prepared(assembly)
        entities = sales_entities()
        entities["account"]["fields"][1]["length"] = 7
        folder.entities("sales", entities)
        assembly.renew("sales")
        after = prepared(assembly)
        assembly.project.close()
    assert after.entities_digest != before.entities_digest
    assert after.compiled is not None and after.compiled.right.fields["name"].length == 7


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gp365.toml", 'flows = ["firms"]\noptions = {grade = "C"}\n'),
        ("lookups/class_by_country.csv", "country,class\nUSA,HOME\n"),
    ],
)
def test_other_options_and_lookups_are_checked_anew(folder: Folder, name: str, text: str) -> None:
    with folder.assembly() as assembly:
        before = prepared(assembly)
        assembly.project.close()
    if name == "gp365.toml":
        folder.settings('flows = ["firms"]\n', text)
    else:
        folder.write(name, text)
    with folder.assembly() as assembly:
        after = prepared(assembly)
        assembly.project.close()
    assert before.compiled is not None and after.compiled is not None
    options = after.compiled.flow.options != before.compiled.flow.options
    lookups = dict(after.compiled.context.lookups) != dict(before.compiled.context.lookups)
    assert (options, lookups) == (name == "gp365.toml", name != "gp365.toml")


def test_a_flow_that_changes_and_changes_back_is_what_it_says_each_time(folder: Folder) -> None:
    assert codes(folder) == []
    folder.flow("gp: Name, sales: name", "gp: Nam, sales: name")
    assert "flow-field" in codes(folder)
    folder.flow()
    assert codes(folder) == []
