"""The sync log: where is my lead? Each line is somebody who joined, and what became of them in Intercom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import admin
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from campaigns.models import Audience, Participant
from integrations.logic.states import Outcome
from integrations.models import Delivery
from integrations.services.bulk_orders.offers import offers
from integrations.services.contact_page import contact_of
from integrations.services.log.finding import tabs_for
from integrations.services.log.listing import COUNTED, Place, number_of, page_of
from integrations.services.log.wanted import Wanted
from integrations.services.outcome_words import in_words
from integrations.services.repair_words import LABELS
from integrations.services.tabs import load_tabs
from integrations.services.waiting_room import next_try
from integrations.views.access import EDIT, OUTCOMES, PEOPLE, REPAIR, may, require
from integrations.views.log_address import log_address
from integrations.views.log_filters import filters_of
from integrations.views.log_nobody import Nobody, nobody

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from campaigns.models import Campaign
    from integrations.services.log.listing import Entry, Page
    from integrations.services.outcome_words import InWords
    from integrations.services.repair_rules import Command
    from integrations.services.tabs import Tab
    from integrations.views.log_filters import Filters

AT_ONCE = timedelta(minutes=1)
"""Who was settled this soon after joining needs no second time on their line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the page. `settled_at` is empty where it says nothing beyond the day of joining."""

    person: Participant
    campaign: Campaign
    outcome: InWords
    delivery: Delivery | None
    settled_at: datetime | None
    next_try: datetime | None
    contact_url: str
    url: str

    @property
    def name(self) -> str:
        return self.person.full_name or self.person.email

    @property
    def is_referrer(self) -> bool:
        return self.person.audience == Audience.REFERRER


@dataclass(frozen=True, slots=True)
class Orders:
    """What may be ordered for those chosen on the page, and for all that the log shows as it is narrowed.

    `query` is what narrows it; "" where that would be everybody there is: nobody means that.
    """

    address: str
    commands: Mapping[Command, str | _StrPromise]
    query: str


@dataclass(frozen=True, slots=True)
class Log:
    """What the template needs. `number` is exact up to `counted`."""

    wanted: Wanted
    filters: Filters
    lines: Sequence[Line]
    page: Page
    number: int
    counted: int
    orders: Orders | None
    nobody: Nobody | None
    export_url: str
    cleared_url: str

    @property
    def filters_on(self) -> int:
        """How many of the filters that are folded away are on."""
        return self.wanted.filters - (self.wanted.group is not None)

    @property
    def newest(self) -> Place:
        return self.page.entries[0].place

    @property
    def oldest(self) -> Place:
        return self.page.entries[-1].place


def show(request: HttpRequest) -> HttpResponse:
    require(request, OUTCOMES)
    wanted = Wanted.from_query(request.GET)
    tabs = tabs_for(wanted)
    before, after = (Place.read(request.GET.get(key, "")) for key in ("before", "after"))
    page = page_of(wanted, tabs=tabs.values(), before=before, after=after)
    lines = _lines(page)
    context = {
        **admin.site.each_context(request),
        "opts": Delivery._meta,  # noqa: SLF001  (Django documents it)
        "title": _("Sync log"),
        "log": Log(
            wanted=wanted,
            filters=filters_of(wanted),
            lines=lines,
            page=page,
            number=number_of(wanted, tabs=tabs.values()),
            counted=COUNTED,
            orders=_orders(request, wanted, lines=lines),
            nobody=None if lines else nobody(request, wanted, is_a_later_page=page.has_newer),
            export_url=_export_url(request, wanted) if lines else "",
            cleared_url=log_address(Wanted()),
        ),
    }
    return TemplateResponse(request, "integrations/log.html", context)


def _lines(page: Page) -> list[Line]:
    waiting = {
        entry.delivery.settings_id
        for entry in page.entries
        if entry.delivery and entry.delivery.outcome == Outcome.WAITING and entry.delivery.settings_id
    }
    tabs = load_tabs(ids=waiting, now=timezone.now()) if waiting else {}
    return [_line(entry, tabs=tabs) for entry in page.entries]


def _line(entry: Entry, *, tabs: Mapping[int, Tab]) -> Line:
    person, delivery = entry.person, entry.delivery
    tab = tabs.get(delivery.settings_id or 0) if delivery else None
    url = (
        reverse("admin:integrations_delivery_change", args=[delivery.pk])
        if delivery
        else reverse("admin:integrations_person", args=[person.pk])
    )
    settled_at = delivery.settled_at if delivery else None
    return Line(
        person,
        campaign=person.campaign,
        outcome=in_words(delivery, tab=tab),
        delivery=delivery,
        settled_at=settled_at if settled_at and settled_at > person.joined_at + AT_ONCE else None,
        next_try=next_try(delivery, tab=tab) if delivery else None,
        contact_url=contact_of(delivery) if delivery else "",
        url=url,
    )


def _orders(request: HttpRequest, wanted: Wanted, *, lines: Sequence[Line]) -> Orders | None:
    if not may(request, REPAIR) or not any(line.delivery for line in lines):
        return None
    commands = {command: LABELS[command] for command in offers(wanted, with_undo=may(request, EDIT))}
    query = urlencode(wanted.as_query())
    return Orders(reverse("admin:integrations_bulk_new"), commands, query) if commands else None


def _export_url(request: HttpRequest, wanted: Wanted) -> str:
    if not may(request, PEOPLE):
        return ""
    return reverse("admin:integrations_log_export", query=wanted.as_query())
