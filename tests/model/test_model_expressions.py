"""Expressions: what they see, what they give, and that none of them can hang, leak, remember or reach out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gp365.model.expressions import ExpressionError, Expressions, check, named_in
from gp365.model.lookups import lookup
from gp365.model.values import Value

CLASSES = lookup("class_by_country", ("country", "class"), [("NO", "EXPORT"), ("US", "USA-1"), ("DE", "")])
ENGINE = Expressions(
    {"class_by_country": CLASSES}, {"prospects": True, "limit": Decimal("2.50")}, page_s=0.3, record_s=0.1
)
ENDLESS = "(() => { for (;;) {} })()"


def value(expression: str, row: Mapping[str, Value] | None = None) -> Value | ExpressionError:
    return ENGINE.evaluate({"it": expression}, [row or {}])[0]["it"]


def error(expression: str, row: Mapping[str, Value] | None = None) -> ExpressionError:
    found = value(expression, row)
    assert isinstance(found, ExpressionError), found
    return found


# what they see and give


def test_a_condition_sees_the_canonical_fields_of_its_record() -> None:
    rows = [{"customer_type": 3, "address.country": "NO"}, {"customer_type": 8, "address.country": None}]
    found = ENGINE.evaluate({"when": "customer_type === 3", "where": "address.country"}, rows)
    assert found == [{"when": True, "where": "NO"}, {"when": False, "where": None}]


def test_a_field_whose_name_is_a_word_of_the_language_is_a_member_of_row() -> None:
    assert value("row.class + row['my field']", {"class": "A", "my field": "B"}) == "AB"


def test_settings_are_options() -> None:
    assert value("options.prospects && options.limit === '2.5'") is True


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("undefined", None),
        ("null", None),
        ("3", 3),
        ("1.5", Decimal("1.5")),
        ("0.1", Decimal("0.1")),
        ("-0", 0),
        ("'Ü😀'", "Ü😀"),
        ("!0", True),
        ("[1, 2].includes(2) ? 'yes' : 'no' // a comment", "yes"),
    ],
)
def test_results_have_the_types_of_values(expression: str, expected: Value) -> None:
    found = value(expression)
    assert found == expected and type(found) is type(expected)


def test_money_enters_as_text_and_is_compared_exactly() -> None:
    row: dict[str, Value] = {"limit": Decimal("9007199254740993.10"), "big": 2**60}
    assert value("typeof limit + limit", row) == "string9007199254740993.1"
    assert value("compare(limit, '9007199254740993.1')", row) == 0
    assert value("compare('2', '10') < 0 && compare(10, 2.5) > 0") is True
    assert value("big", row) == str(2**60)
    assert error("compare('many', 1)").code == "flow-condition"


def test_dates_enter_as_iso_text() -> None:
    row: dict[str, Value] = {"day": date(2026, 1, 2), "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}
    assert value("day + ' ' + at", row) == "2026-01-02 2026-01-02T03:04:05Z"


@pytest.mark.parametrize("expression", ["({})", "[1]", "() => 1", "0 / 0", "1 / 0", "Symbol()", "10n"])
def test_a_result_that_no_field_holds_is_an_error_of_that_expression(expression: str) -> None:
    assert error(expression).code == "bad-value"


def test_a_lookup_gives_the_second_column_and_an_unknown_value_names_table_and_value() -> None:
    assert value("lookup('class_by_country', country)", {"country": " no "}) == "EXPORT"
    assert value("lookup('class_by_country', 'DE')") is None
    assert value("lookup('class_by_country', null)") is None
    missing = error("lookup('class_by_country', country)", {"country": "JP"})
    assert (missing.code, missing.table, missing.value) == ("lookup-missing", "class_by_country", "JP")
    assert error("lookup('nowhere', 'x')").code == "flow-condition"


def test_a_lookup_can_say_what_stands_in_for_a_missing_line() -> None:
    assert value("lookup('class_by_country', 'JP', 'EXPORT')") == "EXPORT"
    assert value("lookup('class_by_country', country, 'HOME')", {"country": None}) == "HOME"
    assert value("lookup('class_by_country', 'JP', null)") is None
    assert value("lookup('class_by_country', 'NO', 'HOME')") == "EXPORT"
    assert error("lookup('nowhere', 'x', 'y')").code == "flow-condition"


def test_a_fault_in_one_record_or_expression_is_that_ones_alone() -> None:
    rows: list[Mapping[str, Value]] = [{"name": "A"}, {"name": None}, {"name": "C"}]
    found = ENGINE.evaluate({"short": "name.slice(0, 1)", "same": "name", "broken": "1 +* 2"}, rows)
    assert [row["same"] for row in found] == ["A", None, "C"]
    assert [row["short"] for row in (found[0], found[2])] == ["A", "C"]
    assert isinstance(found[1]["short"], ExpressionError)
    assert all(isinstance(row["broken"], ExpressionError) for row in found)


def test_no_rows_and_no_expressions_give_nothing() -> None:
    assert ENGINE.evaluate({"it": "1"}, []) == []
    assert ENGINE.evaluate({}, [{"a": 1}]) == [{}]


# syntax


def test_a_syntax_error_has_its_line_and_column() -> None:
    found = check("a ===\n  3 +* 2")
    assert found is not None
    assert (found.code, found.line, found.column) == ("flow-condition", 2, 6)


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "1); steal(", "1}); (function () {", "let a = 1", "if (a) 1", "1;", "] + ["]
)
def test_what_is_no_single_expression_is_refused(text: str) -> None:
    assert check(text) is not None
    assert isinstance(value(text), ExpressionError)


def test_a_sound_expression_has_no_error() -> None:
    assert check("country === 'NO' ? 'EXPORT' : lookup('t', country)") is None


# hostile expressions


@pytest.mark.parametrize(
    "hostile",
    [
        ENDLESS,
        "(() => { try { for (;;) {} } catch (e) { return 1 } finally { for (;;) {} } })()",
        "(() => { const a = []; for (;;) a.push(new Array(1000).fill(1)) })()",
        "'x'.repeat(1 << 29)",
        "/(x+x+)+y/.test('x'.repeat(5000))",
        "Array.prototype.indexOf.call({length: 1e15}, 1)",
    ],
)
def test_an_endless_loop_or_allocation_is_stopped_and_costs_only_its_own_record(hostile: str) -> None:
    rows: list[Mapping[str, Value]] = [{"number": n} for n in range(40)]
    began = time.monotonic()
    found = ENGINE.evaluate({"it": f"number === 17 ? {hostile} : number", "ok": "number + 1"}, rows)
    assert time.monotonic() - began < 10
    stopped = found[17].pop("it")
    assert isinstance(stopped, ExpressionError) and stopped.code in ("expression-stopped", "flow-condition")
    assert [row.get("it") for row in found if "it" in row] == [n for n in range(40) if n != 17]
    assert [row["ok"] for row in found] == list(range(1, 41))
    assert value("1 + 1") == 2


def test_deep_recursion_is_an_error_and_not_a_crash() -> None:
    assert error("(function f() { return f() + 1 })()").code in ("flow-condition", "expression-stopped")
    assert value("2") == 2


@pytest.mark.parametrize(
    "pollution",
    [
        "Object.prototype.seen = 1",
        "Array.prototype.push = () => 'taken'",
        "String.prototype.trim = () => 'taken'",
        "globalThis.seen = 1",
        "Math.max = () => 'taken'",
        "JSON.parse = () => [{}]",
        "({}).__proto__.seen = 1",
        "({}).__proto__.__proto__ = {seen: 1}",
        "(async () => {})().__proto__.seen = 1",
        "[].values().__proto__.next = () => ({done: true})",
        "(function* () {})().__proto__.__proto__.seen = 1",
        "Object.defineProperty(Object.prototype, 'seen', {get: () => 1})",
        "Object.setPrototypeOf(Function.prototype, {seen: 1})",
        "(lookup.seen = 1, compare.seen = 1, options.seen = 1)",
        "row.seen = 1",
        "seen = 1",
    ],
)
def test_no_record_leaves_anything_behind_for_the_next(pollution: str) -> None:
    probe = (
        "typeof seen + typeof ({}).seen + typeof row.seen + typeof options.seen + typeof (() => 1).seen"
        " + ' a '.trim() + Math.max(1, 2) + [...[7]].length + typeof (async () => 1)().seen + typeof lookup.seen"
    )
    rows: list[Mapping[str, Value]] = [{"first": True}, {"first": False}]
    found = ENGINE.evaluate({"dirty": f"first ? ({pollution}) : null", "probe": probe}, rows)
    clean = Expressions({}, {}).evaluate({"probe": probe}, [{"first": False}])[0]["probe"]
    assert found[0]["probe"] == found[1]["probe"] == clean
    assert ENGINE.evaluate({"probe": probe}, [{"first": False}])[0]["probe"] == clean


def test_there_is_no_clock_no_chance_no_code_from_text_and_no_way_out() -> None:
    names = (
        "Date performance eval Function setTimeout console require process fetch import_ WebAssembly Atomics "
        "SharedArrayBuffer WeakRef FinalizationRegistry queueMicrotask hostLookup hostCompare Promise Proxy Reflect"
    )
    for name in names.split():
        assert value(f"typeof {name}") == "undefined", name
    assert value("typeof Math.random") == "undefined"
    for way in (
        "(() => {})",
        "(async () => {})",
        "(function* () {})",
        "(async function* () {})",
        "lookup",
        "[].map",
    ):
        assert isinstance(value(f"{way}.constructor('return 1')()"), ExpressionError), way
    assert isinstance(value("import('fs')"), ExpressionError)


def test_the_only_host_functions_are_lookup_and_compare() -> None:
    plain = {
        name
        for name in str(value("Object.getOwnPropertyNames(globalThis).join()")).split(",")
        if name[0].islower()
    }
    native = {"decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "globalThis", "undefined"}
    native |= {"isFinite", "isNaN", "parseFloat", "parseInt"}
    assert plain - native == {"lookup", "compare", "options"}


def test_threads_work_side_by_side_and_a_stop_in_one_leaves_the_others_alone() -> None:
    shared = Expressions({"class_by_country": CLASSES}, {}, page_s=0.3, record_s=0.1)

    def work(number: int) -> list[object]:
        text = ENDLESS if number == 1 else "lookup('class_by_country', country) + number"
        rows = [{"number": n, "country": "NO"} for n in range(3)]
        return [row["it"] for row in shared.evaluate({"it": text}, rows)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert all(isinstance(found, ExpressionError) for found in results[1])
    assert [results[n] for n in (0, 2, 3)] == [["EXPORT0", "EXPORT1", "EXPORT2"]] * 3


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("bill_to.country", ("bill_to.country",)),
        ("bill_to.country + name", ("name", "bill_to.country")),
        ("bill_to?.country", ("bill_to.city", "bill_to.country")),
        ("bill_to['country']", ("bill_to.city", "bill_to.country")),
        ("Object.keys(bill_to).length", ("bill_to.city", "bill_to.country")),
        ("bill_to.nowhere", ("bill_to.city", "bill_to.country")),
        ("row.name", ("name", "bill_to.city", "bill_to.country")),
        ("options.name", ("name",)),
        ("'nothing of these'", ()),
    ],
)
def test_what_an_expression_can_reach_is_never_left_out(text: str, reached: tuple[str, ...]) -> None:
    assert named_in([text], ("name", "bill_to.city", "bill_to.country")) == reached


def test_rows_that_differ_in_nothing_reachable_have_the_same_answer_and_others_their_own() -> None:
    engine = Expressions({}, {})
    rows: list[Mapping[str, Value]] = [
        {"number": str(n), "bill_to.country": country} for n, country in enumerate(("US", "DE", "US", None))
    ]
    answers = engine.evaluate({"a": "bill_to.country", "b": "bill_to.country === null"}, rows)
    assert [(one["a"], one["b"]) for one in answers] == [
        ("US", False),
        ("DE", False),
        ("US", False),
        (None, True),
    ]
