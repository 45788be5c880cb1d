"""One tab of the panel, the sections of that tab, and its history."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience, Campaign
from integrations.models.connection import IntercomConnection


class Action(models.TextChoices):
    NOTHING = "nothing", _("Nothing to action")
    CREATE_LEAD = "create_lead", _("Create New Lead In Intercom")
    CREATE_USER = "create_user", _("Create New User In Intercom")


class SyncSettings(models.Model):
    """What happens in Intercom when a lead (or a referrer) joins a campaign.

    `disconnected_at`: a person took the campaign out of its workspace; who joins since then is not sent.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="sync_settings")
    audience = models.CharField(_("tab"), max_length=10, choices=Audience)
    connection = models.ForeignKey(
        IntercomConnection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="settings",
        verbose_name=_("Intercom workspace"),
    )
    action = models.CharField(_("when somebody joins"), max_length=20, choices=Action, default=Action.NOTHING)
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    disconnected_at = models.DateTimeField(_("disconnected by a person at"), null=True, blank=True)
    asked_at = models.DateTimeField(
        _("question about those who joined before answered at"), null=True, blank=True, editable=False
    )
    revision = models.PositiveIntegerField(_("revision"), default=0, editable=False)

    class Meta:
        verbose_name = _("sync settings")
        verbose_name_plural = _("sync settings")
        permissions = [("pause_sync", _("Can pause and resume sending"))]
        constraints = [models.UniqueConstraint(fields=["campaign", "audience"], name="one_tab_an_audience")]

    def __str__(self) -> str:
        return f"{self.campaign} · {self.get_audience_display()}"


class SettingsRevision(models.Model):
    """What a tab said after one save: who, when, what."""

    settings = models.ForeignKey(SyncSettings, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("number"))
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)
    made_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    content = models.JSONField(_("content"))

    class Meta:
        verbose_name = _("settings revision")
        verbose_name_plural = _("settings revisions")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["settings", "number"], name="one_revision_a_number")]

    def __str__(self) -> str:
        return f"{self.settings_id} #{self.number}"


class FieldMap(models.Model):
    """One row of `Map your fields`."""

    class DataType(models.TextChoices):
        DYNAMIC = "dynamic", _("Dynamic Value")
        FIXED = "fixed", _("Fixed Value")

    class IfPresent(models.TextChoices):
        KEEP = "keep", _("Keep it")
        OVERWRITE = "overwrite", _("Overwrite")

    settings = models.ForeignKey(SyncSettings, models.CASCADE, related_name="field_map")
    position = models.PositiveIntegerField(_("position"), default=0)
    data_type = models.CharField(_("data type"), max_length=10, choices=DataType, default=DataType.DYNAMIC)
    source = models.CharField(_("from"), max_length=100, blank=True)
    value = models.TextField(_("fixed value"), blank=True)
    target = models.CharField(_("to (Intercom)"), max_length=300, blank=True)
    if_present = models.CharField(
        _("if the contact already has a value"), max_length=10, choices=IfPresent, default=IfPresent.KEEP
    )
    problem = models.CharField(_("field problem"), max_length=30, blank=True, editable=False)
    problem_message = models.CharField(
        _("Intercom's word for it"), max_length=500, blank=True, editable=False
    )
    problem_at = models.DateTimeField(_("field problem since"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("mapped field")
        verbose_name_plural = _("mapped fields")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["settings", "target"], condition=~models.Q(target=""), name="target_mapped_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.value if self.data_type == self.DataType.FIXED else self.source} → {self.target}"


class DuplicatePolicy(models.Model):
    """`How to handle duplicate users`."""

    class Policy(models.TextChoices):
        SKIP = (
            "skip",
            _("If the contact already exists in Intercom, do nothing, do not update the contact in Intercom"),
        )
        UPDATE = (
            "update",
            _(
                "If the contact already exists in Intercom, then update the contact that already exists "
                "in Intercom to mark them as referred"
            ),
        )

    settings = models.OneToOneField(SyncSettings, models.CASCADE, related_name="duplicate_policy")
    policy = models.CharField(_("duplicates"), max_length=10, choices=Policy, default=Policy.SKIP)
    marks = models.BooleanField(_("mark as referred"), default=False)

    class Meta:
        verbose_name = _("duplicate policy")
        verbose_name_plural = _("duplicate policies")

    def __str__(self) -> str:
        return self.policy


class QualificationRule(models.Model):
    """`Qualification Rules`: which change of a data attribute in Intercom qualifies a lead."""

    class Method(models.TextChoices):
        NONE = "none", _("Do not qualify my referrals")
        ATTRIBUTE_CHANGES = "attribute_changes", _("Data attribute would change")

    settings = models.OneToOneField(SyncSettings, models.CASCADE, related_name="qualification_rule")
    method = models.CharField(_("method"), max_length=20, choices=Method, default=Method.NONE)
    attribute = models.CharField(_("data attribute"), max_length=300, blank=True)
    initial_value = models.JSONField(_("value when created"), null=True, blank=True)
    qualifying_values = models.JSONField(_("qualifying values"), default=list, blank=True)

    class Meta:
        verbose_name = _("qualification rule")
        verbose_name_plural = _("qualification rules")

    def __str__(self) -> str:
        return self.method
