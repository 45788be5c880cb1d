"""Why nobody of a tab can be sent at the moment: one rule, used by the drain, the counts and the pages."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.logic.mapping import setup_problems
from integrations.logic.states import Reason
from integrations.logic.types import Action, TabSettings


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """What matters of a connection here."""

    connected: bool
    paused: bool
    rate_limited: bool


def held_by(settings: TabSettings, *, workspace: WorkspaceFacts | None, paused: bool) -> Reason:
    """The reason that holds every waiting participant of a tab back, or Reason.NONE.

    What the admin must do comes before what ends by itself.
    """
    if workspace is None:
        return Reason.NOT_CONNECTED
    checks = (
        (not workspace.connected, Reason.RECONNECT_NEEDED),
        (settings.action is Action.NOTHING, Reason.SWITCHED_OFF),
        (bool(setup_problems(settings)), Reason.SETUP_REQUIRED),
        (paused, Reason.PAUSED_CAMPAIGN),
        (workspace.paused, Reason.PAUSED_WORKSPACE),
        (workspace.rate_limited, Reason.RATE_LIMITED),
    )
    return next((reason for holds, reason in checks if holds), Reason.NONE)
