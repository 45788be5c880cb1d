"""The sync log, plainly: where each person stands and why, every attempt, and what may be ordered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.admin.orders import ACTIONS
from integrations.admin.readonly import ReadOnly, ReadOnlyAdmin
from integrations.logic.states import Outcome, Reason, State, outcome_of
from integrations.logic.waiting import HOLDS
from integrations.models import Attempt, Delivery
from integrations.services.explain import explain, note_in_words
from integrations.services.status import waiting_reason
from integrations.services.tabs import Tab, load_tabs

if TYPE_CHECKING:
    from django.db.models import QuerySet


class ReasonFilter(admin.SimpleListFilter):
    """By the stored reason; asking the database which there are would read the whole log."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        stored = (reason for reason in Reason if reason and reason not in HOLDS)
        return [(reason.value, explain(reason).what) for reason in stored]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class AttemptInline(ReadOnly, admin.StackedInline[Attempt, Delivery]):
    model = Attempt
    extra = 0
    ordering = ["-pk"]
    exclude = ["notes"]
    readonly_fields = ["in_words"]

    @admin.display(description=_("fields changed or left out"))
    def in_words(self, attempt: Attempt) -> str:
        return " ".join(note_in_words(note) for note in attempt.notes) or "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).select_related("connection")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_filter = ["state", ReasonFilter, "incomplete", "connection"]
    search_fields = ["participant__email_normalized__startswith", "contact_id__exact"]
    search_help_text = _("Email (from its beginning) or Intercom contact ID")
    list_select_related = ["participant__campaign"]
    readonly_fields = ["why_now"]
    fieldsets = [
        (
            None,
            {"fields": ["participant", "state", "why_now", "contact_id", "message", "due_at", "settled_at"]},
        ),
        (
            _("Details"),
            {
                "classes": ["collapse"],
                "fields": [
                    *("settings", "settings_revision", "connection", "reason", "attempts", "failing_since"),
                    *("owed_since", "order", "settled_as", "email", "intent", "intent_at", "incomplete"),
                ],
            },
        ),
    ]
    inlines = [AttemptInline]
    actions = ACTIONS
    show_full_result_count = False
    ordering = ["-pk"]

    def has_repair_permission(self, request: HttpRequest) -> bool:
        """Orders change what is owed, which is all that "change" can mean for a log."""
        return request.user.has_perm("integrations.change_delivery")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Emails are kept in lower case, and so are Intercom's ids."""
        return super().get_search_results(request, queryset, search_term.lower())

    @admin.display(description=_("email"))
    def who(self, row: Delivery) -> str:
        return row.participant.email

    @admin.display(description=_("campaign"))
    def campaign(self, row: Delivery) -> str:
        return row.participant.campaign.name

    @admin.display(description=_("why, and what to do"))
    def why_now(self, row: Delivery) -> str:
        return _why(row, tabs=load_tabs(now=timezone.now()))

    def get_list_display(self, request: HttpRequest) -> Sequence[str | Callable[[Delivery], str]]:  # type: ignore[override]
        """`why` needs the tabs as they are now: read once for the page, not once a line."""
        tabs = load_tabs(now=timezone.now())

        @admin.display(description=_("why, and what to do"))
        def why(row: Delivery) -> str:
            return _why(row, tabs=tabs)

        return ["who", "campaign", "state", why, "attempts", "due_at", "settled_at"]


def _why(row: Delivery, *, tabs: Mapping[int, Tab]) -> str:
    state, reason = State(row.state), Reason(row.reason)
    if outcome_of(state) is Outcome.WAITING:
        reason = waiting_reason(state, row.reason, tab=tabs.get(row.settings_id or 0))
    sentence = explain(reason)
    return f"{sentence.what} {sentence.next_step}".strip()


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    list_display = ["started_at", "delivery", "decision", "state", "reason", "status", "duration_ms"]
    list_filter = ["state", "decision", "connection"]
    search_fields = ["contact_id__exact", "request_id__exact"]
    show_full_result_count = False
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).select_related("delivery", "connection")
