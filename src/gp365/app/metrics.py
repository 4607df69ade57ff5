"""Figures for Prometheus: how everything stands, and counts since the service began; no record is named."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gp365.app.service.standing import FlowStanding, HookStanding, Standing, SystemStanding
from gp365.sync.equation import Report

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LEFT = ("due", "later", "waiting", "parked", "rejected", "unsettled", "unkept")
FLOW = ("pair", "flow")
Counts = Mapping[tuple[str, str], int]
Labels = tuple[str, ...]

COUNTERS: Mapping[str, tuple[str, Labels]] = {
    "gp365_runs": ("Runs that ended, by how.", (*FLOW, "ended")),
    "gp365_subjects": ("Subjects of runs, by how each ended.", (*FLOW, "ended")),
    "gp365_run_seconds": ("Seconds that runs took.", FLOW),
    "gp365_requests": ("Requests sent by runs.", ("system",)),
    "gp365_door_requests": ("Requests that came through a door, by what became of them.", ("door", "fate")),
}


class Metrics(Collector):
    """The figures of one service. Runs are counted by `count`; everything else is asked when figures are fetched.

    `doors` gives the counts of all doors by (door, fate); `broken` the kinds of what was told to be broken.
    """

    def __init__(
        self,
        standing: Callable[[], Standing | None],
        *,
        doors: Callable[[], Counts] = dict,
        broken: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._standing, self._doors, self._broken = standing, doors, broken
        self._counted: dict[tuple[str, Labels], float] = {}
        self._lock = threading.Lock()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def count(self, reports: Iterable[tuple[Report, int]]) -> None:
        """Count runs that ended."""
        with self._lock:
            for report, _ in reports:
                place = (report.pair, report.flow)
                self._add("gp365_runs", (*place, _ended(report)), 1)
                self._add("gp365_run_seconds", place, report.seconds)
                for name, number in report.dispositions.items():
                    self._add("gp365_subjects", (*place, str(name)), number)
                for system, number in report.requests.items():
                    self._add("gp365_requests", (system,), number)

    def text(self) -> bytes:
        """Return the figures in Prometheus' text format, CONTENT_TYPE."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Give the figures as Prometheus' library wants them."""
        standing = self._standing()
        yield _gauge("gp365_store_up", "1 if the store answers.", (), [((), float(standing is not None))])
        if standing is not None:
            yield from _of_service(standing)
            yield from _of_flows(standing.flows)
            yield from _of_systems(standing.systems)
            yield from _of_hooks(standing.hooks)
        yield _gauge(
            "gp365_alerts", "What was told to be broken, by kind.", ("kind",), _kinds(self._broken())
        )
        yield from self._counters()

    def _counters(self) -> Iterator[Metric]:
        with self._lock:
            counted = dict(self._counted)
        counted |= {
            ("gp365_door_requests", (door, str(fate))): n for (door, fate), n in self._doors().items()
        }
        for name, (text, labels) in COUNTERS.items():
            metric = CounterMetricFamily(name, text, labels=labels)
            for values in sorted(values for of, values in counted if of == name):
                metric.add_metric(values, counted[(name, values)])
            yield metric

    def _add(self, name: str, labels: Labels, number: float) -> None:
        if number:
            self._counted[(name, labels)] = self._counted.get((name, labels), 0) + number


def _ended(report: Report) -> str:
    """Name how a run ended, as the history does."""
    if report.stopped is not None:
        return "stopped"
    if not report.balanced:
        return "unbalanced"
    return "mismatched" if report.verified.mismatched else "done"


def _of_service(standing: Standing) -> Iterator[Metric]:
    for name, text, value in (
        ("gp365_began_timestamp_seconds", "When the service began.", standing.began.timestamp()),
        ("gp365_hints_waiting", "Hints of webhooks that wait.", standing.hints),
        ("gp365_commands_waiting", "Commands that wait for the service.", standing.actions),
        ("gp365_workers", "Living workers of a crew; 0 for a service alone.", len(standing.workers)),
    ):
        yield _gauge(name, text, (), [((), float(value))])


def _of_flows(flows: Iterable[FlowStanding]) -> Iterator[Metric]:
    known = list(flows)
    lag = [((one.pair, one.flow), one.lag_s) for one in known if one.lag_s is not None]
    good = [((one.pair, one.flow), one.success_at.timestamp()) for one in known if one.success_at]
    left = [((one.pair, one.flow, name), float(getattr(one, name))) for one in known for name in LEFT]
    stopped = [((one.pair, one.flow), float(bool(one.stopped or one.guards))) for one in known]
    links = [((one.pair, one.flow), float(one.links)) for one in known]
    yield _gauge("gp365_flow_lag_seconds", "How old a flow's knowledge is.", FLOW, lag)
    yield _gauge("gp365_flow_good_end_timestamp_seconds", "When a flow last ended well.", FLOW, good)
    yield _gauge("gp365_flow_left", "Records that a flow leaves, by why.", (*FLOW, "why"), left)
    yield _gauge("gp365_flow_stopped", "1 while settings or a guard stop a flow.", FLOW, stopped)
    yield _gauge("gp365_flow_links", "Open links of a flow.", FLOW, links)


def _of_systems(systems: Iterable[SystemStanding]) -> Iterator[Metric]:
    known, label = list(systems), ("system",)
    up = [((one.name,), float(one.circuit == "closed" and not one.unauthorised)) for one in known]
    yield _gauge("gp365_system_up", "1 if a system answers.", label, up)
    for name, text, of in (
        ("gp365_system_lanes", "Lanes that are allowed.", "lanes"),
        ("gp365_system_lanes_busy", "Lanes at work.", "busy"),
        ("gp365_system_callers_waiting", "Callers that wait for a lane.", "waiting"),
        ("gp365_system_requests_today", "Requests of the company's day.", "requests_today"),
        (
            "gp365_system_requests_allowance",
            "Requests that are granted for a day; 0: not known.",
            "allowance",
        ),
    ):
        yield _gauge(name, text, label, [((one.name,), float(getattr(one, of))) for one in known])
    throttled = CounterMetricFamily(
        "gp365_system_throttled", "Answers 429 since the service began.", labels=label
    )
    for one in known:
        throttled.add_metric((one.name,), one.refusals)
    yield throttled


def _of_hooks(hooks: Iterable[HookStanding]) -> Iterator[Metric]:
    states = Counter((one.system, one.state) for one in hooks)
    yield _gauge(
        "gp365_webhooks",
        "Registered webhook steps, by how they stand.",
        ("system", "state"),
        [(key, float(number)) for key, number in sorted(states.items())],
    )


def _kinds(broken: Iterable[str]) -> list[tuple[Labels, float]]:
    counts: dict[Labels, float] = {}
    for kind in broken:
        counts[(kind,)] = counts.get((kind,), 0) + 1
    return sorted(counts.items())


def _gauge(name: str, text: str, labels: Labels, values: Iterable[tuple[Labels, float]]) -> Metric:
    metric: Any = GaugeMetricFamily(name, text, labels=labels)
    for given, value in values:
        metric.add_metric(given, value)
    return metric
