"""Still stuck? What a helper is told, and what never stands in it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Audience, Campaign
from integrations.logic.states import Reason, State
from integrations.models import Attempt, ConnectionStatus, FieldMap, IntercomConnection
from integrations.services.settings import import_document
from integrations.views.page import load
from integrations.views.stuck import LONGEST_LINK, foot
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import owed
from tests.integrations.panel import EMAIL, WHOLE, changed, make_workspace

if TYPE_CHECKING:
    from django.test import Client, RequestFactory
    from pytest_django import DjangoAssertNumQueries
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

TOKEN = "dG9rOnNlY3JldC10b2tlbi1vZi1hY21lOjE6MA=="


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace(token=TOKEN, time_zone="Europe/Berlin")


@pytest.fixture
def campaign(workspace: IntercomConnection) -> Campaign:
    campaign = make_campaign("Spring <b>sale</b>", slug="spring")
    import_document(campaign, WHOLE)
    return campaign


def url(campaign: Campaign, tab: str = "leads") -> str:
    return reverse("admin:campaigns_campaign_intercom_help", args=[campaign.pk, tab])


def page(client: Client, campaign: Campaign, tab: str = "leads") -> str:
    answer = client.get(url(campaign, tab))
    assert answer.status_code == 200
    return answer.content.decode()


def text(client: Client, campaign: Campaign, tab: str = "leads") -> str:
    return str(client.get(url(campaign, tab)).context["text"])


def trouble(campaign: Campaign, message: str, **values: Any) -> Attempt:
    """A lead whose sending failed with these words of Intercom's."""
    referrer = make_referrer(campaign, first_name="Rosalind", last_name="Diaz")
    lead = make_lead(
        campaign,
        email="ana.lima@example.com",
        first_name="Ana",
        last_name="Lima",
        phone="+49 30 1234567",
        company="Lima Fruits",
        referrer=referrer,
    )
    delivery = owed(lead)
    given = {
        "connection": IntercomConnection.objects.get(),
        "settings_revision": 1,
        "started_at": timezone.now(),
        "duration_ms": 5,
        "state": State.NEEDS_ATTENTION,
        "reason": Reason.REJECTED,
        "status": 400,
        "message": message,
        "request_id": "req-0001",
        "sent": {"email": "ana.lima@example.com", "custom_attributes.city": "Quito"},
        **values,
    }
    return Attempt.objects.create(delivery=delivery, **given)


