"""Where a person finds a contact: its page in Intercom, or in the sandbox. Asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django.conf import settings

from integrations.logic.states import Reason
from integrations.models import Region
from integrations.services.client import page_url

if TYPE_CHECKING:
    from integrations.models import Delivery, IntercomConnection


GONE = (Reason.CONTACT_GONE, Reason.NOT_RESTORABLE)


def contact_of(delivery: Delivery) -> str:
    """The address of the contact that an entry of the sync log is about, as far as there still is one."""
    if delivery.reason in GONE:
        return ""
    return contact_url(delivery.connection, delivery.contact_id)


def contact_url(connection: IntercomConnection | None, contact_id: str) -> str:
    """The address of a contact's page; "" where there is none to go to."""
    if connection is None or not contact_id:
        return ""
    place = f"{quote(connection.workspace_id, safe='')}/{{}}{quote(contact_id, safe='')}"
    try:
        intercom = "" if connection.region == Region.SANDBOX else page_url(connection.region)
    except ValueError:
        return ""
    if intercom and intercom != settings.INTERCOM_SANDBOX_URL:
        return f"{intercom}/a/apps/{place.format('users/')}"
    return f"{settings.INTERCOM_SANDBOX_URL}/ui/{place.format('')}/" if settings.INTERCOM_SANDBOX else ""
