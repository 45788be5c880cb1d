"""Erasing a person on request: what was asked for, what is still owed for it, and what stays as proof.

Nothing in here names the person once it is done: the email is kept as a keyed hash.
"""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from integrations.models.connection import IntercomConnection
from integrations.models.secrets import seal, unseal


def hash_of(email: str) -> str:
    """What stands for a normalised email where it may not be kept: of no use without SECRET_KEY."""
    return salted_hmac("integrations.erasure", email, algorithm="sha256").hexdigest()


class ErasureState(models.TextChoices):
    WAITING = "waiting", _("Waiting until nothing is on its way")
    DELETING = "deleting", _("Erased here; the contact in Intercom is being deleted")
    DONE = "done", _("Done")


class Erasure(models.Model):
    """One person's erasure. Until the rows are erased their email is kept sealed; afterwards only its hash.

    `walk` is how far what is kept of others has been looked through for them, while that takes longer.
    `found` counts by kind what was erased. `delete_in` are the workspaces whose contact is to be deleted too.
    """

    email_hash = models.CharField(_("keyed hash of the email"), max_length=64, db_index=True)
    sealed_email = models.TextField(editable=False, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ErasureState, default=ErasureState.WAITING)
    asked_at = models.DateTimeField(_("asked for at"), default=timezone.now)
    asked_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    delete_in = models.JSONField(_("workspaces whose contact is deleted too"), default=list)
    walk = models.JSONField(default=dict, editable=False)
    found = models.JSONField(_("what was erased"), default=dict)
    erased_at = models.DateTimeField(_("erased here at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ErasureState.WAITING) | Q(sealed_email=""), name="erased_names_nobody"
            ),
            models.CheckConstraint(
                condition=Q(state=ErasureState.DONE, done_at__isnull=False)
                | (~Q(state=ErasureState.DONE) & Q(done_at__isnull=True)),
                name="erasure_done_at",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=~Q(state=ErasureState.DONE), name="erasure_to_do"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk}: {self.state}"

    @property
    def email(self) -> str:
        """In its one spelling; "" once it is erased. Raises SecretUnreadableError."""
        return unseal(self.sealed_email)

    @email.setter
    def email(self, value: str) -> None:
        self.sealed_email = seal(value)


class Fate(models.TextChoices):
    """What becomes of an erased person's contact in Intercom."""

    LEFT = "left", _("Stays in Intercom")
    OWED = "owed", _("Still to be deleted")
    DELETED = "deleted", _("Deleted")
    USED = "used", _("Kept: somebody who is here now has this contact")
    BY_HAND = "by_hand", _("Deleted by hand, as somebody said")


class Hitch(models.TextChoices):
    """Why a contact is not deleted yet."""

    NONE = "", ""
    NO_ANSWER = "no_answer", _("Intercom did not answer as it should; it is tried again by itself.")
    FORBIDDEN = "forbidden", _("Our access to the workspace may not delete contacts.")
    REFUSED = "refused", _("Intercom refused to delete it.")


class ErasedContact(models.Model):
    """An erased person's contact in one workspace. Its id is kept, sealed, only while it is to be deleted;
    afterwards its keyed hash, by which Intercom's word that we have deleted it is known."""

    erasure = models.ForeignKey(Erasure, models.CASCADE, related_name="contacts")
    connection = models.ForeignKey(IntercomConnection, models.PROTECT, related_name="+")
    sealed_contact_id = models.TextField(editable=False, blank=True)
    contact_hash = models.CharField(max_length=64, blank=True, editable=False)
    fate = models.CharField(_("in Intercom"), max_length=10, choices=Fate, default=Fate.LEFT)
    hitch = models.CharField(_("why not yet"), max_length=10, choices=Hitch, blank=True)
    due_at = models.DateTimeField(_("next try"), null=True, blank=True)
    tries = models.PositiveIntegerField(_("failed tries"), default=0)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("contact of an erased person")
        verbose_name_plural = _("contacts of erased people")
        constraints = [
            models.CheckConstraint(
                condition=Q(fate=Fate.OWED, due_at__isnull=False) & ~Q(sealed_contact_id="")
                | (~Q(fate=Fate.OWED) & Q(due_at__isnull=True, sealed_contact_id="")),
                name="contact_named_while_owed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "due_at"], condition=Q(fate=Fate.OWED), name="contact_to_delete"
            ),
            models.Index(
                fields=["contact_hash"], condition=~Q(contact_hash=""), name="contact_deleted_by_us"
            ),
        ]

    def __str__(self) -> str:
        return f"contact of erasure {self.erasure_id}: {self.fate}"

    @property
    def contact_id(self) -> str:
        """ "" unless it is still to be deleted. Raises SecretUnreadableError."""
        return unseal(self.sealed_contact_id)

    @contact_id.setter
    def contact_id(self, value: str) -> None:
        self.sealed_contact_id, self.contact_hash = seal(value), hash_of(value)


class BlindSpot(models.Model):
    """An email that a workspace was just written to, by a row that is gone: until then Intercom's search may
    not show what is true, and nobody of that email is created."""

    connection = models.ForeignKey(IntercomConnection, models.CASCADE, related_name="+")
    email_hash = models.CharField(max_length=64)
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("blind spot of Intercom's search")
        verbose_name_plural = _("blind spots of Intercom's search")
        constraints = [
            models.UniqueConstraint(fields=["connection", "email_hash"], name="one_blind_spot_an_email")
        ]
        indexes = [models.Index(fields=["until"], name="blind_spot_by_end")]

    def __str__(self) -> str:
        return f"blind until {self.until}"
