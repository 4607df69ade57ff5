"""The action `ledger erase`: payloads that are too old, or those of one record, are emptied; the rows stay.

What is open is never touched, nor what undo may need, unless a person says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gp365.app.actions.ledger_outputs import ErasedChain, LedgerErased
from gp365.app.actions.scope import flows_of
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.model.values import key_of, key_text
from gp365.store import links, retention
from gp365.store.retention import Erased, Scope
from gp365.store.verify import chain_names
from gp365.sync.job import link_subject, single_subject

Subject = tuple[str, str, str]
"""System, entity and key (parts joined by `;`)."""
_ENDS = ("left", "right")
STAYS = (
    "Rows of the ledger: when, who, which run and record (by its key), how it ended, and the hash of what is gone.",
    "Links, with what both sides last agreed on: without them the record would be taken for a new one.",
    "What both systems hold themselves, and what is kept to compare it: that ends when the record does.",
    "Open writes and open parked entries: they are not ended.",
    "Backups and exports that were made before.",
)


def ledger_erase(
    project: Project,
    *,
    older_than: int | None = None,
    subject: Subject | None = None,
    reason: str = "",
    even_undo: bool = False,
    dry_run: bool = False,
    pair: str | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> LedgerErased:
    """Erase payloads older than so many days (left out: as `ledger.keep_payloads_days` says), or those of one record.

    Misconfigured: usage; record-unknown where no chain knows the record; folder-locked.
    """
    given = project.settings.ledger
    days = older_than if older_than is not None or subject else given.keep_payloads_days or None
    if days is None and subject is None:
        message = "Nothing says what shall be erased."
        fix = "Give --older-than DAYS or --subject SYSTEM ENTITY KEY, or set ledger.keep_payloads_days."
        raise Misconfigured("usage", message, fix=fix)
    now = project.clock()
    wanted = now - timedelta(days=days or 0)
    before = wanted if even_undo else min(wanted, now - timedelta(days=given.keep_undo_days))
    with project.locked():
        scopes = _of_record(project, pair, subject, before) if subject else _of_all(project, pair, before)
        erased = [
            (
                scope,
                retention.erase(
                    project.store,
                    scope,
                    actor=project.actor,
                    at=now,
                    why=reason or _why(days, subject),
                    dry=dry_run,
                    progress=lambda done, scope=scope: progress(f"erasing {scope.chain}", done, 0),
                ),
            )
            for scope in scopes
        ]
        with project.store.read() as conn:
            for_undo = sum(retention.younger(conn, scope, wanted) for scope in scopes)
    chains = [_chain(scope, found) for scope, found in erased]
    return LedgerErased(dry_run, before, chains, for_undo, list(STAYS))


def _why(days: int | None, subject: Subject | None) -> str:
    return "one record" if subject else f"older than {days} days"


def _chain(scope: Scope, found: Erased) -> ErasedChain:
    return ErasedChain(
        scope.chain, found.payloads, found.writes, found.inputs, found.parked, dict(found.kept)
    )


def _of_all(project: Project, pair: str | None, before: datetime) -> list[Scope]:
    flows_of(project, pair)
    with project.store.read() as conn:
        names = chain_names(conn, pair)
    return [Scope(*_parted(name), before) for name in names]


def _parted(chain: str) -> tuple[str, str]:
    pair, _, flow = chain.partition("/")
    return pair, flow


def _of_record(project: Project, pair: str | None, subject: Subject, before: datetime) -> list[Scope]:
    """Find the chains that know a record, each with the names and keys under which it does."""
    scopes: list[Scope] = []
    with project.store.read() as conn:
        for name, flow, end, sides in _places(project, pair, subject):
            names, keys = (frozenset(held) for held in _names(conn, name, flow, end, sides, subject[2]))
            sums = [f"{flow}.{one}" for one in project.flows.get(flow).file.rollups]
            scopes += [Scope(name, one, before, names, keys) for one in (flow, *sums)]
    if not scopes:
        system, entity, key = subject
        raise Misconfigured(
            "entity-unknown", f"No flow reads {entity} of {system}.", system=system, record=key
        )
    return scopes


def _places(
    project: Project, pair: str | None, subject: Subject
) -> Iterator[tuple[str, str, int, Sequence[str]]]:
    """Give where a record of this system and entity stands: pair, flow, which end, and both sides."""
    system, entity, _ = subject
    for name, flow in flows_of(project, pair):
        systems, file = project.settings.pairs[name].sides, project.flows.get(flow).file
        for end, side in enumerate(systems):
            if systems[side] == system and side in file.sides and file.sides[side].entity == entity:
                yield name, flow, end, tuple(systems)


def _names(
    conn: Connection, pair: str, flow: str, end: int, sides: Sequence[str], key: str
) -> tuple[set[str], set[str]]:
    """Give every name of a record in the ledger, and the keys of both its ends."""
    texts = {key_text(tuple(spelt.split(";"))) for spelt in (key, key.upper(), key.lower())}
    keys = {end: texts}
    names: set[str] = set()
    for link in links.by_keys(conn, pair, flow, _ENDS[end], texts).values():  # type: ignore[arg-type]
        names.add(link_subject(link.id))
        for other, text in enumerate((link.left_key, link.right_key)):
            if text is not None:
                keys.setdefault(other, set()).add(key_text(key_of(text)))
    names.update(single_subject(sides[at], text) for at, held in keys.items() for text in held)
    return names, {text for held in keys.values() for text in held}
