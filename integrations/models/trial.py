"""A test lead: a throwaway contact that shows whether every mapped field can be written."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.logic.trial import Step
from integrations.models.connection import IntercomConnection
from integrations.models.settings import SyncSettings


class TrialState(models.TextChoices):
    """Where a test lead stands. Until DONE, a contact may exist in Intercom that we have to delete."""

    QUEUED = "queued", _("Waiting to be sent")
    RUNNING = "running", _("Being tested")
    CLEANING = "cleaning", _("Deleting the test contact")
    DONE = "done", _("Done")


class Trial(models.Model):
    """One test of a tab's settings in a workspace: a row for the drain, which alone writes to Intercom.

    `content` is the tab as it was tested (the form of an exported document), saved or not. `findings` has
    an entry for each field that is tested. `contact_id` is set as soon as Intercom has named the contact;
    a trial that began (`began_at`) and lost its answer is looked for by its email. `step` is what is to be
    done next, `tries` how often that has failed. A contact is owed its deletion even when the tab is gone.
    """

    settings = models.ForeignKey(SyncSettings, models.SET_NULL, null=True, blank=True, related_name="trials")
    connection = models.ForeignKey(IntercomConnection, models.PROTECT, related_name="trials")
    made_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(_("asked for at"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=10, choices=TrialState, default=TrialState.QUEUED)
    step = models.CharField(_("next step"), max_length=20, default=Step.CREATE.value)
    due_at = models.DateTimeField(_("next step at"), null=True, blank=True)
    tries = models.PositiveIntegerField(_("failed tries of this step"), default=0)
    looks = models.PositiveIntegerField(_("searches for a lost contact"), default=0)
    email = models.CharField(_("email"), max_length=254)
    content = models.JSONField(_("settings tested"))
    contact_id = models.CharField(_("Intercom contact ID"), max_length=64, blank=True)
    began_at = models.DateTimeField(_("began at"), null=True, blank=True)
    tested_at = models.DateTimeField(_("tested at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("contact deleted at"), null=True, blank=True)
    passed = models.BooleanField(_("every field was written"), null=True, blank=True)
    failure = models.CharField(_("why it could not be tested"), max_length=30, blank=True)
    message = models.CharField(_("Intercom's word for it"), max_length=500, blank=True)
    findings = models.JSONField(_("findings"), default=list)

    class Meta:
        verbose_name = _("test lead")
        verbose_name_plural = _("test leads")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=TrialState.DONE, due_at__isnull=True)
                | (~Q(state=TrialState.DONE) & Q(due_at__isnull=False)),
                name="trial_due_until_done",
            ),
            models.UniqueConstraint(
                # One that runs in a workspace which its campaign has left must not stand in the way here.
                fields=["settings", "connection"],
                condition=Q(state__in=[TrialState.QUEUED, TrialState.RUNNING]),
                name="one_trial_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "due_at"], condition=~Q(state=TrialState.DONE), name="trial_due"
            ),
            models.Index(fields=["settings", "-id"], name="trial_latest"),
        ]

    def __str__(self) -> str:
        return f"trial {self.pk}: {self.state}"
