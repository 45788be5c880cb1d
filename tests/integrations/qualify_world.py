"""A pretend Intercom without HTTP, and people who join and change in it, for histories by the hundred.

The world sees everything; what we are told of it is what a test chooses to deliver. It keeps, besides, what
an observer of just those notifications and answers would know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from django.conf import settings
from django.utils import timezone

from campaigns.models import Campaign, Participant
from campaigns.services import join_lead
from integrations.intercom.answer import Answer
from integrations.intercom.errors import NotFoundError
from integrations.intercom.exchange import Exchange
from integrations.intercom.webhooks import Topic
from integrations.logic.qualification import SETTLED_AFTER, Moment
from integrations.logic.states import Intent, Reason, State
from integrations.logic.types import Contact
from integrations.models import Delivery, Watch
from integrations.services.drain.intents import commit_intents
from integrations.services.drain.jobs import claim
from integrations.services.drain.record import record
from integrations.services.drain.results import Result
from integrations.services.drain.stages import InHand, Write
from integrations.services.lease import acquire
from integrations.services.qualify import reconcile, use_receipts
from integrations.services.qualify.watches import make_up
from integrations.services.tabs import load_attributes, load_tabs
from tests.integrations.qualify_fixtures import item_of, rule, ruled, told

if TYPE_CHECKING:
    import time_machine

    from integrations.models import IntercomConnection

Seen = tuple[Moment, str]

EXCHANGE = Exchange("POST", "/contacts/search", 200, "", datetime(2026, 1, 1, tzinfo=UTC), 1)


@dataclass
class Known:
    """What an observer knows of one lead: where they began, and every value heard of since."""

    person: Participant
    contact_id: str
    qualifying: frozenset[str]
    began: Seen | None = None
    truth_from: int = 0
    """How many of the contact's values were there when the watch began."""
    wanted_at: float = 0.0
    former: list[tuple[frozenset[str], int]] = field(default_factory=list)
    """The values of the rules before, each with where its time began."""


@dataclass
class Pretended:
    """One contact: every value that it ever had, with its second."""

    id: str
    email: str
    created_at: int
    values: list[tuple[int, str]] = field(default_factory=list)

    def shown(self, number: int | None = None) -> Contact:
        """The contact as it was after so many values."""
        second, value = self.values[(number or len(self.values)) - 1]
        plan = {"plan": value} if value else {}
        return Contact(
            self.id, "lead", self.email, created_at=self.created_at, updated_at=second, custom_attributes=plan
        )

    def number_at(self, second: float) -> int:
        """How many values it had by then, at least."""
        return max(sum(1 for when, _ in self.values if when <= second), 1)


