"""Says for each lead what must have become of it, from what Intercom truly did, and compares.

What must be comes from the sandbox's books and the scene alone; our rows are only what is examined.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from integrations.intercom.session import DEADLINE
from integrations.logic.states import Reason, State
from integrations.sandbox.control import Call, Sandbox, Written
from tests.chaos.books import Books
from tests.chaos.expected import expected_of, tag_of
from tests.chaos.people import Lead, Person
from tests.chaos.story import report

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, and whom it concerns."""

    person: Person
    what: str


@dataclass
class Oracle:
    """`kills`: when processes were killed (Unix seconds); `disturbed`: tags whose 200 may be no answer.

    `heard_within`: seconds after which we give up on a call. `added`: custom attributes that were mapped
    later, so that an update which is tried again may have nothing but these to write.
    """

    people: Sequence[Person]
    books: Books
    rows: Sequence[Row]
    kills: Sequence[float] = ()
    disturbed: frozenset[str] = frozenset()
    heard_within: float = DEADLINE
    added: frozenset[str] = frozenset()
    by_tag: Mapping[str, Row] = field(init=False)

    def __post_init__(self) -> None:
        self.by_tag = {row["tag"]: row for row in self.rows}

    def findings(self) -> list[Finding]:
        """Empty if everybody is accounted for, and as they must be."""
        return [found for person in self.people for found in self._about(person)]

    def strangers(self) -> list[str]:
        """Tags of participants who never joined; one tag twice is a stranger too."""
        strangers = [row["tag"] for row in self.rows]
        for person in self.people:
            for lead in person.leads:
                if lead.tag in strangers:
                    strangers.remove(lead.tag)
        return strangers

    def _about(self, person: Person) -> Iterator[Finding]:
        problems = [*self._creations(person), *self._foreign_writes(person)]
        for lead in person.leads:
            problems += [f"{lead.tag}: {problem}" for problem in self._about_lead(person, lead)]
        yield from (Finding(person, problem) for problem in problems)

    def _about_lead(self, person: Person, lead: Lead) -> Iterator[str]:
        row = self.by_tag.get(lead.tag)
        if row is None:
            yield "has joined nothing: lost"
        elif row.get("state") is None:
            yield "has no delivery: lost"
        elif row["slug"] != lead.panel.slug or row["email"] != person.email:
            yield f"joined {row['slug']} as {row['email']}"
        else:
            yield from self._outcome(person, lead, row)
            yield from self._writes(lead, row)
            yield from self._written(person, lead)

    def _creations(self, person: Person) -> Iterator[str]:
        made = self.books.made_for(person)
        if len(made) > 1:
            yield f"{len(made)} contacts were created: {[each.contact for each in made]}"
        if made and person.before.findable:
            yield f"a contact was created although Intercom had one: {made[0].contact}"
        for each in made:
            lead = next((one for one in person.leads if one.tag == tag_of(each.written)), None)
            if lead is None:
                yield f"contact {each.contact} was created for nobody who joined: {each.written}"
            elif each.written.get("role") != lead.panel.role:
                yield f"{lead.tag}: created as {each.written.get('role')}, not {lead.panel.role}"

    def _foreign_writes(self, person: Person) -> Iterator[str]:
        tags = {lead.tag for lead in person.leads}
        for call in self.books.writes_to(person):
            if call.acted and tag_of(call.body) not in tags and not self._is_the_rest(call, tags=tags):
                yield f"a write that is nobody's: call {call.id} {call.method} {call.path} {call.body}"

    def _is_the_rest(self, call: Call, *, tags: Collection[str]) -> bool:
        """Whether this only adds what was mapped since one of these leads was written to the contact."""
        if not isinstance(call.body, dict) or set(call.body) != {"custom_attributes"}:
            return False
        before = self.books.history(call.path.rpartition("/")[2])
        began = any(tag_of(each.written) in tags for each in before if (each.call or 0) < call.id)
        return began and set(call.body["custom_attributes"]) <= self.added

    def _outcome(self, person: Person, lead: Lead, row: Row) -> Iterator[str]:
        expected = expected_of(person, lead, books=self.books)
        if expected is None:
            yield f"nothing was ever made or found for it, and it is {row['state']}/{row['reason']}"
            return
        if row["state"] != expected.state:
            yield f"is {row['state']}/{row['reason']}, and must be {expected.state}"
        elif expected.archived != (row["reason"] == Reason.ARCHIVED):
            yield f"is {row['state']} for {row['reason']}"
        if row["contact_id"] != expected.contact_id:
            yield f"names contact {row['contact_id']!r}, and must name {expected.contact_id}"

    def _writes(self, lead: Lead, row: Row) -> Iterator[str]:
        """No write after the end, and none after one that was answered well, unless the answer was lost."""
        writes = self.books.writes_for(lead)
        settled_at = row["settled_at"]
        late = [call for call in writes if settled_at is None or call.at > settled_at]
        if late:
            yield f"written to after its end: calls {[call.id for call in late]}"
        for first, second in pairwise(writes):
            if self._was_heard(first, lead=lead, again_at=second.at):
                yield f"written again (call {second.id}) after call {first.id} was answered well"

    def _was_heard(self, call: Call, *, lead: Lead, again_at: float) -> bool:
        """Whether the answer must have reached us, and been stored, before the next write."""
        good = call.acted and call.status == 200 and call.ending == "send"
        killed = any(call.at - 0.1 <= kill <= again_at for kill in self.kills)
        return (
            good and not killed and lead.tag not in self.disturbed and again_at - call.at < self.heard_within
        )

    def _written(self, person: Person, lead: Lead) -> Iterator[str]:
        """The fields and marks, where the outcome says that they were written; nothing where it doesn't."""
        expected = expected_of(person, lead, books=self.books)
        if expected is None:
            return
        wrote = [each for each in self.books.history(expected.contact_id) if tag_of(each.written) == lead.tag]
        if expected.state in {State.CREATED, State.UPDATED}:
            yield from self._marks(person, lead, wrote)
        elif wrote:
            yield f"is {expected.state}, and yet was written to {expected.contact_id}"

    def _marks(self, person: Person, lead: Lead, wrote: Sequence[Written]) -> Iterator[str]:
        if not wrote:
            yield "its fields were never written"
            return
        custom = wrote[-1].written.get("custom_attributes", {})
        if custom.get("referral_campaign") != lead.panel.name or not self._is_referred(wrote[-1].contact):
            yield f"is not marked as referred: {custom}"
        name = self.books.contact(person.workspace, wrote[-1].contact).get("name")
        names = [person.name] if person.name and person.before.findable else self._writers(person)
        if name not in names:
            yield f"the contact is called {name!r}, and must be one of {names}"

    def _writers(self, person: Person) -> list[str]:
        """The names of those whose fields are written."""
        expected = [(lead.first_name, expected_of(person, lead, books=self.books)) for lead in person.leads]
        return [name for name, one in expected if one and one.state in {State.CREATED, State.UPDATED}]

    def _is_referred(self, contact: str) -> bool:
        return any(
            each.written.get("custom_attributes", {}).get("referred") is True
            for each in self.books.history(contact)
        )


def examine(
    people: Sequence[Person],
    *,
    sandbox: Sandbox,
    rows: Sequence[Row],
    head: str,
    kills: Sequence[float] = (),
    disturbed: frozenset[str] = frozenset(),
    heard_within: float = DEADLINE,
) -> None:
    """Raises AssertionError, with the stories, for any lead that is not as it must be."""
    oracle = Oracle(people, Books(sandbox), rows, kills=kills, disturbed=disturbed, heard_within=heard_within)
    findings = oracle.findings()
    assert not findings, report(oracle, findings, head=head)
    assert not oracle.strangers(), f"{head}\nnever joined: {oracle.strangers()}"
