"""Init: a new project folder with a commented gp365.toml, asked question by question or given at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from importlib import resources
from pathlib import Path
from string import Template

from gp365.app.settings_file import FILE, parse_settings
from gp365.model.errors import Misconfigured

FOLDERS = ("flows", "lookups", "plans", "reports")
IGNORED = "# Written by gp365 init: what must never be committed.\n.gp365/\nsecrets/\n"
Ask = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a new project must know; an empty answer is asked for, or has the default."""

    gp_url: str = ""
    gp_company: str = ""
    gp_interid: str = ""
    gp_user: str = ""
    gp_time_zone: str = ""
    gp_currency: str = ""
    sales_url: str = ""
    sales_tenant_id: str = ""
    sales_client_id: str = ""
    pair: str = ""


QUESTIONS: Mapping[str, tuple[str, str]] = {
    "gp_url": ("Address of GP Service", "https://gp.example/GPService"),
    "gp_company": ("Company, as GP shows its name", "Fabrikam, Inc."),
    "gp_interid": ("Company database (INTERID)", "TWO"),
    "gp_user": ("Windows user for GP Service (DOMAIN\\user)", "CORP\\gpsvc"),
    "gp_time_zone": ("Time zone of the company", "America/Chicago"),
    "gp_currency": ("Functional currency (ISO code)", "USD"),
    "sales_url": ("Address of the Dataverse organisation", "https://org.crm.dynamics.com"),
    "sales_tenant_id": ("Microsoft Entra tenant id", "00000000-0000-0000-0000-000000000000"),
    "sales_client_id": ("Application (client) id", "00000000-0000-0000-0000-000000000000"),
    "pair": ("Name of the pair", "main"),
}
"""What is asked for each answer, and the default (or an example)."""


@dataclass(frozen=True, slots=True)
class Initialised:
    """A new project: its folder, what was written, and what to do next."""

    folder: str
    written: tuple[str, ...]
    next_steps: tuple[str, ...]


def init(folder: Path, answers: Answers, *, ask: Ask | None = None) -> Initialised:
    """Write a new project into a folder; without `ask`, what is not answered has the example's value.

    Misconfigured("usage") where gp365.toml is there already, "settings-invalid" for an answer that cannot be.
    """
    path = folder / FILE
    if path.exists():
        raise Misconfigured(
            "usage",
            f"{FILE} is there already in {folder}; it is not overwritten.",
            field=FILE,
            fix="Edit it, or name another folder with -C.",
        )
    given = completed(answers, ask)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", given.pair):
        raise Misconfigured(
            "usage",
            "A pair's name has letters, digits, - and _ only.",
            field="pair",
            value=given.pair,
            fix="Choose another name.",
        )
    text = settings_text(given)
    parse_settings(text)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")
    ignore = folder / ".gitignore"
    written = [FILE, *(f"{name}/" for name in FOLDERS)]
    if not ignore.exists():
        ignore.write_text(IGNORED, "utf-8", newline="\n")
        written.append(".gitignore")
    return Initialised(str(folder), tuple(written), NEXT)


NEXT = (
    "gp365 secret set gp          (the password of the GP user)",
    "gp365 secret set sales       (the client secret of the Dataverse application)",
    "gp365 secret set provision   (the client secret of the registration that may customise)",
    "gp365 doctor",
    "gp365 provision plan, then gp365 provision apply",
    "gp365 plan, then gp365 sync",
)
"""What to do after init."""


def completed(answers: Answers, ask: Ask | None) -> Answers:
    """Fill in the missing answers by asking, or with the defaults."""
    given: dict[str, str] = {}
    for each in fields(Answers):
        question, default = QUESTIONS[each.name]
        held = getattr(answers, each.name)
        given[each.name] = held or (ask(question, default) if ask else default)
    return replace(answers, **given)


def settings_text(answers: Answers) -> str:
    """Return the text of a new gp365.toml."""
    template = resources.files("gp365.app").joinpath("gp365.toml.template").read_text("utf-8")
    values = {each.name: _toml(getattr(answers, each.name)) for each in fields(Answers)}
    return Template(template).substitute(values | {"pair": answers.pair})


def _toml(text: str) -> str:
    """Write a text as TOML's basic string holds it, which escapes as JSON does."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
