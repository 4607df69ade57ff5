"""What eConnect does with customers, addresses, internet addresses and classes, for careful and careless clients."""

from decimal import Decimal

import pytest
from simgpe_desk import office

CREATE = "taUpdateCreateCustomerRcd"
ADDRESS = "taCreateCustomerAddress"
INTERNET = "taCreateInternetAddresses"
CAREFUL = {"UseCustomerClass": 1, "UpdateIfExists": 0}


@pytest.fixture
def gp():
    made = office()
    made.done(
        CREATE,
        CUSTNMBR="AARONFIT0001",
        CUSTNAME="Aaron Fitz Electrical",
        CUSTCLAS="USA-ILMO-T1",
        ADRSCODE="PRIMARY",
        ADDRESS1="11403 45 St. South",
        CITY="Chicago",
        INTEGRATIONID="mark",
        PRBTADCD="PRIMARY",
        PRSTADCD="PRIMARY",
        PHNUMBR1="31255501020000",
        ZIPCODE="60603",
        **CAREFUL,
    )
    return made


def card(gp, number="AARONFIT0001"):
    return gp.row("RM00101", CUSTNMBR=number)


def test_a_create_with_the_class_takes_its_defaults_and_without_it_none(gp):
    gp.done(CREATE, CUSTNMBR="CARELESS", CUSTNAME="Careless", CUSTCLAS="USA-ILMO-T1")
    columns = ("CRLMTTYP", "PYMTRMID", "PRCLEVEL", "TAXSCHID", "CURNCYID", "RMARACC", "KPTRXHST")
    assert [card(gp)[each] for each in columns] == [2, "Net 30", "RETAIL", "USASTCITY-6*", "Z-US$", 2, 1]
    assert [card(gp, "CARELESS")[each] for each in columns] == [0, "", "", "", "", 0, 0]
    assert card(gp, "CARELESS")["CUSTCLAS"] == "USA-ILMO-T1"


def test_what_is_given_goes_before_the_class(gp):
    gp.done(CREATE, CUSTNMBR="GIVEN", CUSTNAME="Given", CUSTCLAS="USA-ILMO-T1", PRCLEVEL="NET", **CAREFUL)
    assert card(gp, "GIVEN")["PRCLEVEL"] == "NET"


def test_using_a_class_needs_its_id(gp):
    gp.refused(CREATE, "class-blank", CUSTNMBR="NOCLASS", CUSTNAME="No Class", UseCustomerClass=1)


def test_a_create_writes_names_note_index_dates_and_the_address(gp):
    row = card(gp)
    assert (row["STMTNAME"], row["SHRTNAME"]) == ("Aaron Fitz Electrical", "Aaron Fitz Elec")
    assert row["NOTEINDX"] > 0 and row["CREATDDT"] == row["MODIFDT"] == gp.company.today()
    address = gp.row("RM00102", CUSTNMBR="AARONFIT0001")
    assert (address["ADRSCODE"], address["CITY"], address["ZIP"]) == ("PRIMARY", "Chicago", "60603")
    assert address["PHONE1"] == "31255501020000"


def test_a_number_that_a_clerk_took_is_overwritten_unless_the_client_says_no(gp):
    gp.refused(CREATE, "customer-exists", CUSTNMBR="AARONFIT0001", CUSTNAME="Another Firm", **CAREFUL)
    assert card(gp)["CUSTNAME"] == "Aaron Fitz Electrical"
    gp.done(CREATE, CUSTNMBR="AARONFIT0001", CUSTNAME="Another Firm")
    assert card(gp)["CUSTNAME"] == "Another Firm"


def test_an_update_keeps_what_does_not_come_but_empties_the_mark_of_an_integration(gp):
    gp.done(CREATE, CUSTNMBR="AARONFIT0001", HOLD=1)
    row = card(gp)
    assert (row["HOLD"], row["CUSTNAME"], row["CITY"]) == (1, "Aaron Fitz Electrical", "Chicago")
    assert row["INTEGRATIONID"] == ""
    gp.done(CREATE, CUSTNMBR="AARONFIT0001", INTEGRATIONID="mark", CITY="")
    assert (card(gp)["INTEGRATIONID"], card(gp)["CITY"]) == ("mark", "")


