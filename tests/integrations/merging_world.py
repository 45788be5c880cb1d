"""A pretend Intercom in which contacts are merged, and visitors sign up; and who may qualify in it.

`allowed` goes by what truly happened, in its order: a merge and a new contact of the same person are steps
only as `services.qualify.topics` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from campaigns.models import Participant
from campaigns.services import join_lead
from integrations.intercom.answer import Answer
from integrations.intercom.errors import MergedError, NotFoundError
from integrations.intercom.webhooks import Topic
from integrations.logic.states import Intent, Reason, State
from integrations.models import Delivery, Watch
from integrations.services.drain.intents import commit_intents
from integrations.services.drain.record import record
from integrations.services.drain.results import Result
from integrations.services.drain.stages import InHand, Write
from integrations.services.lease import acquire
from integrations.services.qualify import use_receipts
from integrations.services.qualify.watches import make_up
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import EMAIL_ROW, set_panel
from tests.integrations.qualify_fixtures import PLAN, item_of, rule, ruled, told
from tests.integrations.qualify_world import EXCHANGE, Pretended, World

if TYPE_CHECKING:
    from integrations.logic.types import Contact

EMAIL = "ana@example.com"
QUALIFYING = frozenset({"Pro", "Enterprise"})


@dataclass
class MergingWorld(World):
    """One lead, made by us, and all the contacts that this person has had."""

    person: Participant | None = None
    everybody: dict[str, Pretended] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    """Where a contact was merged into, "" for one that was deleted."""
    said: list[tuple[str, Topic, dict[str, Any]]] = field(default_factory=list)
    watched: str = ""
    began: tuple[int, str] = (0, "")
    value: str = ""
    allowed: bool = False
    shows: bool = False
    """Whether looks alone find it: by the watched contact, by what it was merged into, or, once it is gone,
    by the email."""
    ours: set[str] = field(default_factory=set)
    """The contacts that we made with a qualifying value, for other campaigns."""

    # What happens ------------------------------------------------------------------------------------------

    def begin_late(self, others: Sequence[str]) -> None:
        """Made long before there was a rule; meanwhile the person became a customer, with these values."""
        self.begin()
        for value in others:
            self.clock.shift(500)
            self._new("user", value=value)
        self.clock.shift(500)
        ruled(self.campaigns[0], rule(*sorted(QUALIFYING)), duplicates="update")
        make_up(self.connection.pk, now=timezone.now())
        self.began = (self.now, "")
        self.clock.shift(1)
        self.look(staleness=0)

    def begin(self) -> None:
        self.person = join_lead(campaign=self.campaigns[0], email=EMAIL)
        made = self._new("lead", value="")
        self._record(self.person, self.shown(made), State.CREATED, Reason.NEW, sent={"x": 1})
        self.watched, self.began = made.id, (made.created_at, "")

    def _new(self, role: str, *, value: str, at: int = 0) -> Pretended:
        at = at or self.now
        made = Pretended(f"contact-{len(self.everybody)}", EMAIL, at, [(at, value)])
        self.everybody[made.id], self.roles[made.id] = made, role
        return made

    def living(self) -> list[Pretended]:
        return [one for one in self.everybody.values() if one.id not in self.gone]

    def change(self, number: int, value: str) -> None:
        """One of the person's contacts is changed."""
        one = self.living()[number % len(self.living())]
        one.values.append((self.now, value))
        self._say(Topic.USER_UPDATED if self.roles[one.id] == "user" else Topic.LEAD_UPDATED, one)
        self._truly(one)

    def customer(self, email: str, value: str) -> None:
        """Another contact of theirs, which was there before they joined; nobody is told."""
        self._new("user", value=value, at=self.everybody["contact-0"].created_at - 5_000)

    def appear(self, value: str) -> None:
        """Another contact of theirs is made now, and the watched one stays."""
        new = self._new("user", value=value)
        self._say(Topic.USER_UPDATED, new)
        self._truly(new)

    def sign_up(self, value: str, *, anew: bool) -> None:
        """The visitor becomes a user: under the same id, or as a new contact while the old one goes."""
        old = self.everybody[self.watched]
        if old.id in self.gone:
            return
        if not anew:
            self.roles[old.id] = "user"
            self._say(Topic.SIGNED_UP, old)
            return
        self.gone[old.id] = ""
        self._say(Topic.DELETED, old)
        self.appear(value)

    def archive(self) -> None:
        """The watched contact is archived; what is in it stays."""
        if self.watched not in self.gone:
            self.gone[self.watched] = ""
            self._say(Topic.ARCHIVED, self.everybody[self.watched])

    def restore(self) -> None:
        """And is back, if that was it."""
        if self.gone.get(self.watched) == "":
            del self.gone[self.watched]
            self._say(Topic.UNARCHIVED, self.everybody[self.watched])

    def join_another(self, value: str) -> None:
        """We make a contact of the same person for another campaign, with this value."""
        campaign = make_campaign()
        row = {"data_type": "fixed", "value": value, "to": PLAN}
        set_panel(campaign, field_map=[EMAIL_ROW, *([row] if value else [])])
        person = join_lead(campaign=campaign, email=EMAIL)
        own = Delivery.objects.get(participant=person).pk
        job = next(one for one in self._claim() if one.delivery_id == own)
        lease = acquire(self.connection.pk)
        assert lease is not None
        commit_intents([Write(InHand(job), Intent.CREATE_LEAD, {})], lease=lease)
        made = self._new("lead", value=value)
        self.ours |= {made.id} if value in QUALIFYING else set()
        self._say(Topic.LEAD_UPDATED, made)
        record([Result(job, State.CREATED, Reason.NEW, contact=self.shown(made), sent={"x": 1})], lease=lease)
        lease.release()
        use_receipts()
        self._truly(made)
        self.clock.shift(31)

    def merge(self, number: int) -> None:
        """The watched contact is merged into another one of the person."""
        others = [one for one in self.living() if one.id != self.watched]
        if not others or self.watched in self.gone:
            return
        survivor = others[number % len(others)]
        survivor.values.append((self.now, survivor.values[-1][1]))
        self.gone[self.watched] = survivor.id
        self._say(Topic.MERGED, survivor, merged_from={"id": self.watched})
        self._truly(survivor)
        self.watched, self.value = survivor.id, survivor.values[-1][1]
        self.began = (self.now, self.value)

    def _truly(self, one: Pretended) -> None:
        """A value was written, or shows: is it a step of the lead's?"""
        value = one.values[-1][1]
        if one.id == self.watched:
            stepped = self.value not in QUALIFYING and value in QUALIFYING
            self.allowed, self.shows, self.value = self.allowed or stepped, self.shows or stepped, value
        else:
            later = one.created_at > self.began[0] and self.began[1] not in QUALIFYING
            stepped = later and value in QUALIFYING and one.id not in self.ours
            self.allowed |= stepped
            self.shows |= stepped and self.watched in self.gone

    # What we hear of it ------------------------------------------------------------------------------------

    def _say(self, topic: Topic, one: Pretended, **more: Any) -> None:
        contact = self.shown(one)
        whole = {name: getattr(contact, name) for name in ("id", "role", "email", "created_at", "updated_at")}
        item = item_of({**whole, "custom_attributes": dict(contact.custom_attributes)}) | more
        self.said.append((f"notif_{len(self.said)}", topic, item))

    def deliver(self, number: int, *, twice: bool) -> None:
        if self.said:
            self.hear(*self.said[-1 - number % len(self.said)], twice=twice)

    def hear(self, notif: str, topic: Topic, item: dict[str, Any], *, twice: bool = False) -> None:
        told(self.connection, topic, item, notif=f"{notif}-again" if twice else notif)
        use_receipts()

    def watch(self) -> Watch:
        return Watch.objects.get(participant=self.person)

    # Intercom, as the reconcile asks it ---------------------------------------------------------------------

    def shown(self, one: Pretended, *, as_of: float | None = None) -> Contact:
        number = one.number_at(self.now if as_of is None else as_of)
        return replace(one.shown(number), role=self.roles[one.id])

    def search_contacts_by_id(self, ids: Sequence[str]) -> Answer[tuple[Contact, ...]]:
        return self._found([one for one in self.living() if one.id in ids])

    def search_contacts(self, emails: Sequence[str]) -> Answer[tuple[Contact, ...]]:
        return self._found([one for one in self.living() if one.email in emails])

    def _found(self, some: Sequence[Pretended]) -> Answer[tuple[Contact, ...]]:
        as_of = self.now - self.staleness
        there = [one for one in some if one.created_at <= as_of]
        return Answer(tuple(self.shown(one, as_of=as_of) for one in there), EXCHANGE)

    def get_contact(self, contact_id: str) -> Answer[Contact]:
        into = self.gone.get(contact_id)
        if into == "":
            raise NotFoundError(EXCHANGE)
        if into is not None:
            raise MergedError(EXCHANGE, canonical_id=into)
        return Answer(self.shown(self.everybody[contact_id]), EXCHANGE)
