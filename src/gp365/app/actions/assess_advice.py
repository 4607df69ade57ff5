"""What to do before the first sync: one sentence for each thing that an assessment found."""

from __future__ import annotations

from collections.abc import Iterator

from gp365.app.actions.assess_outputs import AssessFlow, AssessOut

_SHARE = 25.0
_REPLACED = 20


def advice(told: AssessOut) -> list[str]:
    """Give the recommendations, those that stop most records first."""
    found = [line for flow in told.flows for line in _of_flow(flow)]
    for one in told.allowance:
        if one.percent >= _SHARE:
            found.append(
                f"The first sync takes {one.percent:g} % of a day's requests of {one.system}: begin it in the evening, or "
                "flow by flow."
            )
    return found or ["Nothing stands in the way of the first sync; look at `gp365 plan --all` once more."]


def _of_flow(flow: AssessFlow) -> Iterator[str]:
    name = f"{flow.flow} of {flow.pair}"
    stops = {
        one.name.removeprefix("stops: "): one.count for one in flow.classes if one.name.startswith("stops: ")
    }
    yield from _matching(name, stops)
    for field in dict.fromkeys(one.field for one in flow.missing):
        lines = [one for one in flow.missing if one.field == field]
        values = ", ".join(repr(one.value) for one in lines[:5])
        number = sum(one.count for one in lines)
        yield f"{name}: add {len(lines)} values to the lookup of {field} ({values}): {number} records wait for them."
    for one in flow.faults:
        if one.code == "cut":
            yield f"{name}: {one.count} values of {one.field} are cut to fit; `long: park` would have a person decide."
    for one in flow.overwrites:
        if one.replaced >= _REPLACED:
            yield (
                f"{name}: {one.replaced} values of {one.field} on {one.side} are replaced at first contact; look at the "
                "examples, or write `first_contact: ask`."
            )
    for one in flow.duplicates:
        yield (
            f"{name}: {one.records} records of {one.side} share {' and '.join(one.fields)} in {one.groups} groups: merge "
            "them there first."
        )
    if flow.not_served:
        yield f"{name}: not served and left out: {len(flow.not_served)} of the fields; `gp365 doctor` names them."


def _matching(name: str, stops: dict[str, int]) -> Iterator[str]:
    several = stops.get("candidates", 0)
    alone = stops.get("number-alone", 0) + stops.get("name-agrees-number-differs", 0)
    similar = stops.get("similar", 0)
    if several or alone or similar:
        total = several + alone + similar
        yield (
            f"{name}: a person must say who is who of {total} records ({several} with several candidates, {alone} by one "
            f"field alone, {similar} similar): after the first sync, `gp365 parked list --csv FILE`."
        )
    for code in sorted(set(stops) - {"candidates", "number-alone", "name-agrees-number-differs", "similar"}):
        yield f"{name}: stopped as {code}: {stops[code]}; docs/errors.md says what to do."
