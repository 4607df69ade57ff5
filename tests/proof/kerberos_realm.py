"""A Kerberos realm of our own for the proof: KDC, accounts, keytabs and tickets, all below one temporary folder.

Nothing of the machine's own Kerberos is read or written: every program gets KRB5_CONFIG and KRB5_KDC_PROFILE.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REALM = "GP365.TEST"
SERVICE = f"HTTP/localhost@{REALM}"

PROGRAMS = {
    "krb5kdc": "krb5-kdc",
    "kdb5_util": "krb5-kdc",
    "kadmin.local": "krb5-admin-server",
    "kinit": "krb5-user",
    "kvno": "krb5-user",
}
"""Each program that a realm needs, and the Debian package that brings it."""


def program(name: str) -> str:
    """Return the path of a system program, also where /usr/sbin is not searched; "" if there is none."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or ""


def missing_packages(programs: Mapping[str, str]) -> list[str]:
    """Return the Debian packages of those programs that are not there, sorted."""
    return sorted({package for name, package in programs.items() if not program(name)})


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Ask again until it is so; fail with `what` after so many seconds."""
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"{what} within {seconds:g} s"
        time.sleep(0.05)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for_server(process: subprocess.Popen[bytes], port: int, out: Path) -> None:
    """Wait until a server listens; if it ended instead, fail with its own words."""

    def ready() -> bool:
        assert process.poll() is None, out.read_text(encoding="utf-8", errors="replace")
        return listens(port)

    wait_for(ready, f"{Path(str(process.args[0])).name} listens")  # type: ignore[index]


@dataclass
class Realm:
    """A running KDC; `folder` holds its database, log and keytabs."""

    folder: Path
    port: int = field(default_factory=free_port)
    kdc: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "krb5.conf").write_text(self._client_settings(), encoding="utf-8")
        (self.folder / "kdc.conf").write_text(self._kdc_settings(), encoding="utf-8")

    @property
    def log(self) -> str:
        return (self.folder / "kdc.log").read_text(encoding="utf-8", errors="replace")

    def environment(self, **more: str) -> dict[str, str]:
        """Return this process's environment with the realm's settings, and without any ticket or account of ours."""
        dropped = ("KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME", "NTLM_USER_FILE")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        ours = {
            "KRB5_CONFIG": str(self.folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
            "KRB5CCNAME": f"FILE:{self.folder / 'no-ticket'}",
            "KRB5_CLIENT_KTNAME": f"FILE:{self.folder / 'no-keytab'}",
        }
        return {**kept, **ours, **more}

    def create(self) -> None:
        """Make the database of accounts; enough to make keytabs, without a running KDC."""
        self.run("kdb5_util", "create", "-s", "-r", REALM, typed=(secrets.token_hex(16) + "\n") * 2)

    def start(self) -> None:
        self.create()
        with (self.folder / "kdc.out").open("wb") as out:
            self.kdc = subprocess.Popen(
                [program("krb5kdc"), "-n", "-r", REALM],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        wait_for_server(self.kdc, self.port, self.folder / "kdc.out")

    def stop(self) -> None:
        if self.kdc is not None:
            self.kdc.terminate()
            self.kdc.wait(10)

    def run(self, name: str, *arguments: str, typed: str = "", **more: str) -> str:
        """Run one of the realm's programs and return what it says; AssertionError if it fails."""
        done = subprocess.run(
            [program(name), *arguments],
            env=self.environment(**more),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return done.stdout

    def account(self, name: str, password: str = "") -> Path:
        """Make an account and return its keytab; with a password, one that can be typed too."""
        keytab = self.folder / f"{name.replace('/', '-')}.keytab"
        if password:
            self.run("kadmin.local", "-r", REALM, "-q", f"addprinc {name}", typed=f"{password}\n" * 2)
        else:
            self.run("kadmin.local", "-r", REALM, "-q", f"addprinc -randkey {name}")
        keep = "-norandkey " if password else ""
        self.run("kadmin.local", "-r", REALM, "-q", f"ktadd {keep}-k {keytab} {name}")
        return keytab

    def ticket(self, name: str, keytab: Path, *, lifetime: str = "1h") -> str:
        """Get a ticket and return its cache as KRB5CCNAME wants it."""
        cache = f"FILE:{self.folder / secrets.token_hex(4)}.ticket"
        self.run("kinit", "-l", lifetime, "-k", "-t", str(keytab), f"{name}@{REALM}", KRB5CCNAME=cache)
        return cache

    def expired_ticket(self, name: str, keytab: Path) -> str:
        """Get a ticket for one second and return its cache once it is over."""
        cache = self.ticket(name, keytab, lifetime="1s")

        copy = f"{cache}.copy"

        def over() -> bool:
            """Ask for a service ticket with a copy, because one that is granted would be kept in the cache."""
            shutil.copy(cache.removeprefix("FILE:"), copy.removeprefix("FILE:"))
            kvno = [program("kvno"), "-c", copy, SERVICE]
            done = subprocess.run(kvno, env=self.environment(), capture_output=True, check=False)
            return done.returncode != 0

        wait_for(over, "the ticket expires")
        return cache

    def _client_settings(self) -> str:
        return f"""[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 qualify_shortname = ""
 rdns = false
 udp_preference_limit = 1
 clockskew = 1
[realms]
 {REALM} = {{
  kdc = 127.0.0.1:{self.port}
 }}
[domain_realm]
 localhost = {REALM}
"""

    def _kdc_settings(self) -> str:
        return f"""[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
 {REALM} = {{
  database_name = {self.folder / "principal"}
  key_stash_file = {self.folder / "stash"}
  acl_file = {self.folder / "acl"}
  max_life = 10h
  default_principal_flags = +preauth
 }}
[logging]
 kdc = FILE:{self.folder / "kdc.log"}
"""
