"""Helps to read a JSON document: checks each piece and collects every error with its path."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from integrations.services.settings_json import shown

AnyEnum = TypeVar("AnyEnum", bound=StrEnum)


@dataclass(slots=True)
class Reading:
    """One pass over a document; collects errors as "path: what is wrong"."""

    errors: list[str] = field(default_factory=list)

    def wrong(self, path: str, text: str) -> None:
        self.errors.append(f"{path}: {text}")

    def choice(self, path: str, value: Any, kind: type[AnyEnum]) -> AnyEnum | None:
        """The member that the value names, or None and an error."""
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(member.value for member in kind)
            self.wrong(
                path, _("“%(value)s” is not one of %(known)s") % {"value": shown(value), "known": known}
            )
            return None

    def keys(self, path: str, value: Any, *, known: Collection[str]) -> dict[str, Any]:
        """The mapping itself without what it must not have; {} when it is no mapping."""
        if not isinstance(value, dict):
            self.wrong(path or _("document"), _("must be an object in braces"))
            return {}
        for key in value:
            if key not in known:
                text = _("is not known here; known are %(known)s") % {"known": ", ".join(known)}
                self.wrong(f"{path}.{shown(key)}".lstrip("."), text)
        return {key: value[key] for key in known if key in value}

    def text(self, path: str, value: Any) -> str:
        if isinstance(value, str):
            return value
        self.wrong(path, _("must be text in quotes"))
        return ""

    def boolean(self, path: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self.wrong(path, _("must be true or false"))
        return value is True

    def items(self, path: str, value: Any) -> list[Any]:
        if isinstance(value, list):
            return value
        self.wrong(path, _("must be a list in brackets"))
        return []
