"""The token endpoint, asked by Microsoft's own clients and by plain HTTP."""

import base64
import datetime as dt
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from msal import ConfidentialClientApplication
from starlette.responses import Response

from gp365_sim.core.clock import Clock
from gp365_sim.core.control import control_routes
from gp365_sim.core.faults import Faults
from gp365_sim.core.recorder import Recorder
from gp365_sim.core.server import Door, bind, serving, url_of
from gp365_sim.core.tls import certificate
from gp365_sim.core.wrap import instrument
from gp365_sim.identity.app import token_control, with_tokens
from gp365_sim.identity.tokens import Application, Caller, Secret, TokenRefusal, Tokens

TENANT = "0b0f4c6e-2a3b-4a5e-8f0d-3c8e6a9d1b20"
CLIENT, STRANGER, PROVISIONER = (f"{n}1111111-1111-4111-8111-111111111111" for n in (1, 2, 3))
SECRET = "right~secret"


def key_and_certificate(name):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    body = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    body = body.serial_number(7).not_valid_before(now).not_valid_after(now + dt.timedelta(days=9))
    return key, body.sign(key, hashes.SHA256())


KEY, CERTIFICATE = key_and_certificate("registered")
OTHER_KEY, OTHER_CERTIFICATE = key_and_certificate("another")


