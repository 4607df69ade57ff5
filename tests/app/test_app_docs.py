"""The documents are what the code says: every setting, every error code, the schemas, the words of flows."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from gp365.model.error_catalogue import CATALOGUE
from gp365.model.flow_file import FieldFile, FlowFile, MatchFile, SideFile, ThroughFile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_docs", ROOT / "tools" / "write_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_and_schemas_are_up_to_date(tool: ModuleType) -> None:
    assert [str(path.relative_to(ROOT)) for path in tool.stale()] == []


def test_every_setting_is_in_the_documents(tool: ModuleType) -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    documented = {model for _, model in tool.TABLES.values()}
    assert set(tool.kinds()) <= documented
    for model in documented:
        for name, field in model.model_fields.items():
            assert name == "kind" or (f"| `{field.alias or name}` |" in page and field.description), name


def test_every_error_code_is_in_the_documents_with_a_fix() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    for code, entry in CATALOGUE.items():
        assert f"| `{code}` |" in page
        assert entry.meaning.endswith(".")
        assert entry.fix


def test_every_code_that_is_raised_is_in_the_catalogue() -> None:
    raised = re.compile(
        r"(?:Misconfigured|Unauthorised|Retry|Rejected|Conflict|Bug|Unfit|CallFailed|Problem|ExpressionError)"
        r"\(\s*\"([a-z0-9-]+)\""
    )
    sources = (ROOT / "src" / "gp365").rglob("*.py")
    found = {code for source in sources for code in raised.findall(source.read_text("utf-8"))}
    assert len(found) > 40
    assert found - set(CATALOGUE) == set()


def test_the_schemas_are_json_schemas() -> None:
    for name in ("settings", "flow"):
        schema = json.loads((ROOT / "docs" / "json" / f"{name}.schema.json").read_text("utf-8"))
        assert schema["type"] == "object"
        assert schema["properties"]


@pytest.mark.parametrize("model", [FlowFile, SideFile, MatchFile, ThroughFile, FieldFile])
def test_every_word_of_a_flow_is_in_the_documents(model: type[BaseModel]) -> None:
    page = (ROOT / "docs" / "flows.md").read_text("utf-8")
    for name in model.model_fields:
        assert f"`{name}`" in page, name
