"""What Intercom told us, for support: what came, when, what it did; and having it looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Prefetch
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.text import normalized_email
from integrations.admin.readonly import ReadOnlyAdmin
from integrations.models import Sighting, WebhookReceipt
from integrations.services.notification_words import TOPICS, topic_in_words
from integrations.services.qualification_story import Teller
from integrations.views.access import REPAIR, may
from integrations.views.receipts import again, order_again, standing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet
    from django.http import HttpResponse
    from django.urls import URLPattern

    Column = str | Callable[[WebhookReceipt], Any]


class TopicFilter(admin.SimpleListFilter):
    """The topics that we use; asking the database which there are would read all receipts."""

    title = _("what happened")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(topic.value, str(words)) for topic, words in TOPICS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookReceipt]) -> QuerySet[WebhookReceipt]:
        return queryset.filter(topic=self.value()) if self.value() else queryset


@admin.register(WebhookReceipt)
class WebhookReceiptAdmin(ReadOnlyAdmin[WebhookReceipt]):
    list_filter = ["state", TopicFilter, "differed", "connection"]
    search_fields = ["contact_id__exact", "notification_id__exact"]
    search_help_text = _("A lead’s email (from its beginning), Intercom contact ID or notification ID")
    list_select_related = ["connection"]
    readonly_fields = ["standing", "what", "workspace"]
    exclude = ["item", "fingerprint"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *("what", "standing", "told_at", "received_at", "used_at"),
                    *("contact_id", "workspace"),
                ]
            },
        ),
        (
            _("Details"),
            {
                "classes": ["collapse"],
                "fields": ["topic", "notification_id", "repeats", "differed", "tries"],
            },
        ),
    ]
    actions = ["look_again"]
    show_full_result_count = False
    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<int:receipt_id>/again/",
            self.admin_site.admin_view(again),
            name="integrations_webhookreceipt_again",
        )
        return [own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookReceipt]:
        sightings = Sighting.objects.select_related("participant__delivery").order_by("pk")
        return super().get_queryset(request).defer("item").prefetch_related(Prefetch("sightings", sightings))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WebhookReceipt], search_term: str
    ) -> tuple[QuerySet[WebhookReceipt], bool]:
        """A term with an @ is a lead's email: what was told about them."""
        if "@" in search_term:
            about = Sighting.objects.filter(
                participant__email_normalized__startswith=normalized_email(search_term)
            )
            return queryset.filter(pk__in=about.values("receipt")), False
        return super().get_search_results(request, queryset, search_term)

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return may(request, REPAIR)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        title = {"title": _("Notifications from Intercom")}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        receipt = self.get_object(request, unquote(object_id))
        lines = Teller(receipt.connection).lines(receipt.sightings.all()) if receipt else []
        context = {
            "lines": lines,
            "may_repair": self.has_repair_permission(request),
            "name": topic_in_words(receipt.topic) if receipt else "",
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @admin.action(description=_("Look at it again"), permissions=["repair"])
    def look_again(self, request: HttpRequest, chosen: QuerySet[WebhookReceipt]) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        level, text = order_again(request, ids)
        messages.add_message(request, level, text)

    @admin.display(description=_("what happened"), ordering="topic")
    def what(self, receipt: WebhookReceipt) -> SafeString:
        words = topic_in_words(receipt.topic)
        if not receipt.repeats:
            return format_html("{}", words)
        more = _("came again with other content") if receipt.differed else _("came more than once")
        return format_html('{} <span class="small muted">({})</span>', words, more)

    @admin.display(description=_("workspace"))
    def workspace(self, receipt: WebhookReceipt) -> SafeString:
        connection = receipt.connection
        page = reverse("admin:integrations_intercomconnection_change", args=[connection.pk])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', page, connection.name or connection.workspace_id)

    @admin.display(description=_("state"), ordering="state")
    def standing(self, receipt: WebhookReceipt) -> SafeString:
        badge = standing_of(receipt)
        return format_html('<span class="badge badge--{}">{}</span>', badge.look, badge.word)

    def get_list_display(self, request: HttpRequest) -> Sequence[Column]:  # type: ignore[override]
        """`did` needs the fields of each workspace: read once for the page, not once a line."""
        tellers: dict[int, Teller] = {}

        @admin.display(description=_("what it did"))
        def did(receipt: WebhookReceipt) -> str:
            teller = tellers.setdefault(receipt.connection_id, Teller(receipt.connection))
            return _did(receipt, teller=teller)

        return ["received_at", "what", "standing", did, "workspace"]


def _did(receipt: WebhookReceipt, *, teller: Teller) -> str:
    lines = teller.lines(receipt.sightings.all())
    rows = [(line.sighting.participant.email, line.told.field, line.told.text) for line in lines]
    text = "<bdi>{}</bdi> – <bdi>{}</bdi>: <bdi>{}</bdi>"
    return format_html_join(SafeString("<br>"), text, rows) or "–"
