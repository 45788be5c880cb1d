"""Whether a change of a data attribute in Intercom qualifies a lead. Compares values and times; asks nothing.

What qualifies is a step: a qualifying value, seen after a value that was not one. Sightings (webhooks, our
own looks) arrive late, doubled and in any order, so what is kept of them is order-free: when the latest
qualifying value and when the earliest other value were true. In whatever order they are heard, the end is the
same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from integrations.logic.coerce import coerce, to_text
from integrations.logic.notes import NoteCode
from integrations.logic.text import fold
from integrations.logic.types import Attribute, Contact, SourceValue, TabSettings

SETTLED_AFTER = 60
"""Seconds: a contact untouched for so long shows the last value of its second, whatever our clocks say."""


class Verdict(StrEnum):
    """What one sighting said."""

    QUALIFIES = "qualifies"
    NOT_A_QUALIFYING_VALUE = "not_a_qualifying_value"
    ALMOST = "almost"
    """Not a qualifying value, but for its case or its spaces."""
    HELD_IT_BEFORE = "held_it_before"
    """A qualifying value, and none before it that was not: no step."""
    BEFORE_WE_WATCHED = "before_we_watched"
    SAME_MOMENT = "same_moment"
    """Two values within one second: which came first, the next look will tell."""
    FIRST_LOOK = "first_look"
    """The value to start from: there is nothing yet that it could have changed from."""
    NO_FIRST_LOOK = "no_first_look"
    """A change was told before we knew what to start from."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A tab's qualification rule, with its values as they compare."""

    attribute: str
    qualifying: frozenset[str]
    revision: int

    def holds(self, value: str) -> bool:
        return value in self.qualifying

    def almost(self, value: str) -> str:
        """The qualifying value that this one would be in another case or with other spaces, or ""."""
        near = [one for one in self.qualifying if value and fold(one) == fold(value)]
        return near[0] if near and value not in self.qualifying else ""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a value was true, ordered as Intercom's clock of whole seconds allows.

    A change told as it happens lies somewhere in its second; a look at a contact that has been left alone
    since shows what that second ended with.
    """

    second: int
    place: int = 1

    def __lt__(self, other: Moment) -> bool:
        return (self.second, self.place) < (other.second, other.place)


def birth(contact: Contact) -> Moment:
    """Before anybody can have changed a contact that we have just made."""
    return Moment(contact.created_at, 0)


def told(contact: Contact) -> Moment:
    """The moment of a change that a webhook tells, or of our own write."""
    return Moment(contact.updated_at)


def looked(contact: Contact, *, now: int) -> Moment:
    """The moment that a look at a contact stands for; `now` in Unix seconds (UTC)."""
    return Moment(contact.updated_at, 2 if now - contact.updated_at >= SETTLED_AFTER else 1)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of one attribute of one contact, since `since` (None: no first look yet).

    `value` is the latest, with its moment `seen`. A watch that has not qualified has no value outside the
    rule before one inside it.
    """

    since: Moment | None = None
    last_inside: Moment | None = None
    first_outside: Moment | None = None
    value: str = ""
    seen: Moment | None = None

    @property
    def stepped(self) -> bool:
        """Whether a value outside the rule was followed by one inside."""
        outside, inside = self.first_outside, self.last_inside
        return outside is not None and inside is not None and outside < inside


def rule_of(settings: TabSettings, *, attribute: Attribute | None) -> Rule | None:
    """The rule of a tab; None where it has none, or not yet an attribute and a value."""
    values = (as_held(value, attribute=attribute) for value in settings.qualifying_values)
    qualifying = frozenset(value for value in values if value)
    if not (settings.qualifies and settings.rule_attribute and qualifying):
        return None
    return Rule(settings.rule_attribute, qualifying, settings.revision)


def plain(value: SourceValue, *, attribute: Attribute | None) -> str:
    """A value as Intercom keeps it, as text, so that 5, "5" and 5.0 are one, and an ISO date its seconds;
    "" for none. What does not fit the attribute's type is compared as it stands."""
    sent = coerce(value, attribute).value
    text = to_text(value if sent is None else sent)
    return "" if isinstance(text, NoteCode) else text


def as_held(value: SourceValue, *, attribute: Attribute | None) -> str:
    """A value that a contact has, or that a rule names: text just as it stands, since matches are exact and
    nothing is read as an option that it resembles."""
    if isinstance(value, str) and (not attribute or attribute.data_type == "string"):
        return value
    return plain(value, attribute=attribute)


def plain_of(contact: Contact, full_name: str, *, attribute: Attribute | None) -> str:
    """The present value of a contact's field; "" where it has none, or one that is no single value."""
    value = contact.value(full_name)
    return as_held(value, attribute=attribute) if isinstance(value, str | int | float | bool) else ""


def start(value: str, *, at: Moment, rule: Rule) -> Watch:
    """Watches from a first value on, whatever was before."""
    inside = rule.holds(value)
    return Watch(
        since=at,
        last_inside=at if inside else None,
        first_outside=None if inside else at,
        value=value,
        seen=at,
    )


def rebase(watch: Watch, *, rule: Rule) -> Watch:
    """Goes on under changed qualifying values of the same attribute: the value known today starts anew."""
    return watch if watch.seen is None else start(watch.value, at=watch.seen, rule=rule)


def see(watch: Watch, value: str, *, at: Moment, rule: Rule) -> tuple[Watch, Verdict]:
    """One sighting: what is known after it, and what it said.

    A change that is told before there was a first look says nothing: it may be older than the rule.
    """
    if watch.since is None:
        return watch, Verdict.NO_FIRST_LOOK
    if not watch.since < at:
        return watch, Verdict.BEFORE_WE_WATCHED
    after = _with(watch, value, at=at, inside=rule.holds(value))
    return after, _verdict(after, value, at=at, rule=rule)


def _with(watch: Watch, value: str, *, at: Moment, inside: bool) -> Watch:
    if watch.seen is None or not at < watch.seen:
        watch = replace(watch, value=value, seen=at)
    if inside and (watch.last_inside is None or watch.last_inside < at):
        return replace(watch, last_inside=at)
    if not inside and (watch.first_outside is None or at < watch.first_outside):
        return replace(watch, first_outside=at)
    return watch


def _verdict(watch: Watch, value: str, *, at: Moment, rule: Rule) -> Verdict:
    if watch.stepped:
        return Verdict.QUALIFIES
    if not rule.holds(value):
        return Verdict.ALMOST if rule.almost(value) else Verdict.NOT_A_QUALIFYING_VALUE
    return Verdict.SAME_MOMENT if watch.first_outside == at else Verdict.HELD_IT_BEFORE
