"""Fills a PostgreSQL database with a crowd: participants by the million, and what became of each.

`python -m tests.bench.crowd_sql` fills the migrated, empty database of DATABASE_URL, in a minute or two. Rows
are made inside the database: as the product writes them, but not by it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import django
from django.db import connection, models

from tests.bench.setting import say

PEOPLE = 1_000_000
CAMPAIGNS = 200
WORKSPACES = 3
SECONDS_BETWEEN = 35
"""A million join within 400 days."""

FIRST_NAMES = (
    *("Ana", "Bo", "Chen", "Dora", "Emil", "Fatima", "Goran", "Hana", "Ivo", "Jun", "Kofi", "Lena", "Mei"),
    *("Nils", "Olu", "Paz", "Quentin", "Rosa", "Sam", "Tove", "Uma", "Vera", "Wim", "Xenia", "Yara", "Zoë"),
)
LAST_NAMES = (
    *("Adams", "Berg", "Costa", "Duarte", "Ek", "Fischer", "García", "Haddad", "Ito", "Jansen", "Kim"),
    *("Lind", "Moreau", "Nakamura", "Okafor", "Popov", "Quist", "Rossi", "Silva", "Tanaka", "Usman", "Wolf"),
)
NEEDS = ("rejected", "several_matches", "archived", "gave_up", "contact_gone", "internal_error")

# Of a hundred: 70 created, 10 updated, 10 skipped, 5 not sent, 3 need attention, 2 wait.
STATE = """CASE WHEN h.h < 70 THEN 'created' WHEN h.h < 80 THEN 'updated' WHEN h.h < 90 THEN 'skipped'
  WHEN h.h < 95 THEN 'not_sent' WHEN h.h < 98 THEN 'needs_attention' ELSE 'waiting' END"""
REASON = f"""CASE WHEN h.h < 70 THEN 'new' WHEN h.h < 80 THEN 'exists' WHEN h.h < 90 THEN 'policy'
  WHEN h.h < 95 THEN 'nothing_to_action'
  WHEN h.h < 98 THEN ('{{{",".join(NEEDS)}}}'::text[])[1 + p.id % {len(NEEDS)}]
  WHEN p.id % 2 = 0 THEN 'queued' ELSE 'retry' END"""
SENT = "h.h < 90"
HUNDREDTHS = "CROSS JOIN LATERAL (SELECT abs(hashint8(p.id)::bigint) % 100 AS h) AS h"
THEIR_TAB = "JOIN integrations_syncsettings s ON s.campaign_id = p.campaign_id AND s.audience = p.audience"
ITS_TAB = "JOIN integrations_syncsettings s ON s.id = d.settings_id"

PARTICIPANTS: Mapping[str, str] = {
    "id": "n",
    # Half of all are in one campaign.
    "campaign_id": f"first_campaign + CASE WHEN n % 2 = 0 THEN 0 ELSE n / 2 % {CAMPAIGNS} END",
    "audience": "CASE WHEN n % 33 = 0 THEN 'referrer' ELSE 'lead' END",
    "email": "lower(mailbox || '.' || n || '@example.com')",
    "email_normalized": "lower(mailbox || '.' || n || '@example.com')",
    "first_name": "first",
    "last_name": "last",
    "referral_code": "'C' || n",
    "joined_at": f"now() - left_over * interval '{SECONDS_BETWEEN} s'",
}
DELIVERIES: Mapping[str, str] = {
    "id": "p.id",
    "participant_id": "p.id",
    "campaign_id": "p.campaign_id",
    "joined_at": "p.joined_at",
    "settings_id": "s.id",
    "connection_id": f"CASE WHEN {SENT} THEN s.connection_id END",
    "state": STATE,
    "reason": REASON,
    "due_at": "CASE WHEN h.h >= 98 THEN now() + interval '1 hour' END",
    "settled_at": "CASE WHEN h.h < 98 THEN p.joined_at + interval '3 s' END",
    "owed_since": "p.joined_at",
    "created_at": "p.joined_at",
    "attempts": "CASE WHEN h.h < 90 THEN 1 ELSE 0 END",
    "contact_id": f"CASE WHEN {SENT} THEN substr(md5(p.id::text), 1, 24) ELSE '' END",
    "incomplete": "h.h < 80 AND p.id % 50 = 0",
}
ATTEMPTS: Mapping[str, str] = {
    "delivery_id": "d.id",
    "connection_id": "COALESCE(d.connection_id, s.connection_id)",
    "settings_revision": "1",
    "started_at": "d.joined_at + n * interval '1 s'",
    "duration_ms": "40 + d.id % 300",
    "state": "CASE WHEN n = 2 THEN d.state ELSE 'waiting' END",
    "reason": "CASE WHEN n = 2 THEN d.reason ELSE 'retry' END",
    "contact_id": "d.contact_id",
}


def fill(*, people: int = PEOPLE, attempts: int = 2) -> None:
    """Makes the crowd. The database must be migrated, and hold no campaign yet. `settle` comes next."""
    from campaigns.models import Participant
    from integrations.models import Attempt, Delivery

    set_up()
    tables = [model._meta.db_table for model in (Participant, Delivery, Attempt)]
    with unchecked(), without_indexes(tables):
        insert(Participant, PARTICIPANTS, source=named(people))
        insert(Delivery, DELIVERIES, source=f"FROM campaigns_participant p {THEIR_TAB} {HUNDREDTHS}")
        insert(
            Attempt,
            ATTEMPTS,
            source=f"FROM integrations_delivery d {ITS_TAB}, generate_series(1, {attempts}) n",
        )
    with connection.cursor() as cursor:
        for table in tables[:2]:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608
            )


def settle() -> None:
    """What autovacuum does sooner or later. Not within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def named(people: int) -> str:
    """Numbers and names, as a source of rows; the last one joins now."""
    first, last = ("'{" + ",".join(names) + "}'::text[]" for names in (FIRST_NAMES, LAST_NAMES))
    return f"""FROM (
      SELECT n, {people} - n AS left_over, 'person' || n % 997 AS mailbox,
        ({first})[1 + (n * 7) % {len(FIRST_NAMES)}] AS first,
        ({last})[1 + (n * 11 + n / 7) % {len(LAST_NAMES)}] AS last
      FROM generate_series(1, {people}) AS n) AS made,
      (SELECT min(id) AS first_campaign FROM campaigns_campaign) AS c"""  # noqa: S608


