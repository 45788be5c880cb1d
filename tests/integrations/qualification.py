"""Qualification for tests of pages: delivered leads that are watched, notifications and lines of a story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from campaigns.services import qualify_lead
from integrations.logic.qualification import Verdict
from integrations.logic.states import State
from integrations.models import (
    Delivery,
    IntercomConnection,
    Sighting,
    SyncSettings,
    Via,
    Watch,
    WatchState,
    WebhookReceipt,
)
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.panel import WHOLE, make_workspace

if TYPE_CHECKING:
    from campaigns.models import ParticipantStatus

PLAN = "custom_attributes.plan"


def make_ruled_campaign(**workspace: Any) -> tuple[Campaign, IntercomConnection]:
    """Its leads qualify when their plan becomes pro or team; nobody answers in its workspace."""
    connection = make_workspace(**workspace)
    campaign = make_campaign("Spring")
    import_document(campaign, WHOLE)
    return campaign, connection


def leads_tab(campaign: Campaign) -> SyncSettings:
    return SyncSettings.objects.get(campaign=campaign, audience=Audience.LEAD)


def make_watched(campaign: Campaign, *, value: str = "trial", **lead: Any) -> Participant:
    """A lead whose contact is in Intercom and was seen with a value that does not qualify."""
    tab, person = leads_tab(campaign), make_lead(campaign, **lead)
    assert tab.connection is not None
    second = int(timezone.now().timestamp()) - 3600
    contact_id = f"{person.pk:024x}"
    Delivery.objects.filter(participant=person).update(
        state=State.CREATED,
        reason="",
        due_at=None,
        settled_at=timezone.now(),
        connection=tab.connection,
        contact_id=contact_id,
    )
    known = {"value": value, "since": second * 10, "seen": second * 10, "first_outside": second * 10}
    Watch.objects.update_or_create(
        participant=person,
        defaults={
            "settings": tab,
            "connection": tab.connection,
            "contact_id": contact_id,
            "attribute": PLAN,
            "revision": tab.revision,
            "state": WatchState.WATCHING,
            "checked_at": timezone.now(),
            "wanted_at": None,
            **known,
        },
    )
    return person


def make_receipt(
    connection: IntercomConnection, *, topic: str = "contact.user.updated", **values: Any
) -> WebhookReceipt:
    number = WebhookReceipt.objects.count()
    known = {
        "notification_id": f"notif_{number}",
        "contact_id": f"{number:024x}",
        "fingerprint": f"{number}",
        "told_at": timezone.now(),
    }
    return WebhookReceipt.objects.create(connection=connection, topic=topic, **{**known, **values})


def see(
    person: Participant,
    verdict: str = Verdict.NOT_A_QUALIFYING_VALUE,
    *,
    value: str = "trial",
    receipt: WebhookReceipt | None = None,
    via: Via = Via.WEBHOOK,
    **more: Any,
) -> Sighting:
    """One line of a lead's story."""
    known = {"attribute": PLAN, "revision": 1, "told_at": timezone.now(), **more}
    return Sighting.objects.create(
        participant=person, verdict=str(verdict), value=value, receipt=receipt, via=via, **known
    )


def make_qualified(
    campaign: Campaign, *, revision: int | None = None, receipt: WebhookReceipt | None = None, **lead: Any
) -> Participant:
    """A lead that a notification qualified, under the settings of now or of an older revision."""
    person = make_watched(campaign, **lead)
    qualify_lead(person)
    watch = Watch.objects.get(participant=person)
    watch.state, watch.value = WatchState.QUALIFIED, "pro"
    watch.revision = watch.revision if revision is None else revision
    watch.save(update_fields=["state", "value", "revision"])
    see(person, Verdict.QUALIFIES, value="pro", receipt=receipt, revision=watch.revision)
    return person


def status_of(person: Participant) -> ParticipantStatus | str:
    return Participant.objects.get(pk=person.pk).status
