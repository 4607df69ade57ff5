"""The kinds of things that can be broken, as errors have a catalogue: how bad, in plain words, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["warning", "error"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert: its level, the sentence when it breaks (with the names of its figures), and the fix."""

    level: Level
    broken: str
    fix: str


KINDS: Mapping[str, Kind] = {
    "system-down": Kind(
        "error",
        "{system} cannot be reached or does not answer usably; its flows wait",
        "Nothing is lost: they go on by themselves when it answers. `gp365 doctor` tests it.",
    ),
    "system-unauthorised": Kind(
        "error",
        "{system} refuses our credentials or rights; its flows are stopped",
        "Correct the password, secret or rights; `gp365 doctor` tests them.",
    ),
    "guard-stopped": Kind(
        "error",
        "a guard holds {place} for a person: {about}",
        "Look with `gp365 status`, then let it go with `gp365 sync --approve`.",
    ),
    "flow-stopped": Kind(
        "error",
        "{place} is stopped by its settings",
        "`gp365 flows check` names the line.",
    ),
    "lag": Kind(
        "warning",
        "{place} is {lag_s} s behind; {objective_s} s are allowed",
        "`gp365 status` shows what it waits for.",
    ),
    "zero-rows": Kind(
        "warning",
        "{place} saw no row on the last whole day; {usual} or more are usual on that weekday",
        "See whether the other system still writes what the flow reads, and whether our user may still see it.",
    ),
    "parked": Kind(
        "warning",
        "{parked} records of {place} wait for a person; {limit} are the limit",
        "Decide them: `gp365 parked list`.",
    ),
    "unkept": Kind(
        "error",
        "{unkept} writes of {place} were acknowledged and are not there",
        "`gp365 unkept list` shows them; something in the target system undoes them.",
    ),
    "unbalanced": Kind(
        "error",
        "the last run of {place} does not balance",
        "Keep the log, run `gp365 reconcile`, and report it: this is an error of gp365 itself.",
    ),
    "expiry": Kind(
        "warning",
        "{about}: {days} days are left until it expires",
        "Renew it before, and put the new one where the settings say.",
    ),
    "allowance": Kind(
        "warning",
        "{requests} requests were sent to {system} today; {allowance} are granted for a day",
        "Let the flows look less often, or buy more requests.",
    ),
    "hook-disabled": Kind(
        "warning",
        'the webhook step "{about}" of {system} does not work; polling finds changes meanwhile',
        "`gp365 webhooks list` says why; `gp365 webhooks register` sets it right.",
    ),
    "rule-stopped": Kind(
        "warning",
        "{about} asks for nothing by the calendar",
        "Correct its settings, or let our user read the company's fiscal periods; see docs/serve.md, By the calendar.",
    ),
    "channel-failing": Kind(
        "warning",
        "notices cannot be sent over the channel {about}",
        "`gp365 alerts test` says why; what is waiting is tried again.",
    ),
}
