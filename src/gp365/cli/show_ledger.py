"""Showing what the ledger's commands found and did."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.ledger_outputs import ErasedChain, LedgerErased, LedgerExported, LedgerVerified
from gp365.cli.words import counts, heading, moment, plain


def show_verified(console: Console, found: LedgerVerified) -> None:
    """Say whether the ledger holds, and where it first does not."""
    where = found.file or "the store"
    rows = f"{found.rows:,} rows, {found.erased:,} of them without their payload, in {found.seconds:.1f} s"
    if found.broken is not None:
        at = found.broken
        what = "line" if found.file else "row"
        number = f"{what} {at.number}, " if at.number else ""
        console.print(heading("The ledger does not hold", where))
        console.print(plain(f"  {number}position {at.position} of {at.chain}: {at.reason}", "bold red"))
        console.print(plain(f"  Until there: {rows}."))
        return
    console.print(heading("The ledger holds", where))
    console.print(plain(f"  {rows}."))
    for one in found.chains:
        console.print(plain(f"  {one.chain}  {one.head}"))
    for part in found.partial:
        console.print(
            plain(f"  {part.chain} begins at position {part.position}: what was before is not here", "yellow")
        )


def show_exported(console: Console, done: LedgerExported) -> None:
    """Say what was written."""
    console.print(plain(f"{done.rows:,} rows ({done.bytes:,} bytes) in {done.file}."))
    for one in done.chains:
        console.print(plain(f"  {one.chain}  {one.head}"))


def show_erased(console: Console, done: LedgerErased) -> None:
    """Say what was erased, what was kept, and what stays anyway."""
    verb = "would be erased" if done.dry_run else "was erased"
    for chain in done.chains:
        console.print(heading(chain.chain, f"older than {moment(done.before)} UTC {verb}"))
        console.print(plain(f"  {counts(_erased(chain))}"))
        if chain.kept:
            console.print(plain(f"  kept: {counts(chain.kept)}", "yellow"))
    if done.for_undo:
        kept = f"{done.for_undo:,} payloads and writes are kept for undo (ledger.keep_undo_days, or --even-undo)."
        console.print(plain(kept, "yellow"))
    console.print(plain("What stays:", "bold"))
    for line in done.stays:
        console.print(plain(f"  {line}", "dim"))


def _erased(chain: ErasedChain) -> dict[str, int]:
    return {
        "payloads": chain.payloads,
        "writes": chain.writes,
        "inputs": chain.inputs,
        "parked entries": chain.parked,
    }
