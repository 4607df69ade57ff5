"""What `undo` answers: typed values without a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gp365.app.actions.outputs import RunOut, Shown


@dataclass(frozen=True, slots=True)
class UndoField:
    """A field of a record that is taken back.

    `verdict` is back, already (it stands there as before) or refused. `now` is what the side holds, `back` what it goes
    back to. `differs` says what the other system will hold instead; the next sync leaves that as it is.
    """

    field: str
    side: str
    verdict: str
    now: Shown
    back: Shown
    why: str
    code: str = ""
    differs: str = ""


@dataclass(frozen=True, slots=True)
class UndoRecord:
    """A record that is taken back.

    `kind` is update, create (a record that was created goes out of use, or comes back) or link. `link` is close or open
    where its link changes. `outcome` is back, partly, unchanged, refused or moved (it is not as it was shown); once it was
    carried out also rejected, unsettled or retrying. `code` and `why` say why the whole record is refused.
    """

    pair: str
    flow: str
    subject: str
    name: str
    keys: Mapping[str, str]
    kind: str
    outcome: str
    link: str = ""
    fields: list[UndoField] = field(default_factory=list[UndoField])
    code: str = ""
    why: str = ""
    notes: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class UndoOut:
    """An undo, shown (`applied` false: nothing was written) or carried out.

    `of` are the runs that are taken back, `outcomes` counts records, `more` of them are not listed. `digest` stands for
    all that was shown: `--plan DIGEST` carries out this and nothing else. `runs` are what carrying it out came to; an
    undo is a run, and can be taken back by its id. `strange` writes belong to no flow of this pair, such as sums of
    several companies: those follow from what they add up.
    """

    of: list[str]
    applied: bool
    digest: str
    outcomes: Mapping[str, int]
    records: list[UndoRecord]
    more: int
    runs: list[RunOut]
    strange: int
    exit_code: int
