"""The fields that every contact has, as Intercom lists and answers them. Data only.

From the recorded GET /data_attributes; a standard attribute has no id.
"""

from __future__ import annotations

from typing import Any, Final

TEAMMATE_ID: Final = "991267459"
"""The one teammate of every pretend workspace: the admin of /me and the only valid owner."""


def _field(
    full_name: str,
    label: str,
    description: str,
    data_type: str = "string",
    *,
    writable: bool = False,
    in_ui: bool = False,
) -> dict[str, Any]:
    return {
        "type": "data_attribute",
        "name": full_name.rpartition(".")[2],
        "full_name": full_name,
        "label": label,
        "description": description,
        "data_type": data_type,
        "api_writable": writable,
        "ui_writable": in_ui,
        "messenger_writable": False,
        "custom": False,
        "archived": False,
        "model": "contact",
    }


STANDARD: Final = (
    _field(
        "role",
        "Contact role",
        "A person's role in their company, such as the name of their department",
        writable=True,
    ),
    _field("name", "Name", "A person's full name", writable=True, in_ui=True),
    _field(
        "owner_id", "Owner", "The teammate that owns a lead or user in Intercom", "integer", writable=True
    ),
    _field("email", "Email", "The email address assigned to a user or lead", writable=True, in_ui=True),
    _field("phone", "Phone", "A person's phone number", writable=True, in_ui=True),
    _field(
        "external_id",
        "User ID",
        "A number identifying a person (applies to both users and leads)",
        writable=True,
    ),
    _field("created_at", "First Seen", "The first day a person visited your site or app", "date"),
    _field(
        "signed_up_at",
        "Signed up",
        "The day a person first signed up for your product",
        "date",
        writable=True,
    ),
    _field(
        "last_seen_at", "Last seen", "The last day a person visited your site or app", "date", writable=True
    ),
    _field(
        "last_contacted_at", "Last contacted", "The last day you or a teammate contacted a person", "date"
    ),
    _field(
        "last_replied_at",
        "Last heard from",
        "The last day a person contacted you via a message or email",
        "date",
    ),
    _field("last_email_opened_at", "Last opened email", "The last day a person opened an email", "date"),
    _field(
        "last_email_clicked_at",
        "Last clicked on link in email",
        "The last day a person clicked on a link in an email",
        "date",
    ),
    _field("location.country", "Country", "The country a person is in (or their IP address location)"),
    _field("location.region", "Region", "A subdivision of a country, such as a state, province or territory"),
    _field("location.city", "City", "The city a person is in (or their IP address location)"),
    _field("browser_language", "Browser Language", "The language set by the browser a person is using"),
    _field(
        "language_override",
        "Language Override",
        "A preferred language setting for a person, used by the Intercom Messenger even if their browser"
        " settings change",
    ),
    _field("browser", "Browser", "The browser a person is using"),
    _field("browser_version", "Browser Version", "The precise version of the browser a person is using"),
    _field("os", "OS", "The operating system a person is using"),
    _field(
        "unsubscribed_from_emails",
        "Unsubscribed from Emails",
        "Has a person unsubscribed from emails from your team?",
        "boolean",
        writable=True,
    ),
    _field(
        "marked_email_as_spam",
        "Marked email as spam",
        "Has a person marked an email from your team as spam?",
        "boolean",
    ),
    _field(
        "has_hard_bounced",
        "Has hard bounced",
        "Has an email sent from your team to a person bounced?",
        "boolean",
    ),
    _field("id", "ID", "The Intercom defined id representing the user"),
    _field("avatar", "Avatar image url", "An avatar image URL", writable=True),
    _field("updated_at", "Updated at", "The last time the user was updated", "date"),
    _field("workspace_id", "Workspace ID", "The Intercom defined id representing the workspace"),
    _field("android_app_name", "Android App name", "The name of Android app a person is using"),
    _field("android_sdk_version", "Android SDK version", "The version of the Android SDK a person is using"),
    _field("ios_app_name", "iOS App name", "The name of iOS app a person is using"),
    _field("ios_sdk_version", "iOS SDK version", "The version of the iOS SDK a person is using"),
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
