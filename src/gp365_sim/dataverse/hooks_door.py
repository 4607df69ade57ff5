"""The control door `/_sim/steps`: registered steps, deliveries with their outcomes, and how deliveries are made."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gp365_sim.core.control import answer, object_of, wrong

from .hooks_delivery import Deliveries, Delivery
from .hooks_rules import ENDPOINTS
from .hooks_steps import Step, steps_of
from .organisation import Organisation


@dataclass(config=ConfigDict(extra="forbid"), frozen=True)
class _Order:
    """What may be ordered; what is left out stays."""

    timeout_s: float | None = Field(default=None, gt=0)
    again_after_s: float | None = Field(default=None, ge=0)
    late_s: float | None = Field(default=None, ge=0)
    copies: int | None = Field(default=None, ge=1)
    backwards: bool | None = None
    dropped: bool | None = None
    tag_in_parent: bool | None = None
    any_port: bool | None = None
    ca_file: Path | None = None


_ORDER = TypeAdapter(_Order)


class HooksDoor:
    """What the door shows and takes."""

    def __init__(self, org: Organisation, deliveries: Deliveries) -> None:
        self._org, self._deliveries = org, deliveries

    def routes(self) -> list[BaseRoute]:
        """Give `GET /_sim/steps?after=N`, `POST /_sim/steps {…}` and `DELETE /_sim/steps` (the usual manner again)."""

        async def route(request: Request) -> Response:
            try:
                if request.method == "POST":
                    self._take(_ORDER.validate_python(await object_of(request)))
                elif request.method == "DELETE":
                    self._deliveries.manner = replace(self._deliveries.usual)
                    self._org.any_port = True
                return answer(self._shown(int(request.query_params.get("after", "0"))))
            except ValidationError as error:
                first = error.errors()[0]
                return wrong(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
            except (ValueError, OSError) as error:
                return wrong(str(error))

        return [Route("/_sim/steps", route, methods=["GET", "POST", "DELETE"])]

    def _take(self, order: _Order) -> None:
        given = {name: value for name, value in asdict(order).items() if value is not None}  # pyright: ignore[reportArgumentType]
        if "ca_file" in given:
            self._deliveries.trust(Path(given.pop("ca_file")))
        self._org.any_port = bool(given.pop("any_port", self._org.any_port))
        self._deliveries.manner = replace(self._deliveries.manner, **given)

    def _shown(self, after: int) -> object:
        log = self._deliveries.log
        newer = max(0, log.counts["deliveries"] - after)
        first = max(0, len(log.kept) - newer)
        return {
            "steps": [self._step(step) for step in steps_of(self._org)],
            "deliveries": [_delivery(each) for each in islice(log.kept, first, None)],
            "counts": dict(log.counts),
            "under_way": self._deliveries.under_way,
            "manner": {**asdict(self._deliveries.manner), "any_port": self._org.any_port},
        }

    def _step(self, step: Step) -> object:
        endpoint = self._org.store.find(ENDPOINTS, step.endpoint) or {}
        return {**asdict(step), "url": endpoint.get("url", ""), "authtype": endpoint.get("authtype")}


def _delivery(delivery: Delivery) -> object:
    event = delivery.occasion.event
    return {
        "n": delivery.number,
        "step": delivery.step.id,
        "message": event.message,
        "table": event.table.name,
        "id": event.id,
        "tag": event.tag,
        "operation": delivery.occasion.operation,
        "outcome": delivery.outcome,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "error": delivery.error,
        "at": event.at,
        "started": delivery.started,
        "ended": delivery.ended,
        "duration_ms": delivery.duration_ms,
    }
