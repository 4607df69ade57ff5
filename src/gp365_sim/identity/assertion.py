"""Checks a client assertion: the JWT by which an application proves that it holds its certificate's key."""

import base64
import binascii
import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gp365_sim.identity.tokens import Application

_SKEW_S = 300
_Padding = padding.AsymmetricPadding
_PADDINGS: Mapping[str, Callable[[], _Padding]] = {
    "RS256": padding.PKCS1v15,
    "PS256": lambda: padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}
_THUMBPRINTS: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "x5t": hashes.SHA1,
    "x5t#S256": hashes.SHA256,
}


@dataclass(frozen=True)
class Assertion:
    """A client assertion taken apart, nothing of it checked yet."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes


class BadAssertion(Exception):
    """The assertion is refused, with Entra's own number and sentence (Microsoft Learn, "AADSTS error codes")."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


def read_assertion(text: str) -> Assertion:
    """Take a compact JWT apart; raises BadAssertion 50027."""
    try:
        head, body, signature = text.split(".")
        return Assertion(
            json.loads(_decoded(head)),
            json.loads(_decoded(body)),
            f"{head}.{body}".encode(),
            _decoded(signature),
        )
    except (ValueError, binascii.Error) as error:
        raise BadAssertion(50027, "JWT token is invalid or malformed.") from error


def check_assertion(assertion: Assertion, application: Application, endpoints: Collection[str]) -> None:
    """Check signature, audience, issuer and time against the application's registered certificates.

    RS256 with `x5t` (what azure-identity sends) and PS256 with `x5t#S256` (what Microsoft Learn asks for now)
    are taken. The time that counts is the real one: a client signs by its own clock, which the control door cannot
    move. Raises BadAssertion.
    """
    certificate = _named_certificate(assertion, application)
    _check_signature(assertion, certificate)
    claims = assertion.claims
    if {str(claims.get("iss")), str(claims.get("sub"))} != {application.client_id}:
        raise BadAssertion(
            700021, "Client assertion application identifier doesn't match 'client_id' parameter."
        )
    if claims.get("aud") not in endpoints:
        raise BadAssertion(700023, "Client assertion audience claim does not match Realm issuer.")
    _check_time(claims, time.time())


def _named_certificate(assertion: Assertion, application: Application) -> x509.Certificate:
    for name, algorithm in _THUMBPRINTS.items():
        for certificate in application.certificates:
            # msal keeps the padding of Base64, which JWTs leave out elsewhere.
            if str(assertion.header.get(name)).rstrip("=") == _encoded(certificate.fingerprint(algorithm())):
                return certificate
    raise BadAssertion(
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on application.",
    )


def _check_signature(assertion: Assertion, certificate: x509.Certificate) -> None:
    make_padding = _PADDINGS.get(str(assertion.header.get("alg")))
    key = certificate.public_key()
    if make_padding is None or not isinstance(key, rsa.RSAPublicKey):
        raise BadAssertion(
            5002738, "Invalid JWT token. The algorithm of the client assertion is not supported."
        )
    try:
        key.verify(assertion.signature, assertion.signed, make_padding(), hashes.SHA256())
    except InvalidSignature as error:
        raise BadAssertion(700027, "Client assertion failed signature validation.") from error


def _check_time(claims: Mapping[str, object], now_s: float) -> None:
    begins, ends = claims.get("nbf", claims.get("iat", 0)), claims.get("exp", 0)
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        raise BadAssertion(50027, "JWT token is invalid or malformed.")
    if not begins - _SKEW_S <= now_s <= ends + _SKEW_S:
        raise BadAssertion(700024, "Client assertion is not within its valid time range.")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
