"""For each reason, what it means and what to do, in plain words.

English here; `services.explain` translates. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from integrations.logic.notes import NoteCode
from integrations.logic.states import Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whole sentences. `next_step` says what a person can do, or that nothing need be done; it is empty
    where the matter is closed."""

    what: str
    next_step: str = ""


def gettext_noop(text: str) -> str:
    """Marks a sentence for the message catalogue and leaves it as it is."""
    return text


_ = gettext_noop

SEND_AFTER_ALL = _(
    "To send it after all, the campaign's settings must name an action; then choose “Send (again)”."
)

WAITING: Mapping[Reason, Explanation] = {
    Reason.QUEUED: Explanation(_("In line to be sent."), _("Nothing to do: it goes by itself.")),
    Reason.RETRY: Explanation(
        _("Intercom did not answer as it should."), _("Nothing to do: it is tried again by itself.")
    ),
    Reason.SENDING: Explanation(
        _("Being sent to Intercom right now."), _("Nothing to do: the answer is about to come.")
    ),
    Reason.UNCERTAIN: Explanation(
        _("Sent, but Intercom's answer got lost: the contact may or may not exist."),
        _("Nothing to do: once Intercom's search can show it, we look before sending again."),
    ),
    Reason.NOT_CONNECTED: Explanation(
        _("No Intercom workspace is connected to this campaign."),
        _("Connect the campaign to a workspace; then it is sent."),
    ),
    Reason.RECONNECT_NEEDED: Explanation(
        _("Intercom no longer accepts our access to this workspace."),
        _("Connect the workspace again; everything that waits is then sent."),
    ),
    Reason.SETUP_REQUIRED: Explanation(
        _("The settings are not complete: Setup Required."),
        _("Complete the settings (Email to Email, both sides of every mapped field); then it is sent."),
    ),
    Reason.SWITCHED_OFF: Explanation(
        _("The campaign says Nothing to action."),
        _("Choose an action to send it, or choose “Don't send” in the sync log."),
    ),
    Reason.PAUSED_CAMPAIGN: Explanation(
        _("Sending is paused for this campaign."), _("Resume it when you are ready.")
    ),
    Reason.PAUSED_WORKSPACE: Explanation(
        _("Sending is paused for the whole workspace."), _("Resume it when you are ready.")
    ),
    Reason.RATE_LIMITED: Explanation(
        _("Intercom asked us to slow down."), _("Nothing to do: it goes on within a minute.")
    ),
    Reason.NO_ANSWER: Explanation(
        _("Intercom does not answer for this workspace at the moment."),
        _("Nothing to do: it is tried again by itself within minutes."),
    ),
    Reason.HELD: Explanation(
        _("This has waited for more than 72 hours, so it is not sent by surprise."),
        _("Say whether it should still be sent."),
    ),
    Reason.RULE_FIELD_PROBLEM: Explanation(
        _("Intercom has no usable data attribute for the qualification rule of this campaign."),
        _("Repair the attribute in Intercom or change the rule; then it is sent."),
    ),
    Reason.UNDOING: Explanation(
        _("An update is about to be taken back: what was there before is put back."),
        _("Nothing to do: it goes by itself, whatever the campaign is set to by now."),
    ),
    Reason.SEARCH_LAG: Explanation(
        _("Somebody with this email was erased a moment ago, and Intercom's search does not show it yet."),
        _("Nothing to do: it goes by itself within minutes, so that no second contact is made."),
    ),
}

ENDED: Mapping[Reason, Explanation] = {
    Reason.NEW: Explanation(_("A new contact was created in Intercom.")),
    Reason.OURS: Explanation(
        _("Our contact was found in Intercom after its first answer had got lost. There is only one.")
    ),
    Reason.POLICY: Explanation(
        _("The contact already existed in Intercom, and your setting says: do nothing.")
    ),
    Reason.EXISTS: Explanation(_("The contact already existed in Intercom, and was updated.")),
    Reason.SAME_VALUES: Explanation(
        _("The contact already existed in Intercom and had all these values, so nothing had to be written.")
    ),
    Reason.COMPLETED: Explanation(_("The fields that could not be written at first were sent later.")),
    Reason.PRESENT_VALUES: Explanation(
        _("Somebody had the present values sent; the contact has them now, as your settings say.")
    ),
    Reason.UNDONE: Explanation(
        _("What we had written over was put back."),
        _("Nothing to do. “Send the present values” would write it once more."),
    ),
    Reason.NOTHING_TO_UNDO: Explanation(
        _(
            "The update was to be taken back, but nothing can be put back: no field has what we wrote any "
            "more, or what was there before is not kept any more. Nothing was changed."
        )
    ),
    Reason.UNDO_FAILED: Explanation(
        _("The update could not be taken back, so the contact may still have what we wrote."),
        _("If Intercom said why, it is told below. Undo it again once nothing stands in the way."),
    ),
    Reason.UNDO_NO_CONTACT: Explanation(
        _(
            "The update was to be taken back, but the contact is not there any more: it was archived, "
            "deleted or merged into another. Nothing was changed."
        ),
        _("If you restore it in Intercom, you can undo the update again."),
    ),
    Reason.NOTHING_TO_ACTION: Explanation(
        _("When this person joined, the settings on their tab (Leads or Referrers) said Nothing to action."),
        SEND_AFTER_ALL,
    ),
    Reason.DISCONNECTED: Explanation(
        _("This campaign was disconnected from Intercom when the person joined."),
        _("Connect the campaign, then send it from here if you want it in Intercom after all."),
    ),
    Reason.JOINED_LONG_AGO: Explanation(
        _("This person joined more than 48 hours before we heard of it."), SEND_AFTER_ALL
    ),
    Reason.CANCELLED: Explanation(_("Somebody chose “Don't send”."), SEND_AFTER_ALL),
}

