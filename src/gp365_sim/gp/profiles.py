"""The three answers to a question nobody has published: how the service wraps what it returns.

No response or error of the service is public, so every status code and envelope here is assumed. A client that works
under all three profiles depends on none of them:

| | bare | payload | container |
| one record | the object | {"Payload": object} | {"Customers": [object]} |
| a list | [objects] | {"Payload": [objects]} | {"Customers": [objects]} |
| created | 201, the object | 200 | 200 |
| deleted | 204 | 200 {"Payload": {}} | 200 {"Customers": []} |
| refused by a rule | 400, duplicates 409 | 400 | 200 |
| an error's body | {"Code","Message","Field"} | {"Errors": [{"Code","Message","Field"}]} | {"Errors": ["words"]} |
"""

from dataclasses import dataclass
from typing import Literal

from gp365_sim.gp.refusals import Refusal

ProfileName = Literal["bare", "payload", "container"]

STATUS = {
    "AccessDenied": 403,
    "ServiceNotFound": 404,
    "TenantNotFound": 404,
    "CompanyNotFound": 404,
    "ProductNotFound": 404,
    "ResourceNotFound": 404,
    "RecordNotFound": 404,
    "MethodNotAllowed": 405,
    "DuplicateKey": 409,
    "UnsupportedMediaType": 415,
    "NotModelled": 501,
}
"""Status of every refusal; one not named here is 400."""

RULES = frozenset({"DuplicateKey", "KeyMissing", "ParentNotFound", "RuleViolated", "InvalidValue"})
"""Refusals by GP's own rules, in contrast to requests that the service cannot understand."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of wrapping answers."""

    name: ProfileName

    @property
    def created(self) -> int:
        """Give the status of a successful POST."""
        return 201 if self.name == "bare" else 200

    def envelope(self, singular: str, plural: str, *, many: bool, as_json: bool) -> tuple[str, str]:
        """Give what stands before and after one record, or before and after a list of them."""
        if as_json:
            return self._json_envelope(plural, many=many)
        if self.name == "payload":
            return "<Payload>", "</Payload>"
        return (f"<{plural}>", f"</{plural}>") if many or self.name == "container" else ("", "")

    def _json_envelope(self, plural: str, *, many: bool) -> tuple[str, str]:
        if self.name == "container":
            return f'{{"{plural}":[', "]}"
        inner = ("[", "]") if many else ("", "")
        return ('{"Payload":' + inner[0], inner[1] + "}") if self.name == "payload" else inner

    def nothing(self, plural: str) -> dict[str, object] | None:
        """Give the answer to a DELETE; None for no body at all."""
        if self.name == "bare":
            return None
        return {"Payload": {}} if self.name == "payload" else {plural: []}

    def status(self, refusal: Refusal, *, write: bool) -> int:
        """Give the status of a refusal."""
        if self.name == "container" and write and refusal.code in RULES:
            return 200
        if self.name == "payload" and refusal.code == "DuplicateKey":
            return 400
        return STATUS.get(refusal.code, 400)

    def error(self, refusal: Refusal, field: str) -> dict[str, object]:
        """Give the body of a refusal; `field` is the service's name of the field to blame, or empty."""
        words = f"{field}: {refusal.message}" if field else refusal.message
        if self.name == "container":
            return {"Errors": [words]}
        spoken: dict[str, object] = {"Code": refusal.code, "Message": words, "Field": field}
        return {"Errors": [spoken]} if self.name == "payload" else spoken
