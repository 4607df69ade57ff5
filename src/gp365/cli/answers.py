"""What each command answers with --json: the types from which the schemas in docs/json are generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from gp365.app.actions.alerts import AlertsOut, AlertsTestOut
from gp365.app.actions.assess_outputs import AssessOut
from gp365.app.actions.demo import DemoOut
from gp365.app.actions.doctor import Doctor
from gp365.app.actions.flows import FlowList, FlowShown
from gp365.app.actions.gp_classes import ClassesDrafted
from gp365.app.actions.gp_help import HelpImported
from gp365.app.actions.init import Initialised
from gp365.app.actions.ledger_outputs import LedgerErased, LedgerExported, LedgerVerified
from gp365.app.actions.look_outputs import ExplainOut, HistoryOut, ParkedList, ParkedOut, RetryOut, StatusOut
from gp365.app.actions.outputs import ApplyOut, ErrorOut, PlanOut, SyncOut, UnkeptOut
from gp365.app.actions.provision import Provisioned
from gp365.app.actions.reconcile_outputs import KeyOut, ReconcileOut
from gp365.app.actions.replay_outputs import ReplayOut
from gp365.app.actions.requests import RequestDecided, RequestList
from gp365.app.actions.resolve_outputs import ResolveOut
from gp365.app.actions.secret import Rotated, SecretSet
from gp365.app.actions.undo_outputs import UndoOut
from gp365.app.actions.unkept import UnkeptList
from gp365.app.actions.webhooks import Webhooks
from gp365.app.actions.whatif import WhatifOut
from gp365.app.reports.checking import VerifyOut
from gp365.app.service.served import Served
from gp365.cli.documents import FlowsChecked, SecretList, SimulatorsRunning


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """What any command prints with --json when it ends by an error."""

    error: ErrorOut


ANSWERS: Mapping[str, type] = {
    "init": Initialised,
    "secret set": SecretSet,
    "secret list": SecretList,
    "secret rotate": Rotated,
    "doctor": Doctor,
    "provision plan": Provisioned,
    "provision apply": Provisioned,
    "provision remove": Provisioned,
    "flows list": FlowList,
    "flows show": FlowShown,
    "flows check": FlowsChecked,
    "assess": AssessOut,
    "plan": PlanOut,
    "apply": ApplyOut,
    "sync": SyncOut,
    "serve": Served,
    "worker": Served,
    "undo": UndoOut,
    "replay": ReplayOut,
    "status": StatusOut,
    "history": HistoryOut,
    "explain": ExplainOut,
    "whatif": WhatifOut,
    "parked list": ParkedList,
    "parked show": ParkedOut,
    "parked retry": RetryOut,
    "parked resolve": ResolveOut,
    "requests list": RequestList,
    "requests approve": RequestDecided,
    "requests refuse": RequestDecided,
    "alerts list": AlertsOut,
    "alerts test": AlertsTestOut,
    "unkept list": UnkeptList,
    "unkept end": UnkeptOut,
    "ledger verify": LedgerVerified,
    "ledger export": LedgerExported,
    "ledger erase": LedgerErased,
    "reconcile run": ReconcileOut,
    "reconcile verify": VerifyOut,
    "reconcile key": KeyOut,
    "gp import-help": HelpImported,
    "gp draft-classes": ClassesDrafted,
    "webhooks register": Webhooks,
    "webhooks list": Webhooks,
    "webhooks remove": Webhooks,
    "sim": SimulatorsRunning,
    "demo": DemoOut,
}
"""The answer of every command, by its words."""


def schema_of(answer: type) -> dict[str, Any]:
    """Return the JSON Schema of an answer as it is printed."""
    return TypeAdapter(answer).json_schema(mode="serialization")


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by the name of its file (without `.schema.json`)."""
    found = {words.replace(" ", "-"): schema_of(answer) for words, answer in ANSWERS.items()}
    return found | {"error": schema_of(ErrorDocument)}
