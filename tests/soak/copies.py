"""Many people out of a few: each row that the product has left of those is copied, as of another time.

Runs inside the installation, by `manage.py shell`. What is copied are whole rows, so that whatever the
product keeps of somebody is there, as large and as often as it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.db.models import F

from campaigns.models import Participant
from integrations.models import (
    Attempt,
    ContactLink,
    Delivery,
    IntercomConnection,
    SettingsRevision,
    Sighting,
    Watch,
    WebhookReceipt,
)
from integrations.services.qualify.reconcile import IDS_A_SEARCH, MOST_SEARCHES
from tests.bench.crowd_sql import insert, settle
from tests.soak.names import early_email, early_name

# `t` is a row of one of the few, `c` says what becomes of it.
COPIES = """
    CREATE TEMPORARY TABLE copies AS SELECT
      new.*, p.id AS old_participant, d.id AS old_delivery, d.contact_id AS old_contact,
      nextval(pg_get_serial_sequence('campaigns_participant', 'id')) AS participant_id,
      nextval(pg_get_serial_sequence('integrations_delivery', 'id')) AS delivery_id,
      to_hex(extract(epoch FROM d.settled_at - new.age)::bigint) || substr(md5(new.email), 1, 16)
        AS contact_id
    FROM (
      SELECT *, seconds * interval '1 second' AS age
      FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS one(n, seconds, email, name, old_email, old_name)
    ) AS new
    JOIN campaigns_participant p ON p.email_normalized = new.old_email
    JOIN integrations_delivery d ON d.participant_id = p.id
    ORDER BY new.n
"""
LOOKED_AT = """CASE WHEN t.state = 'watching'
  THEN now() - (c.n * 7919 %% 1000) / 1000.0 * %f * interval '1 minute' ELSE t.checked_at - c.age END"""
"""As it is where more are watched than one round can look at: each goes on where the last one ended."""

DEAD_ONE_IN = 5
"""PostgreSQL clears away once so many of a table's rows are dead: where rows change, their room is there ever
after."""

NOTIFICATION = "'notif_' || md5({}.notification_id || c.n)"
BY_PERSON = "t.participant_id = c.old_participant"
BY_CONTACT = "t.contact_id = c.old_contact"


def make(*, few: int, people: int, days: float) -> None:
    """Until there are so many, who have joined evenly within so many days."""
    numbers = range(few, people)
    step = days * 86_400 / people
    given: list[list[object]] = [
        list(numbers),
        # Whole ones, as Intercom's clock knows no other.
        [round((people - number) * step) for number in numbers],
        [early_email(number) for number in numbers],
        [early_name(number) for number in numbers],
        [early_email(number % few) for number in numbers],
        [early_name(number % few) for number in numbers],
    ]
    minutes = people / (IDS_A_SEARCH * MOST_SEARCHES)
    with connection.cursor() as cursor:
        cursor.execute(COPIES, given)
    _copy(
        Participant,
        {"id": "c.participant_id", "referral_code": "upper(substr(md5(c.email), 1, 10))"},
        where="t.id = c.old_participant",
    )
    _copy(Delivery, {"id": "c.delivery_id", "participant_id": "c.participant_id"}, where=BY_PERSON)
    _copy(Attempt, {"delivery_id": "c.delivery_id"}, where="t.delivery_id = c.old_delivery")
    _copy(ContactLink, {}, where=BY_CONTACT)
    _copy(Watch, {"participant_id": "c.participant_id", "checked_at": LOOKED_AT % minutes}, where=BY_PERSON)
    receipt = {"notification_id": NOTIFICATION.format("t"), "fingerprint": "md5(t.fingerprint || c.n)"}
    _copy(WebhookReceipt, receipt, where=BY_CONTACT)
    told = "integrations_webhookreceipt"
    _copy(
        Sighting,
        {"participant_id": "c.participant_id", "receipt_id": "copy.id"},
        where=BY_PERSON,
        more=f"LEFT JOIN {told} old ON old.id = t.receipt_id"
        f" LEFT JOIN {told} copy ON copy.notification_id = {NOTIFICATION.format('old')}",
    )
    _make_old(timedelta(days=days))
    settle()


def _make_old(age: timedelta) -> None:
    """What was set up before the first of them joined, and tables that have been written to for weeks."""
    SettingsRevision.objects.update(made_at=F("made_at") - age)
    IntercomConnection.objects.update(
        connected_at=F("connected_at") - age, status_since=F("status_since") - age
    )
    for model in (Delivery, Watch, WebhookReceipt):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET id = id WHERE id % {DEAD_ONE_IN} = 0")  # noqa: S608


def _copy(model: type[models.Model], given: Mapping[str, str], *, where: str, more: str = "") -> None:
    own = {
        str(field.column): _moved(field)
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.generated
    }
    source = f"FROM copies c JOIN {model._meta.db_table} t ON {where} {more} ORDER BY c.n, t.id"
    insert(model, {**own, **given}, source=source)


def _moved(field: models.Field[Any, Any]) -> str:
    """A column of a copy: earlier if it is a time, and wherever it names the person the other one."""
    column = f't."{field.column}"'
    if isinstance(field, models.DateTimeField):
        return f"{column} - c.age"
    if isinstance(field, models.BigIntegerField):
        # A moment of the qualification: tenths of a second.
        return f"{column} - (10 * extract(epoch FROM c.age))::bigint"
    if isinstance(field, models.JSONField):
        return f"{_renamed(f'{column}::text')}::jsonb"
    return _renamed(column) if isinstance(field, models.CharField) else column


def _renamed(text: str) -> str:
    pairs: Sequence[tuple[str, str]] = (
        ("c.old_email", "c.email"),
        ("c.old_name", "c.name"),
        ("c.old_contact", "c.contact_id"),
    )
    for old, new in pairs:
        text = f"replace({text}, {old}, {new})"
    return text
