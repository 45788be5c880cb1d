"""What the long storm's oracle looks at besides the short one's: settings that changed, fields that were
missing for a while, and our own log of tries. Works out first by which rules each lead was judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from integrations.logic.states import DELIVERED, OPEN
from integrations.logic.types import Policy
from tests.chaos.books import Books
from tests.chaos.expected import tag_of
from tests.chaos.long.tabs import ALWAYS, LATER, Change
from tests.chaos.oracle import Finding, Row
from tests.chaos.people import Lead, Person


def judged_by(row: Row, change: Change | None) -> bool:
    """Whether the settings after the change were in force when this lead's outcome was decided."""
    return change is not None and (row.get("revision") or 0) >= change.revision


def as_judged(
    people: Sequence[Person], rows: Mapping[str, Row], changes: Mapping[str, Change], *, books: Books
) -> list[Person]:
    """The same people, each lead under the policy that was in force when its outcome was decided.

    Whoever was open while it changed, and whose update had begun, ends as updated.
    """

    def policy_of(lead: Lead) -> Lead:
        change = changes.get(lead.panel.slug)
        row = rows.get(lead.tag, {})
        if change is None or not judged_by(row, change):
            return lead
        updating = any(call.method == "PUT" for call in books.writes_for(lead))
        if change.before is Policy.UPDATE and row["joined_at"] <= change.ended and updating:
            return lead
        return replace(lead, panel=replace(lead.panel, policy=change.after))

    return [replace(person, leads=tuple(policy_of(lead) for lead in person.leads)) for person in people]


@dataclass(frozen=True, slots=True)
class More:
    """`completed`: tags of those who were sent missing fields at the end."""

    people: Sequence[Person]
    rows: Mapping[str, Row]
    books: Books
    changes: Mapping[str, Change]
    completed: frozenset[str]

    def findings(self) -> list[Finding]:
        """Empty if all is as it must be."""
        return [
            Finding(person, f"{lead.tag}: {problem}")
            for person in self.people
            for lead in person.leads
            if self.rows.get(lead.tag, {}).get("state")
            for problem in self._about(person, lead, self.rows[lead.tag])
        ]

    def _about(self, person: Person, lead: Lead, row: Row) -> Iterator[str]:
        yield from self._revision(lead, row)
        yield from self._log(person, row)
        if row["state"] in DELIVERED:
            yield from self._fields(person, lead, row)

    def _revision(self, lead: Lead, row: Row) -> Iterator[str]:
        """Either rules are right for who was open while they changed, and for nobody else."""
        change = self.changes.get(lead.panel.slug)
        if change is None:
            return
        new = judged_by(row, change)
        if not new and row["joined_at"] > change.ended:
            yield f"joined after the settings had changed, and was judged by revision {row['revision']}"
        if new and row["settled_at"] is not None and row["settled_at"] < change.began:
            yield f"had ended before the settings changed, and names revision {row['revision']}"

    def _log(self, person: Person, row: Row) -> Iterator[str]:
        """The tries that are kept tell the same story as the row."""
        trail = row["trail"]
        if len(trail) != row["attempts"]:
            yield f"says that it was tried {row['attempts']} times, and {len(trail)} tries are kept"
        if {one["workspace"] for one in trail} - {person.workspace}:
            yield f"was tried elsewhere: {trail}"
        revisions = [one["revision"] for one in trail]
        if revisions != sorted(revisions):
            yield f"was tried under revisions {revisions}"
        if row["state"] in OPEN:
            return
        if row["order"] or row["workspace"] != person.workspace:
            yield f"has ended in {row['workspace']!r} with the order {row['order']!r}"
        last = trail[-1] if trail else {}
        kept = [last.get(name) for name in ("state", "reason", "contact_id")]
        if kept != [row["state"], row["reason"], row["contact_id"]]:
            yield f"is {row['state']}/{row['reason']} {row['contact_id']}, and its last try {kept}"

    def _fields(self, person: Person, lead: Lead, row: Row) -> Iterator[str]:
        """The field that was away for a while is there in the end; the later one where it must be."""
        if row["incomplete"]:
            yield "is incomplete still"
        has = self.books.contact(person.workspace, row["contact_id"])["custom_attributes"]
        if ALWAYS not in has:
            yield f"has no {ALWAYS}, and is not called incomplete: {has}"
        change = self.changes.get(lead.panel.slug)
        if change is not None and row["joined_at"] > change.ended and LATER not in has:
            yield f"joined after {LATER} was mapped, and does not have it: {has}"
        history = self.books.history(row["contact_id"])
        bodies = [each.written for each in history if tag_of(each.written) == lead.tag]
        later = any(LATER in body.get("custom_attributes", {}) for body in bodies)
        too_early = change is None or (row["settled_at"] or 0) < change.began
        if too_early and later and lead.tag not in self.completed:
            yield f"was sent {LATER}, which was not mapped then: {bodies}"
