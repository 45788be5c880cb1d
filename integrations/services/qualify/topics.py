"""What each topic means for the leads it is about. Works on a desk; looks nothing up in Intercom.

A merge is no step: the watch of the contact that ended starts anew from what the surviving one shows, since
that may be an existing customer who held the value all along. Only a survivor that was made after the lead
joined counts as any other new contact of the same person does. A watch of the survivor itself goes on, as
its attribute may truly have changed, and is looked at once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.intercom.webhooks import Topic
from integrations.models import Via, WatchState
from integrations.services.qualify.doubt import adopt
from integrations.services.qualify.hearing import hear, hear_elsewhere, stepped_over
from integrations.services.qualify.links import moved, signed_up
from integrations.services.qualify.story import Happened

if TYPE_CHECKING:
    from integrations.models import Watch
    from integrations.services.qualify.desk import Desk
    from integrations.services.qualify.heard import Heard
    from integrations.services.qualify.matching import Matches

GONE = {Topic.ARCHIVED: Happened.ARCHIVED, Topic.DELETED: Happened.DELETED}


def use(heard: Heard, *, desk: Desk, matches: Matches) -> bool:
    """Whether it was about anybody we watch."""
    match heard.topic:
        case Topic.MERGED:
            return _merged(heard, desk=desk) or _changed(heard, desk=desk, matches=matches)
        case Topic.ARCHIVED | Topic.DELETED:
            return _gone(heard, desk=desk)
        case Topic.UNARCHIVED:
            return _returned(heard, desk=desk)
        case Topic.SIGNED_UP:
            signed_up(heard.key, role=heard.contact.role)
    return _changed(heard, desk=desk, matches=matches)


def _changed(heard: Heard, *, desk: Desk, matches: Matches) -> bool:
    if not heard.tells:
        return False
    rows = desk.of(*heard.key)
    for row in rows:
        _hear(row, heard, desk=desk)
    if rows:
        return True
    for delivery in matches.in_doubt(heard):
        made = adopt(delivery, heard.contact, desk=desk)
        if made is not None:
            _hear(made, heard, desk=desk)
            return True
    namesakes = desk.namesakes(heard.key[0], matches.emails.get(heard.key, set()))
    for row in namesakes:
        if heard.knows(row.attribute):
            hear_elsewhere(row, heard.contact, desk=desk, at=heard.at, receipt=heard.receipt)
    return bool(namesakes)


def _hear(row: Watch, heard: Heard, *, desk: Desk) -> None:
    if not heard.knows(row.attribute):
        return
    if row.state == WatchState.GONE:
        # Told before it went, or it is back: a look will tell.
        desk.want_look(row)
    hear(row, heard.contact, desk=desk, at=heard.at, via=Via.WEBHOOK, receipt=heard.receipt)


def _merged(heard: Heard, *, desk: Desk) -> bool:
    if not heard.merged_from:
        return False
    moving, staying = desk.of(heard.key[0], heard.merged_from), desk.of(*heard.key)
    moved(heard.key[0], gone=heard.merged_from, to=heard.contact)
    for row in moving:
        _move(row, heard, desk=desk)
    for row in staying:
        if heard.tells:
            _hear(row, heard, desk=desk)
        desk.want_look(row)
    return bool(moving or staying)


def _move(row: Watch, heard: Heard, *, desk: Desk) -> None:
    contact, at, receipt = heard.contact, heard.at, heard.receipt
    tells = heard.tells and heard.knows(row.attribute)
    if tells and stepped_over(row, contact, desk=desk, at=at, receipt=receipt):
        return
    desk.move(row, contact.id)
    if not tells or (row.wanted_at is not None and at.second < int(row.wanted_at.timestamp())):
        # What it shows may be older than the rule.
        desk.begin_anew(row)
    else:
        desk.begin_with(row, contact, at=at, via=Via.WEBHOOK, says=Happened.MERGED, receipt=receipt)


def _gone(heard: Heard, *, desk: Desk) -> bool:
    """Believed at once, and looked at once more: it may have come back before this was heard."""
    rows = desk.of(*heard.key)
    for row in rows:
        if row.state == WatchState.WATCHING:
            desk.stand(row, WatchState.GONE)
            desk.want_look(row)
            desk.note(row, GONE[heard.topic], at=heard.at, via=Via.WEBHOOK, receipt=heard.receipt)
    return bool(rows)


def _returned(heard: Heard, *, desk: Desk) -> bool:
    rows = desk.of(*heard.key)
    for row in rows:
        if row.state == WatchState.GONE:
            desk.stand(row, WatchState.WATCHING)
            desk.note(row, Happened.RETURNED, at=heard.at, via=Via.WEBHOOK, receipt=heard.receipt)
        desk.want_look(row)
    return bool(rows)
