"""A notification that is of no use is looked at a bounded number of times, whatever stands around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from campaigns.models import Campaign, CampaignStatus, ParticipantStatus
from integrations.models import ReceiptState, SyncSettings, WebhookReceipt
from integrations.services import receipts
from integrations.services.campaign_connection import attach, detach, forget
from integrations.services.pausing import pause_tabs
from integrations.services.qualify import receipts_use
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel
from tests.integrations.panel import make_workspace

pytestmark = pytest.mark.django_db

RULE = {
    "method": "attribute_changes",
    "attribute": "custom_attributes.lead_source",
    "initial_value": "new",
    "qualifying_values": ["won"],
}


def moved(campaign: Campaign) -> None:
    detach(campaign, user=None)
    attach(campaign, connection=make_workspace("other123"), user=None)


def ended(campaign: Campaign) -> None:
    campaign.status = CampaignStatus.ENDED
    campaign.save()


MEANWHILE: Mapping[str, Callable[[Campaign], object]] = {
    "nothing": lambda _campaign: None,
    "disconnected": lambda campaign: detach(campaign, user=None),
    "moved": moved,
    "forgotten": lambda campaign: forget(campaign, user=None),
    "paused": lambda campaign: pause_tabs(SyncSettings.objects.filter(campaign=campaign)),
    "rule removed": lambda campaign: import_document(
        campaign, {"leads": {"qualification": {"method": "none"}}}
    ),
    "switched off": lambda campaign: import_document(campaign, {"leads": {"action": "nothing"}}),
    "ended": ended,
}


@pytest.mark.parametrize("times", [{"updated_at": 1_900_000_000}, {}], ids=["with a time", "without"])
@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_one_notification_ends(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch, meanwhile: str, times: dict[str, int]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(receipts, "enqueue_receipts", lambda: asked.append("look"))
    campaign = make_campaign()
    set_panel(campaign, field_map=[EMAIL_ROW], qualification=RULE)
    lead = make_lead(campaign)
    intercom.drain()
    contact_id = owed(lead).contact_id
    MEANWHILE[meanwhile](campaign)
    item = {"id": contact_id, "role": "lead", "custom_attributes": {"lead_source": "won"}, **times}
    WebhookReceipt.objects.create(
        connection=intercom.connection, topic="contact.lead.updated", contact_id=contact_id, item=item
    )

    for _ in range(4):
        receipts_use.use_receipts()

    assert WebhookReceipt.objects.get().state != ReceiptState.NEW
    assert len(asked) <= 2
    lead.refresh_from_db()
    if not times:
        assert lead.status == ParticipantStatus.PENDING
