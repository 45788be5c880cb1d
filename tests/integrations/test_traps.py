"""The twenty things that a naive Intercom client gets wrong, each met where the product would meet it.

Proved where they are built, not here: the topics, signatures, repeats and time limits of webhooks (parts of
12 and 17; 18 and 19 whole) and the OAuth code (part of 20). No tags are put on contacts, so 11 asks that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.intercom.client import IntercomClient
from integrations.intercom.errors import NotFoundError, RejectedError, TransientError
from integrations.intercom.parse import parse_contact
from integrations.intercom.session import Session
from integrations.logic.explain import EXPLANATIONS
from integrations.logic.pace import WINDOW, Pace
from integrations.logic.states import Reason, State
from integrations.models import Attempt, ConnectionStatus, ContactLink, Delivery, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as ContactState
from integrations.sandbox.messages import Ending, Request, Response
from integrations.sandbox.workspace import PretendIntercom
from integrations.services.attributes import ensure_marks, refresh_attributes
from integrations.services.connect import connect_with_token
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.intercom.support import payload
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db
ANA = "ana@example.com"
SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
Seen = list[Request]


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:  # the workspace first, so that the panel can name it
    assert intercom.connection.status == ConnectionStatus.CONNECTED
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


@pytest.fixture
def client(intercom: Intercom) -> Iterator[IntercomClient]:
    """The product's own client in the sandbox's workspace."""
    with Session() as session:
        yield IntercomClient(token=TOKEN, base_url=intercom.sandbox.url, session=session)


@pytest.fixture
def requests_seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """All that reaches the sandbox, headers and all."""
    seen: Seen = []
    handle: Callable[[PretendIntercom, Request], Response] = PretendIntercom.handle

    def listening(vendor: PretendIntercom, request: Request) -> Response:
        seen.append(request)
        return handle(vendor, request)

    monkeypatch.setattr(PretendIntercom, "handle", listening)
    return seen


def in_intercom(intercom: Intercom, *, state: ContactState = ContactState.LIVE, **fields: Any) -> str:
    """Somebody who was there before."""
    known = intercom.sandbox.add_contact(intercom.workspace, **{"email": ANA, "role": "user", **fields})
    if state is not ContactState.LIVE:
        intercom.sandbox.set_state(intercom.workspace, known, state)
    return known


def drained(intercom: Intercom, campaign: Campaign, *, email: str = ANA) -> Delivery:
    """A lead joins and is sent."""
    lead = make_lead(campaign, email=email)
    intercom.forget_calls()
    intercom.drain()
    return owed(lead)


def bodies(intercom: Intercom, *, method: str, path: str) -> list[Any]:
    return [call.body for call in intercom.sandbox.calls(intercom.workspace, method=method, path=path)]


def the_lag_is_over(lead: Participant) -> None:
    Delivery.objects.filter(participant=lead).update(due_at=timezone.now())


def test_trap_01_no_409_guards_a_lead_so_a_lost_answer_is_looked_for_and_not_posted_again(
    intercom: Intercom, campaign: Campaign, client: IntercomClient
) -> None:
    one, two = (client.create_contact({"role": "lead", "email": "two@example.com"}).value for _ in range(2))
    assert one.id != two.id
    lost = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, lost)
    lead = make_lead(campaign, email=ANA)
    intercom.drain()
    the_lag_is_over(lead)

    intercom.drain()

    (contact,) = intercom.sandbox.contacts(intercom.workspace, email=ANA)
    assert (owed(lead).state, owed(lead).contact_id) == (State.CREATED, contact["id"])


@pytest.mark.parametrize("action", ["create_user", "create_lead"])
def test_trap_02_a_search_that_lags_makes_neither_a_failure_nor_a_second_contact(
    intercom: Intercom, campaign: Campaign, action: str
) -> None:
    other = make_campaign("Summer")
    set_panel(campaign, action=action)
    set_panel(other, action=action)
    intercom.sandbox.set_lag(intercom.workspace, 300)
    first = drained(intercom, campaign)

    second = drained(intercom, other)

    assert (first.state, second.state) == (State.CREATED, State.SKIPPED)
    assert second.contact_id == first.contact_id
    assert len(intercom.contacts()) == 1


def test_trap_03_the_contact_that_a_409_names_in_its_message_is_the_one_that_is_updated(
    intercom: Intercom, campaign: Campaign, client: IntercomClient
) -> None:
    set_panel(campaign, action="create_user", duplicates="update", field_map=[EMAIL_ROW, SOURCE_ROW])
    intercom.sandbox.set_lag(intercom.workspace, 300)
    unseen = client.create_contact({"role": "user", "email": ANA}).value

    row = drained(intercom, campaign)

    (contact,) = intercom.contacts()
    assert (row.state, row.contact_id) == (State.UPDATED, unseen.id)
    assert contact["custom_attributes"] == {"lead_source": "Referral"}
    assert intercom.new_calls() == [
        *("POST /contacts/search", "POST /contacts", "GET /contacts/{id}", "PUT /contacts/{id}")
    ]


def test_trap_04_an_archived_contact_is_not_written_to_and_not_revived_unasked(
    intercom: Intercom, campaign: Campaign, client: IntercomClient
) -> None:
    set_panel(campaign, action="create_user", duplicates="update")
    archived = in_intercom(intercom, state=ContactState.ARCHIVED)
    with pytest.raises(NotFoundError):
        client.get_contact(archived)

    row = drained(intercom, campaign)

    assert (row.state, row.reason, row.contact_id) == (State.NEEDS_ATTENTION, Reason.ARCHIVED, archived)
    assert intercom.new_calls() == ["POST /contacts/search", "POST /contacts"]
    assert intercom.sandbox.state(archived) == ContactState.ARCHIVED


def test_trap_05_a_contact_deleted_for_good_looks_archived_and_its_restoring_fails_either_way(
    intercom: Intercom, campaign: Campaign, client: IntercomClient
) -> None:
    set_panel(campaign, action="create_user", duplicates="update")
    deleted = in_intercom(intercom, state=ContactState.DELETED)

    row = drained(intercom, campaign)

    assert (row.state, row.reason) == (State.NEEDS_ATTENTION, Reason.ARCHIVED)
    with pytest.raises(RejectedError, match="400"):
        client.unarchive_contact(deleted)
    bare = Fault(acts=False, path="/contacts/*/unarchive", status=500)
    intercom.sandbox.add_fault(intercom.workspace, bare)
    with pytest.raises(TransientError, match="500"):
        client.unarchive_contact(deleted)
    assert "about a week" in EXPLANATIONS[Reason.NOT_RESTORABLE].next_step


def test_trap_06_a_lead_is_sent_without_an_external_id_and_remembered_by_intercoms_own(
    intercom: Intercom, campaign: Campaign
) -> None:
    mine = {"data_type": "dynamic", "from": "lead.id", "to": "external_id"}
    set_panel(campaign, field_map=[EMAIL_ROW, mine])

    row = drained(intercom, campaign)

    (sent,) = bodies(intercom, method="POST", path="/contacts")
    (contact,) = intercom.contacts()
    assert sent == {"role": "lead", "email": ANA}
    assert contact["external_id"] not in {"", None, str(row.participant_id)}
    assert ContactLink.objects.get().contact_id == row.contact_id == contact["id"]


def test_trap_07_a_user_stays_a_user_since_an_update_says_no_role(
    intercom: Intercom, campaign: Campaign, client: IntercomClient
) -> None:
    set_panel(campaign, action="create_lead", duplicates="update", field_map=[EMAIL_ROW, SOURCE_ROW])
    user = in_intercom(intercom)

    row = drained(intercom, campaign)

    (sent,) = bodies(intercom, method="PUT", path="/contacts/*")
    assert (row.state, sent) == (State.UPDATED, {"custom_attributes": {"lead_source": "Referral"}})
    assert intercom.sandbox.contact(intercom.workspace, user)["role"] == "user"
    with pytest.raises(RejectedError) as caught:
        client.update_contact(user, {"role": "lead"})
    assert caught.value.code == "client_error"


def test_trap_08_of_several_contacts_with_one_email_a_rule_chooses_and_all_are_named(
    intercom: Intercom, campaign: Campaign
) -> None:
    old, new = 1_700_000_000, 1_790_000_000
    user = in_intercom(intercom, external_id="one", updated_at=new)
    others = {
        in_intercom(intercom, external_id="two", updated_at=old),
        in_intercom(intercom, role="lead", updated_at=new + 5),
        in_intercom(intercom, role="lead", email="ANA@Example.com", updated_at=new + 6),
    }

    row = drained(intercom, campaign)

    assert (row.state, row.contact_id) == (State.SKIPPED, user)
    assert set(Attempt.objects.get().matches) == others | {user}
    assert len(intercom.contacts()) == 4


def test_trap_09_a_field_that_intercom_does_not_have_does_not_lose_the_lead(
    intercom: Intercom, campaign: Campaign, client: IntercomClient
) -> None:
    with pytest.raises(RejectedError) as caught:
        client.create_contact({"role": "lead", "email": ANA, "custom_attributes": {"nowhere": "x"}})
    assert (caught.value.attribute_name, intercom.contacts()) == ("nowhere", [])
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, SOURCE_ROW])
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")

    row = drained(intercom, campaign)

    (contact,) = intercom.contacts()
    assert (contact["email"], contact["name"], contact["custom_attributes"]) == (ANA, "Ana Lima", {})
    assert (row.state, row.incomplete) == (State.CREATED, True)


def test_trap_10_a_list_attribute_reads_as_a_string_and_takes_only_its_options(
    intercom: Intercom, campaign: Campaign, client: IntercomClient
) -> None:
    listed = {each.full_name: each for each in client.list_data_attributes().value}
    plan = listed["custom_attributes.plan"]
    assert (plan.data_type, plan.options) == ("string", ("Free", "Pro", "Enterprise"))
    rows = [
        {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.plan"},
        {"data_type": "dynamic", "from": "lead.company", "to": "custom_attributes.lead_source"},
    ]
    set_panel(campaign, field_map=[EMAIL_ROW, *rows])
    make_lead(campaign, email="gold@example.com", source="Gold", company="Acme")
    make_lead(campaign, email="pro@example.com", source="Pro", company="Acme")

    intercom.drain()

    written = {contact["email"]: contact["custom_attributes"] for contact in intercom.contacts()}
    assert written == {
        "gold@example.com": {"lead_source": "Acme"},
        "pro@example.com": {"lead_source": "Acme", "plan": "Pro"},
    }


def test_trap_11_people_are_marked_by_attributes_and_no_tag_is_put_on_by_name(
    intercom: Intercom, campaign: Campaign
) -> None:
    with Session() as session:
        ensure_marks(intercom.connection, session=session)
    set_panel(campaign, marks=True)

    row = drained(intercom, campaign)

    (contact,) = intercom.contacts()
    assert (contact["custom_attributes"]["referred"], contact["tags"]["total_count"]) == (True, 0)
    assert [call for call in intercom.calls() if "tags" in call] == []
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
    url = f"{intercom.sandbox.url}/contacts/{row.contact_id}/tags"
    assert requests.post(url, json={"id": "Referred"}, headers=headers, timeout=5).status_code == 404


def test_trap_12_dates_are_sent_in_whole_seconds_and_read_in_either_form(
    intercom: Intercom, campaign: Campaign
) -> None:
    joined = {"data_type": "dynamic", "from": "lead.joined_at", "to": "custom_attributes.trial_ends"}
    set_panel(campaign, field_map=[EMAIL_ROW, joined])

    row = drained(intercom, campaign)

    (sent,) = bodies(intercom, method="POST", path="/contacts")
    assert sent["custom_attributes"] == {"trial_ends": int(row.participant.joined_at.timestamp())}
    item = payload("webhook_contact_user_updated")["data"]["item"]
    assert parse_contact(item).updated_at == parse_contact({**item, "updated_at": 1692131387}).updated_at


def test_trap_13_nothing_is_looked_for_by_date_since_a_date_means_a_whole_day(
    intercom: Intercom, campaign: Campaign
) -> None:
    in_intercom(intercom, email="today@example.com")
    now = int(time.time())
    # Just after midnight a minute ago is another day.
    earlier_today = max(now - 60, now - now % 86_400)
    query = {"field": "updated_at", "operator": ">", "value": earlier_today}
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
    url = f"{intercom.sandbox.url}/contacts/search"
    answer = requests.post(url, json={"query": query}, headers=headers, timeout=5)
    assert answer.json()["total_count"] == 0
    mark = intercom.sandbox.mark()

    drained(intercom, campaign)

    searches = intercom.sandbox.calls(intercom.workspace, since=mark, path="/contacts/search")
    asked = [call.body["query"] for call in searches]
    assert asked == [{"field": "email", "operator": "=", "value": ANA}]


def test_trap_14_the_cursor_goes_into_the_body_and_never_empty(
    intercom: Intercom, client: IntercomClient
) -> None:
    known = {in_intercom(intercom, role="lead") for _ in range(151)}

    found = client.search_contacts([ANA]).value

    first, second = (body["pagination"] for body in bodies(intercom, method="POST", path="/contacts/search"))
    assert {contact.id for contact in found} == known
    assert first == {"per_page": 150}
    assert second["starting_after"]


def test_trap_15_a_429_waits_for_the_end_of_the_window_without_a_retry_after(
    intercom: Intercom, campaign: Campaign
) -> None:
    headers = {"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "0"}
    headers["X-RateLimit-Reset"] = str(int(time.time()) + 40)
    fault = Fault(acts=False, method="POST", path="/contacts", status=429, headers=headers)
    intercom.sandbox.add_fault(intercom.workspace, fault)

    row = drained(intercom, campaign)

    intercom.connection.refresh_from_db()
    until = intercom.connection.paused_until
    assert until is not None
    assert timedelta(seconds=30) < until - timezone.now() <= timedelta(seconds=60)
    assert (row.state, row.attempts) == (State.WAITING, 0)


def test_trap_15_the_limit_is_that_of_ten_seconds(client: IntercomClient) -> None:
    rate = client.me().exchange.rate
    assert rate is not None
    assert (rate.limit, WINDOW) == (1666, 10.0)
    assert rate.reset - time.time() <= WINDOW
    now = [0.0]
    pace = Pace(monotonic=lambda: now[0], wall=lambda: rate.reset - 5.0)
    pace.acquire()
    pace.release(type(rate)(limit=100, remaining=0, reset=rate.reset))
    assert pace.acquire() == pytest.approx(5.0)


def test_trap_16_every_call_says_which_version_it_means(
    intercom: Intercom, campaign: Campaign, requests_seen: Seen
) -> None:
    set_panel(campaign, duplicates="update", field_map=[EMAIL_ROW, SOURCE_ROW])
    in_intercom(intercom)

    drained(intercom, campaign)
    drained(intercom, campaign, email="new@example.com")
    with Session() as session:
        refresh_attributes(intercom.connection, session=session)

    assert {request.method for request in requests_seen} == {"POST", "PUT", "GET"}
    assert {request.headers.get("intercom-version") for request in requests_seen} == {"2.16"}


@pytest.mark.parametrize(
    "item",
    [
        {"id": "65f642bf674b9af4e9e46dd1", "type": "contact", "deleted": True},
        {"id": "65f642bf674b9af4e9e46dd1", "type": "contact", "archived": True, "external_id": None},
    ],
    ids=["deleted", "archived"],
)
def test_trap_17_an_item_of_a_webhook_may_hold_little_more_than_the_id(item: dict[str, Any]) -> None:
    contact = parse_contact(item)
    assert (contact.id, contact.email, contact.role) == ("65f642bf674b9af4e9e46dd1", None, "")
    assert (contact.updated_at, contact.custom_attributes) == (0, {})


@pytest.mark.parametrize(("word", "region"), [("US", "US"), ("Europe", "EU"), ("EU", "EU"), ("AU", "AU")])
def test_trap_20_the_region_is_understood_in_intercoms_own_word(
    intercom: Intercom, word: str, region: str
) -> None:
    token = intercom.sandbox.add_workspace(f"ws-{word}", region=word, token="dG9rOg==")
    with Session() as session:
        connected = connect_with_token(token, region="US", session=session).connection
    stored = IntercomConnection.objects.get(pk=connected.pk)
    assert (stored.region, stored.token) == (region, "dG9rOg==")


def test_trap_20_a_401_is_never_tried_again(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.revoke(TOKEN)

    row = drained(intercom, campaign)
    intercom.drain()

    intercom.connection.refresh_from_db()
    refused = [call for call in intercom.sandbox.calls() if call.status == 401]
    assert len(refused) == 1
    assert intercom.connection.status == ConnectionStatus.RECONNECT_NEEDED
    assert (row.state, row.attempts) == (State.WAITING, 0)
    assert intercom.contacts() == []
