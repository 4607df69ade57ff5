"""Partners by records of ours that name both ends, such as a GP customer's card in Dataverse."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.flow import Through
from gp365.model.record import Record
from gp365.model.values import Key, Value, key_text, show
from gp365.sync.job import Job
from gp365.sync.norms import canonical
from gp365.sync.orders import name_targets
from gp365.sync.subject import Subject


def through_all(job: Job, singles: Sequence[Subject]) -> dict[tuple[str, str], list[str]]:
    """Find partners by records of ours that name both ends: (side, key) → keys on the other side."""
    named: dict[tuple[str, str], list[str]] = {}
    for rule in job.flow.through:
        _through(job, rule, singles, named)
    if job.flow.order is not None:
        name_targets(job, singles, named)
    return named


def _through(
    job: Job,
    rule: Through,
    singles: Sequence[Subject],
    named: dict[tuple[str, str], list[str]],
) -> None:
    """One rule: the records of `rule.entity` hold the other side's value in `field` and this side's key in `to`."""
    here, there = job.place(rule.side), job.across(rule.side)
    numbers: dict[str, Key] = {}
    accounts: list[Value] = []
    for subject in singles:
        if there.side in subject.records:
            value = canonical(job, there, subject.records[there.side], rule.names)
            numbers[show(value).upper()] = subject.records[there.side].key
        else:
            accounts.append(subject.records[here.side].key[0])
    fields = [name for name in (rule.company, rule.field, rule.to) if name]
    held: list[Record] = []
    if numbers:
        held += here.connector.find(rule.entity, rule.field, list(numbers), fields)
    if accounts:
        held += here.connector.find(rule.entity, rule.to, accounts, fields)
    for record in held:
        number, to = record.values.get(rule.field), record.values.get(rule.to)
        if number is None or to is None or (rule.company and record.values.get(rule.company) != job.company):
            continue
        there_key = key_text(numbers.get(str(number).upper(), (str(number),)))
        _name(named, (there.side, there_key), str(to))
        _name(named, (here.side, str(to)), there_key)


def _name(named: dict[tuple[str, str], list[str]], one: tuple[str, str], other: str) -> None:
    keys = named.setdefault(one, [])
    if other not in keys:
        keys.append(other)
