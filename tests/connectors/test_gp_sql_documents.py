"""Documents over eConnect: lines before the header, totals that agree, distributions that balance, read back as written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace
from gp_sql_trade import (
    CUSTOMER,
    DAY,
    INVOICE,
    ITEM,
    QUOTE,
    RETURN,
    code,
    create,
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

from gp365.connectors.gp.documents import rows_of, with_rows
from gp365.model.record import Status

TAXED_BY_CUSTOMER = 3


def test_an_order_is_written_with_its_lines_and_reads_back_as_it_was_written(here: SqlPlace) -> None:
    key = sop(here)
    lines = [line("3", "59.95", OriginatingMarkdownAmount=Decimal("3.33")), line("2", "40.00")]
    values = sale(
        lines=lines,
        OriginatingFreightAmount=Decimal("15.00"),
        OriginatingTradeDiscountAmount=Decimal("12.50"),
        CustomerPONumber="PO-77",
        UserDefined1="web",
        UserDate1=date(2026, 12, 1),
    )
    made = create(here, "sales_document", key, values, reference="ours-0001")
    assert (made.status, made.error, made.key) == (Status.DONE, None, key)
    head = one(here, "SOP10100", SOPNUMBE=key[1])
    assert (head["SUBTOTAL"], head["DOCAMNT"], head["TRDISAMT"]) == (
        Decimal("249.86"),
        Decimal("252.36"),
        Decimal("12.50"),
    )
    assert (
        head["DOCAMNT"]
        == head["SUBTOTAL"] + head["FRTAMNT"] + head["MISCAMNT"] + head["TAXAMNT"] - head["TRDISAMT"]
    )
    assert [row["XTNDPRCE"] for row in rows(here, "SOP10200", SOPNUMBE=key[1])] == [
        Decimal("169.86"),
        Decimal("80.00"),
    ]
    assert one(here, "SOP10106", SOPNUMBE=key[1])["USRDAT01"] == date(2026, 12, 1)
    found = read(here, "sales_document", key)
    assert found is not None and found.reference == "ours-0001"
    own = {name: value for name, value in values.items() if name != "Lines"}
    assert {name: found.values[name] for name in own} == own
    assert found.values["TransactionState"] == "Work"
    for given, held in zip(lines, rows_of(found.values, "Lines") or [], strict=True):
        assert {name: held[name] for name in given} == given
    assert made.stored["Lines"] == found.values["Lines"]


def test_a_deal_with_markdown_discount_and_freight_has_the_same_total_before_tax_and_pays_its_seller(
    here: SqlPlace,
) -> None:
    key = sop(here)
    lines = [
        line("3", "59.95", OriginatingMarkdownAmount=Decimal("3.33")),
        line("2", "40.00"),
        line("1", "189.95"),
    ]
    deal = sale(
        lines=lines,
        BatchNumber="2026-10",
        DocumentDate=date(2026, 10, 30),
        OriginatingTradeDiscountAmount=Decimal("22.00"),
        OriginatingFreightAmount=Decimal("15.00"),
        SalespersonID="PAUL W.",
        TaxScheduleID="ILMO",
    )
    company = here.system.world.company
    company.change("IV00101", (ITEM,), {"TAXOPTNS": TAXED_BY_CUSTOMER})
    made = create(here, "sales_document", key, deal)
    company.change("IV00101", (ITEM,), {"TAXOPTNS": 1})
    assert (made.status, made.error) == (Status.DONE, None)
    head = one(here, "SOP10100", SOPNUMBE=key[1])
    assert (head["SUBTOTAL"], head["TRDISAMT"], head["FRTAMNT"]) == (Decimal("439.81"), 22, 15)
    assert head["TAXAMNT"] > 0 and head["DOCAMNT"] - head["TAXAMNT"] == Decimal("432.81")
    assert one(here, "SOP10101", SOPNUMBE=key[1])["SLPRSNID"].rstrip() == "PAUL W."
    assert head["BACHNUMB"].rstrip() == "2026-10" and head["CSTPONBR"].rstrip() == ""


@pytest.mark.parametrize(("kind", "sign"), [(INVOICE, 1), (RETURN, -1)])
def test_the_distributions_of_what_posts_balance(here: SqlPlace, kind: int, sign: int) -> None:
    key = sop(here, kind)
    returned = {"QuantityReturnedOnHand": Decimal(2)} if kind == RETURN else {}
    made = create(
        here,
        "sales_document",
        key,
        sale(
            kind,
            [{**line(), **returned}],
            OriginatingFreightAmount=Decimal("7.50"),
            OriginatingMiscellaneousAmount=Decimal("1.25"),
        ),
    )
    assert (made.status, made.error) == (Status.DONE, None)
    found = rows(here, "SOP10102", SOPNUMBE=key[1])
    total = one(here, "SOP10100", SOPNUMBE=key[1])["DOCAMNT"]
    assert total == Decimal("98.75")
    assert sum(row["DEBITAMT"] for row in found) == sum(row["CRDTAMNT"] for row in found) == total
    assert sum(row["DEBITAMT"] - row["CRDTAMNT"] for row in found if row["DISTTYPE"] == 2) == sign * total


def test_given_distributions_and_payments_are_written_and_gp_makes_none_of_its_own(here: SqlPlace) -> None:
    key = sop(here, INVOICE)
    distributions = [
        {"DistributionType": 2, "AccountNumber": "000-1200-00", "OriginatingDebitAmount": Decimal(90)},
        {"DistributionType": 1, "AccountNumber": "000-4100-00", "OriginatingCreditAmount": Decimal(90)},
    ]
    payments = [
        {"PaymentType": 5, "OriginatingAmount": Decimal(40), "CheckNumber": "1234", "PaymentDate": DAY}
    ]
    made = create(here, "sales_document", key, sale(INVOICE, payments=payments, distributions=distributions))
    assert (made.status, made.error) == (Status.DONE, None)
    assert one(here, "SOP10100", SOPNUMBE=key[1])["PYMTRCVD"] == 40
    found = read(here, "sales_document", key)
    assert found is not None
    held = rows_of(found.values, "Distributions") or []
    assert [(row["AccountNumber"], row["DebitAmount"], row["CreditAmount"]) for row in held] == [
        ("000-1200-00", 90, 0),
        ("000-4100-00", 0, 90),
    ]
    [paid] = rows_of(found.values, "Payments") or []
    assert {name: paid[name] for name in payments[0]} == payments[0]


def test_distributions_that_do_not_balance_are_refused_before_anything_is_sent(here: SqlPlace) -> None:
    key, before = sop(here, INVOICE), here.last
    wrong = [{"DistributionType": 2, "AccountNumber": "000-1200-00", "OriginatingDebitAmount": Decimal(90)}]
    made = create(here, "sales_document", key, sale(INVOICE, distributions=wrong))
    assert (made.status, code(made)) == (Status.REJECTED, "bad-value")
    assert "do not balance" in said(made) and here.asked(before) == []


def test_gp_computes_taxes_by_the_ship_to_unless_the_tax_is_given(here: SqlPlace) -> None:
    here.save("RM00102", f"{CUSTOMER};WAREHOUSE", {"TAXSCHID": "ILMO"})
    here.system.world.company.change("IV00101", (ITEM,), {"TAXOPTNS": TAXED_BY_CUSTOMER})
    key = sop(here)
    assert create(here, "sales_document", key, sale(lines=[line("2", "100.00")])).status is Status.DONE
    head = one(here, "SOP10100", SOPNUMBE=key[1])
    assert head["TAXAMNT"] == sum(
        row["STAXAMNT"] for row in rows(here, "SOP10105", SOPNUMBE=key[1], LNITMSEQ=0)
    )
    assert head["TAXAMNT"] > 0 and head["DOCAMNT"] == 200 + head["TAXAMNT"]
    other = sop(here)
    given = sale(lines=[line("2", "100.00")], OriginatingTaxAmount=Decimal("9.99"))
    assert create(here, "sales_document", other, given).status is Status.DONE
    head = one(here, "SOP10100", SOPNUMBE=other[1])
    assert (head["TAXAMNT"], head["DOCAMNT"]) == (Decimal("9.99"), Decimal("209.99"))
    assert rows(here, "SOP10105", SOPNUMBE=other[1]) == []
    here.save("RM00102", f"{CUSTOMER};WAREHOUSE", {"TAXSCHID": ""})
    here.system.world.company.change("IV00101", (ITEM,), {"TAXOPTNS": 1})


def test_a_shortage_is_back_ordered_and_never_oversold_unless_the_line_says_so(here: SqlPlace) -> None:
    key = sop(here)
    assert create(here, "sales_document", key, sale(lines=[line("1000", "0.50")])).status is Status.DONE
    [held] = rows(here, "SOP10200", SOPNUMBE=key[1])
    assert held["QTYTBAOR"] > 0 and held["ATYALLOC"] + held["QTYTBAOR"] == 1000
    other = sop(here)
    aloud = line("1000", "0.50", Allocate=True, ShortageOption=2)
    assert create(here, "sales_document", other, sale(lines=[aloud])).status is Status.DONE
    [held] = rows(here, "SOP10200", SOPNUMBE=other[1])
    assert (held["QTYTBAOR"], held["ATYALLOC"]) == (0, 1000)


def test_prices_come_from_gp_only_when_that_is_asked_for(here: SqlPlace) -> None:
    key = sop(here, QUOTE)
    bare = {"ItemNumber": ITEM, "Quantity": Decimal(2)}
    refused = create(here, "sales_document", key, sale(QUOTE, [bare]))
    assert (refused.status, code(refused)) == (Status.REJECTED, "required-missing")
    assert refused.error is not None and refused.error.field == "Lines[1].OriginatingUnitPrice"
    made = create(here, "sales_document", key, sale(QUOTE, [bare], DefaultPricing=True))
    assert (made.status, made.error) == (Status.DONE, None)
    [held] = rows(here, "SOP10200", SOPNUMBE=key[1])
    assert held["UNITPRCE"] > 0
    assert one(here, "SOP10100", SOPNUMBE=key[1])["DOCAMNT"] == 2 * held["UNITPRCE"]


def test_a_total_that_does_not_agree_with_the_lines_is_refused_in_gps_words(here: SqlPlace) -> None:
    key = sop(here)
    made = create(
        here,
        "sales_document",
        key,
        sale(OriginatingSubtotal=Decimal(89), OriginatingDocumentAmount=Decimal(90)),
    )
    assert (made.status, code(made)) == (Status.REJECTED, "rejected")
    assert "67 " in said(made) and "taSopHdrIvcInsert" in said(made)
    assert made.error is not None and made.error.field == "OriginatingSubtotal"
    assert lies(here, key[1]) == []


def test_a_refused_line_is_named_and_leaves_nothing_of_the_document(here: SqlPlace) -> None:
    key = sop(here)
    lines = [line(), line(), line(ItemNumber="NO SUCH ITEM")]
    made = create(here, "sales_document", key, sale(lines=lines, UserDefined1="x"))
    assert (made.status, code(made)) == (Status.REJECTED, "rejected")
    assert made.error is not None and (made.error.field, made.error.value) == (
        "Lines[3].ItemNumber",
        "NO SUCH ITEM",
    )
    assert lies(here, key[1]) == [] and rows(here, "SY00500", BACHNUMB="NEVER") == []


def test_an_order_of_three_hundred_lines_is_one_document(here: SqlPlace) -> None:
    key = sop(here)
    lines = [line("1", f"0.{at + 100}", OriginatingMarkdownAmount=Decimal("0.1")) for at in range(1, 301)]
    made = create(here, "sales_document", key, sale(lines=lines))
    assert (made.status, made.error) == (Status.DONE, None)
    assert one(here, "SOP10100", SOPNUMBE=key[1])["DOCAMNT"] == sum(
        row["OriginatingExtendedPrice"] for row in rows_of(made.stored, "Lines") or []
    )
    found = read(here, "sales_document", key)
    assert found is not None
    held = rows_of(found.values, "Lines") or []
    assert [row["LineSequence"] for row in held] == [16384 * at for at in range(1, 301)]
    assert [row["OriginatingUnitPrice"] for row in held] == [each["OriginatingUnitPrice"] for each in lines]


def test_a_held_or_inactive_customer_buys_nothing_and_gp_says_why(here: SqlPlace) -> None:
    here.customer("HELD01", HOLD=1)
    key = sop(here)
    made = create(here, "sales_document", key, sale(CustomerNumber="HELD01"))
    assert (made.status, code(made)) == (Status.REJECTED, "rejected") and "on hold" in said(made)
    made = create(
        here, "sales_document", key, sale(CustomerNumber="HELD01", CheckHold=False, CheckCreditLimit=False)
    )
    assert (made.status, made.error) == (Status.DONE, None)
    here.customer("GONE01", INACTIVE=1)
    made = create(here, "sales_document", sop(here), sale(CustomerNumber="GONE01"))
    assert made.status is Status.REJECTED and "inactive" in said(made)


def test_the_header_of_an_order_changes_and_nothing_else_is_blanked(here: SqlPlace) -> None:
    key = sop(here)
    first = sale(
        CustomerPONumber="PO-1", UserDefined2="kept", OriginatingFreightAmount=Decimal(5), ShipToName="Dock 9"
    )
    assert create(here, "sales_document", key, first, reference="ours-2").status is Status.DONE
    before = read(here, "sales_document", key)
    assert before is not None
    done = edit(
        here,
        "sales_document",
        key,
        {"CustomerPONumber": "PO-2", "OriginatingFreightAmount": Decimal(8)},
        reference="ours-2",
    )
    assert (done.status, done.error) == (Status.DONE, None)
    after = read(here, "sales_document", key)
    assert after is not None and after.birth == before.birth and after.reference == "ours-2"
    moved = {name for name, value in after.values.items() if before.values.get(name) != value}
    assert moved <= {
        *("CustomerPONumber", "FreightAmount", "OriginatingFreightAmount"),
        *("DocumentAmount", "OriginatingDocumentAmount"),
    }
    assert (after.values["CustomerPONumber"], after.values["DocumentAmount"]) == ("PO-2", 98)
    user = edit(here, "sales_document", key, {"UserDefined1": "new"})
    assert user.status is Status.DONE
    held = one(here, "SOP10106", SOPNUMBE=key[1])
    assert (held["USERDEF1"].rstrip(), held["USERDEF2"].rstrip()) == ("new", "kept")


def test_an_edit_of_lines_or_of_a_document_that_moved_or_went_is_not_done(here: SqlPlace) -> None:
    key = sop(here)
    assert create(here, "sales_document", key, sale(CustomerPONumber="A")).status is Status.DONE
    lines = edit(here, "sales_document", key, with_rows({}, Lines=[line("5")]))
    assert (lines.status, code(lines)) == (Status.REJECTED, "not-served")
    moved = edit(here, "sales_document", key, {"CustomerPONumber": "C"}, expected={"CustomerPONumber": "B"})
    assert moved.status is Status.MOVED and moved.record is not None
    assert moved.record.values["CustomerPONumber"] == "A"
    gone = edit(here, "sales_document", ("2", "ORDNEVER1"), {"CustomerPONumber": "C"})
    assert gone.status is Status.GONE


def test_a_document_in_another_currency_is_written_and_read_in_its_own_amounts(here: SqlPlace) -> None:
    key = sop(here, INVOICE)
    foreign = {"CurrencyID": "Z-C$", "ExchangeDate": DAY}
    refused = create(here, "sales_document", key, sale(INVOICE, **foreign))
    assert refused.status is Status.REJECTED and "XCHGRATE" in said(refused)
    made = create(here, "sales_document", key, sale(INVOICE, **foreign, ExchangeRate=Decimal("0.75")))
    assert (made.status, made.error) == (Status.DONE, None)
    head = one(here, "SOP10100", SOPNUMBE=key[1])
    assert (head["ORDOCAMT"], head["DOCAMNT"]) == (Decimal(90), Decimal("67.50"))
    found = read(here, "sales_document", key)
    assert found is not None
    assert (found.values["OriginatingDocumentAmount"], found.values["DocumentAmount"]) == (
        90,
        Decimal("67.50"),
    )
    [row] = rows_of(found.values, "Lines") or []
    assert (row["OriginatingUnitPrice"], row["OriginatingExtendedPrice"]) == (45, 90)
