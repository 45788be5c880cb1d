"""Intercom's JSON becomes checked value types here and is a bare dictionary nowhere further in.

Says no only where the id, or the list itself, is missing: a surprise in another field must not lose a
contact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.intercom.hosts import Region, normal_region
from integrations.logic.types import CUSTOM, Attribute, Contact

_OWN = frozenset(
    {
        "type",
        "id",
        "role",
        "email",
        "external_id",
        "name",
        "phone",
        "created_at",
        "updated_at",
        "custom_attributes",
    }
)
_IDENTIFIER = re.compile(r"(?!\.*$)[\x21-\x7e]{1,64}")
_LONGEST_WORD = 20
LAST_SECOND = 253_402_300_799  # the end of the year 9999, the last that Python's dates hold


class ShapeError(ValueError):
    """An answer without the part that it must have. Names the part, quotes nothing."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """An Intercom workspace, as /me tells it. `region` is None where it is not told or not known."""

    id: str
    name: str
    region: Region | None
    timezone: str


def parse_contact(data: object) -> Contact:
    """A contact from an answer or a webhook; of a deleted one only the id may be there.

    Times may be Unix seconds (REST) or ISO-8601 (webhooks). Raises ShapeError without an id.
    https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts
    """
    found = _mapping(data, part="contact")
    custom = found.get("custom_attributes")
    return Contact(
        id=_identifier(found.get("id"), part="contact id"),
        role=_word(found.get("role")),
        email=_text(found.get("email")),
        external_id=_text(found.get("external_id")),
        name=_text(found.get("name")),
        phone=_text(found.get("phone")),
        created_at=_seconds(found.get("created_at")),
        updated_at=_seconds(found.get("updated_at")),
        custom_attributes=dict(custom) if isinstance(custom, Mapping) else {},
        standard={key: value for key, value in found.items() if key not in _OWN and _is_scalar(value)},
    )


def parse_attribute(data: object) -> Attribute:
    """One data attribute. Standard ones have no id and may share a name, so `full_name` is the key.

    Raises ShapeError without a name.
    https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/data-attributes
    """
    found = _mapping(data, part="data attribute")
    custom = found.get("custom") is True
    name = _text(found.get("name"))
    full_name = _text(found.get("full_name")) or (f"{CUSTOM}{name}" if custom and name else name)
    if full_name is None:
        raise ShapeError("data attribute name")
    return Attribute(
        full_name=full_name,
        label=_text(found.get("label")) or name or full_name,
        data_type=_text(found.get("data_type")) or "",
        options=_options(found.get("options")),
        writable=found.get("api_writable") is True,
        archived=found.get("archived") is True,
        custom=custom,
    )


def parse_attributes(data: object) -> tuple[Attribute, ...]:
    """A workspace's list of data attributes, which Intercom never pages. Raises ShapeError."""
    return tuple(parse_attribute(row) for row in parse_rows(data))


def parse_rows(data: object) -> list[Any]:
    """The rows of any list of Intercom's, not yet checked. Raises ShapeError if there is no list."""
    rows = _mapping(data, part="list").get("data")
    if not isinstance(rows, list):
        raise ShapeError("list data")
    return rows


def parse_flag(data: object, name: str, *, expected: bool) -> None:
    """Check that an answer which says no more says `name` is `expected`. Raises ShapeError."""
    if _mapping(data, part=name).get(name) is not expected:
        raise ShapeError(name)


def parse_workspace(data: object) -> Workspace | None:
    """The workspace in the answer of /me; None where the token belongs to none (`app` is nullable).

    Raises ShapeError. https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/admins/identifyadmin
    """
    app = _mapping(data, part="me").get("app")
    if app is None:
        return None
    found = _mapping(app, part="app")
    return Workspace(
        id=_identifier(found.get("id_code"), part="workspace id"),
        name=_text(found.get("name")) or "",
        region=_region(found.get("region")),
        timezone=_text(found.get("timezone")) or "",
    )


def _region(value: object) -> Region | None:
    try:
        return normal_region(_text(value) or "")
    except ValueError:
        return None


def _options(value: object) -> tuple[str, ...]:
    """Read back as plain texts, but written as objects: both are taken."""
    rows = value if isinstance(value, list) else []
    texts = (_text(row.get("value") if isinstance(row, Mapping) else row) for row in rows)
    return tuple(text for text in texts if text is not None)


def _mapping(value: object, *, part: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ShapeError(part)
    return value


def _identifier(value: object, *, part: str) -> str:
    """Ids go into addresses, and into columns of 64 characters: what fits neither is none of Intercom's."""
    text = _text(value)
    if text is None or _IDENTIFIER.fullmatch(text) is None:
        raise ShapeError(part)
    return text


def _word(value: object) -> str:
    """One of Intercom's own words, such as a role; empty for what is too long to be one."""
    text = _text(value) or ""
    return text if len(text) <= _LONGEST_WORD else ""


def _text(value: object) -> str | None:
    """A text, or a whole number as one; None for what is empty or neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _seconds(value: object) -> int:
    """Unix seconds (UTC) of a whole number or an ISO-8601 text; 0 for anything else."""
    if isinstance(value, str):
        value = _iso_seconds(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LAST_SECOND:
        return int(value)
    return 0


def _iso_seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0
