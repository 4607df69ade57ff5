"""Windows authentication at GP's door, shaken by hand: http.client, pyspnego's client side, and curl where it is."""

import base64
import http.client
import shutil
import ssl
import subprocess
from contextlib import closing

import pytest
import spnego
from simgp_desk import CLERK, FABRIKAM, basic, desk
from spnego.channel_bindings import GssChannelBindings

from gp365_sim.gp.app import Manner
from gp365_sim.gp.users import User

CUSTOMER = FABRIKAM + "/Sales/Customers(AARONFIT0001).json"
OPTIONS = {
    "NTLM": spnego.NegotiateOptions.use_ntlm,
    "Negotiate": spnego.NegotiateOptions.use_negotiate | spnego.NegotiateOptions.use_ntlm,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("gp")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def counted_from_zero(site):
    site.door("POST", "reset")
    site.door("DELETE", "handshakes")


def line(site):
    """A connection of one's own."""
    context = ssl.create_default_context(cafile=str(site.certificate.ca_file))
    host, port = site.url.removeprefix("https://").split(":")
    return closing(http.client.HTTPSConnection(host, int(port), context=context, timeout=20))


def ask(connection, authorization="", *, method="GET", path=CUSTOMER, body=None, headers=None):
    """One request on that very connection: status, challenges, body."""
    sent = {"Authorization": authorization} if authorization else {}
    connection.request(method, path, body=body, headers={**sent, **(headers or {})})
    answer = connection.getresponse()
    return answer.status, answer.headers.get_all("WWW-Authenticate") or [], answer.read()


def client(site, scheme, *, password=CLERK.password, binding="right", user=CLERK.name):
    """The client side of a handshake, with the right, a wrong or no channel binding."""
    data = {"right": site.certificate.binding, "wrong": b"tls-server-end-point:" + bytes(32), "none": None}[
        binding
    ]
    return spnego.client(
        user,
        password,
        hostname="localhost",
        service="HTTP",
        protocol=scheme.lower(),
        options=OPTIONS[scheme],
        channel_bindings=GssChannelBindings(application_data=data) if data else None,
    )


def leg(scheme, token):
    return f"{scheme} {base64.b64encode(token).decode()}"


def shake(connection, peer, scheme, **last):
    """Both legs of a handshake; the last one may carry a body. Gives the last answer."""
    status, challenges, _ = ask(connection, leg(scheme, peer.step()))
    assert status == 401
    challenge = next(each for each in challenges if each.startswith(scheme + " "))
    reply = peer.step(base64.b64decode(challenge.partition(" ")[2]))
    return ask(connection, leg(scheme, reply), **last)


def counted(site):
    report = site.door("GET", "handshakes").json()
    return report["completed"], report["refused"]


def test_a_stranger_is_told_the_schemes(site):
    with line(site) as connection:
        status, challenges, _ = ask(connection)
    assert status == 401
    assert [each.split()[0] for each in challenges] == ["Negotiate", "NTLM", "Basic"]


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_a_handshake_admits_the_connection_for_every_later_request(site, scheme):
    with line(site) as connection:
        status, _, body = shake(connection, client(site, scheme), scheme)
        assert status == 200 and b"Aaron Fitz" in body
        assert [ask(connection)[0] for _ in range(3)] == [200, 200, 200]
    assert counted(site) == (1, 0)
    seen = site.door("GET", "handshakes").json()["connections"][-1]
    assert (seen["scheme"], seen["user"], seen["completed"], seen["requests"]) == (scheme, CLERK.name, 1, 4)
    assert seen["channel_bound"] is True


def test_negotiate_ends_with_the_server_proving_itself(site):
    with line(site) as connection:
        peer = client(site, "Negotiate")
        status, challenges, _ = shake(connection, peer, "Negotiate")
        assert status == 200
        peer.step(base64.b64decode(challenges[0].partition(" ")[2]))
        assert peer.complete


def test_raw_ntlm_inside_negotiate_is_understood(site):
    with line(site) as connection:
        assert shake(connection, client(site, "NTLM"), "Negotiate")[0] == 200


def test_another_connection_is_not_admitted_by_the_first(site):
    with line(site) as first, line(site) as second:
        assert shake(first, client(site, "NTLM"), "NTLM")[0] == 200
        assert ask(second)[0] == 401


def test_the_last_leg_of_one_connection_does_not_open_another(site):
    with line(site) as first, line(site) as second:
        peer = client(site, "NTLM")
        _, challenges, _ = ask(first, leg("NTLM", peer.step()))
        reply = peer.step(base64.b64decode(challenges[0].partition(" ")[2]))
        assert ask(second, leg("NTLM", reply))[0] == 401


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_half_a_handshake_then_a_request_is_refused(site, scheme):
    with line(site) as connection:
        assert ask(connection, leg(scheme, client(site, scheme).step()))[0] == 401
        assert ask(connection)[0] == 401
        assert shake(connection, client(site, scheme), scheme)[0] == 200
    assert counted(site) == (1, 1)


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"user": "FABRIKAM\\nobody"},
        {"user": "gpsvc"},
        {"binding": "wrong"},
        {"binding": "none"},
    ],
    ids=lambda each: "-".join(each.values()),
)
def test_a_wrong_handshake_is_refused_and_may_be_tried_again(site, scheme, wrong):
    with line(site) as connection:
        status, challenges, _ = shake(connection, client(site, scheme, **wrong), scheme)
        assert status == 401
        assert [each.split()[0] for each in challenges] == ["Negotiate", "NTLM", "Basic"]
        assert ask(connection)[0] == 401
        assert shake(connection, client(site, scheme), scheme)[0] == 200
    assert counted(site) == (1, 1)


