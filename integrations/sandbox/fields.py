"""Checks what a create or update wants to write into a contact. Writes nothing.

Intercom documents few of these refusals: where a text or status is assumed, a comment says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from integrations.sandbox.attributes import Attribute, Kind, read_all
from integrations.sandbox.messages import Json, RefusalError, invalid
from integrations.sandbox.standard import TEAMMATE_ID

if TYPE_CHECKING:
    from integrations.sandbox.context import Context

EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\".]+(\.[^\s@,;<>\".]+)+")
PHONE = re.compile(r"\+?[0-9]{7,15}")
PHONE_FILLERS = re.compile(r"[\s().-]")
LONGEST = 255
USER, LEAD = "user", "lead"


def role(body: Json) -> str | None:
    """The role asked for; "contact" is an old word for user. None when the body names none."""
    value = body.get("role")
    if value is None or value in (USER, LEAD):
        return value
    if value == "contact":
        return USER
    raise invalid("Role must be either user or lead")  # assumed


def changes(body: Json) -> Json:
    """The standard fields that the body writes, checked; the key is absent where nothing is written.

    Role, external_id and custom_attributes follow rules of their own. Raises RefusalError.
    """
    if "email_verified" in body and not body.get("email"):
        raise invalid("email_verified must be supplied together with an email")  # status documented only
    return {name: check(body[name]) for name, check in CHECKS.items() if name in body}


def external_id(body: Json) -> str | None:
    """None when absent or null: a null is ignored, the old value stays."""
    value = body.get("external_id")
    return None if value in (None, "") else _text(str(value) if _is_integer(value) else value)


def custom(ctx: Context, body: Json) -> Json:
    """The custom attributes that the body writes, checked: one bad key refuses the whole call."""
    values = body.get("custom_attributes") or {}
    if not isinstance(values, dict):
        raise invalid("custom_attributes must be an object")  # assumed
    known = read_all(ctx.db, ctx.workspace.id) if values else {}
    for name, value in values.items():
        _check_custom(known.get(name), name, value)
    return values


def _check_custom(attribute: Attribute | None, name: str, value: Any) -> None:
    # Assumed: an archived attribute is refused with the same text as an unknown one.
    if attribute is None or attribute.archived:
        raise invalid(f"Custom attribute '{name}' does not exist")
    if value is None:
        return
    if not TYPE_CHECKS[attribute.kind](value):
        raise invalid(f"Custom attribute '{name}' must be of type {attribute.kind}")  # assumed
    if isinstance(value, str) and len(value) > LONGEST:
        raise invalid(f"Custom attribute '{name}' is too long (maximum is {LONGEST} characters)")  # assumed
    if attribute.options and value not in attribute.options:
        raise invalid(f"Custom attribute '{name}' must be one of the allowed values")  # assumed


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


TYPE_CHECKS: dict[Kind, Callable[[Any], bool]] = {
    Kind.STRING: _is_text,
    Kind.OPTIONS: _is_text,
    Kind.INTEGER: _is_integer,
    Kind.FLOAT: _is_number,
    Kind.BOOLEAN: _is_boolean,
    # Whole Unix seconds; milliseconds pass, and show as a day tens of thousands of years ahead.
    Kind.DATE: _is_integer,
    Kind.DATETIME: _is_integer,
}


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise invalid(f"must be a string of at most {LONGEST} characters")  # assumed
    return value


def _email(value: Any) -> str:
    if value in (None, ""):
        return ""  # recorded: null is answered as an empty string
    if not EMAIL.fullmatch(_text(value)):
        raise invalid("Email is invalid")  # assumed
    return str(value)


def _phone(value: Any) -> str | None:
    if value in (None, ""):
        return None
    if not PHONE.fullmatch(PHONE_FILLERS.sub("", _text(value))):
        raise invalid("Phone is invalid")  # assumed
    return str(value)


def _name(value: Any) -> str | None:
    return None if value is None else _text(value)


def _seconds(value: Any) -> int | None:
    if value is None or _is_integer(value):
        return value  # type: ignore[no-any-return]  # checked in the line above
    raise invalid("must be a Unix timestamp in seconds")  # assumed


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid("must be true or false")  # assumed
    return value


def _owner(value: Any) -> str | None:
    if value is None or str(value) == TEAMMATE_ID:
        return None if value is None else TEAMMATE_ID
    raise invalid("The owner specified is not a member of the workspace")


def _avatar(value: Any) -> Json | None:
    return {"type": "avatar", "image_url": _text(value)} if value else None


CHECKS: dict[str, Callable[[Any], Any]] = {
    "email": _email,
    "phone": _phone,
    "name": _name,
    "avatar": _avatar,
    "owner_id": _owner,
    "signed_up_at": _seconds,
    "last_seen_at": _seconds,
    "unsubscribed_from_emails": _flag,
}


def refuse_demotion(before: str, after: str | None) -> None:
    if before == USER and after == LEAD:
        raise RefusalError(400, "client_error", "Contact with user role can't be converted to a lead")
