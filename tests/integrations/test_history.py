"""The history of a tab: who changed what, and an older version to use again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from campaigns.models import Audience, Campaign
from integrations.logic.types import TabSettings
from integrations.models import SettingsRevision, SyncSettings
from integrations.services.revisions import settings_of
from integrations.services.settings import current, import_document
from tests.campaigns.factories import make_campaign
from tests.integrations.panel import EMAIL, NAME, SOURCE, WHOLE, changed, make_workspace

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """A campaign with two versions of its Leads tab."""
    make_workspace()
    campaign = make_campaign()
    import_document(campaign, WHOLE)
    user = User.objects.create_user("ana")
    import_document(campaign, changed(field_map=[EMAIL, SOURCE], duplicates="skip"), user=user)
    return campaign


def url(campaign: Campaign, tab: str = "leads") -> str:
    return reverse("admin:campaigns_campaign_intercom_history", args=[campaign.pk, tab])


def page(client: Client, campaign: Campaign, tab: str = "leads", **query: str) -> str:
    answer = client.get(url(campaign, tab), query)
    assert answer.status_code == 200
    return answer.content.decode()


def add_revision(campaign: Campaign, content: Any, **values: Any) -> None:
    row = SyncSettings.objects.get(campaign=campaign, audience="lead")
    row.revision += 1
    row.save(update_fields=["revision"])
    SettingsRevision.objects.create(settings=row, number=row.revision, content=content, **values)


def test_each_version_says_what_it_changed(admin_client: Client, campaign: Campaign) -> None:
    text = page(admin_client, campaign)
    newest, first = text.split("Version 1")

    assert "Field removed: Full Name → Name" in newest
    assert "do nothing" in newest
    assert "Connected to Workspace acme1234" in first
    assert "Action: Nothing to action → Create New Lead In Intercom" in first
    assert "Field added: “Referral” → Lead source" in first


def test_who_saved_is_named(admin_client: Client, campaign: Campaign) -> None:
    text = page(admin_client, campaign)

    assert "by <bdi>ana</bdi>" in text
    assert "by a settings file or the setup" in text


def test_an_older_version_can_be_used_again(admin_client: Client, campaign: Campaign) -> None:
    text = page(admin_client, campaign)
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])

    assert f'href="{panel}?revision=1"' in text
    assert "?revision=2" not in text
    assert text.count("In use now") == 1


def test_who_may_only_look_cannot_use_it_again(client: Client, campaign: Campaign) -> None:
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    for right in ("view_campaign", "view_syncsettings"):
        looker.user_permissions.add(Permission.objects.get(codename=right))
    client.force_login(looker)

    assert "Use this version again" not in page(client, campaign)


def test_who_may_not_even_look_sees_nothing(client: Client, campaign: Campaign) -> None:
    client.force_login(User.objects.create_user("nobody", password="x", is_staff=True))

    assert client.get(url(campaign)).status_code == 403


def test_a_tab_that_was_never_saved_says_so(admin_client: Client) -> None:
    assert "Nothing has been saved here yet" in page(admin_client, make_campaign(), "referrers")


def test_what_a_version_said_is_read_back(campaign: Campaign) -> None:
    revision = SettingsRevision.objects.get(settings__audience="lead", number=2)
    found = settings_of(revision.content, audience=Audience.LEAD)
    now = current(campaign, Audience.LEAD)

    assert (found.rows, found.policy, found.marks) == (now.rows, now.policy, now.marks)
    assert (found.rule_attribute, found.qualifying_values) == (now.rule_attribute, now.qualifying_values)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "text",
        7,
        {},
        {"action": "fly", "field_map": 5, "duplicates": None, "marks": "yes", "workspace": 3},
        {"field_map": [None, [], {"to": 5, "from": {}}, {"data_type": ["x"]}], "unknown": {"deep": [1]}},
        {"qualification": {"method": "attribute_changes", "qualifying_values": [None, {}, "a"]}},
        {"qualification": []},
    ],
)
def test_odd_content_is_shown_as_far_as_it_can_be_read(
    admin_client: Client, campaign: Campaign, content: Any
) -> None:
    assert isinstance(settings_of(content, audience=Audience.LEAD), TabSettings)
    if content is not None:
        add_revision(campaign, content)
        assert "Version 3" in page(admin_client, campaign)


def test_names_and_values_are_escaped(admin_client: Client, campaign: Campaign) -> None:
    evil = "<script>alert(1)</script>"
    author = User.objects.create_user("<b>eve</b>")
    row = {"data_type": "fixed", "value": evil, "to": "name"}
    add_revision(campaign, {"action": "create_lead", "field_map": [row]}, made_by=author)
    text = page(admin_client, campaign)

    assert evil not in text
    assert "<b>eve" not in text
    assert "&lt;script&gt;" in text


def test_many_versions_come_in_pages(admin_client: Client, campaign: Campaign) -> None:
    for number in range(58):
        add_revision(campaign, {"action": "nothing" if number % 2 else "create_lead"})
    text = page(admin_client, campaign)

    assert text.count("<h2>") == 25
    assert "Version 60" in text
    assert "?before=36" in text
    assert "Newest" not in text
    middle = page(admin_client, campaign, before="36")
    assert "Version 35" in middle
    assert "Newest" in middle
    last = page(admin_client, campaign, before="11")
    assert last.count("<h2>") == 10
    assert "Older" not in last


def test_the_last_version_of_a_page_is_compared_with_the_one_before(
    admin_client: Client, campaign: Campaign
) -> None:
    for _ in range(30):
        add_revision(campaign, {"action": "create_lead"})
    text = page(admin_client, campaign)

    assert "Nothing to action →" not in text
    assert "Nothing that shows in the panel." in text


@pytest.mark.parametrize("before", ["", "x", "-1", "0", "9" * 30, "٣", "1\0", "1e3"])
def test_an_odd_page_is_no_error(admin_client: Client, campaign: Campaign, before: str) -> None:
    page(admin_client, campaign, before=before)


def test_the_number_of_queries_does_not_grow(
    admin_client: Client, campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        add_revision(
            campaign, {"action": "create_lead", "field_map": [EMAIL, NAME], "workspace": f"w{number}"}
        )

    with django_assert_max_num_queries(11):
        page(admin_client, campaign)
