"""Why nobody of a tab can be sent at the moment: one rule, used by the drain, the counts and the pages."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.logic.mapping import setup_problems
from integrations.logic.states import Reason
from integrations.logic.types import Action, TabSettings

HOLDS = (
    Reason.NOT_CONNECTED,
    Reason.RECONNECT_NEEDED,
    Reason.SETUP_REQUIRED,
    Reason.SWITCHED_OFF,
    Reason.PAUSED_CAMPAIGN,
    Reason.PAUSED_WORKSPACE,
    Reason.RATE_LIMITED,
    Reason.NO_ANSWER,
)
"""What `held_by` may answer: worked out when somebody looks, never stored with a delivery."""


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """What matters of a connection here."""

    connected: bool
    paused: bool
    rate_limited: bool
    silent: bool = False
    """It rests since Intercom did not answer."""


def held_by(settings: TabSettings, *, workspace: WorkspaceFacts | None, paused: bool) -> Reason:
    """The reason that holds every waiting participant of a tab back, or Reason.NONE.

    A tab that does nothing needs nothing; else what the admin must do comes before what ends by itself.
    """
    if settings.action is Action.NOTHING:
        return Reason.SWITCHED_OFF
    if workspace is None:
        return Reason.NOT_CONNECTED
    checks = (
        (not workspace.connected, Reason.RECONNECT_NEEDED),
        (bool(setup_problems(settings)), Reason.SETUP_REQUIRED),
        (paused, Reason.PAUSED_CAMPAIGN),
        (workspace.paused, Reason.PAUSED_WORKSPACE),
        (workspace.silent, Reason.NO_ANSWER),
        (workspace.rate_limited, Reason.RATE_LIMITED),
    )
    return next((reason for holds, reason in checks if holds), Reason.NONE)
