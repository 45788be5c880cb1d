"""The states a delivery can be in, and the reasons that go with them. Names only, no decisions."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands. The first four together are what people read as *waiting*."""

    WAITING = "waiting"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    HELD = "held"
    """Waited too long to be sent without asking: a person must say so."""
    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    NOT_SENT = "not_sent"
    NEEDS_ATTENTION = "needs_attention"


OPEN = (State.WAITING, State.SENDING, State.UNCERTAIN, State.HELD)
"""Something is still owed."""

DELIVERED = (State.CREATED, State.UPDATED)
"""The contact in Intercom has what we owed it."""

IN_FLIGHT = (State.SENDING, State.UNCERTAIN)
"""A write has left, or may have: nobody else may write to the same email."""

DUE = (State.WAITING, State.UNCERTAIN)
"""A drain may take it when its time has come."""


class Outcome(StrEnum):
    """What a person reads: each participant has exactly one."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    NOT_SENT = "not_sent"
    WAITING = "waiting"
    NEEDS_ATTENTION = "needs_attention"


def outcome_of(state: State) -> Outcome:
    return Outcome.WAITING if state in OPEN else Outcome(state.value)


class Reason(StrEnum):
    """Why a delivery stands where it stands.

    The first group is stored with the row; the second is worked out from the settings and the workspace
    when somebody looks, since it holds for many rows at once and ends for all of them together.
    """

    NONE = ""
    # waiting, by itself
    QUEUED = "queued"
    RETRY = "retry"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    HELD = "held"
    RULE_FIELD_PROBLEM = "rule_field_problem"
    UNDOING = "undoing"
    SEARCH_LAG = "search_lag"
    # not sent
    NOTHING_TO_ACTION = "nothing_to_action"
    JOINED_LONG_AGO = "joined_long_ago"
    DISCONNECTED = "disconnected"
    CANCELLED = "cancelled"
    # skipped, created, updated
    EXISTS = "exists"
    POLICY = "policy"
    NEW = "new"
    OURS = "ours"
    SAME_VALUES = "same_values"
    COMPLETED = "completed"
    PRESENT_VALUES = "present_values"
    UNDONE = "undone"
    NOTHING_TO_UNDO = "nothing_to_undo"
    UNDO_FAILED = "undo_failed"
    UNDO_NO_CONTACT = "undo_no_contact"
    # needs attention
    REJECTED = "rejected"
    SEVERAL_MATCHES = "several_matches"
    ARCHIVED = "archived"
    NO_ID_IN_CONFLICT = "no_id_in_conflict"
    NOT_AN_EMAIL = "not_an_email"
    GAVE_UP = "gave_up"
    GAVE_UP_IN_DOUBT = "gave_up_in_doubt"
    EXTERNAL_ID_TAKEN = "external_id_taken"
    CONTACT_GONE = "contact_gone"
    NOT_RESTORABLE = "not_restorable"
    INTERNAL_ERROR = "internal_error"

    # waiting, together with others: worked out, never stored
    NOT_CONNECTED = "not_connected"
    RECONNECT_NEEDED = "reconnect_needed"
    SETUP_REQUIRED = "setup_required"
    SWITCHED_OFF = "switched_off"
    PAUSED_CAMPAIGN = "paused_campaign"
    PAUSED_WORKSPACE = "paused_workspace"
    RATE_LIMITED = "rate_limited"
    NO_ANSWER = "no_answer"


RESTING = (Reason.RATE_LIMITED, Reason.NO_ANSWER)
"""The whole workspace rests, and goes on by itself."""


class Order(StrEnum):
    """What a person asked for, against or beyond the rules of the tab."""

    NONE = ""
    UPDATE = "update"
    """Update the existing contact, although the policy says do nothing."""
    RESTORE = "restore"
    """Take the contact out of Intercom's archive, and update it."""
    CHOOSE = "choose"
    """This contact is the one we created."""
    COMPLETE = "complete"
    """Send the fields that could not be written before."""
    UNDO = "undo"
    """Put back what we wrote over. Goes by what was written, whatever the tab says now."""


class Intent(StrEnum):
    """What is about to leave, committed before it leaves."""

    NONE = ""
    CREATE_LEAD = "create_lead"
    CREATE_USER = "create_user"
    UPDATE = "update"