@dataclass
class World:
    """All of it. Times are what `clock` says."""

    connection: IntercomConnection
    clock: time_machine.Traveller
    campaigns: list[Campaign]
    rules: dict[int, frozenset[str]] = field(default_factory=dict)
    contacts: dict[str, Pretended] = field(default_factory=dict)
    events: list[tuple[str, Contact]] = field(default_factory=list)
    heard: dict[str, list[Seen]] = field(default_factory=dict)
    answers: dict[str, list[tuple[float, Seen]]] = field(default_factory=dict)
    leads: list[Known] = field(default_factory=list)
    staleness: int = 0
    reads: int = 60
    ruled_at: datetime | None = None

    @property
    def now(self) -> int:
        return int(timezone.now().timestamp())

    # What happens ------------------------------------------------------------------------------------------

    def pass_time(self, seconds: int) -> None:
        self.clock.shift(seconds)

    def save_rule(self, number: int, values: Sequence[str]) -> None:
        """For a campaign without one: whoever is delivered begins with a look."""
        campaign = self.campaigns[number]
        if campaign.pk in self.rules:
            return
        ruled(campaign, rule(*values), duplicates="update")
        self.rules[campaign.pk] = frozenset(values)
        for lead in self.leads:
            if lead.person.campaign_id == campaign.pk:
                lead.qualifying, lead.wanted_at = frozenset(values), timezone.now().timestamp()
                contact = self._contact(lead.contact_id)
                lead.truth_from, lead.began = len(contact.values), None
        make_up(self.connection.pk, now=timezone.now())
        self.ruled_at = timezone.now()

    def change_rule(self, number: int, values: Sequence[str]) -> None:
        """Other values of a rule that there is; those of a lead who was watched before go on from today's."""
        campaign, qualifying = self.campaigns[number], frozenset(values)
        if self.rules.get(campaign.pk, qualifying) == qualifying:
            return
        ruled(campaign, rule(*values), duplicates="update")
        self.rules[campaign.pk], self.ruled_at = qualifying, timezone.now()
        for lead in self.leads:
            if lead.person.campaign_id == campaign.pk:
                lead.former.append((lead.qualifying, lead.truth_from))
                lead.qualifying, lead.truth_from = qualifying, len(self._contact(lead.contact_id).values)

    def write(self, email: str, value: str) -> None:
        """A teammate, or the customer's product, changes the attribute."""
        contact = self.contacts.get(email)
        if contact is not None:
            self._write(contact, value)

    def _write(self, contact: Pretended, value: str) -> None:
        contact.values.append((self.now, value))
        self.events.append((f"notif_{len(self.events)}", contact.shown()))

    def customer(self, email: str, value: str) -> None:
        """Somebody who is in Intercom before they join."""
        if email not in self.contacts:
            self._make(email, value)

    def _make(self, email: str, value: str) -> Pretended:
        made = Pretended(f"contact-{len(self.contacts)}", email, self.now, [(self.now, value)])
        self.contacts[email] = made
        return made

    def join(self, email: str, number: int, *, unanswered: bool) -> None:
        """Joins and is sent; or is created, and the answer gets lost."""
        if self.ruled_at == timezone.now():
            # Of two things at the very same moment nobody can say which came first.
            self.pass_time(1)
        self.adopt()
        person = join_lead(campaign=self.campaigns[number], email=email)
        if person.newly_joined:
            self._send(person, unanswered=unanswered and email not in self.contacts)

    def _send(self, person: Participant, *, unanswered: bool) -> None:
        there = self.contacts.get(person.email)
        if there is not None:
            self._write(there, there.values[-1][1])
            self._record(person, there.shown(), State.UPDATED, Reason.EXISTS, sent={"name": "Ana"})
        elif unanswered:
            self._intend(person)
            self._make(person.email, "")
        else:
            self._record(
                person, self._make(person.email, "").shown(), State.CREATED, Reason.NEW, sent={"x": 1}
            )
            self._knows(person, birth=True)
            return
        self._knows(person, birth=unanswered)

    def _knows(self, person: Participant, *, birth: bool) -> None:
        contact = self.contacts[person.email]
        at = Moment(contact.created_at, 0) if birth else Moment(contact.values[-1][0])
        qualifying = self.rules.get(person.campaign_id, frozenset())
        known = Known(person, contact.id, qualifying, (at, contact.values[-1][1]), len(contact.values))
        self.leads.append(known)

    def _intend(self, person: Participant) -> None:
        lease = acquire(self.connection.pk)
        assert lease is not None
        creates = [Write(InHand(job), Intent.CREATE_LEAD, {}) for job in self._claim()]
        commit_intents(creates, lease=lease)
        lease.release()
        Delivery.objects.filter(participant=person).update(
            state=State.UNCERTAIN, reason=Reason.UNCERTAIN, due_at=timezone.now(), lease_token=None
        )

    def adopt(self) -> None:
        """Search shows what the unanswered creates have made."""
        doubtful = Delivery.objects.filter(state=State.UNCERTAIN).select_related("participant")
        for delivery in doubtful:
            person = delivery.participant
            contact = self.contacts[person.email].shown()
            self._record(person, contact, State.CREATED, Reason.OURS, sent={})
            seen = self._as_look(contact, as_of=self.now - settings.INTERCOM_SEARCH_LAG)
            self.heard.setdefault(contact.id, []).append(seen)
        use_receipts()

    def _claim(self) -> list[Any]:
        now = timezone.now()
        tabs = load_tabs(connection_id=self.connection.pk, now=now)
        return claim(
            self.connection.pk,
            tabs=tabs,
            attributes=load_attributes(self.connection.pk),
            limit=10,
            busy=[],
            now=now,
        )

    def _record(
        self, person: Participant, contact: Contact, state: State, reason: Reason, *, sent: dict[str, Any]
    ) -> None:
        own = Delivery.objects.get(participant=person).pk
        jobs = [job for job in self._claim() if job.delivery_id == own]
        lease = acquire(self.connection.pk)
        assert lease is not None
        record([Result(jobs[0], state, reason, contact=contact, sent=sent)], lease=lease)
        lease.release()
        use_receipts()

    # What we hear of it ------------------------------------------------------------------------------------

    def deliver(self, number: int, *, twice: bool) -> None:
        """One of the notifications so far, counted from the last: in any order, again and again, or never."""
        if not self.events:
            return
        notif, contact = self.events[-1 - number % len(self.events)]
        item = item_of(
            {
                "id": contact.id,
                "role": contact.role,
                "email": contact.email,
                "created_at": contact.created_at,
                "updated_at": contact.updated_at,
                "custom_attributes": dict(contact.custom_attributes),
            }
        )
        told(self.connection, Topic.LEAD_UPDATED, item, notif=f"{notif}-again" if twice else notif)
        use_receipts()
        plan = str(contact.custom_attributes.get("plan", ""))
        self.heard.setdefault(contact.id, []).append((Moment(contact.updated_at), plan))

    def look(self, *, staleness: int, at_once: bool = False) -> None:
        """It is everybody's turn; search shows what was true up to so many seconds ago. `at_once`: who is
        said to be gone is read, too."""
        self.staleness = min(staleness, settings.INTERCOM_SEARCH_LAG)
        due = None if at_once else timezone.now() - timedelta(hours=1)
        Watch.objects.filter(checked_at__isnull=False).update(checked_at=due)
        with patch.object(reconcile, "MOST_READS", self.reads):
            reconcile.Round(self.connection, self).run()  # type: ignore[arg-type]
        use_receipts()

    def read_nobody(self) -> None:
        """From now on everybody waits for a search to show them."""
        self.reads = 0

    def search_contacts_by_id(self, ids: Sequence[str]) -> Answer[tuple[Contact, ...]]:
        found, as_of = [], self.now - settings.INTERCOM_SEARCH_LAG
        for contact in self.contacts.values():
            stale = self.now - self.staleness
            if contact.id in ids and contact.created_at <= stale:
                found.append(self._answered(contact.shown(contact.number_at(stale)), as_of=as_of))
        return Answer(tuple(found), EXCHANGE)

    def get_contact(self, contact_id: str) -> Answer[Contact]:
        contact = self._contact(contact_id)
        if contact is None:
            raise NotFoundError(EXCHANGE)
        return Answer(self._answered(contact.shown(), as_of=self.now), EXCHANGE)

    def _answered(self, contact: Contact, *, as_of: int) -> Contact:
        seen = self._as_look(contact, as_of=as_of)
        self.answers.setdefault(contact.id, []).append((as_of, seen))
        return replace(contact)

    def _as_look(self, contact: Contact, *, as_of: int) -> Seen:
        place = 2 if as_of - contact.updated_at >= SETTLED_AFTER else 1
        return Moment(contact.updated_at, place), str(contact.custom_attributes.get("plan", ""))

    def _contact(self, contact_id: str) -> Pretended:
        return next(one for one in self.contacts.values() if one.id == contact_id)

    # What had to come of it --------------------------------------------------------------------------------

    def observer_says(self, lead: Known) -> bool:
        """A value outside and, later, one inside, among all that was heard since the beginning."""
        began = lead.began or self._first_look(lead)
        if began is None or not lead.qualifying:
            return False
        looks = [seen for _, seen in self.answers.get(lead.contact_id, [])]
        later = [one for one in (*self.heard.get(lead.contact_id, []), *looks) if began[0] < one[0]]
        seen = [began, *later]
        return any(
            one[1] not in lead.qualifying and other[1] in lead.qualifying and one[0] < other[0]
            for one in seen
            for other in seen
        )

    def _first_look(self, lead: Known) -> Seen | None:
        answers = self.answers.get(lead.contact_id, [])
        return next((seen for as_of, seen in answers if as_of >= lead.wanted_at), None)

    def all_seeing_allows(self, lead: Known) -> bool:
        """A step under the rule that was in force then, from a value that it found there or later."""
        values = [value for _, value in self._contact(lead.contact_id).values]
        rules = [*lead.former, (lead.qualifying, lead.truth_from)]
        ends = [*(start for _, start in rules[1:]), len(values)]
        return any(
            one not in qualifying and other in qualifying
            for (qualifying, start), end in zip(rules, ends, strict=True)
            for one, other in pairwise(values[start - 1 : end])
        )

    def qualified(self, lead: Known) -> bool:
        return Participant.objects.get(pk=lead.person.pk).status == "qualified"
