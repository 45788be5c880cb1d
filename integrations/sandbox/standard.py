"""The fields that every contact has, as Intercom lists and answers them. Data only.

From the recorded GET /data_attributes; a standard attribute has no id.
"""

from __future__ import annotations

from typing import Any, Final

TEAMMATE_ID: Final = "991267459"
"""The one teammate of every pretend workspace: the admin of /me and the only valid owner."""


def _field(
    full_name: str, label: str, data_type: str = "string", *, writable: bool = False, in_ui: bool = False
) -> dict[str, Any]:
    return {
        "type": "data_attribute",
        "name": full_name.rpartition(".")[2],
        "full_name": full_name,
        "label": label,
        "description": "",
        "data_type": data_type,
        "api_writable": writable,
        "ui_writable": in_ui,
        "messenger_writable": False,
        "custom": False,
        "archived": False,
        "model": "contact",
    }


STANDARD: Final = (
    _field("role", "Contact role", writable=True),
    _field("name", "Name", writable=True, in_ui=True),
    _field("owner_id", "Owner", "integer", writable=True),
    _field("email", "Email", writable=True, in_ui=True),
    _field("phone", "Phone", writable=True, in_ui=True),
    _field("external_id", "User ID", writable=True),
    _field("created_at", "First Seen", "date"),
    _field("signed_up_at", "Signed up", "date", writable=True),
    _field("last_seen_at", "Last seen", "date", writable=True),
    _field("last_contacted_at", "Last contacted", "date"),
    _field("last_replied_at", "Last heard from", "date"),
    _field("last_email_opened_at", "Last opened email", "date"),
    _field("last_email_clicked_at", "Last clicked on link in email", "date"),
    _field("location.country", "Country"),
    _field("location.region", "Region"),
    _field("location.city", "City"),
    _field("browser_language", "Browser Language"),
    _field("language_override", "Language Override"),
    _field("browser", "Browser"),
    _field("browser_version", "Browser Version"),
    _field("os", "OS"),
    _field("unsubscribed_from_emails", "Unsubscribed from Emails", "boolean", writable=True),
    _field("marked_email_as_spam", "Marked email as spam", "boolean"),
    _field("has_hard_bounced", "Has hard bounced", "boolean"),
    _field("id", "ID"),
    _field("avatar", "Avatar image url", writable=True),
    _field("updated_at", "Updated at", "date"),
    _field("workspace_id", "Workspace ID"),
    _field("android_app_name", "Android App name"),
    _field("android_sdk_version", "Android SDK version"),
    _field("ios_app_name", "iOS App name"),
    _field("ios_sdk_version", "iOS SDK version"),
)

EMPTY_FIELDS: Final = (
    *("avatar", "owner_id", "signed_up_at", "last_seen_at", "last_replied_at", "last_contacted_at"),
    *("last_email_opened_at", "last_email_clicked_at", "language_override"),
    *("browser", "browser_version", "browser_language", "os"),
    *("android_app_name", "android_app_version", "android_device"),
    *("android_os_version", "android_sdk_version", "android_last_seen_at"),
    *("ios_app_name", "ios_app_version", "ios_device"),
    *("ios_os_version", "ios_sdk_version", "ios_last_seen_at"),
    *("utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term", "referrer"),
)
"""Top-level keys of an answered contact that are null until something fills them."""

FALSE_FIELDS: Final = (
    *("has_hard_bounced", "marked_email_as_spam", "unsubscribed_from_emails"),
    *("unsubscribed_from_sms", "sms_consent"),
)

RELATED: Final = {
    "notes": "notes",
    "companies": "companies",
    "opted_out_subscription_types": "subscriptions",
    "opted_in_subscription_types": "subscriptions",
}
"""List sub-objects of a contact that are always empty here, with the last part of their address."""
