"""How Dataverse says no: one exception that carries the HTTP status, the code and the message of the refusal.

The codes and messages are those of Microsoft's documentation (api-limits, use-alternate-key, optimistic-concurrency,
perform-conditional-operations-using-web-api, execute-batch-operations-using-web-api, compose-http-requests-handle-errors)
or recorded by several public projects; where only our knowledge says so the function is marked `assumed`.
"""

from __future__ import annotations


class Refusal(Exception):
    """A request that this organisation refuses.

    `status` is the HTTP status, `code` the text such as 0x80040217, `headers` go out with the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def not_modelled(what: str) -> Refusal:
    """Say loudly that the simulator does not have this; Dataverse itself may well have it."""
    return Refusal(501, "0x80040800", f"gp365_sim does not model {what}. Nothing was done.")


def not_found(table: str, row_id: str) -> Refusal:
    return Refusal(404, "0x80040217", f"{table} With Id = {row_id} Does Not Exist")


def not_found_by_key(table: str) -> Refusal:
    # 0x80060891 is recorded by few projects; status 404 is the likelier of the two seen.
    return Refusal(
        404, "0x80060891", f"A record with the specified key values does not exist in {table} entity"
    )


def stale() -> Refusal:
    return Refusal(
        412,
        "0x80060882",
        "The version of the existing record doesn't match the RowVersion property provided.",
    )


def already_there() -> Refusal:
    return Refusal(412, "0x80040237", "A record with matching key values already exists.")


def key_violated(label: str, columns: str) -> Refusal:
    return Refusal(
        412,
        "0x80060892",
        f"Entity Key {label} violated. A record with the same value for {columns} already exists. A duplicate "
        "record cannot be created. Select one or more unique values and try again.",
    )


def duplicate_rule() -> Refusal:
    return Refusal(
        412,
        "0x80040333",
        "A record was not created or updated because a duplicate of the current record already exists.",
    )


def no_such_segment(segment: str) -> Refusal:
    return Refusal(400, "0x80060888", f"Resource not found for the segment '{segment}'.")


def bad_key(table: str) -> Refusal:
    return Refusal(
        400,
        "0x80060888",
        f"The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table}'. Ensure that the "
        "names and number of key properties match the declared or alternate key properties for the resource "
        f"'Microsoft.Dynamics.CRM.{table}'.",
    )


def bad_request(message: str) -> Refusal:
    """Refuse a URL or request syntax that OData does not allow."""
    return Refusal(400, "0x80060888", message)


def invalid(message: str) -> Refusal:
    return Refusal(400, "0x80040203", message)


def closed_invoice(row_id: str) -> Refusal:
    """Refuse a change of an invoice that is paid or canceled, or of its lines (assumed: code and words)."""
    return invalid(f"The invoice {row_id} is read-only because it is not active.")


def bad_payload(table: str, inner: str) -> Refusal:
    return Refusal(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{table}', For more information on this "
        "error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  "
        f"InnerException : Microsoft.OData.ODataException: {inner}",
    )


def undeclared(table: str, name: str) -> Refusal:
    return bad_payload(
        table,
        f"The property '{name}' does not exist on type 'Microsoft.Dynamics.CRM.{table}'. Make sure to only use "
        "property names that are defined by the type.",
    )


def undeclared_annotation(table: str, name: str) -> Refusal:
    return bad_payload(
        table,
        f"An undeclared property '{name}' which only has property annotations in the payload but no property "
        "value was found in the payload. In OData, only declared navigation properties and declared named streams "
        "can be represented as properties without values.",
    )


def too_long(table: str, column: str, limit: int) -> Refusal:
    return Refusal(
        400,
        "0x80044331",
        f"A validation error occurred.  The length of the '{column}' attribute of the '{table}' entity exceeded "
        f"the maximum allowed length of '{limit}'.",
    )


def integer_out_of_range(table: str, column: str, low: object, high: object) -> Refusal:
    return Refusal(
        400,
        "0x8004432f",
        f"A validation error occurred. The value of '{column}' on record of type '{table}' is outside the valid "
        f"range ({low} to {high}).",
    )


def number_out_of_range(table: str, column: str, low: object, high: object) -> Refusal:
    return Refusal(
        400,
        "0x80044330",
        f"A validation error occurred. The value of '{column}' on record of type '{table}' is outside the valid "
        f"range ({low} to {high}).",
    )


def bad_option(table: str, column: str, value: object, allowed: str) -> Refusal:
    return Refusal(
        400,
        "0x8004431a",
        f"A validation error occurred. The value {value} of '{column}' on record of type '{table}' is outside "
        f"the valid range. Accepted Values: {allowed}",
    )


def bad_status(table: str, row_id: str, status: int, state: str) -> Refusal:
    return Refusal(
        400,
        "0x80048408",
        f"{status} is not a valid status code for state code {state} on {table} with Id {row_id}.",
    )


def read_only(table: str, column: str) -> Refusal:
    """Refuse a value for a column that nobody may write (assumed: some organisations ignore the value)."""
    return Refusal(400, "0x80040203", f"The property '{column}' of '{table}' is read-only and cannot be set.")


def denied(user_id: str, privilege: str) -> Refusal:
    return Refusal(
        403,
        "0x80040220",
        f"Principal user (Id={user_id}, type=8, roleCount=1) is missing {privilege} privilege.",
    )


def tied_by_association(table: str) -> Refusal:
    return Refusal(
        405,
        "0x80040227",
        f"The object you tried to delete is associated with another object and cannot be deleted ({table}).",
    )


def tied_by_component(what: str) -> Refusal:
    """Refuse to delete a definition that another one needs (code from our knowledge, assumed)."""
    return Refusal(
        400, "0x8004f01f", f"The component {what} cannot be deleted because another component needs it."
    )


def expired_token() -> Refusal:
    """Refuse a delta token past its life (code of RetrieveEntityChanges; assumed to be the same on the Web API)."""
    return Refusal(
        400,
        "0x80044352",
        "Version stamp associated with the client has expired. Please perform a full sync.",
    )


def ended_by_merge(table: str, row_id: str) -> Refusal:
    """Refuse a change of a row that a merge ended (code InvalidState of the error codes page; its use here is assumed)."""
    return Refusal(
        400,
        "0x80040233",
        f"The object is not in a valid state to perform this operation. {table} {row_id} was merged.",
    )


def merge_of_one() -> Refusal:
    return Refusal(
        400, "0x80045305", "Merge cannot be performed on master and sub-entities that are identical."
    )


def merge_of_inactive(which: str, table: str, row_id: str) -> Refusal:
    # Wording after markcarrington.dev, "Merge Permissions".
    return Refusal(400, "0x80045304", f"{which} entity:{table}-{row_id} is deactive")


def merge_in_a_ring() -> Refusal:
    return Refusal(400, "0x80045300", "Merge could create cyclical parenting.")


def merge_loses_parent() -> Refusal:
    return Refusal(400, "0x80045317", "Merge warning: sub-entity might lose parenting")


def merge_of_other_parents() -> Refusal:
    return Refusal(400, "0x80045316", "Merge warning: sub-entity will be differently parented.")


def no_owner() -> Refusal:
    return Refusal(400, "0x80040215", "Item does not have an owner.")


def owner_without_right(kind: str, principal: str, table: str) -> Refusal:
    """Refuse an owner without a role (wording as recorded for users; for teams assumed)."""
    word, code = ("team", 9) if kind == "team" else ("user", 8)
    return Refusal(
        403,
        "0x80040220",
        f"Principal {word} (Id={principal}, type={code}, roleCount=0, privilegeCount=0) is missing prvRead{table} "
        "privilege.",
    )


def no_access(user_id: str, right: str, table: str, row_id: str) -> Refusal:
    """Refuse a row that the caller's roles do not reach (PrincipalPrivilegeDenied; 403 as several projects record it)."""
    return Refusal(
        403,
        "0x80048306",
        f"Principal user (Id={user_id}, type=8, roleCount=1) does not have {right} right(s) for record with id "
        f"{row_id} of entity {table}.",
    )


def secured_column(*, creating: bool) -> Refusal:
    """Refuse a value for a column under column security (error codes page; status 403 after the compose-http page)."""
    if creating:
        return Refusal(
            403,
            "0x8004f502",
            "The user does not have create permissions to a secured field. The requested operation could not be "
            "completed.",
        )
    return Refusal(
        403,
        "0x8004f507",
        "The user doesn't have AttributePrivilegeUpdate and not granted shared access for a secured attribute during "
        "update operation",
    )


def merge_denied() -> Refusal:
    return Refusal(403, "0x80045301", "Merge is not allowed: caller does not have the privilege or access.")
