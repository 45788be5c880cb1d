"""Finds what a button of the panel's form does. Each takes the form as typed and gives it back changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from integrations.forms.draft import Draft, read_draft
from integrations.views.panel_intercom import complete, marks, new_attribute, refresh
from integrations.views.panel_page import Outcome
from integrations.views.panel_rows import add, remove, undo
from integrations.views.panel_save import overwrite, save

if TYPE_CHECKING:
    from django.http import HttpResponse

    from campaigns.models import Audience
    from integrations.views.page import Panel

Change = Callable[["Panel", "Audience", Draft, int], "Outcome | HttpResponse"]

BUTTON = re.compile(r"([a-z_]+)(?:-([0-9]{1,9}))?")
"""What a button is called; some with the number of a row or a revision."""


def carry_out(panel: Panel, audience: Audience) -> Outcome | HttpResponse:
    """Does what the button that was pressed says; a form without one is only looked at."""
    draft = read_draft(panel, audience, panel.request.POST)
    button = BUTTON.fullmatch(panel.request.POST.get("do", ""))
    if button is None:
        return Outcome(draft)
    return CHANGES.get(button[1], check)(panel, audience, draft, int(button[2] or 0))


def check(_panel: Panel, _audience: Audience, draft: Draft, _number: int) -> Outcome:
    return Outcome(draft)


CHANGES: dict[str, Change] = {
    "save": save,
    "overwrite": overwrite,
    "check": check,
    "add": add,
    "remove": remove,
    "undo": undo,
    "refresh": refresh,
    "create_attribute": new_attribute,
    "complete": complete,
    "create_marks": marks,
}
