"""The sync log, plainly: where each person stands and why, every attempt, and what may be ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from integrations.admin import bulk_pages
from integrations.admin.orders import carry_out
from integrations.admin.readonly import ReadOnlyAdmin
from integrations.models import Attempt, Delivery
from integrations.services.repair_rules import Command
from integrations.views import log, undo
from integrations.views.access import REPAIR, require
from integrations.views.candidates import choose
from integrations.views.log_export import export
from integrations.views.story import story
from integrations.views.story_person import person as person_page

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse, HttpResponseBase
    from django.urls import URLPattern


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    """Its list is a page of our own; of Django's there are the history, and the way to refuse a change."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return log.show(request)

    def get_urls(self) -> list[URLPattern]:
        own = self.admin_site.admin_view
        return [
            path("<int:pk>/order/", own(self.order_view), name="integrations_delivery_order"),
            path("<int:pk>/undo/", own(self.undo_view), name="integrations_delivery_undo"),
            path("<int:pk>/choose/", own(choose), name="integrations_delivery_choose"),
            path("person/<int:participant_id>/", own(person_page), name="integrations_person"),
            path("export/", own(export), name="integrations_log_export"),
            *bulk_pages.urls(self),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The story of one person. There is no form: what is posted here is the stock page's to refuse."""
        seen_at = timezone.now()
        delivery = self.get_object(request, unquote(object_id))
        if delivery is None or request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        if not self.has_view_permission(request, delivery):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": delivery,
            "seen_at": seen_at.isoformat(),
            "story": story(request, delivery),
        }
        return TemplateResponse(request, "admin/integrations/delivery/change_form.html", context)

    def order_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Carries out what somebody ordered on the page of one entry."""
        require(request, REPAIR)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        get_object_or_404(Delivery, pk=pk)
        command = next((one for one in Command if one == request.POST.get("command")), None)
        if command is not None:
            carry_out(request, command, ids=[pk])
        return redirect("admin:integrations_delivery_change", pk)

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Asks before an update is taken back, and has it taken back."""
        require(request, REPAIR)
        seen_at = timezone.now()
        delivery = get_object_or_404(Delivery.objects.select_related("participant", "connection"), pk=pk)
        if request.method != "POST":
            return undo.ask(request, delivery, seen_at=seen_at)
        carry_out(request, Command.UNDO, ids=[pk])
        return redirect("admin:integrations_delivery_change", pk)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    list_display = ["started_at", "delivery", "decision", "state", "reason", "status", "duration_ms"]
    list_filter = ["state", "decision", "connection"]
    search_fields = ["contact_id__exact", "request_id__exact"]
    show_full_result_count = False
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).select_related("delivery", "connection")
