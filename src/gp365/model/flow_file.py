"""The words of a flow file, as data: what a YAML file may say, with the JSON Schema that is shipped for editors.

Parsing YAML, merging a site's overrides and line numbers are the loader's affair (app). Here stands only the grammar.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SIDES = ("gp", "sales", "fno", "bc")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class NumberFile(_Strict):
    """How the key of a record that we create is drawn: a scheme and the canonical fields it reads."""

    scheme: Literal["name", "account_number", "account_id"]
    name: str = ""
    account_number: str = ""


class SideFile(_Strict):
    """One side of the flow: an entity of its system, what may be written, and which records enter."""

    entity: str
    create: bool = False
    update: bool = False
    when: str = Field(
        "", description="JavaScript condition over canonical fields; a record that fails it is left out"
    )
    number: NumberFile | None = None
    company: str = Field(
        "", description="wire field that holds the pair's company; other companies' records are not ours"
    )


class MatchFile(_Strict):
    """One rule of matching. `same` links; `alone` never links: what agrees on it alone is parked for a person."""

    same: list[str] | None = None
    alone: list[str] | None = None
    similar: dict[str, float] | None = None
    through: ThroughFile | None = None


class ThroughFile(_Strict):
    """Match by a record that we wrote earlier and that names both ends, such as a GP customer's card in Dataverse."""

    side: str
    entity: str
    company: str = ""
    field: str
    names: str = Field(description="canonical field of the other side's record whose value `field` holds")
    to: str = Field(description="wire field with the key of this side's record")


class FieldFile(_Strict):
    """One row: a canonical field, and its wire field on each side."""

    gp: str | list[str] | None = None
    sales: str | list[str] | None = None
    fno: str | list[str] | None = None
    bc: str | list[str] | None = None
    owner: str = ""
    convert: str = ""
    lookup: str = ""
    ref: str = Field(
        "", description="flow whose link the value refers to: each side holds its own key of that record"
    )
    on_create: str = Field("", description="JavaScript value, written once when the record is created")
    constant: Any = Field(None, description="a fixed value on the side named, such as the company")
    create_only: bool = False
    read_only: bool = False
    option: str = Field("", description="the row is there only while this option of the flow is true")
    required: bool = Field(False, description="a record is not created without it; it waits or is parked")
    may_clear: bool | None = None
    long: Literal["cut", "park"] | None = None
    group: Literal[True] | None = None
    fields: dict[str, FieldFile] | None = None


class ChildFile(_Strict):
    """A set of child rows (lines of a document); not used by the shipped flows yet."""

    entity: dict[str, str]
    match: list[MatchFile] = []
    fields: dict[str, FieldFile] = {}


class FlowFile(_Strict):
    """A flow file, format 1."""

    format: Literal[1]
    flow: str
    title: str = ""
    sides: dict[str, SideFile]
    first_contact: str = Field("ask", description="a side, or ask")
    after: list[str] = Field(default=[], description="flows that run before this one")
    needs: list[str] = Field(default=[], description="flows that come along whenever this one is chosen")
    options: dict[str, Any] = Field(
        default={}, description="named settings that expressions read as options.NAME"
    )
    match: list[MatchFile] = []
    fields: dict[str, FieldFile]
    children: dict[str, ChildFile] = {}


MatchFile.model_rebuild()
FieldFile.model_rebuild()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a flow file."""
    return FlowFile.model_json_schema()
