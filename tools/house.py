"""The grain of the house: how long its functions and files are. A mirror, not a gate."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "src"


def lengths() -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Measure every file and every function under src/, in lines."""
    files: list[tuple[int, str]] = []
    functions: list[tuple[int, str]] = []
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        files.append((text.count("\n"), name))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.append(((node.end_lineno or node.lineno) - node.lineno + 1, f"{name}:{node.name}"))
    return sorted(files), sorted(functions)


def main() -> int:
    """Print the figures as JSON: median, 95th percentile, and the longest."""
    files, functions = lengths()
    figures = {
        "files": len(files),
        "lines": sum(length for length, _ in files),
        "functions": len(functions),
        "function_median": functions[len(functions) // 2][0],
        "function_p95": functions[int(len(functions) * 0.95)][0],
        "longest_functions": functions[-8:][::-1],
        "files_over_300": [(length, name) for length, name in files if length > 300][::-1],
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
