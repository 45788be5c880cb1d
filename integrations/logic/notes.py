"""What happened to a value on its way to Intercom, as codes. The sentences for people are made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class NoteCode(StrEnum):
    """Why a value was changed or left out."""

    # sent, but not as it stood
    CUT = "cut"
    OPTION_SPELLED_DIFFERENTLY = "option_spelled_differently"
    # sent as it stood, and may be refused
    PHONE_NOT_INTERNATIONAL = "phone_not_international"
    ATTRIBUTE_TYPE_CHANGED = "attribute_type_changed"
    # left out because of the value
    NOT_A_NUMBER = "not_a_number"
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"
    NUMBER_AMBIGUOUS = "number_ambiguous"
    NOT_A_BOOLEAN = "not_a_boolean"
    NOT_A_DATE = "not_a_date"
    DATE_IN_MILLISECONDS = "date_in_milliseconds"
    NOT_AN_OPTION = "not_an_option"
    # left out because of the field
    TARGET_FORBIDDEN = "target_forbidden"
    ATTRIBUTE_MISSING = "attribute_missing"
    ATTRIBUTE_ARCHIVED = "attribute_archived"
    ATTRIBUTE_NOT_WRITABLE = "attribute_not_writable"
    MARK_UNAVAILABLE = "mark_unavailable"
    REFUSED = "refused"
    EXTERNAL_ID_USERS_ONLY = "external_id_users_only"
    EMAIL_KEPT = "email_kept"
    # left out when a create of ours left, which was found later
    WAS_LEFT_OUT = "was_left_out"
    # left as it is when an update was to be taken back
    CHANGED_SINCE = "changed_since"
    BACK_ALREADY = "back_already"
    NOT_PUT_BACK = "not_put_back"
    FORGOTTEN = "forgotten"


SENT = frozenset(
    {
        NoteCode.CUT,
        NoteCode.OPTION_SPELLED_DIFFERENTLY,
        NoteCode.PHONE_NOT_INTERNATIONAL,
        NoteCode.ATTRIBUTE_TYPE_CHANGED,
    }
)

FIELD_PROBLEMS = frozenset(
    {
        NoteCode.ATTRIBUTE_MISSING,
        NoteCode.ATTRIBUTE_ARCHIVED,
        NoteCode.ATTRIBUTE_NOT_WRITABLE,
        NoteCode.REFUSED,
    }
)
"""The field itself can't be written: repairing it in Intercom, or the row, makes up for it."""


@dataclass(frozen=True, slots=True)
class Note:
    """One remark about one field. `params` holds what a sentence needs: plain text and numbers."""

    code: NoteCode
    target: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def left_out(self) -> bool:
        """Whether the value did not go."""
        return self.code not in SENT
