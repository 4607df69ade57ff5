"""The options of flows: the file's defaults, over them the pair's own, and what the systems' settings say."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from gp365.app.loader import LoadedFlow
from gp365.app.settings import PairSettings
from gp365.model.errors import Misconfigured
from gp365.model.flow_file import FlowFile

FROM_SYSTEM: Mapping[str, str] = {"functional_currency": "functional_currency", "company": "interid"}
"""Options that are filled from a setting of the GP system where a flow has them and nobody sets them."""


def pair_options(
    pair: str, given: PairSettings, file: FlowFile, gp: Any, chosen: Sequence[LoadedFlow]
) -> Mapping[str, Any]:
    """Return the options with which a flow runs; Misconfigured("settings-invalid") for one that no flow of the pair has."""
    known = sorted({name for flow in chosen for name in flow.file.options})
    for name, value in given.options.items():
        if name not in known:
            raise _unknown(pair, name, known)
        if name in file.options:
            _check_kind(pair, name, value, file.options[name])
    own = {name: value for name, value in given.options.items() if name in file.options}
    filled = {
        name: getattr(gp, setting, "") or file.options[name]
        for name, setting in FROM_SYSTEM.items()
        if name in file.options
    }
    return {**file.options, **filled, **own}


def _unknown(pair: str, name: str, known: Sequence[str]) -> Misconfigured:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    fix = f"Did you mean {near[0]}?" if near else f"Its flows have {', '.join(known) or 'no options'}."
    return Misconfigured(
        "settings-invalid",
        f"gp365.toml: pairs.{pair}.options.{name} is an option of no flow of this pair.",
        field=f"pairs.{pair}.options.{name}",
        value=name,
        fix=fix,
    )


def _check_kind(pair: str, name: str, value: Any, default: Any) -> None:
    if isinstance(value, bool) is not isinstance(default, bool) or not isinstance(value, type(default)):
        kind = "true or false" if isinstance(default, bool) else f"like {default!r}"
        raise Misconfigured(
            "settings-invalid",
            f"gp365.toml: pairs.{pair}.options.{name} must be {kind}.",
            field=f"pairs.{pair}.options.{name}",
            value=str(value),
        )


def holds(condition: str, options: Mapping[str, Any]) -> bool:
    """Tell whether a row's `option` holds: words that all must, each NAME (set to something) or NAME=VALUE."""
    return all(_holds(word, options) for word in condition.split())


def names_in(condition: str) -> tuple[str, ...]:
    """Name the options that a row's `option` depends on."""
    return tuple(word.partition("=")[0] for word in condition.split())


def _holds(word: str, options: Mapping[str, Any]) -> bool:
    name, equals, wanted = word.partition("=")
    return str(options.get(name)) == wanted if equals else bool(options.get(name))
