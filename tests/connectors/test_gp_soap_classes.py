"""New customers over GP Web Services have what their class gives, from another channel or from the site's own file."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from gp_soap_place import SoapPlace, over_sql, soap_place

from gp365.connectors.gp.soap.classdraft import draft, text_of
from gp365.connectors.gp.soap.classfile import read_classes
from gp365.connectors.gp.sql import SqlChannel
from gp365.model.contract import Finding, Level
from gp365.model.errors import Misconfigured
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Value

NEW: Mapping[str, Value] = {
    "CustomerName": "Class & Sons",
    "CustomerClass": "RICH",
    "BillTo.Address1": "1 Equal Street",
    "BillTo.City": "Chicago",
    "ShipTo.City": "Gary",
}
RICH: Mapping[str, object] = {
    "CLASDSCR": "All that a class can say",
    "CRLMTTYP": 2,
    "CRLMTAMT": "500.25",
    "CRLMTPER": 30,
    "CRLMTPAM": "100.00",
    "PYMTRMID": "Net 30",
    "CURNCYID": "Z-US$",
    "RATETPID": "AVERAGE",
    "PRCLEVEL": "RETAIL",
    "TAXSCHID": "ILMO",
    "SHIPMTHD": "GROUND",
    "SALSTERR": "TERRITORY 3",
    "SLPRSNID": "PAUL W.",
    "CUSTDISC": 250,
    "MINPYTYP": 1,
    "MINPYPCT": 1050,
    "FNCHATYP": 2,
    "FINCHDLR": "15.50",
    "MXWOFTYP": 2,
    "MXWROFAM": "5.00",
    "BALNCTYP": 1,
    "STMTCYCL": 3,
    "DEFCACTY": 1,
    "KPCALHST": 1,
    "KPDSTHST": 1,
    "KPERHIST": 0,
    "KPTRXHST": 1,
    "DISGRPER": 3,
    "DUEGRPER": 4,
    "Revalue_Customer": 1,
    "Post_Results_To": 1,
    "ORDERFULFILLDEFAULT": 2,
    "CUSTPRIORITY": 3,
    "INCLUDEINDP": 1,
    "BANKNAME": "First Bank",
}
ACCOUNTS = ("RMCSHACC", "RMARACC", "RMSLSACC", "RMWRACC")
DRAWN = frozenset({"DEX_ROW_TS", "DEX_ROW_ID", "NOTEINDX", "CUSTNMBR", "INTEGRATIONID"})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SoapPlace]:
    folder = tmp_path_factory.mktemp("gp")
    with soap_place(folder, currency_id="Z-US$", classes=folder / "classes-gp.toml") as found:
        company = found.system.world.company
        indexes = [row["ACTINDX"] for row in company.rows("GL00105")][: len(ACCOUNTS)]
        found.save("RM00201", "RICH", {**RICH, **dict(zip(ACCOUNTS, indexes, strict=True))})
        yield found


@pytest.fixture
def here(served: SoapPlace) -> SoapPlace:
    served.settings.classes.unlink(missing_ok=True)
    served.channel.classes.source = None
    served.connector.begin_run()
    return served


@pytest.fixture
def sql(here: SoapPlace) -> Generator[SqlChannel]:
    with over_sql(here) as channel:
        yield channel


def written(here: SoapPlace, text: str) -> None:
    here.settings.classes.write_text(text, "utf-8")
    here.connector.begin_run()


def rows(here: SoapPlace, number: str) -> dict[str, dict[str, Any]]:
    """Give the rows of a customer without what is drawn for each."""
    company = here.system.world.company
    found: dict[str, dict[str, Any]] = {}
    for table in ("RM00101", "RM00102"):
        for row in company.rows(table):
            if str(row["CUSTNMBR"]).rstrip() == number:
                found[f"{table}/{row['ADRSCODE']}"] = {n: v for n, v in row.items() if n not in DRAWN}
    return found


def by_sql(sql: SqlChannel, number: str) -> Outcome:
    [outcome] = sql.write("customer", [Write(Op.CREATE, (number,), NEW)])
    return outcome


def classes(here: SoapPlace) -> Finding:
    return next(each for each in here.connector.check() if each.subject == "customer classes")


def test_a_customer_made_over_web_services_has_the_rows_that_econnect_gives_it(
    here: SoapPlace, sql: SqlChannel
) -> None:
    assert by_sql(sql, "CLASSQL1").error is None
    here.channel.take_classes(sql)
    made = here.create("CLASOAP1", NEW)
    assert (made.status, made.error) == (Status.DONE, None)
    assert rows(here, "CLASOAP1") == rows(here, "CLASSQL1")
    assert rows(here, "CLASOAP1")["RM00101/PRIMARY"]["RMARACC"] != 0


def test_a_class_drafted_from_one_customer_and_approved_gives_the_same_rows(
    here: SoapPlace, sql: SqlChannel
) -> None:
    by_sql(sql, "CLASSQL2")
    drafted = [each for each in draft(here.channel.members()) if each.class_id == "RICH"]
    text = text_of("Fabrikam, Inc.", drafted)
    written(here, text)
    waiting = here.create("CLASOAP2", NEW)
    assert waiting.status is Status.REJECTED and waiting.error is not None
    assert "approved" in waiting.error.message and "approved = true" in waiting.error.fix
    assert rows(here, "CLASOAP2") == {}
    written(here, text.replace("approved = false", "approved = true"))
    made = here.create("CLASOAP2", NEW)
    assert (made.status, made.error) == (Status.DONE, None)
    assert rows(here, "CLASOAP2") == rows(here, "CLASSQL2")


def test_what_the_plan_says_goes_before_what_the_class_says(here: SoapPlace, sql: SqlChannel) -> None:
    here.channel.take_classes(sql)
    planned: dict[str, Value] = {"CreditLimitType": 0, "CreditLimitAmount": Decimal(0), "PriceLevel": "LIST"}
    assert here.create("CLASOAP3", {**NEW, **planned}).error is None
    row = rows(here, "CLASOAP3")["RM00101/PRIMARY"]
    assert (row["CRLMTTYP"], row["CRLMTAMT"], row["CRLMTPER"]) == (0, Decimal(0), 0)
    assert (row["PRCLEVEL"].rstrip(), row["PYMTRMID"].rstrip()) == ("LIST", "Net 30")


def test_a_class_that_nothing_tells_of_waits_for_a_person_and_makes_nothing(here: SoapPlace) -> None:
    made = here.create("CLASOAP4", NEW)
    assert made.status is Status.REJECTED and made.error is not None
    assert (made.error.field, made.error.value) == ("CustomerClass", "RICH")
    assert "classes-gp.toml" in made.error.message and "draft-classes" in made.error.fix
    assert rows(here, "CLASOAP4") == {}
    without = {name: value for name, value in NEW.items() if name != "CustomerClass"}
    assert here.create("CLASOAP5", without).status is Status.DONE


def test_a_class_that_says_what_the_service_has_no_word_for_is_not_half_given(
    here: SoapPlace, sql: SqlChannel
) -> None:
    here.save("RM00201", "CASHVAT", {**RICH, "CBVAT": 1})
    here.channel.take_classes(sql)
    made = here.create("CLASOAP6", {**NEW, "CustomerClass": "CASHVAT"})
    assert made.status is Status.REJECTED and made.error is not None
    assert "CashBasedVAT" in made.error.message and "channels.customer" in made.error.fix
    assert rows(here, "CLASOAP6") == {}


HISTORY = "KeepTrxHistory = true\nKeepDistributionHistory = true\nKeepCalendarHistory = true\nKeepPeriodHistory = true\n"


@pytest.mark.parametrize(
    ("text", "where", "fix"),
    [
        ('["A"]\nPaymentTerm = "Net 30"\n', "[A] PaymentTerm", "PaymentTermsID"),
        ('["A"]\nUserDefined1 = "x"\n', "[A] UserDefined1", "Take the line out"),
        ('["A"]\nPaymentTermsID = 30\n', "[A] PaymentTermsID", "in quotes"),
        (f'["A"]\nPaymentTermsID = "{"x" * 21}"\n', "[A] PaymentTermsID", "at most 20"),
        ('["A"]\nStatementCycle = "Daily"\n', "[A] StatementCycle", '"Monthly"'),
        ('["A"]\nStatementCycle = 9\n', "[A] StatementCycle", '"Monthly"'),
        ('["A"]\nCreditLimitAmount = "much"\n', "[A] CreditLimitAmount", "a number"),
        ('["A"]\nCreditLimitAmount = nan\n', "[A] CreditLimitAmount", "a number"),
        ('["A"]\nKeepTrxHistory = 1\n', "[A] KeepTrxHistory", "true or"),
        ('["A"]\nBankName = "日本"\n', "[A] BankName", "in quotes"),
        ('["A"]\nSalesAccount = ""\n', "[A] SalesAccount", "000-1200-00"),
        (
            '["A"]\napproved = true\nPaymentTermsID = "Net 30"\n',
            "[A] KeepTrxHistory",
            "KeepTrxHistory = true",
        ),
        ('["A"]\napproved = "yes"\n', "[A] approved", "approved = true"),
        ('["A"]\n["a "]\n', "[a ]", "Keep one"),
        ('["A CLASS OF 16 CH"]\n', "[A CLASS OF 16 CH]", "as Dynamics GP shows it"),
        ('PaymentTermsID = "Net 30"\n', "PaymentTermsID", "with the class above it"),
        ('["A"]\nPaymentTermsID = Net 30\n', "TOML", "NAME"),
    ],
)
def test_a_fault_in_the_file_is_told_with_class_field_and_fix(
    tmp_path: Path, text: str, where: str, fix: str
) -> None:
    file = tmp_path / "classes.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(Misconfigured) as told:
        read_classes(file, "gp")
    assert told.value.code == "settings-invalid"
    assert told.value.message.startswith("classes.toml") and where in told.value.message
    assert fix in told.value.fix


def test_a_file_takes_options_by_name_and_by_code_and_ids_in_any_case(tmp_path: Path) -> None:
    file = tmp_path / "classes.toml"
    lines = 'StatementCycle = "monthly"\nBalanceType = 1\n'
    file.write_text(f'["usa-1"]\napproved = true\nSalespersonID = "paul w."\n{lines}{HISTORY}', "utf-8")
    said = read_classes(file, "gp")["USA-1"]
    assert said.approved
    assert (said.values["StatementCycle"], said.values["BalanceType"]) == (5, 1)
    assert said.values["SalespersonID"] == "PAUL W."
    assert read_classes(tmp_path / "none.toml", "gp") == {}
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="UTF-8"):
        read_classes(file, "gp")


def test_a_fault_in_the_file_stops_creations_and_is_doctors_to_tell(here: SoapPlace) -> None:
    written(here, '["RICH"]\nPaymentTermsID = 30\n')
    with pytest.raises(Misconfigured, match="RICH"):
        here.create("CLASOAP7", NEW)
    assert rows(here, "CLASOAP7") == {}
    found = classes(here)
    assert (
        found.level is Level.ERROR and "[RICH] PaymentTermsID (30)" in found.text and "in quotes" in found.fix
    )


def test_doctor_tells_where_classes_come_from(here: SoapPlace, sql: SqlChannel) -> None:
    found = classes(here)
    assert found.level is Level.WARNING and "draft-classes" in found.fix
    written(here, f'["RICH"]\napproved = true\n{HISTORY}\n["POOR"]\n')
    found = classes(here)
    assert found.level is Level.WARNING and "1 of its 2 classes" in found.text and "POOR" in found.fix
    assert found.facts["approved"] == ["RICH"] and found.facts["waiting"] == ["POOR"]
    written(here, f'["RICH"]\napproved = true\n{HISTORY}')
    assert classes(here).level is Level.OK
    here.channel.take_classes(sql)
    found = classes(here)
    assert found.level is Level.OK and "over SQL" in found.text


def test_history_that_the_service_does_not_tell_is_not_drafted_as_off() -> None:
    [drafted] = draft([("HIDDEN", {"PaymentTermsID": "Net 30"}, {})])
    text = text_of("Fabrikam, Inc.", [drafted])
    assert 'PaymentTermsID = "Net 30"' in text and "History" not in text


def test_a_draft_counts_what_most_customers_of_a_class_share(tmp_path: Path) -> None:
    history: dict[str, Value] = {
        "KeepTrxHistory": True,
        "KeepDistributionHistory": True,
        "KeepCalendarHistory": False,
        "KeepPeriodHistory": True,
    }
    members: list[tuple[str, dict[str, Value], dict[str, str]]] = [
        (
            "DOZEN",
            {
                **history,
                "PaymentTermsID": "Net 30" if at else '2% "10"',
                "SalespersonID": ("PAUL W.", "SANDRA M.", None)[at % 3],
                "StatementCycle": 5,
                "BankName": None,
                "CreditLimitAmount": Decimal("10.50"),
            },
            {"SalesAccountIndex": "000-4110-01"},
        )
        for at in range(12)
    ]
    members += [("", history, {}), ("FEW", {**history, "PriceLevel": "A"}, {}), ("FEW", history, {})]
    dozen, few = draft(members)
    assert (dozen.class_id, dozen.customers, few.customers) == ("DOZEN", 12, 2)
    text = text_of("Fabrikam, Inc.", [dozen, few])
    assert 'PaymentTermsID = "Net 30"  # 11 of 12; "2% \\"10\\"" 1' in text
    assert '\n# SalespersonID = "PAUL W."  # 4 of 12; "SANDRA M." 4, empty 4' in text
    assert '\nStatementCycle = "Monthly"  # all' in text
    assert '\nSalesAccount = "000-4110-01"  # all' in text
    assert "\nKeepCalendarHistory = false  # all" in text
    assert "\n# PriceLevel" in text and "BankName" not in text
    file = tmp_path / "classes.toml"
    file.write_text(text.replace("approved = false", "approved = true"), "utf-8")
    said = read_classes(file, "gp")
    assert set(said) == {"DOZEN", "FEW"}
    assert said["DOZEN"].values == {
        **history,
        "PaymentTermsID": "Net 30",
        "StatementCycle": 5,
        "CreditLimitAmount": Decimal("10.50"),
    }
    assert said["DOZEN"].accounts == {"SalesAccountIndex": "000-4110-01"}
    assert said["FEW"].values == history
