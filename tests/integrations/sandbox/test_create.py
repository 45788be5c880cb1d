"""POST /contacts: who is refused, who is silently changed, and what comes back."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from integrations.sandbox.control import State
from tests.integrations.sandbox.conftest import Vendor, error_of
from tests.integrations.sandbox_fixtures import WORKSPACE


def test_contact_without_role_becomes_a_user(vendor: Vendor) -> None:
    assert vendor.create(email="ana@example.com")["role"] == "user"


def test_old_word_contact_means_user(vendor: Vendor) -> None:
    assert vendor.create(email="ana@example.com", role="contact")["role"] == "user"


def test_unknown_role_is_refused(vendor: Vendor) -> None:
    status, code, _ = error_of(vendor.call("POST", "/contacts", {"email": "a@example.com", "role": "boss"}))
    assert (status, code) == (400, "parameter_invalid")


def test_lead_gets_a_uuid_in_place_of_its_external_id_trap_6(vendor: Vendor) -> None:
    lead = vendor.create(role="lead", email="ana@example.com", external_id="mine-1")
    assert str(uuid.UUID(lead["external_id"])) == lead["external_id"]


def test_user_by_email_has_no_external_id(vendor: Vendor) -> None:
    assert vendor.create(email="ana@example.com")["external_id"] is None


def test_new_contact_has_no_empty_custom_attributes(vendor: Vendor) -> None:
    assert vendor.create(email="ana@example.com", custom_attributes={"plan": None})["custom_attributes"] == {}


def test_email_is_kept_as_given(vendor: Vendor) -> None:
    assert vendor.create(email="Ana@Example.com")["email"] == "Ana@Example.com"


def test_ids_are_24_hexadecimal_digits(vendor: Vendor) -> None:
    assert re.fullmatch("[0-9a-f]{24}", vendor.create(email="ana@example.com")["id"])


def test_second_lead_of_an_email_is_accepted_trap_1(vendor: Vendor) -> None:
    one = vendor.create(role="lead", email="ana@example.com")
    two = vendor.create(role="lead", email="ana@example.com")
    assert one["id"] != two["id"]
    assert len(vendor.sandbox.contacts(WORKSPACE, email="ana@example.com")) == 2


@pytest.mark.parametrize("state", [State.ARCHIVED, State.DELETED])
def test_lead_with_the_email_of_a_lead_that_is_gone_is_accepted(vendor: Vendor, state: State) -> None:
    gone = vendor.sandbox.add_contact(WORKSPACE, email="ana@example.com")
    vendor.sandbox.set_state(WORKSPACE, gone, state)
    assert vendor.create(role="lead", email="ana@example.com")["id"] != gone


def test_lead_beside_a_live_user_is_accepted(vendor: Vendor) -> None:
    user = vendor.create(role="user", email="ana@example.com")
    assert vendor.create(role="lead", email="ana@example.com")["id"] != user["id"]


def test_user_with_the_email_of_a_live_lead_is_accepted(vendor: Vendor) -> None:
    lead = vendor.create(role="lead", email="ana@example.com")
    assert vendor.create(role="user", email="ana@example.com")["id"] != lead["id"]


def test_user_with_a_new_external_id_may_share_an_email_trap_8(vendor: Vendor) -> None:
    vendor.create(external_id="one", email="ana@example.com")
    vendor.create(external_id="two", email="ana@example.com")
    assert len(vendor.found("ana@example.com")) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ana@example.com"},
        {"email": "ANA@Example.com"},
        {"external_id": "one"},
        {"external_id": "one", "email": "other@example.com"},
    ],
)
def test_live_user_is_refused_with_its_id_in_the_message_only_trap_3(
    vendor: Vendor, body: dict[str, str]
) -> None:
    user = vendor.create(external_id="one", email="ana@example.com")
    status, code, message = error_of(vendor.call("POST", "/contacts", body))
    assert (status, code) == (409, "conflict")
    assert message == f"A contact matching those details already exists with id={user['id']}"


@pytest.mark.parametrize("state", [State.ARCHIVED, State.DELETED])
@pytest.mark.parametrize("body", [{"email": "ana@example.com"}, {"external_id": "one"}])
def test_user_who_is_gone_is_refused_as_archived_trap_4(
    vendor: Vendor, body: dict[str, str], state: State
) -> None:
    user = vendor.create(external_id="one", email="ana@example.com")
    vendor.sandbox.set_state(WORKSPACE, user["id"], state)
    status, code, message = error_of(vendor.call("POST", "/contacts", body))
    assert (status, code) == (409, "conflict")
    assert message == f"An archived contact matching those details already exists with id={user['id']}"


def test_live_user_is_named_before_an_archived_one(vendor: Vendor) -> None:
    old = vendor.sandbox.add_contact(WORKSPACE, email="ana@example.com", role="user")
    vendor.sandbox.set_state(WORKSPACE, old, State.ARCHIVED)
    live = vendor.sandbox.add_contact(WORKSPACE, email="ana@example.com", role="user")
    _, _, message = error_of(vendor.call("POST", "/contacts", {"email": "ana@example.com"}))
    assert message.startswith("A contact")
    assert message.endswith(live)


def test_user_without_email_and_external_id_is_refused(vendor: Vendor) -> None:
    assert error_of(vendor.call("POST", "/contacts", {"name": "Ana"}))[0] == 400


def test_user_of_another_workspace_is_no_conflict(vendor: Vendor) -> None:
    vendor.create(email="ana@example.com")
    other = vendor.sandbox.add_workspace("work0002")
    assert vendor.call("POST", "/contacts", {"email": "ana@example.com"}, token=other).status == 200


def test_unknown_attribute_refuses_the_whole_contact_trap_9(vendor: Vendor) -> None:
    body = {"email": "ana@example.com", "custom_attributes": {"plan": "Pro", "isOpenSource": True}}
    status, code, message = error_of(vendor.call("POST", "/contacts", body))
    assert (status, code) == (400, "parameter_invalid")
    assert message == "Custom attribute 'isOpenSource' does not exist"
    assert vendor.sandbox.contacts(WORKSPACE) == []


def test_archived_attribute_refuses_the_whole_contact(vendor: Vendor) -> None:
    vendor.sandbox.archive_attribute(WORKSPACE, "lead_source")
    body = {"email": "ana@example.com", "custom_attributes": {"lead_source": "x"}}
    assert error_of(vendor.call("POST", "/contacts", body))[2].startswith("Custom attribute 'lead_source'")
    assert vendor.sandbox.contacts(WORKSPACE) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plan", "Gold"),
        ("plan", 3),
        ("company_size", "12"),
        ("company_size", 1.5),
        ("company_size", True),
        ("lead_source", 7),
        ("lead_source", "x" * 256),
        ("lead_source", ["x"]),
        ("lead_source", {"x": 1}),
        ("newsletter", "yes"),
        ("newsletter", 1),
        ("trial_ends", "2026-05-01"),
        ("lifetime_value", "12.5"),
    ],
)
def test_value_of_the_wrong_kind_is_refused(vendor: Vendor, name: str, value: Any) -> None:
    body = {"email": "ana@example.com", "custom_attributes": {name: value}}
    status, code, message = error_of(vendor.call("POST", "/contacts", body))
    assert (status, code) == (400, "parameter_invalid")
    assert f"'{name}'" in message


def test_values_of_every_kind_come_back_as_sent(vendor: Vendor) -> None:
    values = {
        "plan": "Pro",
        "company_size": 0,
        "lead_source": "x" * 255,
        "newsletter": False,
        "trial_ends": 1_597_870_204,
        "lifetime_value": 3,
    }
    assert vendor.create(email="ana@example.com", custom_attributes=values)["custom_attributes"] == values


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ana"),
        ("email", "ana@example"),
        ("email", "a na@example.com"),
        ("email", 5),
        ("email", ["ana@example.com"]),
        ("phone", "call me"),
        ("phone", "123"),
        ("name", 5),
        ("name", "x" * 256),
        ("signed_up_at", "2026-05-01"),
        ("unsubscribed_from_emails", "no"),
        ("custom_attributes", ["plan"]),
        ("external_id", {"x": 1}),
        ("role", ["lead"]),
    ],
)
def test_standard_field_of_the_wrong_kind_is_refused(vendor: Vendor, field: str, value: Any) -> None:
    body = {"email": "ana@example.com", "external_id": "1", field: value}
    assert error_of(vendor.call("POST", "/contacts", body))[:2] == (400, "parameter_invalid")


def test_owner_from_outside_the_workspace_is_refused(vendor: Vendor) -> None:
    body = {"email": "ana@example.com", "owner_id": "77"}
    _, _, message = error_of(vendor.call("POST", "/contacts", body))
    assert message == "The owner specified is not a member of the workspace"


def test_email_verified_without_email_is_refused(vendor: Vendor) -> None:
    body = {"external_id": "1", "email_verified": True}
    assert error_of(vendor.call("POST", "/contacts", body))[0] == 400


@pytest.mark.parametrize("phone", ["+353871234567", "+1 (555) 123-4567", "0871234567"])
def test_phone_is_taken_loosely(vendor: Vendor, phone: str) -> None:
    assert vendor.create(email="ana@example.com", phone=phone)["phone"] == phone


def test_milliseconds_are_taken_for_seconds_trap_12(vendor: Vendor) -> None:
    far = vendor.create(email="ana@example.com", signed_up_at=1_795_000_000_000)
    assert far["signed_up_at"] == 1_795_000_000_000


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000])
def test_body_that_is_no_object_is_refused(vendor: Vendor, body: bytes) -> None:
    assert error_of(vendor.call("POST", "/contacts", body))[:2] == (400, "parameter_invalid")
