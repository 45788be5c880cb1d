"""The card of the test lead: who may press what, what is tested, and what people are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Audience, Campaign
from integrations.forms.draft import saved_draft
from integrations.logic.trial import Failure
from integrations.models import Action, ConnectionStatus, IntercomConnection, SyncSettings, Trial, TrialState
from integrations.sandbox.control import Fault
from integrations.services.settings import import_document
from integrations.views.page import load
from integrations.views.trials import card
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, set_panel
from tests.integrations.trial_fixtures import (
    ID_ROW,
    asked,
    campaign_that_leaves_nothing,
    drained,
    goes_wrong,
)

if TYPE_CHECKING:
    from django.http import HttpResponse
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(intercom: Intercom) -> Iterator[Campaign]:
    yield from campaign_that_leaves_nothing(intercom)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def looker(db: None) -> Client:
    """Somebody who may look at settings and change nothing."""
    user = User.objects.create_user("look", is_staff=True)
    for name in ("view_syncsettings", "view_campaign"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    client = Client()
    client.force_login(user)
    return client


def address(campaign: Campaign, *more: object, tab: str = "leads") -> str:
    slug = "trial" if more else "test"
    return reverse(f"admin:campaigns_campaign_intercom_{slug}", args=[campaign.pk, tab, *more])


def form(*rows: tuple[str, str, str], action: str = "create_lead", **more: Any) -> dict[str, Any]:
    """The panel's form as a browser posts it; each row is (data type, from or value, to)."""
    data: dict[str, Any] = {"revision": "1", "action": action, "policy": "skip", "method": "none"}
    data |= {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": "0"}
    for number, (kind, given, target) in enumerate(rows):
        part = {"data_type": kind, "target": target, "if_present": "keep"}
        part |= {"source": given} if kind == "dynamic" else {"value": given}
        data |= {f"rows-{number}-{name}": value for name, value in part.items()}
    return data | more


EMAIL = ("dynamic", "lead.email", "email")


def text_of(response: HttpResponse | Any) -> str:
    return " ".join(response.content.decode().split())


def said(response: HttpResponse | Any) -> str:
    return str(json.loads(response.headers["HX-Trigger"])["announce"]["value"])


def test_what_is_typed_is_tested_and_not_saved(staff: Client, intercom: Intercom, campaign: Campaign) -> None:
    rows = (EMAIL, ("fixed", "Typed", "custom_attributes.lead_source"))

    response = staff.post(address(campaign), form(*rows), headers=HTMX)

    trial = drained(intercom, Trial.objects.get())
    assert [row["to"] for row in trial.content["field_map"]] == ["email", "custom_attributes.lead_source"]
    assert trial.findings[1]["shown"] == "Typed"
    assert SyncSettings.objects.get(campaign=campaign, audience="lead").field_map.count() == 5
    assert said(response) == "The test is on its way."


def test_a_double_click_is_one_test(staff: Client, intercom: Intercom, campaign: Campaign) -> None:
    for _ in range(2):
        staff.post(address(campaign), form(EMAIL), headers=HTMX)

    drained(intercom, Trial.objects.get())


def test_without_javascript_the_form_comes_back_as_it_was_typed(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    rows = (EMAIL, ("fixed", "Half a thought", "custom_attributes.lead_source"))

    response = staff.post(address(campaign), form(*rows))

    page = text_of(response)
    assert "Half a thought" in page
    assert "Testing" in page
    trial = drained(intercom, Trial.objects.get())
    again = text_of(staff.post(address(campaign, trial.pk), form(*rows)))
    assert "Half a thought" in again
    assert "Everything works" in again


def test_the_warning_stands_before_the_button(staff: Client, campaign: Campaign) -> None:
    page = text_of(staff.post(address(campaign), form(action="nothing"), headers=HTMX))

    assert page.index("Workflows of yours") < page.index("Yes, send test lead")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (form(EMAIL, action="nothing"), "with “Nothing to action” nothing is sent"),
        (form(("dynamic", "", "email")), "Complete what is marked “Setup Required”"),
        (form(EMAIL, ("fixed", "", "name")), "Complete what is marked “Setup Required”"),
        (form(EMAIL, ("fixed", "many", "custom_attributes.company_size")), "whole number"),
    ],
    ids=["nothing to action", "no email", "row without value", "contradiction"],
)
def test_what_cannot_be_sent_is_explained_and_not_tested(
    staff: Client, campaign: Campaign, typed: dict[str, Any], words: str
) -> None:
    response = staff.post(address(campaign), typed, headers=HTMX)

    assert response.status_code == 200
    assert words in text_of(response)
    assert words in said(response)
    assert not Trial.objects.exists()


