"""The worked examples of docs/site-changes.md: read out of the page, run as they stand there, and judged by the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from e2e_site import GP, SALES, Row, Site
from receivables_site import cards, late, money, receivables_site, synced

PAGE = Path(__file__).parents[2] / "docs" / "site-changes.md"
_FILE = re.compile(r"^In `((?:flows|lookups)/[\w.]+)`:\n\n((?:(?:    .*)?\n)+)", re.MULTILINE)


def examples() -> dict[str, dict[str, str]]:
    """Return the files of each example, by its heading."""
    found: dict[str, dict[str, str]] = {}
    for section in PAGE.read_text("utf-8").split("\n## ")[1:]:
        files = {
            name: "".join(f"{line[4:]}\n" for line in text.strip("\n").splitlines())
            for name, text in _FILE.findall(section)
        }
        found[section.partition("\n")[0]] = files
    return found


@contextmanager
def example(at: Site, heading: str) -> Iterator[None]:
    """Put an example's files into the project folder while the block runs."""
    files = examples()[heading]
    for name, text in files.items():
        path = at.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    try:
        yield
    finally:
        for name in files:
            (at.folder / name).unlink()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site over SQL with customers and receivables; each test works on firms of its own."""
    with receivables_site(tmp_path_factory.mktemp("changes") / "site", "sql") as made:
        yield made


def test_every_example_of_the_page_has_files_and_a_test() -> None:
    assert all(examples().values())
    tested = re.findall(r'example\(place, "([^"]+)"\)', Path(__file__).read_text("utf-8"))
    assert sorted(tested) == sorted(examples())


def test_a_field_more_goes_where_the_page_says(place: Site) -> None:
    place.put(GP, "RM00101", "AARONFIT0001", USERDEF1="kept as it is")
    place.edit_account_of("AARONFIT0001", websiteurl=None)
    place.edit_account_of("ADAMPARK0001", websiteurl="www.adampark.example")
    with example(place, "A field more"):
        synced(place, "customers")
        assert place.customer("ADAMPARK0001")["USERDEF1"].strip() == "www.adampark.example"
        assert place.customer("AARONFIT0001")["USERDEF1"].strip() == "kept as it is"
        place.put(GP, "RM00101", "ADAMPARK0001", USERDEF1="typed in GP")
        synced(place, "customers")
        assert place.customer("ADAMPARK0001")["USERDEF1"].strip() == "www.adampark.example"


def _overdue(documents: list[Row], number: str, until: date) -> Decimal:
    due = [
        money(row, "CURTRXAM")
        for row in documents
        if row["CUSTNMBR"].strip() == number and row["RMDTYPAL"] in (1, 3, 4, 5, 6)
        if not row["VOIDSTTS"] and date.fromisoformat(row["DUEDATE"]) < until
    ]
    return sum(due, Decimal(0))


def test_another_aging_rule_moves_what_is_overdue_and_its_sums(place: Site) -> None:
    today = datetime.now(UTC).astimezone(ZoneInfo("America/Chicago")).date()
    number = "CONTOSOL0001"
    mine = [row for row in place.rows(GP, "RM20101") if row["CUSTNMBR"].strip() == number]
    [first, *_] = [row for row in mine if row["RMDTYPAL"] == 1 and money(row, "CURTRXAM")]
    key = f"{first['CUSTNMBR'].strip()};1;{first['DOCNUMBR'].strip()}"
    late(place, "RM20101", key, DUEDATE=(today - timedelta(days=20)).isoformat())
    synced(place)
    documents = place.rows(GP, "RM20101")
    before = money(cards(place)[number], "gp365_overdue")
    assert before == _overdue(documents, number, today)
    with example(place, "Another aging rule"):
        synced(place, "--full")
        for name, card in cards(place).items():
            assert money(card, "gp365_overdue") == _overdue(documents, name, today - timedelta(days=30)), name
        after = money(cards(place)[number], "gp365_overdue")
        assert after == before - money(first, "CURTRXAM")
        shown = place.account_of(number).get("gp365_overdues") or ""
        assert shown == (f"USD {after:,.2f}" if after else "")
    synced(place, "--full")
    assert money(cards(place)[number], "gp365_overdue") == before


def _account(at: Site, number: int, name: str, **values: str) -> str:
    key = f"00000000-0000-4000-8000-{number:012d}"
    held = {
        "address1_line1": f"{number} Elm Street",
        "address1_city": "Springfield",
        "address1_country": "USA",
    }
    at.put(SALES, "accounts", key, name=name, customertypecode=3, **{**held, **values})
    return key


def test_a_mapping_with_a_condition_chooses_the_class_and_who_enters(place: Site) -> None:
    with example(place, "A mapping with a condition"):
        for number, (name, state, code) in enumerate(
            [
                ("Prairie Dental", "IL", "62701"),
                ("Harbor Dental", "WA", "98104"),
                ("Nowhere Dental", "IL", ""),
            ],
            701,
        ):
            _account(place, number, name, address1_stateorprovince=state, address1_postalcode=code)
        synced(place)
        found = {row["CUSTNAME"].strip(): row["CUSTCLAS"].strip() for row in place.rows(GP, "RM00101")}
        assert found["Prairie Dental"] == "USA-ILMO-T1"
        assert found["Harbor Dental"] == "USA-MEDIUM"
        assert "Nowhere Dental" not in found
        place.edit_account_of("PRAIRIED0001", address1_postalcode="62702", telephone1="2175550100")
        synced(place, "customers")
        assert place.customer("PRAIRIED0001")["ZIP"].strip() == "62702"
    place.put(SALES, "accounts", "00000000-0000-4000-8000-000000000703", customertypecode=8)


def test_a_table_between_values_decides_and_what_it_lacks_is_parked(place: Site) -> None:
    table = dict(
        line.split(",")
        for line in examples()["A table between values"]["lookups/category_by_class.csv"].splitlines()[1:]
    )
    with example(place, "A table between values"):
        place.sync("customers", "--full")
        lacking: list[str] = []
        for row in place.rows(GP, "RM00101"):
            number, kind = row["CUSTNMBR"].strip(), row["CUSTCLAS"].strip()
            if kind not in table:
                lacking.append(number)
                continue
            assert place.account_of(number)["accountcategorycode"] == int(table[kind]), number
        assert lacking
        parked = [one for one in place.run("parked", "list").json["entries"] if one["field"] == "category"]
        assert {one["code"] for one in parked} == {"lookup-missing"} and len(parked) == len(lacking)
        place.edit_account_of("CONTOSOL0001", accountcategorycode=2)
        place.sync("customers")
        assert place.account_of("CONTOSOL0001")["accountcategorycode"] == 1
    place.sync("customers", "--full")
