"""Puts a section of the panel, with the rows in it, into a crispy layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.template.loader import render_to_string

if TYPE_CHECKING:
    from django import forms
    from django.template import Context
    from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Part:
    """A section drawn by its own template, which sees all that the page sees, and `form`."""

    template: str

    def render(self, form: forms.Form, context: Context, **_settings: Any) -> SafeString:
        seen: Any = context.flatten()
        return render_to_string(self.template, {**seen, "form": form})
