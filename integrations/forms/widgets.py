"""A dropdown drawn in one go: sixty of two hundred fields each are too much for a template an option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.utils.safestring import SafeString

    from integrations.forms.choices import Menu, Option

SELECTED, DISABLED = flatatt({"selected": True}), flatatt({"disabled": True})


class MenuSelect(forms.Select):
    """Offers a menu. What is chosen and gone from it stays, marked so; `taken` cannot be chosen here."""

    def __init__(
        self, menu: Menu, *, gone: str = "", taken: Collection[str] = (), attrs: dict[str, Any] | None = None
    ) -> None:
        super().__init__({"class": "input", **(attrs or {})})
        self.menu, self.gone, self.taken = menu, gone, taken

    def __deepcopy__(self, memo: dict[int, Any]) -> MenuSelect:
        return MenuSelect(self.menu, gone=self.gone, taken=self.taken, attrs=dict(self.attrs))

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        groups = format_html_join("", "{}", ((self._group(*group, chosen),) for group in self.menu.groups))
        own = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>{}{}</select>", own, self._left_over(chosen), groups)

    def _left_over(self, chosen: str) -> str:
        if chosen in self.menu.values:
            return ""
        return format_html('<option value="{}" selected>{}</option>', chosen, self.gone or gettext("Choose"))

    def _group(self, heading: str, options: tuple[Option, ...], chosen: str) -> SafeString:
        drawn = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((value, self._state(value, chosen), label) for value, label in options),
        )
        if not heading or not options:
            return drawn
        return format_html('<optgroup label="{}">{}</optgroup>', heading, drawn)

    def _state(self, value: str, chosen: str) -> str:
        if value == chosen:
            return SELECTED
        return DISABLED if value in self.taken else ""
