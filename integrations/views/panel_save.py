"""Saves a tab of the panel, unless something in it contradicts itself or somebody else saved it meanwhile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from integrations.forms.draft import Draft, draft_from
from integrations.forms.typed import Typed
from integrations.logic.states import Reason, State
from integrations.logic.wrong import MOST_ROWS
from integrations.models import Delivery, SettingsRevision
from integrations.services.revisions import settings_of
from integrations.services.settings import FRESH
from integrations.services.settings_changes import changes_in_words, source_labels, workspace_moved
from integrations.services.settings_saving import SettingsMovedError, WorkspaceGoneError, save_tab
from integrations.views.access import EDIT, require
from integrations.views.page import load
from integrations.views.panel_marks import create_marks
from integrations.views.panel_page import Level, Notice, Outcome
from integrations.views.panel_words import saved_words

if TYPE_CHECKING:
    from campaigns.models import Audience
    from integrations.views.page import Panel

REVISION = re.compile(r"[0-9]{1,9}")


def save(panel: Panel, audience: Audience, draft: Draft, _number: int) -> Outcome | HttpResponse:
    """Saves the form over the revision that it was opened with."""
    return _save(panel, audience, draft, expected=_opened_with(draft))


def overwrite(panel: Panel, audience: Audience, draft: Draft, number: int) -> Outcome | HttpResponse:
    """Saves the form over the revision whose changes were shown, and over no later one."""
    return _save(panel, audience, draft, expected=number)


def _opened_with(draft: Draft) -> int | None:
    text = draft.typed.text("revision")
    return int(text) if REVISION.fullmatch(text) else None


def _save(panel: Panel, audience: Audience, draft: Draft, *, expected: int | None) -> Outcome | HttpResponse:
    user = require(panel.request, EDIT)
    if not draft.typed.whole or expected is None or (expected and audience not in panel.rows):
        return _not_whole(panel, audience, draft)
    if draft.typed.dropped:
        return Outcome(draft, body=True, notices=[_too_many(draft)])
    if draft.found:
        return Outcome(draft, body=True, judged=True)
    waited = _waiting(panel, audience)
    try:
        changed = save_tab(
            panel.campaign,
            audience,
            settings=draft.settings,
            connection=panel.connection,
            user=user,
            expected_revision=expected,
        )
    except SettingsMovedError:
        return Outcome(draft, body=True, notices=[_moved(panel, audience, since=expected)])
    except WorkspaceGoneError:
        return Outcome(draft, body=True, notices=[_gone()])
    _tell(panel, audience, draft, changed=changed, waited=waited)
    return redirect(panel.url(audience))


def _gone() -> Notice:
    title = gettext("The workspace was disconnected meanwhile, so nothing was saved")
    return Notice(Level.ERROR, title, gettext("What you typed is all below. Press Save again."))


def _not_whole(panel: Panel, audience: Audience, draft: Draft) -> Outcome:
    """The form so that it can be saved the next time."""
    opened = _opened_with(draft)
    if opened is None or audience not in panel.rows:
        opened = panel.settings(audience).revision
    fields = {**draft.typed.fields, "revision": str(opened)}
    title = gettext("The form did not arrive whole, so nothing was saved")
    text = gettext("Look through what is below, then press Save again.")
    whole = draft_from(panel, audience, typed=Typed(fields, draft.typed.rows))
    return Outcome(whole, body=True, notices=[Notice(Level.ERROR, title, text)])


def _too_many(draft: Draft) -> Notice:
    words = {"most": MOST_ROWS, "number": len(draft.typed.rows) + draft.typed.dropped}
    title = gettext("A tab can have at most %(most)d fields, and these were %(number)d") % words
    return Notice(Level.ERROR, title, gettext("Nothing was saved. Below are the first of them."))


def _waiting(panel: Panel, audience: Audience) -> int:
    """How many wait for these settings alone."""
    row = panel.rows.get(audience)
    if row is None or panel.held_by(audience) not in {Reason.SETUP_REQUIRED, Reason.SWITCHED_OFF}:
        return 0
    return Delivery.objects.filter(settings=row, state=State.WAITING).count()


def _moved(panel: Panel, audience: Audience, *, since: int) -> Notice:
    """Who saved the tab meanwhile, when, and what they changed."""
    fresh = load(panel.request, panel.campaign)
    row = fresh.rows[audience]
    last = row.revisions.select_related("made_by").order_by("-number").first()
    old = SettingsRevision.objects.filter(settings=row, number=since).first()
    words = {
        "who": (last and last.made_by and last.made_by.get_username()) or gettext("Somebody"),
        "when": date_format(localtime(last.made_at), "DATETIME_FORMAT") if last else "",
    }
    lines = changes_in_words(
        settings_of(old.content, audience=audience) if old else FRESH,
        fresh.settings(audience),
        sources=source_labels(fresh.sources),
        attributes=fresh.attributes,
    )
    if moved := _workspace_moved(fresh, before=old, after=last):
        lines.append(moved)
    return Notice(
        Level.WARN,
        gettext("%(who)s saved these settings on %(when)s, while you worked on them") % words,
        gettext("Nothing of yours was saved or lost: it is all below. They changed:"),
        lines=lines or [gettext("Nothing that shows here.")],
        overwrite=row.revision,
    )


def _workspace_moved(panel: Panel, *, before: SettingsRevision | None, after: SettingsRevision | None) -> str:
    connection = panel.connection
    names = {connection.workspace_id: connection.name} if connection else {}
    first, last = (one.content.get("workspace") if one else None for one in (before, after))
    return workspace_moved(first, last, names=names)


def _tell(panel: Panel, audience: Audience, draft: Draft, *, changed: bool, waited: int) -> None:
    marking = draft.settings.marks and not panel.settings(audience).marks
    notice = create_marks(panel.connection) if marking else None
    # Creating them may have shown that Intercom no longer lets us in.
    fresh = load(panel.request, panel.campaign)
    level, text = saved_words(fresh, audience, changed=changed, waited=waited)
    messages.add_message(panel.request, level, text)
    if notice is not None:
        lines = " ".join(notice.lines)
        messages.warning(panel.request, f"{notice.title}. {lines} {notice.text}")
