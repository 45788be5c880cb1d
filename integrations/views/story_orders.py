"""How one entry of the sync log stands, what to do, and which orders make sense now. Orders nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.logic.states import DELIVERED, Reason, State
from integrations.logic.types import Policy
from integrations.models import SyncSettings
from integrations.services.consequence_words import consequence
from integrations.services.explain import explain
from integrations.services.outcome_words import Badge, in_words
from integrations.services.repair_rules import DEAD_ENDS, Command, fitting
from integrations.services.repair_words import LABELS
from integrations.services.tabs import tab_of
from integrations.services.waiting_room import next_try

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.models import Delivery
    from integrations.services.tabs import Tab

UNSENT = (State.NOT_SENT, State.NEEDS_ATTENTION, State.HELD)
"""A person decides here: the first order is what they most likely came for."""

HELD_THERE = (*DEAD_ENDS, Reason.RECONNECT_NEEDED, Reason.SETUP_REQUIRED, Reason.PAUSED_CAMPAIGN)
MENDED_THERE = (Reason.REJECTED, Reason.EXTERNAL_ID_TAKEN, Reason.RULE_FIELD_PROBLEM)

SHOWN = (
    Command.RESTORE_AND_UPDATE,
    Command.UPDATE_ANYWAY,
    Command.SEND_AGAIN,
    Command.RETRY_NOW,
    Command.SEND_PRESENT,
    Command.UNDO,
    Command.CANCEL,
)


@dataclass(frozen=True, slots=True)
class Button:
    """One order; the `first` of a page where a person has to decide stands out."""

    command: Command
    label: str
    first: bool
    asks_first: str = ""
    """The address of the page that asks before it is done."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of the person, and what to do, in whole sentences."""

    tab: SyncSettings | None
    """Under which the person is owed, or would be."""
    badge: Badge
    what: str
    consequence: str
    """What it means for the referral, if anything."""
    next_step: str
    next_try: datetime | None
    buttons: tuple[Button, ...]
    in_settings: bool
    """Whether the next step is taken in the settings."""


def standing_of(delivery: Delivery, *, may_order: bool) -> Standing:
    row = _tab_row(delivery)
    tab = tab_of(row, now=timezone.now()) if row else None
    state, reason = State(delivery.state), Reason(delivery.reason)
    outcome = in_words(delivery, tab=tab if delivery.settings_id else None)
    held = tab.held_by if tab else Reason.SWITCHED_OFF
    commands = _sensible(delivery, tab=tab, held=held) if may_order else []
    decided = state in UNSENT
    next_step = outcome.next_step
    if state is State.NOT_SENT or (decided and held in DEAD_ENDS):
        next_step = _way_to_send(held, may_order=may_order)
    elif reason is Reason.SEVERAL_MATCHES and may_order:
        next_step = _("Say below which one it is. Or merge them in Intercom, and send it again.")
    if delivery.incomplete and not next_step:
        next_step = _("Repair the field in Intercom or in the settings; the settings then offer to send it.")
    return Standing(
        tab=row,
        badge=outcome.badge,
        what=outcome.why or explain(reason).what,
        consequence=consequence(delivery, tab=tab),
        next_step=next_step or _("Nothing to do."),
        next_try=next_try(delivery, tab=tab if delivery.settings_id else None),
        buttons=tuple(
            Button(
                command,
                _label(command, delivery),
                first=decided and number == 0 and reason is not Reason.SEVERAL_MATCHES,
                asks_first=_asks_first(command, delivery),
            )
            for number, command in enumerate(commands)
        ),
        in_settings=delivery.incomplete or reason in MENDED_THERE or (held in HELD_THERE and _open(state)),
    )


def _open(state: State) -> bool:
    return state in {State.WAITING, *UNSENT}


def _tab_row(delivery: Delivery) -> SyncSettings | None:
    """The tab under which the person is owed; for who joined before there was one, the one there is now."""
    rows = SyncSettings.objects.select_related("connection", "duplicate_policy", "qualification_rule")
    if delivery.settings_id:
        return rows.get(pk=delivery.settings_id)
    person = delivery.participant
    return rows.filter(campaign=person.campaign_id, audience=person.audience).first()


def _sensible(delivery: Delivery, *, tab: Tab | None, held: Reason) -> list[Command]:
    found = set(fitting(delivery.pk))
    if held in DEAD_ENDS:
        found = {command for command in found if not command.sends}
    if tab and delivery.reason == Reason.POLICY and tab.settings.policy is Policy.SKIP:
        # It would only be skipped once more.
        found.discard(Command.SEND_AGAIN)
    if held or delivery.due_at is None or delivery.due_at <= timezone.now():
        found.discard(Command.RETRY_NOW)
    return [command for command in SHOWN if command in found]


def _label(command: Command, delivery: Delivery) -> str:
    if command is Command.SEND_AGAIN:
        return _("Send again") if delivery.attempts else _("Send")
    if command is Command.CANCEL and delivery.settled_as in DELIVERED:
        return _("Leave it as it was")
    return str(LABELS[command])


def _asks_first(command: Command, delivery: Delivery) -> str:
    return reverse("admin:integrations_delivery_undo", args=[delivery.pk]) if command is Command.UNDO else ""


def _way_to_send(held: Reason, *, may_order: bool) -> str:
    if held is Reason.NOT_CONNECTED:
        return _(
            "It cannot be sent now: the campaign is connected to no Intercom workspace. Connect it first."
        )
    if held in DEAD_ENDS:
        return _("It cannot be sent now: the settings say Nothing to action. Choose an action there first.")
    if not may_order:
        return _("Somebody with the right to repair can send it from here.")
    return _("Send it from here if you want it in Intercom after all.")
