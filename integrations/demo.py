"""Fills a demonstration: two logins, a campaign with a referrer, a connected sandbox and a panel that works,
and a second campaign that nobody has set up.

May be run again: what is there stays as people have left it.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from campaigns.models import Campaign, LeadField, LeadFieldType, Participant
from campaigns.services import join_lead, join_referrer
from integrations.intercom.session import Session
from integrations.logic.states import OPEN
from integrations.models import Delivery, Region, SyncSettings
from integrations.pretence import listen_to_sandbox
from integrations.sandbox.demo import ensure_demo_workspace, open_sandbox
from integrations.services.connect import connect_with_token
from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from integrations.services.settings import import_document

LOGIN = "admin"
SUPPORT_LOGIN = "support"
PANEL = {
    "leads": {
        "action": "create_lead",
        "field_map": [
            {"data_type": "dynamic", "from": "lead.email", "to": "email"},
            {"data_type": "dynamic", "from": "lead.full_name", "to": "name"},
            {"data_type": "dynamic", "from": "custom.seats", "to": "custom_attributes.company_size"},
            {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"},
        ],
        "duplicates": "skip",
        "qualification": {
            "method": "attribute_changes",
            "attribute": "custom_attributes.plan",
            "initial_value": "Free",
            "qualifying_values": ["Pro", "Enterprise"],
        },
    }
}
KNOWN_CUSTOMER = "grace@example.com"


@dataclass(frozen=True, slots=True)
class Demo:
    """What a visitor needs: where to join, what was there before, and a campaign to set up."""

    campaign: Campaign
    referrer: Participant
    untouched: Campaign


def seed(*, password: str) -> Demo:
    """For when the web server answers: connecting asks the sandbox, over HTTP, as it would ask Intercom.

    Raises IntercomError when the sandbox cannot be reached.
    """
    _logins(password)
    campaign, fresh = Campaign.objects.get_or_create(slug="spring", defaults={"name": "Spring campaign"})
    if fresh:
        LeadField.objects.create(
            campaign=campaign, key="seats", label="How many people are you?", type=LeadFieldType.NUMBER
        )
    referrer = join_referrer(campaign=campaign, email="rosa@example.com", first_name="Rosa", last_name="Diaz")
    _connect()
    if not SyncSettings.objects.filter(campaign=campaign).exists():
        import_document(campaign, PANEL)
    untouched = Campaign.objects.get_or_create(slug="summer", defaults={"name": "Summer campaign"})[0]
    return Demo(campaign, referrer, untouched)


def _logins(password: str) -> None:
    users = get_user_model().objects
    boss = {"is_staff": True, "is_superuser": True, "email": "admin@example.com"}
    admin, fresh = users.get_or_create(username=LOGIN, defaults=boss)
    if fresh:
        # Whoever is in this group is told of trouble: here, on the console.
        admin.groups.add(Group.objects.get(name=INTEGRATION_ADMIN))
    support, fresh = users.get_or_create(username=SUPPORT_LOGIN, defaults={"is_staff": True})
    if fresh:
        support.groups.add(Group.objects.get(name=SUPPORT))
    for user in (admin, support):
        user.set_password(password)
        user.save(update_fields=["password"])


def _connect() -> None:
    path = settings.INTERCOM_SANDBOX_FILE
    token = ensure_demo_workspace(path)
    with Session() as session:
        connected = connect_with_token(token, region=Region.SANDBOX.value, session=session)
    listen_to_sandbox(connected.connection)
    if connected.fresh:
        workspace = connected.connection.workspace_id
        open_sandbox(path).add_contact(workspace, email=KNOWN_CUSTOMER, role="user", name="Grace Hopper")


def prove(demo: Demo, *, within: float) -> tuple[Delivery, float]:
    """Joins a lead as the referral app would; returns its delivery once it is settled, and the seconds.

    After `within` seconds it returns the delivery as it stands.
    """
    started = time.monotonic()
    name = secrets.token_hex(3)
    lead = join_lead(
        campaign=demo.campaign,
        email=f"leo-{name}@example.com",
        first_name="Leo",
        last_name="Example",
        referrer=demo.referrer,
        custom={"seats": 12},
    )
    while True:
        delivery, passed = Delivery.objects.get(participant=lead), time.monotonic() - started
        if delivery.state not in OPEN or passed > within:
            return delivery, passed
        time.sleep(0.02)