def test_rubbish_in_the_form_is_no_error_of_ours(staff: Client, campaign: Campaign) -> None:
    response = staff.post(address(campaign), {"rows-TOTAL_FORMS": "x", "action": "\x00"}, headers=HTMX)

    assert response.status_code == 200


def test_without_a_workspace_it_says_to_connect_first(staff: Client) -> None:
    lonely = Campaign.objects.create(name="Lonely", slug="lonely")

    response = staff.post(address(lonely), form(EMAIL), headers=HTMX)

    assert "Connect Intercom first" in text_of(response)
    assert not Trial.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, "Connect it again"),
        ({"paused_at": timezone.now()}, "Sending is paused for this workspace"),
    ],
    ids=["reconnect", "paused"],
)
def test_a_workspace_that_cannot_be_used_is_explained(
    staff: Client, campaign: Campaign, change: dict[str, Any], words: str
) -> None:
    IntercomConnection.objects.update(**change)

    response = staff.post(address(campaign), form(EMAIL), headers=HTMX)

    assert words in text_of(response)
    assert "Yes, send test lead" not in text_of(response)
    assert not Trial.objects.exists()


def test_a_tab_that_was_never_saved_must_be_saved_once(staff: Client, campaign: Campaign) -> None:
    SyncSettings.objects.filter(campaign=campaign, audience="referrer").delete()

    response = staff.post(address(campaign, tab="referrers"), form(EMAIL), headers=HTMX)

    assert "Save this tab once" in text_of(response)


