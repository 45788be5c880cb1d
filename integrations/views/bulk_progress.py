"""How far an order for many has come: shows it, stops it, lets it go on after its sample; and the latest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from integrations.logic.states import OPEN, Outcome
from integrations.models import BulkOrder, Delivery
from integrations.services.bulk_orders.chosen import chosen_by
from integrations.services.bulk_orders.left import left_so_far
from integrations.services.bulk_orders.orders import go_on, stop
from integrations.services.bulk_orders.standing import badge_of, is_asking, is_running
from integrations.services.bulk_orders.words import looked_at, so_far, what_now
from integrations.services.outcome_words import GROUPS, in_words
from integrations.services.outcomes import Group
from integrations.services.repair_rules import Command
from integrations.services.repair_words import LABELS
from integrations.services.tabs import load_tabs
from integrations.views.access import OUTCOMES, REPAIR, may, require
from integrations.views.bulk import back_to, page_context, right_to

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from integrations.services.outcome_words import Badge, InWords

STATE = "integrations/bulk/state.html"
PAGE = 25
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Tried:
    """One of the sample, and what has become of them."""

    entry: Delivery
    outcome: InWords


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page shows. `stand` counts those who were chosen by what has become of them by now, where
    they are few enough to be named."""

    order: BulkOrder
    label: str | _StrPromise
    badge: Badge
    so_far: str
    what_now: str
    left: list[str]
    sample: list[Tried]
    stand: list[tuple[Badge, int]]
    is_running: bool
    is_asking: bool
    is_watched: bool
    may_stop: bool
    may_go_on: bool
    looked_at: int
    log_url: str


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, order_id: int) -> HttpResponse:
    require(request, OUTCOMES)
    found = BulkOrder.objects.select_related("made_by", "stopped_by", "answered_by")
    order = get_object_or_404(found, pk=order_id)
    if request.method == "POST":
        return _told(request, order)
    progress = _progress(request, order)
    if "HX-Request" not in request.headers:
        title = _("Order %(number)d: %(order)s") % {"number": order.pk, "order": progress.label}
        context = page_context(request) | {"title": title, "progress": progress}
        return TemplateResponse(request, "integrations/bulk/progress.html", context)
    response = TemplateResponse(request, STATE, {"progress": progress})
    if not progress.is_running or progress.is_asking:
        trigger_client_event(response, "announce", {"value": f"{progress.so_far} {progress.what_now}"})
    return response


def _told(request: HttpRequest, order: BulkOrder) -> HttpResponse:
    """Somebody stops it, or lets it go on."""
    user, do = require(request, REPAIR), request.POST.get("do")
    if do == "stop":
        done = stop(order.pk, user=user)
        text = _("Stopped. Who is on the way already goes on.") if done else _("It had ended already.")
    elif do == "go_on":
        user = require(request, right_to(Command(order.command)))
        done = go_on(order.pk, user=user)
        text = _("The others follow now.") if done else _("Nobody waited for that: nothing was changed.")
    else:
        done, text = False, _("Nothing was changed: choose one of the answers.")
    messages.add_message(request, messages.SUCCESS if done else messages.INFO, text)
    return HttpResponseRedirect(request.path)


def _progress(request: HttpRequest, order: BulkOrder) -> Progress:
    running, asking = is_running(order), is_asking(order)
    sample = _sample(order)
    command = Command(order.command)
    return Progress(
        order=order,
        label=LABELS[command],
        badge=badge_of(order),
        so_far=so_far(order),
        what_now=what_now(order),
        left=left_so_far(order),
        sample=sample,
        stand=_stand(order) if order.ids else [],
        is_running=running,
        is_asking=asking,
        is_watched=running and (not asking or any(one.entry.state in OPEN for one in sample)),
        may_stop=running and may(request, REPAIR),
        may_go_on=asking and may(request, right_to(command)),
        looked_at=looked_at(order),
        log_url=back_to(chosen_by(order)) if order.query else "",
    )


def _sample(order: BulkOrder) -> list[Tried]:
    if not order.sample_ids:
        return []
    tabs = load_tabs(now=timezone.now())
    rows = Delivery.objects.filter(pk__in=order.sample_ids).select_related("participant").order_by("pk")
    return [Tried(row, in_words(row, tab=tabs.get(row.settings_id or 0))) for row in rows]


def _stand(order: BulkOrder) -> list[tuple[Badge, int]]:
    rows = Delivery.objects.filter(pk__in=order.ids).order_by()
    numbers = dict(rows.values_list("outcome").annotate(number=Count("pk")))
    return [(GROUPS[Group(one.value)], numbers[one]) for one in Outcome if one in numbers]


@dataclass(frozen=True, slots=True)
class Line:
    """One of the list of orders."""

    order: BulkOrder
    label: str | _StrPromise
    badge: Badge
    so_far: str


def latest(request: HttpRequest) -> HttpResponse:
    """The orders for many, newest first."""
    require(request, OUTCOMES)
    rows = BulkOrder.objects.select_related("made_by").order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    lines = [Line(one, LABELS[Command(one.command)], badge_of(one), so_far(one)) for one in shown]
    context = page_context(request) | {
        "title": _("Orders for many"),
        "lines": lines,
        "older": shown[-1].pk if len(found) > PAGE else None,
        "is_newest": not before,
    }
    return TemplateResponse(request, "integrations/bulk/latest.html", context)
