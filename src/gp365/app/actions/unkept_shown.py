"""Showing writes that were read back: what a run counted, and what was acknowledged and is not there."""

from __future__ import annotations

from gp365.app.actions.outputs import UnkeptField, UnkeptOut, VerifiedOut
from gp365.app.actions.values import shown_half
from gp365.model.values import show_key
from gp365.sync.verify import Unkept, Verified


def verified_out(verified: Verified) -> VerifiedOut:
    """Turn what a run has read back into its output."""
    return VerifiedOut(**verified.counts(), unkept=[unkept_out(one) for one in verified.unkept])


def unkept_out(one: Unkept) -> UnkeptOut:
    """Show a write that did not stand."""
    fields = [
        UnkeptField(name, shown_half((said,)), shown_half((found,)))
        for name, (said, found) in one.fields.items()
    ]
    return UnkeptOut(one.number, one.side, one.system, one.entity, show_key(one.key), fields, one.run)
