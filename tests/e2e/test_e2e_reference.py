"""Reference data beside each other: terms, classes, salespersons, territories, shipping methods, currencies.

What stands in GP stands in Sales, to the letter; what Sales proposes reaches GP only when somebody has approved it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from e2e_site import GP, SALES, Row, Site
from reference_site import (
    METHODS,
    SAM,
    TERMS,
    all_options,
    approved,
    approvers,
    elsewhere,
    given,
    parked,
    proposed,
    reference_site,
    shown,
    synced,
)

OF_TERMS, OF_CLASSES = "payment_terms", "customer_classes"
LISTS = {
    "payment_terms": ("SY03300", "PYMTRMID", {"gp365_duedays": "DUEDTDS", "gp365_duetype": "DUETYPE"}),
    "salespersons": ("RM00301", "SLPRSNID", {"gp365_lastname": "SPRSNSLN", "gp365_territory": "SALSTERR"}),
    "territories": ("RM00303", "SALSTERR", {"gp365_description": "SLTERDSC", "gp365_manager": "SLPRSNID"}),
    "shipping_methods": ("SY03000", "SHIPMTHD", {"gp365_description": "SHMTHDSC", "gp365_type": "SHIPTYPE"}),
}
OWN = frozenset(
    {"CLASSID", "CLASDSCR", "NOTEINDX", "CREATDDT", "MODIFDT", "DEX_ROW_ID", "DEFLTCLS", "CSTPRLVL"}
)
RUNS = {
    "sql": ("reference_data",),
    "soap": ("payment_terms", "salespersons", "territories", "shipping_methods", "currencies"),
}

Sites = Callable[[str], Site]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Sites by their channel, made when they are first wanted; each test works on an entry of its own."""
    made: dict[str, Site] = {}
    with ExitStack() as stack:

        def of(way: str) -> Site:
            if way not in made:
                folder = tmp_path_factory.mktemp(way) / "site"
                made[way] = stack.enter_context(reference_site(folder, way, RUNS[way]))
            return made[way]

        yield of


@pytest.fixture(params=["sql", "soap"])
def either(request: pytest.FixtureRequest, sites: Sites) -> Site:
    """A site over each channel that serves the lists."""
    return sites(str(request.param))


@pytest.fixture
def books(sites: Sites) -> Site:
    """The site over SQL, which serves customer classes too."""
    return sites("sql")


def classes(at: Site) -> dict[str, Row]:
    return {row["CLASSID"].strip(): row for row in at.rows(GP, "RM00201")}


def changed(at: Site, flow: str, before: dict[str, Row]) -> list[str]:
    """Name the rows that were written since."""
    rows = shown(at, flow)
    return sorted(
        name
        for name, row in rows.items()
        if name not in before or row["versionnumber"] != before[name]["versionnumber"]
    )


def test_every_entry_of_gp_stands_in_sales_with_its_figures_and_nothing_else(either: Site) -> None:
    for flow, (table, key, columns) in LISTS.items():
        held = {row[key].strip(): row for row in either.rows(GP, table)}
        rows = shown(either, flow)
        assert set(rows) == set(held) and held, flow
        for name, row in rows.items():
            assert row["gp365_company"] == "TWO"
            for column, theirs in columns.items():
                value = held[name][theirs]
                expected = (value.strip() or None) if isinstance(value, str) else value
                assert row.get(column) == expected, (flow, name, column)
    assert shown(either, "currencies")["Z-US$"]["gp365_iso"] == "USD"
    assert shown(either, "salespersons")["IAN M."]["gp365_inactive"] is True
    assert synced(either).written == 0
    assert synced(either, "--full").written == 0


def test_terms_that_a_clerk_changes_are_changed_in_sales_and_nothing_beside_them(either: Site) -> None:
    before = shown(either, OF_TERMS)
    either.put(GP, "SY03300", "Due 20th", DUEDTDS=21)
    assert synced(either, OF_TERMS).written == 1
    assert shown(either, OF_TERMS)["Due 20th"]["gp365_duedays"] == 21
    assert changed(either, OF_TERMS, before) == ["Due 20th"]


