"""The course of a test lead: what each answer means, and so which call comes next. Calls nothing itself.

Every call but a create may be repeated, so a course goes on from wherever it was left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from integrations.logic.backoff import retry_after
from integrations.logic.targets import EMAIL
from integrations.logic.trial import AT_ONCE, Answer, Course, Failure, Heard, Step
from integrations.logic.trial_findings import Finding, Outcome, judged
from integrations.logic.types import Contact

if TYPE_CHECKING:
    from datetime import timedelta

MOST_TRIES = 3
"""How often a step of the test itself is tried; the contact is deleted however often that takes."""

LOOKS = 2
"""How often a contact whose create was never answered is searched for: search may show it late."""


def after(course: Course, answer: Answer, *, search_lag: timedelta) -> Course:
    """Where the test stands after its call was answered."""
    if answer.heard is Heard.STAYED:
        return replace(course, wait=AT_ONCE)
    return _AFTER[course.step](course, answer, search_lag)


def interrupted(course: Course, *, search_lag: timedelta) -> Course:
    """A create left, and whoever waited for its answer is gone."""
    return after(course, Answer(Heard.LOST), search_lag=search_lag)


def _after_create(course: Course, answer: Answer, search_lag: timedelta) -> Course:
    match answer:
        case Answer(Heard.DONE, Contact() as contact):
            whole = course.step is Step.CREATE
            findings = tuple(_sent(f) if whole or f.target == EMAIL else f for f in course.findings)
            return _on(replace(course, contact_id=contact.id, findings=findings))
        case Answer(Heard.REFUSED) if course.step is Step.CREATE and len(course.pending) > 1:
            return _step(course, Step.CREATE_BARE, message=answer.message)
        case Answer(Heard.REFUSED):
            refused = _found(course, EMAIL, Outcome.REFUSED, message=answer.message)
            return _failed(replace(course, findings=refused), Failure.REFUSED, answer, then=Step.END)
        case Answer(Heard.NO_ACCESS):
            return _failed(course, Failure.NO_ACCESS, answer, then=Step.END)
        case Answer(Heard.FORBIDDEN):
            return _failed(course, Failure.FORBIDDEN, answer, then=Step.END)
        case Answer(Heard.UNREACHABLE):
            return _again(course, answer, otherwise=Failure.UNREACHABLE, then=Step.END)
    lost = _failed(course, Failure.UNCERTAIN, answer, then=Step.LOOK)
    return replace(lost, wait=search_lag)


def _after_write(course: Course, answer: Answer, _search_lag: timedelta) -> Course:
    target = course.pending[0].target
    if answer.heard is Heard.DONE:
        return _on(replace(course, findings=_found(course, target, Outcome.SENT)))
    if answer.heard is Heard.REFUSED:
        found = _found(course, target, Outcome.REFUSED, message=answer.message)
        return _on(replace(course, findings=found))
    return _test_failed(course, answer)


def _after_read(course: Course, answer: Answer, _search_lag: timedelta) -> Course:
    if answer.heard is not Heard.DONE or answer.contact is None:
        return _test_failed(course, answer)
    found = tuple(judged(finding, contact=answer.contact) for finding in course.findings)
    course = replace(course, findings=found)
    # `message` is set where Intercom refused everything at once.
    if course.message and not any(f.outcome is Outcome.REFUSED for f in found):
        return _step(course, Step.DELETE, failure=Failure.TOGETHER)
    return _step(course, Step.DELETE, message="")


def _after_delete(course: Course, answer: Answer, _search_lag: timedelta) -> Course:
    if answer.heard in {Heard.DONE, Heard.GONE}:
        return _step(course, Step.END)
    return _until_it_works(course)


def _after_look(course: Course, answer: Answer, search_lag: timedelta) -> Course:
    if answer.heard is not Heard.DONE:
        return _until_it_works(course)
    looks = course.looks + 1
    if looks >= LOOKS:
        return replace(_step(course, Step.END), looks=looks)
    return replace(_step(course, Step.LOOK), looks=looks, wait=search_lag)


_AFTER: Mapping[Step, Callable[[Course, Answer, timedelta], Course]] = MappingProxyType(
    {
        Step.CREATE: _after_create,
        Step.CREATE_BARE: _after_create,
        Step.WRITE: _after_write,
        Step.READ: _after_read,
        Step.DELETE: _after_delete,
        Step.LOOK: _after_look,
    }
)


def _test_failed(course: Course, answer: Answer) -> Course:
    match answer.heard:
        case Heard.NO_ACCESS:
            return _failed(course, Failure.NO_ACCESS, answer, then=Step.DELETE)
        case Heard.FORBIDDEN:
            return _failed(course, Failure.FORBIDDEN, answer, then=Step.DELETE)
        case Heard.GONE:
            # What was just created may not be there yet for every one of Intercom's servers.
            return _again(course, answer, otherwise=Failure.GONE, then=Step.DELETE)
    return _again(course, answer, otherwise=Failure.NO_ANSWER, then=Step.DELETE)


def _again(course: Course, answer: Answer, *, otherwise: Failure, then: Step) -> Course:
    tries = course.tries + 1
    if tries >= MOST_TRIES:
        return _failed(course, otherwise, answer, then=then)
    return replace(course, tries=tries, wait=retry_after(tries))


def _until_it_works(course: Course) -> Course:
    tries = course.tries + 1
    return replace(course, tries=tries, wait=retry_after(tries))


def _failed(course: Course, failure: Failure, answer: Answer, *, then: Step) -> Course:
    return _step(course, then, failure=failure, message=answer.message)


def _on(course: Course) -> Course:
    """To the next field that was not written yet, or else to reading them all back."""
    return _step(course, Step.WRITE if course.pending else Step.READ)


def _step(course: Course, step: Step, **changes: Any) -> Course:
    return replace(course, step=step, tries=0, wait=AT_ONCE, **changes)


def _sent(finding: Finding) -> Finding:
    return replace(finding, outcome=Outcome.SENT) if finding.outcome is Outcome.PENDING else finding


def _found(course: Course, target: str, outcome: Outcome, *, message: str = "") -> tuple[Finding, ...]:
    return tuple(
        replace(finding, outcome=outcome, message=message) if finding.target == target else finding
        for finding in course.findings
    )