def test_an_update_with_the_class_rolls_it_over_what_clerks_entered(gp):
    gp.done(CREATE, CUSTNMBR="AARONFIT0001", CRLMTAMT=90000)
    gp.done(CREATE, CUSTNMBR="AARONFIT0001", CUSTCLAS="USA-ILMO-T1", UseCustomerClass=1)
    assert card(gp)["CRLMTAMT"] == Decimal(25000)


def test_an_update_of_the_address_on_the_card_reaches_the_address(gp):
    gp.done(CREATE, CUSTNMBR="AARONFIT0001", CITY="Evanston")
    assert card(gp)["CITY"] == "Evanston"
    assert gp.row("RM00102", CUSTNMBR="AARONFIT0001")["CITY"] == "Evanston"


def test_ids_are_not_put_into_capitals(gp):
    gp.done(CREATE, CUSTNMBR="lower", CUSTNAME="Lower")
    assert card(gp, "LOWER")["CUSTNMBR"] == "lower"


@pytest.mark.parametrize(
    ("meaning", "values"),
    [
        ("customer-name", {"CUSTNAME": ""}),
        ("class-unknown", {"CUSTCLAS": "NONE"}),
        ("terms-unknown", {"PYMTRMID": "Net 31"}),
        ("salesperson-unknown", {"SLPRSNID": "NOBODY"}),
        ("territory-unknown", {"SALSTERR": "NOWHERE"}),
        ("tax-schedule-unknown", {"TAXSCHID": "NONE"}),
        ("currency-unknown", {"CURNCYID": "Z-XX"}),
        ("credit-type", {"CRLMTTYP": 3}),
        ("credit-negative", {"CRLMTAMT": -1}),
        ("account-unknown", {"RMARACTNUMST": "999-9999-99"}),
        ("address-unknown", {"PRSTADCD": "WAREHOUSE"}),
        ("address-blank", {"ADRSCODE": "", "CITY": "Chicago"}),
    ],
)
def test_what_is_not_set_up_in_gp_is_refused_and_nothing_is_written(gp, meaning, values):
    with gp.unchanged():
        gp.refused(CREATE, meaning, **{"CUSTNMBR": "NEW", "CUSTNAME": "New", **values})


def test_a_customer_with_open_documents_is_not_made_inactive(gp):
    gp.company.documents["AARONFIT0001"] = ["ORDST2225"]
    gp.refused(CREATE, "customer-busy", CUSTNMBR="AARONFIT0001", INACTIVE=1)


def test_accounts_come_as_numbers_and_lie_as_indexes(gp):
    gp.done(CREATE, CUSTNMBR="AARONFIT0001", RMARACTNUMST="000-1100-00")
    assert card(gp)["RMARACC"] == 1


def test_percents_lie_as_hundredths_and_notes_hang_on_the_card(gp):
    gp.done(
        CREATE, CUSTNMBR="AARONFIT0001", CUSTDISC=Decimal("2.5"), NOTETEXT="Call before noon\nAsk for Ann"
    )
    assert card(gp)["CUSTDISC"] == 250
    assert gp.row("SY03900", NOTEINDX=card(gp)["NOTEINDX"])["TXTFIELD"] == "Call before noon\nAsk for Ann"


def test_another_address_is_created_updated_field_by_field_and_can_be_protected(gp):
    key = {"CUSTNMBR": "AARONFIT0001", "ADRSCODE": "WAREHOUSE"}
    gp.done(ADDRESS, **key, CITY="Peoria", ADDRESS1="1 Dock Road", SLPRSNID="PAUL W.", INTEGRATIONID="a")
    gp.done(ADDRESS, **key, CITY="Joliet")
    row = gp.row("RM00102", **key)
    assert (row["CITY"], row["ADDRESS1"], row["INTEGRATIONID"]) == ("Joliet", "1 Dock Road", "a")
    gp.refused(ADDRESS, "address-exists", **key, CITY="Rockford", UpdateIfExists=0)
    assert card(gp)["CITY"] == "Chicago"


def test_the_address_on_the_card_is_kept_on_both_sides(gp):
    gp.done(ADDRESS, CUSTNMBR="AARONFIT0001", ADRSCODE="PRIMARY", CITY="Cicero")
    assert card(gp)["CITY"] == "Cicero"


def test_an_address_needs_its_customer_and_its_salesperson(gp):
    gp.refused(ADDRESS, "customer-unknown", CUSTNMBR="NOBODY", ADRSCODE="MAIN")
    gp.refused(ADDRESS, "salesperson-unknown", CUSTNMBR="AARONFIT0001", ADRSCODE="B", SLPRSNID="NOBODY")


