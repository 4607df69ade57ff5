"""Which of several pairs that share a system leads there: its company's figures are the ones that shared records show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gp365.app.check_rows import Checked
from gp365.app.effective import FlowFinding
from gp365.app.settings import PairSettings
from gp365.model.flow import LEAD
from gp365.model.flow_file import FlowFile


def leads(pair: str, pairs: Mapping[str, PairSettings], sharing: Sequence[str], file: FlowFile) -> bool:
    """Tell whether a pair leads for a flow: as its settings say, else the one that others leave, else the first.

    `sharing` names the other pairs that run the flow on the same system.
    """
    if LEAD not in file.options:
        return True
    said = pairs[pair].options.get(LEAD)
    if said is not None:
        return bool(said)
    if any(pairs[other].options.get(LEAD) is True for other in sharing):
        return False
    silent = [name for name in pairs if name in (pair, *sharing) and LEAD not in pairs[name].options]
    return silent[0] == pair


def check_lead(checked: Checked, pair: str, pairs: Mapping[str, PairSettings]) -> Iterator[FlowFinding]:
    """Refuse two pairs that both lead on one system: each would write its own figures over the other's, for ever."""
    for sharing in checked.ends.shared.values():
        rivals = [other for other in sharing if pairs[other].options.get(LEAD) is True]
        if rivals and pairs[pair].options.get(LEAD) is True:
            names = " and ".join((pair, *rivals))
            message = (
                f"the pairs {names} both lead on the same system: each would undo what the other writes."
            )
            fix = f"Keep lead = true in one of [pairs.{pair}.options] and [pairs.{rivals[0]}.options]."
            yield checked.fault("settings-invalid", ("options", LEAD), "", message, names, fix)
            return
