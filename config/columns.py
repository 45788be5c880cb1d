"""For the tables of the admin: each cell carries the name of its column, so that a row can be a card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, repeat
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