def test_an_address_is_deleted_only_when_no_role_uses_it(gp):
    gp.done(ADDRESS, CUSTNMBR="AARONFIT0001", ADRSCODE="OLD")
    gp.refused("taDeleteCustomerAddress", "address-in-use", CUSTNMBR="AARONFIT0001", ADRSCODE="PRIMARY")
    gp.done("taDeleteCustomerAddress", CUSTNMBR="AARONFIT0001", ADRSCODE="OLD")
    assert [row["ADRSCODE"] for row in gp.rows("RM00102")] == ["PRIMARY"]
    gp.refused("taDeleteCustomerAddress", "address-unknown", CUSTNMBR="AARONFIT0001", ADRSCODE="OLD")


def test_internet_addresses_that_do_not_come_are_emptied(gp):
    key = {"Master_Type": "CUS", "Master_ID": "AARONFIT0001", "ADRSCODE": "PRIMARY"}
    gp.done(
        INTERNET,
        **key,
        INET1="ann@aaronfitz.example",
        INET2="www.aaronfitz.example",
        EmailToAddress="ar@x.example",
    )
    gp.done(INTERNET, **key, INET1="bob@aaronfitz.example")
    row = gp.row("SY01200", **key)
    assert (row["INET1"], row["INET2"], row["EmailToAddress"]) == ("bob@aaronfitz.example", "", "")


def test_internet_addresses_need_what_they_belong_to(gp):
    gp.refused(INTERNET, "master-type", Master_Type="XXX", Master_ID="A")
    gp.refused(INTERNET, "master-unknown", "address-unknown", Master_Type="CUS", Master_ID="A", ADRSCODE="B")


def test_a_class_that_comes_with_a_name_only_has_no_accounts(gp):
    gp.done("taCreateCustomerClass", CLASSID="WEB", CLASDSCR="Web shop")
    row = gp.row("RM00201", CLASSID="WEB")
    assert (row["RMARACC"], row["RMSLSACC"], row["PYMTRMID"], row["KPTRXHST"]) == (0, 0, "", 1)


def test_a_class_that_exists_is_overwritten_whole(gp):
    gp.done("taCreateCustomerClass", CLASSID="USA-ILMO-T1", CLASDSCR="Renamed")
    row = gp.row("RM00201", CLASSID="USA-ILMO-T1")
    assert (row["CLASDSCR"], row["RMARACC"], row["PRCLEVEL"]) == ("Renamed", 0, "")


def test_there_is_one_default_class(gp):
    gp.done("taCreateCustomerClass", CLASSID="A", DEFLTCLS=1)
    gp.done("taCreateCustomerClass", CLASSID="B", DEFLTCLS=1)
    assert [row["CLASSID"] for row in gp.rows("RM00201", DEFLTCLS=1)] == ["B"]
    gp.refused("taCreateCustomerClass", "terms-unknown", CLASSID="C", PYMTRMID="Net 31")


def test_an_account_is_created_with_its_segments_and_overwritten_whole(gp):
    new = {"ACTNUMST": "000-7000-00", "ACTDESCR": "Freight", "CATEGORY": "Accounts Receivable", "PSTNGTYP": 1}
    gp.done("taUpdateCreateAccountRcd", **new, ACTALIAS="FRT")
    index = gp.row("GL00105", ACTNUMST="000-7000-00")["ACTINDX"]
    row = gp.row("GL00100", ACTINDX=index)
    assert (row["ACTNUMBR_2"], row["ACCATNUM"], row["ACTALIAS"], row["MNACSGMT"]) == (
        "7000",
        3,
        "FRT",
        "7000",
    )
    gp.refused("taUpdateCreateAccountRcd", "account-exists", **new, UpdateIfExists=0)
    gp.done("taUpdateCreateAccountRcd", **new)
    assert gp.row("GL00100", ACTINDX=index)["ACTALIAS"] == ""
    gp.refused("taUpdateCreateAccountRcd", "account-format", ACTNUMST="0007000-00")
    gp.refused("taUpdateCreateAccountRcd", "segment-unknown", ACTNUMST="000-7001-00")
    gp.refused("taUpdateCreateAccountRcd", "category-unknown", ACTNUMST="000-7000-00", CATEGORY="Nothing")
