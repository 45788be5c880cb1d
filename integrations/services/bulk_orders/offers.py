"""Which orders make sense for those whom the log shows. Looks at what it is narrowed to; reads no row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.logic.states import Reason
from integrations.services.outcomes import Group
from integrations.services.repair_rules import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integrations.services.log.wanted import Wanted

ANYBODY = (Command.SEND_AGAIN, Command.RETRY_NOW, Command.CANCEL)
BY_GROUP: Mapping[Group, tuple[Command, ...]] = {
    Group.CREATED: (Command.SEND_PRESENT,),
    Group.UPDATED: (Command.SEND_PRESENT, Command.UNDO),
    Group.INCOMPLETE: (Command.COMPLETE,),
    Group.SKIPPED: (Command.UPDATE_ANYWAY, Command.SEND_AGAIN),
    Group.NOT_SENT: (Command.SEND_AGAIN,),
    Group.WAITING: (Command.RETRY_NOW, Command.CANCEL),
    Group.NEEDS_ATTENTION: (Command.SEND_AGAIN, Command.CANCEL),
}
BY_REASON: Mapping[Reason, tuple[Command, ...]] = {
    Reason.HELD: (Command.SEND_AGAIN, Command.CANCEL),
    Reason.SENDING: (),
    Reason.UNCERTAIN: (),
}


def offers(wanted: Wanted, *, with_undo: bool = False) -> list[Command]:
    """The first is what people most likely came for. Nothing where no order could fit anybody.

    `with_undo`: for who may take back what was written, for many at once.
    """
    return [one for one in _offers(wanted) if with_undo or one is not Command.UNDO]


def _offers(wanted: Wanted) -> list[Command]:
    if wanted.wrong:
        return []
    if wanted.reason is Reason.ARCHIVED:
        also = BY_GROUP.get(wanted.group, (Command.SEND_AGAIN,)) if wanted.group else (Command.SEND_AGAIN,)
        return [Command.RESTORE_AND_UPDATE, *(one for one in also if one is not Command.UPDATE_ANYWAY)]
    if wanted.reason in BY_REASON:
        return list(BY_REASON[wanted.reason])
    if wanted.group is None:
        return list(ANYBODY)
    return list(BY_GROUP.get(wanted.group, ()))
