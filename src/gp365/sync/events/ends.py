"""A link's ends: whether both records still stand, and what becomes of the link when one is gone or is another record."""

from __future__ import annotations

from collections.abc import Sequence

from gp365.model.plan import Problem
from gp365.model.record import Op
from gp365.model.values import key_of, key_text, show, show_key
from gp365.store.links import CLOSED, OPEN, Link
from gp365.sync.events.gone import RETIRE, agreeing_on, evidence_for, mark_survivor
from gp365.sync.events.joining import close_link, further, leave
from gp365.sync.events.look import Look, decision_of, end_birth, end_key
from gp365.sync.job import Job, Place
from gp365.sync.norms import REFERENCE_RULE, canonical, norms_of, rules_of
from gp365.sync.recovery import is_made_anew, made_by_another_flow, make_anew
from gp365.sync.subject import Subject

BY_A_PERSON = "linked by "


def leave_out(subject: Subject) -> None:
    """Leave out a record whose link is closed, or shares another link's end."""
    link = subject.standing
    if link is None or link.state == OPEN or subject.left_out:
        return
    why = "its link is closed" if link.state == CLOSED else further(link.shared_key or "")
    leave(subject, why)


def check_ends(look: Look, subjects: Sequence[Subject]) -> None:
    """Find the open links of a page that miss an end, or under whose key another record stands now."""
    gone: list[tuple[Subject, Place]] = []
    anew: list[tuple[Subject, Place]] = []
    for subject in subjects:
        link, subject.recreate = subject.standing, ""
        if link is None or link.state != OPEN or subject.problem is not None or subject.left_out:
            continue
        missing = [place for place in look.job.places if place.side not in subject.records]
        if len(missing) == 2:
            _both_gone(look, subject, link)
        elif missing:
            (anew if is_made_anew(look.job, subject, missing[0]) else gone).append((subject, missing[0]))
        elif not missing:
            _check_births(look.job, subject, link)
            if look.job.flow.events.apart == "ask" and look.job.recovery is None and subject.problem is None:
                _check_agreement(look.job, subject, link)
    _gone(look, [*gone, *_make_anew(look, anew)])


def _make_anew(look: Look, anew: Sequence[tuple[Subject, Place]]) -> list[tuple[Subject, Place]]:
    """Mark the records that a restore took away to be made anew; give those whose firm stands there once more.

    People may have entered it again, under another number, since their backup was put back.
    """
    again: list[tuple[Subject, Place]] = []
    for place in look.job.places:
        mine = [subject for subject, where in anew if where.side == place.side]
        found = agreeing_on(look, place, mine) if mine else {}
        for subject in mine:
            if any(not one.linked_to for one in found[id(subject)]):
                again.append((subject, place))
            else:
                make_anew(look.job, subject, place)
    return again


def _check_births(job: Job, subject: Subject, link: Link) -> None:
    for place in job.places:
        record, birth = subject.records[place.side], end_birth(link, place)
        if _being_made(subject, place):
            continue
        if birth and record.birth and birth != record.birth and not made_by_another_flow(job, subject, place):
            key = show_key(record.key)
            message = f"Another record stands under {key} on {place.side} than the one that was linked."
            subject.problem = Problem("key-reused", message, side=place.side, value=key)


def _check_agreement(job: Job, subject: Subject, link: Link) -> None:
    """Stop a subject whose records agree by no rule that links any more: somebody has changed what they were matched by.

    Not where a person has linked them, who knows better.
    """
    if link.made_by.startswith(BY_A_PERSON):
        return
    rules = [rule for rule in rules_of(job) if rule[2]]
    left, right = (set(norms_of(job, place, subject.records[place.side], rules)) for place in job.places)
    if not rules or any(rule != REFERENCE_RULE for rule, _ in left & right):
        return
    held = [
        (name, *(show(canonical(job, place, subject.records[place.side], name)) for place in job.places))
        for name in dict.fromkeys(name for _, names, _ in rules for name in names)
    ]
    unlike = ", ".join(
        f"{name} is {one or '–'} on {job.left.side} and {other or '–'} on {job.right.side}"
        for name, one, other in held
        if one != other
    )
    subject.problem = Problem("apart", f"What linked the two has come apart: {unlike}.", value=unlike)


def _being_made(subject: Subject, place: Place) -> bool:
    """Tell whether a create of ours is under way there whose answer is not known: once settled, it is looked at again."""
    key = subject.keys.get(place.side)
    return key is not None and any(
        intent.side == place.side and intent.op == str(Op.CREATE) and intent.key == key_text(key)
        for intent in subject.open_intents
    )


def _both_gone(look: Look, subject: Subject, link: Link) -> None:
    if all(_certain(look, place, link) for place in look.job.places):
        close_link(subject, {"event": "gone", "side": "both"}, "gone on both sides")
        return
    message = "Both records are gone, or stand under other keys."
    subject.problem = Problem("target-gone", message, value=_shown(link, look.job.left))


def _gone(look: Look, gone: Sequence[tuple[Subject, Place]]) -> None:
    """Do what the policy says where it is certain that the record is gone; else a person decides."""
    asked = [(subject, place) for subject, place in gone if not _by_policy(look, subject, place)]
    evidence = evidence_for(look, asked)
    for subject, place in asked:
        link = subject.standing
        assert link is not None
        key = _shown(link, place)
        message = f"{key} is linked, but gone on {place.side}."
        if not key:
            message = (
                f"The record that it was linked with is gone on {place.side}, and its key is another's now."
            )
        found = evidence[id(subject)]
        subject.problem = Problem(
            "target-gone",
            message,
            value=key,
            side=place.side,
            candidates=tuple(show_key(key_of(one.key)) for one in found),
            evidence=found,
        )


def _by_policy(look: Look, subject: Subject, place: Place) -> bool:
    """Close the link, or mark the record that is left, where the flow says so; False: a person decides."""
    events, link = look.job.flow.events, subject.standing
    assert link is not None
    if look.job.flow.order is not None and look.job.flow.order.side == place.side:
        close_link(subject, {"event": "gone", "side": place.side}, "the order was deleted")
        return True
    entry = look.entry(subject)
    decided = entry is not None and entry.code == "target-gone" and bool(decision_of(entry))
    policy = look.job.flow.side(place.side).gone or events.gone
    if policy == "ask" or decided or not _certain(look, place, link):
        return False
    event: dict[str, object] = {"event": "gone", "side": place.side, "key": _shown(link, place)}
    event["policy"] = policy
    if policy == "ignore":
        close_link(subject, event, f"gone on {place.side}")
        return True
    name = events.hold if policy == "hold" else events.inactive
    return mark_survivor(look, subject, place, name, event, keep=policy == RETIRE)


def _certain(look: Look, place: Place, link: Link) -> bool:
    """Tell whether a record is gone for good: where keys can be renamed, no other key may have its birth mark."""
    if not place.entity.renamable:
        return True
    birth = end_birth(link, place)
    return bool(birth) and birth not in look.census(place, [birth])


def _shown(link: Link, place: Place) -> str:
    text = end_key(link, place)
    return show_key(key_of(text)) if text is not None else ""
