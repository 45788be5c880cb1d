"""What a test lead is doing, what it waits for, and what may be left of it in Intercom, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations.logic.trial import Failure, Step
from integrations.logic.trial_findings import Outcome
from integrations.models import ConnectionStatus, TrialState

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.models import IntercomConnection, Trial

SLOW = 15.0
"""Seconds after which a test that nobody has begun is worth a word."""


def progress(trial: Trial, *, connection: IntercomConnection, now: datetime) -> str:
    """What a test that is under way is doing, or waiting for."""
    if held := _held(connection, now=now):
        return held
    if trial.state == TrialState.QUEUED:
        if (now - trial.made_at).total_seconds() < SLOW:
            return _("Waiting for its turn. This takes a few seconds.")
        return _(
            "Not started yet. If this goes on, the part that talks to Intercom may have stopped: tell "
            "whoever runs this installation."
        )
    match trial.step:
        case Step.WRITE:
            outcomes = [one["outcome"] for one in trial.findings]
            left = outcomes.count(Outcome.PENDING)
            text = _("Intercom refused something. Trying each field alone to find out what: %(left)d left.")
            return text % {"left": left}
        case Step.READ:
            return _("The test contact is in Intercom. Looking at what has arrived.")
        case _:
            return _("Creating the test contact in Intercom.")


def _held(connection: IntercomConnection, *, now: datetime) -> str:
    if connection.status != ConnectionStatus.CONNECTED:
        return _(
            "The test has stopped: Intercom does not accept our access. It goes on once you connect again."
        )
    if connection.paused_at is not None:
        return _("Sending is paused for this workspace. The test goes on once you resume it.")
    rests = connection.paused_until is not None and connection.paused_until > now
    if rests and connection.is_silent:
        return _("Intercom does not answer at the moment. The test goes on by itself within minutes.")
    if rests:
        return _("Intercom asked us to slow down. The test goes on by itself within a minute.")
    return ""


def remains(trial: Trial, *, connection: IntercomConnection, now: datetime) -> str:
    """What is, or may be, left of a test in Intercom."""
    if trial.state == TrialState.QUEUED:
        return _("No contact was created in Intercom.")
    if trial.state == TrialState.DONE:
        if trial.deleted_at is None:
            return _("No contact was created in Intercom.")
        if trial.failure == Failure.UNCERTAIN:
            return _("We have looked for the test contact twice: nothing of it is in Intercom any more.")
        return _("The test contact was deleted.")
    if trial.step == Step.LOOK:
        return _("In a few minutes, when Intercom can show it, we look for the contact and delete it.")
    if held := _held_up_deletion(connection):
        return held
    if not trial.tries:
        return _("The test contact is being deleted.")
    return _(
        "Intercom has not let us delete the test contact yet. We go on trying by ourselves; you may delete "
        "it in Intercom as well."
    )


def _held_up_deletion(connection: IntercomConnection) -> str:
    if connection.status != ConnectionStatus.CONNECTED:
        text = _(
            "The test contact is deleted once %(workspace)s is connected again. You may delete it there as "
            "well."
        )
        return text % {"workspace": connection.name or connection.workspace_id}
    if connection.paused_at is not None:
        return _(
            "The test contact is deleted once sending is resumed. You may delete it in Intercom as well."
        )
    return ""
