"""What a person may order for the lines of the sync log, as actions. Each is recorded with who did it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from integrations.models import Delivery
from integrations.services import repair

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Action = Callable[[admin.ModelAdmin[Delivery], HttpRequest, QuerySet[Delivery]], None]


def _action(words: _StrPromise, order: Callable[[Iterable[int]], list[int]]) -> Action:
    @admin.action(description=words, permissions=["repair"])
    def carry_out(
        _model_admin: admin.ModelAdmin[Delivery], request: HttpRequest, chosen: QuerySet[Delivery]
    ) -> None:
        ids = list(chosen.values_list("pk", flat=True))
        changed = order(ids)
        _record(request, Delivery.objects.filter(pk__in=changed), words=str(words))
        _tell(request, done=len(changed), asked=len(ids))

    carry_out.__name__ = order.__name__
    return carry_out


def _record(request: HttpRequest, chosen: QuerySet[Delivery], *, words: str) -> None:
    if isinstance(request.user, User):
        LogEntry.objects.log_actions(request.user.pk, chosen, CHANGE, change_message=words)


def _tell(request: HttpRequest, *, done: int, asked: int) -> None:
    """Also what was left alone: it had moved on, or the order does not fit where it stands."""
    if done:
        text = ngettext("%(number)d person: done.", "%(number)d people: done.", done)
        messages.success(request, text % {"number": done})
    if left := asked - done:
        text = ngettext(
            "%(number)d was left as it is: this does not fit where it stands now, or its tab of the settings "
            "has not been set up.",
            "%(number)d were left as they are: this does not fit where they stand now, or their tab of the "
            "settings has not been set up.",
            left,
        )
        messages.warning(request, text % {"number": left})


ACTIONS = [
    _action(_("Send (again)"), repair.send_again),
    _action(_("Try now instead of later"), repair.retry_now),
    _action(_("Update the existing contact after all"), repair.update_anyway),
    _action(_("Restore the archived contact and update it"), repair.restore_and_update),
    _action(_("Don't send"), repair.cancel),
]
