"""Reading GP: each list once a run, in bounded memory, whatever it is wrapped in, and never half of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path

import pytest
from gp_place import CLERK, Place, place, readable

from gp365.model.entity import Feed
from gp365.model.errors import Retry
from gp365.model.record import ChangePage, Record, Status
from gp365_sim.gp.app import Manner
from gp365_sim.samples import generated

FIELDS = ["CustomerNumber", "CustomerName", "CreditLimitAmount", "BillTo.City", "ShipTo.City"]


@pytest.fixture(scope="module", params=["bare", "payload", "container"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with place(tmp_path_factory.mktemp("gp"), Manner(profile=request.param), single_limit=5) as found:
        yield found


@pytest.fixture
def gp(served: Place) -> Place:
    """The site at the beginning of a run."""
    served.system.faults.clear()
    served.connector.begin_run()
    return served


def scan(gp: Place, entity: str = "customer", fields: list[str] = FIELDS) -> dict[tuple[str, ...], Record]:
    return {record.key: record for page in gp.connector.scan(entity, fields) for record in page}


def seen(gp: Place) -> int:
    return gp.connector.tally().requests


def test_a_run_reads_each_list_once_however_often_it_asks(gp: Place) -> None:
    before = seen(gp)
    records = scan(gp)
    scan(gp)
    list(gp.connector.census("customer"))
    list(gp.connector.changes("customer", FIELDS, None))
    gp.connector.find("customer", "CustomerName", ["adam park resort"], FIELDS)
    gp.connector.get("customer", list(records), FIELDS)
    assert seen(gp) - before == 2
    gp.connector.begin_run()
    scan(gp)
    assert seen(gp) - before == 4


def test_a_flow_without_addresses_reads_no_addresses(gp: Place) -> None:
    before = seen(gp)
    scan(gp, fields=["CustomerName", "PaymentTermsID"])
    assert seen(gp) - before == 1
    assert gp.requests()[-1][1].endswith("/Sales/Customers.json")


def test_a_few_keys_are_read_one_by_one_and_many_by_the_lists(gp: Place) -> None:
    few = gp.connector.get("customer", [("AARONFIT0001",), ("NOSUCH",)], FIELDS)
    assert list(few) == [("AARONFIT0001",)]
    assert not any(path.endswith("Customers.json") for _, path in gp.requests()[-4:])
    gp.connector.begin_run()
    before = seen(gp)
    many = gp.connector.get("customer", [(f"NOSUCH{n}",) for n in range(20)], FIELDS)
    assert many == {}
    assert seen(gp) - before <= 2


def test_a_fresh_reading_never_comes_from_the_list(gp: Place) -> None:
    gp.customer("FRESH01", CITY="Chicago")
    scan(gp)
    gp.save("RM00102", "FRESH01;PRIMARY", {"CITY": "Boston"})
    assert gp.connector.get("customer", [("FRESH01",)], FIELDS)["FRESH01",].values["BillTo.City"] == "Chicago"
    assert gp.read("FRESH01").values["BillTo.City"] == "Boston"
    gp.delete("RM00101", "FRESH01")


def test_padding_empty_dates_and_ids_are_cleaned(gp: Place) -> None:
    gp.customer("CLEAN01", CUSTNAME="Trailing  blanks   ", COMMENT1="", SALSTERR="territory 1")
    fields = [
        "CustomerName",
        "Comment1",
        "SalesTerritory",
        "FirstInvoiceDate",
        "CreatedDate",
        "CreditLimitAmount",
    ]
    values = scan(gp, fields=fields)["CLEAN01",].values
    assert values["CustomerName"] == "Trailing  blanks"
    assert (values["Comment1"], values["FirstInvoiceDate"]) == (None, None)
    assert (values["SalesTerritory"], values["CreditLimitAmount"]) == ("TERRITORY 1", Decimal(0))
    gp.delete("RM00101", "CLEAN01")


def test_what_is_not_served_is_absent_and_not_empty(gp: Place) -> None:
    record = scan(gp, fields=["BillTo.Email", "ShipTo.Email", "BillTo.City"])["AARONFIT0001",]
    assert list(record.values) == ["BillTo.City"]
    described = gp.connector.entity("customer").fields["BillTo.Email"]
    assert not described.readable and described.writable == "never"


def test_records_come_in_order_of_their_keys(gp: Place) -> None:
    keys = list(scan(gp))
    assert keys == sorted(keys) and len(keys) > 30


@pytest.mark.parametrize("entity", ["customer_class", "payment_terms", "customer_address", "company"])
def test_setup_records_are_read_by_list_and_by_key(gp: Place, entity: str) -> None:
    described = gp.connector.entity(entity)
    names = [name for name, each in described.fields.items() if each.readable]
    listed = scan(gp, entity, names)
    assert listed
    key, record = next(iter(listed.items()))
    assert dict(gp.connector.get(entity, [key], names, fresh=True)) == {key: record}
    assert described.creates == described.updates == (entity == "customer_address")


def test_a_list_that_breaks_off_begins_anew(gp: Place) -> None:
    whole = scan(gp)
    gp.connector.begin_run()
    gp.fault(do="truncate", path="Customers", after_bytes=40_000)
    assert scan(gp) == whole


def test_half_a_list_is_never_taken_for_the_whole(gp: Place) -> None:
    gp.fault(do="truncate", path="Customers", after_bytes=40_000, times=0)
    with pytest.raises(Retry) as caught:
        scan(gp)
    assert caught.value.code == "answer-cut"
    gp.system.faults.clear()
    assert len(scan(gp)) > 30


def test_every_change_page_of_a_full_feed_says_so_and_only_the_last_has_a_cursor(gp: Place) -> None:
    pages: list[ChangePage] = list(gp.connector.changes("customer", FIELDS, "2020-01-01"))
    assert all(page.full for page in pages)
    assert [page.cursor is not None for page in pages] == [False] * (len(pages) - 1) + [True]
    assert all(change.record is not None for page in pages for change in page.changes)
    assert gp.connector.entity("customer").feed is Feed.NONE


def test_find_by_a_field_of_an_address(gp: Place) -> None:
    gp.customer("FIND01", CITY="Timbuktu")
    found = gp.connector.find("customer", "BillTo.City", ["TIMBUKTU ", None], ["CustomerName"])
    assert [record.key for record in found] == [("FIND01",)]
    gp.delete("RM00101", "FIND01")


def test_what_was_written_in_the_run_is_found_under_its_new_value_only(gp: Place) -> None:
    gp.customer("FIND02", COMMENT1="before")
    assert gp.connector.find("customer", "Comment1", ["BEFORE"], ["Hold"])
    assert gp.edit("FIND02", {"Comment1": "after"}).status is Status.DONE
    assert gp.create("FIND03", {"CustomerName": "Made now", "Comment1": "after"}).status is Status.DONE
    before = seen(gp)
    found = gp.connector.find("customer", "Comment1", ["After"], ["Hold"])
    assert {record.key for record in found} == {("FIND02",), ("FIND03",)}
    assert not gp.connector.find("customer", "Comment1", ["before"], ["Hold"])
    assert seen(gp) == before
    gp.delete("RM00101", "FIND02")
    gp.delete("RM00101", "FIND03")


def test_two_lanes_log_in_twice_and_no_more(gp: Place) -> None:
    scan(gp)
    gp.connector.get("customer", [("AARONFIT0001",), ("ADAMPARK0001",), ("#1",)], readable(), fresh=True)
    gp.connector.check()
    cut = 1 + 2 * 3  # each cut list costs its lane's connection, and the tests above cut seven
    assert gp.connector.handshakes <= 2 + cut


def test_a_proved_filter_reads_only_what_was_modified_with_two_days_overlap(tmp_path: Path) -> None:
    from gp365.connectors.gp import RESOURCES, with_overrides

    query = {"modified_filter": "$filter=ModifiedDate ge {day}"}
    resources = with_overrides(RESOURCES, {"customer": query, "customer_address": query})
    with place(tmp_path, Manner(modified_filter=True), resources=resources) as gp:
        assert gp.connector.entity("customer").feed is Feed.MODIFIED
        *_, last = gp.connector.changes("customer", FIELDS, None)
        assert last.full and last.cursor
        gp.save("RM00101", "AARONFIT0001", {"COMMENT1": "moved"})
        gp.save("RM00102", "ADAMPARK0001;PRIMARY", {"CITY": "Moved too"})
        gp.connector.begin_run()
        before = gp.connector.tally().requests
        [page] = list(gp.connector.changes("customer", FIELDS, last.cursor))
        assert {change.key for change in page.changes} == {("AARONFIT0001",), ("ADAMPARK0001",)}
        assert not page.full and page.cursor
        assert gp.connector.tally().requests - before == 2


def test_a_thing_like_a_restored_backup_shows_as_a_falling_epoch(tmp_path: Path) -> None:
    with place(tmp_path) as gp:

        def epoch() -> tuple[str, int]:
            gp.connector.begin_run()
            assert gp.connector.epoch() == ""  # nothing is asked for it
            list(gp.connector.scan("customer", ()))
            company, _, number = gp.connector.epoch().rpartition(":")
            return company, int(number.lstrip("~"))

        first = epoch()
        gp.customer("NEWEST001")
        later = epoch()
        gp.system.world.reset()
        assert first[1] < later[1] and epoch() == first
        assert first[0].startswith("TWO/~")  # a hint: the oldest customer may have been deleted


SCAN = """
import sys
from pathlib import Path
import psutil
sys.path.insert(0, sys.argv[1])
from gp_place import Word
from gp365.connectors.gp import GpConnector, GpSettings
from gp365.store.scratch import ScratchFile
url, ca, folder, user = sys.argv[2:6]
settings = GpSettings("gp", url, "Fabrikam, Inc.", user, Word(sys.stdin.read()), ca_file=Path(ca), spacing_ms=0)
connector = GpConnector(settings, scratch=ScratchFile(Path(folder)))
fields = ["CustomerName", "CreditLimitAmount", "BillTo.City", "ShipTo.City"]
connector.get("customer", [("NOSUCH",)], fields)
peak = before = psutil.Process().memory_info().rss
rows = 0
for page in connector.scan("customer", fields):
    rows += len(page)
    peak = max(peak, psutil.Process().memory_info().rss)
print(rows, (peak - before) // 2**20, before // 2**20, connector.tally().requests)
"""


def test_ten_thousand_customers_take_one_request_a_list_and_little_memory(tmp_path: Path) -> None:
    samples = generated(customers=10_000, accounts=1, overlap=1, seed=7)
    with place(tmp_path, samples=samples) as gp:
        ca = str(gp.settings.ca_file)
        here = str(Path(__file__).parent)
        child = subprocess.run(
            [sys.executable, "-c", SCAN, here, gp.settings.url, ca, str(tmp_path / "child"), CLERK.name],
            input=CLERK.password,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert child.returncode == 0, child.stderr
        rows, grown, before, _ = map(int, child.stdout.split())
        lists = [
            path for _, path in gp.requests() if path.endswith(("Customers.json", "CustomerAddresses.json"))
        ]
        assert rows == 10_000
        assert len([path for path in lists if "Addresses" in path]) == 1
        assert grown < 40, f"{grown} MB over {before} MB"
