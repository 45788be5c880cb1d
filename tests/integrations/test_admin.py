"""The plain admin by request: every page and search, what may be saved, and what nobody may touch."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.logic.types import Attribute
from integrations.models import (
    Attempt,
    ContactLink,
    Delivery,
    FieldMap,
    IntercomConnection,
    SettingsRevision,
    SyncSettings,
)
from integrations.models.secrets import seal
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.panel import FIELDS, WHOLE, make_workspace

pytestmark = pytest.mark.django_db

MARKED = "tok-MARKED-secret-0123456789"
SCRIPT = "<script>alert(1)</script>"
SHOWN = ("attempt", "contactlink", "dataattribute", "delivery", "intercomconnection")
LISTED = tuple(model for model in SHOWN if model != "delivery")
"""Those with a list of Django's; the log has a page of its own (test_log)."""
FIELD = Attribute("custom_attributes.x", SCRIPT, "string", custom=True)


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", "boss@example.com", "pw")


@pytest.fixture
def staff(client: Client, boss: User) -> Client:
    client.force_login(boss)
    return client


def url(model: str, page: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:integrations_{model}_{page}", args=args)


@pytest.fixture
def world() -> Campaign:
    """One of everything, with a marked token and names that would be code if they were not escaped."""
    workspace = make_workspace(
        name=SCRIPT, token=MARKED, sealed_webhook_secret=seal(MARKED), fields=(*FIELDS, FIELD)
    )
    campaign = make_campaign(SCRIPT, slug="spring")
    import_document(campaign, WHOLE)
    settle(campaign, workspace)
    ContactLink.objects.create(
        connection=workspace, email="ana@x.com", contact_id="c1", role="lead", confirmed_at=timezone.now()
    )
    return campaign


def settle(campaign: Campaign, workspace: IntercomConnection) -> Delivery:
    """Somebody who joined and needs attention, and the attempt behind it."""
    lead = make_lead(campaign, first_name=SCRIPT)
    delivery = Delivery.objects.get(participant=lead)
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.NEEDS_ATTENTION, reason=Reason.REJECTED, due_at=None, message=SCRIPT, contact_id="c1"
    )
    attempt(delivery, workspace)
    return delivery


def attempt(delivery: Delivery, workspace: IntercomConnection) -> Attempt:
    return Attempt.objects.create(
        delivery=delivery,
        connection=workspace,
        settings_revision=1,
        started_at=timezone.now(),
        duration_ms=5,
        state=State.NEEDS_ATTENTION,
        reason=Reason.REJECTED,
        message=SCRIPT,
        sent={"name": SCRIPT},
    )


def first(model: str) -> Any:
    return admin_of(model).model._default_manager.order_by("pk").first()


def admin_of(model: str) -> admin.ModelAdmin[Any]:
    return next(
        one for one in admin.site._registry.values() if one.opts.label_lower == f"integrations.{model}"
    )


# Every page -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", SHOWN)
def test_lists_and_details_open_with_everything_escaped_and_no_secret(
    staff: Client, world: Campaign, model: str
) -> None:
    sealed = IntercomConnection.objects.get().sealed_token
    for page in (url(model), url(model, "change", first(model).pk), url(model, "history", first(model).pk)):
        answer = staff.get(page)
        assert answer.status_code == 200, page
        assert SCRIPT not in answer.text
        assert MARKED not in answer.text
        assert sealed not in answer.text


@pytest.mark.parametrize("model", SHOWN)
@pytest.mark.parametrize("term", ["ana", "Ana@X.com", "%", "'\"\\", "\0", "é" * 500, "1"])
def test_searches_open(staff: Client, world: Campaign, model: str, term: str) -> None:
    assert staff.get(url(model), {"q": term}).status_code == 200


@pytest.mark.parametrize("model", LISTED)
def test_every_filter_opens(staff: Client, world: Campaign, model: str) -> None:
    page = staff.get(url(model))
    chosen = {
        choice["query_string"]
        for spec in page.context["cl"].filter_specs
        for choice in spec.choices(page.context["cl"])
        if choice.get("query_string")
    }
    for query in chosen:
        assert staff.get(url(model) + query).status_code == 200, query


@pytest.mark.parametrize("model", LISTED)
def test_every_column_sorts(staff: Client, world: Campaign, model: str) -> None:
    for number in range(1, 8):
        assert staff.get(url(model), {"o": f"-{number}"}).status_code == 200


@pytest.mark.parametrize("model", SHOWN)
def test_a_list_takes_no_more_queries_for_more_rows(staff: Client, world: Campaign, model: str) -> None:
    fill(3)
    staff.get(url(model))
    with CaptureQueriesContext(database) as few:
        staff.get(url(model))
    fill(27)
    with CaptureQueriesContext(database) as many:
        staff.get(url(model))
    assert len(many) == len(few)


