"""The public join page: whatever is posted to it, somebody joined just so, or is told what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import event, given
from hypothesis import strategies as st

from campaigns import ratelimit
from campaigns.models import LeadFieldType, Participant
from integrations.models import Delivery
from tests.campaigns.factories import make_campaign, make_referrer
from tests.fuzz.strange import encoded, fields, posted, raw, texts
from tests.fuzz.trying import examples, undone

pytestmark = pytest.mark.django_db

CUSTOM = {kind.value: kind for kind in LeadFieldType}
FORM = {
    "first_name": "Ana",
    "last_name": "Lima",
    "email": "ana@example.com",
    "phone": "+49 30 1234",
    "website": "",
    "custom.text": "blue",
    "custom.number": "12",
    "custom.boolean": "yes",
    "custom.date": "2026-01-31",
}
TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=raw_unicode_escape",
    "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "",
)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(ratelimit, "allowed", lambda _request: True)
    referrer = make_referrer(make_campaign(fields=CUSTOM))
    return reverse("campaigns:join", args=[referrer.referral_code])


def join(page: str, body: str | bytes, content_type: str = TYPES[0]) -> Any:
    """Posts; whoever is in afterwards, and nobody else, is owed."""
    answer = Client().generic("POST", page, body, content_type=content_type)
    leads = Participant.objects.filter(audience="lead")
    assert Delivery.objects.filter(participant__in=leads).count() == leads.count() <= 1
    if leads:
        assert answer.status_code == 302
    else:
        assert answer.status_code in {200, 302, 400, 413}
    assert answer.status_code == 302 or len(answer.content) > 100
    event(f"{len(leads)} joined, {answer.status_code}")
    return answer


@examples(25)
@given(pairs=posted(FORM))
def test_a_form_with_something_wrong_joins_or_says_so(page: str, pairs: Any) -> None:
    with undone():
        join(page, encoded(pairs))
        Client().get(page)


@examples(15)
@given(pairs=fields([*FORM, "csrfmiddlewaretoken"], most=12))
def test_any_fields_join_or_are_told(page: str, pairs: Any) -> None:
    with undone():
        join(page, encoded(pairs))


@examples(25)
@given(body=raw, content_type=st.sampled_from(TYPES) | texts.filter(str.isprintable))
def test_any_bytes_of_any_kind_are_answered(page: str, body: bytes, content_type: str) -> None:
    for whole in (b"email=ana%40example.com&first_name=" + body, body):
        with undone():
            join(page, whole, content_type)


@examples(10)
@given(name=texts, email=texts, custom=texts)
def test_who_joins_by_multipart_joins_as_by_any_form(page: str, name: str, email: str, custom: str) -> None:
    with undone():
        form = {**FORM, "first_name": name, "email": email, "custom.text": custom}
        assert Client().post(page, form).status_code in {200, 302, 400}


@examples(15)
@given(code=texts | st.text(max_size=12))
def test_any_link_is_answered(page: str, code: str) -> None:
    assert Client().get(f"/r/{code}").status_code in {200, 301, 302, 404}
    assert Client().post(f"/r/{code}/thanks").status_code in {404, 405}
