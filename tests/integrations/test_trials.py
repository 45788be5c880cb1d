"""A test lead finds out what Intercom makes of each mapped field, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Campaign, Participant
from integrations.logic.states import State
from integrations.logic.trial import Failure
from integrations.models import Attempt, ContactLink, DataAttribute, Delivery, Trial, TrialState
from integrations.sandbox.control import Fault
from integrations.services.drain import slice as slice_module
from integrations.services.drain import trials as trials_module
from integrations.services.drain.calls import Caller
from integrations.services.pausing import pause_workspaces, resume_workspaces
from integrations.services.queue import REFRESH
from integrations.services.status import tallies
from tests.campaigns.factories import make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.panel import forget_field
from tests.integrations.trial_fixtures import (
    FIVE_ROWS,
    ID_ROW,
    SOURCE_ROW,
    asked,
    campaign_that_leaves_nothing,
    drained,
    finding,
    goes_wrong,
    outcomes,
    time_passes,
)

if TYPE_CHECKING:
    from pytest_django import DjangoCaptureOnCommitCallbacks

    from integrations.services.drain.calls import Found

pytestmark = pytest.mark.django_db

CREATE_READ_DELETE = ["POST /contacts", "GET /contacts/{id}", "DELETE /contacts/{id}"]


@pytest.fixture
def campaign(intercom: Intercom) -> Iterator[Campaign]:
    yield from campaign_that_leaves_nothing(intercom)


def unknown_attribute(intercom: Intercom, name: str) -> dict[str, str]:
    """A row for an attribute that our list has, and the workspace has not."""
    DataAttribute.objects.create(
        connection=intercom.connection, full_name=f"custom_attributes.{name}", data_type="string", custom=True
    )
    return {"data_type": "fixed", "value": "x", "to": f"custom_attributes.{name}"}


def test_every_field_that_arrives_is_found_and_the_contact_is_deleted(
    intercom: Intercom, campaign: Campaign
) -> None:
    trial = drained(intercom, asked(campaign))

    assert set(outcomes(trial).values()) == {"written"}
    assert (trial.state, trial.passed, trial.failure) == (TrialState.DONE, True, Failure.NONE)
    assert trial.tested_at is not None
    assert trial.deleted_at is not None
    assert intercom.new_calls() == CREATE_READ_DELETE


def test_the_contact_is_a_made_up_person_in_the_role_that_is_mapped(
    intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, action="create_user", field_map=FIVE_ROWS)

    trial = drained(intercom, asked(campaign))

    (created,) = intercom.sandbox.creations(intercom.workspace)
    assert (created.written["role"], created.written["name"]) == ("user", "Test Lead")
    assert created.written["email"] == trial.email
    assert trial.email.endswith("@example.com")


def test_an_archived_attribute_among_five_is_found_by_trying_each(
    intercom: Intercom, campaign: Campaign
) -> None:
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")

    trial = drained(intercom, asked(campaign))

    found = outcomes(trial)
    assert found.pop("lead_source") == "refused"
    assert set(found.values()) == {"written"}
    assert "does not exist" in finding(trial, "lead_source")["message"]
    assert (trial.passed, trial.failure) == (False, Failure.NONE)
    assert intercom.new_calls().count("PUT /contacts/{id}") == 4


def test_an_unknown_attribute_is_refused_with_intercoms_own_words(
    intercom: Intercom, campaign: Campaign
) -> None:
    set_panel(campaign, field_map=[*FIVE_ROWS, unknown_attribute(intercom, "nope")])

    trial = drained(intercom, asked(campaign))

    assert finding(trial, "nope")["message"] == "Custom attribute 'nope' does not exist"


def test_a_refusal_has_the_workspaces_fields_read_anew(
    intercom: Intercom,
    campaign: Campaign,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")
    trial = asked(campaign)

    with django_capture_on_commit_callbacks(execute=True):
        drained(intercom, trial)

    assert [task.func() for task in OrmQ.objects.all()] == [REFRESH]


def test_two_guilty_fields_are_both_found(intercom: Intercom, campaign: Campaign) -> None:
    rows = [EMAIL_ROW, unknown_attribute(intercom, "nope"), NAME_ROW, unknown_attribute(intercom, "nix")]
    set_panel(campaign, field_map=rows)

    trial = drained(intercom, asked(campaign))

    assert outcomes(trial) == {"email": "written", "nope": "refused", "name": "written", "nix": "refused"}


def test_fields_refused_together_alone_are_not_called_working(intercom: Intercom, campaign: Campaign) -> None:
    goes_wrong(intercom, Fault(acts=False, method="POST", path="/contacts", status=400))

    trial = drained(intercom, asked(campaign))

    assert set(outcomes(trial).values()) == {"written"}
    assert (trial.passed, trial.failure) == (False, Failure.TOGETHER)
    assert trial.message == "Invalid parameters"


def test_a_contact_refused_even_with_its_email_alone_is_said_so(
    intercom: Intercom, campaign: Campaign
) -> None:
    goes_wrong(intercom, Fault(acts=False, method="POST", path="/contacts", status=400, times=2))

    trial = drained(intercom, asked(campaign))

    assert (trial.state, trial.failure) == (TrialState.DONE, Failure.REFUSED)
    assert (outcomes(trial)["email"], outcomes(trial)["name"]) == ("refused", "pending")
    assert intercom.new_calls() == ["POST /contacts"] * 2


def test_a_field_that_we_know_to_be_archived_is_left_out_before_sending(
    intercom: Intercom, campaign: Campaign
) -> None:
    trial_before = asked(campaign)
    forget_field(intercom.connection, "custom_attributes.lead_source")
    drained(intercom, trial_before)

    trial = drained(intercom, asked(campaign))

    left_out = finding(trial, "lead_source")
    assert (left_out["outcome"], left_out["note"]) == ("left_out", "attribute_archived")
    assert trial.passed is False


def test_an_external_id_is_never_written_by_a_test(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, action="create_user", field_map=[EMAIL_ROW, ID_ROW])

    trial = drained(intercom, asked(campaign))

    (created,) = intercom.sandbox.creations(intercom.workspace)
    assert "external_id" not in created.written
    assert (outcomes(trial)["external_id"], trial.passed) == ("skipped", True)


def test_marks_and_the_first_value_of_the_rule_are_tested_too(intercom: Intercom, campaign: Campaign) -> None:
    rule = {
        "method": "attribute_changes",
        "attribute": "custom_attributes.plan",
        "initial_value": "Free",
        "qualifying_values": ["Pro"],
    }
    set_panel(campaign, marks=True, qualification=rule)

    found = outcomes(drained(intercom, asked(campaign)))

    assert found["plan"] == "written"
    assert found["referred"] in {"written", "left_out"}


def test_a_value_that_a_workflow_changes_is_shown_beside_what_was_sent(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Caller.read

    def read_after_a_workflow(caller: Caller, contact_id: str) -> Found:
        intercom.sandbox.change_contact(
            intercom.workspace, contact_id, custom_attributes={"lead_source": "Web", "company_size": None}
        )
        return read(caller, contact_id)

    monkeypatch.setattr(Caller, "read", read_after_a_workflow)

    trial = drained(intercom, asked(campaign))

    source = finding(trial, "lead_source")
    assert (source["outcome"], source["sent"], source["shown"]) == ("different", "Referral", "Web")
    assert (outcomes(trial)["company_size"], trial.passed) == ("missing", False)


def test_nothing_is_counted_and_nothing_is_remembered(intercom: Intercom, campaign: Campaign) -> None:
    before = tallies()

    drained(intercom, asked(campaign))

    assert tallies() == before
    models = (Participant, Delivery, Attempt, ContactLink)
    assert [model.objects.count() for model in models] == [0, 0, 0, 0]


def test_leads_are_sent_meanwhile(intercom: Intercom, campaign: Campaign) -> None:
    leads = [make_lead(campaign) for _ in range(20)]
    trial = asked(campaign)

    drained(intercom, trial)

    assert {owed(lead).state for lead in leads} == {State.CREATED}
    assert trial.state == TrialState.DONE
    assert len(intercom.emails()) == 20


def test_asking_twice_is_one_test(intercom: Intercom, campaign: Campaign) -> None:
    first, second = asked(campaign), asked(campaign)

    drained(intercom, first)

    assert first == second
    assert len(intercom.sandbox.creations(intercom.workspace)) == 1


def test_the_database_takes_one_test_of_a_tab_at_a_time(campaign: Campaign) -> None:
    trial = asked(campaign)
    trial.pk = None

    with pytest.raises(IntegrityError):
        trial.save(force_insert=True)


def test_a_second_test_may_follow_the_first(intercom: Intercom, campaign: Campaign) -> None:
    first = drained(intercom, asked(campaign))

    second = drained(intercom, asked(campaign))

    assert first != second
    assert second.passed
    assert first.email != second.email


def test_a_rate_limit_in_the_middle_only_delays(intercom: Intercom, campaign: Campaign) -> None:
    intercom.sandbox.archive_attribute(intercom.workspace, "lead_source")
    goes_wrong(intercom, Fault(acts=False, method="PUT", status=429, after=1))

    trial = asked(campaign)
    drained(intercom, trial)
    time_passes(trial)
    drained(intercom, trial)

    assert (trial.state, outcomes(trial)["lead_source"]) == (TrialState.DONE, "refused")
    assert len(intercom.sandbox.creations(intercom.workspace)) == 1


def test_a_slice_that_ends_in_the_middle_hands_the_test_on(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slice_module, "SECONDS", 0.25)
    intercom.sandbox.set_latency(intercom.workspace, 0.2)
    trial = asked(campaign)

    drains = 0
    while trial.state != TrialState.DONE and drains < 10:
        drained(intercom, trial)
        drains += 1

    assert drains > 1
    assert (trial.state, trial.passed) == (TrialState.DONE, True)
    assert intercom.new_calls() == CREATE_READ_DELETE


def test_a_paused_workspace_is_left_alone_until_it_is_resumed(intercom: Intercom, campaign: Campaign) -> None:
    workspaces = type(intercom.connection).objects.filter(pk=intercom.connection.pk)
    pause_workspaces(workspaces, user=None)
    trial = drained(intercom, asked(campaign))
    assert (trial.state, intercom.new_calls()) == (TrialState.QUEUED, [])

    resume_workspaces(workspaces)

    assert drained(intercom, trial).passed


def test_a_test_that_waited_too_long_surprises_nobody(intercom: Intercom, campaign: Campaign) -> None:
    trial = asked(campaign)
    Trial.objects.update(made_at=timezone.now() - timedelta(minutes=11))

    drained(intercom, trial)

    assert (trial.state, trial.failure, intercom.new_calls()) == (TrialState.DONE, Failure.EXPIRED, [])


def test_a_test_that_nobody_began_does_not_block_the_next(campaign: Campaign) -> None:
    old = asked(campaign)
    Trial.objects.update(made_at=timezone.now() - timedelta(minutes=11))

    new = asked(campaign)

    old.refresh_from_db()
    assert (old.state, old.failure) == (TrialState.DONE, Failure.EXPIRED)
    assert (new.state, new == old) == (TrialState.QUEUED, False)


def test_a_bug_of_ours_ends_the_test_and_not_the_leads(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(trials_module, "body_of", broken)
    lead, trial = make_lead(campaign), asked(campaign)

    drained(intercom, trial)
    time_passes(trial)
    drained(intercom, trial)
    time_passes(trial)
    drained(intercom, trial)

    assert owed(lead).state == State.CREATED
    assert (trial.state, trial.failure) == (TrialState.DONE, Failure.INTERNAL)


def test_what_was_tested_is_kept_even_when_it_was_never_saved(intercom: Intercom, campaign: Campaign) -> None:
    trial = drained(intercom, asked(campaign))

    assert [row["to"] for row in trial.content["field_map"]] == [row["to"] for row in FIVE_ROWS]
    assert SOURCE_ROW["to"] in {one["target"] for one in trial.findings}
