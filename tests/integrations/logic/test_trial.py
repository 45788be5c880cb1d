"""The course of a test lead, answer by answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.mapping import map_values
from integrations.logic.notes import NoteCode
from integrations.logic.trial import CLEANS_UP, CREATES, Answer, Course, Failure, Heard, Step, body_of
from integrations.logic.trial_course import LOOKS, MOST_TRIES, after
from integrations.logic.trial_findings import (
    Finding,
    Origin,
    Outcome,
    from_json,
    judged,
    passed,
    planned,
)
from integrations.logic.types import Action, Contact, Role, SourceValue
from tests.integrations.logic.support import attribute, contact, fixed, listed, row, tab

LAG = timedelta(minutes=5)
EMAIL = "lead-sync-test-1@example.com"
MADE = Answer(Heard.DONE, contact("c9", email=EMAIL))
NO = Answer(Heard.REFUSED, message="No.")


def course(step: Step = Step.CREATE, **changes: Any) -> Course:
    findings = (
        Finding("email", row=0, sent=EMAIL),
        Finding("name", row=1, sent="Test Lead"),
        Finding("custom_attributes.plan", row=2, sent="Pro"),
        Finding("custom_attributes.old", row=3, outcome=Outcome.LEFT_OUT, note=NoteCode.ATTRIBUTE_ARCHIVED),
    )
    return Course(**{"step": step, "findings": findings, **changes})


def told(start: Course, *answers: Answer) -> Course:
    for answer in answers:
        start = after(start, answer, search_lag=LAG)
    return start


def outcomes(at: Course) -> list[Outcome]:
    return [finding.outcome for finding in at.findings]


def test_everything_that_is_pending_goes_at_once() -> None:
    assert body_of(course(), email=EMAIL, role=Role.USER) == {
        "email": EMAIL,
        "name": "Test Lead",
        "role": "user",
        "custom_attributes": {"plan": "Pro"},
    }


def test_after_a_refusal_the_email_goes_alone_and_then_field_by_field() -> None:
    bare = told(course(), NO)
    assert body_of(bare, email=EMAIL, role=Role.LEAD) == {"email": EMAIL, "role": "lead"}

    name = told(bare, MADE)
    plan = told(name, MADE)

    assert body_of(name, email=EMAIL, role=Role.LEAD) == {"name": "Test Lead"}
    assert body_of(plan, email=EMAIL, role=Role.LEAD) == {"custom_attributes": {"plan": "Pro"}}
    assert told(plan, NO).step is Step.READ


def test_a_refused_field_keeps_intercoms_words_and_the_next_has_its_turn() -> None:
    at = told(course(), NO, MADE, NO)

    assert (at.step, at.findings[1].outcome, at.findings[1].message) == (Step.WRITE, Outcome.REFUSED, "No.")


@pytest.mark.parametrize("heard", [heard for heard in Heard if heard is not Heard.DONE])
@pytest.mark.parametrize("step", sorted(CREATES))
def test_no_create_is_ever_sent_again_after_an_answer_that_may_have_got_lost(
    step: Step, heard: Heard
) -> None:
    at = told(course(step), Answer(heard))

    may_have_acted = heard in {Heard.LOST, Heard.GONE}
    assert (at.step is Step.LOOK) == may_have_acted
    if may_have_acted:
        assert (at.failure, at.wait) == (Failure.UNCERTAIN, LAG)


def test_a_contact_without_an_answer_is_searched_for_twice() -> None:
    at = told(course(), Answer(Heard.LOST))

    for _ in range(LOOKS):
        assert (at.step, at.wait) == (Step.LOOK, LAG)
        at = told(at, Answer(Heard.DONE))

    assert at.step is Step.END
    assert not at.passed


@pytest.mark.parametrize("heard", [Heard.LOST, Heard.UNREACHABLE, Heard.GONE])
@pytest.mark.parametrize("step", [Step.WRITE, Step.READ])
def test_the_test_itself_gives_up_after_a_few_tries_and_then_cleans_up(step: Step, heard: Heard) -> None:
    at = course(step, contact_id="c9")

    for _ in range(MOST_TRIES - 1):
        at = told(at, Answer(heard))
        assert (at.step, at.failure) == (step, Failure.NONE)
    at = told(at, Answer(heard))

    assert (at.step, at.tries) == (Step.DELETE, 0)
    assert at.failure is (Failure.GONE if heard is Heard.GONE else Failure.NO_ANSWER)


@pytest.mark.parametrize("step", sorted(CLEANS_UP))
@pytest.mark.parametrize(
    "heard", [Heard.LOST, Heard.UNREACHABLE, Heard.NO_ACCESS, Heard.FORBIDDEN, Heard.REFUSED]
)
def test_cleaning_up_is_never_given_up(step: Step, heard: Heard) -> None:
    at = course(step, contact_id="c9")

    for tries in range(1, 50):
        at = told(at, Answer(heard))
        assert (at.step, at.tries) == (step, tries)


def test_a_contact_that_is_gone_counts_as_deleted() -> None:
    assert told(course(Step.DELETE, contact_id="c9"), Answer(Heard.GONE)).step is Step.END


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.END])
def test_what_never_left_changes_nothing(step: Step) -> None:
    before = course(step, contact_id="c9")

    assert told(before, Answer(Heard.STAYED)) == before


def test_a_verdict_stands_before_the_contact_is_deleted() -> None:
    shown = contact("c9", email=EMAIL, name="Test Lead", custom_attributes={"plan": "Pro"})
    at = told(course(), MADE, Answer(Heard.DONE, shown))

    assert (at.step, at.tested) == (Step.DELETE, True)
    assert outcomes(at) == [Outcome.WRITTEN] * 3 + [Outcome.LEFT_OUT]
    assert not at.passed


def test_fields_refused_only_together_are_told_apart_from_success() -> None:
    shown = contact("c9", email=EMAIL, name="Test Lead", custom_attributes={"plan": "Pro"})

    at = told(course(), NO, MADE, MADE, MADE, Answer(Heard.DONE, shown))

    assert (at.failure, at.message) == (Failure.TOGETHER, "No.")


def test_a_guilty_field_explains_the_first_refusal() -> None:
    shown = contact("c9", email=EMAIL, name="Test Lead")

    at = told(course(), NO, MADE, MADE, NO, Answer(Heard.DONE, shown))

    assert (at.failure, at.message) == (Failure.NONE, "")


@given(st.lists(st.sampled_from(Heard), max_size=60))
def test_whatever_is_heard_a_contact_that_may_exist_is_cleaned_up_first(heard: list[Heard]) -> None:
    at, exists = course(), False
    for one in heard:
        if at.step is Step.END:
            break
        creating, cleaning = at.step in CREATES, at.step in CLEANS_UP
        exists = exists or (creating and one in {Heard.DONE, Heard.LOST, Heard.GONE})
        at = told(at, Answer(one, contact("c9", email=EMAIL) if one is Heard.DONE else None))
        assert not (exists and at.step in CREATES), "a second contact"
        if at.step is Step.END and exists:
            assert cleaning, "left behind"


SAME = [
    ("email", "a@example.com", "A@Example.com"),
    ("phone", "+1 (202) 555-0143", "+12025550143"),
    ("custom_attributes.seats", 12, 12.0),
    ("custom_attributes.on", True, True),
    ("name", "Test Lead", "Test Lead "),
]
OTHER = [
    ("name", "Test Lead", "Test"),
    ("custom_attributes.seats", 1, True),
    ("custom_attributes.on", True, 1),
    ("custom_attributes.day", 1_700_000_000, 1_699_920_000),
    ("name", "Test Lead", {"a": 1}),
]


def shown(target: str, value: Any) -> Contact:
    if target.startswith("custom_attributes."):
        return contact(custom_attributes={target.removeprefix("custom_attributes."): value})
    return contact(**{target: value})


@pytest.mark.parametrize(("target", "sent", "value"), SAME)
def test_what_a_person_would_call_the_same_works(target: str, sent: Any, value: Any) -> None:
    finding = Finding(target, outcome=Outcome.SENT, sent=sent)

    assert judged(finding, contact=shown(target, value)).outcome is Outcome.WRITTEN


@pytest.mark.parametrize(("target", "sent", "value"), OTHER)
def test_another_value_is_kept_to_be_shown(target: str, sent: Any, value: Any) -> None:
    finding = judged(Finding(target, outcome=Outcome.SENT, sent=sent), contact=shown(target, value))

    assert finding.outcome is Outcome.DIFFERENT
    assert finding.shown is not None


@pytest.mark.parametrize("value", [None, ""])
def test_a_value_that_intercom_does_not_show_is_missing(value: Any) -> None:
    finding = Finding("name", outcome=Outcome.SENT, sent="Test Lead")

    assert judged(finding, contact=shown("name", value)).outcome is Outcome.MISSING


def test_a_refused_field_is_not_looked_at() -> None:
    finding = Finding("name", outcome=Outcome.REFUSED, sent="Test Lead")

    assert judged(finding, contact=shown("name", "Test Lead")) == finding


def test_a_plan_has_every_field_once_and_says_why_some_stay() -> None:
    attributes = listed(attribute(name="plan"), attribute(name="old", archived=True))
    settings = tab(
        row("lead.first_name", "name"),
        row("lead.id", "external_id"),
        fixed("x", "custom_attributes.old"),
        row("lead.company", "custom_attributes.plan"),
        action=Action.CREATE_USER,
        marks=True,
    )
    values: dict[str, SourceValue] = {"lead.email": EMAIL, "lead.first_name": "Test", "lead.id": 7}

    plan = planned(settings, mapped=map_values(settings, values=values, attributes=attributes))

    found = {finding.target: (finding.outcome, finding.origin) for finding in plan}
    assert found == {
        "email": (Outcome.PENDING, Origin.ROW),
        "name": (Outcome.PENDING, Origin.ROW),
        "external_id": (Outcome.SKIPPED, Origin.ROW),
        "custom_attributes.old": (Outcome.LEFT_OUT, Origin.ROW),
        "custom_attributes.plan": (Outcome.EMPTY, Origin.ROW),
        "custom_attributes.referred": (Outcome.LEFT_OUT, Origin.MARK),
        "custom_attributes.referral_campaign": (Outcome.EMPTY, Origin.MARK),
        "custom_attributes.referrer_name": (Outcome.EMPTY, Origin.MARK),
    }


def test_a_plan_has_the_first_value_of_the_rule() -> None:
    settings = tab(qualifies=True, rule_attribute="custom_attributes.plan", rule_initial="Free")

    mapped = map_values(settings, values={"lead.email": EMAIL}, attributes=listed(attribute()))

    first = planned(settings, mapped=mapped)[-1]
    assert (first.target, first.origin, first.sent) == ("custom_attributes.plan", Origin.FIRST_VALUE, "Free")


@pytest.mark.parametrize(
    ("outcome", "works"),
    [
        (Outcome.WRITTEN, True),
        (Outcome.EMPTY, True),
        (Outcome.SKIPPED, True),
        (Outcome.DIFFERENT, False),
        (Outcome.PENDING, False),
        (Outcome.LEFT_OUT, False),
    ],
)
def test_a_test_passes_when_nothing_is_amiss(outcome: Outcome, works: bool) -> None:
    assert passed([Finding("name", outcome=outcome)]) is works


def test_a_finding_is_stored_and_read_back_whole() -> None:
    finding = Finding(
        "name",
        row=2,
        outcome=Outcome.DIFFERENT,
        sent="a",
        shown="b",
        note=NoteCode.CUT,
        params={"length": 300, "limit": 255},
        message="m",
    )

    assert from_json(finding.as_json()) == finding
