"""What GP answers instead of doing: one exception, a code and the field that is to blame."""


class Refusal(Exception):
    """Say no in GP's words.

    `code` tells kinds of refusals apart inside the simulator; whether a caller can see it depends on the view.
    """

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.code = code
        self.message = message
        self.field = field


class NotOffered(Refusal):
    """Say that an address does not know this verb; `allowed` names those it knows."""

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__("MethodNotAllowed", message)
        self.allowed = allowed


def not_found(what: str, key: str) -> Refusal:
    """Say that no such record exists."""
    return Refusal("RecordNotFound", f"{what} {key} does not exist.")


def broken_rule(message: str, field: str = "") -> Refusal:
    """Say that a rule of the window stands against it."""
    return Refusal("RuleViolated", message, field)


def bad_value(field: str, why: str) -> Refusal:
    """Say that a value does not fit its column or its window field."""
    return Refusal("InvalidValue", why, field)
