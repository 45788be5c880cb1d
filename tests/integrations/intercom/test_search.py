"""Searching by email: every page, each contact once, and never a cut search taken for "none found"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from integrations.intercom.errors import Kind, RateLimitedError, TransientError
from tests.integrations.intercom.support import API, client, payload

if TYPE_CHECKING:
    import responses

URL = f"{API}/contacts/search"


def page(*ids: str, following: object = None, **more: Any) -> dict[str, Any]:
    pages = {"type": "pages", "page": 1, "per_page": 150, "total_pages": 1}
    if following is not None:
        pages["next"] = {"page": 2, "starting_after": following}
    rows = [{"type": "contact", "id": each, "role": "user", "email": f"{each}@example.com"} for each in ids]
    return {"type": "list", "data": rows, "pages": pages, **more}


def answer(api: responses.RequestsMock, *pages: object) -> None:
    for each in pages:
        api.post(URL, json=each)


def sent(api: responses.RequestsMock, number: int = 0) -> Any:
    return json.loads(api.calls[number].request.body or "")


def found(*emails: str) -> list[str]:
    return [contact.id for contact in client().search_contacts(emails or ("a@example.com",)).value]


def refused() -> TransientError:
    with pytest.raises(TransientError) as caught:
        found()
    return caught.value


def test_one_email_is_a_plain_filter(api: responses.RequestsMock) -> None:
    answer(api, page("1"))
    found("ana@example.com")
    assert sent(api) == {
        "query": {"field": "email", "operator": "=", "value": "ana@example.com"},
        "pagination": {"per_page": 150},
    }


def test_several_emails_are_one_group_of_filters(api: responses.RequestsMock) -> None:
    answer(api, page("1"))
    found("ana@example.com", "ben@example.com")
    query = sent(api)["query"]
    assert query["operator"] == "OR"
    assert [each["value"] for each in query["value"]] == ["ana@example.com", "ben@example.com"]


@pytest.mark.parametrize("count", [0, 16])
def test_too_few_or_too_many_emails_are_refused_before_sending(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 15"):
        client().search_contacts(["a@example.com"] * count)


def test_a_single_text_is_not_taken_for_a_list_of_emails() -> None:
    with pytest.raises(ValueError, match="1 to 15"):
        client().search_contacts("a@b.example")


def test_fifteen_emails_go_into_one_search(api: responses.RequestsMock) -> None:
    answer(api, page())
    assert found(*(f"{number}@example.com" for number in range(15))) == []


def test_a_recorded_answer_is_read(api: responses.RequestsMock) -> None:
    answer(api, payload("search_one_hit"))
    [contact] = client().search_contacts(["cleo@example.com"]).value
    assert (contact.email, contact.role) == ("cleo@example.com", payload("search_one_hit")["data"][0]["role"])


def test_trap_8_every_contact_of_an_email_is_returned(api: responses.RequestsMock) -> None:
    answer(api, page("lead", "user", "other", total_count=3))
    assert found() == ["lead", "user", "other"]


def test_trap_14_the_cursor_of_the_next_page_goes_into_the_body(api: responses.RequestsMock) -> None:
    answer(api, page("1", following="Wz+/=\n"), page("2"))
    assert sorted(found()) == ["1", "2"]
    assert sent(api, 1)["pagination"] == {"per_page": 150, "starting_after": "Wz+/=\n"}
    assert api.calls[1].request.url == URL


def test_trap_14_no_empty_cursor_is_sent(api: responses.RequestsMock) -> None:
    answer(api, page("1", following=""))
    assert refused().kind is Kind.BAD_SHAPE
    assert len(api.calls) == 1


def test_pages_that_shift_give_each_contact_once(api: responses.RequestsMock) -> None:
    answer(api, page("1", "2", following="c1"), page("2", "3"))
    assert sorted(found()) == ["1", "2", "3"]


def test_a_contact_that_came_twice_does_not_hide_that_another_is_missing(
    api: responses.RequestsMock,
) -> None:
    answer(api, page("1", "2", following="c1"), page("2", "3") | {"total_count": 4})
    with pytest.raises(TransientError) as caught:
        found()
    assert caught.value.kind is Kind.INCOMPLETE


def test_the_exchanges_of_all_pages_are_kept(api: responses.RequestsMock) -> None:
    answer(api, page("1", following="c1"), page("2"))
    result = client().search_contacts(["a@example.com"])
    assert len(result.exchanges) == 2
    assert result.exchanges[-1] is result.exchange


@pytest.mark.parametrize("following", ["https://api.intercom.io/contacts?page=2", 5, [], {}, {"page": 2}])
def test_a_next_page_that_cannot_be_asked_for_is_not_the_last(
    api: responses.RequestsMock, following: object
) -> None:
    answer(api, {**page("1"), "pages": {"next": following}})
    assert refused().kind is Kind.BAD_SHAPE


def test_a_next_page_of_null_is_the_last(api: responses.RequestsMock) -> None:
    answer(api, {**page("1"), "pages": {"next": None}})
    assert found() == ["1"]


def test_a_cursor_that_comes_again_ends_the_search_as_incomplete(api: responses.RequestsMock) -> None:
    answer(api, page("1", following="c1"), page("2", following="c1"))
    assert refused().kind is Kind.INCOMPLETE


def test_a_search_without_an_end_is_incomplete_after_20_pages(api: responses.RequestsMock) -> None:
    answer(api, *(page(str(number), following=f"c{number}") for number in range(20)))
    assert refused().kind is Kind.INCOMPLETE
    assert len(api.calls) == 20


def test_a_count_with_no_rows_is_not_none_found(api: responses.RequestsMock) -> None:
    answer(api, page(total_count=1))
    assert refused().kind is Kind.INCOMPLETE


def test_fewer_rows_than_counted_over_all_pages_are_incomplete(api: responses.RequestsMock) -> None:
    answer(api, page("1", following="c1", total_count=3), page("2", total_count=3))
    assert refused().kind is Kind.INCOMPLETE


@pytest.mark.parametrize("count", [0, None, "many", True])
def test_a_count_that_is_too_low_or_nonsense_is_ignored(api: responses.RequestsMock, count: object) -> None:
    answer(api, page("1", total_count=count))
    assert found() == ["1"]


@pytest.mark.parametrize(
    "data", [{}, [], {"data": None}, {"data": [{"email": "a@example.com"}]}, {"data": [5]}]
)
def test_an_answer_that_is_no_list_is_not_none_found(api: responses.RequestsMock, data: object) -> None:
    answer(api, data)
    assert refused().kind is Kind.BAD_SHAPE


def test_a_rate_limit_on_a_later_page_is_told(api: responses.RequestsMock) -> None:
    answer(api, page("1", following="c1"))
    api.post(URL, status=429)
    with pytest.raises(RateLimitedError):
        found()
