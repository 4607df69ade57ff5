"""Date columns of every behaviour: what they take and how they read."""

import pytest
from simdv_desk import organisation


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        for name, form, behaviour in (
            ("Day", "DateOnly", "DateOnly"),
            ("ShownAsDay", "DateOnly", "UserLocal"),
            ("Moment", "DateAndTime", "UserLocal"),
            ("Wall", "DateAndTime", "TimeZoneIndependent"),
        ):
            given = {"Format": form, "DateTimeBehavior": {"Value": behaviour}}
            opened.add_column("account", "DateTime", f"gp365_{name}", **given)
        yield opened


@pytest.mark.parametrize(
    ("column", "given", "read"),
    [
        ("gp365_day", "2026-10-31", "2026-10-31"),
        ("gp365_shownasday", "2026-10-31T05:00:00Z", "2026-10-31T05:00:00Z"),
        ("gp365_moment", "2026-10-31T23:40:00-05:00", "2026-11-01T04:40:00Z"),
        ("gp365_wall", "2026-10-31T23:40:00Z", "2026-10-31T23:40:00Z"),
        ("lastonholdtime", "2026-10-31T12:00:00Z", "2026-10-31T12:00:00Z"),
    ],
)
def test_a_date_column_reads_as_its_behaviour_says(org, column, given, read):
    row_id = org.create("accounts", name="A", **{column: given})
    assert org.read(f"accounts({row_id})?$select={column}")[column] == read
    assert org.ask("PATCH", f"accounts({row_id})", {column: None}).status_code == 204
    assert org.read(f"accounts({row_id})?$select={column}")[column] is None


def test_a_day_takes_no_time_of_day(org):
    refused = org.ask("POST", "accounts", {"name": "A", "gp365_day": "2026-10-31T05:00:00Z"})
    assert (refused.status_code, org.code(refused)) == (400, "0x80048d19")


@pytest.mark.parametrize(
    ("column", "behaviour"),
    [("gp365_day", "DateOnly"), ("gp365_shownasday", "UserLocal"), ("gp365_wall", "TimeZoneIndependent")],
)
def test_definitions_tell_behaviour_and_format(org, column, behaviour):
    kind = "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"
    where = f"EntityDefinitions(LogicalName='account')/Attributes(LogicalName='{column}')/{kind}"
    told = org.read(f"{where}?$select=Format,DateTimeBehavior")
    assert told["DateTimeBehavior"]["Value"] == behaviour


def test_a_limit_in_canadian_dollars_has_its_base_amount_in_the_organisations_currency(org):
    cad = "d1000000-0000-4000-8000-000000000002"
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({cad})"}
    row_id = org.create("accounts", name="A", creditlimit=1370, **bind)
    row = org.read(f"accounts({row_id})?$select=creditlimit,creditlimit_base,_transactioncurrencyid_value")
    assert (row["creditlimit"], row["creditlimit_base"]) == (1370, 1000)
    assert row["_transactioncurrencyid_value"] == cad
