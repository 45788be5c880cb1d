"""An Intercom workspace that we may write to, what we know of its fields, and who writes to it now."""

from __future__ import annotations

import uuid

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.secrets import seal, unseal


class Region(models.TextChoices):
    US = "US", _("United States")
    EU = "EU", _("Europe")
    AU = "AU", _("Australia")
    SANDBOX = "SANDBOX", _("Sandbox")


class ConnectionStatus(models.TextChoices):
    CONNECTED = "connected", _("Connected")
    RECONNECT_NEEDED = "reconnect_needed", _("Reconnect needed")
    DISCONNECTED = "disconnected", _("Disconnected")


class Access(models.TextChoices):
    """How we were let in. It decides where webhooks arrive and how access is given back."""

    OAUTH = "oauth", _("Intercom's own permission page")
    TOKEN = "token", _("Access token of a private app")


SILENT = "no_answer"
"""Stands as the detail of a connected workspace that rests since Intercom did not answer."""


class IntercomConnection(models.Model):
    """One Intercom workspace. It may serve several campaigns.

    `paused_until`: it rests, since Intercom asked for it, or has not answered (`is_silent`).
    `dirty`: somebody joined since a drain last looked, and a drain is queued or running.
    `attributes_next_at`: the sweep has the fields read no earlier, since it has just done so or it failed.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    region = models.CharField(_("region"), max_length=8, choices=Region)
    workspace_id = models.CharField(_("workspace ID"), max_length=64)
    name = models.CharField(_("workspace name"), max_length=255, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=ConnectionStatus, default=ConnectionStatus.CONNECTED
    )
    status_since = models.DateTimeField(_("since"))
    status_detail = models.CharField(_("Intercom's word for it"), max_length=255, blank=True)
    access = models.CharField(_("access"), max_length=10, choices=Access, default=Access.TOKEN)
    sealed_token = models.TextField(editable=False, blank=True)
    sealed_webhook_secret = models.TextField(editable=False, blank=True)
    connected_at = models.DateTimeField(_("connected at"))
    paused_at = models.DateTimeField(_("paused by a person at"), null=True, blank=True)
    paused_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    paused_until = models.DateTimeField(_("rate limit: paused until"), null=True, blank=True)
    dirty = models.BooleanField(default=False, editable=False)
    attributes_at = models.DateTimeField(_("fields last read at"), null=True, blank=True)
    attributes_next_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("Intercom workspace")
        verbose_name_plural = _("Intercom workspaces")
        constraints = [
            models.UniqueConstraint(fields=["region", "workspace_id"], name="one_connection_a_workspace"),
            models.CheckConstraint(
                condition=~models.Q(status=ConnectionStatus.CONNECTED) | ~models.Q(sealed_token=""),
                name="connected_has_a_token",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.workspace_id} ({self.workspace_id}, {self.region})"

    @property
    def is_silent(self) -> bool:
        """Whether its last rest is, or was, for want of an answer."""
        return self.status == ConnectionStatus.CONNECTED and self.status_detail == SILENT

    @property
    def token(self) -> str:
        """The access token in the clear. Raises SecretUnreadableError."""
        return unseal(self.sealed_token)

    @token.setter
    def token(self, value: str) -> None:
        self.sealed_token = seal(value)

    @property
    def webhook_secret(self) -> str:
        """The client secret of a private app, "" where there is none. Raises SecretUnreadableError."""
        return unseal(self.sealed_webhook_secret) if self.sealed_webhook_secret else ""

    @webhook_secret.setter
    def webhook_secret(self, value: str) -> None:
        self.sealed_webhook_secret = seal(value) if value else ""


class DrainLease(models.Model):
    """Who may write to a workspace now.

    A table of its own: every transaction of a drain holds this row, and nobody who joins may wait for that.
    """

    connection = models.OneToOneField(
        IntercomConnection, models.CASCADE, primary_key=True, related_name="lease"
    )
    token = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("drain lease")
        verbose_name_plural = _("drain leases")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(token=None, expires_at=None)
                | models.Q(token__isnull=False, expires_at__isnull=False),
                name="lease_held_until_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"lease {self.connection_id}"


class DataAttribute(models.Model):
    """A contact field or custom data attribute of a workspace, as last read from Intercom."""

    connection = models.ForeignKey(IntercomConnection, models.CASCADE, related_name="attributes")
    full_name = models.CharField(_("full name"), max_length=300)
    label = models.CharField(_("label"), max_length=300, blank=True)
    data_type = models.CharField(_("type"), max_length=20)
    options = models.JSONField(_("options"), default=list, blank=True)
    writable = models.BooleanField(_("writable"), default=True)
    archived = models.BooleanField(_("archived"), default=False)
    custom = models.BooleanField(_("custom"), default=False)

    class Meta:
        verbose_name = _("data attribute")
        verbose_name_plural = _("data attributes")
        ordering = ["full_name"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "full_name"], name="one_row_an_attribute")
        ]

    def __str__(self) -> str:
        return self.full_name


class ContactLink(models.Model):
    """Our memory of which contact an email is, since Intercom's search lags by minutes."""

    connection = models.ForeignKey(IntercomConnection, models.CASCADE, related_name="links")
    email = models.CharField(_("email, normalised"), max_length=254)
    contact_id = models.CharField(_("Intercom contact ID"), max_length=64)
    role = models.CharField(_("role"), max_length=20)
    ours = models.BooleanField(_("created by us"), default=False)
    confirmed_at = models.DateTimeField(_("last confirmed at"))

    class Meta:
        verbose_name = _("contact link")
        verbose_name_plural = _("contact links")
        constraints = [models.UniqueConstraint(fields=["connection", "email"], name="one_link_an_email")]
        indexes = [models.Index(fields=["connection", "contact_id"], name="link_by_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id} ({self.role})"
