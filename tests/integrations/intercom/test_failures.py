"""Each row of the failure classes: which error an answer becomes, and what it carries."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from integrations.intercom.errors import (
    AuthError,
    ConflictError,
    ForbiddenError,
    IntercomError,
    Kind,
    MergedError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from integrations.intercom.failures import failure_of
from tests.integrations.intercom.support import error_list, exchange, payload

ID = "65a0c0ffee00000000000009"
NOW = 1_700_000_000


def failure(
    status: int,
    data: Any = None,
    *,
    headers: dict[str, str] | None = None,
    path: str = "/contacts",
    readable: bool = True,
) -> IntercomError | None:
    return failure_of(exchange(status, path=path), headers=headers or {}, data=data, readable=readable)


def conflict(*errors: tuple[str, str]) -> ConflictError:
    error = failure(409, error_list(*errors))
    assert isinstance(error, ConflictError)
    return error


def merged(link: str) -> MergedError:
    error = failure(410, error_list(("contact_merged", "merged")), headers={"Link": link})
    assert isinstance(error, MergedError)
    return error


def rate_limited(**headers: str) -> RateLimitedError:
    names = {"reset": "X-RateLimit-Reset", "after": "Retry-After"}
    with time_machine.travel(NOW, tick=False):
        error = failure(429, headers={names[key]: value for key, value in headers.items()})
    assert isinstance(error, RateLimitedError)
    return error


def test_a_readable_2xx_is_no_failure() -> None:
    assert failure(200, {"id": ID}) is None


def test_trap_3_the_id_of_a_conflict_is_read_from_the_message() -> None:
    error = conflict(("conflict", f"A contact matching those details already exists with id={ID}"))
    assert (error.contact_id, error.archived) == (ID, False)


def test_trap_3_the_id_may_stand_in_the_second_error() -> None:
    error = conflict(("conflict", "Conflict"), ("conflict", f"A contact … already exists with id={ID}"))
    assert error.contact_id == ID


def test_trap_3_a_conflict_without_an_id_guesses_none() -> None:
    assert conflict(("conflict", f"A contact matching {ID} exists")).contact_id is None


def test_trap_3_two_different_ids_are_no_answer() -> None:
    error = conflict(("conflict", "already exists with id=a1"), ("conflict", "already exists with id=b2"))
    assert error.contact_id is None


def test_trap_3_an_external_id_is_not_taken_for_the_id() -> None:
    assert conflict(("conflict", "A contact with external_id=42 already exists")).contact_id is None


def test_trap_3_a_word_too_long_for_an_id_is_none() -> None:
    assert conflict(("conflict", "A contact … already exists with id=" + "a" * 65)).contact_id is None


def test_trap_4_an_archived_contact_is_told_from_a_live_one() -> None:
    error = failure(409, payload("conflict_archived"))
    assert isinstance(error, ConflictError)
    assert (error.contact_id, error.archived) == (ID, True)


def test_trap_5_a_contact_deleted_for_good_is_rejected_when_restored() -> None:
    error = failure(400, payload("not_restorable"))
    assert isinstance(error, RejectedError)
    assert error.code == "bad_request"


def test_a_409_of_another_kind_is_rejected() -> None:
    assert isinstance(failure(409, error_list(("resource_conflict", "owner id=5 is busy"))), RejectedError)


def test_a_409_that_is_not_about_contacts_names_no_contact() -> None:
    data = error_list(("conflict", f"already exists with id={ID}"))
    assert isinstance(failure(409, data, path="/data_attributes"), RejectedError)


def test_404_is_not_found() -> None:
    assert isinstance(failure(404, error_list(("not_found", "User Not Found"))), NotFoundError)


def test_404_with_an_empty_body_is_not_found() -> None:
    assert isinstance(failure(404), NotFoundError)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422])
def test_html_from_a_gateway_says_nothing_about_the_contact(status: int) -> None:
    error = failure(status, readable=False)
    assert isinstance(error, TransientError)
    assert (error.kind, error.maybe_acted) == (Kind.NOT_JSON, True)


def test_json_that_is_no_object_is_no_404_of_intercoms() -> None:
    assert isinstance(failure(404, "Not found"), TransientError)


def test_410_names_the_contact_it_was_merged_into() -> None:
    assert merged('</contacts/6762f0dd>; rel="canonical"').canonical_id == "6762f0dd"


def test_410_finds_the_canonical_link_among_others() -> None:
    link = '</contacts/aaa>; rel="prev", <https://api.intercom.io/contacts/bbb>; title="x"; rel=canonical'
    assert merged(link).canonical_id == "bbb"


@pytest.mark.parametrize(
    "link", ["", "nonsense", "</contacts/aaa>", '</companies/1>; rel="canonical"', "<<>;;"]
)
def test_410_with_an_unreadable_link_guesses_no_id(link: str) -> None:
    assert merged(link).canonical_id is None


def test_a_410_that_is_no_merge_is_rejected() -> None:
    assert isinstance(failure(410, error_list(("gone", "Gone"))), RejectedError)


def test_trap_9_an_unknown_attribute_is_named() -> None:
    error = failure(400, error_list(("parameter_invalid", "Custom attribute 'isOpenSource' does not exist")))
    assert isinstance(error, RejectedError)
    assert error.attribute_name == "isOpenSource"


def test_an_attribute_name_may_hold_a_quote() -> None:
    error = failure(400, error_list(("parameter_invalid", "Custom attribute 'dog's name' does not exist")))
    assert isinstance(error, RejectedError)
    assert error.attribute_name == "dog's name"


def test_trap_7_a_user_that_cannot_become_a_lead_is_rejected() -> None:
    data = error_list(("client_error", "Contact with user role can't be converted to a lead"))
    error = failure(400, data)
    assert isinstance(error, RejectedError)
    assert error.attribute_name is None


def test_the_field_that_intercom_names_is_kept() -> None:
    error = failure(400, {"errors": [{"code": "parameter_invalid", "message": "bad", "field": "phone"}]})
    assert error is not None
    assert error.field == "phone"


@pytest.mark.parametrize("status", [400, 405, 406, 413, 415, 418, 422, 499])
def test_any_other_4xx_is_rejected(status: int) -> None:
    assert type(failure(status, error_list(("x", "y")))) is RejectedError


@pytest.mark.parametrize(
    "code", ["unauthorized", "token_suspended", "token_revoked", "missing_authorization", ""]
)
def test_trap_20_every_401_means_connect_anew(code: str) -> None:
    error = failure(401, error_list((code, "Access Token Invalid")))
    assert isinstance(error, AuthError)
    assert error.code == code


@pytest.mark.parametrize("code", ["token dG9rOjEyMw==", "ana@example.com", "x y", "x" * 65, "ü"])
def test_what_is_no_plain_word_is_no_code(code: str) -> None:
    """It is stored and shown, so it must not quote what was sent."""
    error = failure(401, error_list((code, "Access Token Invalid")))
    assert error is not None
    assert error.code == ""
    assert code not in str(error)


def test_a_401_in_html_still_means_connect_anew() -> None:
    assert isinstance(failure(401, readable=False), AuthError)


@pytest.mark.parametrize(("status", "code"), [(403, "api_plan_restricted"), (403, "forbidden"), (402, "x")])
def test_plan_and_scope_are_forbidden(status: int, code: str) -> None:
    error = failure(status, error_list((code, "Active subscription needed.")))
    assert isinstance(error, ForbiddenError)
    assert error.code == code


def test_trap_15_a_429_waits_for_the_end_of_the_window_without_a_retry_after() -> None:
    assert rate_limited(reset=str(NOW + 7)).retry_at == NOW + 7


def test_a_429_waits_for_the_later_of_the_two_headers() -> None:
    assert rate_limited(reset=str(NOW + 7), after="20").retry_at == NOW + 20


def test_a_429_reads_a_retry_after_that_is_a_date() -> None:
    assert rate_limited(after="Tue, 14 Nov 2023 22:13:50 GMT").retry_at == NOW + 30


@pytest.mark.parametrize("reset", [str(NOW * 1000), "99999999999"])
def test_a_429_never_waits_longer_than_a_minute(reset: str) -> None:
    assert rate_limited(reset=reset).retry_at == NOW + 60


def test_a_429_whose_window_has_ended_waits_no_more() -> None:
    assert rate_limited(reset=str(NOW - 5)).retry_at == NOW


def test_a_429_without_headers_says_no_time() -> None:
    assert rate_limited().retry_at is None


@pytest.mark.parametrize("nonsense", ["", "soon", "-1", "1e3", "²", "٣", "9" * 400])
def test_a_429_with_nonsense_headers_says_no_time(nonsense: str) -> None:
    assert rate_limited(reset=nonsense, after=nonsense).retry_at is None


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_5xx_may_have_acted(status: int) -> None:
    error = failure(status, payload("server_error"))
    assert isinstance(error, TransientError)
    assert (error.kind, error.maybe_acted, error.code) == (Kind.SERVER_ERROR, True, "server_error")


def test_408_may_have_acted() -> None:
    error = failure(408, error_list(("Request Timeout", "")))
    assert isinstance(error, TransientError)
    assert (error.kind, error.maybe_acted) == (Kind.SERVER_TIMEOUT, True)


@pytest.mark.parametrize("status", [301, 302, 304, 307, 399])
def test_a_redirect_is_no_answer(status: int) -> None:
    error = failure(status)
    assert isinstance(error, TransientError)
    assert error.kind is Kind.REDIRECT


def test_a_200_that_is_not_json_is_never_a_success() -> None:
    error = failure(200, readable=False)
    assert isinstance(error, TransientError)
    assert (error.kind, error.maybe_acted) == (Kind.NOT_JSON, True)


@pytest.mark.parametrize(
    "errors", [None, [], {}, "x", 5, [None], [[]], [{"code": 5}], [{"message": {"a": 1}, "field": []}]]
)
def test_a_nonsense_error_list_still_makes_an_error(errors: object) -> None:
    error = failure(400, {"type": "error.list", "errors": errors})
    assert isinstance(error, RejectedError)
    assert (error.code, error.vendor_message, error.field) == ("", "", "")


def test_intercoms_message_is_cut_to_500_characters() -> None:
    error = failure(400, error_list(("x", "m" * 9000), ("y", "n" * 9000)))
    assert error is not None
    assert error.vendor_message == "m" * 500


def test_the_text_of_an_error_holds_neither_the_message_nor_the_id() -> None:
    error = failure(404, error_list(("not_found", "no ana@example.com")), path=f"/contacts/{ID}")
    assert str(error) == "NotFoundError 404 POST /contacts/{id} not_found"
    assert "ana@example.com" not in repr(error)


def test_a_code_that_is_no_plain_word_stays_out_of_the_text() -> None:
    error = failure(400, error_list(("ana@example.com", "x")))
    assert str(error) == "RejectedError 400 POST /contacts"


def test_the_text_of_a_lost_call_names_its_kind() -> None:
    error = TransientError(exchange(None), kind=Kind.TIMEOUT)
    assert str(error) == "TransientError no answer POST /contacts timeout"
