"""Tries a rule on a lead and a value: would it qualify, and why? Changes nothing, asks Intercom nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext

from campaigns.models import ParticipantStatus
from integrations.logic.qualification import (
    Moment,
    Rule,
    Verdict,
    Watch,
    as_held,
    plain,
    rebase,
    rule_of,
    see,
    start,
)
from integrations.logic.states import State
from integrations.models import Delivery, WatchState
from integrations.models import Watch as WatchRow
from integrations.services.qualify.stored import watch_of
from integrations.services.qualify.words import verdict_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaigns.models import Participant
    from integrations.logic.types import Attribute, SourceValue, TabSettings

BEFORE = Moment(0)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`verdict` is None where the rule was not even asked. `before`: the value it was compared with."""

    qualifies: bool
    sentence: str
    verdict: Verdict | None = None
    value: str = ""
    before: str = ""


def rehearse(
    settings: TabSettings,
    *,
    attributes: Mapping[str, Attribute],
    value: SourceValue,
    participant: Participant | None = None,
) -> Rehearsal:
    """What would happen if Intercom told us now that the rule's attribute has this value.

    `settings` may be a draft. Without a participant: for a lead whose attribute was empty, or held what a
    create writes first.
    """
    attribute = attributes.get(settings.rule_attribute)
    rule = rule_of(settings, attribute=attribute)
    if rule is None:
        return Rehearsal(
            qualifies=False, sentence=gettext("There is no complete rule yet, so nobody qualifies.")
        )
    refusal = _cannot(participant) if participant else ""
    if refusal:
        return Rehearsal(qualifies=False, sentence=refusal)
    first = plain(settings.rule_initial, attribute=attribute)
    watch = _known(participant, rule=rule) if participant else start(first, at=BEFORE, rule=rule)
    return _judge(watch, as_held(value, attribute=attribute), rule=rule)


def _judge(watch: Watch, value: str, *, rule: Rule) -> Rehearsal:
    _, verdict = see(watch, value, at=_after(watch), rule=rule)
    sentence = verdict_in_words(verdict, value=value, before=watch.value, almost=rule.almost(value))
    yes = verdict is Verdict.QUALIFIES
    return Rehearsal(qualifies=yes, sentence=sentence, verdict=verdict, value=value, before=watch.value)


def _after(watch: Watch) -> Moment:
    """Now, and in any case later than what is known."""
    now, seen = int(timezone.now().timestamp()), watch.seen.second if watch.seen else 0
    return Moment(max(now, seen) + 1)


def _known(participant: Participant, *, rule: Rule) -> Watch:
    """What is known of this lead, as saving the rule would go on from it."""
    row = WatchRow.objects.filter(participant=participant).first()
    if row is None or row.attribute != rule.attribute:
        return Watch()
    known = watch_of(row)
    if row.revision == rule.revision or known.seen is None:
        return known
    return rebase(known, rule=rule)


def _cannot(participant: Participant) -> str:
    """Why no value whatever would qualify this lead; "" where one may."""
    if participant.status == ParticipantStatus.QUALIFIED:
        return gettext("No: this lead has qualified already, and a lead qualifies once.")
    if participant.status == ParticipantStatus.REJECTED:
        return gettext("No: this lead was rejected.")
    delivery = Delivery.objects.filter(participant=participant).select_related("settings").first()
    state = State(delivery.state) if delivery else State.NOT_SENT
    if state is State.SKIPPED:
        return gettext(
            "No: this person was in Intercom already and was left alone, so this referral cannot qualify. "
            "Support can update the contact after all; changes count from then on."
        )
    if state not in {State.CREATED, State.UPDATED, State.SENDING, State.UNCERTAIN}:
        return gettext("No: this lead was not sent to Intercom, so no change there is theirs.")
    if delivery and delivery.settings and delivery.connection_id != delivery.settings.connection_id:
        return gettext(
            "No: this lead was sent to another workspace than the one that this campaign uses now. Changes "
            "there do not count."
        )
    if WatchRow.objects.filter(participant=participant, state=WatchState.GONE).exists():
        return gettext(
            "No: the contact is not in Intercom any more; it was archived or deleted. Changes count again if "
            "it comes back, or if this person becomes a new contact there."
        )
    return ""
