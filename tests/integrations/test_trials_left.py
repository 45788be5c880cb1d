"""Test leads of a campaign that leaves its workspace: none stands in the way, and no contact is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign
from integrations.logic import trial_course
from integrations.logic.trial import Failure, Step
from integrations.models import DrainLease, IntercomConnection, Trial, TrialState
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services import leftovers
from integrations.services.campaign_connection import attach, detach, disconnect_workspace
from integrations.services.giving_back import GivenBack
from integrations.services.lease import acquire
from tests.campaigns.factories import make_campaign
from tests.integrations.connecting_fixtures import admin, page, panel, said
from tests.integrations.flow_fixtures import Intercom, kill_the_holder, set_panel
from tests.integrations.panel import make_workspace
from tests.integrations.trial_fixtures import (
    FIVE_ROWS,
    asked,
    drained,
    goes_wrong,
    left_over,
    time_passes,
)

__all__ = ["admin"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    attach(campaign, connection=intercom.connection, user=None)
    set_panel(campaign, field_map=FIVE_ROWS)
    intercom.forget_calls()
    return campaign


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lease, and a drain does not try a deletion twice."""
    monkeypatch.setattr(trial_course, "retry_after", lambda _tries: timedelta(hours=1))
    monkeypatch.setattr(leftovers, "WAIT", 0.1)
    monkeypatch.setattr(leftovers, "LOOK_AGAIN_AFTER", 0.02)


def owing(intercom: Intercom, campaign: Campaign, **fault: Any) -> Trial:
    """A test whose contact is still in Intercom."""
    goes_wrong(intercom, Fault(**{"acts": False, "method": "DELETE", "status": 500, **fault}))
    trial = drained(intercom, asked(campaign))
    assert left_over(intercom) == [trial.email]
    return trial


def half_way(intercom: Intercom, campaign: Campaign) -> Trial:
    """A test whose drain was killed after the contact was created."""
    trial = asked(campaign)
    contact_id = intercom.sandbox.add_contact(intercom.workspace, email=trial.email)
    Trial.objects.filter(pk=trial.pk).update(
        state=TrialState.RUNNING, step=Step.READ, contact_id=contact_id, began_at=timezone.now()
    )
    trial.refresh_from_db()
    return trial


def stay(intercom: Intercom) -> Campaign:
    """Another campaign that keeps the workspace connected."""
    other = make_campaign("Other")
    attach(other, connection=intercom.connection, user=None)
    return other


# In the way of nobody --------------------------------------------------------------------------------


@pytest.mark.parametrize("connected", [True, False], ids=["others stay", "the last one"])
def test_one_that_runs_elsewhere_does_not_block_the_next(
    intercom: Intercom, campaign: Campaign, connected: bool
) -> None:
    if connected:
        stay(intercom)
    old = half_way(intercom, campaign)
    elsewhere = make_workspace("other123")
    attach(campaign, connection=elsewhere, user=None)
    new = asked(campaign)
    assert (new != old, new.connection_id) == (True, elsewhere.pk)
    assert asked(campaign) == new


def test_the_panel_offers_a_new_test_and_says_what_became_of_the_old(
    admin: Client, intercom: Intercom, campaign: Campaign
) -> None:
    stay(intercom)
    old = half_way(intercom, campaign)
    attach(campaign, connection=make_workspace("other123"), user=None)
    text = admin.get(panel(campaign)).text
    assert "Yes, send test lead" in text
    assert "The campaign left the workspace" in text
    assert old.email in text


def test_one_that_was_never_begun_creates_nothing_in_a_workspace_that_was_left(
    intercom: Intercom, campaign: Campaign
) -> None:
    stay(intercom)
    trial = asked(campaign)
    detach(campaign, user=None)
    drained(intercom, trial)
    assert (trial.state, trial.failure) == (TrialState.DONE, Failure.MOVED)
    assert intercom.new_calls() == []


def test_one_that_runs_in_a_workspace_that_was_left_deletes_its_contact(
    intercom: Intercom, campaign: Campaign
) -> None:
    stay(intercom)
    trial = half_way(intercom, campaign)
    detach(campaign, user=None)
    drained(intercom, trial)
    assert (trial.state, trial.failure, left_over(intercom)) == (TrialState.DONE, Failure.MOVED, [])


# Nothing is forgotten --------------------------------------------------------------------------------


