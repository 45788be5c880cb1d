"""Intercom's own Python SDK as a judge of the sandbox: its models accept the answers, its client works.

The SDK is made from version 2.14 and does not validate what it receives, so its models are asked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pydantic
import pytest
from intercom import Intercom as OfficialClient
from intercom.contacts.types.contact import Contact
from intercom.core.api_error import ApiError
from intercom.data_attributes.types.data_attribute import DataAttribute
from intercom.tags.types.tag import Tag
from intercom.types import (
    AdminWithApp,
    ContactArchived,
    ContactDeleted,
    ContactList,
    ContactUnarchived,
    CreateContactRequestWithEmail,
    CreateDataAttributeRequestOne,
    CreateDataAttributeRequestOptions,
    CreateDataAttributeRequestOptionsOptionsItem,
    CreateOrUpdateTagRequest,
    DataAttributeList,
    Error,
    MultipleFilterSearchRequest,
    SingleFilterSearchRequest,
    StartingAfterPaging,
    TagList,
)

from integrations.sandbox.standard import TEAMMATE_ID
from tests.integrations.sandbox.conftest import Vendor
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from integrations.sandbox.control import Sandbox

FULL = {
    "name": "Ana Lima",
    "phone": "+16505550100",
    "external_id": "ana-1",
    "signed_up_at": 1_597_870_204,
    "custom_attributes": {"plan": "Pro", "newsletter": False, "company_size": 0, "lead_source": None},
}


def judge(model: type[pydantic.BaseModel], answer: Any) -> list[str]:
    """What the model has against an answer: "place: why". Nothing is coerced."""
    try:
        model.model_validate(answer, strict=True)
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors()]
    return []


def contact(vendor: Vendor, **fields: Any) -> Any:
    return vendor.create(**{"role": "user", "email": "ana@example.com", **fields})


# The judge itself must be able to say no.


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 5),
        ("created_at", "2026-01-01T00:00:00Z"),
        ("type", "user"),
        ("tags", []),
        ("external_id", 1),
        ("custom_attributes", []),
    ],
)
def test_the_judge_refuses_a_contact_that_is_none(vendor: Vendor, field: str, value: Any) -> None:
    assert judge(Contact, {**contact(vendor), field: value}) != []


# Shapes of answers.


@pytest.mark.parametrize("fields", [{}, {"role": "lead"}, FULL], ids=["user", "lead", "full"])
def test_a_created_contact_is_one(vendor: Vendor, fields: dict[str, Any]) -> None:
    assert judge(Contact, contact(vendor, **fields)) == []


def test_a_read_and_an_updated_contact_are_one(vendor: Vendor) -> None:
    ana = contact(vendor)
    updated = vendor.call("PUT", f"/contacts/{ana['id']}", FULL).json()
    read = vendor.call("GET", f"/contacts/{ana['id']}").json()
    assert [judge(Contact, updated), judge(Contact, read)] == [[], []]


def test_an_owner_is_a_text_since_2_16_and_a_number_before(vendor: Vendor) -> None:
    owned = contact(vendor, owner_id=TEAMMATE_ID)
    assert judge(Contact, owned) == ["owner_id: int_type"]
    assert judge(Contact, {**owned, "owner_id": int(owned["owner_id"])}) == []


def test_an_avatar_is_an_object_in_2_16_and_a_text_in_the_sdk(vendor: Vendor) -> None:
    pictured = contact(vendor, avatar="https://example.com/ana.png")
    assert judge(Contact, pictured) == ["avatar: string_type"]
    assert pictured["avatar"] == {"type": "avatar", "image_url": "https://example.com/ana.png"}


@pytest.mark.parametrize("people", [0, 1, 3])
@pytest.mark.parametrize(("method", "path"), [("GET", "/contacts"), ("POST", "/contacts/search")])
def test_a_page_of_contacts_is_one(vendor: Vendor, method: str, path: str, people: int) -> None:
    for number in range(people):
        contact(vendor, role="lead", email=f"lead{number}@example.com")
    query = {"field": "role", "operator": "=", "value": "lead"}
    body = {"query": query, "pagination": {"per_page": 2}}
    answer = vendor.call(method, path, body, query={"per_page": "2"}).json()
    assert judge(ContactList, answer) == []
    assert ("next" in answer["pages"]) is (people == 3)


def test_data_attributes_are_a_list_of_them(vendor: Vendor) -> None:
    assert judge(DataAttributeList, vendor.call("GET", "/data_attributes").json()) == []


@pytest.mark.parametrize("data_type", ["string", "integer", "float", "boolean", "date", "options"])
def test_a_created_data_attribute_is_one(vendor: Vendor, data_type: str) -> None:
    options = [{"value": "Red"}, {"value": "Blue"}]
    body = {"name": "colour", "model": "contact", "data_type": data_type, "options": options}
    assert judge(DataAttribute, vendor.call("POST", "/data_attributes", body).json()) == []


def test_the_teammate_and_the_workspace_are_one(vendor: Vendor) -> None:
    told = vendor.call("GET", "/me").json()
    assert judge(AdminWithApp, told) == []
    assert told["app"]["id_code"] == WORKSPACE


def test_tags_are_tags(vendor: Vendor) -> None:
    ana = contact(vendor)
    made = vendor.call("POST", "/tags", {"name": "Referred"}).json()
    attached = vendor.call("POST", f"/contacts/{ana['id']}/tags", {"id": made["id"]}).json()
    listed = vendor.call("GET", "/tags").json()
    of_contact = vendor.call("GET", f"/contacts/{ana['id']}/tags").json()
    assert [judge(Tag, made), judge(Tag, attached)] == [[], []]
    assert [judge(TagList, listed), judge(TagList, of_contact)] == [[], []]
    assert judge(Contact, vendor.call("GET", f"/contacts/{ana['id']}").json()) == []


@pytest.mark.parametrize(
    ("method", "path", "model"),
    [
        ("POST", "/archive", ContactArchived),
        ("POST", "/unarchive", ContactUnarchived),
        ("DELETE", "", ContactDeleted),
    ],
)
def test_what_became_of_a_contact_is_told(
    vendor: Vendor, method: str, path: str, model: type[pydantic.BaseModel]
) -> None:
    answer = vendor.call(method, f"/contacts/{contact(vendor)['id']}{path}", {})
    assert answer.status == 200
    assert judge(model, answer.json()) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "token", "status"),
    [
        ("POST", "/contacts", {"email": "ana@example.com", "custom_attributes": {"no": 1}}, TOKEN, 400),
        ("GET", "/me", None, "nonsense", 401),
        ("GET", "/contacts/unknown", None, TOKEN, 404),
        ("POST", "/contacts", {"email": "there@example.com"}, TOKEN, 409),
        ("GET", "/data_attributes", None, TOKEN, 429),
    ],
)
def test_a_refusal_is_an_error_list(
    vendor: Vendor, method: str, path: str, body: Any, token: str, status: int
) -> None:
    contact(vendor, email="there@example.com")
    if status == 429:
        vendor.sandbox.set_limit(WORKSPACE, 0)
    refusal = vendor.call(method, path, body, token=token)
    assert refusal.status == status
    assert judge(Error, refusal.json()) == []


# The SDK's client over HTTP.


@pytest.fixture
def official(sandbox: Sandbox) -> Iterator[OfficialClient]:
    """The SDK's client. It sends no version by itself."""
    with httpx.Client(trust_env=False) as http:
        headers = {"Intercom-Version": "2.16"}
        yield OfficialClient(token=TOKEN, base_url=sandbox.url, headers=headers, httpx_client=http)


