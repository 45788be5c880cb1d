"""Makes the JSON bodies of creates and updates from mapped values. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from integrations.logic.targets import EMAIL, EXTERNAL_ID
from integrations.logic.text import clean, is_blank
from integrations.logic.types import CUSTOM, Contact, Role, WireValue

if TYPE_CHECKING:
    from integrations.logic.notes import Note

NEVER_UPDATED = frozenset({EMAIL, EXTERNAL_ID})

Writes = dict[str, WireValue]


@dataclass(frozen=True, slots=True)
class Mapped:
    """One person's values as Intercom takes them; nothing here is None or empty.

    `standard` and `initial` are keyed by full name, `custom` by the attribute's own name. `initial` is
    written on create only; `overwrite` names the standard fields that an update may replace.
    """

    standard: Writes = field(default_factory=dict)
    custom: Writes = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    initial: Writes = field(default_factory=dict)
    overwrite: frozenset[str] = frozenset()

    @property
    def by_full_name(self) -> Writes:
        """All that a create writes, keyed by full name."""
        custom = {CUSTOM + name: value for name, value in self.custom.items()}
        return {**self.initial, **self.standard, **custom}

    def without(self, target: str, *, note: Note) -> Mapped:
        """The same without one field (by full name), and with a note that says why."""
        own_name = target.removeprefix(CUSTOM)
        return replace(
            self,
            standard={n: v for n, v in self.standard.items() if n != target},
            custom={n: v for n, v in self.custom.items() if n != own_name or target == own_name},
            initial={n: v for n, v in self.initial.items() if n != target},
            notes=(*self.notes, note),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What an update sends, and each of its fields before and after, by full name. May be empty."""

    body: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


def create_body(mapped: Mapped, *, role: Role) -> dict[str, Any]:
    """The JSON body of a create. Raises ValueError without an email.

    A lead gets no external id: Intercom would silently put one of its own in its place.
    https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/createcontact
    """
    if EMAIL not in mapped.standard:
        msg = "a contact without an email is never created"
        raise ValueError(msg)
    first_standard, first_custom = split(mapped.initial)
    body: dict[str, Any] = {**first_standard, **mapped.standard, "role": role.value}
    if role is Role.LEAD:
        body.pop(EXTERNAL_ID, None)
    return _with_custom(body, custom=first_custom | mapped.custom)


def update_change(mapped: Mapped, *, contact: Contact) -> Change:
    """What an update of this contact sends; an empty body means that there is nothing to change.

    Custom attributes overwrite. Standard fields fill what is empty, unless their row says overwrite. Role,
    email and external id are never touched, and what already stands there is not sent again.
    https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/updatecontact
    """
    standard = {n: v for n, v in mapped.standard.items() if _may_write(n, mapped=mapped, contact=contact)}
    after = standard | {CUSTOM + n: v for n, v in mapped.custom.items()}
    after = {n: v for n, v in after.items() if not same(contact.value(n), v)}
    standard, custom = split(after)
    return Change(
        body=_with_custom(standard, custom=custom),
        before={n: contact.value(n) for n in after},
        after=dict(after),
    )


def split(writes: Writes) -> tuple[Writes, Writes]:
    """Standard fields, and custom attributes by their own names, from values by full name."""
    standard = {n: v for n, v in writes.items() if not n.startswith(CUSTOM)}
    custom = {n.removeprefix(CUSTOM): v for n, v in writes.items() if n.startswith(CUSTOM)}
    return standard, custom


def _with_custom(body: dict[str, Any], *, custom: Writes) -> dict[str, Any]:
    return {**body, "custom_attributes": custom} if custom else dict(body)


def _may_write(name: str, *, mapped: Mapped, contact: Contact) -> bool:
    return name not in NEVER_UPDATED and (name in mapped.overwrite or is_empty(contact.value(name)))


def is_empty(present: Any) -> bool:
    """Whether a field of a contact has nothing that a person could see."""
    return present is None or present in ([], {}) or (isinstance(present, str) and is_blank(clean(present)))


def same(present: Any, wanted: WireValue) -> bool:
    """Equal as JSON has it, where true is not 1."""
    return isinstance(present, bool) == isinstance(wanted, bool) and bool(present == wanted)
