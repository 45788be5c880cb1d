"""The whole story of one person, for whoever has to find out what went wrong. Judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integrations.sandbox.control import Call
    from tests.chaos.books import Books
    from tests.chaos.oracle import Finding, Oracle
    from tests.chaos.people import Person

LINES, STORIES = 150, 5


def report(oracle: Oracle, findings: Iterable[Finding], *, head: str) -> str:
    """The findings, and the whole story of the first few whom they concern."""
    lines = [head]
    told: list[Person] = []
    for finding in findings:
        if len(lines) < LINES:
            lines.append(f"- {finding.person.email} in {finding.person.workspace}: {finding.what}")
        if finding.person not in told:
            told.append(finding.person)
    lines.append(f"{len(told)} people are concerned")
    for person in told[:STORIES]:
        lines += ["", *story(person, rows=oracle.by_tag, books=oracle.books)]
    return "\n".join(lines)


def story(person: Person, *, rows: Mapping[str, Mapping[str, Any]], books: Books) -> Iterator[str]:
    """Line by line: the scene, our rows, Intercom's log. Times are UTC."""
    yield f"{person.email} in {person.workspace}; before: {person.before} {person.name}"
    for contact in books.known(person):
        yield f"  was there: {contact}"
    for lead in person.leads:
        row = rows.get(lead.tag, {})
        settled_at = row.get("settled_at")
        when = f" at {_clock(settled_at)}" if settled_at else ""
        yield f"  {lead.tag} joined {lead.panel.slug} as {lead.email!r}"
        yield f"    {row.get('state')}/{row.get('reason')} {row.get('contact_id')}{when}"
        yield from (f"    try {each}" for each in row.get("tries", []))
    yield "  Intercom's log:"
    yield from (f"    {_line(call)}" for call in books.calls_about(person))


def _line(call: Call) -> str:
    body = "" if call.path.endswith("/search") else json.dumps(call.body)
    return (
        f"{_clock(call.at)} #{call.id} {call.method} {call.path} acted: {call.acted} ({call.result}),"
        f" answered: {call.status} {call.ending} {body}"
    )


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")
