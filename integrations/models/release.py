"""Letting a group of people go to Intercom who were not sent, or were held: at a pace, with a way to stop."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.settings import SyncSettings


class ReleaseKind(models.TextChoices):
    """Who is let go."""

    JOINED_BEFORE = "joined_before", _("Joined before the integration worked")
    HELD = "held", _("Waited for longer than 72 hours")


class Pace(models.IntegerChoices):
    """How many people are let go in a minute."""

    CAREFUL = 10, _("10 people a minute")
    BRISK = 100, _("100 people a minute")
    AT_ONCE = 0, _("All at once")


class Release(models.Model):
    """One answer "send them": those of one tab who were recorded before it was given, a few at a time.

    It goes through their deliveries once, from the oldest to `up_to`; `reached` is the last one looked at.
    """

    settings = models.ForeignKey(SyncSettings, models.CASCADE, related_name="releases")
    kind = models.CharField(_("who"), max_length=20, choices=ReleaseKind)
    made_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(_("asked for at"), auto_now_add=True)
    per_minute = models.PositiveIntegerField(_("pace"), choices=Pace)
    up_to = models.BigIntegerField(_("highest delivery"))
    reached = models.BigIntegerField(_("last delivery looked at"), default=0)
    next_at = models.DateTimeField(_("next few at"), null=True, blank=True)
    total = models.PositiveIntegerField(_("people in all"))
    sent = models.PositiveIntegerField(_("people let go so far"), default=0)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    stopped_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        constraints = [
            models.UniqueConstraint(
                fields=["settings", "kind"],
                condition=models.Q(finished_at=None, stopped_at=None),
                name="one_release_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"release {self.pk}: {self.sent} of {self.total}"
