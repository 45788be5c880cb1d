"""What was last counted of campaigns too large to be counted while somebody waits for a page."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign


class Snapshot(models.Model):
    """The people of one campaign as they stood at `taken_at`; `services.health` writes and reads the rest.

    `people` are numbers by what they have in common, `days` those who joined of late by what has become of
    them. `shape` says how both are written: another release may write them otherwise.
    """

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="snapshot")
    taken_at = models.DateTimeField(_("counted at"))
    took_ms = models.PositiveBigIntegerField(_("duration of the counting in ms"))
    shape = models.PositiveSmallIntegerField(_("shape"))
    people = models.JSONField(_("people"), default=list)
    days = models.JSONField(_("days"), default=dict)

    class Meta:
        verbose_name = _("snapshot of the counts")
        verbose_name_plural = _("snapshots of the counts")

    def __str__(self) -> str:
        return f"campaign {self.campaign_id} as of {self.taken_at}"


class SnapshotState(models.Model):
    """The last round of counting, over all campaigns: one row.

    `running_since` keeps a second round from beginning; `took_ms` says how often one can be afforded.
    `unexplained` are the ids of the first participants of whom nothing was recorded; `days` and `hours` are
    the leads of all campaigns together.
    """

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    running_since = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    took_ms = models.PositiveBigIntegerField(default=0)
    shape = models.PositiveSmallIntegerField(default=0)
    unexplained = models.JSONField(default=list)
    days = models.JSONField(default=dict)
    hours = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("state of the counting")
        verbose_name_plural = _("state of the counting")

    def __str__(self) -> str:
        return f"counted at {self.taken_at}"
