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

    scheme: Literal["name", "account_number", "account_id", "given"]
    name: str = ""
    account_number: str = ""


class RequiredByFile(_Strict):
    """Fields that a new record needs by the value of one of its rows, such as what a GP class leaves to each customer."""

    row: str = Field(description="canonical field whose value is looked up, such as class")
    lookup: str = Field(description="lookup table: from the value to wire fields, joined by ;")


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
    route: str = Field(
        "",
        description="JavaScript value over canonical fields: the company (or companies, joined by ;) that a new record "
        "of this side belongs to. Another company's is left out; none parks it. Linked records are never routed",
    )
    required_by: RequiredByFile | None = None
    by_hand: str = Field(
        "",
        description="beside `create`: what a person is told who is to make the record, where the system takes none over the "
        "channel at hand; each such record is then a task instead of a refusal",
    )
    gone: Literal["", "ask", "ignore"] = Field(
        "",
        description="what becomes of a link whose record is gone on this side; else what `events` says of both",
    )


class MatchFile(_Strict):
    """One rule of matching. `same` links; `alone` never links: what agrees on it alone is parked for a person."""

    same: list[str] | None = None
    unless: list[str] = Field(
        default=[],
        description="beside `same`: if of these fields those that both records have all differ, they are not linked but "
        "parked; for a street all lines of its group are compared, and spelling does not count",
    )
    alone: list[str] | None = None
    similar: dict[str, float] | None = Field(
        None,
        description="canonical fields and how alike (0 to 1) each must be; what passes is only suggested to a person",
    )
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
    option: str = Field(
        "",
        description="the row is there only while these options hold: NAME (set) or NAME=VALUE, blanks between",
    )
    required: bool = Field(False, description="a record is not created without it; it waits or is parked")
    may_clear: bool | None = None
    along: bool = Field(
        False,
        description="with one owner: written on create and whenever another field of the record is written there, but no "
        "reason by itself to write; what somebody changes on the other side is put back",
    )
    long: Literal["cut", "park"] | None = None
    in_currency: str = Field(
        "",
        description="canonical field with the target record's currency, which must be the source record's (the same field "
        "there) or the company's functional one; elsewhere a mirror takes its own figure back and any other is left alone",
    )
    group: Literal[True] | None = None
    fields: dict[str, FieldFile] | None = None


class ChildFile(_Strict):
    """A set of child rows (lines of a document); not used by the shipped flows yet."""

    entity: dict[str, str]
    match: list[MatchFile] = []
    fields: dict[str, FieldFile] = {}


Policy = Literal["ignore", "hold", "inactivate", "ask"]


class EventsFile(_Strict):
    """What becomes of a link when one of its records is renumbered, merged, deactivated, deleted, or leaves the condition.

    ask: a person decides. ignore: nothing is written (after `gone` the link is closed for good). hold, inactivate: the
    other side's record is put on hold or made inactive by the rows named here. retire: the record that is left is made
    inactive and stays linked, so that it is in use again when the other one comes back under its key. follow: the link goes
    along by itself. keep: nothing follows.
    """

    renumbered: Literal["follow", "ask"] = "follow"
    merged: Literal["follow", "ask"] = "follow"
    gone: Policy | Literal["retire"] = "ask"
    deactivated: Policy = "ask"
    left_scope: Literal["keep", "hold", "inactivate", "ask"] = "keep"
    apart: Literal["keep", "ask"] = Field(
        default="keep",
        description="ask: linked records that agree by no rule of `same` any more are left alone, and a person is told",
    )
    inactive: str = Field(
        default="", description="the row that holds whether a record is inactive, on both sides"
    )
    hold: str = Field(default="", description="the row that holds whether a record is on hold, on both sides")


class GuardFile(_Strict):
    """A limit: so many records, or so many percent of the flow's links, whichever is reached later.

    A 0 leaves its part out; both 0 switch the guard off.
    """

    count: int = Field(default=50, ge=0)
    percent: float = Field(default=20.0, ge=0, le=100)
    absolute: int = Field(
        default=0, ge=0, description="stops at so many whatever the percentage; 0: no such limit"
    )