def test_a_refused_handshake_takes_an_earlier_admission_away(site):
    with line(site) as connection:
        assert shake(connection, client(site, "NTLM"), "NTLM")[0] == 200
        assert shake(connection, client(site, "NTLM", password="wrong"), "NTLM")[0] == 401
        assert ask(connection)[0] == 401


@pytest.mark.parametrize(
    "token", ["NTLM", "NTLM !!!", "Negotiate AAAA", "NTLM TlRMTVNTUAABAAAA", "Bearer x", "Basic ///"]
)
def test_nonsense_is_refused(site, token):
    with line(site) as connection:
        assert ask(connection, token)[0] == 401
        assert shake(connection, client(site, "NTLM"), "NTLM")[0] == 200


def test_a_write_may_be_sent_with_the_last_leg(site):
    body = '{"Payload":{"CustomerNumber":"LEGS","CustomerName":"Legs"}}'
    headers = {"Content-Type": "application/json"}
    path = FABRIKAM + "/Sales/Customers"
    with line(site) as connection:
        status, _, _ = ask(connection, method="POST", path=path, body=body, headers=headers)
        assert status == 401 and site.row("RM00101", "LEGS") is None
        status, _, _ = shake(
            connection, client(site, "NTLM"), "NTLM", method="POST", path=path, body=body, headers=headers
        )
        assert status == 201
    assert site.row("RM00101", "LEGS")["CUSTNAME"] == "Legs"


def test_basic_is_asked_for_every_time(site):
    with line(site) as connection:
        right, wrong = basic()["Authorization"], basic(password="wrong")["Authorization"]
        assert [ask(connection, each)[0] for each in (right, "", wrong, right)] == [200, 401, 401, 200]


def test_a_service_that_does_not_require_bindings_still_checks_those_it_gets(tmp_path):
    with desk(tmp_path, Manner(require_channel_binding=False)) as site:
        for binding, status in (("none", 200), ("right", 200), ("wrong", 401)):
            for scheme in ("NTLM", "Negotiate"):
                with line(site) as connection:
                    assert shake(connection, client(site, scheme, binding=binding), scheme)[0] == status


def test_only_the_schemes_of_the_installation_are_offered_and_taken(tmp_path):
    with desk(tmp_path, Manner(schemes=("NTLM",))) as site, line(site) as connection:
        assert ask(connection)[1] == ["NTLM"]
        assert ask(connection, basic()["Authorization"])[0] == 401
        assert ask(connection, leg("Negotiate", client(site, "Negotiate").step()))[0] == 401
        assert shake(connection, client(site, "NTLM"), "NTLM")[0] == 200


def test_two_sites_in_one_process_keep_their_own_passwords(tmp_path, monkeypatch):
    monkeypatch.setenv("NTLM_USER_FILE", "untouched")
    here, there = User("FABRIKAM\\gpsvc", "Here-1"), User("FABRIKAM\\gpsvc", "There-2")
    with desk(tmp_path / "a", users=[here]) as one, desk(tmp_path / "b", users=[there]) as other:
        for site, user in ((one, here), (other, there), (one, here)):
            with line(site) as connection:
                assert shake(connection, client(site, "NTLM", password=user.password), "NTLM")[0] == 200
        with line(one) as connection:
            assert shake(connection, client(one, "NTLM", password=there.password), "NTLM")[0] == 401


def test_a_fault_may_take_the_admission_of_one_request(site):
    site.door("POST", "faults", [{"method": "GET", "path": ".*", "nth": 1, "times": 1, "do": "401"}])
    with line(site) as connection:
        status, challenges, _ = ask(connection, basic()["Authorization"])
        assert status == 401 and "NTLM" in challenges
        assert ask(connection, basic()["Authorization"])[0] == 200


def test_after_a_reboot_the_service_is_unavailable_for_a_while(site):
    site.door(
        "POST",
        "faults",
        [{"method": "GET", "path": ".*", "nth": 1, "times": 2, "do": "503", "retry_after_s": 7}],
    )
    answers = [site.ask("GET", CUSTOMER) for _ in range(3)]
    assert [each.status_code for each in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_passwords_are_not_shown(site):
    user = User("FABRIKAM\\someone", "Sesame-9")
    assert "Sesame-9" not in repr(user)
    assert CLERK.password not in site.door("GET", "handshakes").text + repr(site.system)


@pytest.mark.parametrize("name", ["gpsvc", "A\\b\\c", "A\\b:c"])
def test_a_user_is_named_by_domain_and_account(name):
    with pytest.raises(ValueError, match="DOMAIN"):
        User(name, "x")


def test_plain_http_is_not_served(site):
    from gp365_sim.core.server import Door, bind, serving

    door = Door(site.system.app, bind())
    with serving(door):
        connection = http.client.HTTPConnection(door.url.removeprefix("http://"), timeout=20)
        with closing(connection):
            assert ask(connection, basic()["Authorization"])[0] == 403


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize("scheme", ["--ntlm", "--basic", "--anyauth"])
def test_curl_gets_in_where_bindings_are_not_required(tmp_path, scheme):
    with desk(tmp_path, Manner(require_channel_binding=False, schemes=("NTLM", "Basic"))) as site:
        done = subprocess.run(
            [
                "curl",
                "-s",
                "-g",
                scheme,
                "-K",
                "-",
                "--cacert",
                str(site.certificate.ca_file),
                site.url + CUSTOMER,
            ],
            input=f'user = "FABRIKAM\\\\gpsvc:{CLERK.password}"\n',
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert "Aaron Fitz" in done.stdout
