"""What a page asked of the database, and how PostgreSQL means to answer it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from campaigns.models import Participant
from integrations.models import Attempt, Delivery, Sighting, Watch, WebhookReceipt

BIG = frozenset(
    model._meta.db_table for model in (Participant, Delivery, Attempt, Sighting, Watch, WebhookReceipt)
)
"""The tables that grow with the people, and with what is heard of them."""


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    params: Any

    @property
    def reads(self) -> bool:
        return self.sql.lstrip("( ").upper().startswith(("SELECT", "WITH"))


@contextmanager
def listening() -> Iterator[list[Statement]]:
    """All that is asked meanwhile, in order."""
    heard: list[Statement] = []

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
    ) -> Any:
        heard.append(Statement(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield heard


def sequential_scans(statements: Iterable[Statement]) -> list[str]:
    """The big tables that would be read from end to end, each with the statement that does so."""
    return [
        f"{node['Relation Name']}: {one.sql[:2000]}"
        for one in statements
        if one.reads
        for node in _nodes(_plan(one))
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") in BIG
    ]


def _plan(statement: Statement) -> Mapping[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.params)
        told = cursor.fetchone()[0]
    plan: Mapping[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return plan


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)
