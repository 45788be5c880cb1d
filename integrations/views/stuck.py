"""Still stuck? What a helper needs to know, without a secret and without anybody's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.conf import settings
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.admin import tab_context
from integrations.services.settings_labels import TabWords, source_labels
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.stuck import Situation, story
from integrations.views.page import audience_of, load
from integrations.views.times import ago

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Audience, Campaign
    from integrations.services.revisions import LastSaved
    from integrations.views.page import Panel

LONGEST_LINK = 1_900
"""Characters of a mailto link that every mail program takes, escapes included."""


@dataclass(frozen=True, slots=True)
class Foot:
    """Below the form: who saved last, and the ways to the history and to help."""

    last: LastSaved | None
    ago: str
    history_url: str
    help_url: str


def foot(panel: Panel, audience: Audience) -> Foot:
    """No query."""
    last, name = panel.last_saved.get(audience), TAB_NAMES[audience]
    return Foot(
        last=last,
        ago=ago(last.made_at) if last else "",
        history_url=panel.address("intercom_history", name),
        help_url=panel.address("intercom_help", name),
    )


def stuck(request: HttpRequest, campaign: Campaign, tab: str) -> HttpResponseBase:
    panel, audience = load(request, campaign), audience_of(tab)
    text = story(_situation(panel, audience), page=panel.url(audience))
    context = tab_context(request, campaign, slug="intercom_help", title=_("Still stuck?"))
    context |= {
        "text": text,
        "mail": _mail(campaign, text=text) if settings.SUPPORT_EMAIL else "",
        "support_email": settings.SUPPORT_EMAIL,
        "back": panel.url(audience),
    }
    return TemplateResponse(request, "integrations/stuck.html", context)


def _situation(panel: Panel, audience: Audience) -> Situation:
    return Situation(
        campaign=panel.campaign,
        audience=audience,
        row=panel.rows.get(audience),
        connection=panel.connection,
        settings=panel.settings(audience),
        held_by=panel.held_by(audience),
        tabs=panel.tabs.values(),
        words=TabWords(sources=source_labels(panel.sources), attributes=panel.attributes),
    )


def _mail(campaign: Campaign, *, text: str) -> str:
    """A link that opens a mail with the three questions that helpers ask first, and the text, cut to size."""
    subject = quote(_("Lead Sync: help with %(campaign)s") % {"campaign": campaign.slug})
    start = f"mailto:{quote(settings.SUPPORT_EMAIL, safe='@')}?subject={subject}&body="
    questions = _("Whose email is it about?\n\n\nWhen was it?\n\n\nWhat should have happened?\n\n\n")
    link = start + quote(questions + text)
    if len(link) <= LONGEST_LINK:
        return link
    ending = quote(_("\n… (cut: please copy the rest from the page)"))
    # Not in the middle of an escape, nor of a character that takes several.
    whole = quote(questions + text)[: LONGEST_LINK - len(start) - len(ending)]
    return start + whole.rpartition("%0A")[0] + ending
