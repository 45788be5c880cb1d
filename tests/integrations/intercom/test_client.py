"""One method, one call: what it asks for, what it returns, what it refuses to believe."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses
from responses import matchers

from integrations.intercom.client import Answer, IntercomClient
from integrations.intercom.errors import (
    ConflictError,
    Kind,
    MergedError,
    NotFoundError,
    RejectedError,
    TransientError,
)
from integrations.intercom.hosts import Region
from tests.integrations.intercom.support import API, client, error_list, exchange, payload

ID = "65a0c0ffee00000000000001"
Use = Callable[[IntercomClient], object]


def misshapen(use: Use) -> TransientError:
    with pytest.raises(TransientError) as caught:
        use(client())
    return caught.value


def test_me_names_the_workspace(api: responses.RequestsMock) -> None:
    api.get(f"{API}/me", json=payload("me"))
    workspace = client().me().value
    assert (workspace.id, workspace.name, workspace.timezone) == ("ws1example", "Acme", "Europe/Dublin")
    assert workspace.region is Region.EU


@pytest.mark.parametrize("data", [{"type": "admin", "app": None}, {"type": "admin"}])
def test_a_token_without_a_workspace_is_told_apart(api: responses.RequestsMock, data: dict[str, Any]) -> None:
    api.get(f"{API}/me", json=data)
    assert misshapen(lambda intercom: intercom.me()).kind is Kind.NO_WORKSPACE


def test_create_posts_the_body_as_it_is_and_returns_the_contact(api: responses.RequestsMock) -> None:
    body = {"role": "lead", "email": "ben@example.com", "custom_attributes": {"vip": False, "score": 0}}
    recorded = payload("contact_lead_created")
    api.post(f"{API}/contacts", json=recorded, match=[matchers.json_params_matcher(body)])
    contact = client().create_contact(body).value
    assert (contact.id, contact.role, contact.email) == (recorded["id"], "lead", "ben@example.com")


def test_trap_1_a_second_lead_of_one_email_is_made_without_any_conflict(api: responses.RequestsMock) -> None:
    for contact_id in ("1", "2"):
        api.post(f"{API}/contacts", json={"type": "contact", "id": contact_id, "role": "lead"})
    made = [client().create_contact({"role": "lead", "email": "a@example.com"}).value.id for _ in range(2)]
    assert made == ["1", "2"]


def test_trap_6_the_external_id_of_a_lead_is_intercoms_own(api: responses.RequestsMock) -> None:
    recorded = payload("contact_lead_created")
    api.post(f"{API}/contacts", json=recorded)
    contact = client().create_contact({"role": "lead", "external_id": "ours"}).value
    assert contact.external_id == recorded["external_id"] != "ours"


@pytest.mark.parametrize(
    "answer", ["{}", '{"id":""}', '{"id":null}', '{"id":true}', "[]", "5", '"x"', "null", ""]
)
def test_a_create_answered_without_a_contact_may_have_acted(api: responses.RequestsMock, answer: str) -> None:
    api.post(f"{API}/contacts", body=answer)
    error = misshapen(lambda intercom: intercom.create_contact({"role": "lead"}))
    assert (error.kind, error.maybe_acted) == (Kind.BAD_SHAPE, True)


def test_a_create_answered_with_204_may_have_acted(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", status=204)
    error = misshapen(lambda intercom: intercom.create_contact({"role": "lead"}))
    assert (error.kind, error.maybe_acted) == (Kind.BAD_SHAPE, True)


def test_an_error_list_with_200_is_no_success(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json=error_list(("server_error", "Server Error")))
    assert misshapen(lambda intercom: intercom.create_contact({})).kind is Kind.BAD_SHAPE


def test_trap_2_a_create_after_a_missed_search_names_the_contact_that_was_there(
    api: responses.RequestsMock,
) -> None:
    message = f"A contact matching those details already exists with id={ID}"
    api.post(f"{API}/contacts", json=error_list(("conflict", message)), status=409)
    with pytest.raises(ConflictError) as caught:
        client().create_contact({"role": "user", "email": "ana@example.com"})
    assert caught.value.contact_id == ID


def test_update_puts_the_body_to_the_contact(api: responses.RequestsMock) -> None:
    body = {"custom_attributes": {"referred": True}}
    recorded = payload("contact_user_updated")
    api.put(f"{API}/contacts/{ID}", json=recorded, match=[matchers.json_params_matcher(body)])
    assert client().update_contact(ID, body).value.custom_attributes == recorded["custom_attributes"]


def test_trap_9_an_unknown_attribute_refuses_the_whole_update(api: responses.RequestsMock) -> None:
    data = error_list(("parameter_invalid", "Custom attribute 'plan' does not exist"))
    api.put(f"{API}/contacts/{ID}", json=data, status=400)
    with pytest.raises(RejectedError) as caught:
        client().update_contact(ID, {"custom_attributes": {"plan": "pro"}})
    assert caught.value.attribute_name == "plan"


def test_get_reads_the_contact(api: responses.RequestsMock) -> None:
    api.get(f"{API}/contacts/{ID}", json=payload("contact_user_updated"))
    assert client().get_contact(ID).value.email == "ana@example.com"


def test_trap_4_an_archived_contact_cannot_be_read(api: responses.RequestsMock) -> None:
    api.get(f"{API}/contacts/{ID}", json=error_list(("not_found", "User Not Found")), status=404)
    with pytest.raises(NotFoundError):
        client().get_contact(ID)


def test_a_merged_contact_names_its_successor(api: responses.RequestsMock) -> None:
    api.get(
        f"{API}/contacts/{ID}",
        json=error_list(("contact_merged", "merged")),
        status=410,
        headers={"Link": '</contacts/abc123>; rel="canonical"'},
    )
    with pytest.raises(MergedError) as caught:
        client().get_contact(ID)
    assert caught.value.canonical_id == "abc123"


def test_delete_believes_the_recorded_answer(api: responses.RequestsMock) -> None:
    api.delete(f"{API}/contacts/{ID}", json=payload("contact_deleted"))
    assert client().delete_contact(ID).exchange.status == 200


def test_a_delete_that_does_not_say_deleted_is_not_believed(api: responses.RequestsMock) -> None:
    api.delete(f"{API}/contacts/{ID}", json={"id": ID})
    assert misshapen(lambda intercom: intercom.delete_contact(ID)).kind is Kind.BAD_SHAPE


def test_unarchive_posts_to_the_contact(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts/{ID}/unarchive", json={"id": ID, "object": "contact", "archived": False})
    answer = client().unarchive_contact(ID)
    assert answer.exchange.template == "/contacts/{id}/unarchive"


def test_an_unarchive_that_leaves_it_archived_is_not_believed(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts/{ID}/unarchive", json={"id": ID, "archived": True})
    assert misshapen(lambda intercom: intercom.unarchive_contact(ID)).kind is Kind.BAD_SHAPE


def test_trap_5_a_contact_deleted_for_good_cannot_be_unarchived(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts/{ID}/unarchive", json=payload("not_restorable"), status=400)
    with pytest.raises(RejectedError):
        client().unarchive_contact(ID)


def test_trap_5_unarchiving_may_also_end_in_a_server_error(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts/{ID}/unarchive", json=payload("server_error"), status=500)
    assert misshapen(lambda intercom: intercom.unarchive_contact(ID)).kind is Kind.SERVER_ERROR


@pytest.mark.parametrize("contact_id", ["", ".", "..", "..."])
def test_an_id_that_would_name_another_path_is_refused(contact_id: str) -> None:
    with pytest.raises(ValueError, match="contact id"):
        client().delete_contact(contact_id)


def test_an_id_is_quoted_within_its_path(api: responses.RequestsMock) -> None:
    api.get(f"{API}/contacts/a%2Fb%3Fc%20d", json={"id": "1"})
    client().get_contact("a/b?c d")
    assert api.calls[0].request.url == f"{API}/contacts/a%2Fb%3Fc%20d"


def test_attributes_are_asked_for_with_the_archived_ones(api: responses.RequestsMock) -> None:
    asked = matchers.query_param_matcher({"model": "contact", "include_archived": "true"})
    api.get(f"{API}/data_attributes", json=payload("data_attributes"), match=[asked])
    found = {attribute.full_name: attribute for attribute in client().list_data_attributes().value}
    assert {"email", "custom_attributes.list_field"} <= found.keys()
    assert found["custom_attributes.list_field"].options == ("Red", "Blue", "Green")


@pytest.mark.parametrize(
    "data", [{}, {"data": None}, {"data": {}}, [], {"data": [None]}, {"data": [{"id": 1}]}]
)
def test_a_list_of_attributes_that_is_none_is_no_empty_list(
    api: responses.RequestsMock, data: object
) -> None:
    api.get(f"{API}/data_attributes", json=data)
    assert misshapen(lambda intercom: intercom.list_data_attributes()).kind is Kind.BAD_SHAPE


def test_an_attribute_is_created_for_contacts(api: responses.RequestsMock) -> None:
    made = {
        "name": "referred",
        "full_name": "custom_attributes.referred",
        "data_type": "boolean",
        "custom": True,
    }
    api.post(f"{API}/data_attributes", json=made)
    answer = client().create_data_attribute("referred", data_type="boolean")
    sent = json.loads(api.calls[0].request.body or "")
    assert sent == {"name": "referred", "model": "contact", "data_type": "boolean"}
    assert answer.value.full_name == "custom_attributes.referred"


def test_an_attribute_is_created_with_its_description(api: responses.RequestsMock) -> None:
    api.post(f"{API}/data_attributes", json={"full_name": "custom_attributes.a"})
    client().create_data_attribute("a", data_type="string", description="Who referred them")
    assert json.loads(api.calls[0].request.body or "")["description"] == "Who referred them"


def test_a_taken_attribute_name_is_rejected_with_intercoms_words(api: responses.RequestsMock) -> None:
    words = "You already have 'referred' in your people data."
    api.post(f"{API}/data_attributes", json=error_list(("parameter_invalid", words)), status=400)
    with pytest.raises(RejectedError) as caught:
        client().create_data_attribute("referred", data_type="boolean")
    assert caught.value.vendor_message == words


def test_the_client_does_not_show_its_token() -> None:
    assert "dG9r" not in repr(client())


def test_an_answer_of_one_call_has_one_exchange() -> None:
    assert Answer(None, exchange()).exchanges == (exchange(),)
