"""Documents that end badly: lost answers, rollbacks, hostile texts, other people's unfinished lines."""

from __future__ import annotations

import re
import string
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace
from gp_sql_trade import (
    CUSTOMER,
    DAY,
    INVOICE,
    ITEM,
    code,
    create,
    drawn,
    edit,
    lies,
    line,
    one,
    read,
    rows,
    said,
    sale,
    sop,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.connectors.gp.documents import rows_of, with_rows
from gp365.model.record import Op, Status, Write
from gp365_sim.gp.econnect import number_of
from gp365_sim.gp.econnect.running import exits

MARK = "ZQXJ"
HOSTILE = st.one_of(
    st.sampled_from(
        ["'; DROP TABLE SOP10100; --", "]; EXEC x; --", "x' OR 1=1", "@I_vHOLD", "?", "%s", "{0}", "%#$!<>"]
    ),
    st.text(alphabet="'\";-]/*[%#$!<>()@?_ {}&=+éÄß€" + string.ascii_letters, min_size=1, max_size=12),
)
_SAFE = re.compile(r"[A-Za-z0-9_\[\]().,=<>?@;' \-]*")


@pytest.fixture
def here(served: SqlPlace) -> Generator[SqlPlace]:
    served.sql.server.orders.clear()
    yield served
    held = exits(served.system.world.company)
    held.before.clear()
    held.after.clear()


def test_a_document_whose_answer_was_lost_is_found_by_its_number_and_made_once(here: SqlPlace) -> None:
    key = sop(here)
    here.fault(do="lost_reply", match="^COMMIT$")
    lost = create(here, "sales_document", key, sale(), reference="ours-lost")
    assert (lost.status, code(lost)) == (Status.UNKNOWN, "answer-lost")
    here.sql.server.orders.clear()
    found = read(here, "sales_document", key)
    assert found is not None and found.reference == "ours-lost"
    again = create(here, "sales_document", key, sale(), reference="ours-lost")
    assert again.status is Status.EXISTS and again.record is not None
    assert (again.record.reference, again.record.birth) == ("ours-lost", found.birth)
    assert len(rows(here, "SOP10100", SOPNUMBE=key[1])) == len(rows(here, "SOP10200", SOPNUMBE=key[1])) == 1


def test_a_document_whose_commit_never_arrived_is_not_there_and_can_be_made(here: SqlPlace) -> None:
    key = sop(here)
    here.fault(do="reset", match="^COMMIT$")
    lost = create(here, "sales_document", key, sale(), reference="ours-gone")
    assert lost.status is Status.UNKNOWN
    here.sql.server.orders.clear()
    assert lies(here, key[1]) == []
    assert create(here, "sales_document", key, sale(), reference="ours-gone").status is Status.DONE


def test_a_receipt_whose_answer_was_lost_is_found_by_its_number(here: SqlPlace) -> None:
    key = drawn(here, "cash_receipt")
    values = {
        "CustomerNumber": CUSTOMER,
        "BatchNumber": "CASH",
        "DocumentDate": DAY,
        "OriginalAmount": Decimal("12.34"),
        "CashReceiptType": 1,
    }
    here.fault(do="lost_reply", match="^COMMIT$")
    assert create(here, "cash_receipt", key, values).status is Status.UNKNOWN
    here.sql.server.orders.clear()
    again = create(here, "cash_receipt", key, values)
    assert again.status is Status.EXISTS and again.record is not None
    assert again.record.values["OriginalAmount"] == Decimal("12.34")
    assert len(rows(here, "RM10201", DOCNUMBR=key[0])) == 1


@pytest.mark.parametrize("procedure", ["taSopLineIvcInsert", "taSopUserDefined", "taSopHdrIvcInsert"])
def test_a_site_exit_that_says_no_in_the_middle_leaves_no_orphans(here: SqlPlace, procedure: str) -> None:
    calls = {"n": 0}

    def refuse(_values: object) -> int:
        calls["n"] += 1
        return 77 if procedure != "taSopLineIvcInsert" or calls["n"] == 3 else 0

    exits(here.system.world.company).after[procedure] = refuse
    key = sop(here)
    before = rows(here, "IV00102", ITEMNMBR=ITEM)
    made = create(here, "sales_document", key, sale(lines=[line(), line(), line(), line()], UserDefined1="x"))
    assert (made.status, code(made)) == (Status.REJECTED, "rejected") and procedure in said(made)
    assert lies(here, key[1]) == [] and rows(here, "IV00102", ITEMNMBR=ITEM) == before


def test_a_deadlock_in_the_middle_is_tried_again_and_done_once(here: SqlPlace) -> None:
    key = sop(here)
    here.fault(do=1205, match="taSopHdrIvcInsert")
    made = create(here, "sales_document", key, sale())
    assert (made.status, made.error) == (Status.DONE, None)
    assert len(rows(here, "SOP10200", SOPNUMBE=key[1])) == 1


def test_a_connection_that_breaks_in_the_middle_leaves_nothing(here: SqlPlace) -> None:
    key = sop(here)
    here.fault(do="reset", match="taSopHdrIvcInsert", times=0)
    made = create(here, "sales_document", key, sale())
    assert made.status is Status.RETRY and lies(here, key[1]) == []


def test_a_document_that_somebody_edits_in_gp_is_tried_again(here: SqlPlace) -> None:
    key = sop(here)
    assert create(here, "sales_document", key, sale()).status is Status.DONE
    exits(here.system.world.company).before["taSopHdrIvcInsert"] = lambda _: number_of("document-in-use")
    done = edit(here, "sales_document", key, {"CustomerPONumber": "X"})
    assert (done.status, code(done)) == (Status.RETRY, "busy") and "2022" in said(done)


def test_lines_that_somebody_left_without_a_header_do_not_become_part_of_our_document(here: SqlPlace) -> None:
    key = sop(here)
    here.system.world.company.insert(
        "SOP10200",
        {"SOPTYPE": 2, "SOPNUMBE": key[1], "LNITMSEQ": 16384, "ITEMNMBR": ITEM, "QUANTITY": Decimal(9)},
        here.system.world.company.statement(),
    )
    made = create(here, "sales_document", key, sale())
    assert (made.status, code(made)) == (Status.REJECTED, "bad-value")
    assert "Lines without a header" in said(made) and rows(here, "SOP10100", SOPNUMBE=key[1]) == []


@pytest.mark.parametrize(
    ("values", "row", "field", "word"),
    [
        ({"ShipToName": "Łódź"}, {}, "ShipToName", "not-in-code-page"),
        ({}, {"ItemDescription": "snow ☃"}, "Lines[1].ItemDescription", "not-in-code-page"),
        ({"CustomerPONumber": "P" * 21}, {}, "CustomerPONumber", "too-long"),
        ({}, {"UofM": "E" * 9}, "Lines[1].UofM", "too-long"),
        ({}, {"Quantity": "many"}, "Lines[1].Quantity", "bad-value"),
        ({}, {"DocumentNumber": "ORD1"}, "Lines[1].DocumentNumber", "not-served"),
        ({}, {"ItemNumber": None}, "Lines[1].ItemNumber", "required-missing"),
        ({"BatchNumber": None}, {}, "BatchNumber", "required-missing"),
        ({"PostedDate": DAY}, {}, "PostedDate", "not-served"),
    ],
)
def test_values_that_gp_would_cut_or_change_or_lack_are_refused_by_field_and_row(
    here: SqlPlace, values: dict[str, object], row: dict[str, object], field: str, word: str
) -> None:
    key = sop(here)
    made = create(here, "sales_document", key, sale(lines=[{**line(), **row}], **values))  # pyright: ignore[reportArgumentType]
    assert (made.status, code(made)) == (Status.REJECTED, word)
    assert made.error is not None and made.error.field == field
    assert lies(here, key[1]) == []


def test_lists_of_another_kind_are_refused(here: SqlPlace) -> None:
    key = sop(here)
    for wrong in ("lines", [1, 2], {"a": 1}):
        values = {**sale(), "Lines": wrong}
        made = create(here, "sales_document", key, values)  # pyright: ignore[reportArgumentType]
        assert (made.status, code(made)) == (Status.REJECTED, "bad-value")
        assert made.error is not None and made.error.field == "Lines"
    empty = create(here, "sales_document", key, sale(lines=[]))
    assert (empty.status, code(empty)) == (Status.REJECTED, "required-missing")


@settings(max_examples=25, deadline=None)
@given(data=st.lists(HOSTILE, min_size=6, max_size=6), number=st.integers(0, 10**8))
def test_texts_of_documents_pass_through_and_never_stand_in_a_statement(
    served: SqlPlace, data: list[str], number: int
) -> None:
    here = served
    texts = [f"{MARK}{each}{MARK}"[:20].rstrip() for each in data]
    key = ("2", f"'];-{number:09d}")
    names = ("CustomerPONumber", "ShipToName", "UserDefined1")
    values = sale(
        lines=[line(ItemDescription=texts[3], ShipToName=texts[4])], **dict(zip(names, texts, strict=False))
    )
    before = here.last
    made = create(here, "sales_document", key, values, reference=texts[5])
    assert made.status in (Status.DONE, Status.EXISTS), made.error
    found = read(here, "sales_document", key)
    assert found is not None
    if made.status is Status.DONE:
        assert [found.values[name] for name in names] == texts[:3] and found.reference == texts[5]
        [held] = rows_of(found.values, "Lines") or []
        assert (held["ItemDescription"], held["ShipToName"]) == (texts[3], texts[4])
    changed = edit(here, "sales_document", key, {names[0]: texts[2], names[2]: texts[0]}, reference=texts[5])
    assert (changed.status, changed.error) == (Status.DONE, None)
    hostile = [
        Write(Op.CREATE, ("9", texts[0], "1", texts[1]), {"AppliedAmount": Decimal(1), "ApplyDate": DAY})
    ]
    assert here.connector.write("apply", hostile)[0].status is Status.REJECTED
    receipt = {"CustomerNumber": texts[0][:15], "BatchNumber": texts[1][:15], "DocumentDate": DAY}
    create(here, "cash_receipt", (texts[2],), {**receipt, "OriginalAmount": Decimal(1), "CashReceiptType": 1})
    bought = with_rows(
        {"VendorID": texts[0][:15], "DocumentDate": DAY},
        Lines=[{"ItemNumber": texts[1], "QuantityOrdered": Decimal(1)}],
    )
    create(here, "purchase_order", (texts[3][:17],), bought)
    for text in here.asked(before):
        assert MARK not in text.upper()
        assert _SAFE.fullmatch(text), text
        assert "'" not in re.sub(r"''|'[A-Za-z_]+'", "", text), text


def test_two_writers_of_one_number_make_one_document(here: SqlPlace) -> None:
    key = sop(here)
    with ThreadPoolExecutor(2) as pool:
        ends = list(
            pool.map(lambda mark: create(here, "sales_document", key, sale(), reference=mark), ("a", "b"))
        )
    assert sorted(each.status for each in ends) == [Status.DONE, Status.EXISTS]
    assert len(rows(here, "SOP10200", SOPNUMBE=key[1])) == 1


def test_many_documents_over_two_connections_are_each_written_once(here: SqlPlace) -> None:
    writes = [Write(Op.CREATE, sop(here, INVOICE), sale(INVOICE), reference=f"many-{at}") for at in range(12)]
    ends = here.connector.write("sales_document", writes)
    assert {each.status for each in ends} == {Status.DONE}
    assert [one(here, "SOP10100", SOPNUMBE=write.key[1])["INTEGRATIONID"].rstrip() for write in writes] == [
        write.reference for write in writes
    ]
    assert one(here, "SY00500", BACHNUMB="WEB 11")["NUMOFTRX"] == len(
        rows(here, "SOP10100", BACHNUMB="WEB 11")
    )
