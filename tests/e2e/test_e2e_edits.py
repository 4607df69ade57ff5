"""Edits on both sides after the first sync, over the real wire: what people find in GP and in Sales afterwards."""

from __future__ import annotations

from typing import Any

from e2e_site import GP, SALES, Site

LONG = (
    ("Rosannas Dental Supply and Laboratory House of the Northern Lakes " * 3)[:160].strip().ljust(160, "x")
)


def address(at: Site, customer: str, code: str) -> dict[str, Any]:
    """Give an address without GP's stamp of the row, which moves when its customer is saved."""
    return unstamped(at.row(GP, "RM00102", f"{customer};{code}"))


def unstamped(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("DEX_ROW_TS", "MODIFDT")}


def parked(at: Site, customer: str) -> list[dict[str, Any]]:
    entries = at.run("parked", "list").json["entries"]
    return [entry for entry in entries if entry["keys"].get("gp") == customer and entry["state"] == "open"]


def run_of(told: Any, flow: str) -> dict[str, Any]:
    return next(run for run in told["runs"] if run["flow"] == flow)


def test_a_street_edited_in_sales_and_a_postal_code_in_gp_are_one_conflict_and_never_a_mixture(
    lived_in: Site,
) -> None:
    before = (unstamped(lived_in.customer("ASTORSUI0001")), address(lived_in, "ASTORSUI0001", "PRIMARY"))
    lived_in.edit_account_of("ASTORSUI0001", address1_line1="99 New Street")
    lived_in.put(GP, "RM00102", "ASTORSUI0001;PRIMARY", ZIP="60699-0001")
    done = lived_in.sync()
    assert done.code == 1
    assert done.balanced
    account, row = lived_in.account_of("ASTORSUI0001"), address(lived_in, "ASTORSUI0001", "PRIMARY")
    assert account["address1_line1"] == "99 New Street"
    assert account["address1_postalcode"] == before[1]["ZIP"]
    assert row["ADDRESS1"] == before[1]["ADDRESS1"]
    assert row["ZIP"] == "60699-0001"
    assert unstamped(lived_in.customer("ASTORSUI0001")) == before[0]
    (entry,) = parked(lived_in, "ASTORSUI0001")
    assert (entry["field"], entry["code"]) == ("bill_to", "conflict")
    assert entry["values"]["gp"][0] == before[1]["ADDRESS1"]
    assert "60699-0001" in entry["values"]["gp"]
    assert entry["values"]["sales"][0] == "99 New Street"
    again = lived_in.sync()
    assert again.written == 0
    assert len(parked(lived_in, "ASTORSUI0001")) == 1


def test_a_conflict_ends_when_people_write_the_same_on_both_sides(lived_in: Site) -> None:
    lived_in.edit_account_of("ADVANCED0001", telephone1="(219) 555-0160")
    lived_in.put(GP, "RM00102", "ADVANCED0001;PRIMARY", PHONE1="21955501610000")
    assert lived_in.sync().balanced
    assert [entry["field"] for entry in parked(lived_in, "ADVANCED0001")] == ["phone"]
    lived_in.edit_account_of("ADVANCED0001", telephone1="219-555-0161")
    assert lived_in.sync().written == 0
    assert parked(lived_in, "ADVANCED0001") == []
    assert lived_in.account_of("ADVANCED0001")["telephone1"] == "219-555-0161"


def test_a_ship_to_added_in_sales_gets_a_code_of_its_own_and_leaves_primary_as_it_was(lived_in: Site) -> None:
    """Acceptance, row 5: bill-to, ship-to and statement all used PRIMARY; only PRSTADCD moves."""
    before, primary = lived_in.customer("ADAMPARK0001"), address(lived_in, "ADAMPARK0001", "PRIMARY")
    assert before["PRBTADCD"] == before["PRSTADCD"] == before["STADDRCD"] == before["ADRSCODE"] == "PRIMARY"
    lived_in.edit_account_of(
        "ADAMPARK0001",
        address2_line1="1 Dock Road",
        address2_city="Gary",
        address2_stateorprovince="IN",
        address2_postalcode="46402",
        address2_country="USA",
    )
    assert lived_in.sync().balanced
    after = lived_in.customer("ADAMPARK0001")
    assert after["PRSTADCD"] == "SHIPTO"
    moved = {name for name in before if after[name] != before[name]}
    assert moved - {"DEX_ROW_TS", "MODIFDT"} == {"PRSTADCD"}
    assert address(lived_in, "ADAMPARK0001", "PRIMARY") == primary
    made = address(lived_in, "ADAMPARK0001", "SHIPTO")
    assert (made["ADDRESS1"], made["CITY"], made["ZIP"]) == ("1 Dock Road", "Gary", "46402")
    assert made["TAXSCHID"] == primary["TAXSCHID"]
    assert lived_in.sync().written == 0


