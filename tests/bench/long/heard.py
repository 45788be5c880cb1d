"""What Intercom told of a crowd's people, and some people of whom there is something special to show."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection
from django.utils import timezone

from campaigns.models import Campaign
from integrations.models import Attempt, Delivery, Sighting, SyncSettings, Watch, WebhookReceipt
from integrations.services.health.snapshot import take
from tests.bench.crowd_sql import fill, insert, unchecked, without_indexes

EVERY = 5
"""One of so many who are in Intercom was seen there again."""
SEEN = f"""FROM integrations_delivery d JOIN campaigns_participant p ON p.id = d.participant_id
  WHERE d.contact_id <> '' AND p.audience = 'lead' AND p.id % {EVERY} = 0"""
ATTRIBUTE = "'custom_attributes.plan'"

RECEIPTS: Mapping[str, str] = {
    "id": "d.participant_id",
    "connection_id": "d.connection_id",
    "notification_id": "'notif_' || d.participant_id",
    "topic": "'contact.user.updated'",
    "contact_id": "d.contact_id",
    "fingerprint": "md5(d.participant_id::text)",
    "told_at": "d.joined_at + interval '1 hour'",
    "received_at": "d.joined_at + interval '1 hour'",
    "used_at": "d.joined_at + interval '1 hour'",
    "state": "'used'",
}
SIGHTINGS: Mapping[str, str] = {
    "participant_id": "d.participant_id",
    "receipt_id": "d.participant_id",
    "via": "'webhook'",
    "verdict": "'not_a_qualifying_value'",
    "attribute": ATTRIBUTE,
    "value": "'trial'",
    "revision": "1",
    "told_at": "d.joined_at + interval '1 hour'",
    "made_at": "d.joined_at + interval '1 hour'",
}
WATCHES: Mapping[str, str] = {
    "participant_id": "d.participant_id",
    "settings_id": "d.settings_id",
    "connection_id": "d.connection_id",
    "contact_id": "d.contact_id",
    "attribute": ATTRIBUTE,
    "revision": "1",
    "checked_at": "now()",
    "made_at": "d.joined_at",
}

TRIES = 30
LONG_AGO, JUST_NOW = 4, 5
"""Of whom nothing is recorded: the one who joined so soon after the first, and so shortly before the last."""
PAUSED = "crowd-3"
"""The campaign that is paused."""


def fill_world(people: int) -> None:
    """A crowd of so many, all that was heard of them, and the counts as a worker would keep them."""
    fill(people=people)
    hear()
    make_odd(people)
    take()


def hear() -> None:
    """Of a part of the people, one notification each and what it meant."""
    tables = [model._meta.db_table for model in (WebhookReceipt, Sighting, Watch)]
    with unchecked(), without_indexes(tables):
        insert(WebhookReceipt, RECEIPTS, source=SEEN)
        insert(Sighting, SIGHTINGS, source=SEEN)
        insert(Watch, WATCHES, source=SEEN)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('integrations_webhookreceipt', 'id'), max(id))"
            " FROM integrations_webhookreceipt"
        )


def make_odd(people: int) -> None:
    """A story of one try, a story of many, two people of whom nothing is recorded, a campaign on pause."""
    Delivery.objects.filter(participant__in=[LONG_AGO, people - JUST_NOW]).delete()
    SyncSettings.objects.filter(campaign=Campaign.objects.get(slug=PAUSED)).update(paused_at=timezone.now())
    short, long = created(people), created(people, skip=1)
    short.tries.exclude(pk=short.tries.order_by("pk")[0].pk).delete()
    last = long.tries.order_by("pk")[0]
    values = {"email": "ana@example.com", "name": "Ana Berg", "custom_attributes.plan": "trial"}
    Attempt.objects.bulk_create(
        Attempt(
            delivery=long,
            connection_id=last.connection_id,
            settings_revision=1,
            started_at=last.started_at,
            duration_ms=120,
            state="waiting",
            reason="retry",
            status=503,
            calls=[{"method": "POST", "path": "/contacts", "status": 503}],
            sent=values,
            received=values,
        )
        for _ in range(TRIES - long.tries.count())
    )
    Delivery.objects.filter(pk=long.pk).update(attempts=TRIES)


def created(people: int, *, skip: int = 0) -> Delivery:
    """The entry of somebody in the middle of the crowd of whom Intercom told something."""
    somebody = Delivery.objects.filter(participant__gte=people // 2, outcome="created")
    return somebody.exclude(participant__watch=None).order_by("participant")[skip]
