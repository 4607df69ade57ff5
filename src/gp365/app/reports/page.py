"""The report as one HTML file: readable on screen and on paper, light and dark, without script or anything from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any, cast

from gp365.app.reports.head import BooksHead, CustomerBooksHead, Head, RunHead
from gp365.app.reports.lines import DifferenceLine, Lines, MissingLine, SampleLine, SingleLine

MOST = 2000
"""So many findings of a kind are shown; the JSON and the workbook hold all of them."""

VERDICTS: Mapping[str, str] = {
    "equal": "Both systems agree: every linked pair is alike in every field that is kept in step.",
    "explained": "Both systems agree, but for differences that are all explained below.",
    "parked": "What differs is explained; some of it waits for a person's decision.",
    "drift": "There are differences that nothing explains.",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --soft: #5b6470; --line: #d6dae0; --paper: #fff;
  --shade: #f4f6f8; --bad: #a4161a; --good: #1b6e3c }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --soft: #9aa4b1; --line: #3a424d;
  --paper: #16191d; --shade: #1f242a; --bad: #ff8a8a; --good: #7fd6a0 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", sans-serif }
h1 { font-size: 1.6rem; margin: 0 }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem }
p { margin: .4rem 0 }
.soft { color: var(--soft) }
.bad { color: var(--bad) }
.good { color: var(--good) }
.verdict { font-size: 1.15rem; font-weight: 600; border-left: .35rem solid; padding: .5rem .9rem;
  margin: 1rem 0; background: var(--shade) }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { font-weight: 600; color: var(--soft) }
td.n, th.n { text-align: right }
table.facts td:first-child { white-space: nowrap; color: var(--soft) }
code { font: 13px/1.4 ui-monospace, Consolas, monospace }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --shade: #fff;
  --bad: #8a0000; --good: #000 }
  body { max-width: none; padding: 0; font-size: 10pt }
  h2 { break-after: avoid } tr { break-inside: avoid } thead { display: table-header-group } }
"""


def write_page(path: Path, head: Head, lines: Lines) -> None:
    """Write the report as HTML."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for piece in _page(head, lines):
            file.write(piece)


def _page(head: Head, lines: Lines) -> Iterator[str]:
    title = escape(f"Reconciliation of {head.flow}, {head.pair}")
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
    yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>\n'
    yield f'<h1>{title}</h1>\n<p class="soft">{escape(head.title)}</p>\n'
    yield f'<p class="verdict {"bad" if head.verdict == "drift" else "good"}">{VERDICTS[head.verdict]}</p>\n'
    yield from _books(head.books)
    yield from _about(head)
    yield from _figures(head)
    yield from _totals(head, lines)
    yield from _hashes(head)
    yield from _listing("Missing, unlinked and doubled", head, lines.missing(), _MISSING, _missing)
    columns = ("record", "field", *lines.sides, "why")
    yield from _listing("Differences", head, lines.differences(), columns, _differences(lines))
    yield from _listing("Records without partner", head, lines.singles(), _SINGLES, _single)
    columns = ("record", "field", *lines.sides)
    yield from _listing("Sample, to be checked by hand", head, lines.sample(), columns, _sampled(lines))
    yield from _proof(head)
    yield "</body></html>\n"


def books_text(held: BooksHead) -> str:
    """Say in a sentence whether Dynamics GP agrees with itself."""
    if held.left_out:
        return f"Dynamics GP was not compared with itself: {held.left_out}"
    if held.agrees:
        return "Dynamics GP agrees with itself: documents, customer balances and ledger are one figure."
    own = "These differences are GP's own, no drift: what gp365 shows is what GP says."
    return f"Dynamics GP does not agree with itself. {own}"


def _books(held: BooksHead | None) -> Iterator[str]:
    if held is None:
        return
    good = "good" if held.agrees and not held.left_out else "bad"
    yield f'<h2>Dynamics GP against itself</h2>\n<p class="{good}">{escape(books_text(held))}</p>\n'
    if held.left_out:
        return
    yield _table((f"{held.currency}, {held.customers:,} customers", "#amount"), books_rows(held))
    if held.listed:
        yield _table(_CUSTOMERS, [_books_row(one) for one in held.listed[:MOST]])
    if held.differing > min(len(held.listed), MOST):
        yield f'<p class="soft">{held.differing:,} customers in all.</p>\n'


_CUSTOMERS = ("customer", "#documents", "#applied, not posted", "#balance", "#difference")


def _books_row(one: CustomerBooksHead) -> Sequence[str]:
    return (one.customer, one.documents, one.waiting, one.balance, one.difference)


def books_rows(held: BooksHead) -> list[tuple[str, str]]:
    """Give the lines of GP's three figures, with the differences."""
    rows = [
        ("documents that are posted and not void, what is left of them, signed", held.documents),
        ("receipts applied and not posted yet", held.waiting),
        ("customers' balances as GP keeps them", held.balance),
        ("difference of documents and balances", held.difference),
    ]
    rows += [(f"control account {one.account}", one.balance) for one in held.accounts]
    if held.accounts:
        rows += [("difference of ledger and balances", held.ledger_difference)]
    return rows