class Door365:
    """A served token endpoint in front of an app that says who called."""

    def __init__(self, folder):
        tls, socket = certificate(folder), bind()
        self.ca_file, self.url = str(tls.ca_file), url_of(socket, https=True)
        self.clock = Clock()
        old = Secret("old~secret", self.clock.now() - dt.timedelta(days=1))
        soon = Secret("soon~secret", self.clock.now() + dt.timedelta(days=1))
        self.tokens = Tokens(
            self.clock,
            TENANT,
            [self.url],
            [
                Application(CLIENT, "gp365", "u-1", (Secret(SECRET), old, soon), (CERTIFICATE,)),
                Application(STRANGER, "no user", None, (Secret(SECRET),)),
                Application(PROVISIONER, "setup", "u-2", (Secret(SECRET),), roles=frozenset({"customizer"})),
            ],
        )
        recorder, faults = Recorder(), Faults()
        control = control_routes(None, recorder, faults, self.clock, token_control(self.tokens))
        app = instrument(
            with_tokens(Response("org"), self.tokens),
            recorder=recorder,
            faults=faults,
            control=control,
            clock=self.clock,
            refusal=lambda do, fault: Response(status_code=int(do)),
        )
        self.door = Door(app, socket, tls)

    @property
    def authority(self):
        return f"{self.url}/{TENANT}"

    @property
    def scope(self):
        return f"{self.url}/.default"

    def post(self, tenant=TENANT, **form):
        body = {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": SECRET,
            "scope": self.scope,
            **form,
        }
        data = urllib.parse.urlencode({k: v for k, v in body.items() if v is not None}).encode()
        context = ssl.create_default_context(cafile=self.ca_file)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(f"{self.url}/{tenant}/oauth2/v2.0/token", data, 10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def order(self, **order):
        with self.session() as session:
            return session.post(f"{self.url}/_sim/token", json=order, timeout=10)

    def session(self):
        session = requests.Session()
        session.trust_env, session.verify = False, self.ca_file
        return session

    def assertion(self, key=KEY, registered=CERTIFICATE, alg="RS256", **claims):
        head = {"alg": alg, "typ": "JWT"}
        if alg == "PS256":
            head["x5t#S256"] = encoded(registered.fingerprint(hashes.SHA256()))
            how = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        else:
            head["x5t"] = encoded(registered.fingerprint(hashes.SHA1()))
            how = padding.PKCS1v15()
        now = int(self.clock.now().timestamp())
        said = {
            "aud": f"{self.authority}/oauth2/v2.0/token",
            "iss": CLIENT,
            "sub": CLIENT,
            "nbf": now,
            "exp": now + 600,
            **claims,
        }
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, said))
        signature = key.sign(text.encode(), how, hashes.SHA256())
        return {
            "client_secret": None,
            "client_assertion": f"{text}.{encoded(signature)}",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Door365(tmp_path_factory.mktemp("tls"))
    with serving(made.door):
        yield made


@pytest.fixture
def entra(served):
    yield served
    served.clock.reset()
    served.tokens.mode = "normal"


def pem(key, cert):
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text + cert.public_bytes(serialization.Encoding.PEM)


def msal_app(entra, credential, client_id=CLIENT):
    return ConfidentialClientApplication(
        client_id,
        authority=entra.authority,
        client_credential=credential,
        instance_discovery=False,
        http_client=entra.session(),
    )


def msal_certificate(key, cert):
    return {
        "private_key": pem(key, cert).decode(),
        "thumbprint": cert.fingerprint(hashes.SHA1()).hex(),
        "public_certificate": cert.public_bytes(serialization.Encoding.PEM).decode(),
    }


def test_msal_gets_a_token_by_secret_that_the_organisation_accepts(entra):
    got = msal_app(entra, SECRET).acquire_token_for_client([entra.scope])
    assert got["expires_in"] == 3599
    assert entra.tokens.check(got["access_token"]) == Caller(CLIENT, "u-1", "gp365", frozenset({"runtime"}))
    assert entra.tokens.check(f"Bearer {got['access_token']}").user_id == "u-1"


def test_msal_gets_a_token_by_certificate(entra):
    got = msal_app(entra, msal_certificate(KEY, CERTIFICATE)).acquire_token_for_client([entra.scope])
    assert entra.tokens.check(got["access_token"]).client_id == CLIENT


def test_msal_is_told_that_the_secret_is_wrong(entra):
    got = msal_app(entra, "wrong").acquire_token_for_client([entra.scope])
    assert (got["error"], got["error_codes"]) == ("invalid_client", [7000215])


def test_azure_identity_gets_a_token_by_secret(entra):
    credential = ClientSecretCredential(
        TENANT,
        CLIENT,
        SECRET,
        authority=entra.url,
        disable_instance_discovery=True,
        connection_verify=entra.ca_file,
        use_env_settings=False,
    )
    assert isinstance(entra.tokens.check(credential.get_token(entra.scope).token), Caller)


def test_azure_identity_gets_a_token_by_certificate(entra):
    credential = CertificateCredential(
        TENANT,
        CLIENT,
        certificate_data=pem(KEY, CERTIFICATE),
        authority=entra.url,
        disable_instance_discovery=True,
        connection_verify=entra.ca_file,
        use_env_settings=False,
    )
    assert isinstance(entra.tokens.check(credential.get_token(entra.scope).token), Caller)


@pytest.mark.parametrize("wrong", ["wrong", "old~secret"])
def test_azure_identity_is_refused_with_a_wrong_or_expired_secret(entra, wrong):
    credential = ClientSecretCredential(
        TENANT,
        CLIENT,
        wrong,
        authority=entra.url,
        disable_instance_discovery=True,
        connection_verify=entra.ca_file,
        use_env_settings=False,
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS70002"):
        credential.get_token(entra.scope)


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "old~secret"}, 401, "invalid_client", 7000222),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"scope": None}, 400, "invalid_request", 90014),
        ({"scope": "https://org/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://elsewhere.example/.default"}, 400, "invalid_resource", 500011),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"tenant": "elsewhere"}, 400, "invalid_request", 90002),
    ],
)
def test_each_refusal_of_a_token_has_entras_error_and_number(entra, form, status, error, number):
    answered, body = entra.post(**form)
    assert (answered, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert SECRET not in json.dumps(body)


@pytest.mark.parametrize("alg", ["RS256", "PS256"])
def test_a_certificate_assertion_is_accepted_in_its_older_and_newer_form(entra, alg):
    status, body = entra.post(**entra.assertion(alg=alg))
    assert status == 200
    assert isinstance(entra.tokens.check(body["access_token"]), Caller)


@pytest.mark.parametrize(
    ("made", "number"),
    [
        ({"key": OTHER_KEY, "registered": OTHER_CERTIFICATE}, 700027),
        ({"key": OTHER_KEY}, 700027),
        ({"aud": "https://login.example/x"}, 700023),
        ({"iss": "someone"}, 700021),
        ({"nbf": 0, "exp": 600}, 700024),
        ({"exp": "soon"}, 50027),
    ],
)
def test_an_assertion_that_proves_nothing_is_refused(entra, made, number):
    status, body = entra.post(**entra.assertion(**made))
    assert (status, body["error"], body["error_codes"]) == (401, "invalid_client", [number])


def test_an_assertion_that_is_no_jwt_is_refused(entra):
    form = {**entra.assertion(), "client_assertion": "a.b"}
    assert entra.post(**form)[1]["error_codes"] == [50027]


def test_a_token_ends_after_an_hour_of_the_simulated_clock(entra):
    token = entra.post()[1]["access_token"]
    entra.clock.advance(3590)
    assert isinstance(entra.tokens.check(token), Caller)
    entra.clock.advance(10)
    assert entra.tokens.check(token).status == 401


def test_a_certificate_still_proves_its_application_after_the_simulated_clock_was_moved(entra):
    entra.clock.advance(40 * 86400)
    assert entra.post(**entra.assertion(nbf=time.time(), exp=time.time() + 600))[0] == 200


def test_a_secret_ends_when_its_day_has_come(entra):
    assert entra.post(client_secret="soon~secret")[0] == 200
    entra.clock.advance(2 * 86400)
    assert entra.post(client_secret="soon~secret")[1]["error_codes"] == [7000222]


def test_a_token_for_another_resource_or_from_nowhere_is_not_accepted(entra):
    token = entra.post(scope="https://graph.microsoft.com/.default")[1]["access_token"]
    for bearer in (token, "made-up", None, ""):
        assert entra.tokens.check(bearer).status == 401


def test_an_application_without_an_application_user_is_no_member_of_the_organisation(entra):
    token = entra.post(client_id=STRANGER)[1]["access_token"]
    assert entra.tokens.check(token) == TokenRefusal(
        403, "0x80072560", "The user is not a member of the organization."
    )


def test_the_provisioning_application_has_its_own_role(entra):
    token = entra.post(client_id=PROVISIONER)[1]["access_token"]
    assert entra.tokens.check(token).roles == {"customizer"}


def test_the_control_door_makes_the_endpoint_answer_a_page_expire_secrets_and_revoke_tokens(entra):
    token = entra.post()[1]["access_token"]
    assert entra.order(mode="html").json() == {"mode": "html"}
    with pytest.raises(json.JSONDecodeError):
        entra.post()
    entra.order(mode="expired_secret")
    assert entra.post()[1]["error_codes"] == [7000222]
    assert entra.post(**entra.assertion())[0] == 200
    entra.order(mode="normal", revoke=True)
    assert entra.tokens.check(token).status == 401
    assert entra.post()[0] == 200
    assert entra.order(mode="sideways").status_code == 400


def test_other_paths_reach_the_organisation(entra):
    with entra.session() as session:
        assert session.get(f"{entra.url}/api/data/v9.2/accounts", timeout=10).text == "org"
        found = session.get(f"{entra.url}/{TENANT}/v2.0/.well-known/openid-configuration", timeout=10).json()
        assert found["token_endpoint"] == f"{entra.authority}/oauth2/v2.0/token"
        assert (
            session.get(f"{entra.url}/x/v2.0/.well-known/openid-configuration", timeout=10).status_code == 400
        )


def test_no_secret_stands_in_the_text_of_an_application(entra):
    assert SECRET not in repr(entra.tokens.application(CLIENT))
