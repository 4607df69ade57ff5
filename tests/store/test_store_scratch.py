"""Scratch: big lists on disk for one run, gone after it."""

from __future__ import annotations

import os
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from gp365.model.contract import Scratch
from gp365.store.scratch import ScratchFile


def test_rows_are_kept_by_key_found_by_index_and_replaced(tmp_path: Path) -> None:
    with ScratchFile(tmp_path / "scratch") as file:
        scratch: Scratch = file
        table = scratch.table("gp/customer")
        table.put([("B", "fitz", b"1"), ("A", "fitz", b"2"), ("C", "other", b"\x00\xff")])
        table.put([("B", "moved", b"3")])
        assert table.count() == 3
        assert table.get(["A", "B", "Z"]) == {"A": b"2", "B": b"3"}
        assert table.find(["fitz", "moved", "none"]) == [("A", "fitz", b"2"), ("B", "moved", b"3")]
        assert [list(page) for page in table.scan(2)] == [
            [("A", "fitz", b"2"), ("B", "moved", b"3")],
            [("C", "other", b"\x00\xff")],
        ]
        assert scratch.table("gp/customer").count() == 3
        assert scratch.table('"; DROP TABLE t0; --').count() == 0
        table.clear()
        assert (table.count(), list(table.scan(10))) == (0, [])


def test_a_page_that_fails_leaves_none_of_its_rows(tmp_path: Path) -> None:
    with ScratchFile(tmp_path) as file:
        table = file.table("t")
        table.put([("A", "", b"1")])
        with pytest.raises(Exception):  # noqa: B017
            table.put([("B", "", b"2"), ("C", None, b"3")])  # pyright: ignore
        assert [row[0] for page in table.scan(10) for row in page] == ["A"]


def test_a_hundred_thousand_rows_are_read_page_by_page_in_order_with_little_memory(tmp_path: Path) -> None:
    keys = [f"K{n * 7919 % 100_000:06d}" for n in range(100_000)]
    with ScratchFile(tmp_path) as file:
        table = file.table("big")
        for start in range(0, len(keys), 5000):
            table.put([(key, key[:3], b"x" * 200) for key in keys[start : start + 5000]])
        tracemalloc.start()
        seen = [len(page) for page in table.scan(1000)]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == [1000] * 100
        assert peak < 3_000_000
        first = next(iter(table.scan(3)))
        assert [row[0] for row in first] == ["K000000", "K000001", "K000002"]
        assert len(table.get(keys[:2000])) == 2000


def test_threads_may_use_one_file_at_the_same_time(tmp_path: Path) -> None:
    with ScratchFile(tmp_path) as file:

        def fill(number: int) -> None:
            for part in range(20):
                file.table(f"t{number % 2}").put([(f"{number}-{part}-{n}", "i", b"p") for n in range(50)])

        threads = [threading.Thread(target=fill, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (file.table("t0").count(), file.table("t1").count()) == (2000, 2000)


def test_the_file_is_gone_after_the_run(tmp_path: Path) -> None:
    with ScratchFile(tmp_path) as file:
        file.table("t").put([("A", "", b"1")])
        assert file.path.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept_away_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    left = tmp_path / "scratch-left.db"
    left.write_bytes(b"")
    fresh = tmp_path / "scratch-fresh.db"
    fresh.write_bytes(b"")
    with ScratchFile(tmp_path) as used:
        used.table("t").put([("A", "", b"1")])
        old = time.time() - 3600
        for path in (left, used.path):
            os.utime(path, (old, old))
        with ScratchFile(tmp_path) as other:
            assert not left.exists() and fresh.exists()
            assert used.path.exists() and other.path.exists()
        assert used.table("t").get(["A"]) == {"A": b"1"}
