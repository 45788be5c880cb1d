"""The card that says how Intercom's notifications arrive, and what is left to be set up in Intercom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience
from integrations.services.notification_words import TOPICS, refusal_in_words
from integrations.services.outcome_words import Badge, Look
from integrations.services.webhook_health import Facts, Standing, Way, address_of, health_of
from integrations.views.access import RECEIPTS, WORKSPACE, may
from integrations.views.times import ago

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.functional import _StrPromise

    from integrations.models import IntercomConnection
    from integrations.services.webhook_health import Health
    from integrations.views.page import Panel

BADGES: Mapping[Standing, Badge] = {
    Standing.ARRIVES: Badge(_("Arriving"), Look.OK),
    Standing.REFUSED: Badge(_("The latest was refused"), Look.ERROR),
    Standing.NO_SECRET: Badge(_("Not set up yet"), Look.WARN),
    Standing.SILENT: Badge(_("Nothing has arrived yet"), Look.WARN),
    Standing.NOTHING_YET: Badge(_("Nothing has arrived yet"), Look.MUTED),
}


@dataclass(frozen=True, slots=True)
class Card:
    """All that the card shows. `address` is empty where nobody has to paste one; `receipts_url` and
    `secret_url` for those who may not open them."""

    badge: Badge
    health: Health
    topics: Sequence[tuple[str, _StrPromise]]
    received: str
    refused: str
    refusal: str
    address: str
    unreachable: bool
    """Intercom delivers to https alone."""
    secret_url: str
    receipts_url: str

    @property
    def is_silent(self) -> bool:
        return self.health.standing is Standing.SILENT

    @property
    def is_private(self) -> bool:
        return self.health.way is Way.PRIVATE

    @property
    def needs_secret(self) -> bool:
        return self.health.standing is Standing.NO_SECRET

    @property
    def is_open(self) -> bool:
        """Whether the steps are shown at once: as long as something is left to do."""
        return self.health.standing is not Standing.ARRIVES


def card(panel: Panel, audience: Audience) -> Card | None:
    """For a tab of leads that has a workspace; whether a rule is chosen shows in the form. No query."""
    connection = panel.connection
    if connection is None or audience is not Audience.LEAD:
        return None
    health = health_of(connection, facts=panel.facts.get(audience, Facts()))
    address = address_of(connection) if health.way is Way.PRIVATE else ""
    return Card(
        badge=BADGES[health.standing],
        health=health,
        topics=[(topic.value, words) for topic, words in TOPICS.items()],
        received=ago(health.received_at) if health.received_at else "",
        refused=ago(health.refused_at) if health.refused_at else "",
        refusal=refusal_in_words(health.refusal),
        address=address,
        unreachable=bool(address) and not address.startswith("https://"),
        secret_url=_secret_url(connection) if may(panel.request, WORKSPACE) else "",
        receipts_url=_receipts_url(connection) if may(panel.request, RECEIPTS) else "",
    )


def _secret_url(connection: IntercomConnection) -> str:
    return reverse("admin:integrations_intercomconnection_change", args=[connection.pk]) + "#notifications"


def _receipts_url(connection: IntercomConnection) -> str:
    page = reverse("admin:integrations_webhookreceipt_changelist")
    return f"{page}?connection__id__exact={connection.pk}"
