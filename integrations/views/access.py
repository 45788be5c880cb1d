"""What a person may do on the pages of the integration: asked on every request, page and POST alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

if TYPE_CHECKING:
    from django.http import HttpRequest

EDIT = "integrations.change_syncsettings"
"""Settings of a campaign's panel; connecting and disconnecting the campaign."""
WORKSPACE = "integrations.change_intercomconnection"
"""What concerns a whole workspace: its token, its webhook secret, disconnecting it."""
PAUSE = "integrations.pause_sync"
REPAIR = "integrations.repair_delivery"
LOOK = "integrations.view_syncsettings"
OUTCOMES = "integrations.view_delivery"
PEOPLE = "campaigns.view_participant"
RECEIPTS = "integrations.view_webhookreceipt"
"""What Intercom told us, and what came of it."""
ADD_PEOPLE = "campaigns.add_participant"
CAMPAIGNS = "campaigns.view_campaign"
NEW_CAMPAIGN = "campaigns.add_campaign"
WORKSPACES = "integrations.view_intercomconnection"


def may(request: HttpRequest, permission: str) -> bool:
    return request.user.has_perm(permission)


def require(request: HttpRequest, permission: str) -> User:
    """The person who asks. Raises PermissionDenied where they may not."""
    if not isinstance(request.user, User) or not may(request, permission):
        raise PermissionDenied
    return request.user
