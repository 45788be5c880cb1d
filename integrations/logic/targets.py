"""Which fields of a contact we may write, and as what. No values pass through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from integrations.logic.notes import NoteCode
from integrations.logic.types import CUSTOM, Attribute

EMAIL = "email"
EXTERNAL_ID = "external_id"

FORBIDDEN_TARGETS = frozenset(
    {
        # whose contact it is: set by the action and by Intercom
        *("id", "type", "role", "workspace_id", "created_at", "updated_at"),
        # consent: writing false may subscribe somebody again
        *("unsubscribed_from_emails", "unsubscribed_from_sms", "sms_consent"),
        *("has_hard_bounced", "marked_email_as_spam", "email_verified"),
        *("opted_in_subscription_types", "opted_out_subscription_types"),
        # what Intercom observes
        "last_seen_at",
        # written as text and answered as an object, so that "keep what is there" can't be held
        "avatar",
        # objects and lists: one row would replace them whole
        *("custom_attributes", "tags", "notes", "companies", "location", "social_profiles"),
    }
)
"""Standard fields that are never sent, whatever a row names."""

WIRE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        EMAIL: "string",
        "name": "string",
        "phone": "string",
        EXTERNAL_ID: "string",
        "owner_id": "string",
        "signed_up_at": "date",
    }
)
"""The standard fields that a write takes, by their type there. It differs from the list of attributes:
`owner_id` is listed as integer and written as text since 2.16.
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/createcontact"""

WATCHABLE = frozenset(
    {
        # what somebody changes
        *("role", "name", "phone", EXTERNAL_ID, "owner_id", "signed_up_at", "language_override"),
        # what the person does
        *("unsubscribed_from_emails", "marked_email_as_spam", "has_hard_bounced"),
        *("browser", "browser_language", "os"),
    }
)
"""The standard fields that a rule may watch: a contact shows them as plain values, and they may change to one
that can be named beforehand. The country, say, is within an object; and whose contact it is never changes."""

MARKS: Mapping[str, str] = MappingProxyType(
    {"referred": "boolean", "referral_campaign": "string", "referrer_name": "string"}
)
"""The custom data attributes that mark a contact as referred, with their data types."""


def target_allowed(full_name: str) -> bool:
    """Whether a value may be written to this field at all, in any workspace."""
    if full_name.startswith(CUSTOM):
        return full_name != CUSTOM
    name = full_name.strip().lower()
    return bool(name) and "." not in name and name not in FORBIDDEN_TARGETS


def watchable(full_name: str) -> bool:
    """Whether a rule may watch this field, in any workspace."""
    return full_name in WATCHABLE or (full_name.startswith(CUSTOM) and full_name != CUSTOM)


def find(target: str, *, attributes: Mapping[str, Attribute]) -> Attribute | NoteCode | None:
    """The attribute to write to, the reason why it can't be written, or None if nothing is known of it.

    `attributes` are those of the workspace by full name; empty means that they were not fetched yet.
    """
    if not target_allowed(target):
        return NoteCode.TARGET_FORBIDDEN
    listed = attributes.get(target)
    if target in WIRE_TYPES:
        listed = _as_written(target, listed=listed)
    if listed is None:
        return NoteCode.ATTRIBUTE_MISSING if attributes else None
    if listed.archived:
        return NoteCode.ATTRIBUTE_ARCHIVED
    return listed if listed.writable else NoteCode.ATTRIBUTE_NOT_WRITABLE


def mark_available(name: str, *, attributes: Mapping[str, Attribute]) -> bool:
    """Whether a mark can be written: one that can't would make Intercom refuse the whole contact."""
    attribute = find(CUSTOM + name, attributes=attributes)
    if isinstance(attribute, NoteCode):
        return False
    return attribute is None or attribute.data_type == MARKS[name]


def _as_written(target: str, *, listed: Attribute | None) -> Attribute:
    if listed is None:
        return Attribute(full_name=target, label=target, data_type=WIRE_TYPES[target])
    return replace(listed, data_type=WIRE_TYPES[target])
