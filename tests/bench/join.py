"""What the integration adds to a join: SQL statements, exactly, and time."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.bench import child
from tests.bench.figures import Figure, Target, ratios
from tests.bench.setting import Setting, in_turn, say
from tests.bench.site import Database

MORE = Target(at_most=6)
"""A savepoint and its release, one SELECT, one INSERT; after the commit one UPDATE and a task."""

MORE_WHEN_WOKEN = Target(at_most=5)


def measure(setting: Setting) -> Iterator[Figure]:
    found: dict[Database, list[dict[str, Any]]] = {database: [] for database in setting.databases}
    say(f"joins: {setting.size.joins} with and without the integration, {setting.size.rounds} rounds")
    cases = [partial(_case, setting, database, into=into) for database, into in found.items()]
    in_turn(cases, rounds=setting.size.rounds)
    for database, rounds in found.items():
        name = f"join, {database.value}"
        on, off = ([statistics.median(one[key]) for one in rounds] for key in ("on", "off"))
        yield Figure(f"{name}: SQL statements more", [one["more"] for one in rounds], MORE)
        woken = [one["more_when_woken"] for one in rounds]
        yield Figure(f"{name}: SQL statements more, workspace awake", woken, MORE_WHEN_WOKEN)
        yield Figure(f"{name}: ms without the integration", off)
        yield Figure(f"{name}: ms with it", on)
        yield Figure(f"{name}: time with / without", ratios(on, off))


def _case(setting: Setting, database: Database, *, into: list[dict[str, Any]]) -> None:
    into.append(child.run_inside(setting.site(database), "joins", setting.size.joins))
