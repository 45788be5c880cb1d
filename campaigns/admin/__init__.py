"""The admin of campaigns and participants. Pages of other apps come in through `campaigns.tabs`."""

from __future__ import annotations

from campaigns.admin.campaign import CampaignAdmin
from campaigns.admin.participant import ParticipantAdmin
from campaigns.admin.tabs import tab_context

__all__ = ["CampaignAdmin", "ParticipantAdmin", "tab_context"]
