"""Asks for a test lead, and finds those there are. Writes rows for the drain; calls no Intercom."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from campaigns.models import Audience
from integrations.logic.mapping import map_values
from integrations.logic.trial import Failure, Step
from integrations.logic.trial_findings import planned
from integrations.models import SyncSettings, Trial, TrialState
from integrations.services.sample import sample_values, targets_of
from integrations.services.settings_format import write_tab
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.wake import wake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from integrations.logic.trial_findings import Finding
    from integrations.logic.types import Attribute, TabSettings

STALE_AFTER = timedelta(minutes=10)
"""A test that nobody could start for so long is forgotten: it must not surprise anybody later."""

DOMAIN = "example.com"
"""Reserved: no mail ever arrives there."""

UNDER_WAY = (TrialState.QUEUED, TrialState.RUNNING)
SHOWN = 5


def open_trials() -> QuerySet[Trial]:
    """Those for which something is still to be done, if only to delete their contact."""
    return Trial.objects.exclude(state=TrialState.DONE)


def recent(settings_id: int) -> list[Trial]:
    """The last few of a tab, the newest first, each with who asked for it: one query."""
    rows = Trial.objects.filter(settings=settings_id).select_related("made_by", "connection")
    return list(rows.order_by("-id")[:SHOWN])


def is_stale(trial: Trial, *, now: datetime) -> bool:
    return trial.state == TrialState.QUEUED and trial.made_at < now - STALE_AFTER


def ask(
    row: SyncSettings, *, settings: TabSettings, attributes: Mapping[str, Attribute], user: User | None
) -> Trial:
    """A test of these settings, saved or not, in the workspace of a tab; the one under way there if any.

    For settings that lack nothing and contradict nothing, and a tab that has a workspace.
    """
    assert row.connection_id is not None  # noqa: S101  (the caller has looked)
    with transaction.atomic():
        SyncSettings.objects.select_for_update(no_key=True).get(pk=row.pk)
        now = timezone.now()
        _forget_stale(row, now=now)
        here = Trial.objects.filter(settings=row, connection=row.connection_id)
        running = here.filter(state__in=UNDER_WAY).first()
        if running is not None:
            return running
        email = f"lead-sync-test-{secrets.token_hex(8)}@{DOMAIN}"
        findings = _plan(row, settings=settings, attributes=attributes, email=email)
        trial = Trial.objects.create(
            settings=row,
            connection_id=row.connection_id,
            made_by=user,
            due_at=now,
            email=email,
            content=write_tab(settings, tab=TAB_NAMES[row.audience]),
            findings=[finding.as_json() for finding in findings],
        )
        transaction.on_commit(partial(wake, row.connection_id), robust=True)
    return trial


def _plan(
    row: SyncSettings, *, settings: TabSettings, attributes: Mapping[str, Attribute], email: str
) -> tuple[Finding, ...]:
    """What a test will write: what the drain would write for a made-up person."""
    mapped_to = targets_of(settings, attributes=attributes)
    values = sample_values(row.campaign, Audience(row.audience), email=email, mapped_to=mapped_to)
    return planned(settings, mapped=map_values(settings, values=values, attributes=attributes))


def _forget_stale(row: SyncSettings, *, now: datetime) -> None:
    stale = Trial.objects.filter(settings=row, state=TrialState.QUEUED, made_at__lt=now - STALE_AFTER)
    stale.update(state=TrialState.DONE, due_at=None, step=Step.END, failure=Failure.EXPIRED, passed=False)
