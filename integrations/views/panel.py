"""One tab of the panel: its form, and every button in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from integrations.forms.draft import draft_of, read_draft, saved_draft
from integrations.models import SettingsRevision
from integrations.services.revisions import settings_of
from integrations.views import kept
from integrations.views.access import EDIT, require
from integrations.views.page import audience_of, load
from integrations.views.panel_changes import carry_out
from integrations.views.panel_page import Level, Notice, Outcome, render_draft, show_page, show_pieces

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from campaigns.models import Audience, Campaign
    from integrations.views.page import Panel

__all__ = ["panel", "render_draft"]


def panel(request: HttpRequest, campaign: Campaign, tab: str) -> HttpResponseBase:
    audience = audience_of(tab)
    loaded = load(request, campaign)
    if request.method != "POST":
        return show_page(request, loaded, audience, _opened(loaded, audience))
    require(request, EDIT)
    done = carry_out(loaded, audience)
    if not isinstance(done, Outcome):
        return done
    # What was done may have changed what is known of the workspace.
    fresh = load(request, campaign)
    show = show_pieces if request.headers.get("HX-Request") else show_page
    return show(request, fresh, audience, done)


def _opened(panel: Panel, audience: Audience) -> Outcome:
    """The form as somebody finds it: as it is saved, as it was, or as they typed it before a sign-out."""
    typed = kept.take(panel.request) if panel.may_edit else None
    if typed is not None:
        title = gettext("You were signed out while you worked here")
        text = gettext("What you had typed is below. Nothing of it is saved yet.")
        draft = read_draft(panel, audience, typed)
        return Outcome(draft, notices=[Notice(Level.WARN, title, text)])
    wanted = panel.request.GET.get("revision", "")
    if wanted and panel.may_edit:
        return _older(panel, audience, wanted)
    return Outcome(saved_draft(panel, audience))


def _older(panel: Panel, audience: Audience, wanted: str) -> Outcome:
    row = panel.rows.get(audience)
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None
    found = SettingsRevision.objects.filter(settings=row, number=number).first() if row and number else None
    if found is None:
        title = gettext("There is no version %(number)s of these settings") % {"number": wanted[:10]}
        text = gettext("Below is what is saved now.")
        return Outcome(saved_draft(panel, audience), notices=[Notice(Level.WARN, title, text)])
    made = date_format(localtime(found.made_at), "DATETIME_FORMAT")
    words = {"number": found.number, "date": made}
    title = gettext("This is version %(number)d, of %(date)s. Nothing is saved yet.") % words
    text = gettext(
        "Look through it, then press Save to use it again, or Discard to leave everything as it is."
    )
    draft = draft_of(panel, audience, settings=settings_of(found.content, audience=audience))
    return Outcome(draft, notices=[Notice(Level.INFO, title, text)])
