"""Remarks on the fields of a preview, as sentences about what would happen. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from integrations.logic.notes import Note, NoteCode
from integrations.logic.text import shorten
from integrations.services.type_words import type_in_words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.logic.types import Attribute

SHOWN = 200

REMARKS: Mapping[NoteCode, _StrPromise] = {
    NoteCode.CUT: _("Too long for Intercom: only the first %(limit)s of %(length)s characters are sent."),
    NoteCode.OPTION_SPELLED_DIFFERENTLY: _("Sent in Intercom's own spelling."),
    NoteCode.PHONE_NOT_INTERNATIONAL: _("No country code (such as +1): Intercom may not recognise it."),
    NoteCode.ATTRIBUTE_TYPE_CHANGED: _("The field takes other values in Intercom than before."),
    NoteCode.NOT_A_NUMBER: _("This is not a number."),
    NoteCode.NOT_A_WHOLE_NUMBER: _("This is not a whole number."),
    NoteCode.NUMBER_AMBIGUOUS: _("The comma in this number could mean two things."),
    NoteCode.NOT_A_BOOLEAN: _("This is neither yes nor no."),
    NoteCode.NOT_A_DATE: _("This is not a date."),
    NoteCode.DATE_IN_MILLISECONDS: _("This date counts milliseconds instead of seconds."),
    NoteCode.NOT_AN_OPTION: _("Not one of the options in Intercom: %(options)s."),
    NoteCode.TARGET_FORBIDDEN: _("This field is never written from here."),
    NoteCode.ATTRIBUTE_MISSING: _("The workspace has no such field."),
    NoteCode.ATTRIBUTE_ARCHIVED: _(
        "The field is archived in Intercom. Restore it there, or map another one."
    ),
    NoteCode.ATTRIBUTE_NOT_WRITABLE: _("Intercom lets nobody write this field."),
    NoteCode.MARK_UNAVAILABLE: _("The workspace has no such attribute yet: see Mark as referred."),
    NoteCode.REFUSED: _("Intercom refused it."),
    NoteCode.EXTERNAL_ID_USERS_ONLY: _("Only users have an External ID, leads do not."),
}

MARK_OF_ANOTHER_TYPE = _("Intercom has this attribute, but archived or of another type (%(type)s).")


def remark_on(note: Note, *, attribute: Attribute | None) -> str:
    """What would happen to a field, and why; `attribute` is the field as the workspace lists it."""
    text = REMARKS[note.code]
    if note.code is NoteCode.MARK_UNAVAILABLE and attribute is not None:
        text = MARK_OF_ANOTHER_TYPE
    options = ", ".join(attribute.options) if attribute else ""
    return text % {
        "options": shorten(options, limit=SHOWN),
        "type": type_in_words(attribute),
        **{name: note.params.get(name, "") for name in ("limit", "length")},
    }
