"""What Intercom answered to a try, and how long it took, in words. Asks no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.models import Attempt

EXACT_UP_TO = 10
"""Seconds below which tenths of a second are told."""

STATUSES: Mapping[int, _StrPromise] = {
    200: gettext_lazy("done"),
    202: gettext_lazy("accepted"),
    400: gettext_lazy("a value was refused"),
    401: gettext_lazy("our access is no longer accepted"),
    403: gettext_lazy("our access does not allow this"),
    404: gettext_lazy("nothing found at that place"),
    408: gettext_lazy("Intercom took too long"),
    409: gettext_lazy("such a contact exists already"),
    410: gettext_lazy("merged into another contact"),
    422: gettext_lazy("a value was refused"),
    429: gettext_lazy("we were asked to slow down"),
    504: gettext_lazy("Intercom took too long"),
}
KINDS: Mapping[int, _StrPromise] = {
    2: gettext_lazy("done"),
    3: gettext_lazy("sent elsewhere, which we do not follow"),
    4: gettext_lazy("refused"),
    5: gettext_lazy("Intercom has trouble of its own"),
}
"""By the first digit, where a status has no words of its own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a try, for who has to ask further. Each is "" where there is nothing to tell."""

    took: str
    status: str
    request_id: str


def answer_in_words(attempt: Attempt) -> Answer:
    """How a try ended on the wire; all empty where Intercom was not asked."""
    if not attempt.calls and attempt.status is None and not attempt.duration_ms:
        return Answer("", "", "")
    took = _("Took %(seconds)s") % {"seconds": seconds_in_words(attempt.duration_ms)}
    return Answer(took, status_in_words(attempt.status), attempt.request_id)


def status_in_words(status: int | None) -> str:
    """An HTTP status with what it means, such as "409 (such a contact exists already)"."""
    if status is None:
        return _("none came")
    meaning = STATUSES.get(status) or KINDS.get(status // 100)
    return f"{status} ({meaning})" if meaning else str(status)


def seconds_in_words(milliseconds: int) -> str:
    """A duration as people say it, such as "0.4 seconds"."""
    seconds = milliseconds / 1000
    if round(seconds, 1) < 0.1:
        return _("less than 0.1 seconds")
    if seconds < EXACT_UP_TO:
        return _("%(seconds)s seconds") % {"seconds": number_format(round(seconds, 1), 1)}
    text = ngettext("%(number)d second", "%(number)d seconds", round(seconds))
    return text % {"number": round(seconds)}
