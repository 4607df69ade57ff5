"""Faults in the settings of fiscal calendars and the sales cycle are said with field, value and fix."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.app_folder import SETTINGS
from gp365.app.settings_file import parse_settings
from gp365.model.errors import Misconfigured

GP = """
[systems.books]
kind = "gp"
url = "https://gp.example/GPService"
company = "Fabrikam, Inc."
interid = "TWO"
[pairs.books]
gp = "books"
sales = "sales"
flows = ["firms"]
"""
FISCAL = "[service.fiscal.end]\n"
CYCLE = '[service.cycle.f]\nat = ["06:00"]\n'
MONTHS = "[calendars.company]\nfirst_month = 7\n"
PERIODS = "[calendars.company]\nperiods = [{%s}]\n"
DAYS = "year = 2026, period = 1, first = 2026-01-01, last = 2026-01-31"
FAULTS = {
    "no day of a month": (
        CYCLE + 'forecast_days = ["15", "every day"]',
        "service.cycle.f.forecast_days.1",
        "every day",
        "last working day",
    ),
    "no time": (
        '[service.cycle.f]\nforecast_days = ["15"]\nat = ["25:00"]',
        "service.cycle.f.at.0",
        "25:00",
        "06:00",
    ),
    "never": ('[service.cycle.f]\nforecast_days = ["15"]\nat = []', "service.cycle.f.at", "", "at least 1"),
    "no occasion": (CYCLE, "service.cycle.f", "", "quarter_end or forecast_days"),
    "nothing to do": (FISCAL, "service.fiscal.end", "", "around_period_end or after_close"),
    "no series": (
        FISCAL + 'after_close = {series = ["selling"]}',
        "service.fiscal.end.after_close.series.0",
        "selling",
        "'sales'",
    ),
    "no pair": (
        FISCAL + 'pair = "mian"\naround_period_end = {}',
        "service.fiscal.end.pair",
        "mian",
        "main, books",
    ),
    "no calendar of this name": (
        MONTHS + FISCAL + 'calendar = "compny"\naround_period_end = {}',
        "service.fiscal.end.calendar",
        "compny",
        "company",
    ),
    "no calendar at all": (
        FISCAL + 'pair = "books"\naround_period_end = {}',
        "service.fiscal.end.calendar",
        "",
        "[systems.books.sql]",
    ),
    "quarters of no calendar": (
        CYCLE + 'quarter_end = {by = "periods"}',
        "service.cycle.f.calendar",
        "",
        "[calendars.NAME]",
    ),
    "an empty calendar": ("[calendars.company]\n", "calendars.company", "", "first_month or periods"),
    "days the wrong way round": (
        PERIODS % DAYS.replace("2026-01-31", "2025-12-31"),
        "calendars.company.periods.0",
        "",
        "before its first",
    ),
    "a period twice": (PERIODS % f"{DAYS}}}, {{{DAYS}", "calendars.company", "", "twice"),
    "an unknown word": (
        FISCAL + "around_period_ends = {}",
        "service.fiscal.end.around_period_ends",
        "around_period_ends",
        "around_period_end?",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_setting_is_refused_with_its_place_its_value_and_what_to_write(fault: str) -> None:
    text, field, value, words = FAULTS[fault]
    with pytest.raises(Misconfigured) as refused:
        parse_settings(f"{SETTINGS}{GP}{text}\n")
    told = refused.value
    assert (told.code, told.field, told.value) == ("settings-invalid", field, value)
    assert words in f"{told.message} {told.fix}"
    assert "line " in told.message


def test_a_pair_without_a_calendar_of_its_own_takes_one_of_the_settings() -> None:
    given = parse_settings(f'{SETTINGS}{GP}{MONTHS}{FISCAL}calendar = "company"\naround_period_end = {{}}\n')
    assert given.service.fiscal["end"].look_s == 600
    assert given.calendars["company"].closed_until == {}


def test_the_calendar_that_the_page_shows_is_taken() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "serve.md").read_text("utf-8")
    section = page.partition("## By the calendar")[2].partition("\n## ")[0]
    shown = [line.strip() for line in section.splitlines() if line.startswith("      ")]
    given = parse_settings(f"{SETTINGS}{chr(10).join(shown)}\n").calendars["company"]
    assert (given.first_month, given.closed_until) == (7, {"sales": date(2026, 10, 31)})
