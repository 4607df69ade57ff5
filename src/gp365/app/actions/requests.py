"""The actions `requests`: orders that wait, as both systems hold them now, and a person's approval or refusal of one.

A decision is kept with the order's link and in the ledger, with who took it and the user of this machine; the next sync
carries it out. It holds for what is asked for now: an order that is changed afterwards needs another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gp365.app.actions.outputs import Shown
from gp365.app.actions.scope import flows_of
from gp365.app.actions.values import shown
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import Project
from gp365.model.errors import Conflict, Misconfigured
from gp365.model.values import key_of, key_text, pack, show_key
from gp365.store import ledger, links, work
from gp365.store.ledger import Entry
from gp365.store.links import OPEN, Link
from gp365.sync.agreed import pack_pairs, unpack_pairs
from gp365.sync.job import Job, link_subject
from gp365.sync.plan import Facts
from gp365.sync.plan.order_approval import BY_COMMAND
from gp365.sync.plan.order_desk import ORDER, Desk, Memory

KIND = "request"
APPROVED, REFUSED = "approved", "refused"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class RequestOut:
    """One order that has not ended: what it asks for and for which record, what stands there, who asked and approved."""

    id: int
    pair: str
    flow: str
    key: str
    record: str
    state: str
    asks: dict[str, Shown]
    before: dict[str, Shown]
    now: dict[str, Shown]
    asked_by: str
    approved_by: str
    message: str


@dataclass(frozen=True, slots=True)
class RequestList:
    """The orders that have not ended, the oldest first."""

    requests: list[RequestOut]


@dataclass(frozen=True, slots=True)
class RequestDecided:
    """What was decided on an order, by whom, and for which user of this machine it was typed in."""

    decision: str
    by: str
    actor: str
    request: RequestOut


@dataclass(frozen=True, slots=True)
class _Open:
    job: Job
    link: Link
    desk: Desk

    @property
    def memory(self) -> Memory:
        return self.desk.memory or Memory(self.desk.now())


def requests_list(assembly: Assembly, *, pair: str | None = None) -> RequestList:
    """List the orders of a pair or all that have not ended; asks both systems how they stand."""
    return RequestList([_told(one) for one in _open(assembly, pair)])


def request_decide(
    project: Project, number: str, *, by: str, approve: bool, reason: str = "", pair: str | None = None
) -> RequestDecided:
    """Approve or refuse an order by its number or id; `by` says who decides.

    Misconfigured("request-unknown") for one that has ended or no sync has seen; Conflict("self-approved") where who asked
    approves.
    """
    if not by.strip():
        raise Misconfigured("usage", "Say who decides: --by NAME.")
    with project.locked(), assemble(project) as assembly:
        found = [one for one in _open(assembly, pair) if number in (str(one.link.id), one.desk.own.key[0])]
        if not found:
            raise Misconfigured(
                "request-unknown", f"There is no request {number} that waits for anybody.", value=number
            )
        one = found[0]
        if approve:
            _four_eyes(one, by)
        kept = _approved(one, by) if approve else replace(one.memory, refused=_refusal(by, reason))
        _keep(project, one, kept, APPROVED if approve else REFUSED, by, reason)
        return RequestDecided(APPROVED if approve else REFUSED, by, project.actor, _told(one))


def _approved(one: _Open, by: str) -> Memory:
    name = f"{by.strip()} ({BY_COMMAND})"
    # Whoever approves here sees what stands in the other system now.
    return replace(
        one.memory, base=one.desk.now(), who=BY_COMMAND, name=name, digest=one.desk.content(), stale=False
    )


def _refusal(by: str, reason: str) -> str:
    return f"Refused by {by.strip()}" + (f": {reason.strip()}" if reason.strip() else ".")


def _four_eyes(one: _Open, by: str) -> None:
    asked_by = {
        str(one.desk.raw(one.desk.order.asked_by, one.desk.side) or "").casefold(),
        one.desk.asker(one.memory).casefold(),
    }
    if by.strip().casefold() in asked_by - {""}:
        raise Conflict(
            "self-approved",
            f"{by} asked for it: somebody else has to approve it.",
            record=show_key(one.desk.own.key),
        )


def _keep(project: Project, one: _Open, kept: Memory, decision: str, by: str, reason: str) -> None:
    """Keep a decision with the link and in the ledger, and have the next sync look at the order."""
    link, job = one.link, one.job
    pairs = {**unpack_pairs(link.agreed), ORDER: kept.pair()}
    place, key = job.place(one.desk.side), key_text(one.desk.own.key)
    step = {"request": decision, "by": by, "reason": reason, "asked_by": one.desk.asker(one.memory)}
    payload = pack({"keys": {place.side: show_key(one.desk.own.key)}, "link": link.id, "steps": [step]})
    entry = Entry(KIND, link.run, link_subject(link.id), 0, decision, job.flow.digest, payload)
    with project.store.write() as conn:
        links.agree(conn, [replace(link, agreed=pack_pairs(pairs), agreed_digest=job.flow.digest)])
        ledger.append(conn, job.chain, [entry], actor=project.actor, at=project.clock())
        work.enqueue(conn, job.pair, job.flow.name, [(place.side, key, "decided")])


def _open(assembly: Assembly, pair: str | None) -> Iterator[_Open]:
    """Read the orders that have not ended from both systems."""
    for name, flow in flows_of(assembly.project, pair):
        if assembly.project.flows.get(flow).file.order is None:
            continue
        for job in assembly.jobs(name, only=flow):
            if job.flow.name == flow and job.flow.order is not None:
                yield from _of_job(assembly.project, job)


def _of_job(project: Project, job: Job) -> Iterator[_Open]:
    order = job.flow.order
    assert order is not None
    with project.store.read() as conn:
        held = [one for page in links.scan(conn, job.pair, job.flow.name, _PAGE) for one in page]
    for link in (one for one in held if one.state == OPEN):
        ends = {job.left.side: link.left_key, job.right.side: link.right_key}
        records = [
            place.connector.get(place.entity.name, [key_of(str(ends[place.side]))], place.fields, fresh=True)
            for place in job.places
            if ends[place.side] is not None
        ]
        if len(records) < 2 or not all(records):
            continue
        left, right = (next(iter(one.values())) for one in records)
        desk = Desk.of(job.compiled, left, right, Facts(pairs=unpack_pairs(link.agreed)))
        if desk.state in (order.states.asked, order.states.approved):
            yield _Open(job, link, desk)


def _told(one: _Open) -> RequestOut:
    desk, memory = one.desk, one.memory
    state = desk.compiled.row(desk.order.state).described[desk.side][0].options
    names = [row.row.name for _, rows in desk.units() for row in rows if desk.asked(row)]
    stood = dict(zip(desk.shown, memory.base, strict=True))
    return RequestOut(
        one.link.id,
        one.job.pair,
        one.job.flow.name,
        show_key(desk.own.key),
        desk.target_name(),
        state.get(int(str(desk.state)), str(desk.state)),
        {name: shown(desk.raw(name, desk.side)) for name in names},
        {name: shown(stood.get(name)) for name in names},
        {name: shown(desk.raw(name, desk.target_side)) for name in names},
        desk.asker(memory),
        memory.name,
        str(desk.raw(desk.order.message, desk.side) or ""),
    )
