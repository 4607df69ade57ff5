"""The status page: what is broken, what ran, and what waits for whom; plain HTML, also on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from html import escape

from gp365.app.alerts.conditions import Condition
from gp365.app.alerts.kinds import KINDS
from gp365.app.service.standing import (
    BROKEN,
    FlowStanding,
    Standing,
    SystemStanding,
    TriggerStanding,
    WorkerStanding,
)

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="60"><title>gp365: {title}</title><style>
body{{font:16px/1.45 system-ui,sans-serif;margin:1rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a;background:#fff}}
h1{{font-size:1.4rem}}h2{{font-size:1.1rem;margin-top:1.6rem}}table{{border-collapse:collapse;width:100%}}
th,td{{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #ddd;vertical-align:top}}
.bad{{color:#a40000}}.good{{color:#00602b}}.fix{{color:#444}}
@media(max-width:40rem){{thead{{display:none}}tr{{display:block;border-bottom:1px solid #999;padding:.4rem 0}}
td{{display:block;border:0;padding:.1rem 0}}td:before{{content:attr(data-name)": ";color:#555}}}}
@media(prefers-color-scheme:dark){{body{{background:#141414;color:#eee}}.bad{{color:#ff8a80}}.good{{color:#7fe0a0}}
.fix,td:before{{color:#bbb}}}}
</style></head><body>
"""
PERSON = (
    ("parked", "parked for a decision", "gp365 parked list --flow {}"),
    ("unkept", "acknowledged by the system and not there", "gp365 unkept list"),
)
_CODE = re.compile(r"`([^`]+)`")
MACHINE = (
    ("due", "to be worked now"),
    ("later", "to be tried again"),
    ("waiting", "wait for another record"),
    ("unsettled", "writes whose end is looked for"),
)


def status_page(standing: Standing | None, broken: Sequence[Condition], zone: tzinfo) -> str:
    """Return the page; `standing` None where the store does not answer. Nothing of a record but counts is on it."""
    if standing is None:
        return HEAD.format(title="the store does not answer") + (
            '<h1 class="bad">The store does not answer</h1><p>See the log in <code>.gp365/logs</code>.</p></body></html>'
        )
    title = standing.in_short(len(broken))
    parts = [HEAD.format(title=title), _top(standing, title, zone, good=not broken), *_broken(broken)]
    parts += [*_people(standing), *_flows(standing, zone), *_calendar(standing, zone)]
    parts += [*_systems(standing, zone), *_hooks(standing), *_workers(standing), "</body></html>"]
    return "\n".join(parts)


def _top(standing: Standing, title: str, zone: tzinfo, *, good: bool) -> str:
    kind = "good" if good else "bad"
    quiet = f" Nothing is written until {_time(standing.quiet_until, zone)}." if standing.quiet_until else ""
    waits = f" {standing.actions} commands wait." if standing.actions else ""
    return (
        f'<h1 class="{kind}">{escape(title.capitalize())}</h1>'
        f"<p>As of {_time(standing.at, zone)} ({escape(str(zone))}); at work since {_time(standing.began, zone)}."
        f"{quiet}{waits}</p>"
    )


def _broken(broken: Sequence[Condition]) -> Iterator[str]:
    if broken:
        yield "<h2>What is broken</h2><ul>"
        for one in broken:
            fix = _CODE.sub(r"<code>\1</code>", escape(KINDS[one.kind].fix))
            yield (
                f'<li><span class="bad">{escape(one.sentence)}</span><br><span class="fix">{fix}</span></li>'
            )
        yield "</ul>"


def _people(standing: Standing) -> Iterator[str]:
    lines = [
        _waiting(flow, f"{getattr(flow, name):,} {what}", command.format(flow.flow))
        for flow in standing.flows
        for name, what, command in PERSON
        if getattr(flow, name)
    ]
    lines += [
        _waiting(flow, "a guard holds it", "gp365 sync --approve") for flow in standing.flows if flow.guards
    ]
    yield "<h2>What waits for a person</h2>"
    yield f"<ul>{''.join(lines)}</ul>" if lines else "<p>Nothing.</p>"


def _waiting(flow: FlowStanding, what: str, command: str) -> str:
    return f"<li>{escape(f'{flow.pair} {flow.flow}: {what}')} (<code>{escape(command)}</code>)</li>"


