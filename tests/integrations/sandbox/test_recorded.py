"""The recorded behaviour of the real vendor, replayed as one story with made-up people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integrations.sandbox.conftest import Vendor, error_of

STORY = Path(__file__).resolve().parents[2] / "payloads" / "recorded_exchanges.json"
# The keys of a recorded contact, of 2021; version 2.16 has these and more.
CONTACT_KEYS = {
    *("type", "id", "workspace_id", "external_id", "role", "email", "phone", "name", "avatar", "owner_id"),
    *("social_profiles", "has_hard_bounced", "marked_email_as_spam", "unsubscribed_from_emails"),
    *("created_at", "updated_at", "signed_up_at", "last_seen_at", "last_replied_at", "last_contacted_at"),
    *("last_email_opened_at", "last_email_clicked_at", "language_override", "browser", "browser_version"),
    *("browser_language", "os", "location", "android_app_name", "android_last_seen_at", "ios_app_name"),
    *("ios_last_seen_at", "custom_attributes", "tags", "notes", "companies"),
}


def filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def test_recorded_story_ends_the_same_way(vendor: Vendor) -> None:
    names: dict[str, str] = {}
    for step in json.loads(STORY.read_text()):
        response = vendor.call(step["method"], filled(step["path"], names), step.get("request"))
        body: dict[str, Any] = response.json()
        assert response.status == step["status"], (step, body)
        assert {key: body.get(key, "absent") for key in step["answer"]} == step["answer"], step
        if "error" in step:
            expected = step["error"]["code"], filled(step["error"]["message"], names)
            assert error_of(response)[1:] == expected
        if "keep" in step:
            names[step["keep"]] = body["id"]


def test_contact_has_every_key_of_a_recorded_one(vendor: Vendor) -> None:
    assert vendor.create(email="ana@example.com").keys() >= CONTACT_KEYS


def test_list_sub_objects_have_the_recorded_shape(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    expected = {"type": "list", "data": [], "url": f"/contacts/{ana['id']}/notes"}
    assert ana["notes"] == {**expected, "total_count": 0, "has_more": False}


def test_times_are_whole_seconds(vendor: Vendor) -> None:
    vendor.now += 0.75
    ana = vendor.create(email="ana@example.com")
    assert (ana["created_at"], ana["updated_at"]) == (int(vendor.now), int(vendor.now))


def test_json_is_announced_as_the_vendor_does(vendor: Vendor) -> None:
    assert vendor.call("GET", "/me").headers["Content-Type"] == "application/json; charset=utf-8"
