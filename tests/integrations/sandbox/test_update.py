"""GET, PUT and the ends of a contact: archive, delete, merge."""

from __future__ import annotations

import pytest

from integrations.sandbox.control import State
from tests.integrations.sandbox.conftest import Vendor, error_of
from tests.integrations.sandbox_fixtures import WORKSPACE


def test_update_leaves_alone_what_it_does_not_name(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", name="Ana", phone="+353871234567")
    changed = vendor.call("PUT", f"/contacts/{ana['id']}", {"name": "Ana S."}).json()
    assert (changed["name"], changed["phone"], changed["email"]) == ("Ana S.", "+353871234567", ana["email"])


def test_custom_attributes_merge_key_by_key(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", custom_attributes={"plan": "Free", "company_size": 3})
    changed = vendor.call("PUT", f"/contacts/{ana['id']}", {"custom_attributes": {"plan": "Pro"}}).json()
    assert changed["custom_attributes"] == {"plan": "Pro", "company_size": 3}


def test_cleared_attribute_stays_as_a_null_key(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", custom_attributes={"plan": "Free"})
    changed = vendor.call("PUT", f"/contacts/{ana['id']}", {"custom_attributes": {"plan": None}}).json()
    assert changed["custom_attributes"] == {"plan": None}


def test_refused_update_changes_nothing(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", name="Ana")
    body = {"name": "Other", "custom_attributes": {"gone": 1}}
    assert vendor.call("PUT", f"/contacts/{ana['id']}", body).status == 400
    assert vendor.sandbox.contact(WORKSPACE, ana["id"])["name"] == "Ana"


def test_null_email_is_answered_as_an_empty_string(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", external_id="1")
    assert vendor.call("PUT", f"/contacts/{ana['id']}", {"email": None}).json()["email"] == ""


def test_null_external_id_is_ignored(vendor: Vendor) -> None:
    ana = vendor.create(external_id="1")
    assert vendor.call("PUT", f"/contacts/{ana['id']}", {"external_id": None}).json()["external_id"] == "1"


def test_null_phone_and_name_are_cleared(vendor: Vendor) -> None:
    ana = vendor.create(external_id="1", phone="+353871234567", name="Ana")
    changed = vendor.call("PUT", f"/contacts/{ana['id']}", {"phone": None, "name": None}).json()
    assert (changed["phone"], changed["name"]) == (None, None)


def test_update_may_take_an_email_that_another_user_has(vendor: Vendor) -> None:
    vendor.create(email="ben@example.com")
    ana = vendor.create(email="ana@example.com")
    assert vendor.call("PUT", f"/contacts/{ana['id']}", {"email": "ben@example.com"}).status == 200


def test_update_may_take_the_external_id_of_an_archived_user(vendor: Vendor) -> None:
    old = vendor.create(external_id="1")
    vendor.call("POST", f"/contacts/{old['id']}/archive")
    ana = vendor.create(external_id="2")
    assert vendor.call("PUT", f"/contacts/{ana['id']}", {"external_id": "1"}).status == 200


def test_update_to_the_external_id_of_a_live_user_is_a_conflict(vendor: Vendor) -> None:
    vendor.create(external_id="1")
    ana = vendor.create(external_id="2")
    assert error_of(vendor.call("PUT", f"/contacts/{ana['id']}", {"external_id": "1"}))[:2] == (
        409,
        "conflict",
    )


def test_user_cannot_become_a_lead_trap_7(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    status, code, message = error_of(vendor.call("PUT", f"/contacts/{ana['id']}", {"role": "lead"}))
    assert (status, code) == (400, "client_error")
    assert message == "Contact with user role can't be converted to a lead"


def test_lead_becomes_a_user_under_the_same_id(vendor: Vendor) -> None:
    lead = vendor.create(role="lead", email="ana@example.com")
    user = vendor.call("PUT", f"/contacts/{lead['id']}", {"role": "user", "external_id": "1"}).json()
    assert (user["id"], user["role"], user["external_id"]) == (lead["id"], "user", "1")


def test_leads_external_id_cannot_be_set_later_either(vendor: Vendor) -> None:
    lead = vendor.create(role="lead", email="ana@example.com")
    changed = vendor.call("PUT", f"/contacts/{lead['id']}", {"external_id": "mine"}).json()
    assert changed["external_id"] == lead["external_id"]


def test_update_moves_updated_at_only(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    vendor.now += 60
    changed = vendor.call("PUT", f"/contacts/{ana['id']}", {"name": "Ana"}).json()
    assert changed["updated_at"] - ana["updated_at"] == 60
    assert changed["created_at"] == ana["created_at"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("state", [State.ARCHIVED, State.DELETED])
def test_contact_that_is_gone_is_not_found_trap_4(vendor: Vendor, method: str, state: State) -> None:
    ana = vendor.create(email="ana@example.com")
    vendor.sandbox.set_state(WORKSPACE, ana["id"], state)
    found = vendor.call(method, f"/contacts/{ana['id']}", {"name": "x"})
    assert error_of(found) == (404, "not_found", "User Not Found")


def test_contact_of_another_workspace_is_not_found(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    other = vendor.sandbox.add_workspace("work0002")
    assert vendor.call("GET", f"/contacts/{ana['id']}", token=other).status == 404


def test_archive_answers_a_reference(vendor: Vendor) -> None:
    ana = vendor.create(external_id="1")
    answer = vendor.call("POST", f"/contacts/{ana['id']}/archive").json()
    assert answer == {"id": ana["id"], "external_id": "1", "type": "contact", "archived": True}


def test_unarchived_contact_is_back(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    vendor.call("POST", f"/contacts/{ana['id']}/archive")
    assert vendor.call("POST", f"/contacts/{ana['id']}/unarchive").json()["archived"] is False
    assert vendor.call("GET", f"/contacts/{ana['id']}").status == 200
    assert [each["id"] for each in vendor.found("ana@example.com")] == [ana["id"]]


def test_deleted_contact_cannot_be_unarchived_trap_5(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    assert vendor.call("DELETE", f"/contacts/{ana['id']}").json()["deleted"] is True
    status, code, message = error_of(vendor.call("POST", f"/contacts/{ana['id']}/unarchive"))
    assert (status, code) == (400, "bad_request")
    assert message == "User has been marked for permanent deletion and is not restorable."


def test_deleting_twice_is_not_found(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    vendor.call("DELETE", f"/contacts/{ana['id']}")
    assert vendor.call("DELETE", f"/contacts/{ana['id']}").status == 404


def merge(vendor: Vendor, *, email: str = "ana@example.com") -> tuple[str, str]:
    lead = vendor.create(role="lead", email="ana@example.com")["id"]
    user = vendor.create(role="user", email=email)["id"]
    return lead, user


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_merged_lead_answers_410_with_the_canonical_link(vendor: Vendor, method: str) -> None:
    lead, user = merge(vendor)
    assert vendor.call("POST", "/contacts/merge", {"from": lead, "into": user}).status == 200
    gone = vendor.call(method, f"/contacts/{lead}", {"name": "x"})
    assert error_of(gone)[:2] == (410, "contact_merged")
    assert gone.headers["Link"] == f'</contacts/{user}>; rel="canonical"'


def test_link_follows_a_chain_of_merges(vendor: Vendor) -> None:
    ids = [vendor.create(email=f"{name}@example.com")["id"] for name in "abc"]
    vendor.sandbox.set_state(WORKSPACE, ids[0], State.MERGED, merged_into=ids[1])
    vendor.sandbox.set_state(WORKSPACE, ids[1], State.MERGED, merged_into=ids[2])
    assert ids[2] in vendor.call("GET", f"/contacts/{ids[0]}").headers["Link"]


def test_merge_of_unlike_contacts_is_refused(vendor: Vendor) -> None:
    lead, user = merge(vendor, email="other@example.com")
    assert (
        error_of(vendor.call("POST", "/contacts/merge", {"from": lead, "into": user}))[1] == "invalid_merge"
    )
    body = {"from": lead, "into": user, "skip_duplicate_validation": True}
    assert vendor.call("POST", "/contacts/merge", body).status == 200


def test_user_is_never_merged_into_a_lead(vendor: Vendor) -> None:
    lead, user = merge(vendor)
    assert vendor.call("POST", "/contacts/merge", {"from": user, "into": lead}).status == 400


def test_merge_keeps_what_only_the_lead_had(vendor: Vendor) -> None:
    lead = vendor.create(
        role="lead", email="a@example.com", custom_attributes={"plan": "Free", "lead_source": "x"}
    )
    user = vendor.create(email="a@example.com", custom_attributes={"plan": "Pro"})
    merged = vendor.call("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]}).json()
    assert merged["custom_attributes"] == {"plan": "Pro", "lead_source": "x"}


def test_find_by_external_id_finds_a_user(vendor: Vendor) -> None:
    ana = vendor.create(external_id="a/1")
    assert vendor.call("GET", "/contacts/find_by_external_id/a%2F1").json()["id"] == ana["id"]


def test_find_by_external_id_never_finds_a_lead_trap_6(vendor: Vendor) -> None:
    lead = vendor.create(role="lead", email="ana@example.com")
    assert vendor.call("GET", f"/contacts/find_by_external_id/{lead['external_id']}").status == 404


def test_list_has_ten_to_a_page_newest_change_first_trap_14(vendor: Vendor) -> None:
    for number in range(12):
        vendor.now += 1
        vendor.create(role="lead", email=f"a{number}@example.com")
    page = vendor.call("GET", "/contacts").json()
    assert [each["email"] for each in page["data"]] == [f"a{n}@example.com" for n in range(11, 1, -1)]
    cursor = page["pages"]["next"]["starting_after"]
    rest = vendor.call("GET", "/contacts", query={"starting_after": cursor}).json()
    assert len(rest["data"]) == 2
    assert "next" not in rest["pages"]
