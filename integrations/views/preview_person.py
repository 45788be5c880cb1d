"""For whom a preview is shown: the made-up person, somebody who joined lately, or somebody by email."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from campaigns.models import Audience, Participant
from campaigns.text import normalized_email
from integrations.views.access import PEOPLE, may

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.db.models import QuerySet

    from integrations.views.page import Panel

SAMPLE, BY_EMAIL = "sample", "email"
RECENT = 20
MOST_DIGITS = 18
LONGEST_EMAIL = 254


@dataclass(frozen=True, slots=True)
class Choice:
    """SAMPLE, a participant's key, or BY_EMAIL with what was typed. As it came, unchecked."""

    who: str = SAMPLE
    email: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Chooser:
    """`person` is None for the sample, and where nobody was found: then `problem` says so."""

    choice: Choice
    options: tuple[Option, ...] = ()
    person: Participant | None = None
    problem: str = ""

    @property
    def may_choose(self) -> bool:
        return bool(self.options)

    @property
    def by_email(self) -> bool:
        return self.choice.who == BY_EMAIL


def read_choice(data: Mapping[str, str], *, name: str = "preview") -> Choice:
    """What a form says in the controls of this name. Never raises."""
    who = str(data.get(f"{name}_for") or SAMPLE)
    email = str(data.get(f"{name}_email") or "").replace("\0", "").strip()
    return Choice(who, email[:LONGEST_EMAIL])


def chooser(panel: Panel, audience: Audience, choice: Choice) -> Chooser:
    """One query for those who joined last, and one more for somebody else.

    None at all for who may not see people: they get the sample, whatever they ask for.
    """
    if not may(panel.request, PEOPLE):
        return Chooser(Choice())
    people = _people(panel, audience)
    recent = list(people.order_by("-joined_at", "-pk")[:RECENT])
    person = _person(people, choice, recent=recent)
    return Chooser(
        choice=choice,
        options=tuple(_options(audience, choice, recent=recent, person=person)),
        person=person,
        problem="" if person or choice.who == SAMPLE else _not_found(choice),
    )


def _people(panel: Panel, audience: Audience) -> QuerySet[Participant]:
    found = Participant.objects.filter(campaign=panel.campaign, audience=audience)
    return found.select_related("campaign", "referrer")


def _person(
    people: QuerySet[Participant], choice: Choice, *, recent: Sequence[Participant]
) -> Participant | None:
    if choice.who == BY_EMAIL:
        email = normalized_email(choice.email)
        return people.filter(email_normalized=email).first() if email else None
    listed = next((one for one in recent if str(one.pk) == choice.who), None)
    is_key = choice.who.isascii() and choice.who.isdigit() and len(choice.who) <= MOST_DIGITS
    return people.filter(pk=int(choice.who)).first() if is_key and listed is None else listed


def _options(
    audience: Audience, choice: Choice, *, recent: Sequence[Participant], person: Participant | None
) -> Iterator[Option]:
    """The sample, those who joined last with whoever was chosen, and anybody by email."""
    sample = gettext("A sample lead") if audience is Audience.LEAD else gettext("A sample referrer")
    yield Option(SAMPLE, sample, choice.who == SAMPLE)
    others = [person] if person and choice.who != BY_EMAIL and person not in recent else []
    for one in [*others, *recent]:
        yield Option(str(one.pk), str(one), choice.who == str(one.pk))
    yield Option(BY_EMAIL, gettext("Somebody else, by email"), choice.who == BY_EMAIL)


def _not_found(choice: Choice) -> str:
    if choice.who != BY_EMAIL:
        return gettext("This person is not in this campaign any more. Choose somebody else.")
    if not choice.email:
        return gettext("Type the email of somebody who joined this campaign.")
    text = gettext("Nobody with the email %(email)s has joined this campaign here. Check the spelling.")
    return text % {"email": choice.email}
