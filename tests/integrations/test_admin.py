"""The plain admin by request: every page and search, what may be saved, and what nobody may touch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.logic.types import Attribute, TabSettings
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
from integrations.services.settings import current, import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.panel import FIELDS, RULE, WHOLE, forget_field, make_workspace

pytestmark = pytest.mark.django_db

MARKED = "tok-MARKED-secret-0123456789"
SCRIPT = "<script>alert(1)</script>"
SHOWN = ("attempt", "contactlink", "dataattribute", "delivery", "intercomconnection", "settingsrevision")
ALL = (*SHOWN, "syncsettings")
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


@pytest.mark.parametrize("model", ALL)
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


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("term", ["ana", "Ana@X.com", "%", "'\"\\", "\0", "é" * 500, "1"])
def test_searches_open(staff: Client, world: Campaign, model: str, term: str) -> None:
    assert staff.get(url(model), {"q": term}).status_code == 200


@pytest.mark.parametrize("model", ALL)
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


@pytest.mark.parametrize("model", ALL)
def test_every_column_sorts(staff: Client, world: Campaign, model: str) -> None:
    for number in range(1, 8):
        assert staff.get(url(model), {"o": f"-{number}"}).status_code == 200


@pytest.mark.parametrize("model", ALL)
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


def test_a_tab_takes_no_more_queries_for_more_revisions(staff: Client, world: Campaign) -> None:
    row = SyncSettings.objects.get(audience=Audience.LEAD)
    page = url("syncsettings", "change", row.pk)
    staff.get(page)
    with CaptureQueriesContext(database) as few:
        staff.get(page)
    for number in range(9):
        user = User.objects.create_user(f"user{number}")
        SettingsRevision.objects.create(settings=row, number=number + 2, made_by=user, content={})
    with CaptureQueriesContext(database) as many:
        staff.get(page)
    assert len(many) == len(few)


def test_people_who_are_not_logged_in_see_nothing(client: Client) -> None:
    for model in ALL:
        assert client.get(url(model)).status_code == 302


@pytest.mark.parametrize("model", ["success", "failure", "schedule", "ormq"])
def test_the_queues_own_pages_are_gone(model: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:django_q_{model}_changelist")


# The log ----------------------------------------------------------------------------------------------


def test_the_log_says_why_and_what_to_do(staff: Client, world: Campaign) -> None:
    waiting = make_lead(world, email="bo@x.com")
    world.sync_settings.update(paused_at=timezone.now())
    text = staff.get(url("delivery")).text
    assert "Intercom rejected the contact. Read Intercom&#x27;s message" in text
    assert "Sending is paused for this campaign." in text
    page = url("delivery", "change", Delivery.objects.get(participant=waiting).pk)
    assert "Sending is paused for this campaign." in staff.get(page).text


@pytest.mark.parametrize("term", ["bo@x", "BO@X.com ", "Bo", "C1"])
def test_the_log_is_searched_by_email_and_contact(staff: Client, world: Campaign, term: str) -> None:
    lead = make_lead(world, email="Bo@x.com")
    Delivery.objects.filter(participant=lead).update(contact_id="c1")
    Delivery.objects.exclude(participant=lead).update(contact_id="c2")
    found = staff.get(url("delivery"), {"q": term}).context["cl"].result_list
    assert [delivery.participant for delivery in found] == [lead]


def test_the_log_is_filtered_by_reason_in_words(staff: Client, world: Campaign) -> None:
    make_lead(world)
    page = staff.get(url("delivery"), {"reason": "rejected"})
    assert [row.reason for row in page.context["cl"].result_list] == ["rejected"]
    assert "Intercom rejected the contact." in page.text
    assert "Sending is paused" not in page.text


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


def test_a_tab_is_not_deleted_by_itself(staff: Client, world: Campaign) -> None:
    row = SyncSettings.objects.first()
    assert row is not None
    assert staff.post(url("syncsettings", "delete", row.pk), {"post": "yes"}).status_code == 403
    staff.post(
        url("syncsettings"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    )
    assert SyncSettings.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("by", ["page", "action"])
def test_a_superuser_deletes_a_campaign_with_everything_below_it(
    staff: Client, world: Campaign, by: str
) -> None:
    if by == "page":
        page, data = reverse("admin:campaigns_campaign_delete", args=[world.pk]), {"post": "yes"}
        assert "Are you sure" in staff.get(page).text
    else:
        page = reverse("admin:campaigns_campaign_changelist")
        data = {"action": "delete_selected", "_selected_action": str(world.pk), "post": "yes"}
    assert staff.post(page, data).status_code == 302
    for model in (Campaign, SyncSettings, SettingsRevision, FieldMap, Participant, Delivery, Attempt):
        assert not model.objects.exists(), model
    assert IntercomConnection.objects.exists()


def test_a_superuser_deletes_a_person_with_their_log(staff: Client, world: Campaign) -> None:
    lead = Participant.objects.get()
    page = reverse("admin:campaigns_participant_delete", args=[lead.pk])
    assert staff.post(page, {"post": "yes"}).status_code == 302
    assert not Attempt.objects.exists()
    assert SyncSettings.objects.count() == 2


def test_others_cannot_delete_a_campaign_with_its_log(client: Client, world: Campaign) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client.force_login(user)
    page = reverse("admin:campaigns_campaign_delete", args=[world.pk])
    assert "have permission to delete the following types of objects" in client.get(page).text
    assert client.post(page, {"post": "yes"}).status_code == 403
    assert Campaign.objects.exists()


# Saving a tab -----------------------------------------------------------------------------------------

ROW = {"position": "0", "data_type": "dynamic", "source": "", "value": "", "target": "", "if_present": "keep"}
EMAIL_ROW = {"source": "lead.email", "target": "email"}


def form(
    *rows: Mapping[str, Any],
    row: SyncSettings | None = None,
    rule: Mapping[str, Any] | None = None,
    **main: Any,
) -> dict[str, Any]:
    """What the page sends, for a new tab or a stored one."""
    data: dict[str, Any] = {"action": "create_lead", "audience": "lead", **main}
    old = list(row.field_map.all()) if row else []
    data |= {"field_map-TOTAL_FORMS": max(len(rows), len(old)), "field_map-INITIAL_FORMS": len(old)}
    for number, values in enumerate(rows):
        stored = {"id": old[number].pk} if number < len(old) else {}
        given = {**ROW, "position": str(number), **stored, **values}
        data |= {f"field_map-{number}-{key}": value for key, value in given.items()}
    policy = row.duplicate_policy if row else None
    data |= {"duplicate_policy-TOTAL_FORMS": 1, "duplicate_policy-INITIAL_FORMS": int(policy is not None)}
    data |= {"duplicate_policy-0-policy": "skip"} | ({"duplicate_policy-0-id": policy.pk} if policy else {})
    stored_rule = row.qualification_rule if row else None
    data |= {"qualification_rule-TOTAL_FORMS": 1, "qualification_rule-INITIAL_FORMS": int(bool(stored_rule))}
    defaults = {"method": "none", "attribute": "", "initial_value": "null", "qualifying_values": "[]"}
    values = {**defaults, **({"id": stored_rule.pk} if stored_rule else {}), **(rule or {})}
    data |= {f"qualification_rule-0-{key}": value for key, value in values.items()}
    return data | {"revisions-TOTAL_FORMS": 0, "revisions-INITIAL_FORMS": 0}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(slug="spring")


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


def add(staff: Client, to: Campaign, /, *rows: Mapping[str, Any], **options: Any) -> Any:
    connection = IntercomConnection.objects.order_by("pk").first()
    main = {"campaign": to.pk, "connection": connection.pk if connection else ""}
    return staff.post(url("syncsettings", "add"), form(*rows, **{**main, **options}))


def change(staff: Client, row: SyncSettings, *rows: Mapping[str, Any], **options: Any) -> Any:
    main = {"connection": row.connection_id or ""}
    page = url("syncsettings", "change", row.pk)
    return staff.post(page, form(*rows, row=row, **{**main, **options}))


def leads(campaign: Campaign) -> TabSettings:
    return current(campaign, Audience.LEAD)


def test_the_page_for_a_new_tab_opens(staff: Client) -> None:
    text = staff.get(url("syncsettings", "add")).text
    assert "Create New Lead In Intercom" in text
    assert "do nothing, do not update the contact in Intercom" in text


def test_a_new_tab_is_saved_with_its_sections_and_a_revision(
    staff: Client, boss: User, campaign: Campaign, workspace: IntercomConnection
) -> None:
    rule = {
        "method": "attribute_changes",
        "attribute": "custom_attributes.plan",
        "initial_value": '"trial"',
        "qualifying_values": '["pro", "team"]',
    }
    fixed = {"data_type": "fixed", "value": "Referral", "target": "custom_attributes.lead_source"}
    assert add(staff, campaign, EMAIL_ROW, fixed, rule=rule).status_code == 302
    revision = SettingsRevision.objects.get()
    assert (revision.number, revision.made_by) == (1, boss)
    assert revision.content["qualification"] == RULE
    assert revision.content["workspace"] == workspace.workspace_id
    assert [row.target for row in leads(campaign).rows] == ["email", "custom_attributes.lead_source"]


def test_sections_left_alone_stand_at_their_defaults(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    data = {"action": "create_lead", "audience": "lead", "campaign": campaign.pk}
    for prefix in ("field_map", "duplicate_policy", "qualification_rule", "revisions"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    assert staff.post(url("syncsettings", "add"), data).status_code == 302
    found = leads(campaign)
    assert (found.rows, found.policy, found.marks, found.qualifies) == ((), "skip", False, False)
    assert found.revision == 1


def test_a_change_makes_the_next_revision_and_wakes_the_workspace(
    staff: Client, world: Campaign, django_capture_on_commit_callbacks: Any
) -> None:
    row = world.sync_settings.get(audience=Audience.REFERRER)
    IntercomConnection.objects.update(dirty=False)
    with django_capture_on_commit_callbacks(execute=True):
        assert change(staff, row, EMAIL_ROW, action="create_lead").status_code == 302
    assert row.revisions.count() == 2
    assert IntercomConnection.objects.get().dirty
    text = staff.get(url("syncsettings", "history", row.pk)).text
    assert "Changed" in text


def test_saving_without_a_change_makes_no_revision(staff: Client, world: Campaign) -> None:
    row = world.sync_settings.get(audience=Audience.REFERRER)
    assert change(staff, row, EMAIL_ROW, action="create_user").status_code == 302
    assert row.revisions.count() == 1


def test_resuming_wakes_the_workspace_without_a_revision(
    staff: Client, world: Campaign, django_capture_on_commit_callbacks: Any
) -> None:
    row = world.sync_settings.get(audience=Audience.REFERRER)
    SyncSettings.objects.update(paused_at=timezone.now())
    IntercomConnection.objects.update(dirty=False)
    with django_capture_on_commit_callbacks(execute=True):
        url = reverse("admin:integrations_syncsettings_changelist")
        staff.post(url, {"action": "resume", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.paused_at, row.revisions.count()) == (None, 1)
    assert IntercomConnection.objects.get().dirty


def test_rows_are_deleted_moved_and_swapped(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    name = {"source": "lead.full_name", "target": "name"}
    phone = {"source": "lead.phone", "target": "phone"}
    add(staff, campaign, EMAIL_ROW, name, phone)
    row = campaign.sync_settings.get()
    swapped = [{**name, "target": "phone"}, {**phone, "target": "name"}]
    assert change(staff, row, EMAIL_ROW, *swapped).status_code == 302
    assert [one.target for one in leads(campaign).rows] == ["email", "phone", "name"]
    gone = {**phone, "target": "name", "DELETE": "on"}
    assert change(staff, row, {**EMAIL_ROW, "position": "9"}, swapped[0], gone).status_code == 302
    assert [one.target for one in leads(campaign).rows] == ["phone", "email"]


def test_a_row_keeps_only_what_its_data_type_takes(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    both = {"source": "lead.phone", "value": "x", "target": "phone"}
    add(staff, campaign, EMAIL_ROW, both, {**both, "data_type": "fixed", "target": "name"})
    assert [(row.source, row.value) for row in leads(campaign).rows[1:]] == [("lead.phone", ""), ("", "x")]


def test_incomplete_settings_are_saved(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    rule = {"method": "attribute_changes"}
    assert add(staff, campaign, {"target": "email"}, {"source": "lead.phone"}, rule=rule).status_code == 302
    assert leads(campaign).qualifies


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([{"source": "lead.phone", "target": "role"}], "role may not be written from here"),
        ([{"source": "lead.phone", "target": "custom_attributes.new"}], "the workspace has no field"),
        ([{"source": "lead.phone", "target": "custom_attributes.old"}], "the workspace has no field"),
        ([{"source": "lead.age", "target": "phone"}], "is not a field of this campaign"),
        ([{"source": "referrer.email", "target": "email"}], "the person&#x27;s own email alone"),
        ([{"data_type": "fixed", "value": "x", "target": "email"}], "the person&#x27;s own email alone"),
        ([EMAIL_ROW, EMAIL_ROW], "email is mapped twice"),
        ([{"data_type": "fixed", "value": "x" * 10_001, "target": "phone"}], "longer than 10000 characters"),
        ([{"data_type": "fixed", "value": "a\0", "target": "phone"}], "Null characters are not allowed"),
        ([{"source": "x" * 101, "target": "phone"}], "at most 100 characters"),
        ([{"source": "lead.phone", "target": "x" * 301}], "at most 300 characters"),
        ([{"data_type": "formula", "target": "phone"}], "Select a valid choice"),
    ],
)
def test_a_contradictory_row_is_refused(
    staff: Client,
    campaign: Campaign,
    workspace: IntercomConnection,
    rows: list[dict[str, str]],
    problem: str,
) -> None:
    page = add(staff, campaign, *rows)
    assert page.status_code == 200
    assert problem in page.text
    assert not SyncSettings.objects.exists()


GOOD_RULE = {
    "method": "attribute_changes",
    "attribute": "custom_attributes.plan",
    "qualifying_values": '["pro"]',
}


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"attribute": "custom_attributes.new"}, "the workspace has no data attribute"),
        ({"initial_value": '"pro"'}, "would itself qualify every new contact"),
        ({"initial_value": '["pro"]'}, "must be text, a number, true or false"),
        ({"initial_value": "pro"}, "Enter a valid JSON"),
        ({"initial_value": "NaN"}, "is not a number that Intercom can keep"),
        ({"initial_value": "9" * 5000}, "Enter a valid JSON"),
        ({"initial_value": "[" * 100_000}, "Enter a valid JSON"),
        ({"initial_value": '"\\u0000"'}, "Null characters are not allowed"),
        ({"initial_value": '"\\ud800"'}, "characters that cannot be stored"),
        ({"qualifying_values": '"pro"'}, "must be a list in brackets"),
        ({"qualifying_values": '["pro", null]'}, "qualifying_values[1]: must be text"),
        ({"qualifying_values": '["\\u0000"]'}, "characters that cannot be stored"),
        ({"qualifying_values": '[" "]'}, "is empty"),
        ({"qualifying_values": "[1e999]"}, "is not a number that Intercom can keep"),
    ],
)
def test_a_contradictory_rule_is_refused(
    staff: Client, campaign: Campaign, workspace: IntercomConnection, rule: dict[str, str], problem: str
) -> None:
    page = add(staff, campaign, EMAIL_ROW, rule={**GOOD_RULE, **rule})
    assert page.status_code == 200
    assert problem in page.text
    assert not SyncSettings.objects.exists()


def test_a_row_that_qualifies_everybody_is_refused(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    row = {"data_type": "fixed", "value": "pro", "target": "custom_attributes.plan"}
    page = add(staff, campaign, EMAIL_ROW, row, rule=GOOD_RULE)
    assert "writes a qualifying value to every new contact" in page.text
    assert not SyncSettings.objects.exists()


def test_referrers_never_qualify(staff: Client, campaign: Campaign, workspace: IntercomConnection) -> None:
    page = add(staff, campaign, EMAIL_ROW, rule=GOOD_RULE, audience="referrer")
    assert "Only leads qualify" in page.text
    assert not SyncSettings.objects.exists()


def test_what_has_disappeared_since_may_stay(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    row = {"data_type": "fixed", "value": "x", "target": "custom_attributes.lead_source"}
    add(staff, campaign, EMAIL_ROW, row)
    forget_field(workspace, "custom_attributes.lead_source")
    stored = campaign.sync_settings.get()
    assert change(staff, stored, EMAIL_ROW, row, action="create_user").status_code == 302
    page = change(staff, stored, EMAIL_ROW, {**row, "value": "y"})
    assert "the workspace has no field" in page.text


def test_a_campaign_has_each_tab_once(
    staff: Client, campaign: Campaign, workspace: IntercomConnection
) -> None:
    add(staff, campaign, EMAIL_ROW)
    assert add(staff, campaign, EMAIL_ROW).status_code == 200
    assert SyncSettings.objects.count() == 1


@pytest.mark.parametrize(
    "main", [{"campaign": ""}, {"audience": "friend"}, {"action": "no"}, {"connection": "9"}]
)
def test_a_wrong_tab_is_refused(
    staff: Client, campaign: Campaign, workspace: IntercomConnection, main: dict[str, str]
) -> None:
    assert add(staff, campaign, EMAIL_ROW, rule=GOOD_RULE, **main).status_code == 200
    assert not SyncSettings.objects.exists()


def test_a_tab_stays_in_its_campaign(staff: Client, world: Campaign) -> None:
    row = world.sync_settings.get(audience=Audience.REFERRER)
    change(staff, row, EMAIL_ROW, campaign=make_campaign().pk, audience="lead")
    row.refresh_from_db()
    assert (row.campaign, row.audience) == (world, "referrer")


def test_the_other_tab_follows_to_another_workspace(staff: Client, world: Campaign) -> None:
    beta = make_workspace("beta")
    row = world.sync_settings.get(audience=Audience.REFERRER)
    assert change(staff, row, EMAIL_ROW, connection=beta.pk).status_code == 302
    other = world.sync_settings.get(audience=Audience.LEAD)
    assert (other.connection, other.revision) == (beta, 2)


def test_who_may_only_look_changes_nothing(client: Client, world: Campaign) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_syncsettings"))
    client.force_login(user)
    row = world.sync_settings.get(audience=Audience.LEAD)
    page = url("syncsettings", "change", row.pk)
    assert "custom_attributes.lead_source" in client.get(page).text
    assert change(client, row, EMAIL_ROW).status_code == 403
    assert row.revisions.count() == 1


def test_who_may_change_tabs_needs_no_further_rights_for_their_sections(
    client: Client, world: Campaign
) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="change_syncsettings"))
    client.force_login(user)
    row = world.sync_settings.get(audience=Audience.REFERRER)
    assert change(client, row, EMAIL_ROW, action="create_lead").status_code == 302
    revision = row.revisions.get(number=2)
    assert (revision.made_by, revision.content["field_map"][0]["to"]) == (user, "email")
