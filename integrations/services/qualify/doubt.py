"""A contact that a create of ours must have made, whose answer we don't have (yet): its watch begins.

Guesses nothing: where it isn't sure what the create wrote, the watch begins with a look.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from integrations.logic.duplicates import CLOCK_SKEW
from integrations.logic.qualification import Verdict, birth, plain
from integrations.logic.states import Intent
from integrations.logic.targets import MARKS
from integrations.logic.types import CUSTOM, DataType, Role
from integrations.models import FieldMap, Via, Watch
from integrations.services.qualify.rules import active_rule, saved_when

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.logic.types import Contact
    from integrations.models import Delivery
    from integrations.services.qualify.desk import Desk
    from integrations.services.qualify.rules import Active


MARKED = frozenset(CUSTOM + name for name in MARKS)
"""Written to mark somebody as referred, with values of the person's own."""


def adopt(delivery: Delivery, contact: Contact, *, desk: Desk) -> Watch | None:
    """The new watch of a lead whose create is in doubt; None where the contact isn't of that create."""
    settings_id = delivery.settings_id
    active = active_rule(settings_id) if settings_id else None
    if settings_id is None or active is None or active.connection_id != delivery.connection_id:
        return None
    if not is_ours(delivery, contact):
        return None
    row, fresh = Watch.objects.get_or_create(
        participant=delivery.participant,
        defaults={
            "settings_id": settings_id,
            "connection_id": active.connection_id,
            "contact_id": contact.id,
            "attribute": active.rule.attribute,
            "revision": active.rule.revision,
            "wanted_at": timezone.now(),
        },
    )
    if not fresh:
        return None
    desk.add(row, active=active)
    same_settings = delivery.settings_revision == active.rule.revision
    sent = sent_at_birth(settings_id, active=active, intent_at=delivery.intent_at)
    if sent is not None and same_settings:
        desk.begin(row, sent, at=birth(contact), via=Via.WRITE, says=Verdict.FIRST_LOOK)
    return row


def is_ours(delivery: Delivery, contact: Contact) -> bool:
    """Made since the intent, in the role that was meant: by nobody but us."""
    if delivery.intent_at is None:
        return False
    role = Role.USER if delivery.intent == Intent.CREATE_USER else Role.LEAD
    since = delivery.intent_at - timedelta(seconds=CLOCK_SKEW)
    return contact.role == role and contact.created_at >= since.timestamp()


def sent_at_birth(settings_id: int, *, active: Active, intent_at: datetime | None) -> str | None:
    """What a create that left at `intent_at` gave the rule's attribute; None where we can't be sure.

    That is where the settings were saved since, where the value was the person's own, or where Intercom gives
    a field of its own a first value by itself.
    """
    if not active.rule.attribute.startswith(CUSTOM):
        return None
    saved_at = saved_when(settings_id, revision=active.rule.revision)
    if intent_at is None or saved_at is None or saved_at >= intent_at or active.rule.attribute in MARKED:
        return None
    mapped = FieldMap.objects.filter(settings=settings_id, target=active.rule.attribute).first()
    if mapped is None:
        return plain(active.initial, attribute=active.attribute)
    return plain(mapped.value, attribute=active.attribute) if mapped.data_type == DataType.FIXED else None
