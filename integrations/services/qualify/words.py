"""Each line of a qualification story in plain words. Asks no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from integrations.logic.qualification import Verdict
from integrations.models import Via
from integrations.services.qualify.story import Happened

if TYPE_CHECKING:
    from integrations.models import Sighting


def shown(value: str) -> str:
    """A value in quotation marks, or that there is none."""
    return gettext("“%(value)s”") % {"value": value} if value else gettext("empty")


def line_in_words(line: Sighting, *, value: str | None = None) -> str:
    """What one stored line says; `value` is its value as people read it, such as a date."""
    value = line.value if value is None else value
    if line.verdict in set(Happened):
        return happened_in_words(Happened(line.verdict), value=value, by=line.made_by)
    if line.verdict not in set(Verdict):
        return line.verdict
    verdict = Verdict(line.verdict)
    if verdict is Verdict.FIRST_LOOK and line.via == Via.WRITE:
        text = gettext("After we wrote the contact its value was %(value)s. Changes count from there.")
        return text % {"value": shown(value)}
    return verdict_in_words(verdict, value=value)


def verdict_in_words(verdict: Verdict, *, value: str, before: str | None = None, almost: str = "") -> str:
    """One sentence. `before`: the value known until then, where it is worth saying."""
    words = {"value": shown(value), "before": shown(before or ""), "almost": shown(almost)}
    if verdict is Verdict.QUALIFIES and before is not None:
        text = gettext("Yes: the value was %(before)s and becomes %(value)s, so the lead qualifies.")
    elif verdict is Verdict.ALMOST and almost:
        text = gettext("%(value)s is almost %(almost)s, but not just that: capital letters and spaces count.")
    else:
        text = _sentence(verdict)
    return text % words


def _sentence(verdict: Verdict) -> str:
    match verdict:
        case Verdict.QUALIFIES:
            return gettext("The value became %(value)s: the lead qualified.")
        case Verdict.NOT_A_QUALIFYING_VALUE:
            return gettext("%(value)s is not a qualifying value.")
        case Verdict.ALMOST:
            return gettext("%(value)s is almost a qualifying value: capital letters and spaces count.")
        case Verdict.HELD_IT_BEFORE:
            return gettext("The value is %(value)s, and it was a qualifying one before: nothing has changed.")
        case Verdict.BEFORE_WE_WATCHED:
            return gettext("The value was %(value)s before this referral was watched: that does not count.")
        case Verdict.SAME_MOMENT:
            return gettext(
                "The value changed to %(value)s and to another one within one second: the next look tells "
                "which came last."
            )
        case Verdict.FIRST_LOOK:
            return gettext("We looked, and the value was %(value)s. Changes count from there.")
        case Verdict.NO_FIRST_LOOK:
            return gettext("The value was %(value)s before we had looked for the first time: we look soon.")


def happened_in_words(happened: Happened, *, value: str = "", by: str = "") -> str:
    """One sentence for what is no verdict."""
    words = {"value": shown(value), "by": by or gettext("the system")}
    return _happening(happened) % words


def _happening(happened: Happened) -> str:
    match happened:
        case Happened.MERGED:
            return gettext(
                "The contact was merged into another one in Intercom. That one is watched now, and changes "
                "count from there."
            )
        case Happened.ARCHIVED:
            return gettext("The contact was archived in Intercom. Nothing can change while it is.")
        case Happened.DELETED:
            return gettext("The contact was deleted in Intercom, so this referral cannot qualify through it.")
        case Happened.NOT_FOUND:
            return gettext("We looked, and the contact is not in Intercom: it was archived or deleted.")
        case Happened.RETURNED:
            return gettext("The contact is back in Intercom, and is watched again.")
        case Happened.OTHER_CONTACT:
            return gettext(
                "Another contact with the same email has the value %(value)s. It was there before, or we "
                "wrote that value ourselves, so it does not count."
            )
        case Happened.SETTLED_BEFORE:
            return gettext("The value became %(value)s, but the lead was not pending any more.")
        case Happened.SET_BACK:
            return gettext("%(by)s set the lead back to pending.")
        case Happened.REJECTED:
            return gettext("%(by)s rejected the lead.")
