"""The actions `ledger verify` and `ledger export`: proving the chains, from the store or from a file beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from gp365.app.actions.ledger_outputs import BrokenRow, ChainHead, ChainPart, LedgerExported, LedgerVerified
from gp365.app.actions.scope import flows_of
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.store import export, ledger
from gp365.store.export import ExportedChain
from gp365.store.verify import VerifyReport, chain_names

Write = Callable[[bytes], object]


def ledger_verify(project: Project, *, pair: str | None = None) -> LedgerVerified:
    """Prove every chain of a pair, or all: each row, its place, its payload, and the head."""
    _check_pair(project, pair)
    began = monotonic()
    with project.store.read() as conn:
        report = ledger.verify(conn, pair=pair)
    return _verified(report, "", monotonic() - began)


def ledger_verify_file(file: Path) -> LedgerVerified:
    """Prove an export without any store; Misconfigured("export-invalid") if the file is none."""
    began = monotonic()
    try:
        with file.open("rb") as lines:
            report = export.verify_lines(lines)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror or type(error).__name__}."
        raise Misconfigured("export-invalid", message, value=str(file)) from None
    return _verified(report, str(file), monotonic() - began)


def _verified(report: VerifyReport, file: str, seconds: float) -> LedgerVerified:
    broken = None
    if not report.ok:
        broken = BrokenRow(report.chain, report.position, report.broken_at or None, report.reason)
    return LedgerVerified(
        ok=report.ok,
        rows=report.rows,
        erased=report.erased,
        chains=[ChainHead(*head) for head in report.heads],
        broken=broken,
        file=file,
        partial=[ChainPart(*part) for part in report.begun],
        seconds=round(seconds, 3),
    )


def ledger_export(
    project: Project,
    write: Write | None = None,
    *,
    out: Path | None = None,
    pair: str | None = None,
    chain: str | None = None,
    since: datetime | None = None,
) -> LedgerExported:
    """Export the ledger as JSON Lines, to a file (which appears whole or not at all) or line by line to `write`.

    Misconfigured: pair-unknown, record-unknown for a chain that there is not.
    """
    _check_pair(project, pair)
    with project.store.read() as conn:
        chains = export.export_chains(conn, pair=pair, chain=chain, since=since)
        if chain is not None and not chains:
            known = ", ".join(chain_names(conn, pair)) or "none"
            fix = f"The chains are {known}."
            raise Misconfigured("record-unknown", f"There is no chain {chain}.", value=chain, fix=fix)
        lines = export.export_lines(conn, chains, store=project.store.id, at=project.clock(), since=since)
        if out is None:
            size = sum(_counted(write, line) for line in lines)
        else:
            size = _to_file(out, lambda file: sum(_counted(file.write, line) for line in lines))
    return _exported(chains, out, size, since)


def _counted(write: Write | None, line: bytes) -> int:
    if write is not None:
        write(line)
    return len(line)


def _to_file(out: Path, fill: Callable[[BinaryIO], int]) -> int:
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f"{out.name}.part")
    try:
        with beside.open("wb") as file:
            size = fill(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return size


def _exported(
    chains: Sequence[ExportedChain], out: Path | None, size: int, since: datetime | None
) -> LedgerExported:
    return LedgerExported(
        file=str(out) if out else "",
        rows=sum(one.rows for one in chains),
        bytes=size,
        chains=[ChainHead(one.chain, one.head) for one in chains],
        since=since,
    )


def _check_pair(project: Project, pair: str | None) -> None:
    if pair is not None:
        flows_of(project, pair)
