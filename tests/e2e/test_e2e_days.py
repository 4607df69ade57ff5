"""A distributor's last October days, as far as customers and cards go: each test is a row of the acceptance scenarios.

After every event: the equation balances, a second sync writes nothing, and `explain` names source, rule and person.
"""

from __future__ import annotations

from typing import Any

import pytest
from e2e_site import GP, SALES, Site, site

WEST_LAKESIDE = "ac000000-0000-4000-8000-000000000002"
OTHER_FIRM = "ac000000-0000-4000-8000-000000000003"
TRADERS = "ac000000-0000-4000-8000-000000000004"


@pytest.fixture(scope="module")
def october(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The company after its first sync; every test below has firms of its own."""
    with site(tmp_path_factory.mktemp("october") / "site") as made:
        assert made.sync().code == 0
        yield made


def new_account(at: Site, key: str, name: str, zip_code: str, **more: Any) -> None:
    held = {
        "name": name,
        "customertypecode": 3,
        "address1_line1": "12 Lake Road",
        "address1_city": "Milwaukee",
        "address1_stateorprovince": "WI",
        "address1_postalcode": zip_code,
        "address1_country": "USA",
    }
    at.put(SALES, "accounts", key, **(held | more))


def entries(at: Site, **keys: str) -> list[dict[str, Any]]:
    held = at.run("parked", "list").json["entries"]
    return [one for one in held if all(one["keys"].get(side) == key for side, key in keys.items())]


def quiet(at: Site) -> None:
    """The event is over: balanced, and a second sync writes nothing."""
    again = at.sync()
    assert again.balanced
    assert again.written == 0


def customers_like(at: Site, text: str) -> list[str]:
    return [row["CUSTNMBR"].strip() for row in at.rows(GP, "RM00101") if text in row["CUSTNAME"].upper()]


def test_row_2_a_second_account_of_a_customer_is_parked_with_its_evidence_and_makes_no_second_customer(
    october: Site,
) -> None:
    assert customers_like(october, "LAKESIDE DENTAL") == ["LAKESIDE0001"]
    first = october.account_of("LAKESIDE0001")["accountid"]
    new_account(october, WEST_LAKESIDE, "Lakeside Dental Supply, L.L.C.", "60201", address1_city="Evanston")
    assert october.sync().code == 1
    assert customers_like(october, "LAKESIDE DENTAL") == ["LAKESIDE0001"]
    (entry,) = entries(october, sales=WEST_LAKESIDE)
    shown = october.run("parked", "show", str(entry["id"])).json
    (candidate,) = [one for one in shown["compared"] if one["key"] == "LAKESIDE0001"]
    assert candidate["linked_to"] == first
    assert "name" in candidate["fields"]
    done = october.run("parked", "resolve", str(entry["id"]), "--link", "LAKESIDE0001")
    assert done.code == 0, done.err
    assert october.sync().balanced
    assert entries(october, sales=WEST_LAKESIDE) == []
    assert customers_like(october, "LAKESIDE DENTAL") == ["LAKESIDE0001"]
    assert october.card("LAKESIDE0001")["_gp365_accountid_value"] == first
    quiet(october)


def test_row_3_an_account_with_the_number_of_another_firm_is_parked_and_overwrites_nothing(
    october: Site,
) -> None:
    before = october.customer("CONTOSOL0001")
    new_account(
        october,
        OTHER_FIRM,
        "Continental Solar Roofs",
        "33602",
        accountnumber="CONTOSOL0001",
        address1_city="Tampa",
        address1_stateorprovince="FL",
    )
    assert october.sync().code == 1
    (entry,) = entries(october, sales=OTHER_FIRM)
    assert entry["code"] == "number-alone"
    assert october.customer("CONTOSOL0001") == before
    assert customers_like(october, "CONTINENTAL SOLAR") == []
    done = october.run("parked", "resolve", str(entry["id"]), "--create")
    assert done.code == 0, done.err
    assert october.sync().balanced
    assert customers_like(october, "CONTINENTAL SOLAR") == ["CONTINEN0002"]
    assert october.customer("CONTOSOL0001") == before
    quiet(october)


def test_row_4_amount_unlimited_and_hold_are_on_the_card_and_never_a_stale_figure(october: Site) -> None:
    number = "AARONFIT0001"
    october.put(GP, "RM00101", number, CRLMTTYP=2, CRLMTAMT="25000.00000")
    assert october.sync().balanced
    assert float(october.card(number)["gp365_creditlimit"]) == 25000
    october.put(GP, "RM00101", number, CRLMTTYP=1)
    assert october.sync().balanced
    card = october.card(number)
    assert card.get("gp365_creditlimit") is None
    assert card["gp365_creditlimittype"] == 1
    october.put(GP, "RM00101", number, HOLD=1)
    assert october.sync().balanced
    assert october.card(number)["gp365_hold"] is True
    quiet(october)


def test_row_6_a_conflict_of_addresses_is_shown_whole_and_resolved_whole(october: Site) -> None:
    number = "ASTORSUI0001"
    was = october.row(GP, "RM00102", f"{number};PRIMARY")
    october.edit_account_of(number, address1_line1="99 New Street")
    october.put(GP, "RM00102", f"{number};PRIMARY", ZIP="60699-0001")
    assert october.sync().code == 1
    (entry,) = entries(october, gp=number)
    shown = october.run("parked", "show", str(entry["id"])).json
    assert (shown["field"], shown["code"]) == ("bill_to", "conflict")
    assert shown["base"]["gp"][0] == was["ADDRESS1"]
    assert shown["values"]["sales"][0] == "99 New Street"
    assert "60699-0001" in shown["values"]["gp"]
    assert shown["when"]["sales"]
    assert shown["who"]["sales"]
    done = october.run("parked", "resolve", str(entry["id"]), "--take", "gp")
    assert done.code == 0, done.err
    assert october.sync().balanced
    account = october.account_of(number)
    assert account["address1_line1"] == was["ADDRESS1"]
    assert account["address1_postalcode"] == "60699-0001"
    assert entries(october, gp=number) == []
    quiet(october)


def test_row_7_a_limit_in_us_dollars_never_stands_as_canadian_dollars(october: Site) -> None:
    (cad,) = [row for row in october.rows(SALES, "transactioncurrencies") if row["isocurrencycode"] == "CAD"]
    (usd,) = [row for row in october.rows(SALES, "transactioncurrencies") if row["isocurrencycode"] == "USD"]
    new_account(
        october,
        TRADERS,
        "Vancouver Harbour Traders",
        "V6B 1A1",
        address1_city="Vancouver",
        address1_stateorprovince="BC",
        address1_country="Canada",
        **{"transactioncurrencyid@odata.bind": f"/transactioncurrencies({cad['transactioncurrencyid']})"},
    )
    assert october.sync().balanced
    (number,) = customers_like(october, "VANCOUVER HARBOUR")
    october.put(GP, "RM00101", number, CRLMTTYP=2, CRLMTAMT="50000.00000")
    assert october.sync().balanced
    card, account = october.card(number), october.row(SALES, "accounts", TRADERS)
    assert float(card["gp365_creditlimit"]) == 50000
    assert card["_transactioncurrencyid_value"] == usd["transactioncurrencyid"]
    assert account.get("creditlimit") is None
    quiet(october)


def test_row_22_a_renamed_customer_keeps_its_account_and_its_card(october: Site) -> None:
    number, renamed = "ADVANCED0001", "ADVANCED0009"
    account, card = october.account_of(number)["accountid"], october.card(number)["gp365_customerid"]
    counts = {
        table: len(october.rows(system, table))
        for system, table in (
            (GP, "RM00101"),
            (SALES, "accounts"),
            (SALES, "gp365_customers"),
        )
    }
    october.door(GP, "POST", "/renumber", {"from": number, "to": renamed})
    done = october.sync()
    assert done.balanced
    assert done.total("created") == 0
    assert entries(october, gp=renamed) == []
    assert october.card(renamed)["gp365_customerid"] == card
    assert october.card(renamed)["_gp365_accountid_value"] == account
    assert [row for row in october.rows(SALES, "gp365_customers") if row["gp365_number"] == number] == []
    after = {
        "RM00101": len(october.rows(GP, "RM00101")),
        "accounts": len(october.rows(SALES, "accounts")),
        "gp365_customers": len(october.rows(SALES, "gp365_customers")),
    }
    assert after == counts
    october.edit_account_of(renamed, telephone1="(219) 555-0177")
    assert october.sync().balanced
    assert october.row(GP, "RM00102", f"{renamed};PRIMARY")["PHONE1"].startswith("2195550177")
    told = october.run("explain", "gp", "customer", renamed).json
    assert "renumbered" in str(told)
    quiet(october)


def test_an_account_whose_card_names_a_customer_who_is_gone_stays_in_sight(october: Site) -> None:
    """A person had it created anew while it was out of the flow's condition; when it returns, its old card names nobody."""
    key = "ac000000-0000-4000-8000-000000000009"
    new_account(october, key, "Quarry Street Bakery", "53203")
    assert october.sync().balanced
    (number,) = customers_like(october, "QUARRY STREET")
    october.put(SALES, "accounts", key, customertypecode=1)
    october.door(GP, "DELETE", f"/rows/RM00101/{number}")
    october.sync()
    (entry,) = [one for one in entries(october, sales=key) if one["code"] == "target-gone"]
    assert october.run("parked", "resolve", str(entry["id"]), "--create").code == 0
    october.sync()
    october.put(SALES, "accounts", key, customertypecode=3)
    october.sync()
    for _ in range(2):
        (found,) = entries(october, sales=key)
        assert found["code"] == "candidates" and number in found["message"]
        october.sync()
    assert october.run("parked", "resolve", str(found["id"]), "--create").code == 0
    october.sync()
    assert len(customers_like(october, "QUARRY STREET")) == 1


def test_an_account_that_was_merged_into_one_that_is_gone_makes_no_customer(october: Site) -> None:
    master = "ac000000-0000-4000-8000-000000000010"
    merged = "ac000000-0000-4000-8000-000000000011"
    new_account(october, master, "Harbor Street Marine", "53204")
    new_account(october, merged, "Harbor Street Yachts", "53205")
    october.door(SALES, "POST", "/merge", {"master": master, "subordinate": merged})
    october.door(SALES, "DELETE", f"/rows/accounts/{master}")
    row = october.row(SALES, "accounts", merged)
    assert row["merged"] and not row.get("_masterid_value")
    done = october.sync()
    assert done.balanced
    assert not customers_like(october, "HARBOR STREET")
    quiet(october)