def test_it_says_how_the_tab_stands(admin_client: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    found = text(admin_client, campaign)

    for part in (
        "Campaign: Spring <b>sale</b> (spring)",
        "Workspace acme1234 (acme1234), United States",
        "Connected since",
        "Action: Create New Lead In Intercom",
        "1. Email → Email",
        "3. “Referral” → Lead source",
        "Values that qualify: “pro”, “team”",
        "Nothing: people are sent as they join.",
        "Joined: 1",
        "Waiting: 1",
        "Worker last seen: never",
        f"/{campaign.pk}/integrations/intercom/leads/",
    ):
        assert part in found
    assert "<b>sale" not in page(admin_client, campaign)


def test_it_says_what_is_missing(
    admin_client: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    import_document(campaign, changed(field_map=[EMAIL, {"data_type": "fixed", "value": "", "to": "name"}]))
    row = FieldMap.objects.get(settings__audience="lead", target="name")
    row.problem, row.problem_at = "attribute_archived", timezone.now()
    row.problem_message = "Asked by ana.lima@example.com"
    row.save(update_fields=["problem", "problem_at", "problem_message"])
    found = text(admin_client, campaign)

    assert "(setup_required)" in found
    assert "Row 2: has no value yet" in found
    assert "Field problem: Name since" in found
    assert "ana.lima" not in found


def test_it_says_what_is_wrong_with_the_workspace(
    admin_client: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    workspace.status, workspace.status_detail = ConnectionStatus.RECONNECT_NEEDED, f"token {TOKEN} revoked"
    workspace.paused_at = timezone.now()
    workspace.save(update_fields=["status", "status_detail", "paused_at"])
    found = text(admin_client, campaign)

    assert "Reconnect needed since" in found
    assert "Paused since" in found
    assert TOKEN not in found


@pytest.mark.parametrize("tab", ["leads", "referrers"])
def test_a_campaign_that_was_never_set_up_has_a_story_too(admin_client: Client, tab: str) -> None:
    found = text(admin_client, make_campaign(), tab)

    assert "None is connected to this campaign." in found
    assert "None was sent." in found


def test_errors_come_with_time_reason_words_and_request_id(admin_client: Client, campaign: Campaign) -> None:
    trouble(campaign, "plan is not a valid option")
    found = text(admin_client, campaign)

    assert "Intercom rejected the contact. HTTP 400. “plan is not a valid option” [req-0001]" in found


def test_no_secret_and_no_person_stands_in_it(
    admin_client: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    import_document(
        campaign,
        changed(
            field_map=[
                EMAIL,
                {"data_type": "fixed", "value": f"Bearer {TOKEN}", "to": "name"},
                {"data_type": "fixed", "value": "call +49 30 7654321", "to": "custom_attributes.lead_source"},
            ]
        ),
    )
    Campaign.objects.filter(pk=campaign.pk).update(name="Run by owner@example.com")
    trouble(
        campaign,
        f"ANA Lima of Lima Fruits in Quito (ana.lima@example.com, +49 30 1234567), invited by Rosalind Diaz, "
        f"was refused with Bearer {TOKEN}",
    )
    found = text(admin_client, campaign)

    assert "was refused with" in found
    for secret in (
        *("ana.lima", "Lima", "ANA", "Fruits", "Quito", "1234567", "7654321", "Rosalind", "Diaz"),
        *("owner@example.com", TOKEN, TOKEN[:20], workspace.sealed_token, "secret-token"),
    ):
        assert secret not in found


def test_a_name_inside_another_word_is_left_alone(admin_client: Client, campaign: Campaign) -> None:
    trouble(campaign, "Analysis failed for ana")

    assert "“Analysis failed for [person]”" in text(admin_client, campaign)


def test_only_the_last_ten_errors_of_this_tab_are_told(admin_client: Client, campaign: Campaign) -> None:
    first = trouble(campaign, "the first")
    for number in range(10):
        Attempt.objects.filter(pk=first.pk).update(started_at=timezone.now() - timedelta(days=1))
        other = Attempt.objects.get(pk=first.pk)
        other.pk, other.message, other.started_at = None, f"number {number}", timezone.now()
        other.save()
    found = text(admin_client, campaign)

    assert found.count("HTTP 400") == 10
    assert "the first" not in found
    assert "number" not in text(admin_client, campaign, "referrers")


def test_old_errors_and_what_went_well_are_left_out(admin_client: Client, campaign: Campaign) -> None:
    trouble(campaign, "long ago", started_at=timezone.now() - timedelta(days=20))
    assert "long ago" not in text(admin_client, campaign)


def test_without_a_support_address_it_says_whom_to_ask(
    admin_client: Client, campaign: Campaign, settings: Settings
) -> None:
    settings.SUPPORT_EMAIL = ""
    found = page(admin_client, campaign)

    assert "send it to the person who runs this installation" in found
    assert "mailto:" not in found
    assert 'data-copies="help-text" hidden' in found


def test_with_a_support_address_a_mail_is_begun(
    admin_client: Client, campaign: Campaign, settings: Settings
) -> None:
    settings.SUPPORT_EMAIL = "help@example.org"
    trouble(campaign, "wörds ✓ " * 60)
    link = admin_client.get(url(campaign)).context["mail"]
    asked = parse_qs(urlsplit(link).query, strict_parsing=True, errors="strict")

    assert link.startswith("mailto:help@example.org?subject=")
    assert len(link) <= LONGEST_LINK
    assert asked["body"][0].startswith("Whose email is it about?")
    assert asked["body"][0].endswith("(cut: please copy the rest from the page)")


def test_who_may_not_look_at_settings_gets_no_story(client: Client, campaign: Campaign) -> None:
    user = User.objects.create_user("nobody", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_campaign"))
    client.force_login(user)

    assert client.get(url(campaign)).status_code == 403


def test_the_story_costs_few_queries(
    admin_client: Client, campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    trouble(campaign, "refused")

    with django_assert_max_num_queries(13):
        page(admin_client, campaign)


# The foot of the panel


def rendered(rf: RequestFactory, campaign: Campaign, user: User) -> str:
    request = rf.get("/")
    request.user = user
    return render_to_string(
        "integrations/panel/foot.html", {"foot": foot(load(request, campaign), Audience.LEAD)}
    )


def test_the_foot_says_who_saved_last(rf: RequestFactory, campaign: Campaign, admin_user: User) -> None:
    ana = User.objects.create_user("<i>ana</i>")
    import_document(campaign, changed(duplicates="skip"), user=ana)
    found = rendered(rf, campaign, admin_user)

    assert "Last changed by <bdi>&lt;i&gt;ana&lt;/i&gt;</bdi>" in found
    assert "Still stuck?" in found
    assert "/leads/history/" in found


def test_the_foot_of_a_tab_never_saved_links_to_help(rf: RequestFactory, admin_user: User) -> None:
    found = rendered(rf, make_campaign(), admin_user)

    assert "Not saved yet." in found
    assert "Still stuck?" in found
    assert "/history/" not in found


def test_the_foot_costs_no_query(
    rf: RequestFactory,
    campaign: Campaign,
    admin_user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    request = rf.get("/")
    request.user = admin_user
    panel = load(request, campaign)
    assert panel.tabs

    with django_assert_num_queries(0):
        foot(panel, Audience.LEAD)


def test_the_foot_copes_with_none() -> None:
    for name in ("foot", "questions", "checklist"):
        assert render_to_string(f"integrations/panel/{name}.html", {name: None}).strip() == ""
