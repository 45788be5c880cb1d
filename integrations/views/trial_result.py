"""One test lead as its card shows it: what it does, or how it ended, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from integrations.forms.choices import labels_of
from integrations.logic.trial import Failure
from integrations.logic.trial_findings import Finding, Origin, Outcome, from_json
from integrations.models import TrialState
from integrations.services.field_names import Names
from integrations.services.settings_format import write_tab
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.trial_progress import progress, remains
from integrations.services.trial_words import BADGES, reason, verdict
from integrations.services.trials import is_stale
from integrations.services.value_words import zone_of

if TYPE_CHECKING:
    from datetime import datetime

    from campaigns.models import Audience
    from integrations.forms.draft import Draft
    from integrations.logic.types import TabSettings
    from integrations.models import IntercomConnection, Trial
    from integrations.services.outcome_words import Badge
    from integrations.views.page import Panel

SOON, LATER = 1, 20
"""Seconds between two looks: at a test that runs, and at a deletion that takes its time."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a result. `shown` is empty where it is what was sent; `said` are Intercom's own words."""

    source: str
    label: str
    badge: Badge
    sent: str
    shown: str
    why: str
    said: str


@dataclass(frozen=True, slots=True)
class Result:
    """One test. While it is `going`, `sentence` says what it does; else how it ended.

    `leftover` says what is left of it in Intercom. `poll` is in seconds; 0 when nothing changes any more.
    """

    trial: Trial
    when: str
    going: bool
    badge: Badge | None
    sentence: str
    leftover: str
    owed: bool
    lines: tuple[Line, ...]
    differs: bool
    """Whether the form says something else than what was tested."""
    unsaved: bool
    """Whether what was tested stands in the form, and is not saved."""
    elsewhere: str
    """The workspace of the test, where the campaign does not use it now."""
    poll: int
    url: str


def result_of(panel: Panel, audience: Audience, draft: Draft, trial: Trial) -> Result:
    now = timezone.now()
    findings = tuple(from_json(stored) for stored in trial.findings)
    stale = is_stale(trial, now=now)
    begun = trial.state in {TrialState.QUEUED, TrialState.RUNNING}
    moved = begun and (panel.connection is None or panel.connection.pk != trial.connection_id)
    going = begun and not stale and not moved
    failure = Failure.EXPIRED if stale else Failure.MOVED if moved else Failure(trial.failure)
    names = _names(panel, trial.connection)
    badge, sentence = (None, "") if going else verdict(findings, failure=failure)
    differs = trial.content != _content(draft.settings, audience)
    owed = trial.state == TrialState.CLEANING or (moved and trial.state == TrialState.RUNNING)
    return Result(
        trial=trial,
        when=_when(trial, now=now),
        going=going,
        badge=badge,
        sentence=progress(trial, connection=trial.connection, now=now) if going else sentence,
        leftover="" if going else remains(trial, connection=trial.connection, now=now),
        owed=owed,
        lines=() if going else tuple(_line(one, trial=trial, names=names) for one in findings),
        differs=differs,
        unsaved=not differs and trial.content != _content(panel.settings(audience), audience),
        elsewhere=_elsewhere(panel, trial.connection),
        poll=_poll(trial, going=going, owed=owed, now=now),
        url=panel.address("intercom_trial", TAB_NAMES[audience], trial.pk),
    )


def _content(settings: TabSettings, audience: Audience) -> dict[str, Any]:
    return write_tab(settings, tab=TAB_NAMES[audience])


def _elsewhere(panel: Panel, connection: IntercomConnection) -> str:
    if panel.connection is not None and panel.connection.pk == connection.pk:
        return ""
    return connection.name or connection.workspace_id


def _when(trial: Trial, *, now: datetime) -> str:
    if now - trial.made_at < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(trial.made_at, now)}


def _poll(trial: Trial, *, going: bool, owed: bool, now: datetime) -> int:
    soon = trial.due_at is not None and (trial.due_at - now).total_seconds() < SOON
    return SOON if going or (owed and soon) else LATER if owed else 0


def _names(panel: Panel, connection: IntercomConnection) -> Names:
    labels = labels_of(panel)
    zone = zone_of(connection)
    return Names(panel.attributes, target=labels.target, source=labels.source, zone=zone)


def _line(finding: Finding, *, trial: Trial, names: Names) -> Line:
    differs = finding.outcome is Outcome.DIFFERENT
    return Line(
        source=_source(finding, trial=trial, names=names),
        label=names.target(finding.target),
        badge=BADGES[finding.outcome],
        sent="" if finding.sent is None else names.value(finding.sent, finding.target),
        shown=names.value(finding.shown, finding.target) if differs else "",
        why=reason(finding, attribute=names.attribute(finding.target)),
        said=finding.message,
    )


def _source(finding: Finding, *, trial: Trial, names: Names) -> str:
    """Where a value came from: a source by its name, or a fixed value."""
    if finding.origin is Origin.MARK:
        return _("Mark as referred")
    if finding.row is None:
        return _("Qualification rule: value when created")
    row = trial.content["field_map"][finding.row]
    if "value" in row:
        return _("Fixed value")
    return names.source(row["from"])
