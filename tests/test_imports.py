"""Imports point one way: read from the sources, so that a shortcut shows at once."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STANDARD = sys.stdlib_module_names | {"_typeshed"}
OURS = ("campaigns", "config", "integrations")
TOP = (
    "admin",
    "views",
    "forms",
    "pages",
    "urls",
    "receivers",
    "tasks",
    "management",
    "checks",
    "apps",
    "demo",
    "pretence",
    "processes",
)
"""What the outside calls: nothing further in may import it."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Every name that is imported, wherever it stands; `from a import b` gives a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they point"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def read_imports() -> dict[str, frozenset[str]]:
    paths = [path for folder in OURS for path in (ROOT / folder).rglob("*.py")]
    return {module_name(path): frozenset(imported_names(ast.parse(path.read_text()))) for path in paths}


IMPORTS = read_imports()


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offences(package: str, *forbidden: str, but: tuple[str, ...] = ()) -> list[str]:
    """The imports of a package's modules that are in `forbidden` and not in `but`."""
    return [
        f"{module} imports {name}"
        for module, names in sorted(IMPORTS.items())
        if inside(module, package)
        for name in sorted(names)
        if inside(name, *forbidden) and not inside(name, *but)
    ]


def strangers(package: str, *known: str) -> list[str]:
    """What a package imports beyond the standard library and what is named."""
    return [
        f"{module} imports {name}"
        for module, names in sorted(IMPORTS.items())
        if inside(module, package)
        for name in sorted(names)
        if name.partition(".")[0] not in STANDARD and not inside(name, *known)
    ]


def users_of(*names: str) -> set[str]:
    return {module for module, imported in IMPORTS.items() if any(inside(one, *names) for one in imported)}


def test_the_sources_were_found() -> None:
    assert {"campaigns.models", "integrations.services.queue", "config.settings"} <= IMPORTS.keys()
    assert "integrations.models.Delivery" in IMPORTS["integrations.services.enqueue"]


def test_campaigns_know_nothing_of_integrations() -> None:
    assert offences("campaigns", "integrations", "config") == []


def test_nothing_but_config_imports_config() -> None:
    assert offences("integrations", "config") == []


def test_logic_is_pure() -> None:
    assert strangers("integrations.logic", "integrations.logic") == []


def test_the_client_knows_no_database_and_no_framework() -> None:
    known = ("integrations.intercom", "integrations.logic.types", "requests", "urllib3")
    assert strangers("integrations.intercom", *known) == []


def test_the_sandbox_shares_nothing_with_what_it_tests() -> None:
    assert strangers("integrations.sandbox", "integrations.sandbox", "django") == []


def test_the_supervisor_stands_alone() -> None:
    assert strangers("integrations.supervisor") == []


def test_models_know_logic_and_campaigns_only() -> None:
    known = ("integrations.models", "integrations.logic", "campaigns.models")
    assert offences("integrations.models", *OURS, but=known) == []


def test_services_know_what_is_below_them() -> None:
    below = ("services", "models", "logic", "intercom")
    known = (*(f"integrations.{package}" for package in below), "campaigns")
    assert offences("integrations.services", *OURS, but=known) == []


def test_services_use_campaigns_through_its_own_doors() -> None:
    doors = ("models", "fields", "services", "signals", "text", "tabs", "customs", "cleaning")
    assert offences("integrations.services", "campaigns", but=tuple(f"campaigns.{d}" for d in doors)) == []


@pytest.mark.parametrize("package", ["services", "models", "logic", "intercom", "sandbox", "supervisor"])
def test_nothing_imports_what_the_outside_calls(package: str) -> None:
    own_pages = (f"integrations.{package}",)
    top = [f"integrations.{name}" for name in TOP]
    assert offences(f"integrations.{package}", *top, but=own_pages) == []


@pytest.mark.parametrize("package", ["receivers", "tasks"])
def test_what_the_queue_and_the_signals_call_goes_through_services(package: str) -> None:
    known = ("integrations.services", "campaigns.signals", "campaigns.models")
    assert offences(f"integrations.{package}", *OURS, but=known) == []


def test_tasks_are_queued_through_one_door() -> None:
    assert users_of("django_q.tasks") == {"integrations.services.queue"}
    assert users_of("django_q.brokers") == {"integrations.services.broker"}
    assert users_of("integrations.services.broker") == {"integrations.services.queue"}


def test_http_goes_out_through_one_door() -> None:
    users = users_of("requests", "urllib3", "urllib.request", "httpx")
    assert [module for module in users if not inside(module, "integrations.intercom")] == []


def test_only_the_demonstration_speaks_http_besides() -> None:
    outside = {
        module
        for module in users_of("http.client")
        if not inside(module, "integrations.intercom", "integrations.sandbox")
    }
    assert outside == {"integrations.management.commands.demo"}
