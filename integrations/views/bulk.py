"""An order for many: asks first, and says for how many it is, whom it cannot reach, and what will happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.http import HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from integrations.models import BulkOrder, Delivery, Pace
from integrations.services.bulk_orders.chosen import MOST_NAMED, Chosen, people
from integrations.services.bulk_orders.drafts import Draft, draft, seal, unseal
from integrations.services.bulk_orders.forecast import Forecast, forecast
from integrations.services.bulk_orders.left import left_by_forecast
from integrations.services.bulk_orders.orders import SAMPLE, give
from integrations.services.bulk_orders.questions import (
    WHAT,
    answer,
    number_in_words,
    question,
    version_in_words,
)
from integrations.services.log.wanted import LONGEST_ID, Wanted
from integrations.services.repair_rules import Command
from integrations.services.tabs import load_tabs
from integrations.views.access import EDIT, REPAIR, require

if TYPE_CHECKING:
    from typing import Any

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

LOG = "admin:integrations_delivery_changelist"


@dataclass(frozen=True, slots=True)
class Ask:
    """What the page shows. `sealed` is the order that confirming gives."""

    question: str
    whom: str
    """Who was chosen, where neither the log nor a person's hand says it."""
    answer: str
    sealed: str
    matching: str
    going: str
    left: list[str]
    what: tuple[_StrPromise, ...]
    is_possible: bool
    has_pace: bool
    sample: int
    """How many would go first; 0 where there is nothing to try out."""
    suggests_sample: bool
    was_stale: bool
    back: str

    @property
    def paces(self) -> list[Pace]:
        """The first is the careful one, which stands there unless another is chosen."""
        return list(Pace)


def right_to(command: Command) -> str:
    """What takes back what was written asks for the right to change settings, where it is for many."""
    return EDIT if command is Command.UNDO else REPAIR


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Asks about what was chosen in the log; gives the order that somebody confirms."""
    user = require(request, REPAIR)
    if "draft" in request.POST:
        return _confirmed(request, user=user)
    data = request.POST if request.method == "POST" else request.GET
    command = next((one for one in Command if one == data.get("command")), None)
    chosen = _read(data)
    if command is None or chosen is None:
        messages.warning(request, _("Nothing was ordered: choose people first, and what to do."))
        return HttpResponseRedirect(reverse(LOG))
    require(request, right_to(command))
    return _ask(request, command, chosen)


def _read(data: QueryDict) -> Chosen | None:
    """Whom a form or a link names; None for nobody."""
    if "query" in data:
        return Chosen(query=Wanted.from_query(QueryDict(str(data["query"]))).as_query())
    version = _ids([data.get("version", "")])
    if version:
        return Chosen(version=version[0])
    ids = _ids(data.getlist("ids"))
    return Chosen(ids=tuple(ids[:MOST_NAMED])) if ids else None


def _ids(typed: list[str]) -> list[int]:
    fit = (text for text in typed if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID)
    return sorted({int(text) for text in fit})


def _ask(
    request: HttpRequest, command: Command, chosen: Chosen, *, was_stale: bool = False
) -> TemplateResponse:
    tabs = load_tabs(now=timezone.now())
    one = draft(command, chosen, tabs=tabs)
    found = forecast(command, people(one.chosen, tabs=tabs), tabs=tabs)
    whom = version_in_words(chosen.version) if chosen.version is not None else ""
    asked = _asked(one, found, whom=whom, back=back_to(chosen), was_stale=was_stale)
    context = page_context(request) | {"title": asked.question, "ask": asked}
    return TemplateResponse(request, "integrations/bulk/confirm.html", context)


def _asked(one: Draft, found: Forecast, *, whom: str, back: str, was_stale: bool) -> Ask:
    many = one.command.writes and found.going > SAMPLE
    return Ask(
        question=_title(one.command, found),
        whom=whom,
        answer=answer(one.command),
        sealed=seal(one),
        matching=number_in_words(found.matching),
        going=number_in_words(found.going),
        left=left_by_forecast(one.command, found),
        what=WHAT.get(one.command, ()),
        is_possible=bool(found.going),
        has_pace=many,
        sample=SAMPLE if many else 0,
        suggests_sample=found.suggests_sample,
        was_stale=was_stale,
        back=back,
    )


def _title(command: Command, found: Forecast) -> str:
    if found.going:
        return question(command, found.going)
    return _("This can be done for none of them") if found.matching else _("Nobody was found")


def _confirmed(request: HttpRequest, *, user: User) -> HttpResponse:
    one = unseal(request.POST["draft"])
    if one is None:
        messages.warning(request, _("Nothing was ordered: choose people first, and what to do."))
        return HttpResponseRedirect(reverse(LOG))
    require(request, right_to(one.command))
    if one.is_stale and not BulkOrder.objects.filter(token=one.token).exists():
        return _ask(request, one.command, one.chosen, was_stale=True)
    sample = request.POST.get("sample") == "on"
    order = give(one, pace=_pace(request.POST.get("pace", "")), with_sample=sample, user=user)
    if order is None:
        messages.info(request, _("Nobody is left of those who were chosen: nothing was ordered."))
        return HttpResponseRedirect(reverse(LOG))
    return HttpResponseRedirect(reverse("admin:integrations_bulk", args=[order.pk]))


def _pace(text: str) -> Pace:
    """All at once where no pace was asked about; else the careful one, unless another was chosen."""
    if not text:
        return Pace.AT_ONCE
    return next((pace for pace in Pace if str(pace.value) == text), Pace.CAREFUL)


def back_to(chosen: Chosen) -> str:
    """The log as it was narrowed, where that is what was chosen."""
    query = QueryDict(mutable=True)
    query.update(chosen.query or {})
    return f"{reverse(LOG)}?{query.urlencode()}" if query else reverse(LOG)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What every page about orders for many needs."""
    return {**admin.site.each_context(request), "opts": Delivery._meta}  # noqa: SLF001  (Django documents it)
