"""For the admin's own pages: cells that carry the name of their column, so that a row can be a card; what
goes when something is deleted; and words for adding a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from django import template
from django.apps import apps
from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.db.models import Model
    from django.db.models.options import Options

register = template.Library()


@register.filter
def labelled(cells: Iterable[SafeString], headers: Iterable[Mapping[str, Any]]) -> Iterator[SafeString]:
    """The cells of a row (`<td …>…</td>`) with the words of their columns as data-label.

    What a cell says is made one box, so that it stays one text beside the name of its column.
    """
    for cell, header in zip(cells, chain(headers, repeat({})), strict=False):
        if header.get("class_attrib") == ' class="action-checkbox-column"' or not header:
            yield cell
        else:
            yield _labelled(cell, _label(header))


def _labelled(cell: SafeString, label: str) -> SafeString:
    """Django made the cell, and has escaped what stands in it."""
    start, _end, rest = cell.partition(">")
    inside, _start, _tag = rest.rpartition("</")
    tag, attributes, content = start[1:3], SafeString(start[3:]), SafeString(inside)
    return format_html(
        '<{0} data-label="{1}"{2}><div class="cell">{3}</div></{0}>', tag, label, attributes, content
    )


def _label(header: Mapping[str, Any]) -> str:
    text = str(header["text"])
    return text[:1].upper() + text[1:]


@register.filter
def adding(options: str, what: str) -> str:
    """What Django's script is told of rows that can be added, with the button in our words."""
    told = json.loads(options)
    told["options"]["addText"] = _("Add a %(what)s") % {"what": what}
    return json.dumps(told)


@register.filter
def beside(counts: Iterable[tuple[str, int]], opts: Options[Any]) -> list[tuple[str, int]]:
    """What goes besides the thing itself (`opts`): by name what has pages here, the rest in one number."""
    models = apps.get_models(include_auto_created=True)
    inner = {_plural(model) for model in models if not admin.site.is_registered(model)}
    others = [(str(words), number) for words, number in counts if str(words) != str(opts.verbose_name_plural)]
    named = [(words, number) for words, number in others if words not in inner]
    rest = sum(number for words, number in others if words in inner)
    return [*named, (_("records that belong to it"), rest)] if rest else named


def _plural(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural)  # noqa: SLF001  (Django documents it)
