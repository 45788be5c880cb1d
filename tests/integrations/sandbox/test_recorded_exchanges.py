"""Real exchanges with Intercom (2021, version 2.3; here with made-up people) replay to the same end.

Statuses, refusals, hits of searches and written values are the same, step by step; so are the keys and
JSON types of every answer, but for what Intercom changed since. Those changes are listed, not overlooked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.messages import Response
from tests.integrations.sandbox.conftest import Vendor, error_of

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


STORIES = payload("recorded_exchanges")
SHAPES = payload("recorded_shapes")
ATTRIBUTES = payload("recorded_attributes")

# A contact deleted for good could not be restored in either year: a bare 500 in January 2021, a 400 that
# says why in March. The sandbox answers as in March.
ANSWERED_OTHERWISE_LATER = {500: (400, "bad_request")}

ADDED_SINCE = {
    "contact": {
        *("email_domain", "enabled_push_messaging", "sms_consent", "unsubscribed_from_sms", "referrer"),
        *("utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term"),
        *("opted_in_subscription_types", "opted_out_subscription_types"),
    },
    "location": {"country_code", "continent_code"},
    "archived": {"type", "external_id"},
    "deleted": {"type", "external_id"},
    "standard attribute": {"messenger_writable"},
    "custom attribute": {"messenger_writable"},
}
# `object` gave way to `type`.
GONE_SINCE = {"archived": {"object"}, "deleted": {"object"}}
JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def filled(value: Any, names: dict[str, str]) -> Any:
    text = json.dumps(value)
    for name, known in names.items():
        text = text.replace(f"{{{name}}}", known)
    return json.loads(text)


def check_refusal(response: Response, step: dict[str, Any]) -> None:
    status, code, message = error_of(response)
    if step["status"] in ANSWERED_OTHERWISE_LATER:
        assert (status, code) == ANSWERED_OTHERWISE_LATER[step["status"]], step
    else:
        assert [status, code, message] == [step["status"], *step["error"]], step


def check_answer(response: Response, step: dict[str, Any], names: dict[str, str]) -> None:
    body = response.json()
    assert response.status == step["status"], (step, body)
    if "keep" in step:
        names[step["keep"]] = body["id"]
    if "keep_external" in step:
        names[step["keep_external"]] = body["external_id"]
    if "found" in step:
        assert sorted(row["id"] for row in body["data"]) == sorted(filled(step["found"], names)), step
    expected = filled(step.get("answer", {}), names)
    assert {key: body[key] for key in expected} == expected, step


@pytest.mark.parametrize("story", STORIES)
def test_a_recorded_story_ends_the_same_way(vendor: Vendor, story: str) -> None:
    names: dict[str, str] = {}
    for recorded in STORIES[story]:
        step = {**recorded, **filled({k: recorded.get(k) for k in ("path", "request", "error")}, names)}
        response = vendor.call(step["method"], step["path"], step["request"])
        if "error" in recorded:
            check_refusal(response, step)
        else:
            check_answer(response, step, names)


def differences(kind: str, answer: dict[str, Any]) -> list[str]:
    """What the answer's keys and JSON types have against the recorded ones of that kind."""
    recorded = SHAPES[kind]
    wanted = {key for key, types in recorded.items() if not types.startswith("?")}
    missing = wanted - answer.keys() - GONE_SINCE.get(kind, set())
    extra = answer.keys() - recorded.keys() - ADDED_SINCE.get(kind, set())
    wrong = [
        f"{key} is {json_type(answer[key])}"
        for key in recorded.keys() & answer.keys()
        if json_type(answer[key]) not in recorded[key].removeprefix("?").split("|")
    ]
    return [f"{key} is missing" for key in missing] + [f"{key} is new" for key in extra] + wrong


def json_type(value: Any) -> str:
    return "null" if value is None else JSON_TYPES[type(value)]


def person(vendor: Vendor, **fields: Any) -> Any:
    return vendor.create(**{"role": "user", "email": "ana@example.com", "external_id": "ana", **fields})


FULL = {
    "name": "Ana",
    "phone": "+16505550100",
    "custom_attributes": {"plan": "Pro", "trial_ends": 1597870204, "lead_source": None},
}