def _about(head: Head) -> Iterator[str]:
    yield "<h2>What was compared</h2>\n"
    rows = [
        (
            one.side,
            f"{one.system}, {one.entity}",
            _Noted(one.name, one.organisation),
            _moment(one.began),
            _moment(one.ended),
            f"{one.read:,}",
        )
        for one in head.sides
    ]
    yield _table(("side", "system", "organisation", "reading began (UTC)", "ended (UTC)", "records"), rows)
    told = [
        ("made", f"{_moment(head.ended)} UTC by {head.actor}, gp365 {head.version}"),
        ("company", head.company or "–"),
        ("flow", f"{head.flow}, version {head.flow_digest}"),
        ("last run", _run(head.last_run)),
        ("last clean run", _run(head.last_clean_run)),
        ("fields", ", ".join(head.compared)),
    ]
    yield _table(("", ""), told)


def _run(run: RunHead | None) -> str:
    if run is None:
        return "none"
    clean = "clean" if run.clean else "not clean"
    return f"{run.run} ({run.kind} by {run.actor}), began {_moment(run.begun_at)} UTC, {run.state}, {clean}"


def _figures(head: Head) -> Iterator[str]:
    counts = head.counts
    yield "<h2>Figures</h2>\n"
    rows = [
        ("linked pairs", f"{counts.linked:,}", ""),
        ("alike in every field", f"{counts.equal:,}", ""),
        ("with differences", f"{counts.differing:,}", _words(counts.differences)),
        ("a record is not there", f"{counts.incomplete:,}", ""),
    ]
    rows += [(kind, f"{sum(held.values()):,}", _words(held)) for kind, held in sorted(counts.missing.items())]
    rows += [
        (f"without partner on {side}", f"{sum(held.values()):,}", _words(held))
        for side, held in counts.singles.items()
    ]
    rows += [("not explained (drift)", f"{counts.drift:,}", "")]
    rows += [(f"{name}: one side does not show it", f"{n:,}", "") for name, n in counts.unread.items()]
    yield _table(("", "#count", "by reason"), rows)


