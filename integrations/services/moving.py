"""What a campaign's settings name that another workspace does not have. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaigns.models import Audience
from integrations.logic.contradictions import contradictions
from integrations.logic.types import Action, TabSettings
from integrations.logic.wrong import Contradiction, Wrong
from integrations.services.settings import current, known_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection

GONE = frozenset({Wrong.TARGET_NOT_WRITABLE, Wrong.ATTRIBUTE_UNKNOWN})


def lacking_in(campaign: Campaign, *, connection: IntercomConnection) -> list[str]:
    """The fields, by name, that the campaign's tabs write or watch and this workspace lacks; each once."""
    known = known_to(campaign, connection=connection)
    names: dict[str, None] = {}
    for audience in Audience:
        settings = current(campaign, audience)
        if settings.action is not Action.NOTHING:
            found = contradictions(settings, known=known, before=TabSettings())
            names.update(dict.fromkeys(_names(found)))
    return list(names)


def _names(found: Iterator[Contradiction]) -> Iterator[str]:
    for one in found:
        if one.code in GONE:
            yield str(one.params["name"]).removeprefix("custom_attributes.")
