"""Lookup files: text and nothing but text, and every fault named by file, line, value and fix."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.model.errors import Misconfigured
from gp365.model.lookups import folded, lookup, read_lookup, read_lookups


def written(folder: Path, text: str | bytes, name: str = "terms.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refused(folder: Path, text: str | bytes) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        read_lookup(written(folder, text))
    assert caught.value.code == "lookup-invalid"
    assert "terms.csv" in caught.value.message and caught.value.fix
    return caught.value


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_is_read_with_and_without_byte_order_mark_and_with_either_line_end(
    tmp_path: Path, mark: bytes, end: bytes
) -> None:
    lines = [b"country,class", b"NO,EXPORT", b"", "Å,007".encode(), b""]
    table = read_lookup(written(tmp_path, mark + end.join(lines), "class_by_country.csv"))
    assert table.name == "class_by_country"
    assert table.columns == ("country", "class")
    assert table.rows == (("NO", "EXPORT"), ("Å", "007"))


def test_norway_stays_norway_and_zeros_stay_in_front(tmp_path: Path) -> None:
    table = read_lookup(written(tmp_path, 'gp,sales\nNO,false\n007,0010\n"2% 10, Net 30",1e3\n'))
    assert table.to("gp", "sales", "NO") == "false"
    assert table.to("gp", "sales", "007") == "0010"
    assert table.to("gp", "sales", "7") is None
    assert table.to("gp", "sales", "2% 10, net 30 ") == "1e3"
    assert table.to("sales", "gp", "FALSE") == "NO"


def test_an_empty_cell_means_nothing_and_is_not_unknown(tmp_path: Path) -> None:
    assert read_lookup(written(tmp_path, "gp,sales\nNet 30,\n")).to("gp", "sales", "net 30") == ""


def test_a_doubled_key_is_refused_with_both_lines(tmp_path: Path) -> None:
    error = refused(tmp_path, "gp,sales\nNet 30,1\nNet 45,3\n net 30 ,2\n")
    assert "line 4" in error.message and "line 2" in error.message
    assert error.value == "net 30"
    assert "gp" in error.fix


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("gp,sales\nNet 30\n", "line 2"),
        ("gp,sales\n\nNet 30,1,2\n", "line 3"),
        ("gp,sales\n2% 10, Net 30,1\n", "line 2"),
        ("gp;sales\nNet 30;1\n", "line 1"),
        ("gp,gp\nNet 30,1\n", "line 1"),
        ("gp,\nNet 30,1\n", "line 1"),
        ("", "line 1"),
        ('gp,sales\n"Net "30,1\n', "line 2"),
    ],
)
def test_a_ragged_or_broken_line_is_named(tmp_path: Path, text: str, line: str) -> None:
    assert line in refused(tmp_path, text).message


def test_a_file_that_is_not_utf8_says_how_to_save_it(tmp_path: Path) -> None:
    assert "UTF-8" in refused(tmp_path, "gp,sales\nMünchen,1\n".encode("cp1252")).fix


def test_an_unknown_column_names_the_columns_there_are(tmp_path: Path) -> None:
    table = read_lookup(written(tmp_path, "gp,sales\nNet 30,1\n"))
    with pytest.raises(Misconfigured) as caught:
        table.to("gp", "fno", "Net 30")
    assert "gp, sales" in caught.value.fix


def test_a_folder_gives_each_file_under_its_name_and_no_folder_gives_none(tmp_path: Path) -> None:
    written(tmp_path, "a,b\n1,2\n", "one.csv")
    written(tmp_path, "a,b\n3,4\n", "two.csv")
    written(tmp_path, "not a table", "notes.txt")
    assert list(read_lookups(tmp_path)) == ["one", "two"]
    assert read_lookups(tmp_path / "none") == {}


def test_another_content_has_another_digest() -> None:
    one, two = (lookup("t", ("a", "b"), [("1", cell)]) for cell in ("2", "3"))
    assert one.digest() != two.digest() == lookup("t", ("a", "b"), [("1", "3")]).digest()


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=8, unique_by=lambda row: folded(row[0])))
def test_any_text_comes_back_from_a_file_as_it_stood(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("gp", "sales"), *rows])
    file = written(tmp_path_factory.mktemp("lookups"), text.getvalue())
    table = read_lookup(file)
    for key, value in rows:
        assert table.to("gp", "sales", key) == value.strip()
