"""What a list of the admin may be narrowed by in its address: plain questions about columns that it shows.

Django lets staff type any lookup of any column. Some of these a database refuses, which would be an error
page, and some would let somebody guess at what a page never shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import JSONField, Model

if TYPE_CHECKING:
    from django.http import HttpRequest

    Base = admin.ModelAdmin[Model]
else:
    Base = object

PLAIN = frozenset(
    {
        *("exact", "iexact", "in", "isnull", "gt", "gte", "lt", "lte"),
        *("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith"),
    }
)


class PlainLookups(Base):
    """Mixed into a ModelAdmin, before it. Whatever else is asked for is answered with 400."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return self._is_plain(lookup, value) and super().lookup_allowed(lookup, value, request)

    def _is_plain(self, lookup: str, value: str) -> bool:
        name, *more = lookup.split("__")
        try:
            field = self.model._meta.get_field(name)  # noqa: SLF001  (Django documents it)
        except FieldDoesNotExist:
            # A filter's own name, or one that Django leaves aside.
            return "\0" not in value
        hidden = name in (self.exclude or ()) or isinstance(field, JSONField)
        way = more[1:] if more[:1] == ["id"] else more
        return not hidden and "\0" not in value and (not way or (len(way) == 1 and way[0] in PLAIN))


def with_plain_lookups(admin_class: type[admin.ModelAdmin[Any]]) -> type[admin.ModelAdmin[Any]]:
    return type(admin_class.__name__, (PlainLookups, admin_class), {"__module__": admin_class.__module__})
