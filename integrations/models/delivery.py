"""What we owe each participant (the outbox), and each try of it. The row is the truth; a task is a hint."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Participant
from integrations.logic import states
from integrations.models.connection import IntercomConnection
from integrations.models.literal import literally
from integrations.models.settings import SyncSettings


class DeliveryState(models.TextChoices):
    WAITING = states.State.WAITING.value, _("Waiting")
    SENDING = states.State.SENDING.value, _("Sending")
    UNCERTAIN = states.State.UNCERTAIN.value, _("Uncertain")
    HELD = states.State.HELD.value, _("Held for an answer")
    CREATED = states.State.CREATED.value, _("Created")
    UPDATED = states.State.UPDATED.value, _("Updated")
    SKIPPED = states.State.SKIPPED.value, _("Skipped")
    NOT_SENT = states.State.NOT_SENT.value, _("Not sent")
    NEEDS_ATTENTION = states.State.NEEDS_ATTENTION.value, _("Needs attention")


OPEN = [state.value for state in states.OPEN]
DUE = [state.value for state in states.DUE]
IN_FLIGHT = [state.value for state in states.IN_FLIGHT]
ORDERS = [(order.value, order.value) for order in states.Order if order]
IS_IN_FLIGHT = Q(state__in=literally(IN_FLIGHT))
"""As a condition that finds the indexes of those in flight; beside what else is asked of a state."""
INTENTS = [(intent.value, intent.value) for intent in states.Intent if intent]


class Delivery(models.Model):
    """The outbox row of one participant.

    `settings` is the tab under which the participant joined; its connection is the workspace that will be
    written to. `connection` is empty until a write is committed to one workspace (`sending`), so that a
    tab can be pointed at another workspace while its leads wait. `email`, `intent` and `intent_at` are
    what was about to leave then: they outlive an edit of the participant.

    `owed_since` is when somebody last meant this to be sent (joining, or a person who said so): what has
    waited longer than 72 hours is not sent by surprise. `order` is what a person asked for.

    `campaign` and `joined_at` repeat the participant's, which never change, and `outcome` sums up `state`:
    so that the log is searched in one table, newest first, by one index at a time.
    """

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="delivery")
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="deliveries", db_index=False, editable=False
    )
    joined_at = models.DateTimeField(_("joined"), editable=False)
    settings = models.ForeignKey(
        SyncSettings, models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    connection = models.ForeignKey(
        IntercomConnection, models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    state = models.CharField(_("state"), max_length=20, choices=DeliveryState)
    outcome = models.GeneratedField(
        expression=Case(When(state__in=OPEN, then=Value(states.Outcome.WAITING.value)), default=F("state")),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )
    reason = models.CharField(_("reason"), max_length=30, blank=True)
    due_at = models.DateTimeField(_("next try"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    owed_since = models.DateTimeField(_("owed since"))
    order = models.CharField(_("a person's order"), max_length=20, blank=True, choices=ORDERS)
    settled_as = models.CharField(
        _("outcome before the order"), max_length=20, blank=True, choices=DeliveryState
    )
    email = models.CharField(_("email sent"), max_length=254, blank=True)
    intent = models.CharField(_("intent"), max_length=20, blank=True, choices=INTENTS)
    intent_at = models.DateTimeField(_("intent at"), null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    contact_id = models.CharField(_("Intercom contact ID"), max_length=64, blank=True)
    settings_revision = models.PositiveIntegerField(_("settings revision"), null=True, blank=True)
    incomplete = models.BooleanField(_("incomplete"), default=False)
    message = models.CharField(_("Intercom's word for it"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("entry of the sync log")
        verbose_name_plural = _("entries of the sync log")
        permissions = [("repair_delivery", _("Can retry, choose, restore and cancel"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DUE, due_at__isnull=False)
                | (~Q(state__in=DUE) & Q(due_at__isnull=True)),
                name="due_while_waiting_or_uncertain",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=IN_FLIGHT)
                | (Q(connection__isnull=False, intent_at__isnull=False) & ~Q(email="") & ~Q(intent="")),
                name="in_flight_has_an_intent",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENDING, lease_token__isnull=False)
                | (~Q(state=DeliveryState.SENDING) & Q(lease_token__isnull=True)),
                name="sending_under_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[DeliveryState.CREATED, DeliveryState.UPDATED])
                | (Q(connection__isnull=False) & ~Q(contact_id="")),
                name="delivered_names_its_contact",
            ),
            # Two creates for one email could never be told apart afterwards.
            models.UniqueConstraint(
                fields=["connection", "email"],
                condition=Q(state__in=IN_FLIGHT),
                name="one_write_in_flight_an_email",
            ),
        ]
        indexes = [
            models.Index(
                fields=["settings", "due_at", "id"],
                condition=Q(state=DeliveryState.WAITING),
                name="delivery_due",
            ),
            models.Index(
                fields=["connection", "due_at"], condition=Q(state__in=IN_FLIGHT), name="delivery_in_flight"
            ),
            models.Index(fields=["connection", "contact_id"], name="delivery_by_contact"),
            models.Index(
                fields=["connection", "due_at"],
                condition=Q(state=DeliveryState.WAITING, order=states.Order.UNDO.value),
                name="delivery_to_undo",
            ),
            models.Index(fields=["settings", "state", "reason"], name="delivery_by_outcome"),
            models.Index(fields=["settings"], condition=Q(incomplete=True), name="delivery_incomplete"),
            models.Index(fields=["contact_id"], condition=~Q(contact_id=""), name="log_by_contact"),
            models.Index(
                fields=["settled_at"],
                condition=Q(state=DeliveryState.NEEDS_ATTENTION),
                name="delivery_failed_lately",
            ),
            # What the log is narrowed by, and then its order.
            models.Index(fields=["outcome", "-joined_at", "-participant"], name="log_by_outcome"),
            models.Index(fields=["reason", "-joined_at", "-participant"], name="log_by_reason"),
            models.Index(fields=["connection", "-joined_at", "-participant"], name="log_by_workspace"),
            models.Index(
                fields=["campaign", "outcome", "-joined_at", "-participant"], name="log_by_campaign_outcome"
            ),
            # For whatever else narrows a campaign: few have people in many workspaces.
            models.Index(fields=["campaign", "-joined_at", "-participant"], name="log_by_campaign"),
            # Whoever is bound to no workspace is looked for by tab; besides those not sent they are few.
            models.Index(
                fields=["-joined_at", "-participant", "settings"],
                condition=Q(connection__isnull=True) & ~Q(outcome=states.Outcome.NOT_SENT.value),
                name="log_of_unbound",
            ),
            models.Index(
                fields=["outcome", "-joined_at", "-participant", "settings"],
                condition=Q(connection__isnull=True) & ~Q(outcome=states.Outcome.NOT_SENT.value),
                name="log_of_unbound_by_outcome",
            ),
            models.Index(
                fields=["connection", "outcome", "-joined_at", "-participant"],
                condition=Q(
                    connection__isnull=False,
                    outcome__in=[states.Outcome.WAITING.value, states.Outcome.NEEDS_ATTENTION.value],
                ),
                name="log_unsettled_in_workspace",
            ),
            models.Index(
                fields=["-joined_at", "-participant"], condition=Q(incomplete=True), name="log_of_incomplete"
            ),
        ]

    def __str__(self) -> str:
        return gettext("Entry %(number)s of the sync log") % {"number": self.pk}


class Attempt(models.Model):
    """One try of a delivery in one workspace. Append-only; holds nothing that the log must not show."""

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="tries", verbose_name=_("entry of the sync log")
    )
    connection = models.ForeignKey(IntercomConnection, models.PROTECT, related_name="+")
    settings_revision = models.PositiveIntegerField(_("settings revision"))
    started_at = models.DateTimeField(_("started at"))
    duration_ms = models.PositiveIntegerField(_("duration in ms"))
    decision = models.CharField(_("decision"), max_length=20, blank=True)
    state = models.CharField(_("state afterwards"), max_length=20, choices=DeliveryState)
    reason = models.CharField(_("reason"), max_length=30, blank=True)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    code = models.CharField(_("Intercom's code"), max_length=100, blank=True)
    message = models.CharField(_("Intercom's message"), max_length=500, blank=True)
    request_id = models.CharField(_("Intercom's request ID"), max_length=100, blank=True)
    contact_id = models.CharField(_("Intercom contact ID"), max_length=64, blank=True)
    calls = models.JSONField(_("calls"), default=list)
    matches = models.JSONField(_("contacts found"), default=list)
    sent = models.JSONField(_("what was sent"), default=dict)
    received = models.JSONField(_("what came back"), default=dict)
    before = models.JSONField(_("values before"), default=dict)
    after = models.JSONField(_("values after"), default=dict)
    notes = models.JSONField(_("notes"), default=list)
    pruned_at = models.DateTimeField(_("details removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = [
            models.Index(fields=["delivery", "id"], name="attempt_by_delivery"),
            models.Index(fields=["started_at"], name="attempt_by_age"),
            models.Index(fields=["started_at"], condition=Q(pruned_at__isnull=True), name="attempt_to_prune"),
        ]

    def __str__(self) -> str:
        told = {"number": self.pk, "entry": self.delivery_id}
        return gettext("Attempt %(number)s of entry %(entry)s") % told


class SweepState(models.Model):
    """Where the sweep stands, and when a worker last showed that it lives: one row.

    `receipts_dirty`: Intercom told us something since somebody last looked, and a task to look is queued.
    `pruned_at`: when what is too old was last looked for; empty when some of it was left.
    """

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    beat_at = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
    checked_to = models.BigIntegerField(default=0)
    receipts_dirty = models.BooleanField(default=False)
    pruned_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sweep")
        verbose_name_plural = _("sweeps")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_sweep_state")]

    def __str__(self) -> str:
        return f"swept at {self.swept_at}"
