"""Intercom's own books of a storm, by person and by lead. Read from the sandbox once; judges nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.sandbox.control import Call, Sandbox, Written
from tests.chaos.people import Lead, Person

SEARCH = "/contacts/search"


class Books:
    """What truly happened, whatever a caller was told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._calls = [(call, json.dumps(call.body)) for call in sandbox.calls()]
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
        return [call for call, text in self._calls if _writes(call) and f'"{lead.tag}"' in text]

    def writes_to(self, person: Person) -> Sequence[Call]:
        """Every write to this person's contacts."""
        paths = {f"/contacts/{each.contact}" for each in self._of(person)}
        calls = (call for call, _ in self._calls if _writes(call))
        return [call for call in calls if call.path in paths or _names(call, person)]

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


def _names(call: Call, person: Person) -> bool:
    body = call.body if isinstance(call.body, dict) else {}
    return call.workspace == person.workspace and body.get("email") == person.email
