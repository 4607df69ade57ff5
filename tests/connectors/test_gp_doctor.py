"""What doctor tells about GP, and what happens when we may not in: each a clear word with its fix, nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gp_place import CLERK, Place, Word, place

from gp365.connectors.gp import RESOURCES, GpSettings, with_overrides
from gp365.model.contract import Finding, Level
from gp365.model.errors import Misconfigured, Unauthorised
from gp365.model.record import Op, Write
from gp365_sim.core.tls import certificate
from gp365_sim.gp.app import Manner
from gp365_sim.gp.users import User


def findings(gp: Place) -> dict[str, Finding]:
    return {finding.subject: finding for finding in gp.connector.check()}


@pytest.mark.parametrize("profile", ["bare", "payload", "container"])
def test_a_healthy_site_is_told_in_full_and_nothing_is_written(tmp_path: Path, profile: Any) -> None:
    with place(tmp_path, Manner(profile=profile)) as gp:
        found = findings(gp)
        assert {finding.level for finding in found.values()} <= {Level.OK, Level.NOTE}
        assert "localhost" in found["TLS"].text
        assert found["authentication"].facts["scheme"] == "Negotiate (NTLM)"
        assert found["authentication"].facts["bound"] is True
        customer = found["customer"]
        assert "BillTo.Email" in customer.text and customer.facts["strength"] == "whole"
        assert customer.facts["missing"] == [] and customer.facts["unknown"] == []
        assert customer.facts["assumed"]
        assert {method for method, _ in gp.requests()} == {"GET"}
        assert gp.connector.handshakes == 1


def test_a_wrong_password_is_tried_once_and_never_again(tmp_path: Path) -> None:
    with place(tmp_path, password=Word("wrong-canary-8841"), lanes=3) as gp:
        found = gp.connector.check()
        assert [finding.code for finding in found] == ["login-refused"]
        assert found[0].fix
        tried = len(gp.requests())
        with pytest.raises(Unauthorised) as caught:
            list(gp.connector.scan("customer", ["CustomerName"]))
        with pytest.raises(Unauthorised):
            gp.connector.write("customer", [Write(Op.UPDATE, ("AARONFIT0001",), {"Hold": True})])
        assert len(gp.requests()) == tried
        said = f"{caught.value!r}{caught.value}{found}{gp.settings!r}"
        assert "canary" not in said


def test_an_unknown_company_names_the_companies_that_there_are(tmp_path: Path) -> None:
    with place(tmp_path, companies=["Contoso (South) Ltd."], company="Fabricam") as gp:
        finding = findings(gp)["company"]
        assert (finding.level, finding.code) == (Level.ERROR, "company-unknown")
        assert "Fabrikam, Inc." in finding.text and "Contoso (South) Ltd." in finding.text
        for read in (
            lambda: list(gp.connector.scan("customer", ["CustomerName"])),
            lambda: gp.connector.get("customer", [("AARONFIT0001",)], ["CustomerName"]),
            lambda: gp.connector.write("customer", [Write(Op.UPDATE, ("AARONFIT0001",), {"Hold": True})]),
        ):
            with pytest.raises(Misconfigured) as caught:
                read()
            assert caught.value.code == "company-unknown"
            assert "Fabrikam, Inc." in caught.value.message


@pytest.mark.parametrize(
    "name", ["Contoso (South) Ltd.", "Ñandú & Søn; A/S", "100% (a) (b)", "fabrikam, inc."]
)
def test_a_company_of_any_display_name_is_reached(tmp_path: Path, name: str) -> None:
    with place(tmp_path, companies=[name] if name != "fabrikam, inc." else [], company=name) as gp:
        assert not [finding for finding in gp.connector.check() if finding.level is Level.ERROR]
        rows = sum(len(page) for page in gp.connector.scan("customer", ["CustomerName"]))
        assert rows == (34 if name == "fabrikam, inc." else 0)


def test_a_missing_window_right_is_told_for_that_entity_only(tmp_path: Path) -> None:
    clerk = User(
        CLERK.name, CLERK.password, windows=frozenset({"Customer Maintenance", "Customer Class Setup"})
    )
    with place(tmp_path, users=[clerk]) as gp:
        found = findings(gp)
        assert found["customer"].level is Level.OK
        assert (found["customer_address"].level, found["customer_address"].code) == (
            Level.ERROR,
            "right-missing",
        )
        assert found["payment_terms"].code == "right-missing"
        with pytest.raises(Unauthorised) as caught:
            list(gp.connector.scan("customer", ["BillTo.City"]))
        assert "Customer Address Maintenance" in caught.value.message


def test_a_resource_under_another_path_is_absent_until_the_settings_say_so(tmp_path: Path) -> None:
    wrong = with_overrides(RESOURCES, {"payment_terms": {"path": "Sales/Terms"}})
    with place(tmp_path, resources=wrong) as gp:
        finding = findings(gp)["payment_terms"]
        assert (finding.level, finding.code) == (Level.ERROR, "not-served")
        assert "path" in finding.fix
        with pytest.raises(Misconfigured) as caught:
            gp.connector.get("payment_terms", [("Net 30",)], ["DueType"])
        assert caught.value.code == "not-served"


def test_a_certificate_that_we_do_not_trust_is_refused(tmp_path: Path) -> None:
    other = certificate(tmp_path / "other")
    with place(tmp_path, ca_file=other.ca_file) as gp:
        [finding] = gp.connector.check()
        assert (finding.level, finding.code) == (Level.ERROR, "certificate")
        assert gp.requests() == []


def test_basic_is_used_only_where_the_settings_allow_it(tmp_path: Path) -> None:
    with place(tmp_path / "no", Manner(schemes=("Basic",))) as gp:
        assert [finding.code for finding in gp.connector.check()] == ["scheme-missing"]
    with place(tmp_path / "yes", Manner(schemes=("Basic",)), allow_basic=True) as gp:
        assert findings(gp)["authentication"].facts["scheme"] == "Basic"


def test_a_field_that_does_not_come_is_told(tmp_path: Path) -> None:
    with place(tmp_path, names={"customer": {"Comment1": "CommentOne"}}) as gp:
        finding = findings(gp)["customer"]
        assert finding.level is Level.WARNING
        assert finding.facts["missing"] == ["Comment1"] and "Comment1" in finding.text


def test_a_service_that_is_down_is_told_as_such(tmp_path: Path) -> None:
    with place(tmp_path) as gp:
        gp.fault(do="503", times=0, retry_after_s=0.0)
        [finding] = gp.connector.check()
        assert (finding.level, finding.code) == (Level.ERROR, "busy")


class Lost:
    """A secret that is not there."""

    def reveal(self) -> str:
        raise Misconfigured("secret-missing", "The secret gp is not in the vault.")


def test_a_missing_secret_is_told_and_descriptions_need_none(tmp_path: Path) -> None:
    with place(tmp_path, password=Lost()) as gp:
        assert gp.connector.entity("customer").fields["CustomerName"].length == 64
        [finding] = gp.connector.check()
        assert finding.code == "secret-missing"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"interid": "1TWO"}, "interid"),
        ({"interid": "TWOTWO"}, "interid"),
        ({"interid": "T;O"}, "interid"),
        ({"lanes": 6}, "lanes"),
        ({"lanes": 0}, "lanes"),
        ({"spacing_ms": -1}, "spacing_ms"),
        ({"url": "http://gp.example/GPService"}, "url"),
        ({"company": " "}, "company"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(changed: dict[str, Any], field: str) -> None:
    usual: dict[str, Any] = {
        "name": "gp",
        "url": "https://gp.example/GPService",
        "company": "Fabrikam, Inc.",
        "user": "CORP\\gpsvc",
        "password": Word("x"),
    }
    with pytest.raises(Misconfigured) as caught:
        GpSettings(**{**usual, **changed})
    assert (caught.value.code, caught.value.field) == ("settings-invalid", field)


@pytest.mark.parametrize("lines", [{"custumer": {}}, {"customer": {"pfad": "x"}}])
def test_an_unknown_line_of_the_resource_map_is_refused(lines: dict[str, dict[str, object]]) -> None:
    with pytest.raises(Misconfigured):
        with_overrides(RESOURCES, lines)
