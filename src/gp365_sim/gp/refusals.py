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


def not_found(what: str, key: str) -> Refusal:
    """Say that no such record exists."""
    return Refusal("RecordNotFound", f"{what} {key} does not exist.")


def broken_rule(message: str, field: str = "") -> Refusal:
    """Say that a rule of the window stands against it."""
    return Refusal("RuleViolated", message, field)


def bad_value(field: str, why: str) -> Refusal:
    """Say that a value does not fit its column or its window field."""
    return Refusal("InvalidValue", why, field)
