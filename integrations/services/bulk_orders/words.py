"""How an order for many is told once it is given: in people's stories, and how far it has come."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.services.repair_rules import Command
from integrations.services.repair_words import LABELS

if TYPE_CHECKING:
    from integrations.models import BulkOrder


def entry_words(order: BulkOrder) -> str:
    """What the story of each person says of it."""
    told = {"order": str(LABELS[Command(order.command)]), "number": order.pk}
    return _("%(order)s (together with others, order %(number)d)") % told


def so_far(order: BulkOrder) -> str:
    """For how many of those chosen it was carried out."""
    told = {
        "done": number_format(order.done, force_grouping=True),
        "total": number_format(order.total, force_grouping=True),
    }
    return (_all(order) if order.done == order.total else _some(order)) % told


def _all(order: BulkOrder) -> str:
    match order.command:
        case Command.CANCEL:
            return ngettext(
                "%(done)s person was taken off and is not sent.",
                "All %(done)s people were taken off and are not sent.",
                order.done,
            )
        case Command.UNDO:
            return ngettext(
                "Taking back was ordered for %(done)s contact.",
                "Taking back was ordered for all %(done)s contacts.",
                order.done,
            )
        case _:
            return ngettext(
                "%(done)s person was put on the way to Intercom.",
                "All %(done)s people were put on their way to Intercom.",
                order.done,
            )


def _some(order: BulkOrder) -> str:
    match order.command:
        case Command.CANCEL:
            return _("%(done)s of the %(total)s chosen were taken off and are not sent.")
        case Command.UNDO:
            return _("Taking back was ordered for %(done)s of the %(total)s chosen.")
        case _:
            return _("%(done)s of the %(total)s chosen were put on their way to Intercom.")


def what_now(order: BulkOrder) -> str:
    """What comes next, or how it ended."""
    if order.stopped_at is not None:
        return _("It was stopped. Who is on the way already goes on; everybody else stays as they were.")
    if order.finished_at is not None:
        return ""
    if order.asked_at is not None and order.answered_at is None:
        return _("Those were the sample. Look at what became of them; the others wait for your word.")
    return _time_left(order)


def _time_left(order: BulkOrder) -> str:
    if not order.per_minute:
        return _("The rest follows within a minute or two.")
    minutes = max(1, math.ceil(rest(order) / order.per_minute))
    if minutes > 90:
        hours = math.ceil(minutes / 60)
        return ngettext("About %(hours)d hour left.", "About %(hours)d hours left.", hours) % {"hours": hours}
    text = ngettext("About %(minutes)d minute left.", "About %(minutes)d minutes left.", minutes)
    return text % {"minutes": minutes}


def rest(order: BulkOrder) -> int:
    """How many were not looked at yet."""
    return max(0, order.total - looked_at(order))


def looked_at(order: BulkOrder) -> int:
    left: int = sum(order.left_alone.values())
    return order.done + left
