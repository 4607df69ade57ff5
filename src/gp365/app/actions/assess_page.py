"""The assessment as a Markdown page, to be read by those who decide about going live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gp365.app.actions.assess_outputs import AssessFlow, AssessOut, RecordOut
from gp365.app.actions.plan_horizon import told as told_horizon
from gp365.app.actions.resolve_csv import cell


def page(told: AssessOut) -> str:
    """Return the page."""
    lines = ["# Assessment before the first sync", "", "Both systems were read; nothing was written.", ""]
    lines += ["## What to do first", "", *(f"* {_text(one)}" for one in told.advice), ""]
    lines += ["## What it costs", ""]
    costs = [[system, f"{number:,}"] for system, number in told.requests.items()]
    lines += _table(("system", "requests"), costs)
    lines += ["", f"About {told.minutes:g} minutes of writing."]
    for one in told.storage:
        lines.append(f"{one.rows:,} new rows in {one.system}: {one.megabytes_assumed:g} MB (assumed).")
    for one in told.allowance:
        share = f"{one.percent:g} % of {one.per_day_assumed:,} requests a day (assumed)"
        lines.append(f"{one.requests:,} counted requests in {one.system}: {share}.")
    lines += ["", "Assumed:", "", *(f"* {_text(one)}" for one in told.assumed), ""]
    for flow in told.flows:
        lines += list(_flow(flow))
    return "\n".join(lines).rstrip() + "\n"


def _flow(flow: AssessFlow) -> Iterator[str]:
    read = ", ".join(f"{number:,} in {side}" for side, number in flow.records.items())
    yield from (f"## {flow.flow} of {flow.pair}", "", f"{_text(flow.title)}. Looked at: {read}.", "")
    if flow.horizon is not None:
        yield from (f"{_text(told_horizon(flow.horizon))}.", "")
    rows = [[one.name, f"{one.count:,}", "; ".join(map(_sample, one.samples))] for one in flow.classes]
    yield from _section("Who is who", ("class", "records", "examples"), rows)
    rows = [
        [
            one.field,
            one.side,
            f"{one.replaced:,}",
            f"{one.filled:,}",
            "; ".join(f"{cell(sample.old)} → {cell(sample.new)}" for sample in one.samples),
        ]
        for one in flow.overwrites
    ]
    yield from _section(
        "What first contact writes", ("field", "side", "replaced", "filled", "examples"), rows
    )
    rows = [[one.field, one.code, f"{one.count:,}", one.example] for one in flow.faults]
    yield from _section("Values that stop or are cut", ("field", "cause", "values", "example"), rows)
    rows = [[one.field, one.value, f"{one.count:,}"] for one in flow.missing]
    yield from _section("Values that lookups lack", ("field", "value", "records"), rows)
    rows = [
        [one.side, f"{one.groups:,}", f"{one.records:,}", "; ".join(map(_group, one.samples))]
        for one in flow.duplicates
    ]
    yield from _section("Doubled in one system", ("side", "groups", "records", "examples"), rows)


def _sample(one: RecordOut) -> str:
    return f"{' = '.join(one.keys.values())} {one.name}".strip()


def _group(ones: Sequence[RecordOut]) -> str:
    keys = ", ".join(key for one in ones for key in one.keys.values())
    return f"{ones[0].name} ({keys})"


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield from (f"### {title}", "", *_table(head, rows), "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(map(_text, line))} |" for line in lines]


def _text(text: str) -> str:
    """Keep others' text from being read as Markdown or HTML."""
    flat = " ".join(text.split())
    return "".join(f"\\{char}" if char in "\\|<>[]*_#" else char for char in flat) if flat != "---" else flat
