"""The bodies of creates and updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from integrations.logic.bodies import Change, Mapped, create_body, update_change
from integrations.logic.mapping import map_values
from integrations.logic.targets import FORBIDDEN_TARGETS
from integrations.logic.types import Attribute, Contact, Role, SourceValue, TabSettings
from tests.integrations.logic.support import contact, contacts, is_sendable, tabs, values, workspaces

FULL = Mapped(
    standard={"email": "ana@example.com", "name": "Ana", "phone": "+351912345678", "external_id": "7"},
    custom={"plan": "gold"},
)


def applied(before: Contact, change: Change) -> Contact:
    """The contact as Intercom would keep it after this update."""
    body = dict(change.body)
    custom = {**before.custom_attributes, **body.pop("custom_attributes", {})}
    own = {name: body.pop(name) for name in ("name", "phone") if name in body}
    return replace(before, custom_attributes=custom, standard={**before.standard, **body}, **own)


def test_user_is_created_with_everything() -> None:
    assert create_body(FULL, role=Role.USER) == {
        "role": "user",
        "email": "ana@example.com",
        "name": "Ana",
        "phone": "+351912345678",
        "external_id": "7",
        "custom_attributes": {"plan": "gold"},
    }


def test_lead_gets_no_external_id() -> None:
    assert "external_id" not in create_body(FULL, role=Role.LEAD)


def test_empty_custom_attributes_are_omitted() -> None:
    assert create_body(Mapped({"email": "a@x.com"}), role=Role.LEAD) == {"role": "lead", "email": "a@x.com"}


def test_contact_without_an_email_is_never_created() -> None:
    with pytest.raises(ValueError, match="without an email"):
        create_body(Mapped({"name": "Ana"}, {"plan": "gold"}), role=Role.USER)


def test_first_value_of_the_rule_is_created() -> None:
    mapped = Mapped({"email": "a@x.com"}, {"a": 1}, initial={"custom_attributes.plan": "trial"})
    assert create_body(mapped, role=Role.LEAD)["custom_attributes"] == {"plan": "trial", "a": 1}


def test_first_value_of_the_rule_may_be_a_standard_field() -> None:
    mapped = Mapped({"email": "a@x.com"}, initial={"name": "New"})
    assert create_body(mapped, role=Role.LEAD)["name"] == "New"


def test_first_value_of_the_rule_is_never_updated() -> None:
    assert update_change(Mapped(initial={"custom_attributes.plan": "trial"}), contact=contact()) == Change()


def test_creating_twice_gives_bodies_that_share_nothing() -> None:
    create_body(FULL, role=Role.USER)["custom_attributes"]["plan"] = "spoiled"
    assert create_body(FULL, role=Role.USER)["custom_attributes"] == {"plan": "gold"}


def test_update_fills_empty_standard_fields() -> None:
    change = update_change(FULL, contact=contact(name=None, phone=" "))
    assert change.body == {"name": "Ana", "phone": "+351912345678", "custom_attributes": {"plan": "gold"}}


def test_update_keeps_standard_fields_that_are_full() -> None:
    change = update_change(FULL, contact=contact(name="Ana Maria", phone="1"))
    assert change.body == {"custom_attributes": {"plan": "gold"}}


def test_update_overwrites_a_full_field_when_its_row_says_so() -> None:
    mapped = replace(FULL, overwrite=frozenset({"name"}))
    assert update_change(mapped, contact=contact(name="Old", phone="1")).body["name"] == "Ana"


@pytest.mark.parametrize("present", [0, False])
def test_zero_and_false_are_not_empty(present: object) -> None:
    mapped = Mapped({"signed_up_at": 1767312000})
    assert update_change(mapped, contact=contact(standard={"signed_up_at": present})).body == {}


def test_update_overwrites_custom_attributes() -> None:
    change = update_change(FULL, contact=contact(name="A", phone="1", custom_attributes={"plan": "free"}))
    assert change.body == {"custom_attributes": {"plan": "gold"}}


def test_update_never_writes_email_role_and_external_id() -> None:
    everything = frozenset({"email", "external_id", "role"})
    mapped = Mapped({"email": "a@x.com", "external_id": "7"}, overwrite=everything)
    assert update_change(mapped, contact=contact(email=None, external_id=None)) == Change()


def test_equal_value_is_not_sent_again() -> None:
    there = contact(name="Ana", phone="+351912345678", custom_attributes={"plan": "gold"})
    assert update_change(replace(FULL, overwrite=frozenset({"name", "phone"})), contact=there) == Change()


@pytest.mark.parametrize(
    ("present", "wanted"),
    [(1, True), (0, False), (True, 1), ("1", 1), (None, False), ({}, "x"), ("Gold", "gold")],
)
def test_value_of_another_kind_is_not_equal(present: object, wanted: Any) -> None:
    change = update_change(
        Mapped(custom={"plan": wanted}), contact=contact(custom_attributes={"plan": present})
    )
    assert change.body == {"custom_attributes": {"plan": wanted}}


def test_whole_number_equals_its_float() -> None:
    change = update_change(Mapped(custom={"n": 1}), contact=contact(custom_attributes={"n": 1.0}))
    assert change == Change()


def test_before_and_after_name_what_is_sent_alone() -> None:
    change = update_change(
        FULL, contact=contact(name="Ana Maria", phone=None, custom_attributes={"plan": "free"})
    )
    assert change.before == {"phone": None, "custom_attributes.plan": "free"}
    assert change.after == {"phone": "+351912345678", "custom_attributes.plan": "gold"}


@given(settings=tabs, person=values, known=workspaces, there=contacts)
def test_update_never_touches_what_it_must_not(
    settings: TabSettings, person: Mapping[str, SourceValue], known: Mapping[str, Attribute], there: Contact
) -> None:
    change = update_change(map_values(settings, values=person, attributes=known), contact=there)
    sent = {**change.body, **change.body.get("custom_attributes", {})}
    assert not set(change.body) & ((FORBIDDEN_TARGETS - {"custom_attributes"}) | {"email", "external_id"})
    assert all(value not in (None, "", {}) for value in sent.values())
    assert is_sendable(change.body)
    assert set(change.before) == set(change.after)


@given(settings=tabs, person=values, known=workspaces, there=contacts)
def test_update_applied_leaves_nothing_to_update(
    settings: TabSettings, person: Mapping[str, SourceValue], known: Mapping[str, Attribute], there: Contact
) -> None:
    mapped = map_values(settings, values=person, attributes=known)
    change = update_change(mapped, contact=there)
    assert update_change(mapped, contact=applied(there, change)) == Change()


@given(settings=tabs, person=values, known=workspaces, there=contacts)
def test_after_is_what_the_contact_then_has(
    settings: TabSettings, person: Mapping[str, SourceValue], known: Mapping[str, Attribute], there: Contact
) -> None:
    change = update_change(map_values(settings, values=person, attributes=known), contact=there)
    then = applied(there, change)
    assert {name: then.value(name) for name in change.after} == change.after
    assert {name: there.value(name) for name in change.before} == change.before
