"""The explanations of `logic.explain` in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from integrations.logic.explain import EXPLANATIONS, NOTES, Explanation
from integrations.logic.notes import NoteCode

if TYPE_CHECKING:
    from integrations.logic.states import Reason
from integrations.logic.types import CUSTOM


def explain(reason: Reason) -> Explanation:
    """What a reason means and what to do, translated."""
    english = EXPLANATIONS[reason]
    return Explanation(*(gettext(text) if text else "" for text in (english.what, english.next_step)))


def note_in_words(note: Mapping[str, Any]) -> str:
    """A stored note as a sentence: which field, and what happened to it."""
    target = str(note.get("target", "")).removeprefix(CUSTOM)
    return f"{target} {gettext(NOTES[NoteCode(note['code'])])}."
