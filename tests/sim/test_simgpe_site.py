"""eConnect at the sample company: what it writes reads the same over REST, posts by GP's rules, and finds what is there."""

from datetime import date
from decimal import Decimal

import pytest
from simgp_desk import desk
from simgpe_desk import Office

from gp365_sim.gp.posting import post_batch

TODAY = date(2026, 6, 15)
CREATE, LINE, HEADER = "taUpdateCreateCustomerRcd", "taSopLineIvcInsert", "taSopHdrIvcInsert"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("gp")) as opened:
        yield opened


@pytest.fixture
def gp(served):
    served.door("POST", "reset")
    return Office(served.company, served.clock)


def test_a_customer_reads_the_same_over_rest(gp, served):
    gp.done(
        CREATE,
        CUSTNMBR="ECONN001",
        CUSTNAME="Över & Söhne",
        CUSTCLAS="USA-ILMO-T1",
        UseCustomerClass=1,
        ADRSCODE="MAIN",
        CITY="Chicago",
        PHNUMBR1="31255501020000",
        INTEGRATIONID="mark",
    )
    (card,) = served.read("Sales/Customers(ECONN001).json")
    assert (card["CustomerName"], card["City"], card["Phone1"]) == (
        "Över & Söhne",
        "Chicago",
        "31255501020000",
    )
    assert (card["IntegrationID"], card["KeepTrxHistory"], card["CurrencyID"]) == ("mark", 1, "Z-US$")
    (address,) = served.read("Sales/CustomerAddresses(ECONN001;MAIN).json")
    assert address["City"] == "Chicago"


def test_a_customer_made_over_rest_is_updated_by_econnect(gp, served):
    answer = served.ask("POST", "Sales/Customers", {"CustomerNumber": "REST001", "CustomerName": "Rest"})
    assert answer.status_code < 300
    note = gp.row("RM00101", CUSTNMBR="REST001")["NOTEINDX"]
    gp.refused(CREATE, "customer-exists", CUSTNMBR="rest001", CUSTNAME="Other", UpdateIfExists=0)
    gp.done(CREATE, CUSTNMBR="REST001", CRLMTTYP=1)
    (card,) = served.read("Sales/Customers(REST001).json")
    assert (card["CustomerName"], card["CreditLimitType"], card["NoteIndex"]) == ("Rest", 1, note)


def test_the_texts_of_all_errors_can_be_looked_up(gp):
    known = {row["ErrorCode"]: row for row in gp.rows("taErrorCode")}
    result = gp.call(CREATE, CUSTNMBR="X", CUSTNAME="X", PYMTRMID="Net 31", CUSTCLAS="NONE")
    assert [known[int(each)]["ErrorParms"] for each in result.errors.split()] == ["CUSTCLAS", "PYMTRMID"]
    assert {known[number]["SourceProc"] for number in (67, 235)} == {"taSopHdrIvcInsert"}


def invoice(gp, quantity, **line):
    number = gp.done("taGetSopNumber", SOPTYPE=3, DOCID="STDINV", Inc_Dec=1).outputs["@O_vSopNumber"]
    key = {"SOPTYPE": 3, "SOPNUMBE": number, "CUSTNMBR": "AARONFIT0001", "DOCDATE": TODAY}
    total = quantity * Decimal(45)
    priced = {
        "ITEMNMBR": "128 SDRAM",
        "UNITPRCE": 45,
        "QUANTITY": quantity,
        "XTNDPRCE": total,
        "LOCNCODE": "WAREHOUSE",
    }
    gp.done(LINE, **{**key, **priced, **line})
    gp.done(HEADER, **key, DOCID="STDINV", BACHNUMB="ECONN", SUBTOTAL=total, DOCAMNT=total)
    return number, total


def test_an_invoice_is_posted_into_receivables_and_out_of_stock(gp):
    before = gp.row("IV00102", ITEMNMBR="128 SDRAM", LOCNCODE="WAREHOUSE")["QTYONHND"]
    number, total = invoice(gp, 3)
    waiting = gp.row("RM00103", CUSTNMBR="AARONFIT0001")
    post_batch(gp.company, "Sales Entry", "ECONN")
    row = gp.row("RM20101", CUSTNMBR="AARONFIT0001", DOCNUMBR=number)
    assert (row["RMDTYPAL"], row["ORTRXAMT"], row["CURTRXAM"]) == (1, total, total)
    after = gp.row("RM00103", CUSTNMBR="AARONFIT0001")
    assert after["UNPSTOSA"] == waiting["UNPSTOSA"] - total
    assert after["CUSTBLNC"] == waiting["CUSTBLNC"] + total
    stock = gp.row("IV00102", ITEMNMBR="128 SDRAM", LOCNCODE="WAREHOUSE")
    assert (stock["QTYONHND"], stock["ATYALLOC"]) == (before - 3, 0)
    gp.refused(HEADER, "sop-exists", "sop-lines", **head(number))
    assert gp.rows("SOP30200", SOPNUMBE=number)


