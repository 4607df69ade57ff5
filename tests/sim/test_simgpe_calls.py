"""How a call of an eConnect procedure is taken: parameters, values, exits, transactions, error texts."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simgpe_desk import office

from gp365_sim.gp.econnect import (
    BadValue,
    CheckViolated,
    MissingParameter,
    NoSuch,
    call,
    error_rows,
    exits,
    number_of,
    signatures,
)

CREATE = "taUpdateCreateCustomerRcd"
ADDRESS = "taCreateCustomerAddress"


@pytest.fixture
def gp():
    return office()


def test_an_unknown_procedure_is_error_2812(gp):
    with pytest.raises(NoSuch) as raised:
        call(gp.company, gp.company.system, "taCreateMoney", {})
    assert raised.value.number == 2812


def test_an_unknown_parameter_is_error_8145_and_names_are_compared_without_case(gp):
    outputs = {"@o_ierrorstate": None, "@OERRSTRING": None}
    with pytest.raises(NoSuch) as raised:
        call(gp.company, gp.company.system, CREATE, {"@I_vCUSTNMBR": "A", "@I_vNOTHERE": 1, **outputs})
    assert raised.value.number == 8145
    result = call(
        gp.company, gp.company.system, CREATE.upper(), {"@i_vcustnmbr": "A", "@I_VCUSTNAME": "A", **outputs}
    )
    assert result.state == 0


def test_a_parameter_without_default_must_be_given_and_so_must_an_output(gp):
    for named in ({"@O_iErrorState": None, "@oErrString": None}, {"@I_vCUSTNMBR": "A"}):
        with pytest.raises(MissingParameter) as raised:
            call(gp.company, gp.company.system, CREATE, named)
        assert raised.value.number == 201


def test_the_signatures_tell_what_sys_parameters_would(gp):
    own = {each.name: each for each in signatures()[CREATE]}
    assert own["@I_vCUSTNMBR"].required and own["@I_vCUSTNMBR"].sql_type == "char(15)"
    assert own["@I_vUpdateIfExists"].default == 1 and own["@I_vUseCustomerClass"].default == 0
    assert own["@O_iErrorState"].output
    assert {each.name: each.default for each in signatures()["taSopLineIvcInsert"]}["@I_vQtyShrtOpt"] == 2


def test_a_text_that_is_too_long_for_its_parameter_is_cut_without_a_word(gp):
    gp.done(CREATE, CUSTNMBR="LONG", CUSTNAME="N" * 120)
    assert gp.row("RM00101", CUSTNMBR="LONG")["CUSTNAME"] == "N" * 64


def test_an_integration_id_of_36_characters_loses_its_end(gp):
    mark = "0f8fad5b-d9cb-469f-a165-70867728950e"
    gp.done(CREATE, CUSTNMBR="GUID", CUSTNAME="Guid", INTEGRATIONID=mark)
    assert gp.row("RM00101", CUSTNMBR="GUID")["INTEGRATIONID"] == mark[:30]


def test_a_character_outside_the_code_page_becomes_a_question_mark(gp):
    gp.done(CREATE, CUSTNMBR="TOKYO", CUSTNAME="東京 Café")
    assert gp.row("RM00101", CUSTNMBR="TOKYO")["CUSTNAME"] == "?? Café"


def test_trailing_blanks_mean_nothing_and_a_blank_key_is_refused(gp):
    gp.done(CREATE, CUSTNMBR="PAD      ", CUSTNAME="Padded")
    gp.refused(CREATE, "customer-exists", CUSTNMBR="pad", CUSTNAME="Other", UpdateIfExists=0)
    with gp.unchanged():
        assert gp.call(CREATE, CUSTNMBR="   ", CUSTNAME="Blank").state != 0


def test_a_time_of_day_in_a_date_breaks_a_check_constraint(gp):
    with gp.unchanged(), pytest.raises(CheckViolated) as raised:
        gp.call(
            CREATE,
            CUSTNMBR="CARD",
            CUSTNAME="Card",
            CCRDXPDT=datetime.combine(date(2027, 4, 12), time(10, 30)),
        )
    assert raised.value.number == 547
    gp.done(CREATE, CUSTNMBR="CARD", CUSTNAME="Card", CCRDXPDT=datetime.combine(date(2027, 4, 12), time()))
    assert gp.row("RM00101", CUSTNMBR="CARD")["CCRDXPDT"] == date(2027, 4, 12)


def test_numbers_are_rounded_to_their_scale_and_texts_are_read_as_numbers(gp):
    gp.done(CREATE, CUSTNMBR="NUM", CUSTNAME="Num", CRLMTTYP="2", CRLMTAMT=Decimal("100.123456"))
    row = gp.row("RM00101", CUSTNMBR="NUM")
    assert (row["CRLMTTYP"], row["CRLMTAMT"]) == (2, Decimal("100.12346"))


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"HOLD": 256}, 8115),
        ({"CRLMTAMT": Decimal(10) ** 14}, 8115),
        ({"HOLD": "yes"}, 8114),
        ({"HOLD": date.max}, 206),
    ],
)
def test_a_value_that_no_parameter_can_hold_is_an_error_of_the_server(gp, values, number):
    with gp.unchanged(), pytest.raises(BadValue) as raised:
        gp.call(CREATE, CUSTNMBR="BAD", CUSTNAME="Bad", **values)
    assert raised.value.number == number


def test_null_where_another_default_stands_is_refused(gp):
    gp.refused(CREATE, "null", CUSTNMBR="NULL", CUSTNAME="Null", UpdateIfExists=None)


def test_all_errors_come_together_and_have_texts(gp):
    gp.refused(
        CREATE,
        *("class-unknown", "terms-unknown", "credit-type"),
        CUSTNMBR="X",
        CUSTNAME="X",
        CUSTCLAS="NO",
        PYMTRMID="NO",
        CRLMTTYP=3,
    )
    texts = {row["ErrorCode"]: row["ErrorDesc"] for row in error_rows()}
    assert "class" in texts[number_of("class-unknown")]
    assert len(texts) == len(error_rows()) and all(len(text) <= 255 for text in texts.values())


def test_an_exit_before_may_change_arguments_and_stop_the_call(gp):
    def capitals(values):
        values["CUSTNMBR"] = values["CUSTNMBR"].upper()
        return 30001 if values["CUSTNAME"] == "Forbidden" else 0

    exits(gp.company).before[CREATE] = capitals
    gp.done(CREATE, CUSTNMBR="low", CUSTNAME="Low")
    assert gp.row("RM00101", CUSTNMBR="low")["CUSTNMBR"] == "LOW"
    with gp.unchanged():
        assert gp.call(CREATE, CUSTNMBR="no", CUSTNAME="Forbidden").errors == "30001"


def test_an_error_in_the_exit_after_undoes_what_was_written(gp):
    exits(gp.company).after[CREATE] = lambda values: 30002
    with gp.unchanged():
        result = gp.call(CREATE, CUSTNMBR="UNDO", CUSTNAME="Undone", ADRSCODE="MAIN")
    assert (result.rc, result.state, result.errors) == (30002, 30002, "30002")


def test_a_failed_call_leaves_what_its_transaction_wrote_before(gp):
    with gp.company.transaction():
        gp.done(CREATE, CUSTNMBR="KEPT", CUSTNAME="Kept")
        exits(gp.company).after[ADDRESS] = lambda values: 30003
        assert gp.call(ADDRESS, CUSTNMBR="KEPT", ADRSCODE="WAREHOUSE").state == 30003
    assert gp.row("RM00101", CUSTNMBR="KEPT")["CUSTNAME"] == "Kept"
    assert gp.rows("RM00102", CUSTNMBR="KEPT") == []


def test_a_transaction_that_fails_takes_every_call_back(gp):
    with gp.unchanged(), pytest.raises(RuntimeError), gp.company.transaction():
        gp.done(CREATE, CUSTNMBR="GONE", CUSTNAME="Gone", ADRSCODE="MAIN")
        gp.done(ADDRESS, CUSTNMBR="GONE", ADRSCODE="WAREHOUSE")
        raise RuntimeError


HOSTILE = st.text(st.sampled_from("AZaz019 '\";-]%#$!<>&?(=)\\\n\t€éß東"), max_size=80)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    key=HOSTILE,
    name=HOSTILE,
    code=HOSTILE,
    hold=st.integers(-2, 300),
    limit=st.decimals(-10, 10**6, places=7),
)
def test_whatever_comes_is_written_whole_or_not_at_all(gp, key, name, code, hold, limit):
    before = {table: gp.company.rows(table) for table in ("RM00101", "RM00102", "SY03900")}
    try:
        values = {"CUSTNAME": name, "ADRSCODE": code, "HOLD": hold, "CRLMTAMT": limit, "NOTETEXT": name}
        state = gp.call(CREATE, CUSTNMBR=key, **values).state
    except BadValue:
        state = -1
    if state:
        assert {table: gp.company.rows(table) for table in before} == before
        return
    stored = key.encode("cp1252", "replace").decode("cp1252")[:15].rstrip(" ")
    row = gp.row("RM00101", CUSTNMBR=stored)
    assert row["CUSTNAME"] == name.encode("cp1252", "replace").decode("cp1252")[:64].rstrip(" ")
    assert row["CRLMTAMT"] >= 0 and 0 <= row["HOLD"] <= 255