def fill(number: int) -> None:
    """So many more of everything, each in a campaign and a workspace of its own."""
    for _ in range(number):
        workspace = make_workspace(f"w{IntercomConnection.objects.count()}", fields=())
        campaign = make_campaign()
        import_document(campaign, {"workspace": workspace.workspace_id, "leads": {"action": "create_lead"}})
        settle(campaign, workspace)
        ContactLink.objects.create(
            connection=workspace, email="a@x.com", contact_id="c", role="lead", confirmed_at=timezone.now()
        )


def test_a_delivery_takes_no_more_queries_for_more_attempts(staff: Client, world: Campaign) -> None:
    delivery = Delivery.objects.get()
    page = url("delivery", "change", delivery.pk)
    staff.get(page)
    with CaptureQueriesContext(database) as few:
        staff.get(page)
    for number in range(9):
        attempt(delivery, make_workspace(f"w{number}", fields=()))
    with CaptureQueriesContext(database) as many:
        staff.get(page)
    assert len(many) == len(few)


def test_people_who_are_not_logged_in_see_nothing(client: Client) -> None:
    for model in SHOWN:
        assert client.get(url(model)).status_code == 302


@pytest.mark.parametrize("model", ["success", "failure", "schedule", "ormq"])
def test_the_queues_own_pages_are_gone(model: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:django_q_{model}_changelist")


@pytest.mark.parametrize(
    "model", ["syncsettings", "settingsrevision", "fieldmap", "duplicatepolicy", "qualificationrule"]
)
def test_settings_are_saved_in_the_panel_alone(model: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:integrations_{model}_changelist")


# What is only shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", SHOWN)
def test_nobody_adds_changes_or_deletes_what_is_only_shown(
    staff: Client, world: Campaign, model: str
) -> None:
    row = first(model)
    before = type(row).objects.values().get(pk=row.pk)
    assert staff.get(url(model, "add")).status_code == 403
    assert staff.post(url(model, "add"), {}).status_code == 403
    assert staff.post(url(model, "change", row.pk), {"state": "created", "name": "x"}).status_code == 403
    assert staff.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    staff.post(url(model), chosen)
    assert type(row).objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize("by", ["page", "action"])
def test_a_superuser_deletes_a_campaign_with_everything_below_it(
    staff: Client, world: Campaign, by: str
) -> None:
    if by == "page":
        page, data = reverse("admin:campaigns_campaign_delete", args=[world.pk]), {"post": "yes"}
        assert "Delete the campaign" in staff.get(page).text
    else:
        page = reverse("admin:campaigns_campaign_changelist")
        data = {"action": "delete_selected", "_selected_action": str(world.pk), "post": "yes"}
    assert staff.post(page, data).status_code == 302
    for model in (Campaign, SyncSettings, SettingsRevision, FieldMap, Participant, Delivery, Attempt):
        assert not model.objects.exists(), model
    assert IntercomConnection.objects.exists()


@pytest.mark.parametrize("by", ["page", "action"])
def test_deleting_a_campaign_says_in_a_few_lines_what_goes_and_what_stays(
    staff: Client, world: Campaign, by: str
) -> None:
    if by == "page":
        text = staff.get(reverse("admin:campaigns_campaign_delete", args=[world.pk])).text
    else:
        chosen = {"action": "delete_selected", "_selected_action": str(world.pk)}
        text = staff.post(reverse("admin:campaigns_campaign_changelist"), chosen).text
    assert "<li>Leads: 1</li><li>Referrers: 0</li>" in text
    assert "Contacts in Intercom stay as they are." in text
    words = text.partition("<main")[2]
    for stored in ("clock", "ttempt", "participant", "revision", "sighting", Participant.objects.get().email):
        assert stored not in words


def test_deleting_anything_else_names_what_has_pages_and_counts_the_rest(staff: Client, boss: User) -> None:
    staff.post(reverse("admin:auth_group_add"), {"name": "Helpers"})
    text = staff.get(reverse("admin:auth_user_delete", args=[boss.pk])).text
    assert "Delete the user <bdi>“boss”</bdi>?" in text
    assert "<li>Records that belong to it: 1</li>" in text
    assert "log entr" not in text


def test_not_even_a_superuser_deletes_a_person_who_is_to_be_erased(staff: Client, world: Campaign) -> None:
    lead = Participant.objects.get()
    page = reverse("admin:campaigns_participant_delete", args=[lead.pk])
    assert staff.post(page, {"post": "yes"}).status_code == 403
    assert Attempt.objects.exists()


def test_others_cannot_delete_a_campaign_with_its_log(client: Client, world: Campaign) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client.force_login(user)
    page = reverse("admin:campaigns_campaign_delete", args=[world.pk])
    assert client.get(page).status_code == 403
    assert client.post(page, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": str(world.pk), "post": "yes"}
    client.post(reverse("admin:campaigns_campaign_changelist"), chosen)
    assert Campaign.objects.exists()


def test_others_cannot_delete_a_campaign_that_has_nothing_but_settings(
    client: Client, world: Campaign
) -> None:
    world.participants.all().delete()
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client.force_login(user)
    page = reverse("admin:campaigns_campaign_delete", args=[world.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
    assert SettingsRevision.objects.exists()
