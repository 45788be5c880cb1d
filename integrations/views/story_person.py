"""From a participant to their entry in the sync log; says so where nothing is recorded yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from campaigns.models import Participant
from integrations.services.outcome_words import UNRECORDED
from integrations.views.access import OUTCOMES, require

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


def person(request: HttpRequest, participant_id: int) -> HttpResponseBase:
    require(request, OUTCOMES)
    people = Participant.objects.select_related("campaign", "delivery")
    found = get_object_or_404(people, pk=participant_id)
    if hasattr(found, "delivery"):
        return redirect("admin:integrations_delivery_change", found.delivery.pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Sync log"),
        "person": found,
        "badge": UNRECORDED,
    }
    return TemplateResponse(request, "admin/integrations/delivery/unrecorded.html", context)
