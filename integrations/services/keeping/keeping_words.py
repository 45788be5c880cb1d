"""What erasing a person means, and how it went, in words for pages and the command. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import ConnectionStatus, ErasureState, Fate, SecretUnreadableError
from integrations.services.contact_page import contact_url
from integrations.services.keeping.person import used_by_others
from integrations.services.outcome_words import Badge, Look

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.models import ErasedContact, Erasure, IntercomConnection
    from integrations.services.keeping.person import Person

KINDS: Mapping[str, _StrPromise] = {
    "people": gettext_lazy("Times they joined a campaign"),
    "entries": gettext_lazy("Entries of the sync log"),
    "attempts": gettext_lazy("Attempts, with what was sent and answered"),
    "links": gettext_lazy("Remembered contacts"),
    "watches": gettext_lazy("Contacts watched for qualification"),
    "sightings": gettext_lazy("Lines of their qualification story"),
    "receipts": gettext_lazy("Notifications from Intercom about them"),
    "referred": gettext_lazy("People they brought in, who stay, without a referrer"),
}
STATES: Mapping[str, Badge] = {
    ErasureState.WAITING: Badge(gettext_lazy("Waiting"), Look.INFO),
    ErasureState.DELETING: Badge(gettext_lazy("Deleting in Intercom"), Look.WARN),
    ErasureState.DONE: Badge(gettext_lazy("Done"), Look.OK),
}


@dataclass(frozen=True, slots=True)
class Number:
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class ContactInWords:
    """One contact in Intercom. `trouble` says why it cannot be deleted from here; "" where it can. `coming`:
    there may be one by the time they are erased."""

    workspace: IntercomConnection
    name: str
    url: str
    trouble: str
    coming: bool = False


@dataclass(frozen=True, slots=True)
class Remains:
    """What became of one contact, or what is still owed. `url` only while it is to be deleted."""

    name: str
    fate: str
    hitch: str
    url: str


def numbers(found: Mapping[str, int]) -> list[Number]:
    """Each kind of which there is some, in the order in which people think of them."""
    return [Number(str(label), found[kind]) for kind, label in KINDS.items() if found.get(kind)]


def contacts_of(person: Person, workspaces: Mapping[int, IntercomConnection]) -> list[ContactInWords]:
    """What Intercom holds of a person, as far as we know, or will by the time they are erased."""
    used = used_by_others(person)
    rows = []
    for connection_id, contact_id in sorted(person.contacts):
        workspace = workspaces[connection_id]
        trouble = _trouble(workspace, is_used=(connection_id, contact_id) in used)
        rows.append(ContactInWords(workspace, _name(workspace), contact_url(workspace, contact_id), trouble))
    offered = {row.workspace.pk for row in rows if not row.trouble}
    for connection_id in sorted((person.coming | person.in_doubt) - offered):
        workspace = workspaces[connection_id]
        coming = connection_id in person.coming
        trouble = _trouble(workspace, is_used=False) if coming else _never_answered()
        rows.append(ContactInWords(workspace, _name(workspace), "", trouble, coming=coming and not trouble))
    return rows


def _never_answered() -> str:
    return _("It was never answered whether a contact of theirs was made here. Look for their email there.")


def _trouble(workspace: IntercomConnection, *, is_used: bool) -> str:
    if is_used:
        return _("Somebody else here has this contact too, so it cannot be deleted from here.")
    if workspace.status != ConnectionStatus.CONNECTED:
        return _("We have no access to this workspace, so it has to be deleted there.")
    return ""


def badge_of(erasure: Erasure) -> Badge:
    return STATES[erasure.state]


def remains_of(erasure: Erasure) -> list[Remains]:
    """For an erasure with its contacts and their workspaces at hand."""
    return [_remains(contact) for contact in erasure.contacts.all()]


def _remains(contact: ErasedContact) -> Remains:
    url, hitch = "", contact.get_hitch_display() if contact.hitch else ""
    if contact.fate == Fate.OWED:
        try:
            url = contact_url(contact.connection, contact.contact_id)
        except SecretUnreadableError:
            hitch = _("No key opens the contact’s ID any more.")
        if contact.connection.status != ConnectionStatus.CONNECTED:
            hitch = _("We have no access to this workspace. Connect it again, or delete the contact there.")
    return Remains(_name(contact.connection), contact.get_fate_display(), str(hitch), url)


def still_named(erasure: Erasure) -> str:
    """The email while it is still kept; "" afterwards."""
    try:
        return erasure.email
    except SecretUnreadableError:
        return ""


def is_looking(erasure: Erasure) -> bool:
    """Whether nothing is on its way, and what is kept of others is still being looked through."""
    return erasure.state == ErasureState.WAITING and erasure.walk.get("through") is False


def told(erasure: Erasure) -> str:
    """What came of asking for it."""
    if is_looking(erasure):
        return _(
            "Much is kept here, and it is being looked through for them. They are erased in some minutes, by "
            "itself; nothing more is sent."
        )
    if erasure.state == ErasureState.WAITING:
        return _(
            "Something about this person is on its way to Intercom. They are erased as soon as that has "
            "ended; nothing more is sent."
        )
    if erasure.state == ErasureState.DELETING:
        return _("Erased here. The contact in Intercom is being deleted.")
    proof = _("Erased. What is left is that somebody was erased, when, and by whom.")
    if erasure.contacts.filter(fate=Fate.LEFT).exists():
        return f"{proof} {_('Their contact in Intercom stays there: we have forgotten which one it is.')}"
    return proof


def _name(workspace: IntercomConnection) -> str:
    return workspace.name or workspace.workspace_id