def test_the_referrers_tab_sends_a_test_referrer(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    import_document(campaign, {"referrers": {"action": "create_user", "field_map": [EMAIL_ROW]}})
    rows = (EMAIL, ("dynamic", "lead.full_name", "name"))

    page = text_of(
        staff.post(address(campaign, tab="referrers"), form(*rows, action="create_user"), headers=HTMX)
    )

    assert "Test referrer" in page
    trial = drained(intercom, Trial.objects.get())
    assert trial.findings[1]["shown"] == "Test Referrer"


def test_who_may_only_look_sees_results_and_no_button(
    looker: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = drained(intercom, asked(campaign))

    page = text_of(looker.get(address(campaign, trial.pk), headers=HTMX | {}))

    assert looker.post(address(campaign), form(EMAIL)).status_code == 403
    assert looker.post(address(campaign, trial.pk), form(EMAIL)).status_code == 403
    assert "The test contact was deleted." in page
    assert "Yes, send test lead" not in page


def test_who_is_not_signed_in_is_asked_to(client: Client, campaign: Campaign) -> None:
    response = client.post(address(campaign), form(EMAIL))

    assert response.status_code == 302
    assert not Trial.objects.exists()


def test_another_campaigns_test_is_not_shown(staff: Client, intercom: Intercom, campaign: Campaign) -> None:
    trial = drained(intercom, asked(campaign))
    other = Campaign.objects.create(name="Other", slug="other")

    assert staff.get(address(other, trial.pk)).status_code == 404
    assert staff.get(address(campaign, trial.pk, tab="referrers")).status_code == 404


def test_while_it_runs_only_its_line_is_asked_for(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = asked(campaign)

    response = staff.get(address(campaign, trial.pk) + "?going", headers=HTMX)

    page = text_of(response)
    assert 'hx-trigger="every 1s"' in page
    assert "Waiting for its turn" in page
    assert 'id="trial"' not in page
    drained(intercom, trial)


def test_when_it_has_ended_the_whole_card_comes_and_is_announced(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = drained(intercom, asked(campaign))

    response = staff.get(address(campaign, trial.pk) + "?going", headers=HTMX)

    assert response.headers["HX-Retarget"] == "#trial"
    assert said(response) == (
        "Everything works: all 5 fields arrived in Intercom as they should. The test contact was deleted."
    )
    assert "hx-trigger" not in text_of(response)
    assert "Tested just now by" not in text_of(response)


def test_when_it_has_ended_the_first_steps_go_on(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = drained(intercom, asked(campaign))

    page = text_of(staff.get(address(campaign, trial.pk) + "?going", headers=HTMX))

    steps = page[page.index('id="first-steps"') :]
    assert 'hx-swap-oob="true"' in steps
    assert "Go to the test" not in steps


def test_what_was_not_tested_is_not_said_to_work(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, action="create_user", field_map=[EMAIL_ROW, ID_ROW])
    trial = drained(intercom, asked(campaign))
    page = text_of(staff.get(address(campaign, trial.pk)))
    assert "Everything works" not in page
    assert "What was tested works: 1 field arrived in Intercom as it should. 1 field was not tested" in page


def test_without_javascript_a_test_has_a_page_of_its_own(
    looker: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = asked(campaign)
    assert "Look again" in text_of(looker.get(address(campaign, trial.pk)))

    drained(intercom, trial)

    page = text_of(looker.get(address(campaign, trial.pk)))
    assert "Everything works" in page
    assert "Look again" not in page


def test_a_refused_field_is_named_with_intercoms_words(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")
    trial = drained(intercom, asked(campaign))

    page = text_of(staff.get(address(campaign, trial.pk)))

    assert "1 of 5 fields did not arrive: people would be sent without it." in page
    assert "Custom attribute &#x27;lead_source&#x27; does not exist" in page
    assert "Refused" in page


def test_intercoms_words_are_redacted(staff: Client, intercom: Intercom, campaign: Campaign) -> None:
    body = json.dumps(
        {
            "type": "error.list",
            "errors": [{"code": "parameter_invalid", "message": "eve@example.org has <b>this</b>"}],
        }
    )
    goes_wrong(intercom, Fault(acts=False, method="POST", path="/contacts", status=400, body=body, times=2))
    trial = drained(intercom, asked(campaign))

    page = text_of(staff.get(address(campaign, trial.pk)))

    assert "[email] has &lt;b&gt;this&lt;/b&gt;" in page
    assert "eve@example.org" not in page


def test_a_result_says_when_the_saved_settings_are_others(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = drained(intercom, asked(campaign))
    words = "The saved settings are not the ones that were tested."
    assert words not in text_of(staff.get(address(campaign, trial.pk)))

    set_panel(campaign, field_map=[EMAIL_ROW])

    assert words in text_of(staff.get(address(campaign, trial.pk)))


NOT_READY = "Not ready to be tested yet"
OTHER = "The test below was of other settings than those in the form now."
UNSAVED = "What was tested below is in the form, but not saved yet."


def test_what_is_typed_says_whether_it_can_be_tested_in_every_answer(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    """Nothing is saved but Nothing to action; what is typed is complete, and is tested."""
    set_panel(campaign, action="nothing", field_map=[])
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    typed = form(EMAIL)
    started = text_of(staff.post(address(campaign), typed, headers=HTMX))
    trial = drained(intercom, Trial.objects.get())
    watched = f"{address(campaign, trial.pk)}?going"
    answers = {
        "polled": text_of(staff.post(watched, typed, headers=HTMX)),
        "looked at again": text_of(staff.post(address(campaign, trial.pk), typed)),
        "checked": text_of(staff.post(panel, typed | {"do": "check"}, headers=HTMX)),
        "checked without script": text_of(staff.post(panel, typed | {"do": "check"})),
    }
    assert NOT_READY not in started
    for answer in answers.values():
        assert NOT_READY not in answer
        assert UNSAVED in answer
    for answer in (answers["polled"], answers["looked at again"], answers["checked without script"]):
        assert "Everything works" in answer


def test_an_answer_to_another_form_says_what_that_one_lacks(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = drained(intercom, asked(campaign))
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    for typed in (form(EMAIL, action="nothing"), form(("dynamic", "", "email"))):
        for answer in (
            text_of(staff.post(f"{address(campaign, trial.pk)}?going", typed, headers=HTMX)),
            text_of(staff.post(panel, typed | {"do": "check"}, headers=HTMX)),
            text_of(staff.post(address(campaign, trial.pk), typed)),
        ):
            assert NOT_READY in answer
            assert OTHER in answer


def test_what_cannot_be_saved_is_not_ready_either(staff: Client, campaign: Campaign) -> None:
    panel = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    wrong = form(EMAIL, ("fixed", "many", "custom_attributes.company_size"))
    page = text_of(staff.post(panel, wrong | {"do": "check"}, headers=HTMX))
    assert NOT_READY in page
    assert "whole number" in page[page.index(NOT_READY) :]


def test_a_page_of_its_own_stays_one_while_it_is_watched(
    looker: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = asked(campaign)
    assert "?going&amp;alone" in text_of(looker.get(address(campaign, trial.pk)))
    drained(intercom, trial)
    set_panel(campaign, action="nothing", field_map=[])
    ended = text_of(looker.get(f"{address(campaign, trial.pk)}?going&alone", headers=HTMX))
    assert 'id="trial-ready" hidden' in ended
    assert "The saved settings are not the ones that were tested." in ended


def test_a_test_in_another_workspace_says_so(staff: Client, intercom: Intercom, campaign: Campaign) -> None:
    trial = drained(intercom, asked(campaign))
    words = "which this campaign does not use now"
    assert words not in text_of(staff.get(address(campaign, trial.pk)))
    SyncSettings.objects.update(connection=None, disconnected_at=timezone.now())
    assert words in text_of(staff.get(address(campaign, trial.pk)))


def test_a_result_says_how_old_it_is(staff: Client, intercom: Intercom, campaign: Campaign) -> None:
    trial = drained(intercom, asked(campaign))
    Trial.objects.update(made_at=timezone.now() - timedelta(days=3))

    assert "Tested 3 days ago" in text_of(staff.get(address(campaign, trial.pk)))


def test_a_contact_that_is_still_there_is_said_so_with_its_email(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = drained(intercom, asked(campaign))
    Trial.objects.update(
        state=TrialState.CLEANING, step="delete", tries=2, due_at=timezone.now() + timedelta(hours=1)
    )

    page = text_of(staff.get(address(campaign, trial.pk)))

    assert "Intercom has not let us delete the test contact yet" in page
    assert trial.email in page
    assert 'hx-trigger="every 20s"' in page


def test_an_earlier_contact_that_is_still_there_is_not_forgotten(
    staff: Client, intercom: Intercom, campaign: Campaign
) -> None:
    drained(intercom, asked(campaign))
    Trial.objects.update(state=TrialState.CLEANING, step="delete", due_at=timezone.now())
    new = asked(campaign)

    page = text_of(staff.get(address(campaign, new.pk)))

    assert "1 earlier test contact is still being deleted." in page
    drained(intercom, new)


@pytest.mark.parametrize("failure", [failure for failure in Failure if failure])
def test_every_failure_has_a_sentence(
    staff: Client, intercom: Intercom, campaign: Campaign, failure: Failure
) -> None:
    trial = drained(intercom, asked(campaign))
    Trial.objects.update(failure=failure, passed=False)

    assert "Could not be tested" in text_of(staff.get(address(campaign, trial.pk)))


def test_a_test_that_nobody_begins_says_what_may_be_wrong(staff: Client, campaign: Campaign) -> None:
    trial = asked(campaign)
    Trial.objects.update(made_at=timezone.now() - timedelta(seconds=20))

    assert "Not started yet" in text_of(staff.get(address(campaign, trial.pk)))


def test_a_test_that_was_never_begun_stops_being_watched(staff: Client, campaign: Campaign) -> None:
    trial = asked(campaign)
    Trial.objects.update(made_at=timezone.now() - timedelta(minutes=11))

    page = text_of(staff.get(address(campaign, trial.pk)))

    assert "could not be started within ten minutes" in page
    assert "hx-trigger" not in page


def test_a_test_under_way_in_a_paused_workspace_says_so(staff: Client, campaign: Campaign) -> None:
    trial = asked(campaign)
    IntercomConnection.objects.update(paused_at=timezone.now())

    assert "The test goes on once you resume it" in text_of(staff.get(address(campaign, trial.pk)))


def test_the_card_costs_one_query(
    staff: Client,
    rf: Any,
    intercom: Intercom,
    campaign: Campaign,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    drained(intercom, asked(campaign))
    request = rf.get("/")
    request.user = User.objects.get(username="boss")
    panel = load(request, campaign)
    assert panel.attributes
    assert panel.sources

    with django_assert_num_queries(1):
        drawn = card(panel, Audience.LEAD, saved_draft(panel, Audience.LEAD))

    assert drawn.result is not None
    assert Action(drawn.result.trial.content["action"]) == Action.CREATE_LEAD
