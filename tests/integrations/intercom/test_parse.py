"""Recorded and odd answers become checked values; a surprise in one field loses no contact."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.intercom.hosts import Region
from integrations.intercom.parse import (
    ShapeError,
    parse_attribute,
    parse_attributes,
    parse_contact,
    parse_workspace,
)
from tests.integrations.intercom.support import payload


def contact(**fields: Any) -> Any:
    return parse_contact({"type": "contact", "id": "1", **fields})


def test_a_recorded_user_keeps_its_values() -> None:
    user = parse_contact(payload("contact_user_updated"))
    assert (user.role, user.name, user.email) == ("user", "Ana Probe", "ana@example.com")
    assert user.value("custom_attributes.date_field") == 1597870204


def test_trap_12_a_webhook_gives_times_as_iso_texts() -> None:
    item = payload("webhook_contact_user_updated")["data"]["item"]
    assert parse_contact(item).created_at == 1692125375


def test_times_of_the_api_are_whole_seconds() -> None:
    assert contact(created_at=1611537094).created_at == 1611537094


@pytest.mark.parametrize("time", [None, "", "soon", True, [], -1, 10**15, "0001-01-01T00:00:00+23:00"])
def test_a_nonsense_time_is_no_time(time: object) -> None:
    assert contact(updated_at=time).updated_at == 0


def test_a_time_without_a_zone_is_utc() -> None:
    assert contact(updated_at="1970-01-01T00:01:00").updated_at == 60


@pytest.mark.parametrize("data", [None, [], "x", 5, {}, {"id": None}, {"id": ""}, {"id": " "}, {"id": True}])
def test_what_has_no_id_is_no_contact(data: object) -> None:
    with pytest.raises(ShapeError):
        parse_contact(data)


@pytest.mark.parametrize("odd", ["x" * 65, "a b", "a\nb", "é", ".", ".."])
def test_an_id_that_fits_no_address_and_no_column_is_none(odd: str) -> None:
    with pytest.raises(ShapeError):
        parse_contact({"id": odd})


def test_a_role_too_long_to_be_one_is_empty() -> None:
    assert contact(role="x" * 21).role == ""


def test_a_whole_number_as_id_becomes_a_text() -> None:
    assert parse_contact({"id": 42}).id == "42"


def test_a_whole_number_as_external_id_becomes_a_text() -> None:
    assert contact(external_id=42).external_id == "42"


def test_an_empty_email_is_none() -> None:
    assert contact(email="").email is None


@pytest.mark.parametrize("odd", [{}, [], True, 1.5])
def test_an_odd_field_is_empty_and_loses_no_contact(odd: object) -> None:
    found = contact(email=odd, name=odd, phone=odd, role=odd, external_id=odd)
    assert (found.id, found.email, found.name, found.phone, found.external_id) == (
        "1",
        None,
        None,
        None,
        None,
    )


def test_an_unknown_role_is_kept() -> None:
    assert contact(role="visitor").role == "visitor"


def test_a_deleted_contact_of_a_webhook_has_only_its_id() -> None:
    assert parse_contact({"id": "65f6", "type": "contact", "deleted": True}).id == "65f6"


def test_other_plain_fields_are_kept_and_lists_are_not() -> None:
    found = contact(language_override="de", unsubscribed_from_emails=False, tags={"data": []}, browser=None)
    assert found.standard == {"language_override": "de", "unsubscribed_from_emails": False}


@pytest.mark.parametrize("odd", [None, [], "x", 5])
def test_odd_custom_attributes_are_none(odd: object) -> None:
    assert contact(custom_attributes=odd).custom_attributes == {}


def test_false_and_zero_are_values() -> None:
    assert contact(custom_attributes={"a": False, "b": 0}).custom_attributes == {"a": False, "b": 0}


def test_trap_10_a_list_attribute_reads_back_as_a_string_with_options() -> None:
    found = {each.full_name: each for each in parse_attributes(payload("data_attributes"))}
    listed = found["custom_attributes.list_field"]
    assert (listed.data_type, listed.options) == ("string", ("Red", "Blue", "Green"))


def test_trap_10_options_as_objects_are_taken_too() -> None:
    options = [{"value": "Red"}, {"value": 5}, {"value": None}, {}, "Blue", None]
    assert parse_attribute({"full_name": "a", "options": options}).options == ("Red", "5", "Blue")


def test_standard_attributes_without_an_id_are_keyed_on_their_full_name() -> None:
    email = next(each for each in parse_attributes(payload("data_attributes")) if each.full_name == "email")
    assert (email.custom, email.writable, email.archived) == (False, True, False)


def test_an_attribute_is_writable_only_if_intercom_says_so() -> None:
    assert parse_attribute({"full_name": "last_seen_at"}).writable is False


def test_an_archived_attribute_is_marked() -> None:
    assert parse_attribute({"full_name": "custom_attributes.old", "archived": True}).archived is True


def test_a_custom_attribute_without_a_full_name_gets_it_from_its_name() -> None:
    assert parse_attribute({"name": "plan", "custom": True}).full_name == "custom_attributes.plan"


@pytest.mark.parametrize("data", [{}, {"custom": True}, {"name": ""}, [], None])
def test_what_has_no_name_is_no_attribute(data: object) -> None:
    with pytest.raises(ShapeError):
        parse_attribute(data)


@pytest.mark.parametrize("word", [None, "", "Mars", 5, []])
def test_an_unknown_region_of_a_workspace_is_none(word: object) -> None:
    workspace = parse_workspace({"app": {"id_code": "ws1", "region": word}})
    assert workspace is not None
    assert workspace.region is None


def test_trap_20_the_region_europe_is_eu() -> None:
    workspace = parse_workspace(payload("me"))
    assert workspace is not None
    assert workspace.region is Region.EU


@pytest.mark.parametrize("data", [None, [], {"app": 5}, {"app": {}}, {"app": {"id_code": ""}}])
def test_what_has_no_workspace_id_is_no_workspace(data: object) -> None:
    with pytest.raises(ShapeError):
        parse_workspace(data)


def test_the_text_of_a_shape_error_quotes_nothing() -> None:
    with pytest.raises(ShapeError) as caught:
        parse_contact({"id": None, "email": "ana@example.com"})
    assert str(caught.value) == "contact id"
