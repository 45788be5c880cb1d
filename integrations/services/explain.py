"""The explanations of `logic.explain` in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from integrations.logic.explain import EXPLANATIONS, NOTES, Explanation
from integrations.logic.notes import NoteCode

if TYPE_CHECKING:
    from integrations.logic.states import Reason


def explain(reason: Reason) -> Explanation:
    """What a reason means and what to do, translated."""
    english = EXPLANATIONS[reason]
    return Explanation(*(gettext(text) if text else "" for text in (english.what, english.next_step)))


def note_in_words(note: Mapping[str, Any], *, field: str) -> str:
    """A stored note as a sentence: how its field is called, and what happened to it."""
    return f"{field} {gettext(NOTES[NoteCode(note['code'])])}."
