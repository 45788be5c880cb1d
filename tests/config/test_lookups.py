"""Lists of the admin: whatever somebody types into the address, they are narrowed by it or it is refused."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.panel import make_workspace

pytestmark = pytest.mark.django_db

PEOPLE, WORKSPACES, USERS, TRIES = (
    f"admin:{name}_changelist"
    for name in (
        "campaigns_participant",
        "integrations_intercomconnection",
        "auth_user",
        "integrations_attempt",
    )
)


@pytest.mark.parametrize(
    ("page", "lookup", "value"),
    [
        (PEOPLE, "email__icontains", "\0"),
        (PEOPLE, "id__icontains", "a\0b"),
        (PEOPLE, "nothing__of__ours", "\0"),
        (PEOPLE, "email__regex", "("),
        (PEOPLE, "email__iregex", "["),
        (PEOPLE, "joined_at__year", "9" * 30),
        (PEOPLE, "joined_at__year__gte", "9" * 30),
        (PEOPLE, "custom__contains", "x"),
        (PEOPLE, "custom__plan__exact", "x"),
        (TRIES, "sent__contains", "x"),
        (USERS, "username__contains", "\0"),
        (USERS, "username__regex", "("),
    ],
)
def test_what_a_database_refuses_is_no_question(
    admin_client: Client, page: str, lookup: str, value: str
) -> None:
    answer = admin_client.get(reverse(page), {lookup: value})
    assert answer.status_code == 400
    assert "could not be understood" in answer.text


@pytest.mark.parametrize("column", ["sealed_token", "sealed_webhook_secret"])
@pytest.mark.parametrize("way", ["startswith", "gte", "contains", "exact", "isnull"])
def test_nobody_guesses_at_what_is_never_shown(admin_client: Client, column: str, way: str) -> None:
    make_workspace()
    assert admin_client.get(reverse(WORKSPACES), {f"{column}__{way}": "g"}).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"audience__exact": "lead"},
        {"audience": "lead"},
        {"email__contains": "ana"},
        {"joined_at__gte": "2000-01-01 00:00:00+00:00"},
        {"campaign__isnull": "False"},
        {"id__in": "1,2,3"},
        {"nobody_knows_this": "x"},
    ],
)
def test_a_plain_question_is_answered(admin_client: Client, query: dict[str, str]) -> None:
    make_lead(email="ana@x.com")
    # Django leads what makes no sense back to the list, with a mark.
    assert admin_client.get(reverse(PEOPLE), query).status_code in {200, 302}


def test_a_filter_of_a_list_narrows_it(admin_client: Client) -> None:
    lead, other = make_lead(email="ana@x.com"), make_campaign()
    shown = admin_client.get(reverse(PEOPLE), {"campaign__id__exact": lead.campaign_id})
    assert "ana@x.com" in shown.text
    none = admin_client.get(reverse(PEOPLE), {"campaign__id__exact": other.pk})
    assert "ana@x.com" not in none.text
