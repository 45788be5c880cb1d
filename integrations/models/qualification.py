"""What is known of the attribute that qualifies a lead, what was seen of it, and what Intercom told us."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Participant
from integrations.models.connection import IntercomConnection
from integrations.models.settings import SyncSettings

PRUNED = "…"
"""What stands for a value of the story that was too old to be kept."""


class WatchState(models.TextChoices):
    """Whether a lead's contact is looked at."""

    WATCHING = "watching", _("Watching")
    QUALIFIED = "qualified", _("Qualified")
    GONE = "gone", _("The contact is gone")
    ENDED = "ended", _("No longer watched")


class Watch(models.Model):
    """One lead's contact and the attribute that may qualify it: `logic.qualification.Watch`, stored.

    Moments are kept as Intercom's second times ten plus their place within it; empty before the first look.
    `checked_at` is our last look, null for one that is wanted at once. `wanted_at`: a first look must show
    what was true then or later, and other contacts of the person count only if they were made after it.
    `revision` is the settings' revision whose rule is watched, and, once qualified, the one that qualified.
    Where that rule was replaced at `rule_until`, it judges what was before; what came after is judged once a
    first look under the new rule has shown what to start from. `searched_alone`: Intercom has refused a
    search for its email together with others.
    """

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="watch")
    settings = models.ForeignKey(SyncSettings, models.CASCADE, related_name="watches")
    connection = models.ForeignKey(IntercomConnection, models.CASCADE, related_name="watches")
    contact_id = models.CharField(_("Intercom contact ID"), max_length=64)
    attribute = models.CharField(_("data attribute"), max_length=300)
    revision = models.PositiveIntegerField(_("settings revision"))
    state = models.CharField(_("state"), max_length=10, choices=WatchState, default=WatchState.WATCHING)
    since = models.BigIntegerField(null=True, blank=True)
    last_inside = models.BigIntegerField(null=True, blank=True)
    first_outside = models.BigIntegerField(null=True, blank=True)
    value = models.CharField(_("last known value"), max_length=300, blank=True)
    seen = models.BigIntegerField(null=True, blank=True)
    checked_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    wanted_at = models.DateTimeField(_("first look wanted since"), null=True, blank=True)
    rule_until = models.DateTimeField(_("its rule was replaced at"), null=True, blank=True)
    searched_alone = models.BooleanField(_("its email is searched for alone"), default=False)
    made_at = models.DateTimeField(_("watched since"), auto_now_add=True)

    class Meta:
        verbose_name = _("watched contact")
        verbose_name_plural = _("watched contacts")
        indexes = [
            models.Index(fields=["connection", "contact_id"], name="watch_by_contact"),
            models.Index(
                fields=["connection", "checked_at"],
                condition=Q(state__in=[WatchState.WATCHING, WatchState.GONE]),
                name="watch_to_check",
            ),
            models.Index(fields=["settings", "state", "revision"], name="watch_by_revision"),
        ]

    def __str__(self) -> str:
        return f"watch {self.pk}: {self.state}"


class ReceiptState(models.TextChoices):
    """What became of a notification."""

    NEW = "new", _("Not yet looked at")
    USED = "used", _("Looked at")
    UNUSED = "unused", _("Nothing that we use")
    FAILED = "failed", _("Could not be used")


class WebhookReceipt(models.Model):
    """One verified notification from Intercom, stored once.

    `item` is what of the contact is needed, and is cut down to the watched value once it was looked at.
    """

    connection = models.ForeignKey(IntercomConnection, models.CASCADE, related_name="receipts")
    notification_id = models.CharField(_("Intercom's notification ID"), max_length=100, blank=True)
    topic = models.CharField(_("topic"), max_length=100)
    contact_id = models.CharField(_("Intercom contact ID"), max_length=64, blank=True)
    item = models.JSONField(_("what it says"), default=dict)
    fingerprint = models.CharField(max_length=64)
    told_at = models.DateTimeField(_("happened at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    repeats = models.PositiveIntegerField(_("received again"), default=0)
    differed = models.BooleanField(_("came again with other content"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=ReceiptState, default=ReceiptState.NEW)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    used_at = models.DateTimeField(_("looked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notification from Intercom")
        verbose_name_plural = _("notifications from Intercom")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "notification_id"],
                condition=~Q(notification_id=""),
                name="one_receipt_a_notification",
            )
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state=ReceiptState.NEW), name="receipt_to_use"),
            models.Index(fields=["connection", "-id"], name="receipt_latest"),
            models.Index(fields=["connection", "contact_id"], name="receipt_by_contact"),
            models.Index(fields=["received_at"], name="receipt_by_age"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}: {self.topic}"


class Via(models.TextChoices):
    """How a value came to our knowledge."""

    WEBHOOK = "webhook", _("Intercom told us")
    LOOK = "look", _("We looked")
    WRITE = "write", _("Our own write")
    PERSON = "person", _("A person said so")


class Sighting(models.Model):
    """One line of a lead's qualification story: a value, how we learned of it, and what it meant."""

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="sightings")
    receipt = models.ForeignKey(
        WebhookReceipt, models.SET_NULL, null=True, blank=True, related_name="sightings"
    )
    via = models.CharField(_("how we know"), max_length=10, choices=Via)
    verdict = models.CharField(_("what it meant"), max_length=30)
    attribute = models.CharField(_("data attribute"), max_length=300, blank=True)
    value = models.CharField(_("value"), max_length=300, blank=True)
    revision = models.PositiveIntegerField(_("settings revision"), null=True, blank=True)
    told_at = models.DateTimeField(_("true at"), null=True, blank=True)
    made_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    made_by = models.CharField(_("by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        constraints = [
            # A notification that is looked at once more changes its line and adds none.
            models.UniqueConstraint(fields=["receipt", "participant"], name="one_line_a_notification")
        ]
        indexes = [
            models.Index(fields=["participant", "id"], name="sighting_by_person"),
            models.Index(fields=["made_at"], condition=~Q(value__in=["", PRUNED]), name="sighting_to_prune"),
        ]

    def __str__(self) -> str:
        return f"sighting {self.pk}: {self.verdict}"


class WebhookHealth(models.Model):
    """What arrives for a workspace, counted; of what was refused nothing but the count, when and why.

    The row without a workspace counts what could not be laid to any.
    """

    connection = models.OneToOneField(
        IntercomConnection, models.CASCADE, null=True, blank=True, related_name="webhook_health"
    )
    unused = models.PositiveBigIntegerField(_("received and not used"), default=0)
    refused = models.PositiveBigIntegerField(_("refused"), default=0)
    last_received_at = models.DateTimeField(_("last received at"), null=True, blank=True)
    last_refused_at = models.DateTimeField(_("last refused at"), null=True, blank=True)
    last_refusal = models.CharField(_("why refused"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("webhook health")
        verbose_name_plural = _("webhook health")

    def __str__(self) -> str:
        return f"webhooks of {self.connection_id}: {self.refused} refused"