@pytest.mark.parametrize("fields", [{}, {"role": "lead"}, FULL], ids=["user", "lead", "full"])
def test_a_contact_has_the_recorded_shape(vendor: Vendor, fields: dict[str, Any]) -> None:
    ana = person(vendor, **fields)
    read = vendor.call("GET", f"/contacts/{ana['id']}").json()
    written = vendor.call("PUT", f"/contacts/{ana['id']}", {"name": "Ana B."}).json()
    assert [differences("contact", contact) for contact in (ana, read, written)] == [[], [], []]
    assert differences("location", ana["location"]) == []
    assert differences("social_profiles", ana["social_profiles"]) == []


@pytest.mark.parametrize("part", ["tags", "notes", "companies", "opted_in_subscription_types"])
def test_a_list_within_a_contact_has_the_recorded_shape(vendor: Vendor, part: str) -> None:
    ana = person(vendor)
    assert differences("contact.list", ana[part]) == []
    last = "subscriptions" if part.startswith("opted") else part
    assert ana[part]["url"] == f"/contacts/{ana['id']}/{last}"


def test_a_tag_within_a_contact_has_the_recorded_shape_without_its_name(vendor: Vendor) -> None:
    ana = person(vendor)
    tag = vendor.call("POST", "/tags", {"name": "Referred"}).json()
    attached = vendor.call("POST", f"/contacts/{ana['id']}/tags", {"id": tag["id"]}).json()
    listed = vendor.call("GET", f"/contacts/{ana['id']}/tags").json()["data"]
    (within,) = vendor.call("GET", f"/contacts/{ana['id']}").json()["tags"]["data"]
    assert [differences("tag", each) for each in (attached, *listed)] == [[], []]
    assert differences("contact.list.data", within) == []


@pytest.mark.parametrize("people", [0, 1])
@pytest.mark.parametrize(("method", "path"), [("GET", "/contacts"), ("POST", "/contacts/search")])
def test_a_list_of_contacts_has_the_recorded_shape(
    vendor: Vendor, method: str, path: str, people: int
) -> None:
    for _ in range(people):
        person(vendor)
    query = {"query": {"field": "email", "operator": "=", "value": "ana@example.com"}}
    answer = vendor.call(method, path, query).json()
    assert differences("list of contacts", answer) == []
    assert differences("pages", answer["pages"]) == []
    assert [differences("contact", contact) for contact in answer["data"]] == [[]] * people


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [("POST", "/archive", "archived"), ("POST", "/unarchive", "archived"), ("DELETE", "", "deleted")],
)
def test_what_becomes_of_a_contact_is_answered_in_the_recorded_shape(
    vendor: Vendor, method: str, path: str, kind: str
) -> None:
    answer = vendor.call(method, f"/contacts/{person(vendor)['id']}{path}", {})
    assert answer.status == 200
    assert differences(kind, answer.json()) == []


@pytest.mark.parametrize("path", ["/contacts/unknown", "/contacts/unknown/tags", "/nothing"])
def test_a_refusal_has_the_recorded_shape(vendor: Vendor, path: str) -> None:
    answer = vendor.call("GET", path).json()
    assert differences("errors", answer) == []
    assert [differences("error", error) for error in answer["errors"]] == [[]]


def test_the_data_attributes_have_the_recorded_shape(vendor: Vendor) -> None:
    answer = vendor.call("GET", "/data_attributes", query={"model": "contact"}).json()
    kinds = ("standard attribute", "custom attribute")
    odd = {row["full_name"]: differences(kinds[row["custom"]], row) for row in answer["data"]}
    assert differences("list of data_attributes", answer) == []
    assert {name: said for name, said in odd.items() if said} == {}


def test_every_recorded_standard_attribute_is_listed_as_it_was(vendor: Vendor) -> None:
    rows = vendor.call("GET", "/data_attributes").json()["data"]
    listed = {row["full_name"]: row for row in rows if not row["custom"]}
    as_recorded = {name: {k: listed[name][k] for k in said} for name, said in ATTRIBUTES.items()}
    assert as_recorded == ATTRIBUTES
    assert listed.keys() == ATTRIBUTES.keys()


@pytest.mark.parametrize("path", ["/me", "/contacts/unknown"])
def test_every_answer_carries_the_recorded_headers(vendor: Vendor, path: str) -> None:
    headers = vendor.call("GET", path).headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} < headers.keys()
    assert {"X-Request-Id", "Intercom-Version"} < headers.keys()


def test_times_are_whole_seconds(vendor: Vendor) -> None:
    vendor.now += 0.75
    ana = person(vendor)
    assert (ana["created_at"], ana["updated_at"]) == (int(vendor.now), int(vendor.now))