@contextmanager
def unchecked() -> Iterator[None]:
    """Without a look-up of what each row refers to."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")


@contextmanager
def without_indexes(tables: Sequence[str]) -> Iterator[None]:
    """Making an index at the end takes a fraction of the time of keeping it up to date."""
    ask = """SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = ANY(%s)
      AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"""
    with connection.cursor() as cursor:
        cursor.execute(ask, [list(tables)])
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        started = time.monotonic()
        for _name, definition in indexes:
            cursor.execute(definition)
        say(f"{len(indexes):>9} indexes: {time.monotonic() - started:.0f} s")


def set_up() -> None:
    """Campaigns, both tabs of each, and the workspaces that they share."""
    from campaigns.models import Audience, Campaign
    from integrations.models import FieldMap, SyncSettings
    from tests.integrations.panel import FIELDS, make_workspace

    workspaces = [make_workspace(f"crowd{n}", fields=FIELDS) for n in range(WORKSPACES)]
    campaigns = [Campaign.objects.create(name=f"Campaign {n}", slug=f"crowd-{n}") for n in range(CAMPAIGNS)]
    tabs = SyncSettings.objects.bulk_create(
        SyncSettings(
            campaign=campaign,
            audience=audience,
            connection=workspaces[n % WORKSPACES],
            action="create_lead",
        )
        for n, campaign in enumerate(campaigns)
        for audience in Audience
    )
    FieldMap.objects.bulk_create(FieldMap(settings=tab, source="lead.email", target="email") for tab in tabs)


def insert(model: type[models.Model], given: Mapping[str, str], *, source: str) -> None:
    """One INSERT of many rows: `given` are expressions by column; all else is the field's default."""
    columns = {
        str(field.column): given.get(str(field.column)) or _default(field)
        for field in model._meta.concrete_fields
        if not field.generated and (str(field.column) in given or not field.primary_key)
    }
    names = ", ".join(f'"{name}"' for name in columns)
    sql = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(columns.values())} {source}"
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(sql)
        say(f"{cursor.rowcount:>9} rows of {model._meta.db_table}: {time.monotonic() - started:.0f} s")


def _default(field: models.Field[Any, Any]) -> str:
    value = field.get_default()
    if isinstance(field, models.JSONField):
        return f"'{json.dumps(value)}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else str(value)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    fill()
    settle()
