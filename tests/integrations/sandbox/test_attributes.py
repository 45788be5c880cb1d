"""Data attributes: what is listed, what may be added, and the vendor's own words when not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.sandbox.conftest import Vendor, error_of


def listed(vendor: Vendor, **query: str) -> dict[str, Any]:
    data = vendor.call("GET", "/data_attributes", query={"model": "contact", **query}).json()["data"]
    return {each["full_name"]: each for each in data}


def create(vendor: Vendor, **body: Any) -> Any:
    return vendor.call("POST", "/data_attributes", {"model": "contact", "data_type": "string", **body})


def test_new_workspace_starts_with_a_few_attributes(vendor: Vendor) -> None:
    custom = [each["name"] for each in listed(vendor).values() if each["custom"]]
    assert custom == ["plan", "company_size", "lead_source", "newsletter", "trial_ends", "lifetime_value"]


def test_standard_attributes_have_no_id(vendor: Vendor) -> None:
    standard = [each for each in listed(vendor).values() if not each["custom"]]
    assert len(standard) >= 12
    assert not any("id" in each for each in standard)


def test_list_attribute_reads_back_as_a_string_with_options_trap_10(vendor: Vendor) -> None:
    options = [{"value": "Red"}, {"value": "Blue"}]
    created = create(vendor, name="colour", data_type="options", options=options).json()
    assert (created["data_type"], created["options"]) == ("string", ["Red", "Blue"])
    assert listed(vendor)["custom_attributes.colour"] == created


def test_created_attribute_can_be_written_at_once(vendor: Vendor) -> None:
    assert create(vendor, name="referred", data_type="boolean").status == 200
    assert vendor.create(email="ana@example.com", custom_attributes={"referred": False})


def test_created_attribute_belongs_to_one_workspace(vendor: Vendor) -> None:
    create(vendor, name="referred", data_type="boolean")
    other = vendor.sandbox.add_workspace("work0002")
    names = [each["name"] for each in vendor.call("GET", "/data_attributes", token=other).json()["data"]]
    assert "referred" not in names


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"name": "plan"},
            (
                "You already have 'plan' in your people data. "
                "To save this as new people data, use a different name."
            ),
        ),
        (
            {"name": "Email"},
            (
                "'Email' is one of our standard attributes for your people data. "
                "To save this as new people data, use a different name."
            ),
        ),
        (
            {"name": "a.b"},
            (
                "Your name for this attribute must only contain alphanumeric characters, currency symbols, "
                "and hyphens"
            ),
        ),
        ({"name": "x", "data_type": "mithril"}, "Data Type isn't an option"),
        (
            {"name": "x", "data_type": "options", "options": [{"value": "One"}]},
            "You must have at least two options on a list type data attribute",
        ),
        (
            {"name": "x", "model": "conversation"},
            "The Data Attribute model field must be either contact or company",
        ),
    ],
)
def test_refusal_has_the_vendors_words(vendor: Vendor, body: dict[str, Any], message: str) -> None:
    assert error_of(create(vendor, **body)) == (400, "parameter_invalid", message)


@pytest.mark.parametrize("name", ["", None, 5, "a b", "a$ b", 'x"', "a/b"])
def test_name_with_other_letters_is_refused(vendor: Vendor, name: Any) -> None:
    assert create(vendor, name=name).status == 400


@pytest.mark.parametrize("name", ["list_field", "max-price", "price_€", "Größe2"])
def test_name_of_letters_digits_and_currency_is_taken(vendor: Vendor, name: str) -> None:
    assert create(vendor, name=name).json()["full_name"] == f"custom_attributes.{name}"


def test_archived_name_is_still_taken(vendor: Vendor) -> None:
    plan = listed(vendor)["custom_attributes.plan"]
    assert vendor.call("PUT", f"/data_attributes/{plan['id']}", {"archived": True}).json()["archived"] is True
    assert create(vendor, name="plan").status == 400


def test_archived_attribute_is_listed_only_when_asked_for(vendor: Vendor) -> None:
    plan = listed(vendor)["custom_attributes.plan"]
    vendor.call("PUT", f"/data_attributes/{plan['id']}", {"archived": True})
    assert "custom_attributes.plan" not in listed(vendor)
    assert listed(vendor, include_archived="true")["custom_attributes.plan"]["archived"] is True


def test_restored_attribute_can_be_written_again(vendor: Vendor) -> None:
    plan = listed(vendor)["custom_attributes.plan"]
    for archived in (True, False):
        vendor.call("PUT", f"/data_attributes/{plan['id']}", {"archived": archived})
    assert vendor.create(email="ana@example.com", custom_attributes={"plan": "Pro"})


def test_data_type_cannot_change(vendor: Vendor) -> None:
    size = listed(vendor)["custom_attributes.company_size"]
    changed = vendor.call("PUT", f"/data_attributes/{size['id']}", {"data_type": "string"}).json()
    assert changed["data_type"] == "integer"


def test_unknown_attribute_cannot_be_updated(vendor: Vendor) -> None:
    response = vendor.call("PUT", "/data_attributes/1", {"archived": True})
    assert error_of(response)[:2] == (404, "field_not_found")


def test_limit_counts_live_attributes_only(vendor: Vendor) -> None:
    for number in range(244):
        assert create(vendor, name=f"field_{number}").status == 200
    assert error_of(create(vendor, name="one_more"))[:2] == (400, "custom_data_limit_reached")
    plan = listed(vendor)["custom_attributes.plan"]
    vendor.call("PUT", f"/data_attributes/{plan['id']}", {"archived": True})
    assert create(vendor, name="one_more").status == 200


def test_conversation_attributes_are_refused(vendor: Vendor) -> None:
    assert vendor.call("GET", "/data_attributes", query={"model": "conversation"}).status == 422


def test_company_attributes_are_none_of_the_contacts(vendor: Vendor) -> None:
    assert vendor.call("GET", "/data_attributes", query={"model": "company"}).json()["data"] == []


def test_tag_is_found_by_name_without_case_or_made(vendor: Vendor) -> None:
    made = vendor.call("POST", "/tags", {"name": "Referred"}).json()
    assert vendor.call("POST", "/tags", {"name": "referred"}).json() == made
    assert [each["name"] for each in vendor.call("GET", "/tags").json()["data"]] == ["Referred"]


def test_contact_carries_tag_ids_without_names(vendor: Vendor) -> None:
    tag = vendor.call("POST", "/tags", {"name": "Referred"}).json()
    ana = vendor.create(email="ana@example.com")["id"]
    for _ in range(2):
        assert vendor.call("POST", f"/contacts/{ana}/tags", {"id": tag["id"]}).status == 200
    tags = vendor.call("GET", f"/contacts/{ana}").json()["tags"]
    assert tags["data"] == [{"id": tag["id"], "type": "tag", "url": f"/tags/{tag['id']}"}]
    assert tags["total_count"] == 1
    names = [each["name"] for each in vendor.call("GET", f"/contacts/{ana}/tags").json()["data"]]
    assert names == ["Referred"]


def test_tag_is_not_put_on_by_name_trap_11(vendor: Vendor) -> None:
    vendor.call("POST", "/tags", {"name": "Referred"})
    ana = vendor.create(email="ana@example.com")["id"]
    response = vendor.call("POST", f"/contacts/{ana}/tags", {"name": "Referred"})
    assert error_of(response) == (404, "not_found", "Resource Not Found")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 5}])
def test_tag_without_a_name_is_refused(vendor: Vendor, body: dict[str, Any]) -> None:
    response = vendor.call("POST", "/tags", body)
    assert error_of(response) == (400, "parameter_invalid", "invalid tag parameters")
