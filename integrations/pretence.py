"""Where the pretend workspace tells what happens in it: what a person ticks in Intercom's Developer Hub."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from integrations.models import Region
from integrations.sandbox.demo import open_sandbox

if TYPE_CHECKING:
    from integrations.models import IntercomConnection


def listen_to_sandbox(connection: IntercomConnection) -> None:
    """Has it tell the connection's own address, signed with a new secret. Real workspaces are left alone."""
    if connection.region != Region.SANDBOX:
        return
    connection.webhook_secret = secret = secrets.token_hex(20)
    connection.save(update_fields=["sealed_webhook_secret"])
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    sandbox.unsubscribe(connection.workspace_id)
    address = reverse("intercom_webhooks_private", args=[connection.uuid])
    sandbox.subscribe(f"{settings.PUBLIC_URL}{address}", secret, workspace=connection.workspace_id)
