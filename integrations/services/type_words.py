"""What people call the types of Intercom's fields. Words only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.logic.types import Attribute

TYPES: Mapping[str, _StrPromise] = {
    "string": _("text"),
    "integer": _("whole number"),
    "float": _("number"),
    "boolean": _("yes or no"),
    "date": _("date"),
    "datetime": _("date and time"),
}
LIST = _("list")


def type_in_words(attribute: Attribute | None) -> str:
    """The type of a field; Intercom's own word for one that we do not know, "" for an unknown field."""
    if attribute is None:
        return ""
    if attribute.options:
        return str(LIST)
    return str(TYPES.get(attribute.data_type, attribute.data_type))
