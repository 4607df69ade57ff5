"""Write the generated pages: docs/settings.md, docs/errors.md, and the JSON Schemas of settings and flows.

python tools/write_docs.py          writes them
python tools/write_docs.py --check  ends 1 if one is not as it would be written
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gp365.app import (
    settings,
    settings_alerts,
    settings_doors,
    settings_gp,
    settings_service,
    settings_triggers,
)
from gp365.model import flow_file
from gp365.model.error_catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[1]
TABLES: Mapping[str, tuple[str, type[BaseModel]]] = {
    '[systems.NAME], kind = "gp"': ("A company of Dynamics GP.", settings_gp.GpSystem),
    "[systems.NAME.sql]": ("The same company over SQL Server and eConnect.", settings_gp.GpSqlSettings),
    "[systems.NAME.soap]": ("The same company over GP Web Services.", settings_gp.GpSoapSettings),
    "[systems.NAME.channels.ENTITY]": ("Over which channel an entity goes.", settings_gp.WaysSettings),
    "[systems.NAME.resources.ENTITY]": ("How a site's SBA spells a resource.", settings_gp.ResourceSettings),
    '[systems.NAME], kind = "dataverse"': ("A Dataverse organisation.", settings.DataverseSystem),
    "[systems.NAME.provision]": ("A registration with more rights.", settings.ClientSettings),
    "[systems.NAME.sizes]": ("Sizes of requests to Dataverse.", settings.SizeSettings),
    "[systems.NAME.limits]": (
        "What Dataverse grants to one user in a sliding window (service protection API limits).",
        settings.LimitSettings,
    ),
    '[systems.NAME], kind = "memory"': ("A system in one file, for trying flows.", settings.MemorySystem),
    "[pairs.NAME]": ("Two places that are kept in step.", settings.PairSettings),
    "[doors.NAME]": ("Who may tell the service of changes; see webhooks.md.", settings_doors.DoorSettings),
    "[store]": ("Where links, work and ledger are kept.", settings.StoreSettings),
    "[worker]": ("How the engine works.", settings.WorkerSettings),
    "[verify]": ("How much of what was written is read back.", settings.VerifySettings),
    "[ledger]": ("How long the ledger keeps its payloads.", settings.LedgerSettings),
    "[service]": ("How `gp365 serve` works; see serve.md.", settings_service.ServiceSettings),
    "[service.poll], [service.polls.FLOW]": ("How often flows look.", settings_service.PollSettings),
    "[[service.quiet]]": ("When nothing is written.", settings_service.QuietSettings),
    "[service.schedules.NAME]": ("Runs by the calendar.", settings_service.ScheduleSettings),
    "[service.fiscal.NAME]": (
        "What runs by a company's fiscal calendar; see serve.md.",
        settings_triggers.FiscalSettings,
    ),
    "[service.fiscal.NAME.around_period_end]": (
        "More looks around the end of a period.",
        settings_triggers.AroundSettings,
    ),
    "[service.fiscal.NAME.after_close]": (
        "One run when a period was closed.",
        settings_triggers.AfterCloseSettings,
    ),
    "[service.cycle.NAME]": ("Runs by the sales cycle; see serve.md.", settings_triggers.CycleSettings),
    "[service.cycle.NAME.quarter_end]": (
        "The days around a quarter's end.",
        settings_triggers.QuarterEndSettings,
    ),
    "[calendars.NAME]": ("A fiscal calendar that is kept by hand.", settings_triggers.CalendarSettings),
    "[[calendars.NAME.periods]]": (
        "Its periods, where they are no months.",
        settings_triggers.PeriodSettings,
    ),
    "[alerts]": ("What is told, to whom, and when; see alerts.md.", settings_alerts.AlertSettings),
    "[alerts.channels.NAME]": ("Where notices go.", settings_alerts.ChannelSettings),
    "[alerts.objectives.FLOW]": ("What is expected of a flow.", settings_alerts.ObjectiveSettings),
}
PLACES = """\
A secret never stands in the settings. Where one is needed, write one of

* `{vault = "name"}`: the credential vault in the project's store, filled by `gp365 secret set name`;
* `{env = "NAME"}`: an environment variable;
* `{file = "path"}`: a file, relative to the project folder; line ends at its end do not count.
"""


def settings_page() -> str:
    """Return docs/settings.md."""
    lines = [
        "# Settings: `gp365.toml`",
        "",
        "Generated from the code by `tools/write_docs.py`. `gp365 init` writes a commented file to begin with. Every",
        "command reads `gp365.toml` from the folder of `-C DIR`, else of the variable `GP365_DIR`, else the current one.",
        "A wrong setting is refused with its line; an unknown one with the nearest that is known.",
        "",
        "The first line is `schema = 1`. The JSON Schema for editors is `docs/json/settings.schema.json`.",
        "",
        "## Secrets",
        "",
        PLACES,
    ]
    for title, (text, model) in TABLES.items():
        lines += [f"## `{title}`", "", text, "", "| setting | default | meaning |", "|---|---|---|"]
        lines += list(_rows(model))
        lines.append("")
    return "\n".join(lines)


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{field.alias or name}` | {_default(field)} | {meaning}{_bounds(field)} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == "" or value == {} or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value)}`"


def _bounds(field: FieldInfo) -> str:
    low = next((held.ge for held in field.metadata if hasattr(held, "ge")), None)
    high = next((held.le for held in field.metadata if hasattr(held, "le")), None)
    return f" ({low:g} to {high:g})" if low is not None and high is not None else ""


def errors_page() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Error codes",
        "",
        "Generated from the catalogue by `tools/write_docs.py`. Every error has a code, a message that names the record,",
        "the field and the value as far as they are known, and a fix. With `--json` it is",
        '`{"error": {"code", "message", "system", "record", "field", "value", "fix"}}`.',
        "",
        "| code | meaning | what to do |",
        "|---|---|---|",
    ]
    lines += [f"| `{code}` | {entry.meaning} | {entry.fix} |" for code, entry in CATALOGUE.items()]
    return "\n".join([*lines, ""])


def _json(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def pages() -> dict[Path, str]:
    """Return every generated file with its text."""
    of_settings, of_flows = _json(settings.json_schema()), _json(flow_file.json_schema())
    return {
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "errors.md": errors_page(),
        ROOT / "docs" / "json" / "settings.schema.json": of_settings,
        ROOT / "docs" / "json" / "flow.schema.json": of_flows,
        ROOT / "src" / "gp365" / "app" / "json" / "settings.schema.json": of_settings,
        ROOT / "src" / "gp365" / "flows" / "flow.schema.json": of_flows,
    }


def stale() -> list[Path]:
    """Name the generated files that are not as they would be written."""
    return [path for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text]


def kinds() -> list[type[BaseModel]]:
    """Return the model of every kind of system."""
    return list(get_args(get_args(settings.System)[0]))


def main() -> int:
    """Write or check the files."""
    old = stale()
    if "--check" in sys.argv:
        for path in old:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run python tools/write_docs.py\n")
        return 1 if old else 0
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], "utf-8", newline="\n")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
