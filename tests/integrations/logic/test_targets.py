"""Which fields may be written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.logic.notes import NoteCode
from integrations.logic.targets import (
    FORBIDDEN_TARGETS,
    MARKS,
    find,
    mark_available,
    target_allowed,
    watchable,
)
from integrations.logic.types import Attribute
from tests.integrations.logic.support import attribute, listed

CONSENT = ["unsubscribed_from_emails", "unsubscribed_from_sms", "sms_consent", "has_hard_bounced"]


@pytest.mark.parametrize("target", sorted(FORBIDDEN_TARGETS))
def test_forbidden_field_is_never_written(target: str) -> None:
    assert not target_allowed(target)
    assert find(target, attributes={}) is NoteCode.TARGET_FORBIDDEN


@pytest.mark.parametrize("name", ["custom_attributes.plan", "custom_attributes.a.b", "role", "owner_id"])
def test_a_rule_may_watch_what_changes_and_is_told_as_one_value(name: str) -> None:
    assert watchable(name)


@pytest.mark.parametrize("name", ["location.country", "custom_attributes.", "id", "updated_at", "tags", ""])
def test_a_rule_may_not_watch_what_is_told_otherwise_or_never_changes(name: str) -> None:
    assert not watchable(name)


@pytest.mark.parametrize(
    "target", [*CONSENT, "role", "last_seen_at", "email_verified", "marked_email_as_spam"]
)
def test_role_consent_and_what_intercom_observes_are_forbidden(target: str) -> None:
    assert target in FORBIDDEN_TARGETS


@pytest.mark.parametrize(
    "target",
    ["", " ", "Role", " role ", "custom_attributes.", "custom_attributes", "location.city", "companies.0"],
)
def test_forbidden_field_in_another_spelling_is_forbidden(target: str) -> None:
    assert not target_allowed(target)


@pytest.mark.parametrize("target", ["name", "phone", "owner_id", "external_id", "custom_attributes.role"])
def test_other_fields_may_be_written(target: str) -> None:
    assert target_allowed(target)


def test_unknown_attribute_is_written_while_nothing_is_known_of_the_workspace() -> None:
    assert find("custom_attributes.plan", attributes={}) is None


def test_attribute_that_the_workspace_lacks_is_missing() -> None:
    assert find("custom_attributes.x", attributes=listed(attribute())) is NoteCode.ATTRIBUTE_MISSING


def test_archived_attribute_is_not_written() -> None:
    known = listed(attribute(archived=True))
    assert find("custom_attributes.plan", attributes=known) is NoteCode.ATTRIBUTE_ARCHIVED


def test_read_only_attribute_is_not_written() -> None:
    known = listed(attribute(writable=False))
    assert find("custom_attributes.plan", attributes=known) is NoteCode.ATTRIBUTE_NOT_WRITABLE


def test_owner_is_written_as_text_though_listed_as_a_number() -> None:
    owner = Attribute("owner_id", "Owner", "integer")
    assert find("owner_id", attributes=listed(owner)) == replace(owner, data_type="string")


def test_name_can_be_written_though_the_list_lacks_it() -> None:
    found = find("name", attributes=listed(attribute()))
    assert isinstance(found, Attribute)
    assert found.data_type == "string"


def test_marks_are_available_while_nothing_is_known() -> None:
    assert all(mark_available(name, attributes={}) for name in MARKS)


def test_mark_of_the_right_type_is_available() -> None:
    assert mark_available("referred", attributes=listed(attribute("boolean", name="referred")))


@pytest.mark.parametrize(
    "taken",
    [
        attribute("string", name="referred"),
        attribute("boolean", name="referred", archived=True),
        attribute("boolean", name="referred", writable=False),
        attribute("boolean", name="Referred"),
    ],
)
def test_mark_is_not_available_when_its_attribute_is_another(taken: Attribute) -> None:
    assert not mark_available("referred", attributes=listed(taken))
