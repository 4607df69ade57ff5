"""Fit: what both sides of a row can hold of a value. Both halves are fitted before they are compared.

Fitting is idempotent, never transliterates and never guesses: what cannot be held is Unfit, with a code of the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from gp365.model import text as texts
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.matching import normalise as normalise
from gp365.model.text_breaks import keep_breaks
from gp365.model.values import Value, show

CUT = "cut"
PARK = "park"

# 1900-01-01 is how GP spells "no date" (every date column is NOT NULL); SQL Server's datetime begins with 1753, as do
# Dataverse's columns (Configure the behavior and format of the date and time column), which end a day before the
# calendar does (MaxSupportedValue of DateTimeAttributeMetadata; the very day is assumed).
NO_DAY = date(1900, 1, 1)
FIRST_DAY = date(1753, 1, 1)
LAST_DAY = date(9999, 12, 30)

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_KEPT_END = 8


class Unfit(Exception):
    """A value cannot be held. `code` is an error code of the catalogue, `message` a sentence for the operator."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Limits:
    """What both sides of a row can hold. None and "" mean no limit; `long` is cut or park.

    `exact`: the number is money on one side at least, which is never rounded.
    """

    length: int | None = None
    code_page: str = ""
    upper: bool = False
    decimals: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    options: frozenset[int] | None = None
    long: str = CUT
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value as both sides hold it; `cut` says that text was shortened."""

    value: Value
    cut: bool = False


def limits(left: FieldDescription | None, right: FieldDescription | None, long: str = CUT) -> Limits:
    """Return what both fields can hold; a side that is None (several wire fields, or none) sets no limit."""
    held = [side for side in (left, right) if side is not None]
    chosen = [frozenset(side.options) for side in held if side.type is FieldType.OPTION and side.options]
    return Limits(
        length=min((side.length for side in held if side.length is not None), default=None),
        code_page=next((side.code_page for side in held if side.code_page), ""),
        upper=any(side.upper for side in held),
        decimals=min((side.decimals for side in held if side.decimals is not None), default=None),
        minimum=max((side.minimum for side in held if side.minimum is not None), default=None),
        maximum=min((side.maximum for side in held if side.maximum is not None), default=None),
        options=chosen[0].intersection(*chosen[1:]) if chosen else None,
        long=long or CUT,
        exact=any(side.type is FieldType.MONEY for side in held),
    )


def fit(value: Value, bounds: Limits) -> Fitted:
    """Return the value as both sides hold it.

    Unfit: too-long, not-in-code-page, out-of-range, too-precise, bad-value, option-unknown.
    """
    if value is None or isinstance(value, bool):
        return Fitted(value)
    if isinstance(value, str):
        return _fit_text(value, bounds)
    if isinstance(value, datetime):
        return Fitted(_fit_moment(value))
    if isinstance(value, date):
        return Fitted(_fit_day(value))
    return Fitted(_fit_number(value, bounds))


def _fit_text(value: str, bounds: Limits) -> Fitted:
    text = texts.clean(value)
    if bounds.upper:
        text = texts.upper(text)
    foreign = texts.outside(text, bounds.code_page or "utf-8")
    if foreign is not None:
        _refuse_character(foreign, bounds)
    if bounds.length is None or texts.units(text) <= bounds.length:
        return Fitted(text or None)
    if bounds.long == PARK:
        raise Unfit("too-long", f"{texts.units(text)} characters; both sides hold {bounds.length}.")
    return Fitted(texts.cut(text, bounds.length) or None, cut=True)


def _refuse_character(char: str, bounds: Limits) -> None:
    named = f"{char!r} (U+{ord(char):04X})"
    if not bounds.code_page:
        raise Unfit("bad-value", f"The text has {named}, which is half a character.")
    raise Unfit("not-in-code-page", f"The code page {bounds.code_page} has no {named}.")


def _fit_number(value: int | Decimal, bounds: Limits) -> Value:
    if isinstance(value, int) and bounds.options is not None and value not in bounds.options:
        raise Unfit("option-unknown", f"Not both sides have the option {value}.")
    number = Decimal(value)
    if not number.is_finite():
        raise Unfit("bad-value", f"{value} is not a number.")
    low, high = bounds.minimum, bounds.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise Unfit("out-of-range", f"{show(value)} is not within {_range(low, high)}.")
    if isinstance(value, int):
        return value
    kept = _rounded(number, bounds.decimals)
    if bounds.exact and kept != number:
        raise Unfit(
            "too-precise", f"{show(value)} has more decimals than the {bounds.decimals} that both sides keep."
        )
    return kept


def _range(low: Decimal | None, high: Decimal | None) -> str:
    return f"{'any' if low is None else show(low)} to {'any' if high is None else show(high)}"


def _rounded(number: Decimal, decimals: int | None) -> Decimal:
    """Round half up to the decimals that both sides hold; a figure of over 60 digits is out of range."""
    try:
        kept = (
            _WIDE.plus(number)
            if decimals is None
            else number.quantize(Decimal(1).scaleb(-decimals), context=_WIDE)
        )
    except InvalidOperation:
        raise Unfit("out-of-range", "The number has more digits than any system holds.") from None
    return abs(kept) if kept.is_zero() else kept


def _fit_day(value: date) -> Value:
    if value == NO_DAY:
        return None
    _check_day(value, value)
    return value


def _check_day(day: date, shown: Value) -> None:
    if day < FIRST_DAY:
        raise Unfit("out-of-range", f"{show(shown)} is before {FIRST_DAY}.")
    if day > LAST_DAY:
        raise Unfit("out-of-range", f"{show(shown)} is after {LAST_DAY}.")


def _fit_moment(value: datetime) -> Value:
    if value.tzinfo is None:
        raise Unfit("bad-value", f"{value} has no time zone.")
    try:
        moment = value.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Unfit("out-of-range", "The moment is outside the calendar.") from None
    _check_day(moment.date(), moment)
    return moment


def patch_tail(old_wide: str, old_narrow: str, new_narrow: str) -> str | None:
    """Return the wide value with its kept prefix replaced by the narrow side's edit, or None when that cannot be told.

    `old_narrow` is the fitted cut of `old_wide`. The edit can be joined to the tail only while the last eight
    characters that had been kept still end it: then nobody has written past the place of the cut. Line breaks stay.
    """
    if not old_narrow or not new_narrow.endswith(old_narrow[-_KEPT_END:]):
        return None
    for place in range(len(old_wide) + 1):
        if _same(texts.clean(old_wide[:place]), old_narrow):
            kept = keep_breaks(old_wide[:place], old_narrow, new_narrow)
            return (new_narrow if kept is None else kept) + old_wide[place:]
    return None


def _same(prefix: str, narrow: str) -> bool:
    return len(prefix) == len(narrow) and (prefix == narrow or texts.upper(prefix) == narrow)
