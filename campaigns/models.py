"""Campaigns, their custom lead fields, and the people in them. Rules for joining are in `services`."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.indexes import BeginningIndex
from campaigns.text import new_code, normalized_email


class CampaignStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    ENDED = "ended", _("Ended")


class LeadFieldType(models.TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    BOOLEAN = "boolean", _("Yes or no")
    DATE = "date", _("Date")


class Audience(models.TextChoices):
    LEAD = "lead", _("Lead")
    REFERRER = "referrer", _("Referrer")


class ParticipantStatus(models.TextChoices):
    """Where a lead stands. Referrers stay pending for good."""

    PENDING = "pending", _("Pending")
    QUALIFIED = "qualified", _("Qualified")
    REJECTED = "rejected", _("Rejected")


class Campaign(models.Model):
    """A referral campaign. People may join while it is active."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("short name"), max_length=100, unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=CampaignStatus, default=CampaignStatus.ACTIVE
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether people may still join."""
        return self.status == CampaignStatus.ACTIVE


class LeadField(models.Model):
    """A question of the campaign's own that a lead answers when joining."""

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="lead_fields", verbose_name=_("campaign")
    )
    key = models.CharField(
        _("key"),
        max_length=50,
        validators=[
            RegexValidator(
                r"^[a-z0-9_]+\Z", _("Use small letters a to z, digits and underscores only."), code="key"
            )
        ],
        help_text=_("How other systems know this field: small letters, digits and underscores."),
    )
    label = models.CharField(_("label"), max_length=200, help_text=_("What people read on the form."))
    type = models.CharField(_("type"), max_length=10, choices=LeadFieldType, default=LeadFieldType.TEXT)
    required = models.BooleanField(_("required on the form"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("custom lead field")
        verbose_name_plural = _("custom lead fields")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "key"],
                name="leadfield_key_once",
                violation_error_message=_("This campaign already has a field with this key."),
            )
        ]

    def __str__(self) -> str:
        return self.label


class Participant(models.Model):
    """A person in a campaign: a lead (who was invited) or a referrer (who invites).

    Rows are made by `services.join_lead` and `services.join_referrer`. The primary key is the "Lead ID".
    """

    # Indexed below, together with the order that people are listed in.
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="participants", verbose_name=_("campaign"), db_index=False
    )
    audience = models.CharField(_("lead or referrer"), max_length=10, choices=Audience)
    referrer = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="referrals",
        verbose_name=_("referrer"),
    )
    email = models.EmailField(_("email"), max_length=254)
    email_normalized = models.CharField(_("email, lower-cased"), max_length=254, editable=False)
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    company = models.CharField(_("company"), max_length=255, blank=True)
    source = models.CharField(_("source"), max_length=255, blank=True)
    referral_code = models.CharField(
        _("referral code"), max_length=20, unique=True, default=new_code, editable=False
    )
    custom = models.JSONField(_("custom fields"), default=dict, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=ParticipantStatus, default=ParticipantStatus.PENDING
    )
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    qualified_at = models.DateTimeField(_("qualified"), null=True, blank=True, editable=False)

    newly_joined: bool = False
    """Set by the services that join people: whether that very call made the row. Not stored."""

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            # The email comes first, so that this index also finds a person across campaigns.
            models.UniqueConstraint(
                fields=["email_normalized", "campaign", "audience"], name="participant_once"
            ),
            models.CheckConstraint(
                condition=Q(status="qualified", qualified_at__isnull=False)
                | (~Q(status="qualified") & Q(qualified_at__isnull=True)),
                name="participant_qualified_time",
            ),
            models.CheckConstraint(
                condition=Q(audience="lead") | Q(status="pending"), name="participant_only_leads_qualify"
            ),
            models.CheckConstraint(
                condition=Q(referrer__isnull=True) | ~Q(referrer=F("id")), name="participant_not_own_referrer"
            ),
        ]
        indexes = [
            # PostgreSQL serves "begins with" from an index only with this operator class.
            models.Index(
                fields=["email_normalized"],
                name="participant_email_prefix",
                opclasses=["varchar_pattern_ops"],
            ),
            BeginningIndex(
                Upper(Concat("first_name", Value(" "), "last_name", output_field=models.CharField())),
                name="participant_name_begins",
            ),
            BeginningIndex(Upper("last_name"), name="participant_surname_begins"),
            # What people are listed by, newest first.
            models.Index(fields=["-joined_at", "-id"], name="participant_newest"),
            models.Index(fields=["campaign", "-joined_at", "-id"], name="participant_of_campaign"),
            # Usually few among very many leads.
            models.Index(
                fields=["campaign", "-joined_at", "-id"],
                condition=Q(audience="referrer"),
                name="participant_referrers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.email})" if self.full_name else self.email

    @property
    def full_name(self) -> str:
        """First and last name, whole, joined with one space; "" when neither is known."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def referral_link(self) -> str:
        """The address that this person gives to others: PUBLIC_URL/r/<code>."""
        return f"{settings.PUBLIC_URL}/r/{self.referral_code}"

    def set_email(self, email: str) -> None:
        """Takes an email as typed; keeps it trimmed, and the normalised spelling beside it."""
        self.email = email.strip()
        self.email_normalized = normalized_email(email)
