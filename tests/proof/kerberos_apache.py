"""Apache with mod_auth_gssapi for the proof: Kerberos and NTLM inside Negotiate, over TLS, with its own settings and ports.

What it saw is read back from its own log: who was logged in, over which connection, and which requests carried a login.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from proof.kerberos_realm import free_port, program, wait_for, wait_for_server

MODULES = Path("/usr/lib/apache2/modules")
PROGRAMS = {"apache2": "apache2"}
FILES = {
    MODULES / "mod_auth_gssapi.so": "libapache2-mod-auth-gssapi",
    Path("/etc/gss/mech.d/mech.ntlmssp.conf"): "gss-ntlmssp",
}
"""Each file besides the programs that the server needs, and the Debian package that brings it."""

_LOG = (
    r"{\"user\": \"%u\", \"method\": \"%m\", \"path\": \"%U%q\", \"status\": %>s, \"port\": %{remote}p, "
    r"\"scheme\": \"%{scheme}e\", \"length\": \"%{Content-Length}i\"}"
)


@dataclass(frozen=True)
class Seen:
    """One request as Apache logged it; `scheme` is empty where it carried no Authorization, `port` names the connection."""

    user: str
    method: str
    path: str
    status: int
    port: int
    scheme: str
    length: int


class Apache:
    """A running httpd. `folder` must be readable for the account that its children run as."""

    def __init__(self, folder: Path, pem: Path, keytab: Path, users: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._pem = pem
        self._keytab = keytab
        self._users = users
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self, environment: dict[str, str]) -> None:
        (self.folder / "pages").mkdir(parents=True)
        (self.folder / "pages" / "rows").write_text("rows", encoding="ascii")
        settings = self.folder / "httpd.conf"
        settings.write_text(self._settings(), encoding="utf-8")
        with (self.folder / "httpd.out").open("wb") as out:
            self._process = subprocess.Popen(
                [program("apache2"), "-DFOREGROUND", "-f", str(settings)],
                env={**environment, "KRB5_KTNAME": str(self._keytab), "NTLM_USER_FILE": str(self._users)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        wait_for_server(self._process, self.port, self.folder / "httpd.out")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)

    def seen(self, mark: str, requests: int) -> list[Seen]:
        """Return the requests of one mark once so many of them are logged: Apache logs after it has answered."""
        wait_for(lambda: len(self._logged(mark)) >= requests, f"Apache logs {requests} requests of {mark}")
        return self._logged(mark)

    def _logged(self, mark: str) -> list[Seen]:
        lines = (self.folder / "access.log").read_text(encoding="utf-8").splitlines()
        seen = [_seen(json.loads(line.replace("\\\\", "\\").replace("\\", "\\\\"))) for line in lines]
        return [request for request in seen if request.path.endswith(f"mark={mark}")]

    def errors(self) -> str:
        return (self.folder / "error.log").read_text(encoding="utf-8", errors="replace")

    def _settings(self) -> str:
        names = ("mpm_event", "authn_core", "authz_core", "authz_user", "ssl", "setenvif", "auth_gssapi")
        modules = "\n".join(f"LoadModule {name}_module {MODULES / f'mod_{name}.so'}" for name in names)
        return f"""{modules}
ServerName localhost
ServerRoot {self.folder}
DocumentRoot {self.folder / "pages"}
PidFile {self.folder / "httpd.pid"}
ErrorLog {self.folder / "error.log"}
LogLevel info
DefaultRuntimeDir {self.folder}
{_account()}
Listen 127.0.0.1:{self.port}
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
SSLEngine On
SSLCertificateFile {self._pem}
SSLSessionCache none
SetEnvIf Authorization "^([A-Za-z]+) " scheme=$1
LogFormat "{_LOG}" seen
CustomLog {self.folder / "access.log"} seen
<Location />
 AuthType GSSAPI
 AuthName gp
 GssapiAllowedMech krb5
 GssapiAllowedMech ntlmssp
 GssapiAcceptorName HTTP@localhost
 GssapiConnectionBound On
 Require valid-user
</Location>
<Location /other>
 Require user somebody.else@GP365.TEST
</Location>
"""


def _seen(row: dict[str, object]) -> Seen:
    text = {name: "" if value == "-" else value for name, value in row.items()}
    return Seen(**{**text, "length": int(str(text["length"] or 0))})  # type: ignore[arg-type]


def logins_by_connection(seen: list[Seen]) -> dict[int, int]:
    """Return how many requests with an Authorization field each connection carried."""
    return dict(Counter(request.port for request in seen if request.scheme))


def _account() -> str:
    """Apache never serves as root: its children run as the account that Debian makes for it."""
    return "User www-data\nGroup www-data" if os.getuid() == 0 else ""


def readable(*paths: Path) -> None:
    """Give files that hold keys to the account of Apache's children, and to nobody else."""
    for path in paths:
        path.chmod(0o600)
        if os.getuid() == 0:
            account = pwd.getpwnam("www-data")
            os.chown(path, account.pw_uid, account.pw_gid)
