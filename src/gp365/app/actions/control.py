"""The control door of the simulators: editing rows as a person of that system would (documented in `gp365_sim`)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from gp365.app.actions.simulators import running_simulators
from gp365.model.errors import Bug


@dataclass(frozen=True, slots=True)
class ControlDoor:
    """The doors of both simulated systems (`gp`, `dataverse`)."""

    urls: Mapping[str, str]
    trust: ssl.SSLContext = field(repr=False)

    def rows(self, system: str, table: str, key: str = "") -> list[dict[str, Any]]:
        """Read the rows of a table, or the one with this key (none: an empty list)."""
        return self._ask("GET", system, table, key, None)

    def put(self, system: str, table: str, key: str, values: Mapping[str, object]) -> None:
        """Save a row as a person would: the columns named, all others stay."""
        self._ask("PUT", system, table, key, values)

    def delete(self, system: str, table: str, key: str) -> None:
        """Delete a row as a person would."""
        self._ask("DELETE", system, table, key, None)

    def tell(self, system: str, what: str, values: Mapping[str, object]) -> None:
        """Have something done that is no row: a renumbering, a combining."""
        self._send("POST", system, what, values)

    def _ask(
        self, method: str, system: str, table: str, key: str, values: Mapping[str, object] | None
    ) -> list[dict[str, Any]]:
        path = f"rows/{quote(table)}" + (f"/{quote(key, safe='')}" if key else "")
        return self._send(method, system, path, values)["rows"]

    def _send(
        self, method: str, system: str, path: str, values: Mapping[str, object] | None
    ) -> dict[str, Any]:
        url = f"{self.urls[system]}/{path}"
        body = None if values is None else json.dumps(values).encode()
        try:
            with cast(
                "HTTPResponse",
                urlopen(Request(url, body, method=method), context=self.trust, timeout=30),  # noqa: S310  ours
            ) as answer:
                return json.load(answer)
        except HTTPError as refused:
            said = refused.read().decode("utf-8", "replace")
            raise Bug("bug", f"The control door of {system} refuses {path}: {said[:300]}") from None


def control_door(folder: Path) -> ControlDoor:
    """Open the doors of the simulators that run in a folder."""
    told = running_simulators(folder)
    urls = {name: str(told[name]["control"]) for name in ("gp", "dataverse")}
    return ControlDoor(urls, ssl.create_default_context(cafile=str(told["ca_file"])))
