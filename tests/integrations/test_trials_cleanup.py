"""Whatever goes wrong during a test lead, its contact is deleted in the end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Campaign
from integrations.intercom.session import Session
from integrations.logic import trial_course
from integrations.logic.states import State
from integrations.logic.trial import Course, Failure, Step
from integrations.models import ConnectionStatus, DrainLease, IntercomConnection, Trial, TrialState
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services.connect import connect_with_token
from integrations.services.drain import trials as trials_module
from integrations.services.drain.trial_rows import keep
from integrations.services.lease import Lease
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_lead
from tests.integrations.flow_fixtures import Intercom, kill_the_holder, owed, queued
from tests.integrations.sandbox_fixtures import TOKEN
from tests.integrations.trial_fixtures import (
    asked,
    campaign_that_leaves_nothing,
    drained,
    goes_wrong,
    left_over,
    outcomes,
    time_passes,
)

pytestmark = pytest.mark.django_db

LOST_ANSWERS: dict[str, dict[str, Any]] = {
    "dropped": {"ending": Ending.DROP},
    "reset": {"ending": Ending.RESET},
    "half": {"ending": Ending.HALF},
    "html 200": {"status": 200, "body": "<html>Hello</html>"},
    "500 after the fact": {"status": 500},
    "another shape": {"status": 200, "body": '{"type": "contact"}'},
}


@pytest.fixture
def campaign(intercom: Intercom) -> Iterator[Campaign]:
    yield from campaign_that_leaves_nothing(intercom)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every retry is an hour away, so that a drain makes one try."""
    monkeypatch.setattr(trial_course, "retry_after", lambda _tries: timedelta(hours=1))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_course, "retry_after", lambda _tries: timedelta(milliseconds=1))


@pytest.mark.parametrize("lost", LOST_ANSWERS.values(), ids=LOST_ANSWERS.keys())
def test_a_contact_created_unseen_is_looked_for_and_deleted(
    intercom: Intercom, campaign: Campaign, lost: dict[str, Any]
) -> None:
    goes_wrong(intercom, Fault(acts=True, method="POST", path="/contacts", **lost))
    trial = drained(intercom, asked(campaign))
    assert (trial.state, trial.failure) == (TrialState.CLEANING, Failure.UNCERTAIN)
    assert left_over(intercom) == [trial.email]

    time_passes(trial)
    drained(intercom, trial)
    assert (left_over(intercom), trial.state) == ([], TrialState.CLEANING)
    time_passes(trial)
    drained(intercom, trial)

    assert (trial.state, trial.passed) == (TrialState.DONE, False)


def test_a_contact_that_search_shows_late_is_deleted_by_the_second_look(
    intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.set_lag(intercom.workspace, 1000)
    goes_wrong(intercom, Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP))
    trial = drained(intercom, asked(campaign))
    time_passes(trial)
    drained(intercom, trial)
    assert left_over(intercom) == [trial.email]

    intercom.sandbox.let_search_catch_up(intercom.workspace)
    time_passes(trial)
    drained(intercom, trial)

    assert (trial.state, trial.looks) == (TrialState.DONE, 2)


def test_nobody_is_looked_for_before_search_can_show_them(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="POST", path="/contacts", status=503))
    trial = drained(intercom, asked(campaign))
    intercom.forget_calls()

    drained(intercom, trial)

    assert intercom.new_calls() == []
    assert trial.due_at is not None
    assert trial.due_at > timezone.now() + timedelta(minutes=4)


def test_looking_deletes_nobody_else(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="lead-sync@example.com")
    intercom.sandbox.add_contact(intercom.workspace, email="test.lead@example.com")
    goes_wrong(intercom, Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP))
    trial = drained(intercom, asked(campaign))

    time_passes(trial)
    drained(intercom, trial)

    assert intercom.emails() == ["lead-sync@example.com", "test.lead@example.com"]


@pytest.mark.usefixtures("at_once")
def test_a_deletion_that_fails_twice_is_tried_a_third_time(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=500, times=2))

    trial = drained(intercom, asked(campaign))

    assert intercom.new_calls().count("DELETE /contacts/{id}") == 3
    assert (trial.state, trial.passed) == (TrialState.DONE, True)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("status", [403, 404, 400, 500])
def test_a_deletion_is_owed_until_it_is_done(intercom: Intercom, campaign: Campaign, status: int) -> None:
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=500))
    goes_wrong(intercom, Fault(acts=status == 404, method="DELETE", status=status))
    trial = drained(intercom, asked(campaign))
    assert (trial.state, trial.passed) == (TrialState.CLEANING, True)

    for _ in range(3):
        time_passes(trial)
        drained(intercom, trial)

    assert trial.state == TrialState.DONE
    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.CONNECTED


@pytest.mark.usefixtures("later")
def test_a_new_test_need_not_wait_for_an_old_deletion(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=500))
    old = drained(intercom, asked(campaign))

    new = drained(intercom, asked(campaign))

    assert (old != new, new.state, new.passed) == (True, TrialState.DONE, True)
    time_passes(old)
    assert drained(intercom, old).state == TrialState.DONE


