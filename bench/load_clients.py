"""Other ways to bring the same rows into Dataverse: a loop, a pool of threads without pacing, and Microsoft's own client.

Each does what its manual says about 429: wait as long as Retry-After asks, and send again.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, local
from typing import Any

import requests
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError

_POOL = 16
_ROWS = 100
_SYSTEM = frozenset(
    {"createdon", "modifiedon", "versionnumber", "exchangerate", "merged", "statuscode", "statecode"}
)
_MONEY = ("creditlimit", "gp365_creditlimit")
_LOOKUPS = {"_transactioncurrencyid_value": "transactioncurrencyid@odata.bind"}


@dataclass
class Job:
    """What to write, where, and for how long at most: account bodies and card bodies, under ids drawn beforehand."""

    told: dict[str, Any]
    rows: list[tuple[dict[str, Any], dict[str, Any]]]
    until: float
    written: int = 0
    lock: Lock = field(default_factory=Lock)

    @property
    def open(self) -> bool:
        """Tell whether there is time left."""
        return time.monotonic() < self.until

    def wrote(self, rows: int) -> None:
        """Count rows that were acknowledged."""
        with self.lock:
            self.written += rows


def write_job(path: Path, told: Any, rows: list[tuple[Any, Any]], patience_s: float) -> None:
    """Write a job file from rows of Dataverse as the control door shows them: (account, card) pairs."""
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"told": told, "patience_s": patience_s}) + "\n")
        for account, card in rows:
            key = str(uuid.uuid4())
            body = {"accountid": key, **_body(account)}
            bound = {**_body(card), "gp365_AccountId@odata.bind": f"/accounts({key})"}
            file.write(json.dumps([body, bound]) + "\n")


def _body(row: dict[str, Any]) -> dict[str, Any]:
    """Give what a client would send for a row: its filled columns, without what the platform fills in itself."""
    plain = {
        name: value
        for name, value in row.items()
        if value not in (None, False)
        and name not in _SYSTEM
        and not name.startswith("_")
        and "@" not in name
        and not name.endswith(("_base", "_composite"))
    }
    for name in ("accountid", "gp365_customerid"):
        plain.pop(name, None)
    # The control door shows amounts as text.
    plain |= {name: float(plain[name]) for name in _MONEY if name in plain}
    for name, bind in _LOOKUPS.items():
        if row.get(name):
            plain[bind] = f"/transactioncurrencies({row[name]})"
    return plain


def _job(path: Path) -> Job:
    with path.open(encoding="utf-8") as file:
        head = json.loads(next(file))
        rows = [tuple(json.loads(line)) for line in file]
    # One that the machine has set would go before the sessions' own (requests, Session.merge_environment_settings).
    os.environ["REQUESTS_CA_BUNDLE"] = str(head["told"]["ca_file"])
    return Job(head["told"], rows, time.monotonic() + head["patience_s"])  # pyright: ignore[reportArgumentType]


def _told(job: Job, began: float) -> int:
    seconds = time.monotonic() - began
    sys.stdout.write(
        json.dumps({"rows": job.written, "wanted": 2 * len(job.rows), "seconds": round(seconds, 2)})
    )
    return 0


# with requests


def _session(job: Job) -> requests.Session:
    told = job.told
    form = {
        "grant_type": "client_credentials",
        "client_id": told["client_id"],
        "client_secret": told["client_secret"],
        "scope": f"{told['url']}/.default",
    }
    token_url = f"{told['url']}/{told['tenant_id']}/oauth2/v2.0/token"
    token = requests.post(token_url, form, verify=told["ca_file"], timeout=60).json()
    session = requests.Session()
    session.headers.update(
        {"Authorization": f"Bearer {token['access_token']}", "Content-Type": "application/json"}
    )
    return session


def _post(session: requests.Session, job: Job, set_name: str, body: dict[str, Any]) -> None:
    while job.open:
        answer = session.post(
            f"{job.told['url']}/api/data/v9.2/{set_name}", data=json.dumps(body), timeout=300
        )
        if answer.status_code == 429:
            time.sleep(min(float(answer.headers["Retry-After"]), max(0.0, job.until - time.monotonic())))
            continue
        if not answer.ok:
            raise RuntimeError(answer.text)
        job.wrote(1)
        return


def naive_loop(path: Path) -> int:
    """Send one POST per record over one connection."""
    job = _job(path)
    began = time.monotonic()
    session = _session(job)
    for account, card in job.rows:
        _post(session, job, "accounts", account)
        _post(session, job, "gp365_customers", card)
        if not job.open:
            break
    return _told(job, began)


def naive_pool(path: Path) -> int:
    """Send one POST per record from many threads, as fast as they can."""
    job = _job(path)
    began = time.monotonic()
    here = local()

    def send(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        if not job.open:
            return
        if not hasattr(here, "session"):
            here.session = _session(job)
        _post(here.session, job, "accounts", pair[0])
        _post(here.session, job, "gp365_customers", pair[1])

    with ThreadPoolExecutor(_POOL) as pool:
        for done in pool.map(send, job.rows):
            del done
    return _told(job, began)


# Microsoft's client


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    for at in range(0, len(rows), _ROWS):
        yield rows[at : at + _ROWS]


def _create(client: DataverseClient, job: Job, table: str, rows: list[dict[str, Any]]) -> None:
    while job.open:
        try:
            client.records.create(table, rows)
        except HttpError as refused:
            if refused.status_code != 429:
                raise
            time.sleep(float((refused.details or {}).get("retry_after") or 5))
            continue
        job.wrote(len(rows))
        return


def microsoft(path: Path) -> int:
    """Create lists of records by Microsoft's client, which makes a CreateMultiple of each list (records.create)."""
    job = _job(path)
    began = time.monotonic()
    told = job.told
    credential = ClientSecretCredential(
        told["tenant_id"],
        told["client_id"],
        told["client_secret"],
        authority=told["url"],
        disable_instance_discovery=True,
        connection_verify=told["ca_file"],
    )
    with DataverseClient(told["url"], credential) as client:
        for some in _chunks(job.rows):
            _create(client, job, "account", [account for account, _ in some])
            _create(client, job, "gp365_customer", [card for _, card in some])
            if not job.open:
                break
    return _told(job, began)


CLIENTS: dict[str, Callable[[Path], int]] = {
    "naive_loop": naive_loop,
    "naive_pool": naive_pool,
    "microsoft": microsoft,
}
