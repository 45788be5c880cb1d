"""What helps to type a qualification rule: its attribute's values, near misses, and who qualifies so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from integrations.logic.shown import shown
from integrations.logic.text import fold
from integrations.services.type_words import type_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from integrations.forms.choices import Labels
    from integrations.logic.types import Attribute, TabSettings

MOST_OPTIONS = 200


@dataclass(frozen=True, slots=True)
class Hints:
    """`options` are the values that Intercom knows; `nobody` says why nobody qualifies yet."""

    options: tuple[str, ...] = ()
    expected: str = ""
    warnings: tuple[str, ...] = ()
    nobody: str = ""


def hints_of(settings: TabSettings, *, attributes: Mapping[str, Attribute], labels: Labels) -> Hints:
    if not settings.qualifies:
        return Hints()
    attribute = attributes.get(settings.rule_attribute)
    return Hints(
        options=_options(attribute),
        expected=_expected(attribute, labels=labels),
        warnings=tuple(_warnings(settings, attribute=attribute)),
        nobody=_nobody(settings),
    )


def _options(attribute: Attribute | None) -> tuple[str, ...]:
    if attribute is not None and attribute.data_type == "boolean":
        return (gettext("yes"), gettext("no"))
    return attribute.options[:MOST_OPTIONS] if attribute else ()


def _expected(attribute: Attribute | None, *, labels: Labels) -> str:
    if attribute is None or attribute.options or attribute.data_type == "string":
        return ""
    texts = {
        "date": gettext("%(target)s is a date: type it like 2026-01-31."),
        "datetime": gettext("%(target)s is a date: type it like 2026-01-31."),
    }
    text = texts.get(attribute.data_type, gettext("%(target)s takes a %(type)s."))
    return text % {"target": labels.target(attribute.full_name), "type": type_in_words(attribute)}


def _warnings(settings: TabSettings, *, attribute: Attribute | None) -> Iterator[str]:
    """A rule compares exactly, so what only looks alike is told."""
    options = attribute.options if attribute else ()
    values = [shown(value, attribute=attribute) for value in settings.qualifying_values]
    for value in values:
        if not options or value in options:
            continue
        near = next((option for option in options if fold(option) == fold(value)), None)
        if near is not None:
            text = gettext("“%(value)s” will not match: Intercom spells it “%(option)s”. Use that spelling.")
            yield text % {"value": value[:60], "option": near}
        else:
            text = gettext("“%(value)s” is none of the values that Intercom lists for this attribute.")
            yield text % {"value": value[:60]}
    alike = {fold(value) for value in values}
    if not options and len(alike) < len(values):
        yield gettext(
            "Two of these values differ only in capitals or spaces. Both are kept and compared exactly."
        )


def _nobody(settings: TabSettings) -> str:
    if not settings.rule_attribute:
        return gettext("Select the data attribute that will change.")
    if not settings.qualifying_values:
        return gettext("Say what the attribute changes to when the user qualifies.")
    return ""
