"""What comes back from Intercom's permission page: whatever it says, nothing unasked is connected."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from integrations.models import IntercomConnection
from tests.campaigns.factories import make_campaign
from tests.fuzz.strange import encoded, fields
from tests.fuzz.trying import examples, undone

pytestmark = pytest.mark.django_db

NAMES = ("state", "code", "error", "error_description", "tab")


@pytest.fixture
def asked(settings: Any, admin_client: Client) -> tuple[Client, str]:
    """Somebody who was sent to the permission page, and the state that they were given."""
    settings.INTERCOM_CLIENT_ID, settings.INTERCOM_CLIENT_SECRET = "id", "secret"
    settings.INTERCOM_API_URL = settings.INTERCOM_APP_URL = "http://127.0.0.1:9"  # nobody answers there
    campaign = make_campaign()
    page = reverse("admin:campaigns_campaign_intercom_oauth", args=[campaign.pk])
    assert admin_client.post(page, {"region": "US"}).status_code == 200
    (state,) = admin_client.session["intercom_oauth"]
    return admin_client, state


def come_back(client: Client, query: str) -> None:
    """They are led to a page of ours, and told why nothing was connected."""
    answer = client.get(reverse("intercom_oauth_callback"), QUERY_STRING=query)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/")
    assert list(get_messages(answer.wsgi_request))
    assert not IntercomConnection.objects.exists()


@examples(25)
@given(pairs=fields(NAMES, most=5), true=st.booleans())
def test_any_answer_leads_back_with_a_word(
    asked: tuple[Client, str], pairs: list[tuple[Any, Any]], *, true: bool
) -> None:
    client, state = asked
    with undone():
        come_back(client, encoded([("state", state), *pairs] if true else pairs))


@examples(10)
@given(pairs=fields(NAMES, most=4))
def test_any_answer_to_somebody_else_leads_to_the_login(
    asked: tuple[Client, str], pairs: list[tuple[Any, Any]]
) -> None:
    with undone():
        come_back(Client(), encoded([("state", asked[1]), *pairs]))
