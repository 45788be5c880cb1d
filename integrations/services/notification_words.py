"""What Intercom's notifications, and our refusals of them, are called on a page. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from integrations.intercom.webhooks import Topic
from integrations.services.refused import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

TOPICS: Mapping[Topic, _StrPromise] = {
    Topic.USER_UPDATED: _("A user was changed"),
    Topic.LEAD_UPDATED: _("A lead was changed"),
    Topic.SIGNED_UP: _("A lead became a user"),
    Topic.MERGED: _("Two contacts were merged"),
    Topic.ARCHIVED: _("A contact was archived"),
    Topic.UNARCHIVED: _("A contact was restored"),
    Topic.DELETED: _("A contact was deleted"),
}
"""The topics to tick in Intercom, in the order in which they matter."""

REFUSALS: Mapping[Refusal, _StrPromise] = {
    Refusal.TOO_LARGE: _("It was larger than anything that Intercom sends."),
    Refusal.NO_LENGTH: _(
        "It came in pieces, without its length. Intercom sends it whole: look at the proxy before this site."
    ),
    Refusal.NO_SECRET: _("There is no client secret here to check it with."),
    Refusal.NOT_SIGNED: _("It was not signed, so it did not come from Intercom."),
    Refusal.WRONG_SIGNATURE: _(
        "It was signed with another client secret. If it was replaced in Intercom, replace it here too."
    ),
    Refusal.NO_NOTIFICATION: _("It was signed, but it was no notification that we can read."),
    Refusal.OTHER_WORKSPACE: _(
        "It came from another workspace. Check that the address was pasted into the right app in Intercom."
    ),
}


def topic_in_words(topic: str) -> str:
    """A topic as people say it; by Intercom's own name where we don't use it."""
    return str(TOPICS[Topic(topic)]) if topic in TOPICS else topic


def refusal_in_words(why: str) -> str:
    """Why something was refused; "" where nothing was."""
    return str(REFUSALS[Refusal(why)]) if why in set(Refusal) else ""
