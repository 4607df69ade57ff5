"""What is worked out of a record after it was read: sentences, differences, flags."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gp365.connectors.gp.documents import with_rows
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.worked import inputs, shown, with_worked
from gp365.model.record import Record
from gp365.model.values import Value

AMOUNTS = st.decimals(min_value=0, max_value=10**12, places=5, allow_nan=False)


def said(values: dict[str, Value], rows: list[dict[str, Value]], currency: str = "USD") -> str:
    """Say a payment as the data file of payments has it."""
    rules, described = source_of("payment").worked, entity_named("payment").shown
    record = Record(("PYMNT1",), with_rows(values, Applications=rows))
    settings = {"functional_currency": currency, "database": "TWO"}
    lists = {"Applications": entity_named("application").shown}
    (found,) = with_worked(rules, described, lists, settings, [record], ["Text"])
    assert list(found.values) == ["Text"]
    return str(found.values["Text"])


def payment(**more: Any) -> dict[str, Value]:
    """A payment of 1,200."""
    held: dict[str, Value] = {
        "DocumentNumber": "PYMNT1",
        "OriginalAmount": Decimal("1200.00000"),
        "CurrentAmount": Decimal("0.00000"),
        "DocumentDate": date(2026, 10, 29),
        "VoidStatus": 0,
        "VoidDate": None,
    }
    return held | more


def row(
    number: str, amount: str, discount: str = "0", write_off: str = "0", kind: int = 1
) -> dict[str, Value]:
    """One application."""
    amounts = {"AppliedAmount": amount, "DiscountTaken": discount, "WriteoffAmount": write_off}
    return {"ToType": kind, "ToNumber": number, **{name: Decimal(value) for name, value in amounts.items()}}


def test_a_payment_is_told_with_what_it_settles_and_what_is_left() -> None:
    rows = [row("INV B", "150.00"), row("INV A", "980.00", "20.00")]
    assert said(payment(CurrentAmount=Decimal("70.00000")), rows) == (
        "Payment PYMNT1 of 1,200.00 USD on 2026-10-29: applied 980.00 + 20.00 terms discount to Invoice INV A, "
        "150.00 to Invoice INV B, 70.00 unapplied"
    )


def test_a_payment_that_nothing_was_paid_with_yet_a_voided_and_a_bounced_one_are_told_apart() -> None:
    begin = "Payment PYMNT1 of 1,200.00 USD on 2026-10-29: "
    assert said(payment(CurrentAmount=Decimal(1200)), []) == f"{begin}1,200.00 unapplied"
    back = {"VoidDate": date(2026, 11, 6), "CurrentAmount": Decimal(0)}
    assert said(payment(VoidStatus=1, **back), []) == f"{begin}voided on 2026-11-06"
    assert said(payment(VoidStatus=2, **back), [row("A", "1")]) == f"{begin}returned unpaid on 2026-11-06"


def test_a_write_off_another_kind_of_document_and_a_company_without_a_named_currency() -> None:
    rows = [row("DR1", "1195.00", write_off="5.00", kind=3)]
    assert said(payment(), rows, "") == (
        "Payment PYMNT1 of 1,200.00 on 2026-10-29: applied 1,195.00 + 5.00 write-off to Debit Memo DR1"
    )


@given(
    st.lists(
        st.tuples(st.text("ABC123", min_size=1, max_size=8), AMOUNTS),
        max_size=5,
        unique_by=lambda one: one[0],
    )
)
def test_the_order_in_which_gp_gives_applications_changes_no_word(
    given_rows: list[tuple[str, Decimal]],
) -> None:
    rows = [row(number, str(amount)) for number, amount in given_rows]
    assert said(payment(), rows) == said(payment(), rows[::-1])


@given(AMOUNTS)
def test_an_amount_is_shown_to_its_last_decimal(amount: Decimal) -> None:
    text = shown(amount)
    assert Decimal(text.replace(",", "")) == amount
    assert len(text.partition(".")[2]) >= 2


def test_what_is_worked_out_brings_along_what_it_is_made_of_and_does_not_show_it() -> None:
    source = source_of("application")
    assert set(inputs(source.worked, ["Withdrawn"])) == {"Withdrawn", "TakenBack", "FromState"}
    assert inputs(source.worked, ["AppliedAmount"]) == ["AppliedAmount"]
    shown_fields = entity_named("application").shown
    values: dict[str, Value] = {"PayerNumber": "A", "CustomerNumber": "B", "TakenBack": True}
    record = Record(("9", "P", "1", "I"), values)
    wanted = ["ByAnother", "Withdrawn", "CustomerNumber"]
    (found,) = with_worked(source.worked, shown_fields, {}, {}, [record], wanted)
    assert found.values == {"CustomerNumber": "B", "ByAnother": True, "Withdrawn": True}
    (found,) = with_worked(source.worked, shown_fields, {}, {}, [Record(record.key, {})], wanted)
    assert found.values == {"Withdrawn": False}  # who paid is not known: absent, not "the same"


CENTS = st.decimals(min_value=-(10**6), max_value=10**6, places=2, allow_nan=False)
FINE = st.decimals(min_value=-(10**6), max_value=10**6, places=5, allow_nan=False)


def worked_out(entity: str, values: dict[str, Value], *names: str) -> list[Value]:
    """Work fields of an entity out of others."""
    rules, described = source_of(entity).worked, entity_named(entity).shown
    (found,) = with_worked(rules, described, {}, {}, [Record(("1",), values)], names)
    return [found.values[name] for name in names]


@given(FINE, FINE, CENTS)
def test_a_line_is_shown_so_that_its_extended_price_is_exact_to_the_cent(
    quantity: Decimal, price: Decimal, extended: Decimal
) -> None:
    values: dict[str, Value] = {
        "Quantity": quantity,
        "OriginatingUnitPrice": price,
        "OriginatingExtendedPrice": extended,
    }
    names = ("ShownQuantity", "ShownPrice", "ShownDiscount", "ShownWhole")
    shown_quantity, shown_price, discount, whole = worked_out("sales_invoice_line", values, *names)
    assert isinstance(shown_quantity, Decimal) and isinstance(shown_price, Decimal)
    assert isinstance(discount, Decimal) and discount >= 0
    base = shown_quantity * shown_price
    assert base == base.quantize(Decimal("0.01")) and base - discount == extended
    assert whole or (shown_quantity, shown_price) == (quantity, price)


def test_a_plain_line_stays_as_it_is_and_a_rounded_one_goes_in_one_piece() -> None:
    def line(quantity: str, price: str, extended: str) -> list[Value]:
        values: dict[str, Value] = {
            "Quantity": Decimal(quantity),
            "OriginatingUnitPrice": Decimal(price),
            "OriginatingExtendedPrice": Decimal(extended),
        }
        return worked_out(
            "sales_invoice_line", values, "ShownWhole", "ShownQuantity", "ShownPrice", "ShownDiscount"
        )

    assert line("4.00000", "40.00000", "155.00000") == [False, 4, 40, 5]
    assert line("3.00000", "0.33500", "1.01000") == [True, 1, Decimal("1.01"), 0]
    assert line("1.12500", "8.00000", "9.00000") == [True, 1, 9, 0]
    assert line("2.00000", "-5.00000", "-10.00000") == [False, 2, -5, 0]


def test_the_state_of_an_invoice_follows_what_is_left_of_it_and_a_void_comes_first() -> None:
    def state(voided: bool, paid: bool) -> list[Value]:
        values: dict[str, Value] = {"Voided": voided, "Paid": paid}
        return worked_out("sales_invoice", values, "InvoiceState", "InvoiceStatus")

    assert state(False, False) == [0, 4]
    assert state(False, True) == [2, 100001]
    assert state(True, True) == state(True, False) == [3, 100003]


def test_charges_are_freight_miscellaneous_and_the_tax_of_no_line() -> None:
    names = ("OriginatingFreightAmount", "OriginatingMiscellaneousAmount", "OriginatingTaxAmount")
    amounts = dict(zip(names, map(Decimal, ("12.50", "3.00", "10.43")), strict=True))
    rows: list[dict[str, Value]] = [
        {"OriginatingTaxAmount": Decimal("9.00")},
        {"OriginatingTaxAmount": Decimal("0.68")},
    ]
    assert worked_out("sales_invoice", with_rows(amounts, Lines=rows), "OtherCharges") == [Decimal("16.25")]
    assert worked_out("sales_invoice", {**amounts, names[0]: None}, "OtherCharges") == [None]
