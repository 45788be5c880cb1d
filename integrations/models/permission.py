"""Answers of Intercom's permission page: each is good once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class UsedState(models.Model):
    """A state that was brought back. Of two requests with the same one, the database lets one in.

    A row of its own: a session is written whole by whoever ends last, and may bring back what was taken out.
    """

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    used_at = models.DateTimeField(_("used at"), auto_now_add=True)

    class Meta:
        verbose_name = _("used answer of Intercom's permission page")
        verbose_name_plural = _("used answers of Intercom's permission page")

    def __str__(self) -> str:
        return f"state used at {self.used_at}"
