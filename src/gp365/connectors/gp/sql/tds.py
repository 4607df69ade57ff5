"""SQL Server over python-tds: pure Python, SQL logins and Windows accounts with their password on any system."""

from __future__ import annotations

import sys
from typing import Any

from gp365.connectors.gp.sql.dbapi import DbapiConnection, failed
from gp365.connectors.gp.sql.settings import SqlSettings
from gp365.model.errors import Misconfigured

_PORT = 1433
"""Where a default instance listens; it is part of the service's name in a domain."""


def connect(settings: SqlSettings, database: str) -> DbapiConnection:
    """Open a connection; encrypted with `encrypt`, for which the certificate authority's file is needed."""
    import pytds

    host, instance, port = parted(settings.server)
    secret = settings.password.reveal() if settings.password else ""
    auth = _auth(settings, host, port, secret)
    failures = (pytds.Error, pytds.TimeoutError, OSError)
    try:
        raw: Any = pytds.connect(
            dsn=f"{host}\\{instance}" if instance else host,
            port=port,
            database=database,
            user=None if auth else settings.user,
            password=None if auth else secret,
            auth=auth,
            cafile=_ca_file(settings),
            timeout=settings.timeout_s,
            login_timeout=min(settings.timeout_s, 30.0),
            appname="gp365",
            autocommit=True,
        )
    except failures as failure:
        raise failed(failure) from None
    return DbapiConnection(raw, "pyformat", failures)


def _auth(settings: SqlSettings, host: str, port: int | None, secret: str) -> Any:
    """Return how a Windows account logs in; None for a SQL login."""
    import pytds.login

    if settings.authentication == "ntlm":
        # Its own NtlmAuth rests on ntlm-auth, which nobody maintains; pyspnego speaks NTLM for our HTTP calls too.
        words = {"username": settings.user, "password": secret, "hostname": host}
        return pytds.login.SpnegoAuth(**words, service="MSSQLSvc", protocol="ntlm")
    if settings.authentication == "sql":
        return None
    if sys.platform != "win32":
        raise Misconfigured(
            "settings-invalid",
            f"[systems.{settings.name}.sql] authentication windows needs Windows with the driver tds.",
            system=settings.name,
            field="authentication",
            fix='Use driver = "mssql" with a Kerberos ticket, or authentication = "ntlm" with user and password.',
        )
    return pytds.login.SspiAuth(server_name=host, port=port or _PORT)


def parted(server: str) -> tuple[str, str, int | None]:
    """Part host, instance and port of `host`, `host:port`, `host,port` or `host\\instance`."""
    host, _, instance = server.partition("\\")
    for sign in (",", ":"):
        name, found, port = host.rpartition(sign)
        if found and port.isdigit() and (sign == "," or ":" not in name):
            return name, instance, int(port)
    return host, instance, None


def _ca_file(settings: SqlSettings) -> str | None:
    """Return the file that python-tds needs to encrypt at all; it has no store of the system's own."""
    if not settings.encrypt:
        return None
    if settings.ca_file is None:
        raise Misconfigured(
            "certificate",
            f"[systems.{settings.name}.sql] encrypt needs ca_file with the driver tds.",
            system=settings.name,
            field="ca_file",
            fix="Set `ca_file` to the authority's file, or use the driver mssql, or `encrypt = false`.",
        )
    return str(settings.ca_file)