def test_a_hold_set_in_gp_is_on_the_card_and_on_the_account_after_one_sync(lived_in: Site) -> None:
    assert lived_in.card("AARONFIT0001")["gp365_hold"] is False
    lived_in.put(GP, "RM00101", "AARONFIT0001", HOLD=1)
    assert lived_in.sync().balanced
    assert lived_in.card("AARONFIT0001")["gp365_hold"] is True
    assert lived_in.account_of("AARONFIT0001")["creditonhold"] is True


def test_an_unlimited_credit_leaves_no_stale_figure_on_the_card(lived_in: Site) -> None:
    """Acceptance, row 4: GP itself keeps the old amount; the card shows the type and a blank limit."""
    lived_in.put(GP, "RM00101", "MAGNIFIC0001", CRLMTTYP=2, CRLMTAMT="25000.00")
    lived_in.sync()
    card = lived_in.card("MAGNIFIC0001")
    assert (card["gp365_creditlimittype"], float(card["gp365_creditlimit"])) == (2, 25000.0)
    lived_in.put(GP, "RM00101", "MAGNIFIC0001", CRLMTTYP=1)
    assert float(lived_in.customer("MAGNIFIC0001")["CRLMTAMT"]) == 25000.0
    lived_in.sync()
    card = lived_in.card("MAGNIFIC0001")
    assert card["gp365_creditlimittype"] == 1
    assert card.get("gp365_creditlimit") is None
    assert card.get("gp365_creditlimit_base") is None
    lived_in.put(GP, "RM00101", "MAGNIFIC0001", CRLMTTYP=2, CRLMTAMT="30000.00")
    lived_in.sync()
    assert float(lived_in.card("MAGNIFIC0001")["gp365_creditlimit"]) == 30000.0


def test_a_name_of_160_characters_is_cut_in_gp_and_its_tail_outlives_an_edit_in_gp(lived_in: Site) -> None:
    lived_in.edit_account_of("PLAZAONE0001", name=LONG)
    done = lived_in.sync()
    assert run_of(done.json, "customers")["cut"] == 1
    customer = lived_in.customer("PLAZAONE0001")
    assert customer["CUSTNAME"] == LONG[:64].rstrip()
    assert customer["STMTNAME"] == LONG[:64].rstrip()
    assert lived_in.account_of("PLAZAONE0001")["name"] == LONG
    lived_in.put(
        GP, "RM00101", "PLAZAONE0001", CUSTNAME=LONG[:64].rstrip().replace("Rosannas", "Rosalies", 1)
    )
    assert lived_in.sync().balanced
    assert lived_in.account_of("PLAZAONE0001")["name"] == LONG.replace("Rosannas", "Rosalies", 1)
    assert lived_in.sync().written == 0


def test_a_name_in_japanese_is_parked_and_the_rest_of_the_record_goes_on(lived_in: Site) -> None:
    lived_in.edit_account_of("COHOWINE0001", name="日本酒造", telephone1="(206) 555-0177")
    assert lived_in.sync().balanced
    customer = lived_in.customer("COHOWINE0001")
    assert customer["CUSTNAME"] == "Coho Winery"
    assert address(lived_in, "COHOWINE0001", "PRIMARY")["PHONE1"] == "20655501770000"
    assert lived_in.account_of("COHOWINE0001")["name"] == "日本酒造"
    (entry,) = parked(lived_in, "COHOWINE0001")
    assert (entry["field"], entry["code"]) == ("name", "not-in-code-page")
    assert "日" in entry["message"]


def test_a_term_without_an_option_is_parked_naming_the_table_and_the_fix(lived_in: Site) -> None:
    before = lived_in.account_of("MARGIEST0001")["paymenttermscode"]
    lived_in.put(GP, "SY03300", "NET 77", DUETYPE=1, DUEDTDS=77)
    lived_in.put(GP, "RM00101", "MARGIEST0001", PYMTRMID="NET 77")
    assert lived_in.sync().balanced
    assert lived_in.account_of("MARGIEST0001")["paymenttermscode"] == before
    assert lived_in.card("MARGIEST0001")["gp365_terms"] == "NET 77"
    (entry,) = parked(lived_in, "MARGIEST0001")
    assert "payment_terms" in entry["message"]
    assert "NET 77" in entry["message"]
    assert "lookup" in entry["fix"]
    assert lived_in.run("provision", "apply").code == 0
    lived_in.sync()
    assert parked(lived_in, "MARGIEST0001") == []
    assert lived_in.account_of("MARGIEST0001")["paymenttermscode"] >= 365_000_000


def test_a_customer_called_number_one_goes_both_ways(lived_in: Site) -> None:
    card = lived_in.card("#1")
    assert card["gp365_numberkey"] == "_231"
    lived_in.edit_account_of("#1", telephone1="(312) 555-0199")
    lived_in.put(GP, "RM00101", "#1", HOLD=1)
    assert lived_in.sync().balanced
    assert address(lived_in, "#1", "PRIMARY")["PHONE1"] == "31255501990000"
    assert lived_in.card("#1")["gp365_hold"] is True
    assert len([row for row in lived_in.rows(SALES, "gp365_customers") if row["gp365_number"] == "#1"]) == 1
