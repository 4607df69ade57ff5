"""The action `unkept`: writes that were acknowledged and are not there; a person may end one that is settled otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from gp365.app.actions.outputs import UnkeptOut
from gp365.app.actions.scope import flows_of
from gp365.app.actions.unkept_shown import unkept_out
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.model.values import pack, show_key
from gp365.store import ledger, verifications
from gp365.store.ledger import Entry
from gp365.store.verifications import STANDING, Verification
from gp365.sync.verify import standing_of
from gp365.sync.verify_keep import KIND


@dataclass(frozen=True, slots=True)
class UnkeptList:
    """Writes that were read back and were not there, the oldest first."""

    unkept: list[UnkeptOut]


def unkept_list(project: Project, *, pair: str | None = None) -> UnkeptList:
    """List the writes of a pair or all that did not stand, from the store alone."""
    flows_of(project, pair)
    with project.store.read() as conn:
        return UnkeptList([unkept_out(standing_of(one)) for one in verifications.standing(conn, pair)])


def unkept_end(project: Project, number: int, *, reason: str = "") -> UnkeptOut:
    """End one: it fails no run any more. The ledger says who ended it, and why; Misconfigured("unkept-unknown")."""
    with project.locked(), project.store.write() as conn:
        kept = verifications.get(conn, number)
        if kept is None or kept.state != STANDING:
            message = f"There is no write {number} that did not stand."
            raise Misconfigured("unkept-unknown", message, value=str(number))
        verifications.drop(conn, [number])
        entry = _ended(kept, project.actor, reason)
        ledger.append(
            conn, ledger.chain_of(kept.pair, kept.flow), [entry], actor=project.actor, at=project.clock()
        )
    return unkept_out(standing_of(kept))


def _ended(kept: Verification, actor: str, reason: str) -> Entry:
    key = show_key(standing_of(kept).key)
    step = {"read_back": "ended", "side": kept.side, "key": key, "intent": kept.intent}
    step |= {"by": actor, "reason": reason}
    payload = pack({"keys": {kept.side: key}, "steps": [step]})
    return Entry(KIND, kept.run, kept.subject, 0, "ended", "", payload)
