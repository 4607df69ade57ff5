"""A process with a door over a store, for tests that kill it and for the benchmark.

python door_child.py STORE PORT_FILE: writes its port when it listens, and the processor time it took when its input ends.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import uvicorn

from gp365.store import hints
from gp365.store.engine import open_store
from gp365.store.hints import Hint
from gp365.web.door import Door, door


@dataclass(frozen=True)
class _Word:
    text: str

    def reveal(self) -> str:
        return self.text


async def _serve(store_path: str, port_file: Path, code: str) -> None:
    store = open_store(Path(store_path))

    def keep(given: Sequence[Hint]) -> None:
        with store.write() as conn:
            hints.keep(conn, given)

    opened = Door("sales", "dataverse", "sales", (_Word(code),), tag="gp365")
    app = door([opened], keep)
    bound = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(app, access_log=False, log_level="warning", http="h11", loop="asyncio")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    part = port_file.with_name(f"{port_file.name}.part")
    part.write_text(str(bound.getsockname()[1]))
    part.replace(port_file)
    began = process_time()
    await asyncio.to_thread(sys.stdin.readline)
    print(process_time() - began, app.state.keeping.commits, flush=True)
    server.should_exit = True
    await serving
    store.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2]), os.environ["DOOR_CODE"]))
