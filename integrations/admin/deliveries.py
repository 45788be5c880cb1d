"""The sync log, plainly: where each person stands and why, and every attempt. Read-only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.admin.readonly import ReadOnly, ReadOnlyAdmin
from integrations.logic.states import Outcome, Reason, State, outcome_of
from integrations.models import Attempt, Delivery
from integrations.services.explain import explain
from integrations.services.status import waiting_reason
from integrations.services.tabs import Tab, load_tabs

if TYPE_CHECKING:
    from integrations.logic.explain import Explanation


class AttemptInline(ReadOnly, admin.StackedInline[Attempt, Delivery]):
    model = Attempt
    extra = 0
    ordering = ["-pk"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_filter = ["state", "reason", "incomplete", "connection"]
    search_fields = ["participant__email_normalized__startswith", "contact_id__exact"]
    search_help_text = _("Email (from its beginning) or Intercom contact ID")
    list_select_related = ["participant__campaign"]
    inlines = [AttemptInline]
    show_full_result_count = False
    ordering = ["-pk"]

    @admin.display(description=_("email"))
    def who(self, row: Delivery) -> str:
        return row.participant.email

    @admin.display(description=_("campaign"))
    def campaign(self, row: Delivery) -> str:
        return row.participant.campaign.name

    def get_list_display(self, request: HttpRequest) -> Sequence[str | Callable[[Delivery], str]]:  # type: ignore[override]
        """`why` needs the tabs as they are now: read once for the page, not once a line."""
        tabs = load_tabs(now=timezone.now())

        @admin.display(description=_("why, and what to do"))
        def why(row: Delivery) -> str:
            sentence = _explanation(row, tabs=tabs)
            return f"{sentence.what} {sentence.next_step}".strip()

        return ["who", "campaign", "state", why, "attempts", "due_at", "settled_at"]


def _explanation(row: Delivery, *, tabs: Mapping[int, Tab]) -> Explanation:
    state = State(row.state)
    if outcome_of(state) is not Outcome.WAITING:
        return explain(Reason(row.reason))
    return explain(waiting_reason(state, row.reason, tab=tabs.get(row.settings_id or 0)))


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    list_display = ["started_at", "delivery", "decision", "state", "reason", "status", "duration_ms"]
    list_filter = ["state", "decision", "connection"]
    show_full_result_count = False
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).select_related("delivery", "connection")