def test_what_somebody_writes_over_terms_in_sales_is_put_right(books: Site) -> None:
    row = shown(books, OF_TERMS)["2% EOM/Net 15th"]
    books.put(SALES, "gp365_paymentterms", row["gp365_paymenttermid"], gp365_duedays=90)
    assert synced(books, OF_TERMS).written == 1
    assert shown(books, OF_TERMS)["2% EOM/Net 15th"]["gp365_duedays"] == row["gp365_duedays"]


def test_terms_that_are_gone_from_gp_are_kept_and_marked_and_in_use_again_when_they_are_back(
    either: Site,
) -> None:
    given(either, "NET 77", 4)
    either.put(GP, "SY03300", "NET 77", DUETYPE=1, DUEDTDS=77)
    assert synced(either, OF_TERMS).written == 1
    row = shown(either, OF_TERMS)["NET 77"]
    assert (row["gp365_duedays"], row["gp365_option"]) == (77, 4)

    either.door(GP, "DELETE", "/rows/SY03300/NET 77")
    assert synced(either, OF_TERMS).written == 1
    gone = shown(either, OF_TERMS)["NET 77"]
    assert gone["gp365_inactive"] is True and gone["gp365_duedays"] == 77
    assert gone["gp365_paymenttermid"] == row["gp365_paymenttermid"]
    assert synced(either, OF_TERMS).written == 0 and synced(either, OF_TERMS, "--full").written == 0

    either.put(GP, "SY03300", "NET 77", DUETYPE=1, DUEDTDS=78)
    assert synced(either, OF_TERMS).written == 1
    back = shown(either, OF_TERMS)["NET 77"]
    assert (back["gp365_inactive"], back["gp365_duedays"]) == (False, 78)
    assert back["gp365_paymenttermid"] == row["gp365_paymenttermid"]
    assert synced(either, OF_TERMS).written == 0


def test_all_choices_have_every_term_and_method_with_one_value_and_a_second_look_finds_nothing(
    books: Site,
) -> None:
    for chosen, flow in ((TERMS, OF_TERMS), (METHODS, "shipping_methods")):
        everywhere = all_options(books, chosen)
        for name, row in shown(books, flow).items():
            labels = {options.get(row["gp365_option"]) for options in everywhere.values()}
            assert len(labels) == 1 and None not in labels, (name, labels)
        values = [row["gp365_option"] for row in shown(books, flow).values()]
        assert len(set(values)) == len(values)
    again = books.run("provision", "plan")
    assert again.code == 0 and again.json["nothing_to_do"], again.out


def test_proposed_terms_become_a_task_when_an_approver_approves_and_are_linked_when_somebody_enters_them(
    books: Site,
) -> None:
    key = proposed(books, OF_TERMS, "NET 12", gp365_reason="asked for by Vancouver")
    assert synced(books, OF_TERMS).written == 0
    approved(books, OF_TERMS, key)
    assert books.sync(OF_TERMS).code == 1
    [entry] = parked(books, OF_TERMS)
    assert entry["code"] == "lookup-missing" and SAM in entry["message"]
    approvers(books, SAM)
    assert books.sync(OF_TERMS).code == 1
    [entry] = parked(books, OF_TERMS)
    assert entry["code"] == "task" and "Payment Terms" in entry["message"]
    assert "NET 12" not in {row["PYMTRMID"].strip() for row in books.rows(GP, "SY03300")}
    books.put(GP, "SY03300", "NET 12", DUETYPE=1, DUEDTDS=12)
    given(books, "NET 12", 4)
    done = synced(books, OF_TERMS)
    assert done.written == 1 and not parked(books, OF_TERMS)
    row = shown(books, OF_TERMS)["NET 12"]
    assert (row["gp365_paymenttermid"], row["gp365_duedays"]) == (key, 12)
    assert row["gp365_idkey"] == "NET_2012" and row["gp365_reason"] == "asked for by Vancouver"
    assert synced(books, OF_TERMS).written == 0
    approvers(books)


