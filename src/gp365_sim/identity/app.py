"""The token endpoint and its discovery document, served on the simulated Dataverse's own address."""

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import get_args
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gp365_sim.core.control import answer, object_of, wrong
from gp365_sim.identity.assertion import BadAssertion, check_assertion, read_assertion
from gp365_sim.identity.tokens import LIFETIME_S, Application, Mode, Tokens

_TOKEN = "/{tenant}/oauth2/v2.0/token"  # noqa: S105
_DISCOVERY = "/{tenant}/v2.0/.well-known/openid-configuration"
_OURS = re.compile(r"^/[^/]+/(oauth2/v2\.0/token|v2\.0/\.well-known/openid-configuration)$")
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_HTML = "<html><head><title>Sign in</title></head><body>Service temporarily unavailable.</body></html>"


_Form = Mapping[str, str]
_Route = Callable[[Request], Awaitable[Response]]


class _Refused(Exception):
    """An OAuth error, as Entra words it (Microsoft Learn, "Microsoft Entra authentication error codes")."""

    def __init__(self, error: str, number: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error, self.number, self.message, self.status = error, number, message, status


def with_tokens(app: ASGIApp, tokens: Tokens) -> ASGIApp:
    """Return the app with the token endpoint of `tokens` in front of it, on the same address."""
    routes = [
        Route(_TOKEN, _token_route(tokens), methods=["POST"]),
        Route(_DISCOVERY, _discovery_route(tokens), methods=["GET"]),
    ]
    identity = Starlette(routes=routes)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and _OURS.match(scope["path"])
        await (identity if ours else app)(scope, receive, send)

    return either


def token_control(tokens: Tokens) -> list[BaseRoute]:
    """Return the control door's own route of the token endpoint.

    `POST /_sim/token {"mode": "normal" | "html" | "expired_secret", "revoke": false}`: `html` answers every token
    request with status 200 and a page, `expired_secret` refuses every secret as expired (AADSTS7000222), and
    `revoke` makes the tokens issued so far invalid. `GET` tells the mode; `/_sim/reset` leaves it.
    """

    async def route(request: Request) -> Response:
        if request.method == "POST":
            try:
                order = await object_of(request)
            except ValueError as error:
                return wrong(str(error))
            mode = order.get("mode", tokens.mode)
            if mode not in get_args(Mode):
                return wrong(f"mode is one of {', '.join(get_args(Mode))}")
            tokens.mode = mode  # pyright: ignore[reportAttributeAccessIssue]
            if order.get("revoke"):
                tokens.revoke_all()
        return answer({"mode": tokens.mode})

    return [Route("/_sim/token", route, methods=["GET", "POST"])]


def _token_route(tokens: Tokens) -> _Route:
    async def route(request: Request) -> Response:
        if tokens.mode == "html":
            return HTMLResponse(_HTML)
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            return JSONResponse(_granted(tokens, form, request), headers={"Cache-Control": "no-store"})
        except _Refused as refused:
            return _error(tokens, refused)

    return route


def _granted(tokens: Tokens, form: _Form, request: Request) -> Mapping[str, object]:
    tenant = request.path_params["tenant"]
    _check_tenant(tokens, tenant)
    grant = form.get("grant_type", "")
    if grant != "client_credentials":
        raise _Refused(
            "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'."
        )
    scope = _scope(tokens, form)
    application = _application(tokens, form, tenant)
    _prove(tokens, application, form, request)
    token = tokens.issue(application.client_id, scope)
    return {
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        "ext_expires_in": LIFETIME_S,
        "access_token": token,
    }


def _check_tenant(tokens: Tokens, tenant: str) -> None:
    if tenant.lower() != tokens.tenant_id.lower():
        raise _Refused(
            "invalid_request",
            90002,
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.",
        )


def _scope(tokens: Tokens, form: _Form) -> str:
    scope = form.get("scope", "").strip()
    if not scope:
        raise _Refused("invalid_request", 90014, "The required field 'scope' is missing from the credential.")
    if " " in scope or not scope.endswith("/.default"):
        raise _Refused(
            "invalid_scope",
            1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
            "with /.default suffixed to the resource identifier (application ID URI).",
        )
    resource = scope.removesuffix("/.default")
    if not tokens.knows_resource(resource):
        raise _Refused(
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named {tokens.tenant_id}.",
        )
    return scope


def _application(tokens: Tokens, form: _Form, tenant: str) -> Application:
    client_id = form.get("client_id", "")
    application = tokens.application(client_id)
    if application is None:
        raise _Refused(
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{tenant}'.",
        )
    return application


def _prove(tokens: Tokens, application: Application, form: _Form, request: Request) -> None:
    assertion, secret = form.get("client_assertion", ""), form.get("client_secret", "")
    if assertion:
        _prove_by_assertion(tokens, application, form, request)
    elif secret:
        _prove_by_secret(tokens, application, secret)
    else:
        raise _Refused(
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            401,
        )


def _prove_by_secret(tokens: Tokens, application: Application, secret: str) -> None:
    known = [kept for kept in application.secrets if compare_digest(kept.value.encode(), secret.encode())]
    if not known:
        raise _Refused(
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{application.client_id}'.",
            401,
        )
    now = tokens.clock.now()
    if tokens.mode == "expired_secret" or all(kept.expires and kept.expires <= now for kept in known):
        raise _Refused(
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{application.client_id}' are expired.",
            401,
        )


def _prove_by_assertion(tokens: Tokens, application: Application, form: _Form, request: Request) -> None:
    if form.get("client_assertion_type", "") != _JWT_BEARER:
        raise _Refused(
            "invalid_request", 90014, "The required field 'client_assertion_type' is missing or unknown."
        )
    endpoint = str(request.url.replace(query=""))
    try:
        assertion = read_assertion(form.get("client_assertion", ""))
        check_assertion(assertion, application, _endpoints(endpoint))
    except BadAssertion as bad:
        raise _Refused("invalid_client", bad.number, bad.message, 401) from bad


def _endpoints(endpoint: str) -> frozenset[str]:
    """The token endpoint, and the issuer, which Entra takes as audience too."""
    return frozenset({endpoint, endpoint.replace("/oauth2/v2.0/token", "/v2.0")})


def _error(tokens: Tokens, refused: _Refused) -> Response:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = f"{tokens.clock.now():%Y-%m-%d %H:%M:%SZ}"
    body = {
        "error": refused.error,
        "error_description": f"AADSTS{refused.number}: {refused.message} "
        f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
        "error_codes": [refused.number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={refused.number}",
    }
    return JSONResponse(body, refused.status)


def _discovery_route(tokens: Tokens) -> _Route:
    async def route(request: Request) -> Response:
        tenant = request.path_params["tenant"]
        try:
            _check_tenant(tokens, tenant)
        except _Refused as refused:
            return _error(tokens, refused)
        base = f"{request.url.scheme}://{request.url.netloc}/{tenant}"
        return JSONResponse(_discovery(base))

    return route


def _discovery(base: str) -> Mapping[str, object]:
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "cloud_instance_name": "microsoftonline.com",
    }
