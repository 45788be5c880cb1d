"""One order for many people of the sync log: carried out at a pace, after a sample, with a way to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.release import Pace
from integrations.models.settings import SettingsRevision, SyncSettings

if TYPE_CHECKING:
    from datetime import datetime


class LeftAs(models.TextChoices):
    """Why somebody was left alone whom the order could have brought to Intercom."""

    UNFIT = "", _("it did not fit")
    THERE = "in_intercom", _("in Intercom by then")
    LEAVING = "leaving", _("just leaving for Intercom")
    MOVED_ON = "moved_on", _("moved on")


class BulkOrder(models.Model):
    """Somebody's order for everybody chosen, as they stood when the page that asks was made (`seen_at`).

    Those chosen are named by `ids`, or, where they are too many to name, by what the log was narrowed to
    (`query`), by the version of the settings that they were last written under (`version`), or by the tab
    under which they went without a field (`settings`). It goes through their deliveries once, by primary
    key, to `up_to` at most; `reached` is the last one looked at. `left_alone` counts those whom the order
    could not bring to Intercom, by the reason, and others by `LeftAs`.

    With a sample it stops after so many (`asked_at`) until somebody says that it goes on (`answered_at`).
    `token` stands in the page that asks, so that confirming twice makes one order.
    """

    token = models.UUIDField(unique=True, editable=False)
    command = models.CharField(_("order"), max_length=30)
    query = models.JSONField(_("what the log was narrowed to"), null=True, blank=True)
    ids = models.JSONField(_("entries of the sync log"), default=list, blank=True)
    version = models.ForeignKey(SettingsRevision, models.SET_NULL, null=True, blank=True, related_name="+")
    settings = models.ForeignKey(SyncSettings, models.SET_NULL, null=True, blank=True, related_name="+")
    made_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(_("ordered at"), auto_now_add=True)
    seen_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    per_minute = models.PositiveIntegerField(_("pace"), choices=Pace, default=Pace.AT_ONCE)
    total = models.PositiveIntegerField(_("people in all"))
    up_to = models.BigIntegerField(_("highest delivery"))
    reached = models.BigIntegerField(_("last delivery looked at"), default=0)
    done = models.PositiveIntegerField(_("people ordered for so far"), default=0)
    left_alone = models.JSONField(_("people left as they are, by reason"), default=dict, blank=True)
    sample = models.PositiveSmallIntegerField(_("people of the sample"), default=0)
    sample_ids = models.JSONField(_("entries of the sample"), default=list, blank=True)
    asked_at = models.DateTimeField(_("sample done at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("told to go on at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    next_at = models.DateTimeField(_("next few at"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    stopped_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("order for many")
        verbose_name_plural = _("orders for many")
        indexes = [
            models.Index(fields=["finished_at"], name="bulk_order_by_end"),
            models.Index(
                fields=["next_at"],
                condition=models.Q(finished_at=None, stopped_at=None),
                name="bulk_order_running",
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}: {self.command}, {self.done} of {self.total}"

    @property
    def as_of(self) -> datetime:
        """What happened to somebody after this is newer than the order."""
        return self.seen_at or self.made_at