def created(official: OfficialClient, email: str, *, role: str = "lead", **fields: Any) -> str:
    # The role goes in as one of the fields that the SDK's model doesn't know.
    request = CreateContactRequestWithEmail(**{"email": email, "role": role, **fields})
    return str(official.contacts.create(request=request).id)


def query(*emails: str) -> SingleFilterSearchRequest | MultipleFilterSearchRequest:
    filters = [SingleFilterSearchRequest(field="email", operator="=", value=email) for email in emails]
    return filters[0] if len(filters) == 1 else MultipleFilterSearchRequest(operator="OR", value=filters)


def found(official: OfficialClient, *emails: str) -> list[str]:
    return sorted(str(each.id) for each in official.contacts.search(query=query(*emails)))


def test_the_sdk_creates_a_lead(sandbox: Sandbox, official: OfficialClient) -> None:
    made = created(official, "ana@example.com", name="Ana", custom_attributes={"lead_source": "Friend"})
    (stored,) = sandbox.contacts(WORKSPACE)
    assert (stored["id"], stored["role"], stored["name"]) == (made, "lead", "Ana")
    assert stored["custom_attributes"] == {"lead_source": "Friend"}


def test_the_sdk_finds_by_one_email_and_by_several(official: OfficialClient) -> None:
    ana, ben = created(official, "ana@example.com"), created(official, "ben@example.com")
    assert found(official, "ana@example.com") == [ana]
    assert found(official, "ana@example.com", "ben@example.com") == sorted([ana, ben])
    assert found(official, "nobody@example.com") == []


