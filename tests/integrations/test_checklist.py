"""The first five minutes: what is done, what is next, and when the list goes away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Audience, Campaign, CampaignStatus
from integrations.forms.draft import draft_of, saved_draft
from integrations.logic.states import State
from integrations.models import (
    ConnectionStatus,
    Delivery,
    IntercomConnection,
    SyncSettings,
    Trial,
    TrialState,
)
from integrations.services.revisions import settings_of
from integrations.views.checklist import Checklist, Look, checklist
from integrations.views.page import Panel, load
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, set_panel
from tests.integrations.panel import make_workspace

if TYPE_CHECKING:
    from django.test import Client, RequestFactory
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

DONE, NEXT, LATER = Look.DONE, Look.NEXT, Look.LATER


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


@pytest.fixture
def opened(rf: RequestFactory, admin_user: User) -> Any:
    """Loads a campaign's panel for somebody, by default one who may do everything."""

    def open_panel(campaign: Campaign, user: User | AnonymousUser = admin_user) -> Panel:
        request = rf.get("/")
        request.user = user
        return load(request, campaign)

    return open_panel


def shown(panel: Panel, audience: Audience = Audience.LEAD, typed: Any = None) -> Checklist:
    """With what is saved in the form, or with this document of a tab typed over it."""
    draft = saved_draft(panel, audience)
    if typed is not None:
        draft = draft_of(panel, audience, settings=settings_of(typed, audience=audience))
    found = checklist(panel, audience, draft)
    assert found is not None
    return found


def looks(found: Checklist) -> list[Look]:
    return [line.look for line in found.lines]


def passed_trial(campaign: Campaign, **values: Any) -> Trial:
    row = SyncSettings.objects.get(campaign=campaign, audience="lead")
    given = {"connection": row.connection, "passed": True, **values}
    return Trial.objects.create(
        settings=row, state=TrialState.DONE, email="t@example.com", content={}, **given
    )


def arrived(campaign: Campaign, *, ago: timedelta = timedelta(), state: State = State.SKIPPED) -> None:
    Delivery.objects.filter(participant=make_lead(campaign)).update(
        state=state, due_at=None, settled_at=timezone.now() - ago
    )


def test_a_fresh_campaign_begins_with_connecting(opened: Any) -> None:
    found = shown(opened(make_campaign()))

    assert looks(found) == [NEXT, LATER, LATER, LATER, LATER, LATER]
    assert found.lines[0].url.endswith("/connect/")


