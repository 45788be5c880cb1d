"""The whole circle, over real HTTP: somebody joins, a teammate changes the contact, the lead qualifies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from campaigns import signals
from campaigns.models import Campaign, Participant, ParticipantStatus
from integrations.models import Access, IntercomConnection, Watch, WebhookHealth, WebhookReceipt
from integrations.sandbox import demo, teammate
from integrations.sandbox.control import Fate
from integrations.services import qualify, receipts
from integrations.services.qualify.reconcile import look_round
from tests.campaigns.conftest import heard, shared_database
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import Settings

    from integrations.sandbox.control import Sandbox

__all__ = ["shared_database"]

SECRET = "secret of the private app"
RULE = {
    "method": "attribute_changes",
    "attribute": "custom_attributes.plan",
    "initial_value": "Free",
    "qualifying_values": ["Pro", "Enterprise"],
}

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Circle:
    """A campaign with a rule, and the sandbox that tells the product what happens to its contacts."""

    intercom: Intercom
    campaign: Campaign
    site: str

    @property
    def sandbox(self) -> Sandbox:
        return self.intercom.sandbox

    def listen(self, *, path: str = "", secret: str = SECRET, workspace: str = WORKSPACE) -> None:
        path = path or reverse("intercom_webhooks_private", args=[self.intercom.connection.uuid])
        self.sandbox.subscribe(f"{self.site}{path}", secret, workspace=workspace)

    def join(self, email: str = "ana@example.com") -> Participant:
        """A lead whose contact has been written, or skipped."""
        lead = make_lead(self.campaign, email=email)
        self.intercom.drain()
        return lead

    def edit(self, lead: Participant, **custom: Any) -> None:
        """As a teammate in Intercom's own screens."""
        teammate.edit(self.sandbox, WORKSPACE, owed(lead).contact_id, {"custom_attributes": custom})

    def hear(self) -> None:
        """What is told has arrived, and a worker has looked at it."""
        self.sandbox.wait_for_webhooks()
        qualify.use_receipts()


