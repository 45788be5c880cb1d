"""Intercom's own books of a storm, by person and by lead. Read from the sandbox once; judges nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.sandbox.control import Call, Sandbox, Written
from tests.chaos.expected import tag_of
from tests.chaos.people import Lead, Person

SEARCH = "/contacts/search"


class Books:
    """What truly happened, whatever a caller was told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._calls = [(call, json.dumps(call.body)) for call in sandbox.calls()]
        self._by_tag: dict[str, list[Call]] = defaultdict(list)
        self._by_path: dict[str, list[Call]] = defaultdict(list)
        self._by_email: dict[tuple[str, str], list[Call]] = defaultdict(list)
        for call, _ in self._calls:
            if _writes(call):
                self._by_tag[tag_of(call.body)].append(call)
                self._by_path[call.path].append(call)
                self._by_email[call.workspace, _email_of(call)].append(call)
        self._created: dict[tuple[str, str], list[Written]] = defaultdict(list)
        for workspace in sandbox.workspaces():
            for each in sandbox.creations(workspace):
                self._created[workspace, str(each.written["email"]).lower()].append(each)

    def made_for(self, person: Person) -> Sequence[Written]:
        """Contacts that calls created, oldest first."""
        return [each for each in self._of(person) if each.call is not None]

    def known(self, person: Person) -> Sequence[str]:
        """Ids of the contacts that were there before, in the order in which they were added."""
        return [each.contact for each in self._of(person) if each.call is None]

    def _of(self, person: Person) -> Sequence[Written]:
        return self._created.get((person.workspace, person.email), [])

    def history(self, contact: str) -> Sequence[Written]:
        return self._sandbox.history(contact)

    def contact(self, workspace: str, contact: str) -> Mapping[str, Any]:
        return self._sandbox.contact(workspace, contact)

    def writes_for(self, lead: Lead) -> Sequence[Call]:
        """Every write that was meant for this lead, carried out or not."""
        return self._by_tag.get(lead.tag, [])

    def writes_to(self, person: Person) -> Sequence[Call]:
        """Every write to this person's contacts."""
        calls = [*self._by_email.get((person.workspace, person.email), [])]
        for each in self._of(person):
            calls += self._by_path.get(f"/contacts/{each.contact}", [])
        once = {call.id: call for call in calls}
        return [once[number] for number in sorted(once)]

    def calls_about(self, person: Person) -> Sequence[Call]:
        """Everything that was asked or written, for a story."""
        ids = [each.contact for each in self._of(person)]
        words = [f'"{person.email}"', *(f'"{lead.tag}"' for lead in person.leads)]
        return [
            call
            for call, text in self._calls
            if call.workspace in {person.workspace, ""}
            and (any(word in text for word in words) or any(contact in call.path for contact in ids))
        ]


def _writes(call: Call) -> bool:
    to_contacts = call.path.startswith("/contacts") and call.path != SEARCH
    return to_contacts and call.method in {"POST", "PUT", "DELETE"}


def _email_of(call: Call) -> str:
    return str(call.body.get("email", "")) if isinstance(call.body, dict) else ""
