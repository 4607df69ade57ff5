"""What only Kerberos can tell: why there is no ticket, and that a password is wrong before NTLM tries it once more.

pyspnego falls from Kerberos to NTLM without a word, which is right for a login and wrong for its error message.
"""

from __future__ import annotations

import re

import spnego

from gp365.wire.handshake import WindowsLogin

_PASSWORD_FAULTS = {
    -1765328366: "the account is locked or disabled",
    -1765328361: "the password has expired",
    -1765328360: "the password is wrong",
    -1765328353: "the password is wrong",
}
"""KDC_ERR_CLIENT_REVOKED, KDC_ERR_KEY_EXPIRED, KDC_ERR_PREAUTH_FAILED and KRB_AP_ERR_BAD_INTEGRITY (RFC 4120 §7.5.9; the
last where the KDC wants no pre-authentication), as MIT Kerberos numbers them."""


def ticket_fault(login: WindowsLogin, host: str) -> str:
    """Say in a sentence why Kerberos cannot begin here; "" where it can. Asks the KDC if there is a ticket for it.

    Only for a login without a password: with one, asking once more would count towards the account's lockout.
    """
    try:
        spnego.client(login.user or None, hostname=host, service="HTTP", protocol="kerberos").step()
    except (ImportError, ValueError):  # ValueError: pyspnego knows no such protocol without the extra
        return "The extra gp365[kerberos] is not installed."
    except Exception as exc:  # noqa: BLE001 (gssapi, krb5 and SSPI raise classes of their own)
        return f"Kerberos says: {_plain(str(exc))}."
    return ""


def password_fault(login: WindowsLogin, host: str) -> str:
    """Say in a sentence that the KDC refuses this account's password; "" where it does not or nobody can ask it.

    Only `user@REALM` names an account to the KDC; with `DOMAIN\\user` Kerberos is not to be had outside Windows.
    """
    if not login.password or "@" not in login.user:
        return ""
    try:
        spnego.client(login.user, login.password, hostname=host, service="HTTP", protocol="kerberos")
    except Exception as exc:  # noqa: BLE001 (see ticket_fault)
        fault = _PASSWORD_FAULTS.get(getattr(exc, "err_code", 0), "")
        return f"The Kerberos KDC refuses the login of {login.user}: {fault}." if fault else ""
    return ""


def refused_ticket(host: str) -> tuple[str, str]:
    """Return why a server refuses a ticket, as far as a 401 can mean it, and what to do."""
    why = (
        f"It does not accept the Kerberos ticket for HTTP/{host}: its service does not run as the account that holds this"
        " SPN, its key is out of date, the clocks differ, the channel binding does not fit (a proxy ends TLS in between),"
        " or the account may not enter; a server shows all of them as 401."
    )
    return (
        why,
        f"Look into the server's own log; `setspn -Q HTTP/{host}` names the account that holds the SPN.",
    )


def _plain(text: str) -> str:
    """Take the Kerberos library's own sentence out of the layers that report it."""
    minor = re.search(r"Minor \(\d+\): (.*?)(?:, Context:|$)", text)
    return (minor.group(1) if minor else text).rstrip(".")
