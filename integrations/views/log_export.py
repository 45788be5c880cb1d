"""Hands out the sync log as a file, as it is narrowed; each time is recorded, without saying about whom."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Delivery
from integrations.services.log.export import lines_of
from integrations.services.log.wanted import Wanted
from integrations.services.tabs import load_tabs
from integrations.views.access import OUTCOMES, PEOPLE, require
from integrations.views.log_address import log_address

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

log = logging.getLogger(__name__)


def export(request: HttpRequest) -> HttpResponseBase:
    """For who may see people and what became of them; what makes no sense leads back to the log."""
    require(request, OUTCOMES)
    user = require(request, PEOPLE)
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    wanted = Wanted.from_query(request.GET)
    if wanted.wrong:
        messages.warning(request, _("Nothing was exported: correct what the list is narrowed by first."))
        return HttpResponseRedirect(log_address(wanted))
    name = f"sync-log-{timezone.localtime():%Y-%m-%d-%H%M}.csv"
    response = StreamingHttpResponse(
        lines_of(wanted, tabs=load_tabs(now=timezone.now())) if request.method == "GET" else (),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    if request.method == "GET":
        _record(user, wanted)
    return response


def _record(user: User, wanted: Wanted) -> None:
    """Which filters were on, not what they say: that may be somebody's name."""
    on = sorted(wanted.as_query())
    told = ngettext("Exported, with %(number)d filter", "Exported, with %(number)d filters", len(on))
    text = told % {"number": len(on)}
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(Delivery),
        object_repr=_("Sync log"),
        action_flag=CHANGE,
        change_message=f"{text}: {', '.join(on)}" if on else text,
    )
    log.info("user %d exported the sync log with %d filters", user.pk, len(on))
