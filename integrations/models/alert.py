"""Trouble that people are told of by e-mail: when it began, when it was over, and whether they were told."""

from __future__ import annotations

import uuid

from django.conf import settings as django_settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.models.connection import IntercomConnection
from integrations.models.settings import SyncSettings


class AlertKind(models.TextChoices):
    RECONNECT = "reconnect", _("Reconnect needed")
    FAILURES = "failures", _("Many failures")
    BACKLOG = "backlog", _("The line stands still")
    FIELDS = "fields", _("Field problem")
    WEBHOOKS = "webhooks", _("Notifications refused")
    WORKER = "worker", _("Nothing was sent")


class Alert(models.Model):
    """One stretch of trouble, in one workspace or (without one) in the whole installation.

    `mail_due_at` is when the next e-mail about it is owed, empty where none is; `claim` is whoever sends it
    now. `number` is what a sentence needs (failures, fields): nobody's data.
    """

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=AlertKind)
    connection = models.ForeignKey(
        IntercomConnection,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="alerts",
        verbose_name=_("Intercom workspace"),
    )
    since = models.DateTimeField(_("since"))
    number = models.PositiveIntegerField(_("number"), default=0)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    begin_told_at = models.DateTimeField(_("e-mail sent at"), null=True, blank=True)
    end_told_at = models.DateTimeField(_("e-mail of its end sent at"), null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    mail_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    mail_problem = models.CharField(_("why no e-mail could be sent"), max_length=300, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "connection"], condition=Q(ended_at=None), name="one_alert_at_a_time"
            )
        ]
        indexes = [
            models.Index(
                fields=["mail_due_at"], condition=Q(mail_due_at__isnull=False), name="alert_to_tell"
            ),
            models.Index(fields=["ended_at"], name="alert_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.connection_id or ''}".strip()


class AlertSettings(models.Model):
    """Who is told of what: one row. `looked_at` is when trouble was last looked for."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    mailed = models.BooleanField(_("send alerts by e-mail"), default=True)
    to_group = models.BooleanField(_("to everybody in the group Integration admin"), default=True)
    others = models.JSONField(_("other addresses"), default=list, blank=True)
    failures = models.PositiveIntegerField(
        _("failures within an hour"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
    )
    backlog_minutes = models.PositiveIntegerField(
        _("minutes that people may wait"),
        default=15,
        validators=[MinValueValidator(5), MaxValueValidator(1440)],
    )
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    changed_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("alert settings")
        verbose_name_plural = _("alert settings")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_alert_settings")]

    def __str__(self) -> str:
        return "alert settings"


class TabClock(models.Model):
    """Since when a tab's people could be sent; empty while it is paused, unfinished or not connected.

    A line that begins to move after a pause is long without standing still.
    """

    settings = models.OneToOneField(SyncSettings, models.CASCADE, primary_key=True, related_name="clock")
    free_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("clock of a tab")
        verbose_name_plural = _("clocks of tabs")

    def __str__(self) -> str:
        return f"clock {self.settings_id}"