class GuardsFile(_Strict):
    """Limits that stop an avalanche, counted over a rolling window that spans runs."""

    window_hours: float = Field(default=24.0, gt=0)
    creates: GuardFile = GuardFile()
    updates: GuardFile = GuardFile()
    clears: GuardFile = GuardFile(count=20, percent=5.0)
    gone: GuardFile = GuardFile(count=20, percent=5.0)
    loop_writes: int = Field(
        default=3, ge=1, description="the same value written so often to a field is a loop"
    )
    loop_hours: float = Field(default=24.0, gt=0)


FUNCTIONAL = "functional_currency"
"""Instead of a canonical field: the company's functional currency, from the settings."""


class UnlimitedFile(_Strict):
    """A value of a row that says that the amount has no bound, such as GP's credit limit type 1."""

    row: str
    value: int


class AmountFile(_Strict):
    """A money field of a shared record that shows a roll-up's sum where all of it is in that record's own currency."""

    to: str = Field(description="wire money field of the shared record")
    in_currency: str = Field(description="wire field with the shared record's currency")


class RollupFile(_Strict):
    """A one-way field of a shared record: what every linked company contributes, summed per currency.

    An empty amount contributes nothing, one that cannot be read makes the sum unknown: then it is not written.
    """

    sum: str = Field(description="canonical field with the amount that this flow's record contributes")
    currency: str = Field(
        description="canonical field with the amount's currency (ISO), or functional_currency: the company's own"
    )
    unlimited: UnlimitedFile | None = Field(
        None, description="row and value that say that there is no bound; the sum is then the word unlimited"
    )
    through: str = Field(description="canonical field that names the shared record (a ref)")
    side: str
    entity: str
    to: str = Field(description="wire text field of the shared record: one amount per currency")
    amount: AmountFile | None = Field(
        None,
        description="money field that shows the sum, too, where it is in one currency and the shared record in the same; "
        "elsewhere it is empty",
    )


class OrderCardFile(_Strict):
    """The record of ours through which an order names the other side's: its table, and where its company stands."""

    entity: str
    company: str = Field("", description="wire field with the company; another company's orders are not ours")


class OrderStatesFile(_Strict):
    """The values of the row `state`. Any other value but `draft` and none is an end that people gave it."""

    draft: int
    asked: int
    approved: int
    refused: int
    done: int
    failed: int


class OrderFile(_Strict):
    """Records of one side are orders: each changes the record of the other side that it names, once, if it is approved.

    The rows that the orders' side owns are what is ordered; all others are named here and read_only. What people change
    on the other side afterwards is theirs.
    """

    side: str
    names: str = Field(description="canonical field (a ref) by which an order names the other side's record")
    card: OrderCardFile
    state: str
    states: OrderStatesFile
    asked_by: str = Field(description="canonical field with the user who made the order")
    changed_by: str = Field(description="canonical field with the user who saved it last: who approves it")
    approved_by: str = Field(description="canonical text field in which stands who approved")
    message: str = Field(description="canonical text field in which people are told why nothing is written")
    company: str = Field("", description="canonical field in which the pair's company is shown")
    amount: str = Field(description="canonical field with the amount that is asked for")
    kind: str = Field(description="canonical field with the kind of amount that is asked for")
    amount_kind: int = Field(description="the kind that needs an amount, such as GP's credit limit type 2")
    unbounded: list[int] = Field(
        default=[], description="kinds without a bound: only an approver without one lets them go"
    )
    nothing: list[int] = Field(default=[], description="kinds that carry no amount and need none")
    threshold: str = Field(
        description="option: up to this amount a change of the amount alone needs no approval"
    )
    approvers: str = Field(
        description="lookup with the columns approver (user id, or *) and up_to (amount, or empty)"
    )
    blocked: str = Field(
        "", description="canonical field of the other side that stops the order while it is true"
    )
    before: dict[str, str] = Field(
        default={}, description="ordered field to the field that shows what stood there when it was asked for"
    )
    after: dict[str, str] = Field(
        default={}, description="field of the other side to the field that shows it once the order is done"
    )


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
    events: EventsFile = EventsFile()
    guards: GuardsFile = GuardsFile()
    rollups: dict[str, RollupFile] = {}
    children: dict[str, ChildFile] = {}
    order: OrderFile | None = None


MatchFile.model_rebuild()
FieldFile.model_rebuild()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a flow file."""
    return FlowFile.model_json_schema()
