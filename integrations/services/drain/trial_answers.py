"""What a call's end means for a test lead and for its workspace. Decides only: no database, no HTTP."""

from __future__ import annotations

from integrations.intercom.errors import (
    AuthError,
    ForbiddenError,
    IntercomError,
    MergedError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from integrations.logic.redact import vendor_message
from integrations.logic.trial import Answer, Course, Heard, Step
from integrations.services.drain.calls import Found, NotSentError, Written
from integrations.services.drain.verdicts import Trouble


def answer_of(result: Written | Found, *, course: Course, email: str) -> Answer:
    """The end of a call in the words of a test."""
    error = result.error
    if error is not None:
        words = error.vendor_message if isinstance(error, IntercomError) else ""
        return Answer(_heard(error), message=vendor_message(words, keep=[email]))
    if isinstance(result, Written):
        # A contact that stood in the way of this create is not the one that it made.
        return Answer(Heard.DONE, result.contact) if result.contact else Answer(Heard.LOST)
    if course.step is Step.READ:
        return _read(result, contact_id=course.contact_id)
    return Answer(Heard.DONE)


def _read(found: Found, *, contact_id: str) -> Answer:
    """One that was merged into another contact is gone, wherever its values are now."""
    own = next((contact for contact in found.contacts if contact.id == contact_id), None)
    return Answer(Heard.DONE, own) if own else Answer(Heard.GONE)


def _heard(error: Exception) -> Heard:
    match error:
        case NotSentError() | RateLimitedError():
            return Heard.STAYED
        case AuthError():
            return Heard.NO_ACCESS
        case ForbiddenError():
            return Heard.FORBIDDEN
        case NotFoundError() | MergedError():
            return Heard.GONE
        case RejectedError():
            return Heard.REFUSED
        case TransientError(maybe_acted=False):
            return Heard.UNREACHABLE
        case _:
            return Heard.LOST


def trouble_of(error: Exception | None, *, course: Course) -> Trouble:
    """What it says about the workspace. That we may not delete or read keeps nobody from being sent."""
    match error:
        case RateLimitedError():
            return Trouble.RATE_LIMIT
        case AuthError():
            return Trouble.RECONNECT
        case ForbiddenError() if not course.tested and course.step is not Step.READ:
            return Trouble.RECONNECT
        case _:
            return Trouble.NONE
