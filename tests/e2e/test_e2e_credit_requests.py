from __future__ import annotations
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
import pytest
from credit_site import *
from e2e_site import GP, SALES, Site

@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    with credit_site(tmp_path_factory.mktemp("credit") / "site", "sql") as made:
        yield made

def test_a(bank: Site) -> None:
    desk = Desk(bank)
    print(desk.people)
    before = granted(bank, "CONTOSOL0001")
    one = desk.limit("CONTOSOL0001", 25000)
    print(bank.sync().out)
    print(desk.shown(one))
    assert granted(bank, "CONTOSOL0001") == before
    desk.approve(one)
    a = bank.sync()
    print(a.out, a.err)
    print(desk.shown(one))
    assert granted(bank, "CONTOSOL0001") == (2, Decimal(25000))
    assert desk.state(one) == DONE
    a = bank.sync()
    assert a.written == 0
    print(bank.run("parked", "list").out)
    assert 0