# over SQL: classes, and customers beside


def test_a_proposed_class_is_made_as_a_copy_of_its_template_after_approval_and_never_before(
    books: Site,
) -> None:
    receivable = max(row["ACTINDX"] for row in books.rows(GP, "GL00105"))
    books.put(GP, "RM00201", "USA-ILMO-T1", RMARACC=receivable)
    synced(books, OF_CLASSES)
    before = classes(books)
    key = proposed(
        books, OF_CLASSES, "usa-west", gp365_description="Western states", gp365_template="USA-ILMO-T1"
    )
    assert synced(books, OF_CLASSES).written == 0 and classes(books) == before
    approved(books, OF_CLASSES, key)
    assert books.sync(OF_CLASSES).code == 1 and classes(books) == before
    assert parked(books, OF_CLASSES)[0]["code"] == "lookup-missing"
    approvers(books, SAM)
    done = books.sync(OF_CLASSES)
    made = classes(books)
    assert set(made) - set(before) == {"USA-WEST"}
    model, new = before["USA-ILMO-T1"], made["USA-WEST"]
    assert {name for name in model if model[name] != new[name]} <= OWN, done.out
    assert new["RMARACC"] == model["RMARACC"] == receivable
    assert (new["CLASDSCR"].strip(), new["DEFLTCLS"]) == ("Western states", 0)
    assert {name: row for name, row in made.items() if name != "USA-WEST"} == before
    synced(books, OF_CLASSES)
    row = books.row(SALES, "gp365_customerclasses", key)
    assert row["gp365_idkey"] == "USA_2DWEST" and row["gp365_standing"] == 3
    assert row["gp365_terms"] == model["PYMTRMID"].strip()
    assert synced(books, OF_CLASSES).written == 0
    approvers(books)


def test_a_class_without_a_template_or_of_an_unknown_one_is_made_nowhere(books: Site) -> None:
    approvers(books, SAM)
    before = classes(books)
    first = proposed(books, OF_CLASSES, "USA-NONE", gp365_standing=3)
    second = proposed(books, OF_CLASSES, "USA-ODD", gp365_standing=3, gp365_template="NO SUCH")
    assert books.sync(OF_CLASSES).code == 1 and classes(books) == before
    codes = {entry["code"] for entry in parked(books, OF_CLASSES)}
    assert codes == {"required-missing", "rejected"}
    assert any("NO SUCH" in entry["message"] for entry in parked(books, OF_CLASSES))
    for key in (first, second):
        books.put(SALES, "gp365_customerclasses", key, gp365_standing=4)
    synced(books, OF_CLASSES)
    assert classes(books) == before
    approvers(books)


def test_a_row_that_only_says_it_is_in_gp_makes_nothing_there(books: Site) -> None:
    approvers(books, SAM)
    before = classes(books)
    key = proposed(books, OF_CLASSES, "USA-SLY", gp365_standing=1, gp365_template="USA-ILMO-T1")
    assert books.sync(OF_CLASSES).code == 1 and classes(books) == before
    assert parked(books, OF_CLASSES)[0]["code"] == "required-missing"
    books.door(SALES, "DELETE", f"/rows/gp365_customerclasses/{key}")
    synced(books, OF_CLASSES)
    approvers(books)


