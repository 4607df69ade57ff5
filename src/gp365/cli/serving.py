"""The service with its faces put together: alerts and figures, and over HTTP doors, health, metrics and the status page."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from gp365.app.alerts.beside import Beside
from gp365.app.alerts.days import company_zone
from gp365.app.assembly import assemble
from gp365.app.project import Project
from gp365.app.service.crew import CrewOf
from gp365.app.service.served import serving
from gp365.app.service.service import Service
from gp365.app.service.standing import Standing
from gp365.app.service.stood import led_by
from gp365.model.contract import Secret
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.store.hints import Hint
from gp365.web.door import door
from gp365.web.door_project import doors_of, keeper
from gp365.web.door_tally import Tally
from gp365.web.health import Face, health_routes


@contextmanager
def served(project: Project, crew: CrewOf | None = None) -> Generator[tuple[Service, str]]:
    """Run the service with everything beside it; give it and the address under which it listens, or "".

    One that leads a crew does so too where it cannot listen.
    """
    tally = Tally(project.log.note)
    told: list[Service] = []

    def standing() -> Standing | None:
        with suppress(Gp365Error):
            return led_by(told[0].standing(), crew.slot if crew else "") if told else None
        return None

    beside = Beside(
        project,
        standing=standing,
        doors=lambda: {(name, str(fate)): count for (name, fate), count in tally.counts.copy().items()},
    )
    with closing(beside), serving(project, beside.look, crew) as service:
        told.append(service)
        face = Face(
            standing, beside.metrics.text, beside.broken, _token(project), company_zone(project.settings)
        )
        with ExitStack() as held:
            try:
                address = held.enter_context(_listening(project, face, tally, service.wake))
            except Misconfigured as error:
                if crew is None:
                    raise
                project.log.note("error", error=error.as_dict())
                address = ""
            yield service, address


def _token(project: Project) -> Secret | None:
    given = project.settings.alerts.status_token
    return None if given is None else project.secret(given, "alerts.status_token")


@contextmanager
def _listening(project: Project, face: Face, tally: Tally, wake: Callable[[], None]) -> Generator[str]:
    """Serve the faces in a thread of their own for the block; Misconfigured("usage") if the address is taken."""
    host, _, port = project.settings.service.listen.rpartition(":")
    if not host:
        yield ""
        return
    with assemble(project) as assembly:  # of its own: the service's is at work in another thread
        known = doors_of(assembly)
    doors = door(known, _keeping(project, wake), note=project.log.note, tally=tally)
    app = Starlette(routes=[*health_routes(face), Mount("/", doors)])
    taken = _bound(host.strip("[]"), int(port))
    server = uvicorn.Server(
        uvicorn.Config(
            app, access_log=False, log_level="warning", http="h11", lifespan="off", server_header=False
        )
    )
    thread = Thread(target=lambda: server.run(sockets=[taken]), name="faces", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        doors.state.keeping.stop()
        taken.close()


def _keeping(project: Project, wake: Callable[[], None]) -> Callable[[Sequence[Hint]], None]:
    keep = keeper(project)

    def keep_and_wake(given: Sequence[Hint]) -> None:
        keep(given)
        wake()

    return keep_and_wake


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform == "win32":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:  # without it, connections of a service that was killed keep its address taken for a minute
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise Misconfigured(
            "usage",
            f"Nothing can be served at {host}:{port}: {error.strerror}.",
            field="service.listen",
            fix="Set another address in service.listen.",
        ) from None
    return made
