"""Sales documents, purchase orders and stock of the simulated company."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from simgpm_desk import check, check_stock, everything, furnished

from gp365_sim.gp import periods, purchasing, salesdocs, salesposting
from gp365_sim.gp.numbers import following
from gp365_sim.gp.posting import post_batch
from gp365_sim.gp.refusals import Refusal

WHO, ITEM = "ADAMPARK0001", "CBA100"


@pytest.fixture
def company():
    return furnished()


def sell(company, kind=2, quantity=10, price="7.50", **more):
    """Enter a sales document with one line; its number."""
    ids = {1: "STDQTE", 2: "STDORD", 3: "STDINV", 4: "RTN"}
    head = {
        "SOPTYPE": kind,
        "DOCID": ids[kind],
        "CUSTNMBR": WHO,
        "BACHNUMB": "TEST",
        "DOCDATE": date(2026, 9, 1),
    }
    line = {"ITEMNMBR": ITEM, "QUANTITY": Decimal(quantity), "UNITPRCE": Decimal(price)}
    return salesdocs.enter(company, {**head, **more}, [line])["SOPNUMBE"]


def stock(company, name):
    """A quantity of the item over all sites."""
    return company.find("IV00102", ITEM, 1, "")[name]


def test_an_order_takes_the_next_number_and_sets_stock_aside(company):
    expected, before = company.find("SOP40200", 2, "STDORD")["SOPNUMBE"], stock(company, "ATYALLOC")
    number = sell(company)
    assert number == expected and company.find("SOP40200", 2, "STDORD")["SOPNUMBE"] == following(expected)
    row = company.find("SOP10100", number, 2)
    assert (row["SUBTOTAL"], row["DOCAMNT"], row["CUSTNAME"]) == (75, 75, "Adam Park Resort")
    assert stock(company, "ATYALLOC") == before + 10
    assert company.find("RM00103", WHO)["ONORDAMT"] == 75
    check(company)


def test_an_invoice_becomes_history_a_receivable_and_less_stock(company):
    on_hand = stock(company, "QTYONHND")
    number = sell(company, 3)
    posted = post_batch(company, "Sales Entry", "TEST")
    assert [(each.table, each.number) for each in posted] == [("SOP30200", number)]
    assert company.find("SOP10100", number, 3) is None
    assert company.find("SOP30200", number, 3)["PSTGSTUS"] == 2
    assert [row["QUANTITY"] for row in company.under("SOP30300", number)] == [10]
    assert company.find("RM20101", WHO, 1, number)["CURTRXAM"] == 75
    assert stock(company, "QTYONHND") == on_hand - 10
    check(company)


def test_a_payment_taken_with_an_invoice_is_posted_and_applied_with_it(company):
    number = sell(company, 3)
    company.add("SOP10103", {"SOPTYPE": 3, "SOPNUMBE": number, "SEQNUMBR": 16384, "AMNTPAID": Decimal(25)})
    salesposting.post(company, 3, number)
    assert company.find("RM20101", WHO, 1, number)["CURTRXAM"] == 50
    paid = company.find("SOP10103", 3, number, 16384)
    assert company.find("RM20101", WHO, 9, paid["DOCNUMBR"])["CURTRXAM"] == 0
    assert company.find("RM00103", WHO)["CUSTBLNC"] == 50
    check(company)


def test_distributions_that_were_entered_are_booked_as_they_are(company):
    number = sell(company, 3)
    for place, (account, debit, credit) in enumerate([(5, 75, 0), (15, 0, 75)], 1):
        row = {"SOPTYPE": 3, "SOPNUMBE": number, "SEQNUMBR": place, "ACTINDX": account}
        company.add("SOP10102", {**row, "DEBITAMT": Decimal(debit), "CRDTAMNT": Decimal(credit)})
    before = company.find("GL10110", 15, 2026, 9, 1)
    salesposting.post(company, 3, number)
    gained = company.find("GL10110", 15, 2026, 9, 1)["CRDTAMNT"] - (before["CRDTAMNT"] if before else 0)
    assert gained == 75 and company.find("SOP10102", 3, number, 1)["POSTED"] == 1
    check(company)


def test_a_return_lowers_the_balance_and_brings_stock_back(company):
    on_hand = stock(company, "QTYONHND")
    number = sell(company, 4, 2)
    salesposting.post(company, 4, number)
    assert company.find("RM20101", WHO, 8, number)["ORTRXAMT"] == 15
    assert company.find("RM00103", WHO)["CUSTBLNC"] == -15 and stock(company, "QTYONHND") == on_hand + 2
    check(company)


def test_an_order_is_invoiced_in_parts_and_then_stands_in_history(company):
    order, aside = sell(company), stock(company, "ATYALLOC")
    first = salesposting.transfer(company, order, "BILL", "STDINV", {16384: Decimal(4)})
    assert (first["ORIGTYPE"], first["ORIGNUMB"], first["SUBTOTAL"]) == (2, order, 30)
    head = company.find("SOP10100", order, 2)
    assert (head["SUBTOTAL"], head["REMSUBTO"]) == (75, 45)
    assert stock(company, "ATYALLOC") == aside
    second = salesposting.transfer(company, order, "BILL", "STDINV")
    assert second["SUBTOTAL"] == 45 and company.find("SOP10100", order, 2) is None
    assert company.find("SOP30200", order, 2)["PSTGSTUS"] == 0
    assert company.find("RM00103", WHO)["ONORDAMT"] == 0
    check(company)


@pytest.mark.parametrize("act", [salesposting.void, salesposting.discard])
def test_a_document_taken_back_gives_stock_and_amounts_back(company, act):
    before = (stock(company, "ATYALLOC"), stock(company, "QTYONHND"))
    number = sell(company)
    act(company, 2, number)
    assert (stock(company, "ATYALLOC"), stock(company, "QTYONHND")) == before
    assert company.find("RM00103", WHO)["ONORDAMT"] == 0
    kept = company.find("SOP30200", number, 2)
    assert (kept["VOIDSTTS"] == 1) if act is salesposting.void else kept is None
    check(company)


def test_quotes_and_orders_do_not_post_and_pass_a_closed_period(company):
    periods.set_closed(company, 2026, 9, periods.SALES, closed=True)
    order = sell(company)
    with pytest.raises(Refusal, match="only invoices and returns"):
        salesposting.post(company, 2, order)
    invoice = sell(company, 3)
    before = everything(company)
    with pytest.raises(Refusal) as caught:
        salesposting.post(company, 3, invoice)
    assert caught.value.code == "PeriodClosed" and everything(company) == before


def test_a_number_in_work_or_history_is_taken(company):
    known = next(row for row in company.rows("SOP30200") if row["SOPTYPE"] == 3)
    with pytest.raises(Refusal) as caught:
        sell(company, 3, SOPNUMBE=known["SOPNUMBE"])
    assert caught.value.code == "DuplicateKey"


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.lists(st.tuples(st.sampled_from(["sell", "bill", "post", "void"]), st.integers(1, 9)), max_size=12))
def test_stock_balance_and_ledger_hold_whatever_is_sold(acts):
    company = furnished()
    for act, count in acts:
        work = sorted((row["SOPTYPE"], row["SOPNUMBE"]) for row in company.rows("SOP10100"))
        kind, number = work[count % len(work)] if work else (0, "")
        try:
            if act == "sell":
                sell(company, count % 4 + 1, count)
            elif act == "bill":
                salesposting.transfer(company, number, "BILL", "STDINV", {16384: Decimal(count)})
            elif act == "post":
                salesposting.post(company, kind, number)
            else:
                salesposting.void(company, kind, number)
        except Refusal:
            continue
    check(company)


def test_a_purchase_order_orders_stock_until_it_is_done(company):
    before = stock(company, "QTYONORD")
    line = {"ITEMNMBR": ITEM, "QTYORDER": Decimal(12), "UNITCOST": Decimal("2.00")}
    head = {"VENDORID": "ADVANCED0001", "DOCDATE": date(2026, 9, 1)}
    number = purchasing.enter(company, head, [line])["PONUMBER"]
    assert stock(company, "QTYONORD") == before + 12
    assert company.find("POP10100", number)["SUBTOTAL"] == 24
    purchasing.set_status(company, number, purchasing.RECEIVED)
    purchasing.set_status(company, number, purchasing.CLOSED)
    assert stock(company, "QTYONORD") == before
    assert number in purchasing.remove_done(company) and company.find("POP30100", number)
    assert len(company.under("POP30110", number)) == 1
    check_stock(company)


@pytest.mark.parametrize(
    ("number", "then"), [("ORDST0999", "ORDST1000"), ("PO9", "PO10"), ("A1B09", "A1B10"), ("99", "100")]
)
def test_numbers_count_on_by_the_digits_they_end_in(number, then):
    assert following(number) == then


def test_a_number_without_digits_at_its_end_cannot_count():
    with pytest.raises(Refusal, match="digits"):
        following("ORDER")
