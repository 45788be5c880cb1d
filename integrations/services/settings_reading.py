"""Helps to read a JSON document: checks each piece and collects every error with its path."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from integrations.logic.types import Attribute

AnyEnum = TypeVar("AnyEnum", bound=StrEnum)


@dataclass(slots=True)
class Reading:
    """One pass over a document; collects errors as "path: what is wrong"."""

    sources: Collection[str]
    targets: Mapping[str, Attribute]
    errors: list[str] = field(default_factory=list)

    def wrong(self, path: str, text: str) -> None:
        self.errors.append(f"{path}: {text}")

    def choice(self, path: str, value: Any, kind: type[AnyEnum], default: AnyEnum) -> AnyEnum:
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(member.value for member in kind)
            self.wrong(path, _("%(value)r is not one of %(known)s") % {"value": value, "known": known})
            return default

    def keys(self, path: str, value: Any, known: Collection[str]) -> dict[str, Any]:
        """The mapping itself without what it must not have; {} when it is no mapping."""
        if not isinstance(value, dict):
            self.wrong(path, _("must be an object in braces"))
            return {}
        for key in value.keys() - set(known):
            self.wrong(
                f"{path}.{key}",
                _("is not known here; known are %(known)s") % {"known": ", ".join(sorted(known))},
            )
        return {key: value[key] for key in value.keys() & set(known)}

    def text(self, path: str, value: Any) -> str:
        if isinstance(value, str):
            return value
        self.wrong(path, _("must be text in quotes"))
        return ""
