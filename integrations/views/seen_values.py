"""The values that a data attribute was last seen with, to choose a rule's values from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from integrations.forms.values import typed_value
from integrations.logic.shown import shown
from integrations.services.qualification_story import last_seen_values
from integrations.views.page import load

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from campaigns.models import Campaign

LONGEST = 300


def seen_values(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Of the workspace's leads under a rule. A piece of the panel; nothing where there is none."""
    panel = load(request, campaign)
    name = request.GET.get("attribute", "")[:LONGEST].replace("\0", "")
    attribute = panel.attributes.get(name)
    found = last_seen_values(panel.connection, name) if panel.connection and attribute else []
    # As people type them; what Intercom lists for the attribute is on the page already.
    values = [typed_value(text, attribute=attribute) for text in found]
    texts = [shown(value, attribute=attribute) for value in values if value is not None]
    known = attribute.options if attribute else ()
    context = {"values": [text for text in texts if text not in known]}
    return render(request, "integrations/panel/seen_values.html", context)
