"""What one sighting of a contact means for a lead's watch. The one place that qualifies leads.

Works on a desk, within its transaction. Asks Intercom nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaigns.services import qualify_lead
from integrations.logic.qualification import Verdict, plain_of, see, start
from integrations.models import Sighting, Via, WatchState
from integrations.services.qualify.stored import began, keep, waits_for_look, watch_of
from integrations.services.qualify.story import Happened

if TYPE_CHECKING:
    from integrations.logic.qualification import Moment, Rule
    from integrations.logic.types import Contact
    from integrations.models import Watch, WebhookReceipt
    from integrations.services.qualify.desk import Desk

ALWAYS_TOLD = frozenset({Verdict.QUALIFIES, Verdict.FIRST_LOOK, Verdict.NO_FIRST_LOOK, Verdict.SAME_MOMENT})
"""What is worth a line even where the value is the one that we knew."""


def hear(
    row: Watch,
    contact: Contact,
    *,
    desk: Desk,
    at: Moment,
    via: Via,
    receipt: WebhookReceipt | None = None,
    looking: bool = False,
) -> None:
    """A watched contact was seen: keeps its value, and qualifies the lead if this was the step."""
    active = desk.active(row)
    if active is None:
        return
    value = plain_of(contact, active.rule.attribute, attribute=active.attribute)
    before, rule = watch_of(row), desk.rule_at(row, at)
    after, verdict = see(before, value, at=at, rule=rule) if rule else (before, Verdict.NO_FIRST_LOOK)
    if looking and waits_for_look(row) and verdict is not Verdict.QUALIFIES:
        rule, verdict = active.rule, Verdict.FIRST_LOOK
        after, row.revision, row.rule_until = start(value, at=at, rule=rule), rule.revision, None
    keep(row, after)
    desk.change(row, begun=verdict is Verdict.FIRST_LOOK)
    says = _qualify(row, rule=rule) if rule and verdict is Verdict.QUALIFIES else verdict
    again = receipt is not None and receipt.used_at is not None
    if again or verdict in ALWAYS_TOLD or value != before.value:
        desk.note(row, says, value=value, at=at, via=via, receipt=receipt)


def hear_elsewhere(
    row: Watch,
    contact: Contact,
    *,
    desk: Desk,
    at: Moment,
    via: Via = Via.WEBHOOK,
    receipt: WebhookReceipt | None = None,
) -> None:
    """Another contact with the lead's email was seen."""
    active = desk.active(row)
    if active is None:
        return
    value = plain_of(contact, active.rule.attribute, attribute=active.attribute)
    if not active.rule.holds(value) or stepped_over(row, contact, desk=desk, at=at, via=via, receipt=receipt):
        return
    says = Verdict.NO_FIRST_LOOK if waits_for_look(row) else Happened.OTHER_CONTACT
    replayed = receipt is not None and waits_for_look(row)
    if replayed or not _told_before(row, says):
        desk.note(row, says, value=value, at=at, via=via, receipt=receipt)


def stepped_over(
    row: Watch,
    contact: Contact,
    *,
    desk: Desk,
    at: Moment,
    via: Via = Via.WEBHOOK,
    receipt: WebhookReceipt | None = None,
) -> bool:
    """Whether another contact of the same person completes the step; then the lead is qualified by it.

    So it is where the lead began outside the rule and that contact was made only after we began to watch: the
    person had no qualifying value then, and has one now. A contact that was there before may have had it all
    along, and the values of two contacts are never mixed otherwise.
    """
    active, watch, rule = desk.active(row), watch_of(row), desk.rule_at(row, at)
    if active is None or rule is None or watch.since is None or watch.first_outside != watch.since:
        return False
    value = plain_of(contact, active.rule.attribute, attribute=active.attribute)
    later = contact.created_at > began(row) and watch.since < at
    if not (later and rule.holds(value)):
        return False
    row.contact_id = contact.id
    keep(row, start(value, at=at, rule=rule))
    desk.change(row)
    says = _qualify(row, rule=rule)
    desk.note(row, says, value=value, at=at, via=via, receipt=receipt)
    return True


def _qualify(row: Watch, *, rule: Rule) -> Verdict | Happened:
    row.revision, row.rule_until = rule.revision, None
    if qualify_lead(row.participant):
        row.state = WatchState.QUALIFIED
        return Verdict.QUALIFIES
    row.state = WatchState.ENDED
    return Happened.SETTLED_BEFORE


def _told_before(row: Watch, says: Verdict | Happened) -> bool:
    return Sighting.objects.filter(participant=row.participant_id, verdict=says.value).exists()