def test_the_last_campaign_deletes_the_contact_before_the_access_goes(
    intercom: Intercom, campaign: Campaign
) -> None:
    trial = owing(intercom, campaign)
    done = detach(campaign, user=None)
    trial.refresh_from_db()
    assert (done.given_back, done.left) == (GivenBack.FORGOTTEN, ())
    assert (trial.state, trial.passed, left_over(intercom)) == (TrialState.DONE, True, [])


def test_a_test_that_runs_is_ended_and_its_contact_deleted(intercom: Intercom, campaign: Campaign) -> None:
    trial = half_way(intercom, campaign)
    assert detach(campaign, user=None).left == ()
    trial.refresh_from_db()
    assert (trial.state, trial.failure, left_over(intercom)) == (TrialState.DONE, Failure.MOVED, [])


def test_a_contact_whose_creation_was_never_answered_is_looked_for(
    intercom: Intercom, campaign: Campaign
) -> None:
    goes_wrong(intercom, Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP))
    drained(intercom, asked(campaign))
    assert detach(campaign, user=None).left == ()
    assert left_over(intercom) == []


def test_one_that_search_does_not_show_yet_is_named(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.set_lag(intercom.workspace, 1000)
    goes_wrong(intercom, Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP))
    trial = drained(intercom, asked(campaign))
    assert detach(campaign, user=None).left == (trial.email,)
    trial.refresh_from_db()
    assert (trial.state, trial.looks) == (TrialState.CLEANING, 0)


def test_a_workspace_that_others_use_is_left_to_its_drain(intercom: Intercom, campaign: Campaign) -> None:
    stay(intercom)
    trial = owing(intercom, campaign)
    intercom.forget_calls()
    done = detach(campaign, user=None)
    assert (done.given_back, done.left, intercom.new_calls()) == (GivenBack.KEPT, (), [])
    time_passes(trial)
    assert drained(intercom, trial).state == TrialState.DONE


@pytest.mark.parametrize("status", [500, 403, 401])
def test_a_contact_that_stays_is_named_before_and_after(
    admin: Client, intercom: Intercom, campaign: Campaign, status: int
) -> None:
    trial = owing(intercom, campaign)
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=status))
    assert trial.email in admin.get(page(campaign, "intercom_disconnect")).text
    answer = admin.post(page(campaign, "intercom_disconnect"), {})
    assert f"may still be in Intercom. Delete it there: {trial.email}" in said(answer)
    intercom.connection.refresh_from_db()
    assert intercom.connection.sealed_token == ""


def test_while_a_drain_holds_the_workspace_nothing_is_called(intercom: Intercom, campaign: Campaign) -> None:
    trial = owing(intercom, campaign)
    assert acquire(intercom.connection.pk)
    intercom.forget_calls()
    assert detach(campaign, user=None).left == (trial.email,)
    assert intercom.new_calls() == []


def test_the_lease_is_given_back_whatever_happens(intercom: Intercom, campaign: Campaign) -> None:
    owing(intercom, campaign)
    IntercomConnection.objects.update(sealed_token="unreadable")
    assert len(detach(campaign, user=None).left) == 1
    assert DrainLease.objects.get(connection=intercom.connection).token is None


def test_a_dead_drain_is_not_waited_for(intercom: Intercom, campaign: Campaign) -> None:
    owing(intercom, campaign)
    acquire(intercom.connection.pk)
    kill_the_holder(intercom.connection)
    assert detach(campaign, user=None).left == ()


def test_a_rate_limit_is_obeyed(intercom: Intercom, campaign: Campaign) -> None:
    trial = owing(intercom, campaign)
    IntercomConnection.objects.update(paused_until=timezone.now() + timedelta(minutes=1))
    intercom.forget_calls()
    assert detach(campaign, user=None).left == (trial.email,)
    assert intercom.new_calls() == []


def test_disconnecting_the_whole_workspace_deletes_them_too(intercom: Intercom, campaign: Campaign) -> None:
    owing(intercom, campaign)
    assert disconnect_workspace(intercom.connection, user=None).left == ()
    assert left_over(intercom) == []


def test_no_other_workspace_is_said_to_delete_it(
    admin: Client, intercom: Intercom, campaign: Campaign
) -> None:
    trial = owing(intercom, campaign)
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=500))
    detach(campaign, user=None)
    attach(campaign, connection=make_workspace("other123"), user=None)
    text = admin.get(panel(campaign)).text
    assert trial.email in text
    assert "once Pretend workspace is connected again" in text