def head(number):
    key = {"SOPTYPE": 3, "DOCID": "STDINV", "SOPNUMBE": number, "DOCDATE": TODAY}
    return {**key, "CUSTNMBR": "AARONFIT0001", "BACHNUMB": "ECONN"}


def test_a_receivables_document_a_receipt_and_their_application_are_posted(gp):
    key = {"CUSTNMBR": "AARONFIT0001", "DOCDATE": TODAY, "BACHNUMB": "ECONN"}
    gp.done("taRMTransaction", **key, RMDTYPAL=1, DOCNUMBR="ECONSALE1", SLSAMNT=100, DOCAMNT=100)
    gp.refused("taRMVoidTransaction", "rm-unknown", **void("ECONSALE1"))
    post_batch(gp.company, "RM_Sales", "ECONN")
    gp.done("taRMCashReceiptInsert", **key, DOCNUMBR="ECONPAY1", ORTRXAMT=60, GLPOSTDT=TODAY, CSHRCTYP=0)
    pair = {"APTODCNM": "ECONSALE1", "APTODCTY": 1, "APFRDCNM": "ECONPAY1", "APFRDCTY": 9}
    gp.done("taRMApply", **pair, APPTOAMT=60, APPLYDATE=TODAY)
    gp.refused("taRMVoidTransaction", "rm-paid", **void("ECONSALE1"))
    post_batch(gp.company, "RM_Cash", "ECONN")
    assert gp.row("RM20101", DOCNUMBR="ECONSALE1")["CURTRXAM"] == 40
    assert gp.row("RM20201", APFRDCNM="ECONPAY1")["POSTED"] == 1


def void(number):
    return {"DOCNUMBR": number, "RMDTYPAL": 1, "VOIDSTTS": 1, "VOIDDATE": TODAY, "GLPOSTDT": TODAY}


def test_a_voided_document_goes_to_history(gp):
    key = {"CUSTNMBR": "AARONFIT0001", "DOCDATE": TODAY, "BACHNUMB": "ECONN"}
    gp.done("taRMTransaction", **key, RMDTYPAL=3, DOCNUMBR="ECONDR1", SLSAMNT=10, DOCAMNT=10)
    post_batch(gp.company, "RM_Sales", "ECONN")
    balance = gp.row("RM00103", CUSTNMBR="AARONFIT0001")["CUSTBLNC"]
    gp.done("taRMVoidTransaction", **{**void("ECONDR1"), "RMDTYPAL": 3})
    assert gp.row("RM30101", DOCNUMBR="ECONDR1")["VOIDSTTS"] == 1
    assert gp.row("RM00103", CUSTNMBR="AARONFIT0001")["CUSTBLNC"] == balance - 10


def test_a_journal_is_posted_into_the_balances(gp):
    entry = int(gp.done("taGetNextJournalEntry").outputs["@O_vJournalEntryNumber"])
    accounts = gp.rows("GL00105")[:2]
    for account, debit, credit in zip(accounts, (25, 0), (0, 25), strict=True):
        values = {"ACTNUMST": account["ACTNUMST"], "DEBITAMT": debit, "CRDTAMNT": credit}
        gp.done("taGLTransactionLineInsert", BACHNUMB="ECONN", JRNENTRY=entry, **values)
    head_ = {"BACHNUMB": "ECONN", "JRNENTRY": entry, "REFRENCE": "Accrual", "TRXDATE": TODAY, "TRXTYPE": 0}
    gp.done("taGLTransactionHeaderInsert", **head_)
    post_batch(gp.company, "GL_Normal", "ECONN")
    assert len(gp.rows("GL20000", JRNENTRY=entry)) == 2
    gp.refused("taGLTransactionHeaderInsert", "journal-exists", "journal-lines", **head_)
