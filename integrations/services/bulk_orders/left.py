"""Whom an order for many left as they are, and why, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import ngettext

from integrations.logic.states import Reason
from integrations.models import LeftAs
from integrations.services.bulk_orders.questions import number_in_words
from integrations.services.bulk_orders.words import rest
from integrations.services.repair_meanwhile import leaving_in_words, there_in_words
from integrations.services.repair_rules import Command
from integrations.services.repair_words import DEAD_ENDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integrations.models import BulkOrder
    from integrations.services.bulk_orders.forecast import Forecast


def left_by_forecast(command: Command, found: Forecast) -> list[str]:
    """Whom it would leave as they are, if it were given now."""
    lines = [_nowhere(reason, number) for reason, number in found.nowhere.items()]
    return lines + ([_unfit(command, found.unfit)] if found.unfit else [])


def left_so_far(order: BulkOrder) -> list[str]:
    """Whom it left as they are."""
    return list(_left(order))


def _left(order: BulkOrder) -> Iterator[str]:
    command, numbers = Command(order.command), dict(order.left_alone)
    moved = numbers.pop(LeftAs.MOVED_ON, 0) + (rest(order) if order.finished_at is not None else 0)
    for why, number in sorted(numbers.items()):
        match why:
            case LeftAs.UNFIT:
                yield _unfit(command, number)
            case LeftAs.THERE:
                yield there_in_words(number)
            case LeftAs.LEAVING:
                yield leaving_in_words(number)
            case _:
                yield _nowhere(Reason(why), number)
    if moved:
        text = ngettext(
            "%(number)s had moved on in the meantime.", "%(number)s had moved on in the meantime.", moved
        )
        yield text % {"number": number_format(moved, force_grouping=True)}


def _nowhere(reason: Reason, number: int) -> str:
    text = ngettext("%(number)s person cannot be sent.", "%(number)s people cannot be sent.", number)
    return f"{text % {'number': number_in_words(number)}} {DEAD_ENDS[reason]}"


def _unfit(command: Command, number: int) -> str:
    if command is Command.UNDO:
        text = ngettext(
            "%(number)s person stays as they are: no update of their contact is there to be taken back.",
            "%(number)s people stay as they are: no update of their contacts is there to be taken back.",
            number,
        )
    else:
        text = ngettext(
            "%(number)s person stays as they are: this does not fit where they stand.",
            "%(number)s people stay as they are: this does not fit where they stand.",
            number,
        )
    return text % {"number": number_format(number, force_grouping=True)}
