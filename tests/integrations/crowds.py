"""People of whom something has become, for the pages that count and list them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import DUE, IN_FLIGHT, OPEN, Reason, State
from integrations.models import Delivery, IntercomConnection

EVERYWHERE = (
    (State.CREATED, Reason.NEW),
    (State.UPDATED, Reason.EXISTS),
    (State.SKIPPED, Reason.POLICY),
    (State.NOT_SENT, Reason.CANCELLED),
    (State.WAITING, Reason.QUEUED),
    (State.WAITING, Reason.RETRY),
    (State.WAITING, Reason.RULE_FIELD_PROBLEM),
    (State.SENDING, Reason.SENDING),
    (State.UNCERTAIN, Reason.UNCERTAIN),
    (State.HELD, Reason.HELD),
    (State.NEEDS_ATTENTION, Reason.ARCHIVED),
    (State.NEEDS_ATTENTION, Reason.REJECTED),
)
"""One of everything that can become of a person."""


def stand(person: Participant, state: State, reason: Reason = Reason.NONE, **values: Any) -> Delivery:
    """Puts a person's delivery into a state, with all that the database asks of it there.

    What was written went to the first workspace there is.
    """
    now, workspace = timezone.now(), IntercomConnection.objects.order_by("pk")[0]
    delivered = state in (State.CREATED, State.UPDATED)
    fields: dict[str, Any] = {
        "due_at": now + timedelta(minutes=5) if state in DUE else None,
        "settled_at": None if state in OPEN else now,
        "lease_token": uuid.uuid4() if state is State.SENDING else None,
        "connection": workspace if delivered or state in IN_FLIGHT else None,
        "contact_id": f"contact-{person.pk}" if delivered else "",
    }
    if state in IN_FLIGHT:
        fields |= {"email": person.email_normalized, "intent": "create_lead", "intent_at": now}
    Delivery.objects.filter(participant=person).update(state=state, reason=reason, **fields | values)
    return Delivery.objects.get(participant=person)


def log_in(client: Client, *rights: str) -> Client:
    """A member of staff with these rights and no others."""
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    return client


def page(slug: str, campaign: Campaign) -> str:
    return reverse(f"admin:campaigns_campaign_{slug}", args=[campaign.pk])
