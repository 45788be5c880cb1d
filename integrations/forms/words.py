"""The panel's own sentences for what is wrong or missing: plain words, and what to do. Judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience
from integrations.logic.notes import NoteCode
from integrations.logic.setup import SetupCode, SetupProblem
from integrations.logic.wrong import Contradiction, Place, Wrong
from integrations.services.type_words import type_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from integrations.forms.choices import Labels

TABS: Mapping[Audience, _StrPromise] = {Audience.LEAD: _("Leads"), Audience.REFERRER: _("Referrers")}
"""What the two tabs are called."""

WRONG: Mapping[Wrong, _StrPromise] = {
    Wrong.EMAIL_NOT_OWN: _(
        "Email takes the person's own email only. Choose Email: anything else would put everybody into one "
        "contact."
    ),
    Wrong.ID_NOT_OWN: _(
        "Intercom gives an External ID to one user only: with a value that others share, everybody after the "
        "first would be refused. Choose Lead ID, or another value that is the person's alone."
    ),
    Wrong.MAPPED_TWICE: _(
        "Another row fills %(target)s already. Choose another field, or remove one of the two."
    ),
    Wrong.SOURCE_UNKNOWN: _("This campaign has no field “%(name)s” any more. Choose another one."),
    Wrong.TARGET_FORBIDDEN: _(
        "%(target)s cannot be filled from here: Intercom looks after it. Choose another field."
    ),
    Wrong.TARGET_NOT_WRITABLE: _(
        "Intercom has no field “%(target)s” that can be filled. If it is new, press Refresh; else choose "
        "another."
    ),
    Wrong.ATTRIBUTE_UNKNOWN: _(
        "Intercom has no data attribute “%(target)s”. If it is new, press Refresh; else choose another."
    ),
    Wrong.ATTRIBUTE_IS_A_MARK: _(
        "%(target)s marks every contact as referred, so it cannot qualify anybody. Choose another one."
    ),
    Wrong.ATTRIBUTE_NOT_WATCHABLE: _(
        "A rule cannot watch %(target)s: Intercom does not tell it as one plain value, or it is nothing that "
        "changes to a value known beforehand. Choose another one."
    ),
    Wrong.INITIAL_NOT_WRITABLE: _(
        "%(target)s can only be changed by Intercom itself, so it cannot be given a first value. Leave this "
        "empty."
    ),
    Wrong.INITIAL_QUALIFIES: _(
        "This value would qualify every new contact at once. Use one that does not qualify, or leave this "
        "empty."
    ),
    Wrong.ROW_QUALIFIES: _(
        "This value would qualify every new contact at once, by your qualification rule. Use another value."
    ),
    Wrong.VALUE_DOES_NOT_FIT: _("%(target)s takes a %(type)s, and this is none."),
    Wrong.VALUE_NOT_AN_OPTION: _("%(target)s takes one of these values only: %(options)s."),
    Wrong.TOO_LONG: _("This is too long: at most %(longest)s characters."),
    Wrong.UNSTORABLE: _("This contains an invisible character that cannot be stored. Type the text anew."),
    Wrong.TOO_LARGE: _("Intercom cannot keep a number this large."),
    Wrong.EMPTY: _("This value is empty. Remove the line."),
}

MISSING: Mapping[SetupCode, _StrPromise] = {
    SetupCode.EMAIL_NOT_MAPPED: _("Choose Email under “From %(system)s”. Without it nobody can be sent."),
    SetupCode.ROW_WITHOUT_SOURCE: _("Choose what goes into %(target)s, or remove this row."),
    SetupCode.ROW_WITHOUT_VALUE: _("Type the value that goes into %(target)s, or remove this row."),
    SetupCode.ROW_WITHOUT_TARGET: _("Choose the field in Intercom, or remove this row."),
}
"""EMAIL_NOT_OWN and DUPLICATE_TARGET are contradictions as well, and said as such."""

PROBLEMS: Mapping[NoteCode, _StrPromise] = {
    NoteCode.ATTRIBUTE_MISSING: _(
        "Intercom has no field “%(target)s” any more. Leads go without it. Create it again in Intercom and "
        "press Refresh, or choose another field."
    ),
    NoteCode.ATTRIBUTE_ARCHIVED: _(
        "“%(target)s” was archived in Intercom. Leads go without it. Restore it in Intercom and press "
        "Refresh, or choose another field."
    ),
    NoteCode.ATTRIBUTE_NOT_WRITABLE: _(
        "Intercom does not let “%(target)s” be filled any more. Leads go without it. Choose another field."
    ),
    NoteCode.ATTRIBUTE_TYPE_CHANGED: _(
        "“%(target)s” takes other values in Intercom than before. Leads go with it only where their value "
        "still fits. See Preview, or choose another field."
    ),
    NoteCode.REFUSED: _(
        "Intercom refused “%(target)s”. Leads go without it. Look at the field's type in Intercom, or choose "
        "another field."
    ),
}

PLACES: Mapping[Place, str] = {
    Place.ATTRIBUTE: "id_attribute",
    Place.INITIAL: "id_initial_value",
    Place.QUALIFYING: "id_qualifying_values",
}
"""The control of the rule that a contradiction is about."""


def control(found: Contradiction, *, numbers: tuple[int, ...]) -> str:
    """The id of the control that is wrong."""
    return PLACES.get(found.place) or f"id_rows-{numbers[found.number]}-{found.place.value}"


def wrong(found: Contradiction, *, target: str, labels: Labels) -> str:
    """What is wrong, for the row or the rule that writes to `target`."""
    attribute = labels.attributes.get(target)
    words = {**found.params, "target": labels.target(target), "type": type_in_words(attribute)}
    if found.code is Wrong.SOURCE_UNKNOWN:
        words["name"] = labels.source(str(found.params.get("name", "")))
    return str(WRONG[found.code]) % words


def missing(problem: SetupProblem, *, labels: Labels) -> str:
    """What to do about something that is missing; "" where it is said as a contradiction."""
    if problem.code not in MISSING:
        return ""
    if not problem.target and problem.code is not SetupCode.ROW_WITHOUT_TARGET:
        return gettext("Say what to send, or remove this row.")
    target = labels.target(problem.target)
    return str(MISSING[problem.code]) % {"target": target, "system": settings.SOURCE_SYSTEM_NAME}


def field_problem(code: str, *, target: str, labels: Labels) -> str:
    known = NoteCode(code) if code in set(NoteCode) else NoteCode.REFUSED
    return str(PROBLEMS.get(known, PROBLEMS[NoteCode.REFUSED])) % {"target": labels.target(target)}


def in_short(problems: Iterable[SetupProblem]) -> str:
    """All that a tab lacks, in one line; "" when it is complete."""
    problems = list(problems)
    email = {SetupCode.EMAIL_NOT_MAPPED, SetupCode.EMAIL_NOT_OWN}
    parts = [gettext("Email is not mapped yet")] if any(p.code in email for p in problems) else []
    rows = len({problem.row for problem in problems if problem.code not in email})
    if rows:
        text = ngettext("%(number)d field is not complete", "%(number)d fields are not complete", rows)
        parts.append(text % {"number": rows})
    return ", ".join(parts)
