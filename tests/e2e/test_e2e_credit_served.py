"""Credit requests that the service carries out, in a round and by a hint, with its store in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from credit_site import AMOUNT, DONE, FLOW, Desk, credit_site, granted
from e2e_serving import SELDOM, serving, until
from e2e_site import SALES, Site

from gp365.app.service.service import Service
from gp365.store import hints
from gp365.store.hints import Hint
from postgresql import new_schema

IN_A_ROUND, BY_A_HINT = "WESTSIDE0001", "NORTHERN0001"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = SELDOM
    if request.param == "postgresql":
        url = new_schema(request.getfixturevalue("postgresql_server")).replace("+psycopg", "", 1)
        settings += f'\n[store]\nurl = "{url}"\n'
    folder: Path = tmp_path_factory.mktemp("served") / "site"
    with credit_site(folder, "sql", settings) as made:
        yield made


def test_what_is_approved_is_carried_out_once_in_a_round_and_at_once_by_a_hint(there: Site) -> None:
    desk, asked = Desk(there), {IN_A_ROUND: 25000, BY_A_HINT: 26000}
    with serving(there) as service:
        one = {number: desk.limit(number, amount) for number, amount in asked.items()}
        _looks(service, desk, one)
        for number, request in one.items():
            assert granted(there, number) != (AMOUNT, Decimal(asked[number])), "nobody has approved it"
            desk.approve(request)
        _told(service, one[BY_A_HINT])
        until(lambda: desk.state(one[BY_A_HINT]) == DONE)
        service.ask()
        until(lambda: desk.state(one[IN_A_ROUND]) == DONE)
        until(service.is_quiet)
    for number, amount in asked.items():
        assert granted(there, number) == (AMOUNT, Decimal(amount))
        assert Decimal(str(there.card(number)["gp365_creditlimit"])) == amount
    again = there.sync()
    assert again.code == 0 and again.balanced and again.written == 0
    assert there.chain().ok


def _looks(service: Service, desk: Desk, requests: dict[str, str]) -> None:
    """Let the service show on each request what stands in GP."""
    service.ask()
    until(service.is_quiet)


def _told(service: Service, request: str) -> None:
    """Tell the service of a request, as its door does."""
    hint = Hint("sales", "gp365_creditrequest", request, "Update", "", "", datetime.now(UTC))
    with service.project.store.write() as conn:
        hints.keep(conn, [hint])
    service.wake()


def test_the_flow_has_nothing_left_to_do(there: Site) -> None:
    assert [row["gp365_state"] for row in there.rows(SALES, "gp365_creditrequests")] == [DONE, DONE]
    assert [one for one in there.run("parked", "list").json["entries"] if one["flow"] == FLOW] == []
