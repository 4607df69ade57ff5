"""A site that goes from one channel to another and back: nothing is written for it, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from e2e_channels import over, site_over
from e2e_site import GP, PAIR, SALES, Site

from gp365.app.project import open_project
from gp365.store import links

Ends = dict[str, tuple[str | None, str | None, str, str]]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_over(tmp_path_factory.mktemp("switch") / "site", "rest") as made:
        yield made


def held(at: Site, flow: str = "customers") -> dict[int, tuple[Any, ...]]:
    """Give keys and birth marks of every link."""
    with open_project(at.folder) as project, project.store.read() as conn:
        return {
            link.id: (link.left_key, link.right_key, link.left_birth, link.right_birth, link.state)
            for page in links.scan(conn, PAIR, flow, 500)
            for link in page
        }


def rows(at: Site) -> dict[str, Any]:
    return {table: at.rows(GP, table) for table in ("RM00101", "RM00102")} | {
        table: at.rows(SALES, table) for table in ("accounts", "contacts", "gp365_customers")
    }


def test_another_channel_writes_nothing_but_what_the_first_could_not_write(there: Site) -> None:
    """REST serves no e-mail addresses, so that those of the primary contacts come to GP with the change to SQL."""
    at = there
    before, linked, carded = rows(at), held(at), held(at, "customer_cards")
    assert all(left_birth or right_birth for *_, left_birth, right_birth, _ in linked.values())
    over("sql", at)
    first = at.sync()
    assert first.code == 0, first.out
    mails = len(at.rows(GP, "SY01200"))
    assert mails > 0
    assert first.written == mails
    for way in ("sql", "soap", "rest", "sql-rest", "rest-sql", "soap", "sql"):
        over(way, at)
        done = at.sync()
        assert (done.code, done.written, done.total("created")) == (0, 0, 0), way
        assert (held(at), held(at, "customer_cards")) == (linked, carded), way
    marked = ("DEX_ROW_TS", "MODIFDT", "INTEGRATIONID")
    for table, found in rows(at).items():
        for old, new in zip(before[table], found, strict=True):
            moved = {name for name in old if old[name] != new[name] and name not in marked}
            assert not moved, (table, old, new)
    assert len(at.rows(GP, "SY01200")) == mails


def test_what_was_written_over_one_channel_is_explained_and_undone_over_another(there: Site) -> None:
    at, number = there, "NETWORKS0001"
    over("sql", at)
    was = at.row(GP, "RM00102", f"{number};PRIMARY")["ADDRESS1"]
    at.edit_account_of(number, address1_line1="404 Undone Street")
    done = at.sync()
    assert at.row(GP, "RM00102", f"{number};PRIMARY")["ADDRESS1"] == "404 Undone Street"
    run = next(one["run"] for one in done.json["runs"] if one["flow"] == "customers")
    over("rest", at)
    (told,) = at.run("explain", "gp", "customer", number, "bill_to").json["explanations"]
    assert "404 Undone Street" in str(told)
    undone = at.run("undo", run, "customers", "--apply", "--yes")
    assert undone.code == 0, undone.out + undone.err
    assert at.row(GP, "RM00102", f"{number};PRIMARY")["ADDRESS1"] == was
