"""The page that asks before an update is taken back: each field as we wrote it, as it was, as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import admin
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.forms.choices import Labels
from integrations.logic.bodies import is_empty
from integrations.logic.states import DELIVERED, Reason
from integrations.logic.undo import Fate
from integrations.models import ConnectionStatus, DataAttribute
from integrations.services.contact_page import contact_of
from integrations.services.field_names import Names
from integrations.services.outcome_words import Badge, Look
from integrations.services.repair_rules import Command, fitting
from integrations.services.tabs import as_attributes
from integrations.services.undo import Proposal, propose
from integrations.services.value_words import zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from integrations.logic.undo import FieldUndo
    from integrations.models import Delivery

FATES: Mapping[Fate, Badge] = {
    Fate.BACK: Badge(gettext_lazy("Is put back"), Look.OK),
    Fate.CHANGED: Badge(gettext_lazy("Stays: changed since"), Look.MUTED),
    Fate.BACK_ALREADY: Badge(gettext_lazy("Is back already"), Look.MUTED),
    Fate.IMPOSSIBLE: Badge(gettext_lazy("Cannot be put back"), Look.WARN),
    Fate.FORGOTTEN: Badge(gettext_lazy("Can’t be undone any more"), Look.WARN),
}
EMPTIED = Badge(gettext_lazy("Is emptied again"), Look.OK)
UNSEEN = Badge(gettext_lazy("Put back if still ours"), Look.INFO)


@dataclass(frozen=True, slots=True)
class Line:
    """One field in words; "" for no value. `forgotten`: what was there before is not kept any more."""

    label: str
    wrote: str
    before: str
    now: str
    badge: Badge
    forgotten: bool


def ask(request: HttpRequest, delivery: Delivery, *, seen_at: datetime) -> HttpResponse:
    """For who may order it. `delivery` is loaded with its participant and its connection."""
    worth_asking = Command.UNDO in fitting(delivery.pk) or _only_lacks_access(delivery)
    proposal = propose(delivery) if worth_asking else Proposal()
    context = {
        **admin.site.each_context(request),
        "title": _("Undo the update?"),
        "delivery": delivery,
        "person": delivery.participant,
        "contact_url": contact_of(delivery),
        "proposal": proposal,
        "lines": _lines(delivery, proposal),
        "undoing": bool(proposal.goes_back),
        "seen_at": seen_at.isoformat(),
    }
    return TemplateResponse(request, "integrations/undo.html", context)


def _only_lacks_access(delivery: Delivery) -> bool:
    """Whether it could be undone as soon as the workspace is connected again."""
    lost = delivery.connection is not None and delivery.connection.status != ConnectionStatus.CONNECTED
    return lost and delivery.state in DELIVERED and delivery.reason != Reason.UNDONE


def _lines(delivery: Delivery, proposal: Proposal) -> Sequence[Line]:
    names = _names(delivery, [one.target for one in proposal.fields])
    return [_line(one, names=names, asked=proposal.asked) for one in proposal.fields]


def _names(delivery: Delivery, targets: Sequence[str]) -> Names:
    rows = DataAttribute.objects.filter(connection=delivery.connection_id, full_name__in=targets)
    attributes = as_attributes(rows) if targets else {}
    labels = Labels({}, attributes)
    return Names(attributes, target=labels.target, source=labels.source, zone=zone_of(delivery.connection))


def _line(one: FieldUndo, *, names: Names, asked: bool) -> Line:
    wrote, before, now = (names.value(value, one.target) for value in (one.wrote, one.before, one.now))
    badge = _badge(one, asked=asked)
    return Line(names.target(one.target), wrote, before, now, badge, forgotten=one.forgotten)


def _badge(one: FieldUndo, *, asked: bool) -> Badge:
    if one.fate is Fate.BACK and not asked:
        return UNSEEN
    return EMPTIED if one.fate is Fate.BACK and is_empty(one.before) else FATES[one.fate]
