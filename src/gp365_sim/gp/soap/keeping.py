"""What the service keeps about itself: policies, logged exceptions, changed keys."""

from collections.abc import Callable
from datetime import datetime

from gp365_sim.gp.soap.calls import Answer, Call, missing
from gp365_sim.gp.soap.codecs import as_object
from gp365_sim.gp.soap.criteria import comparable, restricted
from gp365_sim.gp.soap.errors import BadMessage
from gp365_sim.gp.soap.journal import Entry, logged, logged_summary, validation_result
from gp365_sim.gp.soap.policies import policy, summaries
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.requester import changed_key, changes
from gp365_sim.gp.soap.scene import Cells


def _entry(call: Call) -> Entry:
    found = call.journal.find(call.text("logId"))
    if found is None:
        raise missing("LoggedExceptionData", call.text("logId"))
    return found


def _validation(call: Call) -> object:
    return validation_result(_entry(call))


def _entries(call: Call) -> object:
    first, last = call.arguments["beginDate"], call.arguments["endDate"]
    assert isinstance(first, datetime) and isinstance(last, datetime)
    return [logged_summary(each) for each in call.journal if first <= each.at.replace(tzinfo=None) <= last]


_MOMENTS = {"Action": "ACTION", "LastModifiedDate": "DATE1"}


def _changed(table: str, columns: dict[str, str], key: Callable[[Cells], Obj]) -> Answer:
    """Make the answer of a list of changed keys; a site without the triggers has none."""

    def answer(call: Call) -> object:
        if not call.changes:
            return []
        tests = [
            (_column(name, columns), restricted(as_object(restriction)))
            for name, restriction in call.object("criteria").items()
            if name != "@type"
        ]
        rows = changes(call.scene.company, table)
        return [
            {**changed_key(row), **key(row)}
            for row in rows
            if all(test(comparable(row[column])) for column, test in tests)
        ]

    return answer


def _column(name: str, columns: dict[str, str]) -> str:
    found = {**_MOMENTS, **columns}.get(name)
    if found is None:
        raise BadMessage(f"the simulator does not model the criterion {name}.")
    return found


def _address_key(row: Cells) -> Obj:
    return {"CustomerKey": {"Id": row["CUSTNMBR"]}, "Id": row["ADRSCODE"]}


ANSWERS: dict[str, Answer] = {
    "GetPolicyByOperation": lambda call: policy(call.text("operation")),
    "GetPolicyList": lambda call: summaries(),
    "GetLoggedValidationResultByKey": _validation,
    "GetLoggedExceptionDataByKey": lambda call: logged(_entry(call)),
    "GetLoggedExceptionDataList": _entries,
    "GetChangedCustomerKeyList": _changed("RM00101", {"Id": "CUSTNMBR"}, lambda row: {"Id": row["CUSTNMBR"]}),
    "GetChangedCustomerAddressKeyList": _changed(
        "RM00102", {"CustomerKeyId": "CUSTNMBR", "AddressKeyId": "ADRSCODE"}, _address_key
    ),
    "GetChangedSalespersonKeyList": _changed(
        "RM00301", {"SalespersonKey": "SLPRSNID"}, lambda row: {"Id": row["SLPRSNID"]}
    ),
    "GetChangedItemKeyList": _changed(
        "IV00101", {"ItemKeyId": "ITEMNMBR"}, lambda row: {"Id": row["ITEMNMBR"]}
    ),
}