def test_a_class_that_gp_has_already_is_linked_and_not_overwritten(books: Site) -> None:
    approvers(books, SAM)
    books.put(GP, "RM00201", "USA-LATE", CLASDSCR="Entered by a clerk", PYMTRMID="NET 10")
    clerk = classes(books)["USA-LATE"]
    key = proposed(
        books,
        OF_CLASSES,
        "USA-LATE",
        gp365_description="Ours",
        gp365_standing=3,
        gp365_template="USA-ILMO-T1",
    )
    synced(books, OF_CLASSES)
    assert classes(books)["USA-LATE"] == clerk
    row = shown(books, OF_CLASSES)["USA-LATE"]
    assert (row["gp365_customerclassid"], row["gp365_description"]) == (key, "Entered by a clerk")
    assert synced(books, OF_CLASSES).written == 0
    approvers(books)


def test_an_inactive_salesperson_is_marked_and_kept(books: Site) -> None:
    before = shown(books, "salespersons")
    late = {"table": "RM00301", "key": "PAUL W.", "values": {"INACTIVE": 1}, "by_s": 0}
    books.door(GP, "POST", "/late", late)
    synced(books, "salespersons", "--full")
    assert shown(books, "salespersons")["PAUL W."]["gp365_inactive"] is True
    assert changed(books, "salespersons", before) == ["PAUL W."]


@pytest.mark.proof
def test_customers_with_terms_that_are_no_option_keep_theirs_until_the_choices_are_extended(
    tmp_path: Path,
) -> None:
    with reference_site(tmp_path / "site", "sql", ("customers", "payment_terms")) as at:
        _unmapped_terms(at)


def _unmapped_terms(books: Site) -> None:
    number = "ADAMPARK0001"
    before = books.account_of(number)["paymenttermscode"]
    books.put(GP, "SY03300", "Net30", DUETYPE=1, DUEDTDS=33)
    books.put(GP, "RM00101", number, PYMTRMID="Net30")
    assert books.sync().code == 1
    assert books.account_of(number)["paymenttermscode"] == before, "Net 30 is not Net30"
    assert {
        (e["flow"], e["field"], e["code"]) for flow in ("customers", OF_TERMS) for e in parked(books, flow)
    } == {
        ("customers", "terms", "lookup-missing"),
        (OF_TERMS, "option", "lookup-missing"),
    }
    given(books, "Some term of old", 4)
    approvers(books, "sam seller", "Nobody Known")
    assert books.run("provision", "apply").code == 0
    named = (books.folder / "lookups" / "approvers.csv").read_text("utf-8").splitlines()
    assert named == ["sales,name", f"{SAM},Sam Seller", "Nobody Known,"]
    approvers(books)
    lines = (books.folder / "lookups" / "payment_terms.csv").read_text("utf-8").splitlines()
    assert "Some term of old,4," in lines, "a line that the site wrote is kept"
    synced(books)
    value = books.account_of(number)["paymenttermscode"]
    assert value == shown(books, OF_TERMS)["Net30"]["gp365_option"] != before
    assert {options[value] for options in all_options(books, TERMS).values()} == {"Net30"}
    assert synced(books).written == 0


def test_over_rest_alone_an_approved_class_is_a_task_and_what_gp_does_not_serve_is_left_out(
    books: Site,
) -> None:
    with elsewhere(books, "rest"):
        assert set(shown(books, OF_TERMS)) == {row["PYMTRMID"].strip() for row in books.rows(GP, "SY03300")}
        said = {one["subject"]: one["text"] for one in books.run("doctor").json["findings"]}
        assert "is left out" in said["fabrikam/territories"]
        approvers(books, SAM)
        proposed(books, OF_CLASSES, "USA-REST", gp365_standing=3, gp365_template="USA-ILMO-T1")
        before = classes(books)
        assert books.sync().code == 1 and classes(books) == before
        [entry] = parked(books, OF_CLASSES)
        assert entry["code"] == "task" and "with all accounts" in entry["message"]
        books.put(GP, "RM00201", "USA-REST", CLASDSCR="Entered")
        assert synced(books).written == 1 and not parked(books, OF_CLASSES)
        assert shown(books, OF_CLASSES)["USA-REST"]["gp365_description"] == "Entered"
        approvers(books)
