"""New customers, money and versions over the real wire: what a credit manager and a salesperson rely on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from e2e_site import GP, SALES, Site, site

LAKESIDE = "a9000000-0000-4000-8000-00000000001a"
CONTACT = "c9000000-0000-4000-8000-00000000001a"
NO_HISTORY_OF_ITS_OWN = ("KPCALHST", "KPDSTHST", "KPERHIST", "KPTRXHST")
CAD = "CAD"


def currency(at: Site, iso: str) -> str:
    (row,) = [row for row in at.rows(SALES, "transactioncurrencies") if row["isocurrencycode"] == iso]
    return str(row["transactioncurrencyid"])


def test_a_customer_made_in_sales_has_what_its_class_gives_and_no_credit(fresh: Site) -> None:
    """Acceptance, row 1, as far as this release goes (e-mail is not served over SBA)."""
    assert fresh.sync().code == 0
    fresh.put(
        SALES, "contacts", CONTACT, firstname="Ada", lastname="Lake", emailaddress1="ada@lakeside.example"
    )
    fresh.put(
        SALES,
        "accounts",
        LAKESIDE,
        name="Quartz Optical Group LLC",
        customertypecode=3,
        accountnumber="OUR-77",
        address1_line1="12 Lake Road",
        address1_city="Milwaukee",
        address1_stateorprovince="WI",
        address1_postalcode="53202",
        address1_country="USA",
        **{"primarycontactid@odata.bind": f"/contacts({CONTACT})"},
    )
    assert fresh.sync().code == 0
    customer = fresh.customer("QUARTZOP0001")
    roles = {customer[role] for role in ("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD")}
    assert roles == {"PRIMARY"}
    (granted,) = [row for row in fresh.rows(GP, "RM00201") if row["CLASSID"] == customer["CUSTCLAS"]]
    for name in (*NO_HISTORY_OF_ITS_OWN, "PYMTRMID", "SALSTERR", "TAXSCHID", "SHIPMTHD", "STMTCYCL"):
        assert customer[name] == granted[name], name
    assert customer["CNTCPRSN"] == "Ada Lake"
    assert (customer["CRLMTTYP"], float(customer["CRLMTAMT"])) == (0, 0.0)
    card = fresh.card("QUARTZOP0001")
    assert card["_gp365_accountid_value"] == LAKESIDE
    assert card["gp365_creditlimittype"] == 0
    assert card.get("gp365_creditlimit") is None
    assert fresh.row(SALES, "accounts", LAKESIDE)["accountnumber"] == "OUR-77"
    assert fresh.sync().written == 0


def test_a_credit_limit_stands_in_the_companys_currency_whatever_the_organisations_is(tmp_path: Path) -> None:
    """Acceptance, row 7: GP's limits are in its functional currency. Sales' own currency here is another one."""
    with site(tmp_path / "site", provisioned=False) as made:
        made.settings('functional_currency = "USD"', f'functional_currency = "{CAD}"')
        assert made.run("provision", "apply").code == 0
        assert made.sync().code == 0
        cards = made.rows(SALES, "gp365_customers")
        assert {card["_transactioncurrencyid_value"] for card in cards} == {currency(made, CAD)}
        card, customer = made.card("VANCOUVE0001"), made.customer("VANCOUVE0001")
        assert float(card["gp365_creditlimit"]) == float(customer["CRLMTAMT"])
        assert float(card["gp365_creditlimit_base"]) < float(card["gp365_creditlimit"])
        assert card["gp365_currency"] == customer["CURNCYID"] == "Z-C$"
        assert made.sync().written == 0


def test_an_account_in_another_currency_has_a_card_in_the_companys_own(fresh: Site) -> None:
    """A Vancouver firm's account is in CAD; its limit of 50,000 is one of US dollars and nothing says CAD 50,000."""
    fresh.put(GP, "RM00101", "VANCOUVE0001", CRLMTTYP=2, CRLMTAMT="50000.00")
    assert fresh.sync().code == 0
    account, card = fresh.account_of("VANCOUVE0001"), fresh.card("VANCOUVE0001")
    assert account["_transactioncurrencyid_value"] == currency(fresh, CAD)
    assert card["_transactioncurrencyid_value"] == currency(fresh, "USD")
    assert float(card["gp365_creditlimit"]) == float(card["gp365_creditlimit_base"]) == 50000.0
    assert account.get("creditlimit") is None


def test_a_currency_that_sales_does_not_have_parks_the_cards_and_names_it(tmp_path: Path) -> None:
    with site(tmp_path / "site", provisioned=False) as made:
        made.settings('functional_currency = "USD"', 'functional_currency = "CHF"')
        assert made.run("provision", "apply").code == 0
        done = made.sync()
        assert done.code == 1
        assert done.balanced
        assert made.rows(SALES, "gp365_customers") == []
        entries = made.run("parked", "list").json["entries"]
        cards = [entry for entry in entries if entry["flow"] == "customer_cards"]
        assert len(cards) == len(made.rows(GP, "RM00101"))
        assert all("CHF" in entry["message"] and "currencies" in entry["message"] for entry in cards)
        assert {entry["code"] for entry in entries if entry not in cards} == {"parent-parked"}


def test_an_account_edited_between_our_read_and_our_write_keeps_the_persons_edit(fresh: Site) -> None:
    """The write is held up on its way; the account's version is another one when it arrives, so it is not done."""
    assert fresh.sync().code == 0
    key = fresh.card("ASTORSUI0001")["_gp365_accountid_value"]
    fresh.put(GP, "RM00102", "ASTORSUI0001;PRIMARY", ADDRESS1="6 Edited Street", PHONE1="31255501880000")
    # The first three batches of a command describe tables; the fourth is the write.
    fresh.faults(SALES, {"method": "POST", "path": r"\$batch$", "nth": 4, "do": "slow", "seconds": 3})
    told: list[int] = []
    worker = threading.Thread(target=lambda: told.append(fresh.in_child("sync").code))
    worker.start()
    while not fresh.door(SALES, "GET", "/faults")["faults"][0]["fired"]:
        assert worker.is_alive(), "no write came"
        time.sleep(0.02)
    fresh.put(SALES, "accounts", key, telephone1="(312) 555-0177", fax="(312) 555-0178")
    worker.join()
    account, address = fresh.row(SALES, "accounts", key), fresh.row(GP, "RM00102", "ASTORSUI0001;PRIMARY")
    assert account["address1_line1"] == "6 Edited Street"
    assert account["telephone1"] == "(312) 555-0177"
    assert account["fax"] == "(312) 555-0178"
    assert address["PHONE1"] == "31255501880000"
    assert address["FAX"] == "31255501780000"
    (entry,) = fresh.run("parked", "list").json["entries"]
    assert (entry["field"], entry["code"]) == ("phone", "conflict")
    assert told == [1]