def _flows(standing: Standing, zone: tzinfo) -> Iterator[str]:
    names = ("Flow", "Last good end", "Behind", "Next look", "Last run", "What gp365 still does")
    yield from _table("What ran", names, (_flow(one, zone) for one in standing.flows))


def _flow(flow: FlowStanding, zone: tzinfo) -> tuple[str, ...]:
    left = [f"{getattr(flow, name):,} {what}" for name, what in MACHINE if getattr(flow, name)]
    counts = [
        f"{number:,} {name}"
        for name, number in flow.last_counts.items()
        if number and name not in ("considered", "held") and (name, number) != ("looks", 1)
    ]
    return (
        f"{flow.pair} {flow.flow}",
        _time(flow.success_at, zone),
        _span(flow.lag_s),
        _time(flow.next_look, zone),
        ", ".join([flow.last_state, *counts]) if flow.last_state else "never",
        ", ".join(left) or "nothing",
    )


def _calendar(standing: Standing, zone: tzinfo) -> Iterator[str]:
    names = ("By the calendar", "Comes next", "What it waits for")
    if standing.triggers:
        yield from _table("By the calendar", names, (_rule(one, zone) for one in standing.triggers))


def _rule(rule: TriggerStanding, zone: tzinfo) -> tuple[str, ...]:
    waits = f"{', '.join(rule.left)} to be read whole: {', '.join(rule.why)}" if rule.left else "nothing"
    if rule.fault is not None:
        waits = f"asks for nothing ({rule.fault.code})"
    coming = f"looks more often until {_time(rule.until, zone)}" if rule.until else _time(rule.next_at, zone)
    return rule.name, coming, waits


def _systems(standing: Standing, zone: tzinfo) -> Iterator[str]:
    names = ("System", "State", "Next try", "Calls under way", "Refused as too many", "Requests today")
    yield from _table("Systems", names, (_system(one, zone) for one in standing.systems))


def _system(system: SystemStanding, zone: tzinfo) -> tuple[str, ...]:
    state = (
        "refuses us" if system.unauthorised else {"closed": "answers"}.get(system.circuit, "does not answer")
    )
    code = f" ({system.fault.code})" if system.fault and system.fault.code else ""
    return (
        system.name,
        state + code,
        _time(system.next_try, zone),
        _under_way(system),
        f"{system.refusals:,}" if system.refusals else "none",
        _requests(system),
    )


def _under_way(system: SystemStanding) -> str:
    waits = f", {system.waiting:,} wait" if system.waiting else ""
    return f"{system.busy} of {system.lanes}{waits}" if system.lanes else "–"


def _requests(system: SystemStanding) -> str:
    sent = f"{system.requests_today:,}"
    if system.allowance:
        return f"{sent} of {system.allowance:,}"
    return sent if system.requests_today else "–"


def _hooks(standing: Standing) -> Iterator[str]:
    """Say of each system how many of its webhook steps work, and name those that do not."""
    if not standing.hooks:
        return
    rows: list[tuple[str, ...]] = []
    for system in dict.fromkeys(one.system for one in standing.hooks):
        mine = [one for one in standing.hooks if one.system == system]
        bad = [f"{one.name} ({one.state})" for one in mine if one.state in BROKEN]
        unknown = any(one.state == "unknown" for one in mine)
        good = sum(one.state == "enabled" for one in mine)
        works = "cannot be asked" if unknown else f"{good} of {len(mine)}"
        rows.append((system, works, "; ".join(bad) or "none"))
    yield from _table(
        "Webhooks", ("System", "Steps that work", "Steps that do not; polls find changes"), iter(rows)
    )


def _workers(standing: Standing) -> Iterator[str]:
    names = ("Worker", "Does", "Machine and folder")
    if standing.workers:
        yield from _table("Workers", names, (_worker(one) for one in standing.workers))


def _worker(worker: WorkerStanding) -> tuple[str, ...]:
    does = ["leads"] if worker.leads else []
    does += [f"runs {', '.join(worker.pairs)}"] if worker.pairs else []
    return worker.slot, "; ".join(does) or "waits", worker.holder


def _table(title: str, names: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"<h2>{title}</h2><table><thead><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr></thead><tbody>"
    for row in rows:
        cells = (f'<td data-name="{n}">{escape(value)}</td>' for n, value in zip(names, row, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table>"


def _time(at: datetime | None, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else "–"


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else str(timedelta(seconds=int(seconds)))
