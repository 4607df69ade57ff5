"""SQL Server over mssql-python, Microsoft's own driver (the extra `sqlserver`): SSPI on Windows, Kerberos elsewhere."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gp365.connectors.gp.sql.dbapi import DbapiConnection, failed
from gp365.connectors.gp.sql.settings import SqlSettings
from gp365.connectors.gp.sql.tds import parted
from gp365.model.errors import Misconfigured


def connect(settings: SqlSettings, database: str) -> DbapiConnection:
    """Open a connection; Misconfigured if the extra is not installed or a Windows password is asked of it."""
    if settings.authentication == "ntlm":
        raise Misconfigured(
            "settings-invalid",
            f"[systems.{settings.name}.sql] the driver mssql takes no Windows password.",
            system=settings.name,
            field="authentication",
            fix='Use authentication = "windows" (SSPI, Kerberos), or driver = "tds".',
        )
    module = _module(settings)
    failures = (module.Error, module.exceptions.Exception, OSError)
    try:
        raw = module.connect(
            connection_string(settings, database), autocommit=True, timeout=int(settings.timeout_s)
        )
    except failures as failure:
        raise failed(failure) from None
    # It declares pyformat for mappings and takes `?` for sequences.
    return DbapiConnection(raw, "qmark", failures)


def connection_string(settings: SqlSettings, database: str) -> str:
    """Return the words of the connection string; every value in braces, a closing one doubled."""
    host, instance, port = parted(settings.server)
    server = f"{host}\\{instance}" if instance else f"{host},{port}" if port else host
    words = {"Server": server, "Database": database, "Encrypt": "yes" if settings.encrypt else "no"}
    if settings.ca_file is not None:
        words["ServerCertificate"] = str(settings.ca_file)
    if settings.authentication == "windows":
        words["Trusted_Connection"] = "yes"
    else:
        words |= {"UID": settings.user, "PWD": settings.password.reveal() if settings.password else ""}
    return "".join(f"{name}={{{value.replace('}', '}}')}}};" for name, value in words.items())


def _module(settings: SqlSettings) -> Any:
    try:
        return import_module("mssql_python")
    except ImportError as missing:
        raise Misconfigured(
            "settings-invalid",
            f"[systems.{settings.name}.sql] driver mssql is not here: {missing}.",
            system=settings.name,
            field="driver",
            fix="Install gp365 with the extra `sqlserver`.",
        ) from None