def test_the_sdk_reads_the_pages_of_a_search_by_the_cursor_it_is_given(official: OfficialClient) -> None:
    made = [created(official, "ana@example.com") for _ in range(5)]
    seen: list[str] = []
    paging = StartingAfterPaging(per_page=2)
    # Its own pager asks for the first page over and over.
    for _ in range(3):
        page = official.contacts.search(query=query("ana@example.com"), pagination=paging)
        seen += [str(each.id) for each in page.items or []]
        following = page.response.pages.next if page.response.pages else None
        paging = StartingAfterPaging(
            per_page=2, starting_after=following.starting_after if following else None
        )
    assert (sorted(seen), following) == (sorted(made), None)


def test_the_sdk_updates_a_contact(sandbox: Sandbox, official: OfficialClient) -> None:
    ana = created(official, "ana@example.com", name="Ana")
    official.contacts.update(ana, phone="+16505550100", custom_attributes={"plan": "Pro"})
    stored = sandbox.contact(WORKSPACE, ana)
    assert (stored["name"], stored["phone"]) == ("Ana", "+16505550100")
    assert stored["custom_attributes"] == {"plan": "Pro"}


def test_the_sdk_reads_a_contact_by_either_id(official: OfficialClient) -> None:
    ana = created(official, "ana@example.com", role="user")
    official.contacts.update(ana, external_id="ana 1")
    assert official.contacts.find(ana).email == "ana@example.com"
    assert official.contacts.show_contact_by_external_id("ana 1").id == ana


def test_the_sdk_lists_contacts_over_two_pages(official: OfficialClient) -> None:
    made = [created(official, f"lead{number}@example.com") for number in range(3)]
    listed = official.contacts.list(per_page=2)
    assert sorted(str(each.id) for each in listed) == sorted(made)


def test_the_sdk_archives_restores_and_deletes_a_contact(official: OfficialClient) -> None:
    ana = created(official, "ana@example.com")
    assert official.contacts.archive(ana).archived is True
    assert official.contacts.unarchive(ana).archived is False
    assert official.contacts.delete(ana).deleted is True
    with pytest.raises(ApiError) as caught:
        official.contacts.find(ana)
    assert caught.value.status_code == 404


def test_the_sdk_is_told_of_a_second_user_in_the_message_alone(official: OfficialClient) -> None:
    ana = created(official, "ana@example.com", role="user")
    with pytest.raises(ApiError) as caught:
        created(official, "ana@example.com", role="user")
    assert caught.value.status_code == 409
    (error,) = caught.value.body["errors"]
    assert error["message"].endswith(f"id={ana}")


def test_the_sdk_is_refused_with_an_unknown_token(sandbox: Sandbox) -> None:
    with httpx.Client(trust_env=False) as http:
        stranger = OfficialClient(token="nonsense", base_url=sandbox.url, httpx_client=http)
        with pytest.raises(ApiError) as caught:
            stranger.admins.identify()
    assert caught.value.status_code == 401


def test_the_sdk_identifies_the_workspace(official: OfficialClient) -> None:
    teammate = official.admins.identify()
    assert teammate is not None
    assert teammate.app is not None
    assert teammate.app.id_code == WORKSPACE


def test_the_sdk_creates_and_lists_data_attributes(official: OfficialClient) -> None:
    fields: dict[str, Any] = {"name": "referred", "model": "contact", "data_type": "boolean"}
    request = CreateDataAttributeRequestOne(**fields)
    made = official.data_attributes.create(request=request)
    listed = official.data_attributes.list(model="contact").data or []
    assert made.full_name == "custom_attributes.referred"
    assert [each.data_type for each in listed if each.id == made.id] == ["boolean"]


def test_the_sdk_creates_a_list_attribute_and_reads_a_string(official: OfficialClient) -> None:
    options = [CreateDataAttributeRequestOptionsOptionsItem(value=word) for word in ("Red", "Blue")]
    fields: dict[str, Any] = {"name": "colour", "model": "contact", "options": options}
    request = CreateDataAttributeRequestOptions(data_type="options", **fields)
    made = official.data_attributes.create(request=request)
    assert (made.data_type, made.options) == ("string", ["Red", "Blue"])


def test_the_sdk_tags_a_contact_by_the_tags_id(sandbox: Sandbox, official: OfficialClient) -> None:
    ana = created(official, "ana@example.com")
    tag = official.tags.create(request=CreateOrUpdateTagRequest(name="Referred"))
    official.tags.tag_contact(ana, tag_id=str(tag.id))
    assert [each["id"] for each in sandbox.contact(WORKSPACE, ana)["tags"]["data"]] == [tag.id]
