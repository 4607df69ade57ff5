"""Showing a reconciliation: verdict, figures, control totals, the first findings, the files; and a report's check."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.reconcile_outputs import KeyOut, ReconciledFlow, ReconcileOut
from gp365.app.reports.checking import VerifyOut
from gp365.app.reports.head import BooksHead, Head
from gp365.app.reports.lines import DifferenceLine, MissingLine
from gp365.app.reports.page import VERDICTS, books_rows, books_text
from gp365.cli.words import counts, grid, heading, moment, plain, value

_NUMBER = {"justify": "right", "min_width": 10}
_FOLD = {"overflow": "fold"}
_CUSTOMERS = 10


def show_reconcile(console: Console, told: ReconcileOut) -> None:
    """Show reconciliations."""
    for flow in told.flows:
        _flow(console, flow)
    for one in told.skipped:
        console.print(plain(f"not reconciled: {one.pair} {one.flow}: {one.error.message}", "red"))


def show_figures(console: Console, flow: ReconciledFlow) -> None:
    """Show the verdict, the counts and the totals of a flow."""
    head = flow.report
    console.print(heading(head.flow, f"pair {head.pair} · {flow.seconds:g} s"))
    console.print(plain(VERDICTS[head.verdict], "red" if head.verdict == "drift" else "green"))
    _books(console, head.books)
    _figures(console, head)
    _totals(console, head)


def _flow(console: Console, flow: ReconciledFlow) -> None:
    head = flow.report
    show_figures(console, flow)
    for missing in flow.missing:
        _missing(console, missing)
    for difference in flow.differences:
        _difference(console, difference)
    more = head.counts.differing - len(flow.differences)
    if more > 0:
        console.print(plain(f"  … and {more:,} more pairs, in the report"))
    for file in flow.files:
        console.print(plain(f"Written: {file}", "dim"), soft_wrap=True)


def _figures(console: Console, head: Head) -> None:
    held = head.counts
    table = grid(_NUMBER, _FOLD, _FOLD)
    for one in head.sides:
        table.add_row(f"{one.read:,}", plain(f"read from {one.system}"), "")
    table.add_row(f"{held.linked:,}", "linked pairs", "")
    table.add_row(f"{held.equal:,}", "alike in every field", "")
    table.add_row(f"{held.differing:,}", "with differences", plain(counts(held.differences), "dim"))
    for kind, found in held.missing.items():
        table.add_row(f"{sum(found.values()):,}", plain(kind), plain(counts(found), "dim"))
    for side, found in held.singles.items():
        text = plain(f"without partner on {side}")
        table.add_row(f"{sum(found.values()):,}", text, plain(counts(found), "dim"))
    table.add_row(f"{held.drift:,}", "not explained (drift)", "")
    console.print(table)
    hashes = head.hashes
    told = "equal" if hashes.equal else f"unequal in {len(hashes.unequal)} blocks"
    console.print(plain(f"  hash totals {told}: {' / '.join(hashes.total.values())}"))


def _books(console: Console, held: BooksHead | None) -> None:
    """Show what Dynamics GP says of the same money in its own three places."""
    if held is None:
        return
    console.print(plain(f"  {books_text(held)}", "green" if held.agrees else "yellow"))
    if held.left_out:
        return
    table = grid({"justify": "right", "min_width": 18}, _FOLD)
    for name, amount in books_rows(held):
        table.add_row(amount, plain(f"{name}, {held.currency}"))
    console.print(table)
    for one in held.listed[:_CUSTOMERS]:
        told = f"documents {one.documents}, applied and not posted {one.waiting}, balance {one.balance}"
        console.print(plain(f"    {one.customer}: {told}: difference {one.difference}", "yellow"))
    if held.differing > _CUSTOMERS:
        console.print(plain(f"    … {held.differing:,} customers in all, in the report"))


def _totals(console: Console, head: Head) -> None:
    for one in head.totals:
        sums = " / ".join(f"{side} {amount}" for side, amount in one.linked.items())
        why = "; ".join(f"{amount} {reason}" for reason, amount in one.explained.items())
        difference = f", difference {one.difference}: {why}" if one.explained else ", equal"
        console.print(plain(f"  total of {' '.join((one.field, one.currency)).strip()}: {sums}{difference}"))


def _missing(console: Console, one: MissingLine) -> None:
    keys = ", ".join(key for key in one.keys if key)
    console.print(plain(f"  {one.kind}: {one.name} ({keys})", "bold"))
    console.print(plain(f"    {one.reason.why}: {one.reason.text}"))


def _difference(console: Console, one: DifferenceLine) -> None:
    console.print(plain(f"  {one.name} ({' = '.join(one.keys.values())})", "bold"))
    table = grid({"min_width": 4}, {"min_width": 12}, _FOLD, _FOLD)
    for field in one.fields:
        held = " / ".join(f"{side} {value(shown)}" for side, shown in field.raw.items())
        entry = f" (parked {field.reason.entry})" if field.reason.entry else ""
        table.add_row(
            "", plain(field.field), plain(held), plain(f"{field.reason.why}: {field.reason.text}{entry}")
        )
    console.print(table)


def show_verified(console: Console, told: VerifyOut) -> None:
    """Show whether a report is as it was signed."""
    said = "The report is as it was signed." if told.agrees else "The report is NOT as it was signed."
    console.print(plain(said, "green" if told.agrees else "bold red"))
    if told.pair:
        at = moment(told.ended)
        console.print(plain(f"  {told.flow}, pair {told.pair}, made {at} UTC: {told.verdict}"))
    for one in told.checks:
        console.print(plain(f"  {one.file} {one.text}"))
    whose = "the key that was given" if told.key_given else "the key beside the report"
    console.print(plain(f"  by {whose}, {told.fingerprint}"), soft_wrap=True)
    if not told.key_given:
        console.print(
            plain("  Anybody can sign with a key of his own: give the key that you know with --key.")
        )


def show_key(console: Console, told: KeyOut) -> None:
    """Show a public key."""
    console.print(plain(told.public_key), soft_wrap=True)
    console.print(plain(told.fingerprint, "dim"), soft_wrap=True)
    console.print(plain(told.pem))
