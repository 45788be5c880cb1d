"""Which workspace a campaign uses: attaching it, moving it, taking it out again. Settings are never lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, IntegerField, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from campaigns.models import Audience, Campaign
from integrations.logic.states import OPEN
from integrations.models import (
    ConnectionStatus,
    Delivery,
    IntercomConnection,
    SettingsRevision,
    SyncSettings,
)
from integrations.services.field_problems import recheck
from integrations.services.giving_back import GivenBack, give_back_if_unused
from integrations.services.leftovers import leftovers
from integrations.services.qualify.rebase import active_rule, follow_rule
from integrations.services.settings import FRESH, connection_of
from integrations.services.settings_saving import (
    WorkspaceGoneError,
    lock_workspace,
    record_revision,
    save_tab,
)
from integrations.services.tabs import load_attributes
from integrations.services.trials import open_trials

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Former:
    """The workspace that a campaign uses, or used last. `connection` is None where we know it no more."""

    workspace_id: str
    name: str
    connection: IntercomConnection | None

    def is_workspace(self, connection: IntercomConnection) -> bool:
        """The history knows ids alone; a pretend workspace may have the id of a real one."""
        known = self.connection is None or self.connection.pk == connection.pk
        return known and self.workspace_id == connection.workspace_id


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What was stopped, and what became of our access (None: nothing had been connected).

    `left`: the emails of test contacts that may still be in the workspace, which we can reach no more.
    """

    campaigns: tuple[Campaign, ...]
    given_back: GivenBack | None
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consequences:
    """Whom disconnecting a campaign concerns: people who wait, and other campaigns of the workspace.

    `test_contact`: the email of one that is still to be deleted there; "" where there is none.
    """

    waiting: int
    others: int
    test_contact: str


def attach(campaign: Campaign, *, connection: IntercomConnection, user: User | None) -> None:
    """Both tabs write to this workspace from now on; what they say stays. Who waited goes on.

    Raises WorkspaceGoneError.
    """
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if lock_workspace(connection) == ConnectionStatus.DISCONNECTED:
            raise WorkspaceGoneError
        for audience in Audience:
            _point(campaign, audience, connection=connection, user=user)
        recheck(connection.pk, attributes=load_attributes(connection.pk))


def _point(
    campaign: Campaign, audience: Audience, *, connection: IntercomConnection, user: User | None
) -> None:
    rows = SyncSettings.objects.select_for_update(no_key=True)
    row = rows.filter(campaign=campaign, audience=audience).first()
    if row is None:
        save_tab(campaign, audience, settings=FRESH, connection=connection, user=user)
        return
    if row.disconnected_at is not None:
        # Those who joined meanwhile were not sent: that is to be asked about anew.
        row.asked_at = None
    _move(row, to=connection, user=user)


def _move(row: SyncSettings, *, to: IntercomConnection | None, user: User | None) -> None:
    """Points a locked tab to a workspace, or to none; whom a rule watches follows."""
    rule_before = active_rule(row.pk)
    row.connection, row.disconnected_at = to, None if to else timezone.now()
    row.save(update_fields=["connection", "disconnected_at", "asked_at"])
    record_revision(row, user=user)
    follow_rule(row, before=rule_before)


def detach(campaign: Campaign, *, user: User | None) -> Disconnected:
    """Takes a campaign out of its workspace; who joins from now on is not sent, who waits keeps waiting.

    The access goes with the last campaign. Not for inside a transaction: it may call Intercom.
    """
    connection = connection_of(campaign)
    if connection is None:
        return Disconnected((), None)
    _take_out(campaign, user=user)
    return _given_back([campaign], connection=connection)


def disconnect_workspace(connection: IntercomConnection, *, user: User | None) -> Disconnected:
    """Takes every campaign out of a workspace, and gives the access back."""
    campaigns = campaigns_of(connection)
    for campaign in campaigns:
        _take_out(campaign, user=user)
    return _given_back(campaigns, connection=connection)


def _given_back(campaigns: list[Campaign], *, connection: IntercomConnection) -> Disconnected:
    given_back = give_back_if_unused(connection.pk)
    left = () if given_back is GivenBack.KEPT else leftovers(connection.pk)
    return Disconnected(tuple(campaigns), given_back, tuple(left))


def _take_out(campaign: Campaign, *, user: User | None) -> None:
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        rows = SyncSettings.objects.select_for_update(no_key=True).filter(campaign=campaign)
        for row in rows.order_by("pk"):
            _move(row, to=None, user=user)


def forget(campaign: Campaign, *, user: User | None) -> None:
    """Both tabs begin anew, with the workspace they have. The history keeps what they said."""
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        for row in SyncSettings.objects.filter(campaign=campaign).select_related("connection"):
            audience = Audience(row.audience)
            save_tab(campaign, audience, settings=FRESH, connection=row.connection, user=user)


def campaigns_of(connection: IntercomConnection) -> list[Campaign]:
    """The campaigns that use a workspace, by name."""
    used = Campaign.objects.filter(sync_settings__connection=connection)
    return list(used.distinct().order_by("name", "pk"))


def workspace_before(campaign: Campaign) -> Former | None:
    """The workspace that a campaign uses, or the one that it was taken out of."""
    own = connection_of(campaign)
    if own is not None:
        return Former(own.workspace_id, own.name, own)
    revisions = SettingsRevision.objects.filter(settings__campaign=campaign).order_by("-made_at", "-pk")
    named = revisions.values_list("content__workspace", flat=True)
    workspace_id = next((one for one in named.iterator() if isinstance(one, str) and one), None)
    if workspace_id is None:
        return None
    rows = IntercomConnection.objects.filter(workspace_id=workspace_id).order_by("-connected_at")
    known = rows.first()
    return Former(workspace_id, known.name if known else workspace_id, known)


def consequences(campaign: Campaign, *, connection: IntercomConnection) -> Consequences:
    """Whom disconnecting would concern, in one query."""
    waiting = Delivery.objects.filter(participant__campaign=campaign, state__in=OPEN).order_by()
    counted = waiting.values("participant__campaign").annotate(number=Count("pk")).values("number")
    others = Count("settings__campaign", filter=~Q(settings__campaign=campaign), distinct=True)
    begun = open_trials().filter(connection=connection).exclude(contact_id="", began_at=None)
    owed = begun.order_by("pk").values("email")[:1]
    rows = IntercomConnection.objects.filter(pk=connection.pk).annotate(
        others=others,
        waiting=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        test_contact=Coalesce(Subquery(owed), Value("")),
    )
    found = rows.values_list("waiting", "others", "test_contact").get()
    return Consequences(*found)


def waiting_of(campaign: Campaign) -> int:
    """How many people of a campaign wait to be sent."""
    return Delivery.objects.filter(participant__campaign=campaign, state__in=OPEN).count()
