"""Keeps our memory of contacts in step when Intercom merges them, or makes users of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.logic.states import OPEN
from integrations.models import ContactLink, Delivery

if TYPE_CHECKING:
    from integrations.logic.types import Contact


def moved(connection_id: int, *, gone: str, to: Contact) -> None:
    """A contact was merged into another, whose id is the one that counts from now on."""
    links = ContactLink.objects.filter(connection=connection_id, contact_id=gone)
    links.update(contact_id=to.id, **({"role": to.role} if to.role else {}))
    # What a drain has in hand follows the merge by itself.
    settled = Delivery.objects.filter(connection=connection_id, contact_id=gone).exclude(state__in=OPEN)
    settled.update(contact_id=to.id)


def signed_up(key: tuple[int, str], *, role: str) -> None:
    """A lead became a user; its id stays."""
    connection_id, contact_id = key
    if role:
        ContactLink.objects.filter(connection=connection_id, contact_id=contact_id).update(role=role)
