"""What doctor says about an organisation: healthy, half set up, refused, or shared with another connector."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.dataverse_place import CLIENT, SECRET, Place, Word, guid, place
from gp365.connectors.dataverse import Credential, DataverseConnector, DataverseSettings
from gp365.model.contract import Finding, Level
from gp365.model.error_catalogue import CATALOGUE
from gp365.model.errors import Misconfigured, Unauthorised


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path) as made:
        yield made


def of(findings: Sequence[Finding], level: Level) -> list[tuple[str, str]]:
    return [(finding.subject, finding.code) for finding in findings if finding.level is level]


def another(sales: Place, **changed: object) -> DataverseConnector:
    """Connect with other settings."""
    return DataverseConnector(replace(sales.settings, **changed), scratch=sales.scratch)  # type: ignore[arg-type]


def test_a_provisioned_organisation_is_healthy(sales: Place) -> None:
    sales.provision()
    before = sales.seen()
    findings = sales.connector.check()
    assert of(findings, Level.ERROR) == [] and of(findings, Level.WARNING) == []
    texts = " ".join(finding.text for finding in findings)
    assert "recommends 8 requests at a time" in texts and "Dataverse 9.2" in texts
    assert "The key gp365_customer_key is active." in texts
    [who] = [finding for finding in findings if finding.subject == "organisation"]
    assert who.facts["organisation"] == sales.system.org.id
    assert {path.split("/")[-1] for method, path in sales.requests(before) if method != "GET"} == {"$batch"}


def test_before_provisioning_doctor_names_what_is_missing_and_the_fix(tmp_path: Path) -> None:
    with place(tmp_path, tracked=()) as sales:
        findings = sales.connector.check()
    assert ("gp365_customer", "not-provisioned") in of(findings, Level.ERROR)
    assert ("account", "not-provisioned") in of(findings, Level.ERROR)
    assert ("account", "not-provisioned") in of(findings, Level.WARNING)
    troubled = [finding for finding in findings if finding.code]
    assert all(finding.fix and finding.code in CATALOGUE for finding in troubled)


def test_a_key_that_is_not_active_and_a_missing_column_are_errors(sales: Place) -> None:
    sales.provision()
    table = sales.system.org.schema.tables["gp365_customer"]
    del table.columns["gp365_class"]
    table.keys.clear()
    table.reindex()
    texts = [finding.text for finding in sales.connector.check() if finding.level is Level.ERROR]
    assert texts == ["Columns are missing: gp365_class", "The key gp365_customer_key is missing"]


def test_secured_columns_are_named(sales: Place) -> None:
    sales.provision()
    table = sales.system.org.schema.tables["account"]
    table.columns["creditlimit"] = replace(table.columns["creditlimit"], secured=True)
    [finding] = [one for one in sales.connector.check() if "security" in one.text]
    assert finding.subject == "account" and finding.facts["secured"] == ["creditlimit"]


def test_another_connector_in_the_organisation_is_noted(sales: Place) -> None:
    sales.provision()
    [publisher] = [
        str(row["publisherid"]) for row in sales.rows("publishers") if row["uniquename"] == "gp365"
    ]
    values = {
        "uniquename": "Dynamics365DualWriteCore",
        "friendlyname": "Dual-write",
        "version": "1.0",
        "publisherid@odata.bind": f"/publishers({publisher})",
    }
    sales.put("solutions", guid(5, "s"), values)
    [finding] = [one for one in sales.connector.check() if one.subject == "other connectors"]
    assert finding.level is Level.WARNING and finding.code == "neighbour"
    assert "dual-write" in finding.text and "delivery address" in finding.fix


def test_a_wrong_secret_an_unknown_user_and_a_wrong_authority_are_told_apart(sales: Place) -> None:
    wrong = another(sales, credential=Credential(CLIENT, Word("not-the-secret")))
    [finding] = wrong.check()
    assert (finding.subject, finding.code) == ("authentication", "token-refused")
    assert "not-the-secret" not in finding.text
    wrong.close()
    sales.tokens.mode = "html"
    [finding] = another(sales).check()
    assert (finding.subject, finding.code) == ("authentication", "token-not-json")
    sales.tokens.mode = "normal"
    app = sales.tokens.applications[0]
    sales.tokens._applications[CLIENT] = replace(app, user_id=None)
    [finding] = another(sales).check()
    assert (finding.subject, finding.code) == ("application user", "user-missing")


def test_a_certificate_of_an_unknown_authority_is_refused(sales: Place) -> None:
    stranger = another(sales, ca_file=None)
    [finding] = stranger.check()
    assert (finding.subject, finding.code) == ("TLS", "certificate")
    with pytest.raises(Unauthorised):
        stranger.entity("account")
    stranger.close()


def test_settings_that_cannot_work_are_refused_at_once() -> None:
    with pytest.raises(Misconfigured, match="https://"):
        DataverseSettings("sales", "org.crm.dynamics.com", "t", Credential("c", SECRET))
    with pytest.raises(Misconfigured, match="either client_secret or certificate"):
        Credential("c")
    with pytest.raises(Misconfigured, match="either client_secret or certificate"):
        Credential("c", SECRET, SECRET)
    assert SECRET.text not in repr(DataverseSettings("sales", "https://o", "t", Credential("c", SECRET)))


def test_a_missing_secret_is_a_finding_not_a_crash(sales: Place) -> None:
    class Missing:
        def reveal(self) -> str:
            raise Misconfigured("secret-missing", "The secret sales is not in the vault")

    [finding] = another(sales, credential=Credential(CLIENT, Missing())).check()
    assert (finding.subject, finding.code) == ("authentication", "secret-missing")


def test_an_unknown_table_and_an_unknown_column_are_clear_errors(sales: Place) -> None:
    with pytest.raises(Misconfigured) as caught:
        sales.connector.entity("acount")
    assert caught.value.code == "entity-unknown"
    with pytest.raises(Misconfigured) as caught:
        sales.connector.entity("gp365_customer")
    assert caught.value.code == "not-provisioned"
    with pytest.raises(Misconfigured) as caught:
        list(sales.connector.scan("account", ["nmae"]))
    assert caught.value.code == "flow-field" and caught.value.field == "nmae"


def test_an_entity_tells_lengths_options_requirements_and_who_may_write(sales: Place) -> None:
    account = sales.connector.entity("account").fields
    assert (account["name"].length, account["name"].required) == (160, True)
    assert account["accountnumber"].length == 20
    assert account["paymenttermscode"].options[1] == "Net 30"
    assert account["primarycontactid"].target == "contact"
    assert account["parentaccountid"].target == "account"
    assert account["createdon"].writable == "never" and account["aging30"].writable == "never"
    assert account["primarycontact.fullname"].writable == "never"
    assert account["has_opportunity"].writable == "never"
    assert not account["ownerid"].required and not account["statecode"].required


def test_the_estimate_is_close_to_what_is_counted(sales: Place) -> None:
    sales.connector.entity("account")
    made = [(guid(number), {"name": f"Firm {number}"}) for number in range(1, 451)]
    forecast = sales.connector.estimate("account", reads=0, creates=450, updates=0)
    before = sales.connector.tally().requests
    sales.create("account", *made)
    assert sales.connector.tally().requests - before == forecast.requests
    assert forecast.seconds > 0
