"""Other connectors in the same organisation: two that write the same accounts overwrite each other for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gp365.model.contract import Finding, Level


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another connector: unique names of its solutions (or parts of them), its columns on accounts, and what to know."""

    name: str
    solutions: tuple[str, ...]
    columns: tuple[str, ...] = ()
    advice: str = ""


NEIGHBOURS = (
    Neighbour(
        "dual-write",
        (
            "Dynamics365Company",
            "Dynamics365FinanceAndOperationsCommon",
            "msdyn_DualWriteAppCore",
            "DualWrite",
        ),
        ("msdyn_company",),
        "Dual-write keeps the delivery address in address1 and the invoice address in address2.",
    ),
    Neighbour(
        "Business Central's connector",
        ("bcbi_CdsBaseIntegration", "MicrosoftDynamicsNavIntegration", "BusinessCentral"),
        ("bcbi_companyid",),
    ),
)
"""Names: Microsoft's page "Separated Dual-write Application Orchestration package" and the source of Business Central's
Sales integration (microsoft/BCApps); that no other solution is named so, and the columns, are assumed."""


def seen(
    neighbours: Collection[Neighbour], solutions: Collection[str], columns: Collection[str]
) -> Iterator[Finding]:
    """Give a warning per connector whose solution or column stands in the organisation."""
    for one, traces in neighbours_seen(neighbours, solutions, columns):
        yield Finding(
            "other connectors",
            Level.WARNING,
            f"{one.name} seems to be installed ({', '.join(traces)}): two connectors may write the same accounts. "
            "gp365 touches none of its tables, columns, solutions and settings.",
            f"Let one of the two own each field. {one.advice}".strip(),
            "neighbour",
            {"neighbour": one.name, "traces": traces},
        )


def neighbours_seen(
    neighbours: Collection[Neighbour], solutions: Collection[str], columns: Collection[str]
) -> Iterator[tuple[Neighbour, list[str]]]:
    """Give each connector whose solution or column stands in the organisation, with what tells of it."""
    for one in neighbours:
        marks = [mark.casefold() for mark in one.solutions]
        traces = [name for name in solutions if any(mark in name.casefold() for mark in marks)]
        traces += [f"account.{name}" for name in one.columns if name in columns]
        if traces:
            yield one, traces
