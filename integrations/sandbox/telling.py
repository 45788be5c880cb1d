"""What happened to a contact, told to whoever listens: one function for each occasion. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.sandbox.fields import LEAD
from integrations.sandbox.outbox import tell
from integrations.sandbox.webhooks import (
    Topic,
    archived_item,
    contact_item,
    created_topic,
    deleted_item,
    merged_item,
    ping_item,
    tagged_item,
    updated_topic,
)

if TYPE_CHECKING:
    from integrations.sandbox.context import Context
    from integrations.sandbox.messages import Json
    from integrations.sandbox.people import Person


def created(ctx: Context, doc: Json) -> None:
    tell(ctx, created_topic(doc["role"]), contact_item(ctx, doc), contact=doc["id"])


def updated(ctx: Context, doc: Json, *, role_before: str) -> None:
    tell(ctx, updated_topic(role_before, doc["role"]), contact_item(ctx, doc), contact=doc["id"])


def archived(ctx: Context, person: Person) -> None:
    tell(ctx, Topic.ARCHIVED, archived_item(person), contact=person.id)


def unarchived(ctx: Context, person: Person) -> None:
    """Assumed: with the whole contact, as nothing was recorded."""
    doc = {**person.doc, "updated_at": ctx.seconds}
    tell(ctx, Topic.UNARCHIVED, contact_item(ctx, doc), contact=person.id)


def deleted(ctx: Context, person: Person) -> None:
    tell(ctx, Topic.DELETED, deleted_item(person), contact=person.id)


def merged(ctx: Context, doc: Json, *, ended: str) -> None:
    tell(ctx, Topic.MERGED, merged_item(ctx, doc, ended=ended), contact=doc["id"])


def tagged(ctx: Context, doc: Json, *, tag: Json) -> None:
    topic = Topic.LEAD_TAGGED if doc["role"] == LEAD else Topic.USER_TAGGED
    tell(ctx, topic, tagged_item(ctx, doc, tag=tag), contact=doc["id"])


def ping(ctx: Context) -> None:
    """What the vendor sends for a trial, and now and then by itself."""
    tell(ctx, Topic.PING, ping_item())
