"""taCreateCustomerClass: a customer class, overwritten whole when it is there (document exchange)."""

from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import add, change, find, where
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.windows import AMOUNT, NO_CREDIT, UNLIMITED

_SAME = (
    *(
        "CLASDSCR",
        "CRLMTTYP",
        "CRLMTAMT",
        "CRLMTPER",
        "CRLMTPAM",
        "DEFLTCLS",
        "BALNCTYP",
        "CHEKBKID",
        "TAXSCHID",
    ),
    *(
        "SHIPMTHD",
        "PYMTRMID",
        "CUSTDISC",
        "MINPYTYP",
        "MINPYDLR",
        "MINPYPCT",
        "MXWOFTYP",
        "MXWROFAM",
        "FNCHATYP",
    ),
    *(
        "FINCHDLR",
        "FNCHPCNT",
        "PRCLEVEL",
        "CURNCYID",
        "RATETPID",
        "DEFCACTY",
        "SALSTERR",
        "SLPRSNID",
        "STMTCYCL",
    ),
    *("KPCALHST", "KPDSTHST", "KPERHIST", "KPTRXHST", "DISGRPER", "DUEGRPER", "Revalue_Customer"),
    *("Post_Results_To", "ORDERFULFILLDEFAULT", "CUSTPRIORITY"),
)
_ACCOUNTS = {
    "CASHACCT": "RMCSHACC",
    "ACCTRECACCT": "RMARACC",
    "SALESACCT": "RMSLSACC",
    "COSTOFSALESACCT": "RMCOSACC",
    "IVACCT": "RMIVACC",
    "TERMDISCTAKENACCT": "RMTAKACC",
    "TERMDISCAVAILACCT": "RMAVACC",
    "FINCHRGACCT": "RMFCGACC",
    "WRITEOFFACCT": "RMWRACC",
    "SALESORDERRETACCT": "RMSORACC",
    "RMOvrpymtWrtoffAcct": "RMOvrpymtWrtoffAcctIdx",
}


def create_customer_class(call: Call) -> None:
    """Create a class; accounts that do not come stay 0, and a class that exists is overwritten whole (assumed).

    The defaults are blank and 0, not those of another class: a class made with an id and a name has no posting accounts.
    """
    company = call.company
    key = call.text("CLASSID")
    values: dict[str, Value] = {name: value for name in _SAME if (value := call.value(name)) is not None}
    values |= {column: account_index(call, call.text(name)) for name, column in _ACCOUNTS.items()}
    call.need(key, "class-blank")
    call.need(call.integer("CRLMTTYP") in (NO_CREDIT, UNLIMITED, AMOUNT), "credit-type")
    terms = call.text("PYMTRMID")
    call.need(not terms or find(company, "SY03300", PYMTRMID=terms), "terms-unknown")
    currency = call.text("CURNCYID")
    call.need(not currency or find(call.system, "MC40200", CURNCYID=currency), "currency-unknown")
    call.settle()
    if call.flag("DEFLTCLS"):
        for other in where(company, "RM00201", DEFLTCLS=1):
            change(company, "RM00201", other, {"DEFLTCLS": 0})
    there = find(company, "RM00201", CLASSID=key)
    today = company.today()
    if there is None:
        own: dict[str, Value] = {"CLASSID": key, "NOTEINDX": company.draw_note(), "CREATDDT": today}
        add(company, "RM00201", {**values, **own, "MODIFDT": today})
    else:
        change(company, "RM00201", there, {**values, "MODIFDT": today})
