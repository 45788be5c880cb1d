"""What needs a person besides what campaigns and workspaces say themselves: what works in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Audience
from integrations.services.log.wanted import Wanted
from integrations.services.outcome_words import UNRECORDED
from integrations.services.outcomes import Group
from integrations.services.webhook_health import Standing
from integrations.views.access import WORKSPACES, may
from integrations.views.home_needs import Need, needs
from integrations.views.log_address import log_address
from integrations.views.webhook_health import BADGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.http import HttpRequest

    from integrations.services.everything import Everything
    from integrations.services.health.notifications import Notifications
    from integrations.views.health_signs import Sign


def all_needs(
    request: HttpRequest, found: Everything, *, seen: Sequence[Sign], heard: Notifications
) -> list[Need]:
    """The worst first."""
    return [
        *_of_signs(seen),
        *_unexplained(found),
        *needs(request, found),
        *_unheard(request, found, heard),
    ]


def _of_signs(seen: Sequence[Sign]) -> Iterator[Need]:
    for sign in seen:
        if sign.next_step:
            yield Need(sign.badge, sign.name, "", sign.what, sign.next_step, sign.url, sign.since)


def _unexplained(found: Everything) -> Iterator[Need]:
    number = sum(found.total(audience).unexplained for audience in Audience)
    if number:
        yield Need(
            UNRECORDED,
            _("The numbers do not add up yet"),
            ngettext("%(number)d person", "%(number)d people", number) % {"number": number},
            _("They joined, and nothing is recorded of what became of them."),
            _("They are found by themselves; if this stays, tell whoever runs this installation."),
            log_address(Wanted(group=Group.UNEXPLAINED)),
        )


def _unheard(request: HttpRequest, found: Everything, heard: Notifications) -> Iterator[Need]:
    """Workspaces whose notifications a lead waits for, and which do not arrive."""
    for workspace in found.workspaces:
        health = heard.awaited.get(workspace.pk)
        if health is None or health.standing is Standing.ARRIVES:
            continue
        url = reverse("admin:integrations_intercomconnection_change", args=[workspace.pk])
        yield Need(
            BADGES[health.standing],
            workspace.name or workspace.workspace_id,
            _("Notifications from Intercom"),
            _("Leads wait to qualify, but what Intercom tells us does not arrive."),
            _("Until it does, they qualify some minutes later. The campaign’s settings say what is missing."),
            url if may(request, WORKSPACES) else "",
            health.refused_at if health.standing is Standing.REFUSED else None,
        )
