"""Every page that the integration adds to a campaign, with its address and the right that it asks for."""

from __future__ import annotations

from django.urls import register_converter
from django.utils.translation import gettext_lazy as _

from campaigns import tabs
from campaigns.tabs import SETTINGS, CampaignTab
from integrations.views import (
    connect,
    crm,
    disconnect,
    history,
    kept,
    move,
    oauth,
    overview,
    panel,
    people,
    people_adding,
    preview,
    rehearse,
    releases,
    seen_values,
    stuck,
    trials,
    way_back,
)
from integrations.views.access import ADD_PEOPLE, EDIT, LOOK, OUTCOMES, PAUSE, PEOPLE, REPAIR

INTERCOM = "integrations/intercom"


class PanelTab:
    """The two tabs of the panel in an address."""

    regex = "leads|referrers"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PanelTab, "panel_tab")

TAB = f"{INTERCOM}/<panel_tab:tab>"
QUALIFIED = f"{INTERCOM}/qualified"

PAGES = (
    CampaignTab("overview", overview.overview, _("Overview"), OUTCOMES),
    CampaignTab("leads", people.leads, _("Leads"), PEOPLE),
    CampaignTab("referrers", people.referrers, _("Referrers"), PEOPLE),
    CampaignTab("leads_add", people_adding.add_lead, "", ADD_PEOPLE, "leads/add", "leads"),
    CampaignTab("referrers_add", people_adding.add_referrer, "", ADD_PEOPLE, "referrers/add", "referrers"),
    CampaignTab("crm", crm.crm, _("Integrations and API"), LOOK, "integrations", SETTINGS),
    CampaignTab("intercom_connect", connect.connect, "", EDIT, f"{INTERCOM}/connect", "crm"),
    CampaignTab("intercom_oauth", oauth.start, "", EDIT, f"{INTERCOM}/oauth", "crm"),
    CampaignTab("intercom_move", move.move, "", EDIT, f"{INTERCOM}/move", "crm"),
    CampaignTab("intercom_pause", disconnect.pause, "", PAUSE, f"{INTERCOM}/pause", "crm"),
    CampaignTab("intercom_disconnect", disconnect.disconnect, "", EDIT, f"{INTERCOM}/disconnect", "crm"),
    CampaignTab("intercom_forget", disconnect.forget, "", EDIT, f"{INTERCOM}/forget", "crm"),
    CampaignTab("intercom", panel.panel, "", LOOK, TAB, "crm", signed_out=kept.keep),
    CampaignTab("intercom_preview", preview.preview, "", LOOK, f"{TAB}/preview", "crm"),
    CampaignTab("intercom_test", trials.start, "", EDIT, f"{TAB}/test", "crm"),
    CampaignTab("intercom_trial", trials.watch, "", LOOK, f"{TAB}/test/<int:trial_id>", "crm"),
    CampaignTab("intercom_history", history.history, "", LOOK, f"{TAB}/history", "crm"),
    CampaignTab("intercom_people", releases.answer, "", REPAIR, f"{TAB}/people", "crm"),
    CampaignTab("intercom_rehearse", rehearse.rehearse, "", LOOK, f"{INTERCOM}/leads/rehearse", "crm"),
    CampaignTab("intercom_values", seen_values.seen_values, "", OUTCOMES, f"{INTERCOM}/leads/values", "crm"),
    CampaignTab("intercom_way_back", way_back.one, "", EDIT, f"{QUALIFIED}/lead/<int:lead>", "crm"),
    CampaignTab(
        "intercom_way_back_all", way_back.everybody, "", EDIT, f"{QUALIFIED}/version/<int:revision>", "crm"
    ),
    CampaignTab("intercom_help", stuck.stuck, "", LOOK, f"{TAB}/help", "crm"),
)


def connect_pages() -> None:
    for page in PAGES:
        tabs.register(page)