ATTENTION: Mapping[Reason, Explanation] = {
    Reason.REJECTED: Explanation(
        _("Intercom rejected the contact."),
        _("Read Intercom's message, repair the field or the settings, and send it again."),
    ),
    Reason.SEVERAL_MATCHES: Explanation(
        _("Several contacts in Intercom could be the one we created."),
        _("Merge them in Intercom, or remove the wrong ones; then send it again."),
    ),
    Reason.ARCHIVED: Explanation(
        _("The contact is archived in Intercom, perhaps on purpose."),
        _("Restore it in Intercom if it should come back, and send it again."),
    ),
    Reason.NO_ID_IN_CONFLICT: Explanation(
        _("Intercom says that the contact exists, but not which one."),
        _("Look for the email in Intercom; then send it again."),
    ),
    Reason.NOT_AN_EMAIL: Explanation(
        _("There is no email to create a contact with."), _("Correct the email and send it again.")
    ),
    Reason.GAVE_UP: Explanation(
        _("Intercom could not be reached for 72 hours."), _("Send it again once Intercom works.")
    ),
    Reason.GAVE_UP_IN_DOUBT: Explanation(
        _("Sent, but for 72 hours Intercom could not be asked whether it arrived."),
        _("Send it again once Intercom works: we look for it before anything is created."),
    ),
    Reason.EXTERNAL_ID_TAKEN: Explanation(
        _("Another person in Intercom already has this External ID."),
        _("Map something else to External ID, or nothing; then send it again."),
    ),
    Reason.CONTACT_GONE: Explanation(
        _("The contact is not in Intercom any more."), _("Send it again if a new contact should be created.")
    ),
    Reason.NOT_RESTORABLE: Explanation(
        _("Intercom cannot restore this contact: it was deleted for good or blocked."),
        _("Nothing can be done for about a week; then a new contact can be created by sending it again."),
    ),
    Reason.INTERNAL_ERROR: Explanation(
        _("Something went wrong on our side."), _("Tell whoever runs this installation; then send it again.")
    ),
}

EXPLANATIONS: Mapping[Reason, Explanation] = MappingProxyType(
    {Reason.NONE: Explanation("")} | dict(WAITING) | dict(ENDED) | dict(ATTENTION)
)

NOTES: Mapping[NoteCode, str] = MappingProxyType(
    {
        NoteCode.CUT: _("was too long for Intercom and was cut"),
        NoteCode.OPTION_SPELLED_DIFFERENTLY: _("was sent in Intercom's own spelling"),
        NoteCode.PHONE_NOT_INTERNATIONAL: _("has no country code, so Intercom may not recognise it"),
        NoteCode.ATTRIBUTE_TYPE_CHANGED: _("was sent, although the field takes other values than before"),
        NoteCode.NOT_A_NUMBER: _("was left out: it is not a number"),
        NoteCode.NOT_A_WHOLE_NUMBER: _("was left out: it is not a whole number"),
        NoteCode.NUMBER_AMBIGUOUS: _("was left out: its comma could mean two things"),
        NoteCode.NOT_A_BOOLEAN: _("was left out: it is neither yes nor no"),
        NoteCode.NOT_A_DATE: _("was left out: it is not a date"),
        NoteCode.DATE_IN_MILLISECONDS: _("was left out: it counts milliseconds instead of seconds"),
        NoteCode.NOT_AN_OPTION: _("was left out: it is not one of the options in Intercom"),
        NoteCode.TARGET_FORBIDDEN: _("was left out: it is never written from here"),
        NoteCode.ATTRIBUTE_MISSING: _("was left out: the workspace has no such field"),
        NoteCode.ATTRIBUTE_ARCHIVED: _("was left out: the field is archived in Intercom"),
        NoteCode.ATTRIBUTE_NOT_WRITABLE: _("was left out: Intercom lets nobody write this field"),
        NoteCode.MARK_UNAVAILABLE: _("was left out: the workspace has no such field yet"),
        NoteCode.REFUSED: _("was left out: Intercom refused it"),
        NoteCode.EXTERNAL_ID_USERS_ONLY: _("was left out: only users have it, leads do not"),
        NoteCode.EMAIL_KEPT: _(
            "was left as it is in Intercom: it was changed here, and is not changed there"
        ),
        NoteCode.WAS_LEFT_OUT: _("was left out when the contact was created, which was known only later"),
        NoteCode.CHANGED_SINCE: _("was left as it is: it has been changed since we wrote it"),
        NoteCode.BACK_ALREADY: _("has the value from before already"),
        NoteCode.NOT_PUT_BACK: _("was left as it is: Intercom does not take the value from before back"),
        NoteCode.FORGOTTEN: _("was left as it is: what was there before us is not kept any more"),
    }
)
"""What happened to one field on its way, to be said after its name."""
