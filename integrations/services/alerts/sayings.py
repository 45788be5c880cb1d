"""Each kind of trouble in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from integrations.models import AlertKind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Saying:
    """What a kind of trouble is, what to do, and what is said when it is over."""

    what: _StrPromise
    next_step: _StrPromise
    over: _StrPromise


SAYINGS: Mapping[AlertKind, Saying] = {
    AlertKind.RECONNECT: Saying(
        gettext_lazy("Intercom no longer lets us in, so everybody waits. Nobody is lost."),
        gettext_lazy("Open the workspace and renew its access, or reconnect it from a campaign."),
        gettext_lazy("Intercom lets us in again. Whoever waited for less than 72 hours goes by themselves."),
    ),
    AlertKind.FAILURES: Saying(
        gettext_lazy("People could not be sent, and each of them needs a person to look."),
        gettext_lazy("Look at them in the sync log: it says of each why, and what to do."),
        gettext_lazy("Hardly anybody fails any more. Those who did still need a person."),
    ),
    AlertKind.BACKLOG: Saying(
        gettext_lazy("People wait to be sent although nothing holds them back here."),
        gettext_lazy(
            "Intercom may have trouble, or be slow: then they go by themselves. If this lasts, see whether "
            "the worker runs."
        ),
        gettext_lazy("Nobody who could be sent waits for long any more."),
    ),
    AlertKind.FIELDS: Saying(
        gettext_lazy("A field that a campaign fills has changed in Intercom, or is gone."),
        gettext_lazy("Open the workspace, then the settings that are marked “Field problem”."),
        gettext_lazy("All mapped fields are well again."),
    ),
    AlertKind.WEBHOOKS: Saying(
        gettext_lazy(
            "What Intercom tells us is refused: it is not signed with the client secret that we know. "
            "Referrals qualify minutes later, since we look ourselves."
        ),
        gettext_lazy("Open the workspace and enter the client secret of its app in Intercom."),
        gettext_lazy("Nothing is refused any more."),
    ),
    AlertKind.WORKER: Saying(
        gettext_lazy("The part of this installation that sends was not running, so everybody waited."),
        gettext_lazy("Ask whoever runs this installation why it stopped."),
        gettext_lazy("It runs again. Whoever waited for less than 72 hours goes by themselves."),
    ),
}
