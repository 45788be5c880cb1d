"""Panels for tests: a workspace without Intercom, and documents to change one piece of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from integrations.logic.types import Attribute
from integrations.models import DataAttribute, DrainLease, IntercomConnection
from integrations.models.secrets import seal
from integrations.services.attributes import store_attributes
from integrations.services.settings import SettingsError, import_document

EMAIL = {"data_type": "dynamic", "from": "lead.email", "to": "email"}
NAME = {"data_type": "dynamic", "from": "lead.full_name", "to": "name", "if_present": "overwrite"}
SOURCE = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
RULE = {
    "method": "attribute_changes",
    "attribute": "custom_attributes.plan",
    "initial_value": "trial",
    "qualifying_values": ["pro", "team"],
}
WHOLE: Mapping[str, Any] = {
    "workspace": "acme1234",
    "leads": {
        "action": "create_lead",
        "field_map": [EMAIL, NAME, SOURCE],
        "duplicates": "update",
        "marks": True,
        "qualification": RULE,
    },
    "referrers": {"action": "create_user", "field_map": [EMAIL], "duplicates": "skip", "marks": False},
}

FIELDS = (
    Attribute("email", "Email", "string"),
    Attribute("name", "Name", "string"),
    Attribute("phone", "Phone", "string"),
    Attribute("role", "Role", "string", writable=False),
    Attribute("custom_attributes.plan", "Plan", "string", custom=True),
    Attribute("custom_attributes.seats", "Seats", "integer", custom=True),
    Attribute("custom_attributes.active", "Active", "boolean", custom=True),
    Attribute("custom_attributes.lead_source", "Lead source", "string", custom=True),
    Attribute("custom_attributes.old", "Old", "string", custom=True, archived=True),
    Attribute("custom_attributes.seen", "Seen", "date", custom=True, writable=False),
)


def make_workspace(
    workspace_id: str = "acme1234",
    *,
    fields: tuple[Attribute, ...] = FIELDS,
    token: str = "token",
    **values: Any,
) -> IntercomConnection:
    """A connected workspace with some fields; nobody answers there."""
    now = timezone.now()
    connection = IntercomConnection.objects.create(
        workspace_id=workspace_id,
        **{
            "region": "US",
            "name": f"Workspace {workspace_id}",
            "status_since": now,
            "connected_at": now,
            "sealed_token": seal(token),
            **values,
        },
    )
    DrainLease.objects.create(connection=connection)
    store_attributes(connection, fields)
    return connection


def changed(**leads: Any) -> dict[str, Any]:
    """The whole document with some sections of the Leads tab replaced."""
    return {**WHOLE, "leads": {**WHOLE["leads"], **leads}}


def errors_of(campaign: Campaign, document: Any) -> list[str]:
    """What an import complains of."""
    with pytest.raises(SettingsError) as refused:
        import_document(campaign, document)
    return refused.value.errors


def forget_field(connection: IntercomConnection, full_name: str) -> None:
    """As if somebody had archived it in Intercom, and we had heard of it."""
    DataAttribute.objects.filter(connection=connection, full_name=full_name).update(archived=True)
