"""Which orders fit where people stand, and whom no order could bring to Intercom. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils import timezone

from integrations.logic.states import DELIVERED, Reason, State
from integrations.models import ConnectionStatus, Delivery, SyncSettings
from integrations.services.tabs import tab_of
from integrations.services.written import written_over

if TYPE_CHECKING:
    from datetime import datetime

AGAIN = (State.NOT_SENT, State.NEEDS_ATTENTION, State.HELD, State.SKIPPED)
ASKED: Mapping[str, str] = {"connection__status": ConnectionStatus.CONNECTED}
"""In a workspace that may be asked."""
CANCELLABLE = (State.WAITING, State.HELD, State.NEEDS_ATTENTION)
DEAD_ENDS = (Reason.SWITCHED_OFF, Reason.NOT_CONNECTED)
"""Under these an order would only move people from one pile to another. Other holds end, and then they go."""


class Command(StrEnum):
    """What a person may order for somebody of the sync log."""

    SEND_AGAIN = "send_again"
    RETRY_NOW = "retry_now"
    UPDATE_ANYWAY = "update_anyway"
    RESTORE_AND_UPDATE = "restore_and_update"
    SEND_PRESENT = "send_present"
    COMPLETE = "complete"
    UNDO = "undo"
    CANCEL = "cancel"

    @property
    def writes(self) -> bool:
        """Whether something is written to Intercom by it."""
        return self is not Command.CANCEL

    @property
    def sends(self) -> bool:
        """Whether it needs a tab that can send somebody."""
        return self not in {Command.CANCEL, Command.UNDO}


def fits(command: Command) -> Q:
    """The people for whom this order makes sense, whatever their tab says."""
    named = ~Q(contact_id="")
    archived = Q(reason=Reason.ARCHIVED)
    match command:
        case Command.SEND_AGAIN:
            return Q(state__in=AGAIN) | _in_doubt_for_good()
        case Command.RETRY_NOW:
            return Q(state=State.WAITING)
        case Command.UPDATE_ANYWAY:
            return Q(state=State.SKIPPED) & ~archived & named
        case Command.RESTORE_AND_UPDATE:
            return Q(state__in=(State.NEEDS_ATTENTION, State.SKIPPED)) & archived & named
        case Command.SEND_PRESENT:
            return Q(state__in=DELIVERED, settings__connection=F("connection")) & named
        case Command.COMPLETE:
            return Q(state__in=DELIVERED, incomplete=True)
        case Command.UNDO:
            return Q(written_over(), state__in=DELIVERED, **ASKED) & ~Q(reason=Reason.UNDONE)
        case Command.CANCEL:
            return Q(state__in=CANCELLABLE) | _in_doubt_for_good()


def unchanged_since(moment: datetime) -> Q:
    """The people for whom nobody has ordered anything, and of whom nothing has become, since then."""
    return (Q(settled_at=None) | Q(settled_at__lte=moment)) & Q(owed_since__lte=moment)


def _in_doubt_for_good() -> Q:
    """In doubt in a workspace that nobody can ask any more: a person may decide without knowing."""
    return Q(state=State.UNCERTAIN, due_at__lte=timezone.now()) & ~Q(**ASKED)


def fitting(delivery_id: int) -> list[Command]:
    """The orders that fit one entry of the sync log. One query."""
    flags = {one.value: ExpressionWrapper(fits(one), output_field=BooleanField()) for one in Command}
    rows = Delivery.objects.filter(pk=delivery_id).annotate(**flags).values(*flags)
    found = rows.first() or {}
    return [command for command in Command if found.get(command.value)]


def holds(ids: Collection[int]) -> dict[int, Reason]:
    """What holds each of these back now, by the tab under which they are owed, or would be.

    A tab that was never saved does nothing.
    """
    names = ("pk", "settings_id", "participant__campaign_id", "participant__audience")
    rows = list(Delivery.objects.filter(pk__in=ids).order_by().values_list(*names))
    mine = Q(campaign__in={campaign for _pk, _tab, campaign, _audience in rows})
    mine |= Q(pk__in={tab for _pk, tab, _campaign, _audience in rows if tab})
    sections = ("connection", "duplicate_policy", "qualification_rule")
    found = SyncSettings.objects.filter(mine).select_related(*sections).prefetch_related("field_map")
    tabs = list(found) if rows else []
    now = timezone.now()
    held = {tab.pk: tab_of(tab, now=now).held_by for tab in tabs}
    own = {(tab.campaign_id, tab.audience): tab.pk for tab in tabs}
    return {
        pk: held.get(tab or own.get((campaign, audience), 0), Reason.SWITCHED_OFF)
        for pk, tab, campaign, audience in rows
    }


def dead_ends(ids: Collection[int]) -> dict[int, Reason]:
    """Those of these whom no order could bring to Intercom, as their tabs are now, and why."""
    return {pk: reason for pk, reason in holds(ids).items() if reason in DEAD_ENDS}


def refused(command: Command, ids: Collection[int]) -> Mapping[Reason, int]:
    """How many would fit this order, if only their tab could send anybody; by what it lacks."""
    if not command.sends:
        return {}
    fitting_ids = list(Delivery.objects.filter(fits(command), pk__in=ids).values_list("pk", flat=True))
    return Counter(dead_ends(fitting_ids).values())
