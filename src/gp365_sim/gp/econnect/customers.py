"""taUpdateCreateCustomerRcd: a customer's card, field by field.

NULL keeps what is there; on a new card it takes the class's default (only with UseCustomerClass 1) or GP's. INTEGRATIONID,
GPSFOINTEGRATIONID and INTEGRATIONSOURCE have other defaults than NULL, so that an update which leaves them out empties
them. Ids are not put into capitals: only GP's windows do that. Sources: parameter list; Learn's eConnect pages on
RMCustomerMasterType.
"""

from decimal import Decimal

from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.notes import write_note
from gp365_sim.gp.econnect.rows import Fields, add, change, drop, find, where
from gp365_sim.gp.holdings import open_numbers
from gp365_sim.gp.sqltypes import Value, folded
from gp365_sim.gp.windows import AMOUNT, NO_CREDIT, ROLES, SHARED, UNLIMITED

_SAME = (
    *(
        "HOLD",
        "INACTIVE",
        "CUSTNAME",
        "SHRTNAME",
        "STMTNAME",
        "CUSTCLAS",
        "CUSTPRIORITY",
        "ADRSCODE",
        "CNTCPRSN",
    ),
    *("ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE", "CCode", "COUNTRY", "FAX", "UPSZONE", "SHIPMTHD"),
    *("TAXSCHID", "SHIPCOMPLETE", "PRSTADCD", "PRBTADCD", "STADDRCD", "SLPRSNID", "SALSTERR", "USERDEF1"),
    *(
        "USERDEF2",
        "COMMENT1",
        "COMMENT2",
        "PYMTRMID",
        "DISGRPER",
        "DUEGRPER",
        "PRCLEVEL",
        "BALNCTYP",
        "FNCHATYP",
    ),
    *(
        "FINCHDLR",
        "MINPYTYP",
        "MINPYDLR",
        "CRLMTTYP",
        "CRLMTAMT",
        "CRLMTPER",
        "CRLMTPAM",
        "MXWOFTYP",
        "MXWROFAM",
    ),
    *("Revalue_Customer", "Post_Results_To", "ORDERFULFILLDEFAULT", "INCLUDEINDP", "CRCARDID", "CRCRDNUM"),
    *(
        "CCRDXPDT",
        "BANKNAME",
        "BNKBRNCH",
        "USERLANG",
        "TAXEXMT1",
        "TAXEXMT2",
        "TXRGNNUM",
        "CURNCYID",
        "RATETPID",
    ),
    *("STMTCYCL", "KPCALHST", "KPERHIST", "KPTRXHST", "KPDSTHST", "Send_Email_Statements", "CHEKBKID"),
    *("DEFCACTY", "GPSFOINTEGRATIONID", "INTEGRATIONSOURCE", "INTEGRATIONID"),
)
_RENAMED = {"ZIPCODE": "ZIP", "PHNUMBR1": "PHONE1", "PHNUMBR2": "PHONE2", "PHNUMBR3": "PHONE3"}
_WRITTEN = ("ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE", "ZIP", "COUNTRY")
_PERCENT = ("CUSTDISC", "FNCHPCNT", "MINPYPCT")
_ACCOUNTS = {
    "RMCSHACTNUMST": "RMCSHACC",
    "RMARACTNUMST": "RMARACC",
    "RMSLSACTNUMST": "RMSLSACC",
    "RMCOSACTNUMST": "RMCOSACC",
    "RMIVACTNUMST": "RMIVACC",
    "RMTAKACTNUMST": "RMTAKACC",
    "RMAVACTNUMST": "RMAVACC",
    "RMFCGACTNUMST": "RMFCGACC",
    "RMWRACTNUMST": "RMWRACC",
    "RMSORACTNUMST": "RMSORACC",
    "RMOvrpymtWrtoffACTNUMST": "RMOvrpymtWrtoffAcctIdx",
}
_OF_THE_CLASS_ONLY = frozenset(
    {"CLASSID", "CLASDSCR", "DEFLTCLS", "INACTIVE", "NOTEINDX", "CREATDDT", "MODIFDT"}
)
_RECIPIENTS = {1: "ToEmail_Recipient", 2: "CcEmail_Recipient", 3: "BccEmail_Recipient"}
HUNDREDTHS = 100


