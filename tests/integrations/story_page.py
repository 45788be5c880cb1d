"""The page of one entry of the sync log as a test reads it, and entries that stand as a test wants them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.logic.states import State
from integrations.models import Attempt, Delivery, IntercomConnection
from tests.integrations.flow_fixtures import owed

if TYPE_CHECKING:
    from campaigns.models import Participant

SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}


def address(person: Participant) -> str:
    return reverse("admin:integrations_delivery_change", args=[owed(person).pk])


def page(client: Client, person: Participant, **query: str) -> str:
    answer = client.get(address(person), query)
    assert answer.status_code == 200
    return answer.text


def words(client: Client, person: Participant) -> str:
    """What can be read on the page, down to the text for support."""
    return read(page(client, person).partition('<section class="card stack" id="support"')[0])


def read(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def support_text(client: Client, person: Participant) -> str:
    """What is copied for support."""
    found = re.search(
        r'<textarea[^>]+id="support-text"[^>]*>\n(.*?)</textarea>', page(client, person), re.DOTALL
    )
    assert found
    return html.unescape(found[1])


def buttons(client: Client, person: Participant) -> list[str]:
    return re.findall(r'name="command" value="(\w+)"', page(client, person))


def order(client: Client, person: Participant, command: str) -> str:
    url = reverse("admin:integrations_delivery_order", args=[owed(person).pk])
    return client.post(url, {"command": command}, follow=True).text


def looker(*more: str) -> Client:
    """Somebody who may look at the sync log, with these rights besides."""
    user = User.objects.create_user("looker", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_delivery", *more]))
    client = Client()
    client.force_login(user)
    return client


def stand(person: Participant, **changes: Any) -> None:
    Delivery.objects.filter(participant=person).update(**{"due_at": None, **changes})


def attempt(lead: Participant, **values: Any) -> Attempt:
    stored = {"state": State.NEEDS_ATTENTION, "settings_revision": 1, "duration_ms": 5, **values}
    workspace = IntercomConnection.objects.get()
    now = {"started_at": timezone.now(), "connection": workspace}
    return Attempt.objects.create(delivery=owed(lead), **{**now, **stored})
