"""The watches of one transaction, locked, and the lines that are added to their stories: saved together.

Lock the rows first, then make the desk: it reads the rules afterwards, so that no rule is applied that was
replaced while the lock was waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.utils import timezone

from integrations.logic.qualification import Moment, Verdict, plain_of, start
from integrations.models import Sighting, Watch, WatchState
from integrations.services.bulk import update_many
from integrations.services.qualify.replay import replay
from integrations.services.qualify.rules import Active, active_rules, former_rules
from integrations.services.qualify.stored import (
    LONGEST_VALUE,
    OPEN,
    STORED,
    keep,
    time_of,
    want_first_look,
)
from integrations.services.qualify.story import Happened, store

if TYPE_CHECKING:
    from integrations.logic.qualification import Rule
    from integrations.logic.types import Contact
    from integrations.models import Via, WebhookReceipt


def lock(keys: Collection[int]) -> list[Watch]:
    """The open ones of these watches, each locked until the transaction ends; always in the same order."""
    if not keys:
        return []
    rows = Watch.objects.select_for_update(of=("self",)).filter(pk__in=keys, state__in=OPEN)
    return list(rows.select_related("participant").order_by("pk"))


class Desk:
    """For inside a transaction; nothing is stored before `save`."""

    def __init__(self, rows: Iterable[Watch]) -> None:
        self._rows = list(rows)
        self._rules = active_rules({row.settings_id for row in self._rows})
        self._former = former_rules(self._rows, rules=self._rules)
        self._changed: dict[int, Watch] = {}
        self._begun: list[Watch] = []
        self._lines: list[Sighting] = []

    def add(self, row: Watch, *, active: Active) -> None:
        """Takes a stored row that was just made."""
        self._rows.append(row)
        self._rules[row.settings_id] = active

    def of(self, connection_id: int, contact_id: str) -> list[Watch]:
        """The open watches of a contact: one for each campaign that it is in."""
        return [
            row
            for row in self._rows
            if (row.connection_id, row.contact_id) == (connection_id, contact_id) and row.state in OPEN
        ]

    def namesakes(self, connection_id: int, emails: Collection[str]) -> list[Watch]:
        """The open watches of people with one of these emails."""
        return [
            row
            for row in self._rows
            if row.connection_id == connection_id
            and row.participant.email_normalized in emails
            and row.state in OPEN
        ]

    def active(self, row: Watch) -> Active | None:
        """The rule that a watch is under; None where its tab has none, or points elsewhere by now."""
        active = self._rules.get(row.settings_id)
        if active is None or active.connection_id != row.connection_id:
            return None
        return active if active.rule.attribute == row.attribute else None

    def rule_at(self, row: Watch, at: Moment) -> Rule | None:
        """The rule that judges what was true at this moment; None where a first look must come before."""
        active = self.active(row)
        if active is None or row.since is None:
            return None
        if row.rule_until is None:
            return active.rule
        former = self._former.get((row.settings_id, row.revision))
        same = former is not None and former.attribute == row.attribute
        return former if same and at.second < int(row.rule_until.timestamp()) else None

    def begin_with(
        self,
        row: Watch,
        contact: Contact,
        *,
        at: Moment,
        via: Via,
        says: Verdict | Happened = Verdict.FIRST_LOOK,
        receipt: WebhookReceipt | None = None,
    ) -> None:
        """The watch starts from what the contact shows at this moment."""
        active = self.active(row)
        if active is not None:
            value = plain_of(contact, active.rule.attribute, attribute=active.attribute)
            self.begin(row, value, at=at, via=via, says=says, receipt=receipt)

    def begin(
        self,
        row: Watch,
        value: str,
        *,
        at: Moment,
        via: Via,
        says: Verdict | Happened = Verdict.FIRST_LOOK,
        receipt: WebhookReceipt | None = None,
    ) -> None:
        """The watch starts from this value, whatever was before."""
        active = self.active(row)
        if active is None:
            return
        keep(row, start(value, at=at, rule=active.rule))
        row.state, row.revision = WatchState.WATCHING, active.rule.revision
        row.wanted_at, row.rule_until = receipt.told_at if receipt else None, None
        self.change(row, begun=True)
        self.note(row, says, value=value, at=at, via=via, receipt=receipt)

    def begin_anew(self, row: Watch) -> None:
        """The watch starts with our next look."""
        want_first_look(row, now=timezone.now())
        self.change(row)

    def change(self, row: Watch, *, begun: bool = False) -> None:
        """The row was changed in memory; `begun`: its first value has become known."""
        self._changed[row.pk] = row
        if begun:
            self._begun.append(row)

    def move(self, row: Watch, contact_id: str) -> None:
        row.contact_id = contact_id
        self.change(row)

    def want_look(self, row: Watch) -> None:
        row.checked_at = None
        self.change(row)

    def stand(self, row: Watch, state: WatchState) -> None:
        row.state = state
        self.change(row)

    def note(
        self,
        row: Watch,
        says: Verdict | Happened,
        *,
        value: str = "",
        at: Moment | None = None,
        via: Via,
        receipt: WebhookReceipt | None = None,
    ) -> None:
        """One line of the story."""
        self._lines.append(
            Sighting(
                participant_id=row.participant_id,
                receipt=receipt,
                via=via,
                verdict=says.value,
                attribute=row.attribute,
                value=value[:LONGEST_VALUE],
                revision=row.revision,
                told_at=time_of(at) if at else None,
            )
        )

    def save(self) -> None:
        update_many(list(self._changed.values()), STORED)
        store(self._lines)
        replay(self._begun)
