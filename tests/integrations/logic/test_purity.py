"""The decisions need nothing but the standard library and each other."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import integrations.logic

MODULES = sorted(Path(integrations.logic.__path__[0]).glob("*.py"))
IMPURE = {"django", "requests", "socket", "sqlite3", "subprocess", "urllib", "http", "logging"}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_logic_imports_the_standard_library_and_itself_alone(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith("integrations.logic.")}
    others = {name.partition(".")[0] for name in imported(path) - ours}
    assert others <= sys.stdlib_module_names - IMPURE
