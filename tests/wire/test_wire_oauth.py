"""Tokens from an Entra-like service over TLS: renewed in time, once for all threads, and refusals in plain words."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gp365.model.errors import Misconfigured, Unauthorised
from gp365.wire.calls import CallFailed
from gp365.wire.http import HttpClient
from gp365.wire.oauth import App, ClientCertificate, ClientSecret, OAuth
from gp365.wire.redact import redact
from gp365.wire.retries import Retries
from gp365.wire.trust import Trust
from wire.conftest import VirtualTime
from wire.wire_server import Certificates, Reply, Request, Server, rsa_client_pem

Serve = Callable[..., Server]
SECRET = "canary~Client.Secret-1"
JSON = {"Content-Type": "application/json; charset=utf-8"}


class Entra:
    """A token service that numbers its tokens and knows one secret; `mode` makes it fail."""

    def __init__(self) -> None:
        self.mode = ""
        self.issued = 0
        self.forms: list[dict[str, str]] = []
        self.url = ""
        self.hold: threading.Event | None = None
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Reply:
        if self.mode == "html":
            return Reply(200, {"Content-Type": "text/html"}, b"<html>Sign in to your proxy</html>")
        if self.mode == "down":
            return Reply(503)
        if request.target.endswith("/.well-known/openid-configuration"):
            return self._configuration(request.target.split("/")[1])
        form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
        with self._lock:
            self.forms.append(form)
        if self.hold is not None:
            self.hold.wait(10)
        right = form.get("client_secret") == SECRET or "client_assertion" in form
        return self._token() if right else self._refusal()

    def _configuration(self, tenant: str) -> Reply:
        if tenant == "unknown":
            return Reply(
                400, JSON, b'{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant not found."}'
            )
        base = f"{self.url}/{tenant}"
        known = {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "issuer": f"{base}/v2.0",
        }
        return Reply(200, JSON, json.dumps(known).encode())

    def _token(self) -> Reply:
        with self._lock:
            self.issued += 1
            token = f"token-{self.issued}-{'x' * 20}"
        body = {"token_type": "Bearer", "expires_in": 3599, "access_token": token}
        return Reply(200, JSON, json.dumps(body).encode())

    def _refusal(self) -> Reply:
        said = "AADSTS7000215: Invalid client secret provided. Ensure the secret is right. Trace ID: 1 Timestamp: now"
        body = {"error": "invalid_client", "error_description": said, "error_codes": [7000215]}
        return Reply(401, JSON, json.dumps(body).encode())


@pytest.fixture
def entra(serve: Serve) -> Entra:
    service = Entra()
    service.url = serve(service, tls=True).url
    return service


@pytest.fixture
def oauth(entra: Entra, certificates: Certificates, virtual: VirtualTime) -> Callable[..., OAuth]:
    def make(credential: object = None, tenant: str = "t1", authority: str = "") -> OAuth:
        app = App(
            tenant,
            "client-1",
            credential or ClientSecret(SECRET),  # type: ignore[arg-type]
            "https://org.crm.dynamics.com/",
            authority or entra.url,
        )
        few = Retries(attempts=3, seconds=60)
        trust = Trust(certificates.ca_file)
        return OAuth(app, system="sales", trust=trust, retries=few, clock=virtual.clock)

    return make


def test_one_token_serves_until_four_fifths_of_its_life(
    entra: Entra, oauth: Callable[..., OAuth], virtual: VirtualTime
) -> None:
    auth = oauth()
    first = auth.headers()
    virtual.seconds = 3599 * 0.79
    assert auth.headers() == first == {"Authorization": f"Bearer token-1-{'x' * 20}"}
    virtual.seconds = 3599 * 0.81
    assert auth.headers() != first
    assert entra.issued == 2
    assert entra.forms[0]["scope"] == "https://org.crm.dynamics.com/.default"
    assert entra.forms[0]["grant_type"] == "client_credentials"


def test_threads_share_one_renewal(entra: Entra, oauth: Callable[..., OAuth]) -> None:
    auth = oauth()
    entra.hold = threading.Event()
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append(auth.headers()["Authorization"]), daemon=True)
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    entra.hold.set()
    for thread in threads:
        thread.join(10)
    assert (len(got), len(set(got)), entra.issued) == (12, 1, 1)


def test_while_one_thread_renews_early_the_others_go_on_with_the_old_token(
    entra: Entra, oauth: Callable[..., OAuth], virtual: VirtualTime
) -> None:
    auth = oauth()
    old = auth.headers()
    virtual.seconds = 3000
    entra.hold = threading.Event()
    renewing = threading.Thread(target=auth.headers, daemon=True)
    renewing.start()
    while len(entra.forms) < 2:
        assert renewing.is_alive()
        renewing.join(0.001)
    assert auth.headers() == old
    entra.hold.set()
    renewing.join(10)
    assert auth.headers() != old
    assert entra.issued == 2


def test_a_token_service_that_is_down_does_not_stop_us_while_the_token_is_good(
    entra: Entra, oauth: Callable[..., OAuth], virtual: VirtualTime
) -> None:
    auth = oauth()
    old = auth.headers()
    virtual.seconds, entra.mode = 3000, "down"
    assert auth.headers() == old
    virtual.seconds = 3600
    with pytest.raises(CallFailed) as caught:
        auth.headers()
    assert caught.value.code == "busy"


def test_a_wrong_secret_is_refused_with_its_code_and_without_the_secret(
    entra: Entra, oauth: Callable[..., OAuth], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unauthorised, match="AADSTS7000215") as caught:
        oauth(ClientSecret("canary-wrong-secret")).headers()
    assert (caught.value.code, caught.value.system) == ("token-refused", "sales")
    assert "client-1" in caught.value.message
    assert "Trace ID" not in caught.value.message
    assert "canary" not in str(vars(caught.value)) + caplog.text


def test_a_page_instead_of_a_token_is_named(
    entra: Entra, oauth: Callable[..., OAuth], caplog: pytest.LogCaptureFixture
) -> None:
    entra.mode = "html"
    with pytest.raises(Unauthorised, match="text/html") as caught:
        oauth().headers()
    assert caught.value.code == "token-not-json"
    entra.mode = ""
    auth = oauth()
    auth.headers()
    entra.mode = "html"
    with pytest.raises(Unauthorised) as caught:
        auth.renew(auth.headers())
    assert caught.value.code == "token-not-json"
    assert "Sign in to your proxy" not in caplog.text


def test_an_unknown_tenant_is_a_refusal(oauth: Callable[..., OAuth]) -> None:
    with pytest.raises(Unauthorised, match="does not know the tenant") as caught:
        oauth(tenant="unknown").headers()
    assert caught.value.code == "token-refused"


def test_an_authority_without_tls_is_a_fault_of_the_settings(oauth: Callable[..., OAuth]) -> None:
    with pytest.raises(Misconfigured, match="token"):
        oauth(authority="http://localhost:1").headers()


def test_a_token_service_with_an_unknown_certificate_is_refused(entra: Entra, virtual: VirtualTime) -> None:
    app = App("t1", "client-1", ClientSecret(SECRET), "https://org.crm.dynamics.com", entra.url)
    with pytest.raises(Unauthorised) as caught:
        OAuth(app, system="sales", trust=Trust(), clock=virtual.clock).headers()
    assert caught.value.code == "certificate"


def test_a_certificate_signs_the_request_and_its_key_stays_here(
    entra: Entra, oauth: Callable[..., OAuth]
) -> None:
    pem, certificate = rsa_client_pem()
    assert oauth(ClientCertificate(pem)).headers()["Authorization"].startswith("Bearer token-1")
    form = entra.forms[0]
    head, claims, signature = form["client_assertion"].split(".")
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    salted = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    key.verify(_plain(signature), f"{head}.{claims}".encode(), salted, hashes.SHA256())
    assert json.loads(_plain(head))["alg"] == "PS256"
    assert json.loads(_plain(claims))["iss"] == "client-1"
    assert "client_secret" not in form


def _plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_certificate_file_without_a_key_is_a_fault_of_the_settings(oauth: Callable[..., OAuth]) -> None:
    pem, _ = rsa_client_pem()
    with pytest.raises(Misconfigured) as caught:
        oauth(ClientCertificate(pem[pem.index("-----BEGIN CERTIFICATE") :])).headers()
    assert caught.value.field == "certificate"


class Dataverse:
    """Accept one token only."""

    def __init__(self, good: str) -> None:
        self.good = good

    def __call__(self, request: Request) -> Reply:
        right = request.headers["authorization"] == f"Bearer {self.good}"
        return Reply(body=request.body) if right else Reply(401, body=b"token is canary-not shown to be good")


def test_after_a_401_one_new_token_is_fetched_and_the_write_is_done_once(
    entra: Entra, oauth: Callable[..., OAuth], serve: Serve
) -> None:
    auth = oauth()
    auth.headers()
    server = serve(Dataverse(f"token-2-{'x' * 20}"))
    client = HttpClient(server.url, system="sales", trust=Trust(), auth=auth)
    assert client.request("POST", "accounts", content=b"x").body == b"x"
    assert (entra.issued, len(server.requests)) == (2, 2)


def test_a_new_token_that_is_refused_too_stops_the_system(
    entra: Entra, oauth: Callable[..., OAuth], serve: Serve
) -> None:
    server = serve(Dataverse("never"))
    client = HttpClient(server.url, system="sales", trust=Trust(), auth=oauth())
    with pytest.raises(Unauthorised, match="refuses a new token") as caught:
        client.request("GET", "WhoAmI")
    assert (caught.value.code, entra.issued, len(server.requests)) == ("token-refused", 2, 2)


def test_tokens_and_secrets_are_masked_from_then_on(oauth: Callable[..., OAuth]) -> None:
    auth = oauth()
    token = auth.headers()["Authorization"].removeprefix("Bearer ")
    assert redact(f"x {token} y {SECRET} z") == "x [secret] y [secret] z"
    assert SECRET not in repr(ClientSecret(SECRET))