@pytest.fixture
def site(shared_database: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The product on a loopback address, with a database that its threads share with the test."""
    monkeypatch.setattr(receipts, "enqueue_receipts", lambda: None)
    server = LiveServer("127.0.0.1")
    settings.PUBLIC_URL = server.url
    yield server.url
    server.stop()


@pytest.fixture
def circle(site: str, intercom: Intercom) -> Iterator[Circle]:
    campaign = make_campaign()
    set_panel(campaign, qualification=RULE)
    connection = intercom.connection
    connection.webhook_secret = SECRET
    connection.save(update_fields=["sealed_webhook_secret"])
    made = Circle(intercom, campaign, site)
    made.listen()
    yield made
    intercom.sandbox.courier.stop()


@pytest.fixture
def customer(circle: Circle) -> str:
    """Somebody whom the workspace knows already, and who has the qualifying value."""
    custom = {"plan": "Pro"}
    return circle.sandbox.add_contact(
        WORKSPACE, email="grace@example.com", role="user", custom_attributes=custom
    )


def status(lead: Participant) -> str:
    lead.refresh_from_db()
    return lead.status


def test_a_changed_attribute_qualifies_the_lead_once(circle: Circle) -> None:
    with heard(signals.lead_qualified) as qualified:
        lead = circle.join()
        circle.hear()
        assert status(lead) == ParticipantStatus.PENDING
        circle.edit(lead, plan="Pro")
        circle.hear()
        assert status(lead) == ParticipantStatus.QUALIFIED
        for plan in ("Free", "Pro", "Enterprise"):
            circle.edit(lead, plan=plan)
            circle.hear()
    assert qualified == [lead]


def test_through_the_oauth_app_it_is_the_same(circle: Circle, settings: Settings) -> None:
    settings.INTERCOM_CLIENT_SECRET = "secret of the app"
    circle.sandbox.unsubscribe(WORKSPACE)
    circle.listen(path=reverse("intercom_webhooks"), secret="secret of the app", workspace="")
    connection = circle.intercom.connection
    connection.access = Access.OAUTH
    connection.save(update_fields=["access"])
    lead = circle.join()
    circle.edit(lead, plan="Pro")
    circle.hear()
    assert status(lead) == ParticipantStatus.QUALIFIED


def test_another_value_and_another_field_do_not_qualify(circle: Circle) -> None:
    lead = circle.join()
    circle.edit(lead, lead_source="Pro")
    circle.edit(lead, plan=None)
    teammate.edit(circle.sandbox, WORKSPACE, owed(lead).contact_id, {"name": "Enterprise"})
    circle.hear()
    assert status(lead) == ParticipantStatus.PENDING


def test_a_lead_that_signs_up_qualifies_as_a_user(circle: Circle) -> None:
    lead = circle.join()
    teammate.convert(circle.sandbox, WORKSPACE, owed(lead).contact_id)
    circle.edit(lead, plan="Pro")
    circle.hear()
    assert status(lead) == ParticipantStatus.QUALIFIED


def test_a_customer_who_was_skipped_never_qualifies(circle: Circle, customer: str) -> None:
    lead = circle.join("grace@example.com")
    for plan in ("Free", "Pro"):
        teammate.edit(circle.sandbox, WORKSPACE, customer, {"custom_attributes": {"plan": plan}})
        circle.hear()
    assert status(lead) == ParticipantStatus.PENDING


def test_a_customer_who_held_the_value_does_not_qualify_by_being_touched(
    circle: Circle, customer: str
) -> None:
    set_panel(circle.campaign, qualification=RULE, duplicates="update")
    lead = circle.join("grace@example.com")
    teammate.edit(circle.sandbox, WORKSPACE, customer, {"name": "Grace H."})
    circle.edit(lead, plan="Enterprise")
    circle.hear()
    assert status(lead) == ParticipantStatus.PENDING


def test_a_lead_merged_into_such_a_customer_does_not_qualify(circle: Circle, customer: str) -> None:
    lead = circle.join()
    teammate.merge(circle.sandbox, WORKSPACE, owed(lead).contact_id, into=customer)
    teammate.edit(circle.sandbox, WORKSPACE, customer, {"name": "Grace H."})
    circle.hear()
    assert status(lead) == ParticipantStatus.PENDING


@pytest.mark.parametrize("ended", ["archive", "delete"])
def test_a_contact_that_is_gone_disturbs_nobody(circle: Circle, ended: str) -> None:
    gone, stays = circle.join("gone@example.com"), circle.join("stays@example.com")
    getattr(teammate, ended)(circle.sandbox, WORKSPACE, owed(gone).contact_id)
    circle.edit(stays, plan="Pro")
    circle.hear()
    assert (status(gone), status(stays)) == (ParticipantStatus.PENDING, ParticipantStatus.QUALIFIED)


def test_what_comes_twice_is_kept_once(circle: Circle) -> None:
    lead = circle.join()
    circle.hear()
    circle.sandbox.double_webhooks(WORKSPACE)
    with heard(signals.lead_qualified) as qualified:
        circle.edit(lead, plan="Pro")
        circle.hear()
    assert qualified == [lead]
    assert WebhookReceipt.objects.get().repeats == 1


def test_what_comes_in_the_wrong_order_qualifies_all_the_same(circle: Circle) -> None:
    lead = circle.join()
    circle.hear()
    circle.sandbox.hold_webhooks(WORKSPACE)
    for plan in ("Pro", "Free"):
        circle.edit(lead, plan=plan)
    there, back = [each for each in circle.sandbox.webhooks(WORKSPACE) if each.fate is Fate.WAITING]
    for each in (back, there):
        circle.sandbox.release_webhooks(WORKSPACE, [each])
        circle.hear()
    assert status(lead) == ParticipantStatus.QUALIFIED


def test_what_is_lost_is_found_by_a_look(circle: Circle) -> None:
    lead = circle.join()
    circle.sandbox.lose_webhooks(WORKSPACE)
    circle.edit(lead, plan="Pro")
    circle.hear()
    assert status(lead) == ParticipantStatus.PENDING
    Watch.objects.update(checked_at=None)
    look_round(circle.intercom.connection.pk)
    assert status(lead) == ParticipantStatus.QUALIFIED


def test_a_forged_change_is_refused_and_counted(circle: Circle) -> None:
    lead = circle.join()
    circle.hear()
    circle.listen(secret="somebody else's")
    circle.edit(lead, plan="Pro")
    circle.hear()
    assert status(lead) == ParticipantStatus.PENDING
    assert not WebhookReceipt.objects.exists()
    health = WebhookHealth.objects.get(connection=circle.intercom.connection)
    assert (health.refused, health.last_refusal) == (1, "wrong_signature")


def test_the_second_try_finds_a_secret_that_was_put_right(circle: Circle) -> None:
    connection = circle.intercom.connection
    connection.webhook_secret = "mistyped"
    connection.save(update_fields=["sealed_webhook_secret"])
    lead = circle.join()
    circle.edit(lead, plan="Pro")
    circle.hear()
    assert status(lead) == ParticipantStatus.PENDING
    connection.webhook_secret = SECRET
    connection.save(update_fields=["sealed_webhook_secret"])
    circle.sandbox.release_webhooks(WORKSPACE)
    circle.hear()
    assert status(lead) == ParticipantStatus.QUALIFIED
    assert {each.fate for each in circle.sandbox.webhooks(WORKSPACE)} == {Fate.DELIVERED}


# Connecting the sandbox ---------------------------------------------------------------------------------


@pytest.fixture
def own(sandbox: Sandbox, site: str, settings: Settings, tmp_path: Path) -> Iterator[Sandbox]:
    """The sandbox that the product itself offers, behind the address of a running one."""
    settings.INTERCOM_SANDBOX_FILE, settings.INTERCOM_SANDBOX_URL = tmp_path / "sandbox.sqlite3", sandbox.url
    yield demo.open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    opened = demo.open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    demo._sandbox_at.cache_clear()
    opened.close()


def connect(client: Client, campaign: Campaign) -> IntercomConnection:
    address = reverse("admin:campaigns_campaign_intercom_connect", args=[campaign.pk])
    assert client.post(address, {"way": "sandbox"}).status_code == 302
    return IntercomConnection.objects.get()


def test_connecting_it_from_the_panel_closes_the_circle(
    admin_client: Client, own: Sandbox, site: str
) -> None:
    campaign = make_campaign()
    connection = connect(admin_client, campaign)
    circle = Circle(Intercom(own, connection, demo.WORKSPACE_ID), campaign, site)
    set_panel(campaign, field_map=[EMAIL_ROW], qualification=RULE)
    lead = circle.join()
    teammate.edit(
        own, demo.WORKSPACE_ID, owed(lead).contact_id, {"custom_attributes": {"plan": "Enterprise"}}
    )
    circle.hear()
    assert status(lead) == ParticipantStatus.QUALIFIED


def test_connecting_it_again_tells_one_address_with_a_new_secret(
    admin_client: Client, own: Sandbox, settings: Settings
) -> None:
    campaign = make_campaign()
    first = connect(admin_client, campaign).webhook_secret
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    second = connect(admin_client, campaign).webhook_secret
    assert first
    assert second not in ("", first)
    own.hold_webhooks(demo.WORKSPACE_ID)
    own.ping(demo.WORKSPACE_ID)
    (told,) = own.webhooks(demo.WORKSPACE_ID)
    assert told.url.startswith("http://127.0.0.1:9/webhooks/intercom/")
    assert (told.secret, TOKEN in told.url) == (second, False)
