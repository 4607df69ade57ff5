"""Receivables of the simulated company: whatever people do, balances are the sum of documents and the ledger balances."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from simgpm_desk import DAY, check, check_ledger, check_receivables, document, everything, furnished, receipt

from gp365_sim.gp import aging, batches, periods, removal, voiding
from gp365_sim.gp.applying import Applied, Pair, apply, unapply
from gp365_sim.gp.posting import post_batch
from gp365_sim.gp.receivables import enter
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.rmposting import post
from gp365_sim.gp.rmtypes import CREDIT_MEMO, INVOICE, PAYMENT, SALES_TYPES
from gp365_sim.gp.summary import roll_year

WHO = "ADAMPARK0001"
OTHERS = (WHO, "COHOWINE0001", "MARGIEST0001")


@pytest.fixture
def company():
    return furnished()


def test_the_sample_company_adds_up(company):
    check(company)
    assert {row["RMDTYPAL"] for row in company.rows("RM20101")} == {1, 3, 4, 5, 6, 7, 8, 9}
    assert {row["VOIDSTTS"] for row in company.rows("RM30101")} == {0, 1, 2}
    assert company.find("RM00103", "CONTOSOL0001")["LASTAGED"] == date(2026, 10, 31)


def test_a_document_goes_from_its_batch_to_open_and_the_batch_is_gone(company):
    number = document(company, WHO, "100.00", posted=False)
    assert company.find("RM00103", WHO)["UNPSTDSA"] == 100 and company.find("RM00103", WHO)["CUSTBLNC"] == 0
    assert company.find("SY00500", "RM_Sales", "TEST")["NUMOFTRX"] == 1
    post(company, INVOICE, number)
    assert company.find("RM10301", INVOICE, number) is None and not company.find(
        "SY00500", "RM_Sales", "TEST"
    )
    row = company.find("RM20101", WHO, INVOICE, number)
    assert (row["ORTRXAMT"], row["CURTRXAM"], row["DUEDATE"]) == (100, 100, DAY + timedelta(days=30))
    summary = company.find("RM00103", WHO)
    assert (summary["CUSTBLNC"], summary["UNPSTDSA"], summary["FRSTINDT"]) == (100, 0, DAY)
    assert company.find("RM00401", INVOICE, number)["DCSTATUS"] == 2
    check(company)


def test_a_receipt_pays_an_invoice_with_a_terms_discount(company):
    invoice, paid = document(company, WHO, "100.00"), receipt(company, WHO, "98.00")
    apply(company, Pair(PAYMENT, paid, INVOICE, invoice), Applied(Decimal(98), Decimal(2)), DAY)
    assert company.find("RM20101", WHO, INVOICE, invoice)["DINVPDOF"] == DAY
    assert company.find("RM00103", WHO)["CUSTBLNC"] == 0
    check(company)
    unapply(company, Pair(PAYMENT, paid, INVOICE, invoice), DAY)
    assert company.find("RM20101", WHO, INVOICE, invoice)["CURTRXAM"] == 100
    assert company.find("RM00103", WHO)["CUSTBLNC"] == 2
    check(company)


def test_an_unposted_receipt_lowers_the_invoice_at_once_and_the_balance_when_posted(company):
    invoice, paid = document(company, WHO, "100.00"), receipt(company, WHO, "60.00", posted=False)
    apply(company, Pair(PAYMENT, paid, INVOICE, invoice), Applied(Decimal(60)), DAY)
    assert company.find("RM20101", WHO, INVOICE, invoice)["CURTRXAM"] == 40
    assert company.find("RM00103", WHO)["CUSTBLNC"] == 100
    check_receivables(company)
    post(company, PAYMENT, paid)
    assert company.find("RM00103", WHO)["CUSTBLNC"] == 40
    check(company)


def test_a_cheque_not_paid_brings_the_invoice_back_from_history(company):
    invoice, paid = document(company, WHO, "75.00"), receipt(company, WHO, "75.00")
    apply(company, Pair(PAYMENT, paid, INVOICE, invoice), Applied(Decimal(75)), DAY)
    assert {(INVOICE, invoice), (PAYMENT, paid)} <= set(removal.remove_paid(company, DAY, WHO))
    assert company.find("RM30101", WHO, INVOICE, invoice)
    assert company.find("RM30201", PAYMENT, paid, INVOICE, invoice)
    check(company)
    voiding.return_unpaid(company, paid, DAY)
    assert company.find("RM20101", WHO, INVOICE, invoice)["CURTRXAM"] == 75
    assert company.find("RM30101", WHO, PAYMENT, paid)["VOIDSTTS"] == 2
    assert company.find("RM00103", WHO)["CUSTBLNC"] == 75 and company.find("RM00103", WHO)["NONSFYTD"] == 1
    check(company)


def test_what_is_open_stays_when_paid_documents_are_removed(company):
    invoice = document(company, WHO, "75.00")
    before = company.find("RM20101", WHO, INVOICE, invoice)
    removal.remove_paid(company, date(2026, 12, 31))
    assert company.find("RM20101", WHO, INVOICE, invoice) == before
    check(company)


def test_a_customer_without_history_loses_its_paid_documents(company):
    company.change("RM00101", (WHO,), {"KPTRXHST": 0})
    invoice, paid = document(company, WHO, "75.00"), receipt(company, WHO, "75.00")
    apply(company, Pair(PAYMENT, paid, INVOICE, invoice), Applied(Decimal(75)), DAY)
    removal.remove_paid(company, DAY, WHO)
    assert (
        company.find("RM00401", INVOICE, invoice) is None and company.find("RM30101", WHO, 1, invoice) is None
    )
    check(company)


def test_buckets_follow_the_due_date_and_a_run_stamps_all_alike(company):
    number = document(company, WHO, "10.00", at=date(2026, 5, 1))
    aging.age(company, date(2026, 7, 15))
    row = company.find("RM00103", WHO)
    assert (row["AGPERAMT_3"], row["LASTAGED"]) == (10, date(2026, 7, 15))
    assert company.find("RM20101", WHO, INVOICE, number)["AGNGBUKT"] == 3
    assert len({each["DEX_ROW_TS"] for each in company.rows("RM20101")}) == 1
    check(company)


def test_the_year_of_sales_rolls_and_documents_stay(company):
    document(company, WHO, "10.00")
    documents = company["RM20101"].image()
    roll_year(company, date(2026, 12, 31))
    row = company.find("RM00103", WHO)
    assert (row["TTLSLYTD"], row["TTLSLLYR"], row["TTLINYTD"], row["TTLINLYR"]) == (0, 10, 0, 1)
    assert company["RM20101"].image() == documents
    assert company.find("RM40101", 1)["LSTYECAL"] == date(2026, 12, 31)


def test_nothing_posts_into_a_period_closed_for_sales_and_nothing_is_half_done(company):
    number = document(company, WHO, "10.00", posted=False)
    periods.set_closed(company, 2026, 9, periods.SALES, closed=True)
    before = everything(company)
    with pytest.raises(Refusal, match="closed"):
        post(company, INVOICE, number)
    assert everything(company) == before
    periods.set_closed(company, 2026, 9, periods.SALES, closed=False)
    periods.set_closed(company, 2026, 9, periods.PURCHASING, closed=True)
    post(company, INVOICE, number)


def test_one_origin_of_a_series_can_be_closed_alone(company):
    periods.set_closed(company, 2026, 9, periods.SALES, closed=True, origin="Receivables Cash Receipts")
    document(company, WHO, "10.00")
    with pytest.raises(Refusal, match="Receivables Cash Receipts"):
        receipt(company, WHO, "5.00")


@pytest.mark.parametrize("how", ["marked", "status", "user"])
def test_a_batch_that_somebody_works_on_takes_nothing_and_does_not_post(company, how):
    number = document(company, WHO, "10.00", posted=False)
    if how == "user":
        batches.lock(company, "RM_Sales", "TEST", "erin")
    else:
        company.change("SY00500", ("RM_Sales", "TEST"), {"MKDTOPST" if how == "marked" else "BCHSTTUS": 1})
    for act in (
        lambda: post(company, INVOICE, number),
        lambda: post_batch(company, "RM_Sales", "TEST"),
        lambda: document(company, WHO, "1.00", posted=False),
    ):
        with pytest.raises(Refusal) as caught:
            act()
        assert caught.value.code == "BatchLocked"


def test_a_batch_posts_as_a_whole_or_not_at_all(company):
    first = document(company, WHO, "10.00", posted=False)
    document(company, WHO, "20.00", at=date(2026, 8, 31), posted=False)
    periods.set_closed(company, 2026, 8, periods.SALES, closed=True)
    with pytest.raises(Refusal):
        post_batch(company, "RM_Sales", "TEST")
    assert company.find("RM10301", INVOICE, first)
    periods.set_closed(company, 2026, 8, periods.SALES, closed=False)
    assert len(post_batch(company, "RM_Sales", "TEST")) == 2
    check(company)


def test_the_posting_date_of_a_batch_rules_where_posting_setup_says_so(company):
    number = document(company, WHO, "10.00", posted=False)
    company.change("SY00500", ("RM_Sales", "TEST"), {"GLPOSTDT": date(2026, 10, 1)})
    company.change("SY02300", (3, "Receivables Sales Entry"), {"PSTGDTFR": 0})
    post(company, INVOICE, number)
    row = company.find("RM20101", WHO, INVOICE, number)
    assert (row["DOCDATE"], row["GLPOSTDT"]) == (DAY, date(2026, 10, 1))


def test_a_number_is_taken_for_good_even_by_history(company):
    taken = next(row for row in company.rows("RM30101") if row["RMDTYPAL"] == INVOICE)
    row = {"RMDTYPAL": 1, "DOCNUMBR": taken["DOCNUMBR"], "CUSTNMBR": WHO, "BACHNUMB": "X", "DOCDATE": DAY}
    with pytest.raises(Refusal) as caught:
        enter(company, {**row, "SLSAMNT": Decimal(1)})
    assert caught.value.code == "DuplicateKey"


ACTS = st.tuples(
    st.sampled_from(
        ["document", "receipt", "apply", "unapply", "void", "nsf", "age", "remove", "roll", "late"]
    ),
    st.integers(0, 2),
    st.integers(0, 10**6),
    st.integers(1, 50_000),
    st.integers(0, 27),
)


@settings(max_examples=20, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.lists(ACTS, min_size=5, max_size=25))
def test_whatever_is_done_documents_make_the_balance_and_the_ledger_holds(acts):
    company = furnished()
    numbers = set(company["RM00401"].image())
    for act in acts:
        try:
            _do(company, *act)
        except Refusal:
            continue
        finally:
            check_receivables(company)
    check_ledger(company)
    assert numbers <= set(company["RM00401"].image())


def _do(company, name, who, pick, cents, day):
    customer, value, at = OTHERS[who], str(Decimal(cents) / 100), date(2026, 9, day + 1)
    still = [row for row in company.rows("RM20101") if row["CUSTNMBR"] == customer]
    if name == "document":
        document(company, customer, value, SALES_TYPES[pick % len(SALES_TYPES)], at)
    elif name == "receipt":
        receipt(company, customer, value, at)
    elif name in ("apply", "late"):
        debits = sorted((row["RMDTYPAL"], row["DOCNUMBR"]) for row in still if row["RMDTYPAL"] < CREDIT_MEMO)
        if not debits:
            return
        credit = (PAYMENT, receipt(company, customer, value, at, posted=name == "apply"))
        money = Decimal(value) * (pick % 4 + 1) / 4
        discount = Decimal(pick % 100) / 100
        pair = Pair(*credit, *debits[pick % len(debits)])
        apply(company, pair, Applied(money.quantize(Decimal("0.01")), discount), at)
    elif name == "unapply":
        rows = sorted(
            (row["APFRDCNM"], row["APTODCNM"], row["APFRDCTY"], row["APTODCTY"])
            for row in company.rows("RM20201")
        )
        if rows:
            source, target, source_type, target_type = rows[pick % len(rows)]
            unapply(company, Pair(source_type, source, target_type, target), at)
    elif name in ("void", "nsf"):
        places = sorted((row["RMDTYPAL"], row["DOCNUMBR"]) for row in (*still, *company.rows("RM30101")))
        places = [place for place in places if name == "void" or place[0] == PAYMENT]
        if places:
            kind, number = places[pick % len(places)]
            voiding.void(company, kind, number, at) if name == "void" else voiding.return_unpaid(
                company, number, at
            )
    elif name == "age":
        aging.age(company, at + timedelta(days=pick % 90))
    elif name == "remove":
        removal.remove_paid(company, at)
    else:
        roll_year(company, at)
