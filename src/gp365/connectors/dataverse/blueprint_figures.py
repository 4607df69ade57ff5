"""Our columns for receivables: what a card shows of GP's figures, and what an account shows of its cards.

Amounts stand in the company's functional currency, which is the card's own. GP's buckets are as of the day of the last
aging; what is worked out as of today says so.
"""

from __future__ import annotations

from gp365.connectors.dataverse.columns import OwnColumn

BUCKETS = 7
_OF_TODAY = "Worked out by gp365 from open documents, as of the day in Figures as of."
_OF_GP = "As Dynamics GP keeps it, in the company's functional currency."
_BY_AGING = "As of Aged on, by the last aging in Dynamics GP."


def _money(name: str, schema: str, label: str, about: str = _OF_GP) -> OwnColumn:
    return OwnColumn(f"gp365_{name}", f"gp365_{schema}", label, "Money", about=about)


def _day(name: str, schema: str, label: str, about: str) -> OwnColumn:
    return OwnColumn(f"gp365_{name}", f"gp365_{schema}", label, "DateTime", about=about)


def _number(name: str, schema: str, label: str, about: str) -> OwnColumn:
    return OwnColumn(f"gp365_{name}", f"gp365_{schema}", label, "Integer", about=about)


CARD_FIGURES: tuple[OwnColumn, ...] = (
    _money("balance", "Balance", "Balance"),
    *(
        _money(
            f"aging{n}", f"Aging{n}", f"Aging {n}", f"Amount of Dynamics GP's aging period {n}. {_BY_AGING}"
        )
        for n in range(1, BUCKETS + 1)
    ),
    *(
        OwnColumn(
            f"gp365_aginglabel{n}",
            f"gp365_AgingLabel{n}",
            f"Aging {n} is",
            "String",
            15,
            about=f"What Dynamics GP calls its aging period {n}; empty where it is not used.",
        )
        for n in range(1, BUCKETS + 1)
    ),
    _day("agedon", "AgedOn", "Aged on", "The day as of which Dynamics GP aged this customer last."),
    _money("unpostedsales", "UnpostedSales", "Unposted sales"),
    _money("unpostedpayments", "UnpostedPayments", "Unposted payments"),
    _money("onorder", "OnOrder", "On order"),
    _money("deposits", "Deposits", "Deposits received"),
    _money(
        "availablecredit",
        "AvailableCredit",
        "Available credit",
        "Credit limit less balance, unposted sales and orders, plus unposted payments and deposits; as the options of "
        "gp365 say. Zero without credit, empty where credit is unlimited, negative where the limit is exceeded.",
    ),
    _money(
        "overdue",
        "Overdue",
        "Overdue (computed)",
        f"Open documents past due; credits are not deducted. {_OF_TODAY}",
    ),
    _day(
        "oldestinvoice",
        "OldestInvoice",
        "Oldest open invoice (computed)",
        f"Date of the oldest open invoice. {_OF_TODAY}",
    ),
    _number("dayspastdue", "DaysPastDue", "Days past due (computed)", f"Of what fell due first. {_OF_TODAY}"),
    _day(
        "figuresasof",
        "FiguresAsOf",
        "Figures as of",
        "The day of the computed figures; empty without open documents.",
    ),
    _number("daystopay", "DaysToPay", "Average days to pay, this year", _OF_GP.partition(",")[0] + "."),
    _number("daystopaylife", "DaysToPayLife", "Average days to pay, ever", _OF_GP.partition(",")[0] + "."),
    _money("lastpayment", "LastPayment", "Last payment"),
    _day("lastpaymenton", "LastPaymentOn", "Last payment on", _OF_GP.partition(",")[0] + "."),
    _money(
        "salesthisyear",
        "SalesThisYear",
        "Sales since the year-end close",
        f"{_OF_GP} It begins anew with the close.",
    ),
    _money(
        "saleslastyear",
        "SalesLastYear",
        "Sales of the year before",
        f"{_OF_GP} It changes with the close only.",
    ),
    _day(
        "yearclosed",
        "YearClosed",
        "Calendar year closed on",
        "The last year-end close of receivables, calendar year.",
    ),
    _day(
        "fiscalyearclosed",
        "FiscalYearClosed",
        "Fiscal year closed on",
        "The last year-end close, fiscal year.",
    ),
)
# Over all cards of an account, one amount per currency: text, because no column holds several currencies.
ACCOUNT_FIGURES: tuple[OwnColumn, ...] = (
    OwnColumn(
        "gp365_balances",
        "gp365_Balances",
        "GP balances",
        "String",
        400,
        table="account",
        about="Balances of all cards of this account, one amount per currency.",
    ),
    OwnColumn(
        "gp365_overdues",
        "gp365_Overdues",
        "GP overdue (computed)",
        "String",
        400,
        table="account",
        about="Overdue amounts of all cards of this account, one per currency.",
    ),
    OwnColumn(
        "gp365_totalbalance",
        "gp365_TotalBalance",
        "GP balance in this currency",
        "Money",
        table="account",
        about="Balance of all cards of this account, where all are in the account's own currency; else empty.",
    ),
    OwnColumn(
        "gp365_totaloverdue",
        "gp365_TotalOverdue",
        "GP overdue in this currency (computed)",
        "Money",
        table="account",
        about="Overdue on all cards of this account, where all are in the account's own currency; else empty.",
    ),
)
