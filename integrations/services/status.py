"""Counts where everybody stands. Exact; what does not add up shows as unexplained instead of vanishing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Outcome, Reason, State, outcome_of
from integrations.models import Delivery
from integrations.services.tabs import Tab, load_tabs


@dataclass(slots=True)
class Tally:
    """The reconciliation line: joined = created + updated + skipped + not sent + waiting + attention."""

    joined: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    waiting: Counter[Reason] = field(default_factory=Counter)
    attention: Counter[Reason] = field(default_factory=Counter)

    @property
    def unexplained(self) -> int:
        """People who joined and of whom nothing is recorded (yet)."""
        return self.joined - self.outcomes.total()

    def add(self, other: Tally) -> None:
        self.joined += other.joined
        self.outcomes += other.outcomes
        self.waiting += other.waiting
        self.attention += other.attention

    def count(self, number: int, *, state: State, reason: str, tab: Tab | None) -> None:
        """Adds people of whom something is recorded to what became of them."""
        outcome = outcome_of(state)
        self.outcomes[outcome] += number
        if outcome is Outcome.WAITING:
            self.waiting[waiting_reason(state, reason, tab=tab)] += number
        elif outcome is Outcome.NEEDS_ATTENTION:
            self.attention[Reason(reason)] += number

    def as_json(self) -> dict[str, Any]:
        """For scripts: numbers, and two objects of numbers by reason."""
        return {
            "joined": self.joined,
            **{outcome.value: self.outcomes[outcome] for outcome in Outcome if outcome != Outcome.WAITING},
            "waiting": _by_name(self.waiting),
            "needs_attention_by_reason": _by_name(self.attention),
            "unexplained": self.unexplained,
        }


def _by_name(reasons: Counter[Reason]) -> dict[str, int]:
    return {reason.value: number for reason, number in sorted(reasons.items())}


def waiting_reason(state: State, reason: str, *, tab: Tab | None) -> Reason:
    """Why somebody waits: what is under way, else what holds the whole tab, else the row's own reason.

    No tab holds back what is to be taken back.
    """
    if state is State.SENDING:
        return Reason.SENDING
    if state is State.UNCERTAIN:
        return Reason.UNCERTAIN
    if state is State.HELD:
        return Reason.HELD
    if reason == Reason.UNDOING:
        return Reason.UNDOING
    if tab is None:
        return Reason.NOT_CONNECTED
    return tab.held_by or Reason(reason)


def reason_now(delivery: Delivery) -> Reason:
    """Why a delivery stands where it stands, as of now."""
    state = State(delivery.state)
    if outcome_of(state) is not Outcome.WAITING:
        return Reason(delivery.reason)
    tabs = load_tabs(now=timezone.now())
    return waiting_reason(state, delivery.reason, tab=tabs.get(delivery.settings_id or 0))


def tallies() -> dict[str, Tally]:
    """A tally for each campaign by its short name, campaigns without anybody included.

    One query counts people and what became of them: two could disagree while somebody joins.
    """
    tabs = load_tabs(now=timezone.now())
    result = {slug: Tally() for slug in Campaign.objects.order_by("slug").values_list("slug", flat=True)}
    rows = (
        Participant.objects.order_by()
        .values_list("campaign__slug", "delivery__settings", "delivery__state", "delivery__reason")
        .annotate(number=Count("pk"))
    )
    for slug, tab_id, state, reason, number in rows:
        tally = result.setdefault(slug, Tally())
        tally.joined += number
        if state is not None:
            tally.count(number, state=State(state), reason=reason, tab=tabs.get(tab_id))
    return result


def total(parts: Mapping[str, Tally]) -> Tally:
    """All campaigns together."""
    whole = Tally()
    for part in parts.values():
        whole.add(part)
    return whole