def _words(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{number:,} {why}" for why, number in counts.items())


def _totals(head: Head, lines: Lines) -> Iterator[str]:
    if not head.totals:
        return
    left, right = lines.sides
    yield "<h2>Control totals</h2>\n"
    rows = [
        (
            one.field,
            one.currency or "–",
            one.linked[left],
            one.linked[right],
            one.difference,
            "; ".join(f"{amount} {why}" for why, amount in one.explained.items()) or "–",
            one.all[left],
            one.all[right],
        )
        for one in head.totals
    ]
    names = (
        "field",
        "currency",
        f"#{left}, linked",
        f"#{right}, linked",
        "#difference",
        "explained by the pairs below",
    )
    yield _table((*names, f"#{left}, all", f"#{right}, all"), rows)


def _hashes(head: Head) -> Iterator[str]:
    held = head.hashes
    told = (
        "equal"
        if held.equal
        else f"unequal in {len(held.unequal)} of {len(next(iter(held.sums.values())))} blocks"
    )
    yield "<h2>Hash totals</h2>\n"
    yield f'<p class="{"good" if held.equal else "bad"}">{held.pairs:,} linked pairs, all fields kept in step: {told}.</p>\n'
    yield _table(("side", "sum"), list(held.total.items()))
    if held.unequal:
        rows = [(str(one.block), f"{one.pairs:,}", *one.sums.values()) for one in held.unequal]
        yield _table(("block", "#pairs", *held.total), rows)


_MISSING = ("what", "side", "records", "name", "why")
_SINGLES = ("side", "key", "name", "why")
Rows = Callable[[Any], Iterable[Sequence[str]]]


def _listing(
    title: str, head: Head, found: Iterator[Any], columns: Sequence[str], rows: Rows
) -> Iterator[str]:
    first = next(found, None)
    if first is None:
        return
    yield f'<h2>{escape(title)}</h2>\n<div class="wide"><table><thead>{_row(columns, "th")}</thead><tbody>\n'
    yield from (_row(row) for row in rows(first))
    for one in islice(found, MOST - 1):
        yield from (_row(row) for row in rows(one))
    yield "</tbody></table></div>\n"
    if more := sum(1 for _ in found):
        yield f'<p class="soft">… and {more:,} more, in the JSON document and the workbook.</p>\n'


def _missing(one: MissingLine) -> Iterable[Sequence[str]]:
    why = f"{one.reason.why}: {one.reason.text}"
    yield (one.kind, one.side, ", ".join(key for key in one.keys if key), one.name, why)


def _single(one: SingleLine) -> Iterable[Sequence[str]]:
    yield (one.side, one.key, one.name, f"{one.reason.why}: {one.reason.text}")


def _differences(lines: Lines) -> Rows:
    left, right = lines.sides

    def rows(one: DifferenceLine) -> Iterable[Sequence[str]]:
        name = f"{one.name} ({' = '.join(one.keys.values())})"
        for at, field in enumerate(one.fields):
            entry = f" (entry {field.reason.entry})" if field.reason.entry else ""
            why = f"{field.reason.why}: {field.reason.text}{entry}"
            yield ("" if at else name, field.field, value(field.raw[left]), value(field.raw[right]), why)

    return rows


def _sampled(lines: Lines) -> Rows:
    left, right = lines.sides

    def rows(one: SampleLine) -> Iterable[Sequence[str]]:
        name = f"{one.name} ({' = '.join(one.keys.values())})"
        for at, (field, held) in enumerate(one.fields.items()):
            yield ("" if at else name, field, value(held[left]), value(held[right]))

    return rows


def _proof(head: Head) -> Iterator[str]:
    yield "<h2>How to check this report</h2>\n"
    yield "<p>This page shows a JSON document of the same name, which is signed and names the digest of this page.</p>\n"
    yield "<p><code>gp365 reconcile verify FILE --key PUBLIC</code></p>\n"
    yield _table(("", ""), [("public key", head.public_key), ("fingerprint", head.key_fingerprint)])


@dataclass(frozen=True, slots=True)
class _Noted:
    """A cell with a note in small print below it."""

    text: str
    note: str


def _table(columns: Sequence[str], rows: Iterable[Sequence[str | _Noted]]) -> str:
    """Write a table; a column whose name begins with # holds numbers, one whose name is empty has no title."""
    numbers = {at for at, name in enumerate(columns) if name.startswith("#")}
    titles = [name.removeprefix("#") for name in columns]
    head = f"<thead>{_row(titles, 'th', numbers)}</thead>" if any(titles) else ""
    body = "\n".join(_row(row, "td", numbers) for row in rows)
    facts = "" if head else ' class="facts"'
    return f'<div class="wide"><table{facts}>{head}<tbody>{body}</tbody></table></div>\n'


def _row(
    cells: Sequence[str | _Noted], tag: str = "td", numbers: set[int] | frozenset[int] = frozenset()
) -> str:
    shown = (
        f"<{tag}{' class=n' if at in numbers else ''}>{_cell(cell)}</{tag}>" for at, cell in enumerate(cells)
    )
    return f"<tr>{''.join(shown)}</tr>"


def _cell(cell: str | _Noted) -> str:
    if isinstance(cell, str):
        return escape(cell)
    note = f'<br><small class="soft">{escape(cell.note)}</small>' if cell.note else ""
    return f"{escape(cell.text)}{note}"


def value(held: Any) -> str:
    """Write a value for people: an empty one as a dash, several parts side by side."""
    if isinstance(held, list):
        return " · ".join(value(one) for one in cast("list[Any]", held))
    if isinstance(held, bool):
        return "yes" if held else "no"
    return "–" if held is None or held == "" else str(held)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
