"""The doors of the settings: what is refused, with its line and its fix, and that no secret is ever shown."""

from __future__ import annotations

import pytest

from gp365.app.settings_file import parse_settings
from gp365.model.errors import Misconfigured

SYSTEMS = """\
schema = 1
[systems.gp]
kind = "memory"
path = "gp.db"
[systems.sales]
kind = "dataverse"
url = "https://org.crm.dynamics.com"
tenant_id = "t"
client_id = "c"
client_secret = {vault = "sales"}
"""
RIGHT = """\
[doors.sales]
kind = "dataverse"
system = "sales"
secret = {vault = "door"}
former_secret = {env = "FORMER"}
form = "header"
field = "x-gp365-key"
url = "https://hooks.example.com/hooks/sales"
[doors.gp-2]
kind = "signed"
system = "gp"
secret = {file = "secrets/door"}
"""


def test_a_door_of_each_kind_is_taken() -> None:
    doors = parse_settings(SYSTEMS + RIGHT).doors
    assert set(doors) == {"sales", "gp-2"}
    assert doors["sales"].former_secret is not None and doors["gp-2"].form == "key"


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("[doors.sales]", "[doors.Sales]", "settings-invalid", "is no name for a door"),
        ('system = "sales"', 'system = "nobody"', "system-unknown", "The systems are gp, sales"),
        ('system = "sales"', 'system = "gp"', "settings-invalid", "is no Dataverse organisation"),
        ('secret = {vault = "door"}\n', "", "settings-invalid", "secret is missing"),
        ('secret = {vault = "door"}', 'secret = "canary"', "secret-plain", "plain text"),
        ('former_secret = {env = "FORMER"}', 'former_secret = "canary"', "secret-plain", "plain text"),
        ('secret = {vault = "door"}', 'secret = {vault = "a", env = "b"}', "settings-invalid", "exactly one"),
        ('field = "x-gp365-key"\n', "", "settings-invalid", "needs a field"),
        ('form = "header"\n', "", "settings-invalid", "needs a field"),
        ('field = "x-gp365-key"', 'field = "Authorization"', "settings-invalid", "no name for a header"),
        ('form = "header"', 'form = "body"', "settings-invalid", "form"),
        ('kind = "signed"', 'kind = "open"', "settings-invalid", "kind"),
        (
            'kind = "signed"',
            'kind = "signed"\nform = "query"\nfield = "x"',
            "settings-invalid",
            "signed door",
        ),
        ("https://hooks", "http://hooks", "settings-invalid", "https://"),
        ("example.com/", "example.com:8443/", "settings-invalid", "443"),
        ("/hooks/sales", "/hooks/sales?code=canary", "settings-invalid", "more than an address"),
        ("https://hooks", "https://me:canary@hooks", "settings-invalid", "more than an address"),
        ('kind = "signed"', 'kind = "signed"\nsecrets = "canary"', "settings-invalid", "Did you mean secret"),
    ],
)
def test_a_door_that_is_wrong_is_refused_in_words(old: str, new: str, code: str, said: str) -> None:
    assert old in RIGHT
    with pytest.raises(Misconfigured) as refused:
        parse_settings(SYSTEMS + RIGHT.replace(old, new, 1))
    told = f"{refused.value} {refused.value.fix}"
    assert refused.value.code == code and said in told
    if code == "secret-plain" or "example.com" in new or "canary@" in new or "?code" in new:
        assert "canary" not in told


def test_a_door_on_this_machine_may_have_any_port() -> None:
    local = RIGHT.replace("https://hooks.example.com/", "http://127.0.0.1:8365/")
    assert parse_settings(SYSTEMS + local).doors["sales"].url.startswith("http://127.0.0.1:8365")
