"""What Intercom told us, as support sees it: the list, a notification's own page, the story of a lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign
from integrations.logic.qualification import Verdict
from integrations.logic.states import State
from integrations.models import (
    Delivery,
    IntercomConnection,
    ReceiptState,
    Sighting,
    SweepState,
    Via,
    WebhookReceipt,
)
from integrations.services.qualification_words import BADGES
from integrations.services.qualify.story import Happened
from integrations.services.qualify.words import line_in_words
from tests.campaigns.factories import make_lead, make_referrer
from tests.integrations.controls import read
from tests.integrations.panel_fixtures import person
from tests.integrations.qualification import (
    make_qualified,
    make_receipt,
    make_ruled_campaign,
    make_watched,
    see,
)

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

SEES = ("view_webhookreceipt", "view_delivery", "view_participant", "view_campaign")
LIST = "admin:integrations_webhookreceipt_changelist"
PAGE = "admin:integrations_webhookreceipt_change"
AGAIN = "admin:integrations_webhookreceipt_again"


@dataclass
class Support:
    """Somebody of support, with a campaign and its workspace."""

    client: Client
    campaign: Campaign
    connection: IntercomConnection

    def read(self, name: str, *args: Any, **query: Any) -> str:
        response = self.client.get(reverse(name, args=args), query)
        assert response.status_code == 200
        return read(response).text

    def story(self, lead: Any) -> str:
        delivery = Delivery.objects.get(participant=lead)
        return self.read("admin:integrations_delivery_change", delivery.pk)


@pytest.fixture
def support() -> Support:
    campaign, connection = make_ruled_campaign()
    return Support(person("sue", *SEES, "repair_delivery"), campaign, connection)


# The list ---------------------------------------------------------------------------------------------


def test_the_list_says_what_came_and_what_it_did(support: Support) -> None:
    receipt = make_receipt(support.connection)
    make_qualified(support.campaign, email="ana@x.com", receipt=receipt)
    text = support.read(LIST)
    assert "A user was changed" in text
    assert "Qualified a lead" in text
    assert "ana@x.com – Plan : The value became “pro”: the lead qualified." in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ReceiptState.NEW, "Not looked at yet"),
        (ReceiptState.USED, "About a lead"),
        (ReceiptState.UNUSED, "About nobody we watch"),
        (ReceiptState.FAILED, "Could not be used"),
    ],
)
def test_the_list_says_how_each_notification_stands(
    support: Support, state: ReceiptState, words: str
) -> None:
    make_receipt(support.connection, state=state)
    assert words in support.read(LIST)


def test_a_notification_that_came_again_says_so(support: Support) -> None:
    make_receipt(support.connection, repeats=2)
    make_receipt(support.connection, repeats=1, differed=True)
    text = support.read(LIST)
    assert "(came more than once)" in text
    assert "(came again with other content)" in text


def test_a_topic_that_was_never_heard_of_is_shown_as_it_is(support: Support) -> None:
    make_receipt(support.connection, topic="contact.<b>new</b>")
    response = support.client.get(reverse(LIST))
    assert b"contact.&lt;b&gt;new&lt;/b&gt;" in response.content


def test_notifications_are_found_by_the_email_of_the_lead(support: Support) -> None:
    found, other = make_receipt(support.connection), make_receipt(support.connection)
    see(make_watched(support.campaign, email="ana@x.com"), receipt=found)
    see(make_watched(support.campaign, email="bo@x.com"), receipt=other)
    text = support.read(LIST, q="ANA@x.com")
    assert "ana@x.com" in text
    assert "bo@x.com" not in text


@pytest.mark.parametrize("by", ["contact_id", "notification_id"])
def test_notifications_are_found_by_intercoms_ids(support: Support, by: str) -> None:
    found = make_receipt(support.connection)
    make_receipt(support.connection, topic="contact.deleted")
    text = support.read(LIST, q=getattr(found, by))
    assert "1 result" in text


def test_the_list_takes_no_more_queries_for_more_lines(support: Support) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as found:
            support.read(LIST)
        return len(found)

    see(make_watched(support.campaign), receipt=make_receipt(support.connection))
    few = queries()
    for _ in range(10):
        see(make_watched(support.campaign), receipt=make_receipt(support.connection))
    assert queries() == few


# One notification -------------------------------------------------------------------------------------


def test_a_notification_says_which_leads_it_was_about(support: Support) -> None:
    receipt = make_receipt(support.connection, state=ReceiptState.USED)
    see(make_watched(support.campaign, first_name="Ana", last_name="Lima"), receipt=receipt, value="free")
    text = support.read(PAGE, receipt.pk)
    assert "Ana Lima “free” is not a qualifying value." in text
    assert "Intercom told us" in text


@pytest.mark.parametrize("state", ReceiptState)
def test_a_notification_that_did_nothing_says_why(support: Support, state: ReceiptState) -> None:
    receipt = make_receipt(support.connection, state=state)
    text = support.read(PAGE, receipt.pk)
    reasons = {
        ReceiptState.NEW: "has not been looked at yet",
        ReceiptState.USED: "Nothing: it said what we knew already",
        ReceiptState.UNUSED: "none of the leads that we watch",
        ReceiptState.FAILED: "It could not be used",
    }
    assert reasons[state] in text


def test_what_a_contact_is_like_is_not_shown(support: Support) -> None:
    receipt = make_receipt(support.connection, item={"email": "secret@x.com", "phone": "123456"})
    text = support.read(PAGE, receipt.pk)
    assert "secret@x.com" not in text
    assert "123456" not in text


def test_a_value_from_outside_is_shown_as_text(support: Support) -> None:
    receipt = make_receipt(support.connection, state=ReceiptState.USED)
    see(make_watched(support.campaign), receipt=receipt, value="<script>alert(1)</script>")
    response = support.client.get(reverse(PAGE, args=[receipt.pk]))
    assert b"<script>alert(1)" not in response.content
    assert b"&lt;script&gt;alert(1)" in response.content


def test_a_notification_that_is_not_there_is_told(support: Support) -> None:
    response = support.client.get(reverse(PAGE, args=[999]), follow=True)
    assert "doesn’t exist" in read(response).text


@pytest.mark.parametrize("key", ["1a", "0", "nonsense"])
def test_an_address_that_names_no_notification_breaks_nothing(support: Support, key: str) -> None:
    assert support.client.get(reverse(PAGE, args=[key])).status_code == 302


# Again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [ReceiptState.USED, ReceiptState.UNUSED, ReceiptState.FAILED])
def test_a_notification_is_looked_at_again(
    support: Support, state: ReceiptState, django_capture_on_commit_callbacks: Any
) -> None:
    receipt = make_receipt(support.connection, state=state, tries=5)
    with django_capture_on_commit_callbacks(execute=True):
        response = support.client.post(reverse(AGAIN, args=[receipt.pk]), follow=True)
    assert "1 notification is looked at again" in read(response).text
    receipt.refresh_from_db()
    assert (receipt.state, receipt.tries) == (ReceiptState.NEW, 0)
    assert SweepState.objects.get().receipts_dirty


def test_who_had_it_looked_at_again_is_recorded(support: Support) -> None:
    receipt = make_receipt(support.connection, state=ReceiptState.USED)
    support.client.post(reverse(AGAIN, args=[receipt.pk]))
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id) == ("sue", str(receipt.pk))


def test_a_second_click_does_nothing_more(support: Support) -> None:
    receipt = make_receipt(support.connection, state=ReceiptState.USED)
    support.client.post(reverse(AGAIN, args=[receipt.pk]))
    response = support.client.post(reverse(AGAIN, args=[receipt.pk]), follow=True)
    assert "about to be looked at anyway" in read(response).text
    assert LogEntry.objects.count() == 1


def test_several_are_looked_at_again_from_the_list(support: Support) -> None:
    chosen = [make_receipt(support.connection, state=ReceiptState.FAILED).pk for _ in range(3)]
    data = {"action": "look_again", "_selected_action": chosen}
    response = support.client.post(reverse(LIST), data, follow=True)
    assert "3 notifications are looked at again" in read(response).text
    assert set(WebhookReceipt.objects.values_list("state", flat=True)) == {ReceiptState.NEW}


def test_a_link_looks_at_nothing_again(support: Support) -> None:
    receipt = make_receipt(support.connection, state=ReceiptState.USED)
    assert support.client.get(reverse(AGAIN, args=[receipt.pk])).status_code == 405
    assert WebhookReceipt.objects.get().state == ReceiptState.USED


def test_who_may_only_look_has_no_button_and_is_refused(support: Support) -> None:
    receipt = make_receipt(support.connection, state=ReceiptState.USED)
    client = person("eve", *SEES)
    assert b"Look at it again" not in client.get(reverse(PAGE, args=[receipt.pk])).content
    assert client.post(reverse(AGAIN, args=[receipt.pk])).status_code == 403
    assert WebhookReceipt.objects.get().state == ReceiptState.USED


def test_who_may_not_see_notifications_has_none_looked_at_again(support: Support) -> None:
    receipt = make_receipt(support.connection, state=ReceiptState.USED)
    client = person("eve", "repair_delivery", "view_delivery")
    assert client.post(reverse(AGAIN, args=[receipt.pk])).status_code == 403


# The story of a lead ----------------------------------------------------------------------------------


def test_the_story_shows_each_event_with_how_we_know_it(support: Support) -> None:
    lead = make_watched(support.campaign)
    see(lead, Verdict.FIRST_LOOK, via=Via.WRITE)
    see(lead, Verdict.ALMOST, value="Pro", receipt=make_receipt(support.connection))
    see(lead, Verdict.QUALIFIES, value="pro", via=Via.LOOK)
    text = support.story(lead)
    assert text.index("was “trial”") < text.index("“Pro” is almost") < text.index("became “pro”")
    for source in ("From what we wrote to Intercom", "Intercom told us", "Found when we looked ourselves"):
        assert source in text


def test_the_story_links_to_the_notification(support: Support) -> None:
    lead, receipt = make_watched(support.campaign), make_receipt(support.connection)
    see(lead, receipt=receipt)
    url = reverse("admin:integrations_delivery_change", args=[Delivery.objects.get(participant=lead).pk])
    assert reverse(PAGE, args=[receipt.pk]).encode() in support.client.get(url).content
    other = person("eve", "view_delivery")
    assert reverse(PAGE, args=[receipt.pk]).encode() not in other.get(url).content


def test_the_story_says_what_is_watched(support: Support) -> None:
    text = support.story(make_watched(support.campaign, value="free"))
    assert "Watched: a change to a value that qualifies counts." in text
    assert "Data attribute Plan Last known value “free”" in text


def test_the_story_of_a_skipped_duplicate_says_why_it_never_qualifies(support: Support) -> None:
    lead = make_lead(support.campaign)
    Delivery.objects.filter(participant=lead).update(state=State.SKIPPED, due_at=None, reason="exists")
    assert "was skipped, so the referral does not qualify" in support.story(lead)


def test_the_story_of_a_lead_that_waits_says_so(support: Support) -> None:
    assert "Not watched yet" in support.story(make_lead(support.campaign))


def test_a_referrer_has_no_qualification(support: Support) -> None:
    referrer = make_referrer(support.campaign)
    assert "Qualification" not in support.story(referrer)


def test_a_line_of_an_unknown_kind_breaks_nothing(support: Support) -> None:
    lead = make_watched(support.campaign)
    see(lead, "said_by_a_later_version")
    assert "said_by_a_later_version" in support.story(lead)


def test_a_persons_own_order_names_them(support: Support) -> None:
    lead = make_watched(support.campaign)
    see(lead, Happened.SET_BACK, via=Via.PERSON, made_by="Bo <b>Boss</b>")
    assert "Bo <b>Boss</b> set the lead back to pending." in support.story(lead)


@pytest.mark.parametrize("verdict", [*Verdict, *Happened])
def test_there_are_words_for_everything_that_may_happen(verdict: str) -> None:
    assert verdict in BADGES
    assert line_in_words(Sighting(verdict=verdict, via=Via.LOOK)).endswith(".")


def test_the_page_of_a_workspace_leads_to_what_it_told(support: Support) -> None:
    make_receipt(support.connection)
    page = reverse("admin:integrations_intercomconnection_change", args=[support.connection.pk])
    link = f"{reverse(LIST)}?connection__id__exact={support.connection.pk}"
    client = person("eve", *SEES, "view_intercomconnection")
    assert link.encode() in client.get(page).content
    assert "1 notification from Intercom" in read(client.get(link)).text
    assert link.encode() not in person("al", "view_intercomconnection").get(page).content
