"""Test leads for tests: a campaign with a mapped panel, asking, and what is left in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from integrations.models import IntercomConnection, SyncSettings, Trial, TrialState
from integrations.services.tabs import load_attributes, tab_settings
from integrations.services.trials import ask
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, set_panel

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from integrations.sandbox.control import Fault
    from tests.integrations.flow_fixtures import Intercom

PHONE_ROW = {"data_type": "dynamic", "from": "lead.phone", "to": "phone"}
SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
SIZE_ROW = {"data_type": "fixed", "value": "12", "to": "custom_attributes.company_size"}
ID_ROW = {"data_type": "dynamic", "from": "lead.id", "to": "external_id"}
FIVE_ROWS = [EMAIL_ROW, NAME_ROW, PHONE_ROW, SOURCE_ROW, SIZE_ROW]


def campaign_that_leaves_nothing(intercom: Intercom) -> Iterator[Campaign]:
    """For a fixture: five rows mapped; at the end of the test no test contact may be in the sandbox."""
    campaign = make_campaign()
    set_panel(campaign, field_map=FIVE_ROWS)
    intercom.forget_calls()
    yield campaign
    assert left_over(intercom) == []


def asked(campaign: Campaign) -> Trial:
    """A test of what is saved."""
    row = SyncSettings.objects.select_related("campaign").get(campaign=campaign, audience="lead")
    assert row.connection_id is not None
    return ask(row, settings=tab_settings(row), attributes=load_attributes(row.connection_id), user=None)


def drained(intercom: Intercom, trial: Trial) -> Trial:
    """The trial after one drain."""
    intercom.drain()
    trial.refresh_from_db()
    return trial


def outcomes(trial: Trial) -> dict[str, str]:
    """What became of each field, by its own name."""
    return {finding["target"].rpartition(".")[2]: finding["outcome"] for finding in trial.findings}


def finding(trial: Trial, name: str) -> dict[str, Any]:
    (found,) = [one for one in trial.findings if one["target"].rpartition(".")[2] == name]
    return dict(found)


def left_over(intercom: Intercom) -> list[str]:
    """The emails of the test contacts that are in the sandbox now."""
    return [email for email in intercom.emails() if (email or "").startswith("lead-sync-test-")]


def goes_wrong(intercom: Intercom, fault: Fault) -> None:
    intercom.sandbox.add_fault(intercom.workspace, fault)


def time_passes(trial: Trial) -> None:
    """As if search had had the time to show everything, and no retry or rate limit were in the way."""
    lag = timedelta(seconds=settings.INTERCOM_SEARCH_LAG + 1)
    trial.refresh_from_db()
    IntercomConnection.objects.update(paused_until=None)
    if trial.state != TrialState.DONE:
        began = trial.began_at and trial.began_at - lag
        Trial.objects.filter(pk=trial.pk).update(due_at=timezone.now(), began_at=began)