def test_a_workspace_that_must_be_connected_again_is_said(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    found = shown(opened(campaign))

    assert looks(found)[:3] == [NEXT, DONE, DONE]
    assert "no longer accepts" in found.lines[0].hint


def test_the_action_is_next(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign, action="nothing", field_map=[])

    assert looks(shown(opened(campaign))) == [DONE, NEXT, LATER, LATER, LATER, LATER]


@pytest.mark.parametrize(
    "field_map", [[], [{"to": "email"}], [EMAIL_ROW, {"data_type": "fixed", "value": "", "to": "name"}]]
)
def test_the_fields_are_next_while_anything_is_missing(
    opened: Any, workspace: IntercomConnection, field_map: list[dict[str, str]]
) -> None:
    campaign = make_campaign()
    set_panel(campaign, field_map=field_map)

    assert looks(shown(opened(campaign))) == [DONE, DONE, NEXT, LATER, LATER, LATER]


def test_the_test_lead_is_next_until_one_has_passed(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign, passed=False)
    passed_trial(campaign, connection=make_workspace("other999"))

    assert looks(shown(opened(campaign))) == [DONE, DONE, DONE, NEXT, DONE, LATER]

    passed_trial(campaign)
    assert looks(shown(opened(campaign))) == [DONE, DONE, DONE, DONE, DONE, NEXT]


def test_a_test_lead_is_not_asked_for_once_somebody_real_has_arrived(
    opened: Any, workspace: IntercomConnection
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    arrived(campaign)
    found = shown(opened(campaign))

    assert looks(found) == [DONE] * 5
    assert "Send a test lead" not in [line.title for line in found.lines]
    assert found.finished == "Everything is set up, and leads reach Intercom."


@pytest.mark.parametrize("state", [State.NOT_SENT, State.NEEDS_ATTENTION])
def test_who_did_not_reach_intercom_makes_nothing_live(
    opened: Any, workspace: IntercomConnection, state: State
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    arrived(campaign, state=state)

    assert looks(shown(opened(campaign)))[-1] is NEXT


def test_what_holds_a_ready_tab_back_is_said(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    SyncSettings.objects.update(paused_at=timezone.now())

    assert "paused" in shown(opened(campaign)).lines[-1].hint


def ready(campaign: Campaign) -> None:
    """Everything is done but the first real person."""
    set_panel(campaign)
    passed_trial(campaign)


def test_leads_need_a_referrer_first(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    ready(campaign)
    last = shown(opened(campaign)).lines[-1]

    assert (last.look, last.link) == (NEXT, "Add a referrer")
    assert "no referrer yet" in last.hint
    assert last.url.endswith("/referrers/add/")


def test_links_that_are_there_are_to_be_shared(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    ready(campaign)
    make_referrer(campaign)
    last = shown(opened(campaign)).lines[-1]

    assert last.link == "See the referrers and their links"
    assert last.url.endswith("/referrers/")


@pytest.mark.parametrize("rights", [["view_participant"], ["view_participant", "change_syncsettings"]])
def test_who_may_not_add_people_is_not_sent_there(
    opened: Any, workspace: IntercomConnection, rights: list[str]
) -> None:
    campaign = make_campaign()
    ready(campaign)
    user = User.objects.create_user("looker")
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))

    assert shown(opened(campaign, user)).lines[-1].url.endswith("/referrers/")


def test_nobody_is_to_be_added_to_an_ended_campaign(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign(status=CampaignStatus.ENDED)
    ready(campaign)

    assert shown(opened(campaign)).lines[-1].url.endswith("/referrers/")


def test_all_done_is_one_line(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    arrived(campaign, ago=timedelta(days=6))
    found = shown(opened(campaign))

    assert found.finished == "Everything is set up, and leads reach Intercom."
    page = render_to_string("integrations/panel/checklist.html", {"checklist": found})
    assert page.index("<summary>") < page.index(found.finished) < page.index("</summary>")
    assert "<details open" not in page
    assert page.index("</summary>") < page.index("<ol")


@pytest.mark.parametrize(
    ("tab", "workspace_is", "said"),
    [
        ({"paused_at": timezone.now()}, {}, "Sending is paused for this campaign."),
        ({}, {"paused_at": timezone.now()}, "Sending is paused for the whole workspace."),
        ({}, {"paused_until": timezone.now() + timedelta(hours=1)}, "Intercom asked us to slow down."),
    ],
    ids=["campaign paused", "workspace paused", "rate limited"],
)
def test_nobody_is_said_to_reach_intercom_who_does_not(
    opened: Any,
    workspace: IntercomConnection,
    tab: dict[str, Any],
    workspace_is: dict[str, Any],
    said: str,
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    arrived(campaign)
    SyncSettings.objects.update(**{"asked_at": None, **tab})
    IntercomConnection.objects.update(**{"name": "Acme", **workspace_is})
    found = shown(opened(campaign))

    assert found.finished.startswith(f"Everything is set up. {said}")
    page = render_to_string("integrations/panel/checklist.html", {"checklist": found})
    assert "badge--ok" not in page[: page.index("</summary>")]
    assert "reach Intercom." not in page[: page.index("</summary>")]


def test_after_disconnecting_only_connecting_is_open(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    arrived(campaign)
    SyncSettings.objects.update(connection=None, disconnected_at=timezone.now())

    assert looks(shown(opened(campaign))) == [NEXT, DONE, DONE, DONE, DONE, DONE]


def test_in_another_workspace_the_test_is_to_be_made_again(
    opened: Any, workspace: IntercomConnection
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    SyncSettings.objects.update(connection=make_workspace("other999"))

    assert looks(shown(opened(campaign)))[3] is NEXT


def test_a_later_test_that_failed_opens_the_step_again(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    passed_trial(campaign, passed=False)

    assert looks(shown(opened(campaign)))[3] is NEXT


TYPED = {"action": "create_lead", "field_map": [EMAIL_ROW]}


def test_what_is_typed_moves_the_list_on_to_saving(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign, action="nothing", field_map=[])
    half = {"action": "create_lead", "field_map": [{"to": "email"}]}
    assert looks(shown(opened(campaign), typed=half)) == [DONE, DONE, NEXT, LATER, LATER, LATER]
    assert looks(shown(opened(campaign), typed=TYPED)) == [DONE, DONE, DONE, NEXT, LATER, LATER]

    passed_trial(campaign)
    found = shown(opened(campaign), typed=TYPED)
    assert looks(found) == [DONE, DONE, DONE, DONE, NEXT, LATER]
    page = render_to_string("integrations/panel/checklist.html", {"checklist": found})
    assert 'form="panel-form" name="do" value="save"' in page


def test_before_leaving_to_connect_what_is_typed_is_saved(opened: Any) -> None:
    campaign = make_campaign()
    assert looks(shown(opened(campaign), typed=TYPED)) == [LATER, DONE, DONE, LATER, NEXT, LATER]


def test_what_is_taken_back_in_the_form_is_open_again(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    nothing = {"action": "nothing", "field_map": [EMAIL_ROW]}
    assert looks(shown(opened(campaign), typed=nothing))[1] is NEXT


def test_a_change_that_completes_nothing_asks_for_no_saving(
    opened: Any, workspace: IntercomConnection
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    passed_trial(campaign)
    arrived(campaign)
    assert shown(opened(campaign), typed=TYPED | {"duplicates": "update"}).finished


def test_it_is_drawn_anew_with_every_answer(admin_client: Client, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign, action="nothing", field_map=[])
    url = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    form = {"do": "check", "action": "create_lead"}
    answer = admin_client.post(url, form, headers={"HX-Request": "true"}).content.decode()
    steps = answer[answer.index('id="first-steps"') :]
    assert 'hx-swap-oob="true"' in steps[:200]
    assert "Map Email" in steps[steps.index('aria-current="step"') :][:300]


def test_after_a_week_the_list_is_gone(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    arrived(campaign, ago=timedelta(days=8))
    panel = opened(campaign)
    found = checklist(panel, Audience.LEAD, saved_draft(panel, Audience.LEAD))

    assert found is None
    assert render_to_string("integrations/panel/checklist.html", {"checklist": found}).strip() == ""


def test_the_other_tab_counts_for_itself(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    arrived(campaign, ago=timedelta(days=8))
    make_referrer(campaign)

    found = shown(opened(campaign), Audience.REFERRER)

    assert found.lines[1].title == "Choose what happens when a referrer joins"


def test_who_may_only_look_gets_no_buttons(opened: Any, workspace: IntercomConnection) -> None:
    campaign = make_campaign()
    found = shown(opened(campaign, User.objects.create_user("looker")))

    assert looks(found)[0] is NEXT
    assert "button" not in render_to_string("integrations/panel/checklist.html", {"checklist": found})


def test_words_shapes_and_the_next_step_are_in_the_page(opened: Any) -> None:
    found = shown(opened(make_campaign()))
    page = render_to_string("integrations/panel/checklist.html", {"checklist": found})

    assert "First five minutes" in page
    assert page.count('aria-current="step"') == 1
    assert page.count("Later") == 5


def test_it_costs_no_query(
    opened: Any, workspace: IntercomConnection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    for _ in range(5):
        arrived(campaign)
    panel = opened(campaign)
    draft = saved_draft(panel, Audience.LEAD)

    with django_assert_num_queries(0):
        checklist(panel, Audience.LEAD, draft)
