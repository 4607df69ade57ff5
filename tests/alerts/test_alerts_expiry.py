"""Secrets and certificates that end soon are told of before, once; and those of servers are looked at beside the rounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from alerts.alert_desk import BEGAN, Desk, firms, make_desk
from gp365.app.alerts.expiry import expiries
from gp365.app.project import Project
from gp365.app.service.certified import Certified, servers_of
from gp365.app.service.standing import CertificateStanding
from gp365.app.settings_file import parse_settings
from gp365.model.errors import Retry
from gp365.wire.trust import CertificateFacts, Trust
from service.service_desk import until

TWO = """schema = 1
[systems.gp]
kind = "gp"
url = "https://gp.example.com/GPService"
interid = "TWO"
company = "Fabrikam, Inc."
tenant = "DefaultTenant"
user = 'EXAMPLE\\gp365'
password = {env = "GP_PASSWORD"}
time_zone = "America/Chicago"
[systems.sales]
kind = "dataverse"
url = "https://example.crm.dynamics.com"
tenant_id = "00000000-0000-0000-0000-000000000001"
client_id = "00000000-0000-0000-0000-000000000002"
client_secret = {env = "SALES_SECRET"}
expires = 2027-01-31
[pairs.main]
gp = "gp"
sales = "sales"
flows = ["customers"]
"""
UNTIL = datetime(2026, 12, 10, tzinfo=UTC)
FACTS = CertificateFacts("CN=gp", "CN=ca", ("gp.example.com",), BEGAN, UNTIL)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "gp365.toml").write_text(TWO, "utf-8")
    made = Project(tmp_path, parse_settings(TWO))
    yield made
    made.close()


def test_the_last_day_of_a_client_secret_stands_beside_it(project: Project) -> None:
    assert [(one.what, one.on) for one in expiries(project)] == [
        ("the secret sales.client_secret", date(2027, 1, 31))
    ]


def test_a_certificate_of_a_server_that_ends_within_the_days_of_the_setting_is_told_once(
    tmp_path: Path,
) -> None:
    desk: Desk = make_desk(tmp_path, "expiry_days = 10\nconfirm_s = 0.0\nsettle_s = 0.0")
    shown = {"certificates": (CertificateStanding("gp", "gp.example.com", UNTIL),)}
    days = (desk.after(86_400, firms(lag_s=1.0), **shown) for _ in range(12))
    told = [[one.title for one in notices] for notices in days]
    titles = [title for found in told for title in found]
    assert titles == ["gp365: expiry the certificate of gp.example.com (gp)"]
    renewed = {"certificates": (CertificateStanding("gp", "gp.example.com", UNTIL + timedelta(days=365)),)}
    assert [one.kind for one in desk.after(60, firms(lag_s=1.0), **renewed)] == ["mended"]
    desk.close()


def test_a_server_that_answers_slowly_holds_nobody_up_and_is_asked_once_a_day(project: Project) -> None:
    going, asked = Event(), list[str]()

    def look(url: str, trust: Trust, system: str) -> CertificateFacts:
        del trust, system
        asked.append(url)
        going.wait(30)
        return FACTS

    certified = Certified(project, look=look)
    certified.turn(BEGAN)
    certified.turn(BEGAN + timedelta(days=2))
    assert certified.certificates == ()
    going.set()
    until(lambda: certified.certificates)
    certified.close()
    certified.turn(BEGAN + timedelta(hours=23))
    assert asked == ["https://gp.example.com/GPService"]
    assert certified.certificates == (CertificateStanding("gp", "gp.example.com", UNTIL),)


def test_a_server_that_does_not_answer_leaves_what_was_known_and_one_that_is_down_is_not_asked(
    project: Project,
) -> None:
    answers: list[CertificateFacts | None] = [FACTS]

    def look(url: str, trust: Trust, system: str) -> CertificateFacts:
        del url, trust
        found = answers.pop()
        if found is None:
            raise Retry("unreachable", "No answer.", system=system)
        return found

    certified = Certified(project, look=look)
    certified.turn(BEGAN, down=["gp"])
    certified.close()
    assert len(answers) == 1
    for day in (1, 2):
        certified.turn(BEGAN + timedelta(days=day))
        certified.close()
        answers.append(None)
    assert [one.until for one in certified.certificates] == [UNTIL]


def test_only_servers_that_are_spoken_to_over_tls_are_looked_at(project: Project) -> None:
    assert list(servers_of(project)) == [("gp", "https://gp.example.com/GPService", "")]
