"""The judge of the two simulated worlds: after a sync every firm agrees on both sides, or carries a reason that stands.

It reads the simulators' rows and the store's links and parked entries, never what a command says about itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from e2e_site import PAIR, Row
from people import People

from gp365.model.values import key_of
from gp365.store import links, parked
from gp365.store.links import Link

FLOW = "customers"


class Disagrees(AssertionError):
    """A firm is neither in step nor accounted for."""


@dataclass(frozen=True)
class Reasons:
    """The links of the flow, and the fields that are parked ("" for the whole record) by subject."""

    links: list[Link]
    parked: Mapping[str, Mapping[str, str]]
    named: frozenset[tuple[str, str]] = frozenset()

    def of_link(self, link: Link) -> Mapping[str, str]:
        return self.parked.get(f"L{link.id}", {})

    def of_record(self, side: str, key: str) -> Mapping[str, str]:
        return self.parked.get(f"{side}:{key}", {})


@dataclass
class Known:
    """What people made twice themselves: tags that may stand more than once on a side."""

    doubled: dict[str, set[str]] = field(default_factory=lambda: {"gp": set[str](), "sales": set[str]()})


def reasons_of(people: People) -> Reasons:
    """Read links and parked entries from the store."""
    with people.reading() as conn:
        held = [link for page in links.scan(conn, PAIR, FLOW, 1000) for link in page]
        found: dict[str, dict[str, str]] = {}
        named: set[tuple[str, str]] = set()
        for entry in parked.list_open(conn, PAIR, FLOW, limit=100_000):
            found.setdefault(entry.subject, {})[entry.field] = entry.code
            if not entry.field:
                named |= {("gp", _text(entry.left_key)), ("sales", _text(entry.right_key))}
    return Reasons(held, found, frozenset(named))


def is_unlinked(people: People, side: str, tag: str) -> bool:
    """Tell whether a firm has a record on a side that is no link's end."""
    held = reasons_of(people).links
    if side == "gp":
        known = {_text(link.left_key) for link in held}
        return any(row["CUSTNMBR"].strip() not in known for row in people.customers().get(tag, []))
    known = {_text(link.right_key) for link in held}
    return any(row["accountid"] not in known for row in people.accounts().get(tag, []))


def judge(people: People, known: Known, guarded: bool) -> None:
    """Compare every firm; raise Disagrees. `guarded`: a guard stopped the run, so nothing is promised but no doubles."""
    customers, accounts = people.customers(), people.accounts()
    for side, rows in (("gp", customers), ("sales", accounts)):
        for tag, held in rows.items():
            if len(held) > 1 and tag not in known.doubled[side]:
                raise Disagrees(f"{tag} stands {len(held)} times on {side}")
    if guarded:
        return
    reasons = reasons_of(people)
    by_left = {link.left_key: link for link in reasons.links if link.left_key}
    by_right = {link.right_key: link for link in reasons.links if link.right_key}
    hidden = people.hidden()
    for tag in sorted({*customers, *accounts}):
        for row in customers.get(tag, []):
            number = row["CUSTNMBR"].strip()
            if number in hidden:
                continue  # nobody can give a reason for what he may not see
            _judge_record(tag, "gp", number, by_left.get(number), reasons)
        for row in accounts.get(tag, []):
            key = row["accountid"]
            if row.get("customertypecode") != 3 and key not in by_right:
                continue  # left out by the flow's condition
            if key in hidden:
                continue
            _judge_record(tag, "sales", key, by_right.get(key), reasons)
    _judge_links(people, reasons, hidden)


def _judge_record(tag: str, side: str, key: str, link: Link | None, reasons: Reasons) -> None:
    """A record is linked, or says why not."""
    if link is None and "" not in reasons.of_record(side, key) and (side, key) not in reasons.named:
        raise Disagrees(f"{tag}: {side} {key} has no link and no reason")


def _judge_links(people: People, reasons: Reasons, hidden: set[str]) -> None:
    gp = {row["CUSTNMBR"].strip(): row for row in people.site.rows("gp", "RM00101")}
    sales = {row["accountid"]: row for row in people.site.rows("dataverse", "accounts")}
    streets = {
        (row["CUSTNMBR"].strip(), row["ADRSCODE"].strip()): row for row in people.site.rows("gp", "RM00102")
    }
    for link in reasons.links:
        if link.state != "open" or "" in reasons.of_link(link):
            continue
        left, right = gp.get(_text(link.left_key)), sales.get(_text(link.right_key))
        if _text(link.left_key) in hidden or _text(link.right_key) in hidden:
            continue
        if right is None and people.hidden_tags["dataverse"]:
            continue  # while rows are hidden, Dataverse refuses change tracking, and deletions go unseen
        if left is None or right is None:
            raise Disagrees(
                f"link {link.id} misses an end without a reason: {link.left_key} {link.right_key}"
            )
        if str(left.get("USERDEF2") or "").strip() == "":
            continue  # sample data: not ours to judge
        bill_to = streets.get((_plain(left["CUSTNMBR"]), _plain(left["PRBTADCD"])))
        for unit, one, other in _compared(left, bill_to, right):
            if not one or not other:
                continue  # held: an empty value does not clear what two sides may edit
            if one != other and unit not in reasons.of_link(link):
                told = f"{unit} is {one!r} in GP and {other!r} in Sales; {reasons.of_link(link)}"
                raise Disagrees(f"link {link.id} {link.left_key}: {told}")


def _compared(left: Row, bill_to: Row | None, right: Row) -> Iterator[tuple[str, Any, Any]]:
    """Give the units that both sides must agree in, read independently of the product."""
    yield "tag", _plain(left["USERDEF2"]), _plain(right.get("websiteurl"))
    yield "name", _plain(left["CUSTNAME"]), _plain(right.get("name"))
    if bill_to is None:
        return
    here = [_plain(bill_to[name]) for name in ("ADDRESS1", "CITY", "STATE", "ZIP")]
    there = [
        _plain(right.get(f"address1_{name}")) for name in ("line1", "city", "stateorprovince", "postalcode")
    ]
    yield "bill_to", here, there
    yield "phone", _digits(bill_to["PHONE1"]), _digits(right.get("telephone1"))


def _plain(value: Any) -> str:
    return str(value or "").strip()


def _digits(value: Any) -> str:
    digits = "".join(char for char in str(value or "") if char.isdigit())
    return digits[:10]


def _text(key: str | None) -> str:
    return "" if key is None else str(key_of(key)[0])
