"""Notifications: the signature over just these bytes, and what the envelope says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.intercom.parse import ShapeError
from integrations.intercom.webhooks import Topic, parse_notification, parse_uninstall, sign, signed

SECRET = "test_client_secret"
PING = (
    b'{"type":"notification_event","app_id":"a86dr8yl","topic":"ping","data":{"type":"notification_event_data",'
    b'"item":{"type":"ping","message":"something something interzen"}}}'
)
PING_SIGNATURE = "sha1=816d3e80ff8122a55eb540c9126641790b648fc4"
CONTACT = {
    "type": "contact",
    "id": "64dbc8be576618069c4e0560",
    "role": "user",
    "email": "ana@example.com",
    "created_at": "2023-08-15T18:49:35.016+00:00",
    "updated_at": "2023-08-15T20:29:47.988+00:00",
    "custom_attributes": {"plan": "Pro"},
}


def envelope(topic: str = Topic.USER_UPDATED, item: Any = CONTACT, **more: Any) -> bytes:
    data = {"type": "notification_event_data", "item": item}
    whole = {"type": "notification_event", "app_id": "ws1", "id": "notif_1", "topic": topic, "data": data}
    return json.dumps({**whole, "created_at": 1692131388, **more}).encode()


def test_the_vendors_way_of_signing() -> None:
    assert sign(PING, secret=SECRET) == PING_SIGNATURE
    assert signed(PING, header=PING_SIGNATURE, secrets=[SECRET])


def test_any_of_several_secrets_will_do() -> None:
    assert signed(PING, header=PING_SIGNATURE, secrets=["new one", SECRET])


@pytest.mark.parametrize("secrets", [[], [""], ["", "other"], [SECRET.upper()]])
def test_no_secret_or_another_verifies_nothing(secrets: list[str]) -> None:
    assert not signed(PING, header=PING_SIGNATURE, secrets=secrets)


def test_an_empty_secret_does_not_verify_what_an_empty_secret_has_signed() -> None:
    assert not signed(PING, header=sign(PING, secret=""), secrets=[""])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha1=",
        "816d3e80ff8122a55eb540c9126641790b648fc4",
        "sha256=816d3e80ff8122a55eb540c9126641790b648fc4",
        PING_SIGNATURE.upper(),
        PING_SIGNATURE[:-1],
        PING_SIGNATURE + "0",
        "sha1=ü" * 7,
        "sha1=\udc80",
    ],
)
def test_another_header_verifies_nothing(header: str) -> None:
    assert not signed(PING, header=header, secrets=[SECRET])


@pytest.mark.parametrize("body", [b"", PING[:-1], PING + b" ", PING.replace(b",", b", ")])
def test_other_bytes_are_not_what_was_signed(body: bytes) -> None:
    assert not signed(body, header=PING_SIGNATURE, secrets=[SECRET])


def test_a_contact_is_read_with_its_times_as_seconds() -> None:
    found = parse_notification(envelope())
    assert (found.id, found.topic, found.workspace_id) == ("notif_1", Topic.USER_UPDATED, "ws1")
    assert found.contact is not None
    assert (found.contact.updated_at, found.created_at) == (1692131387, 1692131388)
    assert found.contact.value("custom_attributes.plan") == "Pro"


@pytest.mark.parametrize("created_at", [0, -1, True, "1692131388", 1.5, 253_402_300_800, 10**30, None])
def test_a_time_that_no_calendar_has_is_none(created_at: object) -> None:
    assert parse_notification(envelope(created_at=created_at)).created_at == 0


def test_integer_times_are_read_as_well() -> None:
    found = parse_notification(envelope(item={**CONTACT, "updated_at": 1692131387}))
    assert found.contact is not None
    assert found.contact.updated_at == 1692131387


def test_the_contact_that_ended_in_another_is_named() -> None:
    item = {**CONTACT, "merged_from": {"type": "contact", "id": "gone1"}}
    assert parse_notification(envelope(Topic.MERGED, item)).merged_from == "gone1"


@pytest.mark.parametrize("topic", [Topic.DELETED, Topic.ARCHIVED])
def test_of_a_contact_that_is_gone_only_the_id_is_there(topic: Topic) -> None:
    found = parse_notification(envelope(topic, {"type": "contact", "id": "c1", "deleted": True}))
    assert found.contact is not None
    assert (found.contact.id, found.contact.updated_at) == ("c1", 0)


def test_a_ping_has_no_id_and_no_contact() -> None:
    found = parse_notification(PING)
    assert (found.id, found.contact, found.topic) == ("", None, Topic.PING)


def test_a_topic_that_we_do_not_use_is_read_without_its_item() -> None:
    found = parse_notification(envelope("conversation.user.created", {"type": "conversation"}))
    assert (found.topic, found.contact) == ("conversation.user.created", None)


def test_a_second_delivery_says_the_same_and_other_content_does_not() -> None:
    first = parse_notification(envelope(delivery_attempts=1))
    again = parse_notification(envelope(delivery_attempts=2, delivery_status="retry"))
    other = parse_notification(envelope(item={**CONTACT, "name": "Ana"}))
    assert first.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"<html>",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 5_000,
        envelope(type="other"),
        envelope(data=[]),
        envelope(topic=""),
        envelope(topic="a" * 101),
        envelope(topic="a\0b"),
        envelope(topic=5),  # type: ignore[arg-type]
        envelope(id="n" * 101),
        envelope(id=5),
        envelope(item=None),
        envelope(item={**CONTACT, "id": ".."}),
        envelope(item={"type": "contact"}),
    ],
)
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    with pytest.raises(ShapeError):
        parse_notification(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_is_signed_is_read_or_refused(value: Any) -> None:
    body = json.dumps(value).encode()
    with pytest.raises(ShapeError):
        parse_notification(body)


def test_an_uninstall_names_the_workspace() -> None:
    assert parse_uninstall(b'{"app_id":"abc123"}') == "abc123"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"app_id":""}', b'{"app_id":5}', b"[]"])
def test_an_uninstall_without_a_workspace_is_refused(body: bytes) -> None:
    with pytest.raises(ShapeError):
        parse_uninstall(body)
