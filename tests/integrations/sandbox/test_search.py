"""POST /contacts/search: lag, operators, limits and pages."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.control import State
from tests.integrations.sandbox.conftest import Vendor, error_of
from tests.integrations.sandbox_fixtures import WORKSPACE

DAY = 86_400


def by_email(email: Any) -> dict[str, Any]:
    return {"field": "email", "operator": "=", "value": email}


def emails(vendor: Vendor, query: Any) -> list[str]:
    response = vendor.search(query)
    assert response.status == 200, response.body
    return sorted(each["email"] for each in response.json()["data"])


def test_new_contact_is_invisible_until_the_lag_has_passed_trap_2(vendor: Vendor) -> None:
    vendor.sandbox.set_lag(WORKSPACE, 120)
    vendor.create(role="lead", email="ana@example.com")
    vendor.now += 119
    assert vendor.found("ana@example.com") == []
    vendor.now += 1
    assert len(vendor.found("ana@example.com")) == 1


def test_changed_contact_shows_its_old_values_until_the_lag_has_passed(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", name="Old")
    vendor.sandbox.set_lag(WORKSPACE, 120)
    vendor.call("PUT", f"/contacts/{ana['id']}", {"name": "New"})
    assert [each["name"] for each in vendor.found("ana@example.com")] == ["Old"]
    vendor.now += 120
    assert [each["name"] for each in vendor.found("ana@example.com")] == ["New"]


def test_two_changes_within_the_lag_appear_one_after_the_other(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", name="0")
    vendor.sandbox.set_lag(WORKSPACE, 100)
    seen = []
    for name in ("1", "2"):
        vendor.call("PUT", f"/contacts/{ana['id']}", {"name": name})
        vendor.now += 50
    for _ in range(3):
        seen += [each["name"] for each in vendor.found("ana@example.com")]
        vendor.now += 50
    assert seen == ["1", "2", "2"]


def test_archived_contact_is_found_until_the_lag_has_passed(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    vendor.sandbox.set_lag(WORKSPACE, 60)
    vendor.call("POST", f"/contacts/{ana['id']}/archive")
    assert len(vendor.found("ana@example.com")) == 1
    assert vendor.call("GET", f"/contacts/{ana['id']}").status == 404
    vendor.now += 60
    assert vendor.found("ana@example.com") == []


def test_search_can_be_made_to_catch_up(vendor: Vendor) -> None:
    vendor.sandbox.set_lag(WORKSPACE, 10**9)
    vendor.now = 0.0  # the control works by the machine's clock, which is later
    ana = vendor.create(email="ana@example.com", name="Old")
    vendor.call("PUT", f"/contacts/{ana['id']}", {"name": "New"})
    vendor.sandbox.let_search_catch_up(WORKSPACE)
    vendor.now = 4e9
    assert [each["name"] for each in vendor.found("ana@example.com")] == ["New"]


def test_lag_does_not_hide_a_contact_from_its_id(vendor: Vendor) -> None:
    vendor.sandbox.set_lag(WORKSPACE, 120)
    ana = vendor.create(external_id="1")
    assert vendor.call("GET", f"/contacts/{ana['id']}").status == 200
    assert vendor.call("GET", "/contacts/find_by_external_id/1").status == 200


def test_contact_that_was_there_before_is_found_at_once_whatever_the_lag(vendor: Vendor) -> None:
    vendor.sandbox.set_lag(WORKSPACE, 3600)
    vendor.sandbox.add_contact(WORKSPACE, email="ana@example.com")
    assert len(vendor.found("ana@example.com")) == 1


@pytest.mark.parametrize("state", [State.ARCHIVED, State.DELETED, State.MERGED])
def test_contact_that_is_gone_is_not_found(vendor: Vendor, state: State) -> None:
    ana = vendor.sandbox.add_contact(WORKSPACE, email="ana@example.com")
    vendor.sandbox.set_state(WORKSPACE, ana, state)
    vendor.now = 4e9
    assert vendor.found("ana@example.com") == []


def test_contact_of_another_workspace_is_not_found(vendor: Vendor) -> None:
    vendor.sandbox.add_workspace("work0002")
    vendor.sandbox.add_contact("work0002", email="ana@example.com")
    assert vendor.found("ana@example.com") == []


@pytest.mark.parametrize(("stored", "asked"), [("Ana@Example.com", "ana@example.com"), ("a@x.io", "A@X.IO")])
def test_emails_match_without_case(vendor: Vendor, stored: str, asked: str) -> None:
    vendor.create(email=stored)
    assert [each["email"] for each in vendor.found(asked)] == [stored]


def test_all_contacts_of_an_email_are_found_trap_8(vendor: Vendor) -> None:
    for role in ("lead", "user", "lead"):
        vendor.create(role=role, email="ana@example.com")
    assert sorted(each["role"] for each in vendor.found("ana@example.com")) == ["lead", "lead", "user"]


def people(vendor: Vendor) -> None:
    vendor.create(
        email="ana@example.com",
        name="Ana Sá",
        phone="+353871234567",
        external_id="1",
        custom_attributes={"plan": "Pro", "company_size": 10, "newsletter": True},
    )
    vendor.create(role="lead", email="ben@example.org", name="Ben", custom_attributes={"plan": "Free"})


ANA, BEN = "ana@example.com", "ben@example.org"


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("email", "=", ANA, [ANA]),
        ("email", "!=", ANA, [BEN]),
        ("email", "IN", [ANA.upper(), BEN], [ANA, BEN]),
        ("email", "NIN", [ANA], [BEN]),
        ("email", "~", "@EXAMPLE.", [ANA, BEN]),
        ("email", "!~", "ana", [BEN]),
        ("email", "^", "ben@", [BEN]),
        ("email", "$", ".org", [BEN]),
        ("email", "~", "%", []),
        ("role", "=", "lead", [BEN]),
        ("external_id", "=", "1", [ANA]),
        ("name", "~", "sá", [ANA]),
        ("phone", "=", None, [BEN]),
        ("phone", "!=", None, [ANA]),
        ("custom_attributes.plan", "=", "Pro", [ANA]),
        ("custom_attributes.company_size", ">", 9, [ANA]),
        ("custom_attributes.company_size", "<", 10, []),
        ("custom_attributes.newsletter", "=", True, [ANA]),
        ("custom_attributes.plan", "!=", "Pro", [BEN]),
    ],
)
def test_operator_finds_whom_it_should(
    vendor: Vendor, field: str, operator: str, value: Any, expected: list[str]
) -> None:
    people(vendor)
    assert emails(vendor, {"field": field, "operator": operator, "value": value}) == expected


def test_groups_nest_twice(vendor: Vendor) -> None:
    people(vendor)
    either = {"operator": "OR", "value": [by_email(ANA), by_email(BEN)]}
    lead = {"field": "role", "operator": "=", "value": "lead"}
    assert emails(vendor, {"operator": "AND", "value": [either, lead]}) == [BEN]


def test_third_level_is_refused(vendor: Vendor) -> None:
    query = by_email(ANA)
    for _ in range(3):
        query = {"operator": "AND", "value": [query]}
    assert error_of(vendor.search(query))[:2] == (400, "parameter_invalid")


@pytest.mark.parametrize(("count", "status"), [(15, 200), (16, 400), (0, 400)])
def test_group_takes_fifteen_filters(vendor: Vendor, count: int, status: int) -> None:
    filters = [by_email(f"a{number}@example.com") for number in range(count)]
    assert vendor.search({"operator": "OR", "value": filters}).status == status


@pytest.mark.parametrize(
    "query",
    [
        None,
        [],
        {},
        {"field": "email", "operator": "LIKE", "value": "x"},
        {"field": "email", "operator": ">", "value": "x"},
        {"field": "email", "operator": ["="], "value": "x"},
        {"field": "created_at", "operator": ">=", "value": 5},
        {"field": "created_at", "operator": ">", "value": "soon"},
        {"field": "shoe_size", "operator": "=", "value": 5},
        {"field": "custom_attributes.gone", "operator": "=", "value": 5},
        {"field": "custom_attributes.x') OR 1=1 --", "operator": "=", "value": 5},
        {"field": 5, "operator": "=", "value": 5},
        {"field": "email", "operator": "IN", "value": "x"},
        {"field": "email", "operator": "IN", "value": []},
        {"field": "email", "operator": "=", "value": ["x"]},
        {"field": "email", "operator": "=", "value": {"x": 1}},
    ],
)
def test_nonsense_is_refused(vendor: Vendor, query: Any) -> None:
    assert error_of(vendor.search(query))[:2] == (400, "parameter_invalid")


def test_dates_match_whole_days_trap_13(vendor: Vendor) -> None:
    vendor.now = 20_000.0 * DAY + 3600
    vendor.create(email=ANA)
    day = 20_000 * DAY

    def found(operator: str, value: int) -> bool:
        return bool(emails(vendor, {"field": "updated_at", "operator": operator, "value": value}))

    assert found("=", day + 80_000)
    assert found(">", day - 1)
    assert not found(">", day)
    assert not found("<", day + DAY - 1)
    assert found("<", day + DAY)


def test_default_page_has_fifty_and_the_last_has_no_next(vendor: Vendor) -> None:
    for number in range(51):
        vendor.sandbox.add_contact(WORKSPACE, email=f"a{number}@example.com")
    query = {"field": "role", "operator": "=", "value": "lead"}
    first = vendor.search(query).json()
    assert (len(first["data"]), first["total_count"]) == (50, 51)
    next_page = first["pages"].pop("next")
    assert first["pages"] == {"type": "pages", "page": 1, "per_page": 50, "total_pages": 2}
    last = vendor.search(query, pagination={"starting_after": next_page["starting_after"]}).json()
    assert len(last["data"]) == 1
    assert last["pages"] == {"type": "pages", "page": 2, "per_page": 50, "total_pages": 2}
    assert not {each["id"] for each in first["data"]} & {each["id"] for each in last["data"]}


def test_no_match_has_no_pages(vendor: Vendor) -> None:
    answer = vendor.search(by_email("nobody@example.com")).json()
    assert answer["pages"] == {"type": "pages", "page": 1, "per_page": 50, "total_pages": 0}
    assert (answer["type"], answer["data"], answer["total_count"]) == ("list", [], 0)


def test_cursor_in_the_address_is_ignored_trap_14(vendor: Vendor) -> None:
    people(vendor)
    body = {"query": {"field": "name", "operator": "!=", "value": None}, "pagination": {"per_page": 1}}
    first = vendor.call("POST", "/contacts/search", body).json()
    cursor = first["pages"]["next"]["starting_after"]
    again = vendor.call("POST", "/contacts/search", body, query={"starting_after": cursor}).json()
    assert again["data"][0]["id"] == first["data"][0]["id"]


def test_empty_cursor_is_a_server_error_trap_14(vendor: Vendor) -> None:
    response = vendor.search(by_email(ANA), pagination={"starting_after": ""})
    assert error_of(response) == (500, "server_error", "Server Error")


@pytest.mark.parametrize(
    "pagination", [{"per_page": 151}, {"per_page": 0}, {"per_page": "x"}, {"starting_after": "x"}, [1]]
)
def test_wrong_page_is_refused(vendor: Vendor, pagination: Any) -> None:
    assert error_of(vendor.search(by_email(ANA), pagination=pagination))[0] == 400


def test_sort_orders(vendor: Vendor) -> None:
    people(vendor)
    query = {"field": "name", "operator": "!=", "value": None}
    answer = vendor.search(query, sort={"field": "email", "order": "ascending"}).json()
    assert [each["email"] for each in answer["data"]] == [ANA, BEN]


def test_wrong_sort_order_is_refused_in_the_vendors_words(vendor: Vendor) -> None:
    response = vendor.search(by_email(ANA), sort={"field": "email", "order": "desc"})
    text = "Invalid sort order 'desc'. Must be one of: ascending, descending"
    assert error_of(response) == (400, "invalid_sort_order", text)


@pytest.mark.parametrize("sort", [{"field": "doc; DROP"}, {"field": ["email"]}, {"order": ["x"]}, "email"])
def test_wrong_sort_is_refused(vendor: Vendor, sort: Any) -> None:
    assert vendor.search(by_email(ANA), sort=sort).status == 400
