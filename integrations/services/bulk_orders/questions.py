"""What an order for many asks before it is given. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Audience
from integrations.models import SettingsRevision
from integrations.services.bulk_orders.forecast import COUNTED
from integrations.services.repair_rules import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise


BY_THE_RULES = gettext_lazy(
    "Each goes by the settings of their campaign as they are when their turn comes, and by its choice for "
    "people who are in Intercom already."
)
WORKFLOWS = gettext_lazy("Workflows in Intercom for new contacts will run for each contact that is created.")
CHANGES = gettext_lazy("Workflows in Intercom that look at these fields may run for each of them.")

WHAT: Mapping[Command, tuple[_StrPromise, ...]] = {
    Command.SEND_AGAIN: (BY_THE_RULES, WORKFLOWS),
    Command.RETRY_NOW: (
        gettext_lazy("Each is tried at once instead of later. What was in doubt is checked first."),
        WORKFLOWS,
    ),
    Command.UPDATE_ANYWAY: (
        gettext_lazy(
            "The contact that each has in Intercom is updated, although the settings say to do nothing."
        ),
        CHANGES,
    ),
    Command.RESTORE_AND_UPDATE: (
        gettext_lazy(
            "The archived contact of each is taken out of the archive and updated. Somebody may have "
            "archived it on purpose, as spam or because the person asked to be removed."
        ),
        CHANGES,
    ),
    Command.SEND_PRESENT: (
        gettext_lazy(
            "The contact of each is updated with what we know of the person now, by the settings as they are "
            "now, whatever they say about people who are in Intercom already."
        ),
        CHANGES,
    ),
    Command.COMPLETE: (
        gettext_lazy("Each contact gets the fields that could not be written before."),
        CHANGES,
    ),
    Command.UNDO: (
        gettext_lazy(
            "Each contact gets back what its fields held before we updated it. Fields that somebody has "
            "changed since are left as they are."
        ),
        gettext_lazy("All updates of ours to these contacts are taken back, not only the last one."),
        CHANGES,
    ),
    Command.CANCEL: (
        gettext_lazy("Nothing is sent to Intercom for them. You can send them later from the sync log."),
    ),
}
"""What will happen, in whole sentences."""


def number_in_words(number: int) -> str:
    """As far as is counted: "1,000+" for any number above."""
    if number > COUNTED:
        return f"{number_format(COUNTED, force_grouping=True)}+"
    return number_format(number, force_grouping=True)


def question(command: Command, number: int) -> str:
    """What confirming answers."""
    told = {"number": number_in_words(number)}
    match command:
        case Command.SEND_AGAIN:
            text = ngettext(
                "Send %(number)s person to Intercom?", "Send %(number)s people to Intercom?", number
            )
        case Command.RETRY_NOW:
            text = ngettext("Try %(number)s person now?", "Try %(number)s people now?", number)
        case Command.UPDATE_ANYWAY:
            text = ngettext(
                "Update %(number)s existing contact?", "Update %(number)s existing contacts?", number
            )
        case Command.RESTORE_AND_UPDATE:
            text = ngettext(
                "Restore and update %(number)s archived contact?",
                "Restore and update %(number)s archived contacts?",
                number,
            )
        case Command.COMPLETE:
            text = ngettext(
                "Send the missing fields of %(number)s person?",
                "Send the missing fields of %(number)s people?",
                number,
            )
        case Command.SEND_PRESENT:
            text = ngettext(
                "Send the present values of %(number)s person?",
                "Send the present values of %(number)s people?",
                number,
            )
        case Command.UNDO:
            text = ngettext(
                "Take the update of %(number)s contact back?",
                "Take the updates of %(number)s contacts back?",
                number,
            )
        case Command.CANCEL:
            text = ngettext("Don't send %(number)s person?", "Don't send %(number)s people?", number)
    return text % told


def answer(command: Command) -> str:
    """What the button says that confirms it."""
    words = {
        Command.SEND_AGAIN: _("Send them"),
        Command.RETRY_NOW: _("Try them now"),
        Command.UPDATE_ANYWAY: _("Update them"),
        Command.RESTORE_AND_UPDATE: _("Restore and update them"),
        Command.SEND_PRESENT: _("Send them"),
        Command.COMPLETE: _("Send them"),
        Command.UNDO: _("Take them back"),
        Command.CANCEL: _("Don't send them"),
    }
    return words[command]


def version_in_words(version: int) -> str:
    """Whom an order means that is for a version of the settings; "" where there is none."""
    revision = SettingsRevision.objects.select_related("settings__campaign").filter(pk=version).first()
    if revision is None:
        return ""
    told = {"number": revision.number, "campaign": revision.settings.campaign.name}
    if revision.settings.audience == Audience.LEAD:
        return _("Leads of %(campaign)s whose contact was last written under version %(number)d.") % told
    return _("Referrers of %(campaign)s whose contact was last written under version %(number)d.") % told
