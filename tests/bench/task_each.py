"""What we are compared with: a django-q2 task for each lead, as one would write it in an afternoon.

A task reads its lead, looks for the contact and creates it; a worker keeps its connections.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import requests
from django.conf import settings
from django_q.tasks import async_task

from campaigns.models import Participant
from tests.bench import backlog
from tests.bench.child import tell
from tests.bench.people import create_body, emails, search_body


def send(lead_id: int) -> str:
    """The task. The contact's ID is what django-q2 keeps of it."""
    lead = Participant.objects.get(pk=lead_id)
    found = _post("/contacts/search", search_body([lead.email]))["data"]
    contact = found[0] if found else _post("/contacts", create_body(lead.email))
    return str(contact["id"])


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = _http().post(settings.INTERCOM_API_URL + path, json=body, timeout=30)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


@cache
def _http() -> requests.Session:
    http = requests.Session()
    # As the drain does: looking for a proxy at each call would make the comparison too easy.
    http.trust_env = False
    http.headers["Authorization"] = "Bearer bench"
    return http


def main(count: int) -> None:
    """Leads, and a task for each in the queue of a cluster that does not run yet."""
    backlog.clear()
    for lead in backlog.add_leads(emails(count)):
        async_task("tests.bench.task_each.send", lead.pk)
    tell({})
