"""The explanations of `logic.explain` in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from integrations.logic.explain import EXPLANATIONS, Explanation

if TYPE_CHECKING:
    from integrations.logic.states import Reason


def explain(reason: Reason) -> Explanation:
    """What a reason means and what to do, translated."""
    english = EXPLANATIONS[reason]
    return Explanation(*(gettext(text) if text else "" for text in (english.what, english.next_step)))