@pytest.mark.usefixtures("later")
def test_the_deletion_is_owed_although_the_campaign_is_gone(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=500))
    trial = drained(intercom, asked(campaign))

    campaign.delete()
    time_passes(trial)

    assert drained(intercom, trial).state == TrialState.DONE


def test_a_token_revoked_midway_leaves_the_deletion_for_the_new_one(
    intercom: Intercom, campaign: Campaign
) -> None:
    goes_wrong(intercom, Fault(acts=False, method="GET", path="/contacts/*", status=401))
    trial = drained(intercom, asked(campaign))
    assert (trial.state, trial.failure) == (TrialState.CLEANING, Failure.NO_ACCESS)
    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.RECONNECT_NEEDED

    with Session() as session:
        connect_with_token(TOKEN, region="US", session=session)
    drained(intercom, trial)

    assert (trial.state, trial.failure) == (TrialState.DONE, Failure.NO_ACCESS)


@pytest.mark.parametrize(("status", "failure"), [(401, Failure.NO_ACCESS), (403, Failure.FORBIDDEN)])
def test_without_access_nothing_is_created_and_the_workspace_says_so(
    intercom: Intercom, campaign: Campaign, status: int, failure: Failure
) -> None:
    goes_wrong(intercom, Fault(acts=False, method="POST", path="/contacts", status=status))

    trial = drained(intercom, asked(campaign))

    assert (trial.state, trial.failure, trial.passed) == (TrialState.DONE, failure, False)
    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.RECONNECT_NEEDED


@pytest.mark.usefixtures("at_once")
def test_intercom_out_of_reach_is_said_so_and_nothing_is_owed(
    intercom: Intercom, campaign: Campaign, settings: Any
) -> None:
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"

    trial = drained(intercom, asked(campaign))

    assert (trial.state, trial.failure) == (TrialState.DONE, Failure.UNREACHABLE)


@pytest.mark.usefixtures("at_once")
def test_intercom_that_stops_answering_in_the_middle_ends_the_test(
    intercom: Intercom, campaign: Campaign
) -> None:
    goes_wrong(intercom, Fault(acts=False, method="GET", status=503, times=3))

    trial = drained(intercom, asked(campaign))

    assert (trial.state, trial.failure) == (TrialState.DONE, Failure.NO_ANSWER)
    assert outcomes(trial)["name"] == "sent"


@pytest.mark.usefixtures("at_once")
def test_a_glitch_in_the_middle_is_tried_again(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="GET", ending=Ending.DROP, times=2))

    assert drained(intercom, asked(campaign)).passed


@pytest.mark.usefixtures("at_once")
def test_a_contact_that_a_workflow_deletes_ends_the_test(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_wrong(intercom, Fault(acts=False, method="GET", status=404, times=3))

    trial = drained(intercom, asked(campaign))

    assert (trial.state, trial.failure) == (TrialState.DONE, Failure.GONE)


def lease_lost_at(step: Step, connection: IntercomConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another drain takes the workspace while the call of this step is out."""

    def robbed(trial: Trial, course: Course, *, lease: Lease, **rest: Any) -> bool:
        if trial.step == step:
            DrainLease.objects.filter(connection=connection).update(token=uuid.uuid4())
        return keep(trial, course, lease=lease, **rest)

    monkeypatch.setattr(trials_module, "keep", robbed)


def test_a_drain_that_dies_before_it_could_store_the_contact_leaves_it_to_the_next(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = asked(campaign)
    with monkeypatch.context() as patched:
        lease_lost_at(Step.CREATE, intercom.connection, patched)
        drained(intercom, trial)
    assert (trial.state, trial.contact_id) == (TrialState.RUNNING, "")
    assert left_over(intercom) == [trial.email]

    kill_the_holder(intercom.connection)
    drained(intercom, trial)
    assert (trial.state, trial.failure) == (TrialState.CLEANING, Failure.UNCERTAIN)
    for _ in range(2):
        time_passes(trial)
        drained(intercom, trial)

    assert trial.state == TrialState.DONE
    assert len(intercom.sandbox.creations(intercom.workspace)) == 1


@pytest.mark.parametrize("step", [Step.READ, Step.DELETE])
def test_a_drain_that_dies_later_is_carried_on_by_the_next(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    trial = asked(campaign)
    with monkeypatch.context() as patched:
        lease_lost_at(step, intercom.connection, patched)
        drained(intercom, trial)
    assert trial.state != TrialState.DONE

    kill_the_holder(intercom.connection)
    drained(intercom, trial)

    assert (trial.state, trial.passed) == (TrialState.DONE, True)


@pytest.mark.usefixtures("later")
def test_the_sweep_wakes_a_workspace_that_owes_a_deletion(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=500))
    trial = drained(intercom, asked(campaign))
    OrmQ.objects.all().delete()
    sweep()
    assert queued() == 0

    time_passes(trial)
    sweep()

    assert queued() == 1
    drained(intercom, trial)


def test_a_rate_limit_at_the_deletion_only_delays_it(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="DELETE", status=429))
    lead, trial = make_lead(campaign), asked(campaign)
    drained(intercom, trial)
    time_passes(trial)

    drained(intercom, trial)

    assert (trial.state, trial.tries, owed(lead).state) == (TrialState.DONE, 0, State.CREATED)
