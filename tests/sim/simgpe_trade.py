"""A company that trades, for the tests of the document procedures: customer, items, sites, prices, taxes, setup."""

from datetime import date

from simgpe_desk import office

DAY = date(2027, 4, 12)
CUSTOMER = {"CUSTNMBR": "AARONFIT0001", "CUSTNAME": "Aaron Fitz Electrical", "CUSTCLAS": "USA-ILMO-T1"}
ORDER, INVOICE = 2, 3


def trading():
    """Open a company with everything that documents need."""
    gp = office()
    gp.fill("MC40000", {"FUNLCURR": "Z-US$", "FUNCRIDX": 1007})
    gp.fill("IV40201", {"UOMSCHDL": "EACH", "BASEUOFM": "Each"})
    gp.fill(
        "IV40202", {"UOMSCHDL": "EACH", "UOFM": "Case", "SEQNUMBR": 2, "EQUIVUOM": "Each", "QTYBSUOM": 12}
    )
    gp.fill("IV40700", {"LOCNCODE": "WAREHOUSE"}, {"LOCNCODE": "NORTH"})
    gp.fill("IV40800", {"PRCLEVEL": "RETAIL"})
    gp.fill("TX00102", {"TAXSCHID": "USASTCITY-6*", "TAXDTLID": "USASTE-IL"})
    gp.fill("TX00201", {"TAXDTLID": "USASTE-IL", "TXDTLPCT": 6, "ACTINDX": 4})
    gp.fill("SOP40200", {"SOPTYPE": ORDER, "DOCID": "STDORD", "SOPNUMBE": "ORDST2225"})
    gp.fill("SOP40200", {"SOPTYPE": INVOICE, "DOCID": "STDINV", "SOPNUMBE": "STDINV2260"})
    gp.fill("SOP40100", {"SETUPKEY": 1, "LOCNCODE": "WAREHOUSE", "NXTMSTNO": 77})
    gp.fill("RM40401", {"RMDTYPAL": 9, "DOCNUMBR": "PYMNT000009"})
    gp.fill("GL40000", {"UNIQKEY": "1", "NJRNLENT": 3456})
    gp.fill("POP40100", {"INDEX1": 1, "PONUMBER": "PO2075"})
    gp.fill("PM40100", {"UNIQKEY": "1", "NTVCHNUM": "00000000000000437"})
    gp.fill("IV40100", {"SETUPKEY": 1, "NXADJDOC": "00000000000000128", "TXTRDNUM": "00000000000000044"})
    gp.fill(
        "SY40101",
        {"YEAR1": 2027, "FSTFSCDY": date(2027, 1, 1), "LSTFSCDY": date(2027, 12, 31), "NUMOFPER": 12},
    )
    for month in range(1, 13):
        last = date(2027, month + 1, 1) if month < 12 else date(2028, 1, 1)
        row = {"FORIGIN": 1, "YEAR1": 2027, "PERIODID": month, "PERIODDT": date(2027, month, 1)}
        gp.fill(
            "SY40100",
            {**row, "PERDENDT": date.fromordinal(last.toordinal() - 1), "PSERIES_1": int(month == 1)},
        )
    for place, name in enumerate(("Accounts Receivable", "Sales", "Cash"), 1):
        gp.fill("SY01100", {"SERIES": 3, "SEQNUMBR": place, "PTGACDSC": name, "ACTINDX": place})
    gp.done("taUpdateCreateCustomerRcd", **CUSTOMER, ADRSCODE="PRIMARY", CITY="Chicago", UseCustomerClass=1)
    gp.set("RM00102", ("AARONFIT0001", "PRIMARY"), SLPRSNID="PAUL W.", TAXSCHID="USASTCITY-6*")
    item(gp, "PHONE", on_hand=10)
    return gp


def item(gp, number, on_hand=0, **values):
    """Make an item that is stocked at WAREHOUSE and costs 40.00 retail, 30.00 to buy."""
    gp.done(
        "taUpdateCreateItemRcd",
        ITEMNMBR=number,
        ITEMDESC=number.title(),
        UOMSCHDL="EACH",
        CURRCOST=30,
        **values,
    )
    gp.done("taItemSite", ITEMNMBR=number, LOCNCODE="WAREHOUSE")
    gp.done("taIVCreateItemPriceListLine", ITEMNMBR=number, PRCLEVEL="RETAIL", UOFM="Each", UOMPRICE=40)
    gp.set("IV00101", (number,), SELNGUOM="Each", TAXOPTNS=3)
    for kind, site in ((1, ""), (2, "WAREHOUSE")):
        gp.set("IV00102", (number, kind, site), QTYONHND=on_hand)


def line(gp, number, quantity, price=40, kind=ORDER, goods="PHONE", **values):
    """Enter a line that agrees with itself."""
    key = {"SOPTYPE": kind, "SOPNUMBE": number, "CUSTNMBR": "AARONFIT0001", "DOCDATE": DAY, "ITEMNMBR": goods}
    priced = {"QUANTITY": quantity, "UNITPRCE": price, "XTNDPRCE": quantity * price}
    return gp.done("taSopLineIvcInsert", **{**key, **priced, **values})


def header(number, total, kind=ORDER, **values):
    """The values of a header over lines of this sum."""
    own = {
        "SOPTYPE": kind,
        "DOCID": "STDORD" if kind == ORDER else "STDINV",
        "SOPNUMBE": number,
        "DOCDATE": DAY,
    }
    return {
        **own,
        "CUSTNMBR": "AARONFIT0001",
        "BACHNUMB": "WEB",
        "SUBTOTAL": total,
        "DOCAMNT": total,
        **values,
    }


def order(gp, number="ORD1", quantity=2, kind=ORDER, **values):
    """Enter a whole document of one line and give its header row."""
    line(gp, number, quantity, kind=kind, ALLOCATE=1)
    gp.done("taSopHdrIvcInsert", **header(number, quantity * 40, kind, **values))
    return gp.row("SOP10100", SOPNUMBE=number)
