"""Documents of receivables, sales and purchasing: read from Work, Open and History as one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gp365_sim.gp.rmtypes import (
    CREDIT_MEMO,
    DEBIT_MEMO,
    FINANCE_CHARGE,
    INVOICE,
    PAYMENT,
    RETURN,
    SERVICE,
    WARRANTY,
)
from gp365_sim.gp.soap.calls import Answer, Call, described, key_text, missing, visible
from gp365_sim.gp.soap.criteria import chosen
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells, Scene
from gp365_sim.gp.soap.shapes import shapes, spoken
from gp365_sim.gp.sqltypes import Value, folded

WORK, OPEN, HISTORY = 1, 2, 3
TYPES = {
    "Invoice": INVOICE,
    "DebitMemo": DEBIT_MEMO,
    "FinanceCharge": FINANCE_CHARGE,
    "ServiceRepair": SERVICE,
    "Warranty": WARRANTY,
    "CreditMemo": CREDIT_MEMO,
    "Return": RETURN,
}
_DEBITS = frozenset({"Invoice", "DebitMemo", "FinanceCharge", "ServiceRepair"})
_CREDITS = frozenset({"CreditMemo", "Return"})
ORDER_TYPE, INVOICE_TYPE = 2, 3
_SALES_WORK = {
    "CSTPONBR": "CSPORNBR",
    "DOCAMNT": "ORTRXAMT",
    "SALSTERR": "SLSTERCD",
    "DOCDESCR": "TRXDSCRN",
    "ACCTAMNT": "CURTRXAM",
    "POSTEDDT": "POSTDATE",
    "PTDUSRID": "PSTUSRID",
}
"""Columns of RM10301 that posting puts under another name."""

Rows = Callable[[Scene], Iterator[Cells]]


def receivables(scene: Scene) -> Iterator[Cells]:
    """Give all receivables documents but cash receipts, under the column names of RM20101."""
    return visible(scene, _named(scene, (row for row in _receivables(scene) if row["RMDTYPAL"] != PAYMENT)))


def receipts(scene: Scene) -> Iterator[Cells]:
    """Give all cash receipts, under the column names of RM20101."""
    return visible(scene, (row for row in _receivables(scene) if row["RMDTYPAL"] == PAYMENT))


def _receivables(scene: Scene) -> Iterator[Cells]:
    company = scene.company
    for row in _in_order(scene, "RM10301"):
        renamed: dict[str, Value] = {_SALES_WORK.get(name, name): value for name, value in row.items()}
        yield {**renamed, "STATE": WORK}
    for row in _in_order(scene, "RM10201"):
        yield {**row, "CBKIDCRD": row["CHEKBKID"], "STATE": WORK}
    for table, state in (("RM20101", OPEN), ("RM30101", HISTORY)):
        if table in company:
            yield from ({**row, "STATE": state} for row in _in_order(scene, table))


def _named(scene: Scene, rows: Iterable[Cells]) -> Iterator[Cells]:
    for row in rows:
        customer = None if "CUSTNAME" in row else scene.company.find("RM00101", row["CUSTNMBR"])
        yield row if customer is None else {**row, "CUSTNAME": customer["CUSTNAME"]}


def sales(scene: Scene) -> Iterator[Cells]:
    """Give all sales documents, in Work and in history."""
    return visible(scene, _both(scene, "SOP10100", "SOP30200"))


def purchases(scene: Scene) -> Iterator[Cells]:
    """Give all purchase orders, in Work and in history."""
    return _both(scene, "POP10100", "POP30100")


def _both(scene: Scene, work: str, history: str) -> Iterator[Cells]:
    for table, state in ((work, WORK), (history, 2)):
        yield from ({**row, "STATE": state} for row in _in_order(scene, table))


def _in_order(scene: Scene, table: str) -> Iterator[Cells]:
    heap = scene.company[table]
    return (heap.table.as_dict(row) for row in heap.scan())


def _listed(rows: Rows, criteria: str, summary: str, where: Mapping[str, Value]) -> Answer:
    def answer(call: Call) -> object:
        found = (row for row in rows(call.scene) if all(row[name] == value for name, value in where.items()))
        return described(
            call.scene, summary, chosen(call.scene, shapes()[criteria], call.object("criteria"), found)
        )

    return answer


def _one(
    rows: Rows,
    name: str,
    shape: str,
    number: str,
    where: Mapping[str, Value],
    more: Callable[[Scene, Cells, Obj], None] | None = None,
) -> Answer:
    def answer(call: Call) -> object:
        wanted = folded(key_text(call.object("key"), "Id"))
        for row in rows(call.scene):
            if folded(str(row[number])) == wanted and all(
                row[each] == value for each, value in where.items()
            ):
                return described(call.scene, shape, [row], more)[0]
        raise missing(name, key_text(call.object("key"), "Id"))

    return answer


def _lines(shape: str, work: str, history: str) -> Callable[[Scene, Cells, Obj], None]:
    def add(scene: Scene, row: Cells, found: Obj) -> None:
        table = work if row["STATE"] == WORK else history
        rows = [
            {**each, "CURNCYID": row["CURNCYID"]} if "CURNCYID" in row else each
            for each in scene.company.under(table, row["SOPNUMBE"])
            if each["SOPTYPE"] == row["SOPTYPE"] and not each["CMPNTSEQ"]
        ]
        found["Lines"] = described(scene, shape, rows)
        words = scene.company.find("SOP10106", row["SOPTYPE"], row["SOPNUMBE"])
        comment = "" if words is None else str(words["CMMTTEXT"])
        if comment:
            found["Comment"] = comment

    return add


def _order_lines(scene: Scene, row: Cells, found: Obj) -> None:
    table = "POP10110" if row["STATE"] == WORK else "POP30110"
    rows: Sequence[Cells] = scene.company.under(table, row["PONUMBER"])
    found["Lines"] = [
        spoken(scene, shapes()["PurchaseOrderLine"], {"CURNCYID": row.get("CURNCYID", ""), **each})
        for each in rows
    ]


def _shape_of(name: str) -> str:
    if name in _DEBITS:
        return "ReceivablesDebitDocument"
    return "ReceivablesCreditDocument" if name in _CREDITS else "ReceivablesDocument"


def _of_receivables() -> dict[str, Answer]:
    found: dict[str, Answer] = {
        "GetReceivablesDocumentList": _listed(
            _everything, "ReceivablesDocumentCriteria", "ReceivablesDocumentSummary", {}
        )
    }
    for name, code in TYPES.items():
        where = {"RMDTYPAL": code}
        found[f"GetReceivables{name}List"] = _listed(
            receivables, "ReceivablesDocumentCriteria", "ReceivablesSummary", where
        )
        found[f"GetReceivables{name}ByKey"] = _one(
            receivables, f"Receivables{name}", _shape_of(name), "DOCNUMBR", where
        )
    return found


def _everything(scene: Scene) -> Iterator[Cells]:
    """Give documents of all types, cash receipts too (the type list of the service has them)."""
    return visible(scene, _named(scene, _receivables(scene)))


_ORDERS, _INVOICES = {"SOPTYPE": ORDER_TYPE}, {"SOPTYPE": INVOICE_TYPE}

ANSWERS: dict[str, Answer] = {
    **_of_receivables(),
    "GetCashReceiptList": _listed(receipts, "CashReceiptCriteria", "CashReceiptSummary", {}),
    "GetCashReceiptByKey": _one(receipts, "CashReceipt", "CashReceipt", "DOCNUMBR", {}),
    "GetSalesDocumentList": _listed(sales, "SalesDocumentCriteria", "SalesDocumentSummary", {}),
    "GetSalesOrderList": _listed(sales, "SalesDocumentCriteria", "SalesSummary", _ORDERS),
    "GetSalesInvoiceList": _listed(sales, "SalesDocumentCriteria", "SalesSummary", _INVOICES),
    "GetSalesOrderByKey": _one(
        sales,
        "SalesOrder",
        "SalesOrder",
        "SOPNUMBE",
        _ORDERS,
        _lines("SalesOrderLine", "SOP10200", "SOP30300"),
    ),
    "GetSalesInvoiceByKey": _one(
        sales,
        "SalesInvoice",
        "SalesInvoice",
        "SOPNUMBE",
        _INVOICES,
        _lines("SalesInvoiceLine", "SOP10200", "SOP30300"),
    ),
    "GetPurchaseOrderList": _listed(purchases, "PurchaseOrderCriteria", "PurchaseOrderSummary", {}),
    "GetPurchaseOrderByKey": _one(purchases, "PurchaseOrder", "PurchaseOrder", "PONUMBER", {}, _order_lines),
}
