"""The story of one person as plain text for support: no secret, no value that was sent, nobody else's data.

Whoever reads it can find the person, the moment and Intercom's own record of each call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Audience
from integrations.logic.redact import vendor_message
from integrations.services.answer_words import seconds_in_words, status_in_words
from integrations.services.qualify.words import line_in_words
from integrations.services.try_fields import ROLE

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.models import Attempt, Delivery, SyncSettings
    from integrations.services.qualification_story import Line
    from integrations.services.story_events import Deed, Event, Try


def story_text(
    delivery: Delivery,
    events: Sequence[Event],
    *,
    tab: SyncSettings | None,
    outcome: str,
    sentences: Sequence[str],
    page: str,
) -> str:
    """The whole text. `outcome` and `sentences` say how the person stands, `page` is the entry's address,
    `tab` what should happen by the settings of now."""
    parts = [
        (_("Who and where"), list(_who(delivery, tab=tab, page=page))),
        (_("Where it stands"), [outcome, *(one for one in sentences if one)]),
        (_("What happened"), [line for event in events for line in _event(event, delivery=delivery)]),
    ]
    text = "\n\n".join("\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in parts)
    return f"{text}\n"


def _who(delivery: Delivery, *, tab: SyncSettings | None, page: str) -> Iterator[str]:
    person = delivery.participant
    workspace = delivery.connection or (tab.connection if tab else None)
    yield _("Email: %(email)s") % {"email": _line(person.email)}
    if delivery.email and delivery.email != person.email_normalized:
        yield _("Email that was sent: %(email)s") % {"email": _line(delivery.email)}
    yield _("Campaign: %(name)s (%(slug)s)") % {
        "name": _plain(person.campaign.name, delivery),
        "slug": person.campaign.slug,
    }
    yield _("Trigger: %(trigger)s") % {"trigger": _trigger(delivery)}
    yield _("Joined: %(time)s") % {"time": _time(person.joined_at)}
    if workspace is not None:
        yield _("Intercom workspace: %(id)s, %(region)s") % {
            "id": workspace.workspace_id,
            "region": workspace.get_region_display(),
        }
    if tab is not None:
        told = {"action": tab.get_action_display(), "number": tab.revision}
        yield _("Settings now: %(action)s (version %(number)d)") % told
    if delivery.contact_id:
        yield _("Intercom contact ID: %(id)s") % {"id": delivery.contact_id}
    yield _("Entry of the sync log: %(number)d") % {"number": delivery.pk}
    yield _("Page: %(page)s") % {"page": f"{settings.PUBLIC_URL}{page}"}
    yield _("Written: %(time)s") % {"time": _time(timezone.now())}


def _trigger(delivery: Delivery) -> str:
    return (
        _("lead joined campaign")
        if delivery.participant.audience == Audience.LEAD
        else _("referrer joined campaign")
    )


def _event(event: Event, *, delivery: Delivery) -> Iterator[str]:
    yield f"{_time(event.at)}  {_heading(event, delivery=delivery)}"
    if event.tried:
        yield from (f"    {line}" for line in _tried(event.tried, delivery=delivery))


def _heading(event: Event, *, delivery: Delivery) -> str:
    if event.tried:
        return _("Try %(number)d: %(outcome)s") % {
            "number": event.tried.number,
            "outcome": event.tried.told.badge.word,
        }
    if event.deed:
        return _deed(event.deed)
    if event.seen:
        return _plain(_seen(event.seen), delivery)
    return _("Joined (%(trigger)s)") % {"trigger": _trigger(delivery)}


def _deed(deed: Deed) -> str:
    """Without the name of who did it."""
    text = _("Somebody edited this person: %(what)s") if deed.edited else _("Somebody ordered: %(what)s")
    return text % {"what": deed.what}


def _seen(line: Line) -> str:
    """Without the name of who did it."""
    if not line.sighting.made_by:
        return line.told.text
    nameless = copy(line.sighting)
    nameless.made_by = _("A person")
    return line_in_words(nameless)


def _tried(tried: Try, *, delivery: Delivery) -> Iterator[str]:
    attempt, told = tried.attempt, tried.told
    yield from told.steps
    if attempt.sent:
        yield _("Fields sent (values left out): %(fields)s") % {"fields": _fields(attempt)}
    yield from (_plain(remark, delivery) for remark in told.remarks)
    yield from (line for line in (told.ending, told.follows) if line)
    if told.said:
        yield _("Intercom says: “%(message)s”") % {"message": _plain(told.said, delivery)}
    yield _("Version of the settings: %(number)d") % {"number": attempt.settings_revision}
    yield from (_call(call) for call in attempt.calls)
    if not attempt.calls and attempt.request_id:
        yield _("Request ID: %(id)s") % {"id": attempt.request_id}


def _fields(attempt: Attempt) -> str:
    return ", ".join(sorted(attempt.sent.keys() - {ROLE}))


def _call(call: dict[str, object]) -> str:
    """One call with what Intercom's support finds it by; its path names contacts by id alone."""
    status, took = call.get("status"), call.get("ms")
    parts = [
        f"{call.get('method', '')} {call.get('path', '')}:",
        status_in_words(status if isinstance(status, int) else None),
        f"· {seconds_in_words(took)}" if isinstance(took, int) else "",
        f"· {call['request_id']}" if call.get("request_id") else "",
    ]
    return " ".join(part for part in parts if part)


def _plain(text: str, delivery: Delivery) -> str:
    """What was typed by somebody, or came from Intercom: on one line, without others' emails, and secrets."""
    return vendor_message(text, keep=[delivery.participant.email, delivery.email])


def _line(text: str) -> str:
    return " ".join(text.split())


def _time(moment: datetime) -> str:
    """With its distance from UTC, and the name of the zone."""
    local = timezone.localtime(moment)
    return f"{local.isoformat(sep=' ', timespec='seconds')} ({local.tzname()})"
