"""Says a contact's fields and history in words, for the sandbox's pages. Reads no store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from integrations.sandbox.attributes import Attribute, Kind
from integrations.sandbox.context import Event
from integrations.sandbox.people import State
from integrations.sandbox.standard import STANDARD

if TYPE_CHECKING:
    from integrations.sandbox.messages import Json
    from integrations.sandbox.records import Written

LABELS = {each["full_name"]: each["label"] for each in STANDARD}
DATES = {each["full_name"] for each in STANDARD if each["data_type"] == "date"}
SHOWN_APART = {"type", "id", "email", "name", "role", "custom_attributes", "email_domain", "workspace_id"}
EVENTS = {
    Event.CREATED: gettext_lazy("Created"),
    Event.UPDATED: gettext_lazy("Updated"),
    Event.ARCHIVED: gettext_lazy("Archived"),
    Event.UNARCHIVED: gettext_lazy("Restored"),
    Event.DELETED: gettext_lazy("Deleted for good"),
    Event.MERGED: gettext_lazy("Merged"),
    Event.TAGGED: gettext_lazy("Tagged"),
}
STATES = {
    State.ARCHIVED: pgettext_lazy("a contact", "Archived"),
    State.DELETED: pgettext_lazy("a contact", "Deleted"),
    State.MERGED: pgettext_lazy("a contact", "Merged"),
}
ROLES = {"user": gettext_lazy("User"), "lead": gettext_lazy("Lead")}


@dataclass(frozen=True, slots=True)
class Line:
    """A name and a value as a person reads them."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Card:
    """A contact as a page shows it. `created` carries a time zone; `state` is "" for a live contact."""

    id: str
    email: str
    name: str
    role: str
    is_user: bool
    state: str
    created: datetime
    custom: list[Line]
    standard: list[Line]

    @property
    def ago(self) -> str:
        return ago(self.created)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the history. `by_api` is False for what was set up by hand."""

    at: datetime
    event: str
    by_api: bool
    lines: list[Line]

    @property
    def ago(self) -> str:
        return ago(self.at)


def card(contact: Json, *, state: State, attributes: Mapping[str, Attribute]) -> Card:
    role = str(contact["role"])
    return Card(
        id=contact["id"],
        email=contact["email"] or "",
        name=contact["name"] or "",
        role=str(ROLES.get(role, role)),
        is_user=role == "user",
        state=str(STATES.get(state, "")),
        created=moment(contact["created_at"]),
        custom=custom_lines(contact["custom_attributes"], attributes=attributes),
        standard=standard_lines(contact),
    )


def custom_lines(values: Mapping[str, Any], *, attributes: Mapping[str, Attribute]) -> list[Line]:
    """The custom attributes that have a value, in the workspace's order."""
    order = [*attributes, *sorted(set(values) - set(attributes))]
    filled = [name for name in order if values.get(name) is not None]
    return [Line(name, text(values[name], dated=_is_dated(attributes.get(name)))) for name in filled]


def _is_dated(attribute: Attribute | None) -> bool:
    return attribute is not None and attribute.kind in {Kind.DATE, Kind.DATETIME}


def standard_lines(contact: Json) -> list[Line]:
    """The standard fields that have a value, apart from those that every page shows at the top."""
    filled = {name: value for name, value in contact.items() if _has_content(value)}
    return [
        Line(LABELS.get(name, name), text(value, dated=name in DATES))
        for name, value in filled.items()
        if name not in SHOWN_APART
    ]


def _has_content(value: Any) -> bool:
    """False is an answer to a question that nobody asked here; empty lists and places say nothing."""
    return value is not None and value is not False and value != "" and not isinstance(value, dict)


def entry(written: Written, *, attributes: Mapping[str, Attribute]) -> Entry:
    """What one call wrote, in the words of the call; a cleared value shows as such."""
    body = {name: value for name, value in written.written.items() if name != "custom_attributes"}
    custom = written.written.get("custom_attributes") or {}
    lines = [Line(LABELS.get(name, name), sent(value, dated=name in DATES)) for name, value in body.items()]
    lines += [Line(name, sent(each, dated=_is_dated(attributes.get(name)))) for name, each in custom.items()]
    return Entry(moment(written.at), str(EVENTS[written.event]), written.call is not None, lines)


def text(value: Any, *, dated: bool = False) -> str:
    """`dated` values are Unix seconds, and shown as a day and time in UTC."""
    if value is None or value == "":
        return _("(cleared)")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if dated and isinstance(value, int):
        return _day(value)
    return str(value)


def sent(value: Any, *, dated: bool = False) -> str:
    """As `text`, with the number itself beside a date: milliseconds for seconds then show."""
    said = text(value, dated=dated)
    return f"{said} ({value})" if dated and value is not None else said


def _day(seconds: int) -> str:
    try:
        return date_format(moment(seconds), "j M Y, H:i") + " UTC"
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def ago(at: datetime) -> str:
    """How long ago that was, in one unit: "3 hours ago"."""
    if timezone.now() - at < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(at, depth=1)}


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
