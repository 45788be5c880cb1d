"""What the dropdowns of the panel offer: the campaign's fields, the workspace's fields with their types."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.logic.setup import OWN_EMAIL
from integrations.logic.targets import EMAIL, EXTERNAL_ID, MARKS, WIRE_TYPES, find, watchable
from integrations.logic.types import CUSTOM, Attribute
from integrations.services.type_words import type_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from campaigns.fields import SourceField
    from integrations.views.page import Panel

Option = tuple[str, str]
Group = tuple[str, tuple[Option, ...]]
"""What stands together under a heading ("" for none): values with their labels."""

STANDARD: Mapping[str, _StrPromise] = {
    EMAIL: _("Email"),
    "name": _("Name"),
    "phone": _("Phone"),
    EXTERNAL_ID: _("External ID"),
    "owner_id": _("Owner"),
    "signed_up_at": _("Signed up"),
}
"""What Intercom's own fields are called, whatever its list calls them."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The groups of one dropdown, and all its values."""

    groups: tuple[Group, ...]

    @property
    def values(self) -> frozenset[str]:
        return frozenset(value for _heading, options in self.groups for value, _label in options)


@dataclass(frozen=True, slots=True)
class Labels:
    """What people call a source and a field of Intercom; by its key or name where it has gone."""

    sources: Mapping[str, str]
    attributes: Mapping[str, Attribute]

    def source(self, key: str) -> str:
        return self.sources.get(key) or key.rpartition(".")[2] or key

    def target(self, name: str) -> str:
        attribute = self.attributes.get(name)
        own = str(STANDARD.get(name, ""))
        return own or (attribute.label if attribute else "") or name.removeprefix(CUSTOM)


def labels_of(panel: Panel) -> Labels:
    return Labels({field.key: str(field.label) for field in panel.sources}, panel.attributes)


def sources(fields: Iterable[SourceField]) -> Menu:
    """What a row may be filled from, grouped as people know it."""
    groups: dict[str, list[Option]] = {}
    for field in fields:
        groups.setdefault(str(field.group), []).append((field.key, str(field.label)))
    return Menu((_none(), *((heading, tuple(options)) for heading, options in groups.items())))


def own_email(fields: Iterable[SourceField]) -> Menu:
    """What the Email row may be filled from: the person's own email alone."""
    options = tuple((field.key, str(field.label)) for field in fields if field.key == OWN_EMAIL)
    return Menu((_none(), ("", options)))


def targets(attributes: Mapping[str, Attribute]) -> Menu:
    """Every field that may be written; the fields that Intercom always has are there before any list is."""
    known = {name: find(name, attributes=attributes) for name in [*WIRE_TYPES, *attributes]}
    usable = {name: found for name, found in known.items() if isinstance(found, Attribute) and name != EMAIL}
    contact = [name for name in usable if not name.startswith(CUSTOM) and name != EXTERNAL_ID]
    custom = [name for name in usable if name.startswith(CUSTOM)]
    words = _typed(usable, labels=Labels({}, attributes))
    return Menu(
        (
            _none(),
            (gettext("Contact fields"), _sorted(contact, words)),
            (gettext("Data attributes"), _sorted(custom, words)),
            (gettext("Advanced"), ((EXTERNAL_ID, gettext("External ID – text, for new users only")),)),
        )
    )


def rule_attributes(attributes: Mapping[str, Attribute]) -> Menu:
    """What a rule may watch: of the data attributes not those by which we mark contacts ourselves."""
    usable = {
        name: attribute
        for name, attribute in attributes.items()
        if watchable(name) and not attribute.archived and name.removeprefix(CUSTOM) not in MARKS
    }
    words = _typed(usable, labels=Labels({}, attributes))
    custom = [name for name in usable if name.startswith(CUSTOM)]
    contact = [name for name in usable if not name.startswith(CUSTOM)]
    found = (
        (gettext("Data attributes"), _sorted(custom, words)),
        (gettext("Contact fields"), _sorted(contact, words)),
    )
    return Menu((_none(), *(group for group in found if group[1])))


def _none() -> Group:
    return ("", (("", gettext("Choose")),))


def _sorted(names: Iterable[str], words: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(sorted(((name, words[name]) for name in names), key=lambda option: option[1].casefold()))


def _typed(attributes: Mapping[str, Attribute], *, labels: Labels) -> dict[str, str]:
    """Each label with its type; two of one label are told apart by their names."""
    called = {name: labels.target(name) for name in attributes}
    times = Counter(called.values())
    own = {name: f" ({name.removeprefix(CUSTOM)})" if times[called[name]] > 1 else "" for name in called}
    return {name: f"{called[name]}{own[name]} – {type_in_words(attributes[name])}" for name in called}
