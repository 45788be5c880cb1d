"""Which version of the settings each try ran under, and what has changed since, on the page of one entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from integrations.services.settings_saving import TAB_NAMES
from integrations.views.access import LOOK, may

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest

    from integrations.models import Attempt, Delivery, IntercomConnection
    from integrations.services.field_names import Names
    from integrations.services.story_versions import Versions


@dataclass(frozen=True, slots=True)
class UsedSettings:
    """`url` shows the version in the history, "" where the reader may not or it is not kept. `changes` is
    told once for a version, with the last try that ran under it."""

    number: int
    url: str
    in_use: bool
    changes: Sequence[str]


def settings_of_tries(
    request: HttpRequest,
    delivery: Delivery,
    attempts: Sequence[Attempt],
    *,
    workspace: IntercomConnection | None,
    versions: Versions,
    names: Mapping[int, Names],
) -> dict[int, UsedSettings]:
    """By the attempt's primary key. `workspace` is the one that the tab writes to now.

    Asks for the names of the campaign's own fields, where it needs them.
    """
    last_of = {attempt.settings_revision: attempt.pk for attempt in attempts}
    workspaces = {one.connection.workspace_id: one.connection.name for one in attempts}
    if workspace is not None:
        workspaces[workspace.workspace_id] = workspace.name
    # What has no name is called by its id.
    workspaces = {key: name for key, name in workspaces.items() if name}
    may_look = may(request, LOOK)
    found = {}
    for attempt in attempts:
        number = attempt.settings_revision
        tells = last_of[number] == attempt.pk and versions.is_old(number)
        attributes = names[attempt.connection_id].attributes
        found[attempt.pk] = UsedSettings(
            number=number,
            url=_history(delivery, number) if may_look and number in versions.found else "",
            in_use=number == versions.now,
            changes=versions.since(number, attributes=attributes, workspaces=workspaces) if tells else (),
        )
    return found


def _history(delivery: Delivery, number: int) -> str:
    """The page of the history that begins with this version."""
    person = delivery.participant
    args = [person.campaign_id, TAB_NAMES[person.audience]]
    url = reverse("admin:campaigns_campaign_intercom_history", args=args)
    return f"{url}?before={number + 1}"
