"""Notifications from Intercom: is it really theirs, and what does it say? Stores nothing, decides nothing.

https://developers.intercom.com/docs/webhooks and .../references/2.16/webhooks/webhook-models
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrations.intercom.parse import LAST_SECOND, ShapeError, parse_contact
from integrations.logic.types import Contact

SIGNATURE = "X-Hub-Signature"
UNINSTALL_SIGNATURE = "X-Body-Signature"
LARGEST_BODY = 1_000_000
"""Bytes. A contact with 250 attributes of 255 characters is a tenth of it."""

_PREFIX = "sha1="
_LONGEST_ID = 100
_LONGEST_TOPIC = 100


class Topic(StrEnum):
    """The topics that matter here; the names are Intercom's, irregular as they are."""

    USER_UPDATED = "contact.user.updated"
    LEAD_UPDATED = "contact.lead.updated"
    SIGNED_UP = "contact.lead.signed_up"
    MERGED = "contact.merged"
    ARCHIVED = "contact.archived"
    UNARCHIVED = "contact.unarchive"
    DELETED = "contact.deleted"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification. `id` is "" for a ping; `created_at` is in Unix seconds (UTC), 0 if not told.

    `contact` is None for topics that we don't use; `whole` says whether its custom attributes were told at
    all: what is not told is not empty. `merged_from` is the id of the contact that ended in this
    one. `fingerprint` is the same for what says the same, whenever and however often it is delivered.
    """

    id: str
    topic: str
    workspace_id: str
    created_at: int
    contact: Contact | None
    merged_from: str
    fingerprint: str
    whole: bool = True


def signed(body: bytes, *, header: str, secrets: Iterable[str]) -> bool:
    """Whether one of the app's client secrets has signed just these bytes; in constant time.

    An empty secret verifies nothing. The header is `sha1=` and 40 hexadecimal digits.
    """
    given = header.removeprefix(_PREFIX).encode("utf-8", "replace")
    if not header.startswith(_PREFIX):
        return False
    keys = [secret.encode() for secret in secrets if secret]
    # Every key is tried, so that the time taken does not tell which one it was.
    matches = [hmac.compare_digest(_digest(key, body).encode(), given) for key in keys]
    return any(matches)


def _digest(key: bytes, body: bytes) -> str:
    return hmac.new(key, body, hashlib.sha1).hexdigest()


def sign(body: bytes, *, secret: str) -> str:
    """The header's value that a secret gives these bytes."""
    return _PREFIX + _digest(secret.encode(), body)


def parse_notification(body: bytes) -> Notification:
    """Raises ShapeError for what is no notification of Intercom's."""
    found = _object(body)
    data = found.get("data")
    if found.get("type") != "notification_event" or not isinstance(data, Mapping):
        raise ShapeError("notification")
    topic, item = found.get("topic"), data.get("item")
    if not isinstance(topic, str) or not 0 < len(topic) <= _LONGEST_TOPIC or not topic.isprintable():
        raise ShapeError("topic")
    return Notification(
        id=_id(found.get("id")),
        topic=topic,
        workspace_id=_word(found.get("app_id")),
        created_at=_seconds(found.get("created_at")),
        contact=_contact(topic, item),
        merged_from=_merged_from(item),
        fingerprint=_fingerprint(topic, data),
        whole=isinstance(item, Mapping) and isinstance(item.get("custom_attributes"), Mapping),
    )


def parse_uninstall(body: bytes) -> str:
    """The id of the workspace that has removed the app. Raises ShapeError.

    Notifications are signed in the same way, by the same secret, and name their workspace just so: none of
    them says this.
    """
    found = _object(body)
    workspace_id = _word(found.get("app_id"))
    if not workspace_id or not found.keys().isdisjoint({"topic", "data"}):
        raise ShapeError("app_id")
    return workspace_id


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise ShapeError("JSON") from None
    if not isinstance(found, Mapping):
        raise ShapeError("object")
    return found


def _contact(topic: str, item: object) -> Contact | None:
    if topic == Topic.PING or topic not in set(Topic):
        return None
    return parse_contact(item)


def _merged_from(item: object) -> str:
    merged = item.get("merged_from") if isinstance(item, Mapping) else None
    return _word(merged.get("id")) if isinstance(merged, Mapping) else ""


def _id(value: object) -> str:
    """Pings have none. What is no id of Intercom's would not be told from others of its kind."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_ID or not value.isprintable():
        raise ShapeError("id")
    return value


def _word(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 64 and value.isprintable() else ""


def _seconds(value: object) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LAST_SECOND
    return int(value) if fits else 0  # type: ignore[call-overload]


def _fingerprint(topic: str, data: Mapping[str, Any]) -> str:
    try:
        text = json.dumps([topic, data], sort_keys=True, ensure_ascii=True)
    except RecursionError:
        raise ShapeError("depth") from None
    return hashlib.sha256(text.encode()).hexdigest()