def update_create_customer(call: Call) -> None:
    """Create a customer, or update the one who is there unless UpdateIfExists is 0 (its default is 1)."""
    number = call.text("CUSTNMBR")
    if not number:
        raise call.refuse("customer-blank")
    there = find(call.company, "RM00101", CUSTNMBR=number)
    if there is not None and not call.flag("UpdateIfExists"):
        raise call.refuse("customer-exists")
    values = {**_class_defaults(call), **_given(call)}
    _check(call, there, values)
    call.settle()
    if there is None:
        _create(call, values)
    else:
        _update(call, there, values)
    _write_recipients(call)


def _given(call: Call) -> dict[str, Value]:
    values = {name: value for name in _SAME if (value := call.value(name)) is not None}
    for name, column in _RENAMED.items():
        if (value := call.value(name)) is not None:
            values[column] = value
    for name in _PERCENT:
        if call.has(name):
            values[name] = int(call.amount(name) * HUNDREDTHS)
    for name, column in _ACCOUNTS.items():
        if call.has(name):
            values[column] = account_index(call, call.text(name))
    return values


def _class_defaults(call: Call) -> dict[str, Value]:
    """Give what the class says, only with UseCustomerClass 1, which needs CUSTCLAS (Learn: RMCustomerMasterType)."""
    if not call.flag("UseCustomerClass"):
        return {}
    if not call.need(call.text("CUSTCLAS"), "class-blank"):
        return {}
    row = find(call.company, "RM00201", CLASSID=call.text("CUSTCLAS"))
    columns = call.company["RM00101"].table.place
    shared = [name for name in row or {} if name in columns and name not in _OF_THE_CLASS_ONLY]
    return {name: row[name] for name in shared if not name.startswith("DEX_")} if row else {}


def _check(call: Call, there: Fields | None, values: Fields) -> None:
    company = call.company
    merged = {**(there or {}), **values}
    call.need(merged.get("CUSTNAME"), "customer-name")
    for name, table, key, meaning in (
        ("CUSTCLAS", "RM00201", "CLASSID", "class-unknown"),
        ("PYMTRMID", "SY03300", "PYMTRMID", "terms-unknown"),
        ("SLPRSNID", "RM00301", "SLPRSNID", "salesperson-unknown"),
        ("SALSTERR", "RM00303", "SALSTERR", "territory-unknown"),
        ("SHIPMTHD", "SY03000", "SHIPMTHD", "shipping-unknown"),
        ("TAXSCHID", "TX00101", "TAXSCHID", "tax-schedule-unknown"),
        ("CHEKBKID", "CM00100", "CHEKBKID", "checkbook-unknown"),
    ):
        given = values.get(name)
        call.need(not given or find(company, table, **{key: given}) is not None, meaning)
    currency = values.get("CURNCYID")
    call.need(not currency or find(call.system, "MC40200", CURNCYID=currency) is not None, "currency-unknown")
    _check_credit(call, values)
    _check_roles(call, there, values)
    ends = there is not None and not there["INACTIVE"] and values.get("INACTIVE")
    call.need(not ends or not open_numbers(company, folded(call.text("CUSTNMBR"))), "customer-busy")


def _check_credit(call: Call, values: Fields) -> None:
    call.need(values.get("CRLMTTYP", 0) in (NO_CREDIT, UNLIMITED, AMOUNT), "credit-type")
    negative = any(
        isinstance(value := values.get(name), Decimal) and value < 0 for name in ("CRLMTAMT", "CRLMTPAM")
    )
    call.need(not negative, "credit-negative")


