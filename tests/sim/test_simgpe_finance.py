"""What eConnect does with receivables, journals, batches and next numbers."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from simgpe_trade import DAY, ORDER, order, trading

from gp365_sim.gp.econnect import CheckViolated

TRX, RECEIPT, BATCH = "taRMTransaction", "taRMCashReceiptInsert", "taCreateUpdateBatchHeaderRcd"
LINE, HEADER = "taGLTransactionLineInsert", "taGLTransactionHeaderInsert"
SALE = {"RMDTYPAL": 1, "DOCNUMBR": "SALES1", "DOCDATE": DAY, "BACHNUMB": "RM", "CUSTNMBR": "AARONFIT0001"}
PAID = {"CUSTNMBR": "AARONFIT0001", "DOCNUMBR": "PAY1", "DOCDATE": DAY, "GLPOSTDT": DAY, "BACHNUMB": "CASH"}
VOID = {"VOIDSTTS": 1, "RMDTYPAL": 1, "VOIDDATE": DAY, "GLPOSTDT": DAY}


@pytest.fixture
def gp():
    return trading()


def test_a_receivables_document_goes_into_work_with_its_number_batch_and_distributions(gp):
    gp.done(TRX, **SALE, DOCAMNT=110, SLSAMNT=100, TAXAMNT=0, FRTAMNT=10, CSTPONBR="PO-1")
    row = gp.row("RM10301")
    assert (row["DOCAMNT"], row["CSTPONBR"], row["DUEDATE"]) == (110, "PO-1", date(2027, 5, 12))
    assert gp.row("RM00401", DOCNUMBR="SALES1")["DCSTATUS"] == 1
    assert gp.row("RM00103", CUSTNMBR="AARONFIT0001")["UNPSTDSA"] == 110
    assert gp.row("SY00500", BACHNUMB="RM")["BCHTOTAL"] == 110
    rows = gp.rows("RM10101")
    assert sum(row["DEBITAMT"] for row in rows) == sum(row["CRDTAMNT"] for row in rows) == 110


def test_a_receivables_number_is_used_once_and_its_total_is_that_of_its_parts(gp):
    gp.refused(TRX, "rm-total", **SALE, DOCAMNT=99, SLSAMNT=100)
    gp.done(TRX, **SALE, DOCAMNT=100, SLSAMNT=100)
    with gp.unchanged():
        assert gp.call(TRX, **SALE, DOCAMNT=100, SLSAMNT=100).errors == "190"


@pytest.mark.parametrize(
    ("meaning", "values"),
    [
        ("rm-type", {"RMDTYPAL": 2}),
        ("customer-unknown", {"CUSTNMBR": "NOBODY"}),
        ("batch-blank", {"BACHNUMB": ""}),
        ("rm-blank", {"DOCNUMBR": ""}),
        ("terms-unknown", {"PYMTRMID": "Net 31"}),
        ("address-unknown", {"ADRSCODE": "NONE"}),
    ],
)
def test_a_receivables_document_that_names_what_is_not_there_is_refused(gp, meaning, values):
    with gp.unchanged():
        gp.refused(TRX, meaning, **{**SALE, "DOCAMNT": 1, "SLSAMNT": 1, **values})


def test_distributions_that_come_before_the_document_stand(gp):
    key = {"RMDTYPAL": 1, "DOCNUMBR": "SALES1", "CUSTNMBR": "AARONFIT0001"}
    gp.done("taRMDistribution", **key, DISTTYPE=3, ACTNUMST="000-1200-00", DEBITAMT=100)
    gp.done("taRMDistribution", **key, DISTTYPE=9, DSTINDX=4, CRDTAMNT=100)
    gp.refused("taRMDistribution", "account-unknown", **key, DISTTYPE=9, ACTNUMST="999-9999-99", CRDTAMNT=1)
    gp.done(TRX, **SALE, DOCAMNT=100, SLSAMNT=100)
    assert [row["DSTINDX"] for row in gp.rows("RM10101")] == [2, 4]


def test_no_distributions_are_made_when_the_client_says_so(gp):
    gp.done(TRX, **SALE, DOCAMNT=100, SLSAMNT=100, CREATEDIST=0)
    assert gp.rows("RM10101") == []


def test_a_receipt_goes_into_work_and_is_checked(gp):
    gp.done(RECEIPT, **PAID, ORTRXAMT=50, CSHRCTYP=0, CHEKNMBR="1234")
    row = gp.row("RM10201")
    assert (row["ORTRXAMT"], row["CURTRXAM"], row["CHEKNMBR"]) == (50, 50, "1234")
    gp.refused(RECEIPT, "rm-exists", **PAID, ORTRXAMT=50, CSHRCTYP=0)
    gp.refused(RECEIPT, "receipt-type", **{**PAID, "DOCNUMBR": "PAY2"}, ORTRXAMT=50, CSHRCTYP=3)
    gp.refused(RECEIPT, "payment-amount", **{**PAID, "DOCNUMBR": "PAY2"}, ORTRXAMT=0, CSHRCTYP=1)
    moment = {**PAID, "DOCNUMBR": "PAY2", "GLPOSTDT": datetime.combine(DAY, time(9))}
    with gp.unchanged(), pytest.raises(CheckViolated):
        gp.call(RECEIPT, **moment, ORTRXAMT=50, CSHRCTYP=1)


def opened(gp, number="OPEN1", total=100):
    """A posted invoice, as posting leaves it."""
    gp.fill("RM00401", {"RMDTYPAL": 1, "DOCNUMBR": number, "CUSTNMBR": "AARONFIT0001", "DCSTATUS": 2})
    row = {"CUSTNMBR": "AARONFIT0001", "RMDTYPAL": 1, "DOCNUMBR": number, "DOCDATE": DAY, "AGNGBUKT": 1}
    gp.fill("RM20101", {**row, "ORTRXAMT": total, "CURTRXAM": total})


def test_a_receipt_is_applied_up_to_what_is_left(gp):
    opened(gp)
    gp.done(RECEIPT, **PAID, ORTRXAMT=60, CSHRCTYP=0)
    pair = {"APTODCNM": "OPEN1", "APTODCTY": 1, "APFRDCNM": "PAY1", "APFRDCTY": 9}
    gp.refused("taRMApply", "apply-amount", **pair, APPTOAMT=61)
    gp.done("taRMApply", **pair, APPTOAMT=60, APPLYDATE=DAY)
    assert gp.row("RM20101")["CURTRXAM"] == 40 and gp.row("RM10201")["CURTRXAM"] == 0
    row = gp.row("RM20201")
    assert (row["APPTOAMT"], row["POSTED"], row["DATE1"]) == (60, 0, DAY)
    gp.refused("taRMApply", "apply-amount", **pair, APPTOAMT=1)
    gp.refused("taRMApply", "apply-to-unknown", **{**pair, "APTODCNM": "OPEN9"}, APPTOAMT=1)
    gp.refused("taRMApply", "apply-types", "apply-from-unknown", **{**pair, "APFRDCTY": 1}, APPTOAMT=1)


def test_a_posted_document_is_voided_once_and_not_when_paid_or_in_a_closed_period(gp):
    opened(gp)
    closed = {**VOID, "VOIDDATE": date(2029, 1, 1), "GLPOSTDT": date(2029, 1, 1)}
    gp.refused("taRMVoidTransaction", "period-closed", DOCNUMBR="OPEN1", **closed)
    gp.done("taRMVoidTransaction", DOCNUMBR="OPEN1", **VOID)
    assert gp.rows("RM20101") == [] and gp.row("RM30101")["VOIDSTTS"] == 1
    assert gp.call("taRMVoidTransaction", DOCNUMBR="OPEN1", **VOID).state != 0
    gp.refused("taRMVoidTransaction", "rm-unknown", DOCNUMBR="OPEN9", **VOID)


def journal(gp, entry=500, **amounts):
    gp.done(
        LINE,
        BACHNUMB="GL",
        JRNENTRY=entry,
        ACTNUMST="000-1100-00",
        DEBITAMT=amounts.get("debit", 25),
        CRDTAMNT=0,
    )
    gp.done(LINE, BACHNUMB="GL", JRNENTRY=entry, ACTINDX=3, DEBITAMT=0, CRDTAMNT=25)
    return {"BACHNUMB": "GL", "JRNENTRY": entry, "REFRENCE": "Accrual", "TRXDATE": DAY, "TRXTYPE": 0}


def test_a_journal_in_balance_goes_into_work(gp):
    gp.done(HEADER, **journal(gp), NOTETEXT="By integration")
    row = gp.row("GL10000")
    assert (row["REFRENCE"], row["PERIODID"], row["OPENYEAR"], row["BCHSOURC"]) == (
        "Accrual",
        4,
        2027,
        "GL_Normal",
    )
    assert [row["SQNCLINE"] for row in gp.rows("GL10001")] == [16384, 32768]
    assert gp.row("SY00500", BACHNUMB="GL")["NUMOFTRX"] == 1
    assert gp.row("SY03900", NOTEINDX=row["NOTEINDX"])["TXTFIELD"] == "By integration"


def test_a_journal_out_of_balance_or_in_a_closed_period_is_refused(gp):
    head = journal(gp, debit=26)
    gp.refused(HEADER, "journal-balance", **head)
    other = journal(gp, entry=501)
    gp.refused(HEADER, "period-closed", **{**other, "TRXDATE": date(2027, 1, 15)})
    gp.refused(HEADER, "period-closed", **{**other, "TRXDATE": date(2030, 1, 15)})
    gp.refused(HEADER, "reversing-date", **{**other, "TRXTYPE": 1})
    gp.done(HEADER, **other)
    gp.refused(HEADER, "journal-exists", **other)
    gp.refused(HEADER, "journal-lines", **{**other, "JRNENTRY": 777})


def test_a_journal_line_needs_an_account_and_a_place_of_its_own(gp):
    line = {"BACHNUMB": "GL", "JRNENTRY": 500, "DEBITAMT": 1, "CRDTAMNT": 0}
    gp.refused(LINE, "account-unknown", **line)
    gp.done(LINE, **line, ACTINDX=1, SQNCLINE=Decimal(100))
    with gp.unchanged():
        assert gp.call(LINE, **line, ACTINDX=1, SQNCLINE=Decimal(100)).errors == "7738"
    gp.set("GL00100", (1,), ACTIVE=0)
    gp.refused(LINE, "account-inactive", **line, ACTINDX=1)


def test_a_batch_is_created_updated_and_left_alone_when_in_use(gp):
    own = {
        "BACHNUMB": "APRIL",
        "SERIES": 3,
        "BCHSOURC": "Sales Entry",
        "DOCAMT": 0,
        "ORIGIN": 1,
        "NUMOFTRX": 0,
    }
    gp.done(BATCH, **own, GLPOSTDT=date(2027, 4, 30), BCHCOMNT="Web orders")
    gp.done(BATCH, **own, BCHCOMNT="Shop orders")
    row = gp.row("SY00500")
    assert (row["BCHCOMNT"], row["GLPOSTDT"]) == ("Shop orders", date(2027, 4, 30))
    assert order(gp, BACHNUMB="APRIL")["GLPOSTDT"] == date(2027, 4, 30)
    gp.refused(BATCH, "batch-source", **{**own, "SERIES": 2})
    gp.set("SY00500", ("Sales Entry", "APRIL"), BCHSTTUS=1)
    gp.refused(BATCH, "batch-in-use", **own)


def test_numbers_are_drawn_and_put_back(gp):
    ask = {"SOPTYPE": ORDER, "DOCID": "STDORD"}
    assert gp.done("taGetSopNumber", **ask, Inc_Dec=1).outputs["@O_vSopNumber"] == "ORDST2225"
    assert gp.done("taGetSopNumber", **ask, Inc_Dec=1).outputs["@O_vSopNumber"] == "ORDST2226"
    gp.done("taGetSopNumber", **ask, Inc_Dec=0)
    assert gp.done("taGetSopNumber", **ask, Inc_Dec=1).outputs["@O_vSopNumber"] == "ORDST2226"
    gp.refused("taGetSopNumber", "setup-missing", SOPTYPE=ORDER, DOCID="NONE", Inc_Dec=1)
    gp.refused("taGetSopNumber", "increment", **ask)


@pytest.mark.parametrize(
    ("procedure", "values", "output", "numbers"),
    [
        ("taGetPaymentNumber", {"DOCTYPE": 9, "Inc_Dec": 1}, "@O_vDOCNumber", ["PYMNT000009", "PYMNT000010"]),
        ("taGetNextJournalEntry", {}, "@O_vJournalEntryNumber", ["3456", "3457"]),
        ("taGetPONextNumber", {"Inc_Dec": 1}, "@O_vPONUMBER", ["PO2075", "PO2076"]),
        ("taGetPMNextVoucherNumber", {}, "@O_vCNTRLNUM", ["00000000000000437", "00000000000000438"]),
        (
            "taGetIvNumber",
            {"IVDOCTYP": 3, "Inc_Dec": 1},
            "@O_vIvNumber",
            ["00000000000000044", "00000000000000045"],
        ),
    ],
)
def test_every_kind_of_document_counts_on(gp, procedure, values, output, numbers):
    assert [gp.done(procedure, **values).outputs[output] for _ in range(2)] == numbers


def test_a_number_drawn_in_a_transaction_that_fails_is_free_again(gp):
    ask = {"SOPTYPE": ORDER, "DOCID": "STDORD", "Inc_Dec": 1}
    with pytest.raises(RuntimeError), gp.company.transaction():
        gp.done("taGetSopNumber", **ask)
        raise RuntimeError
    assert gp.done("taGetSopNumber", **ask).outputs["@O_vSopNumber"] == "ORDST2225"