def _check_roles(call: Call, there: Fields | None, values: Fields) -> None:
    """Want bill-to, ship-to and statement codes among the addresses, ADRSCODE included (as the window does: assumed)."""
    number = call.text("CUSTNMBR")
    codes = {folded(str(row["ADRSCODE"])) for row in where(call.company, "RM00102", CUSTNMBR=number)}
    new = folded(str(values.get("ADRSCODE", "")))
    creates = call.flag("CreateAddress") or there is None
    for role in ROLES:
        code = folded(str(values.get(role, "")))
        call.need(not code or code in codes or (creates and code == new), "address-unknown")
    addressed = any(values.get(name) for name in _WRITTEN if _came(call, name))
    call.need(there is not None or new or not addressed, "address-blank")


def _came(call: Call, column: str) -> bool:
    """Tell whether a column's value came with the call and not from the class."""
    spelled = {column_: name for name, column_ in _RENAMED.items()}.get(column, column)
    return spelled in call.values and call.has(spelled)


def _create(call: Call, values: dict[str, Value]) -> None:
    """Write the card and, with CreateAddress 1, the address in ADRSCODE.

    Statement name and short name follow the name (Learn: node taUpdateCreateCustomerRcd). A card without ADRSCODE is
    made, and of no use for sales documents (Learn: RMCustomerMasterType).
    """
    company = call.company
    name = str(values["CUSTNAME"])
    today = company.today()
    own: dict[str, Value] = {
        "STMTNAME": name,
        "SHRTNAME": name[:15].rstrip(),
        "CUSTPRIORITY": 1,
        **values,
        "CUSTNMBR": call.text("CUSTNMBR"),
        "NOTEINDX": company.draw_note(),
        "CREATDDT": today,
        "MODIFDT": today,
    }
    row = add(company, "RM00101", own)
    code = row["ADRSCODE"]
    if code and call.flag("CreateAddress"):
        _create_address(call, str(code), {each: row[each] for each in SHARED if each in row})
    write_note(call, row)


def _update(call: Call, there: Fields, values: dict[str, Value]) -> None:
    """Write what came, on the card and on the address in its ADRSCODE; a new code is created with CreateAddress 1."""
    company = call.company
    code = str(values.get("ADRSCODE", there["ADRSCODE"]))
    address = find(company, "RM00102", CUSTNMBR=there["CUSTNMBR"], ADRSCODE=code)
    entered = {name: values[name] for name in SHARED if name in values and _came(call, name)}
    if code and address is None and call.flag("CreateAddress"):
        _create_address(call, code, entered)
    elif address is not None:
        if folded(code) != folded(str(there["ADRSCODE"])):
            values = {**{name: address[name] for name in SHARED if name in address}, **values}
        if entered:
            change(company, "RM00102", address, {**entered, "MODIFDT": company.today()})
    change(company, "RM00101", there, {**values, "MODIFDT": company.today()})
    write_note(call, there)


def _create_address(call: Call, code: str, values: Fields) -> None:
    today = call.company.today()
    columns = call.company["RM00102"].table.place
    own: dict[str, Value] = {name: value for name, value in values.items() if name in columns}
    add(
        call.company,
        "RM00102",
        {**own, "CUSTNMBR": call.text("CUSTNMBR"), "ADRSCODE": code, "CREATDDT": today, "MODIFDT": today},
    )


def _write_recipients(call: Call) -> None:
    """Keep the recipients of statements in RM00106, one per kind (that a call replaces them is assumed)."""
    for kind, name in _RECIPIENTS.items():
        if not call.has(name):
            continue
        number = call.text("CUSTNMBR")
        for row in where(call.company, "RM00106", CUSTNMBR=number, Email_Type=kind):
            drop(call.company, "RM00106", row)
        if call.text(name):
            add(
                call.company,
                "RM00106",
                {"CUSTNMBR": number, "Email_Type": kind, "Email_Recipient": call.text(name)},
            )
