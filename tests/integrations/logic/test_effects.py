"""What an update would do to each field: told from the very change that is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.bodies import Mapped, update_change
from integrations.logic.effects import Effect, effects
from integrations.logic.types import Contact, WireValue

VALUES = st.sampled_from(["", " ", "Ana", "ana@x.com", 0, 1, 1.0, True, False])


def contact(**values: Any) -> Contact:
    return Contact(**{"id": "1", "role": "user", "email": "ana@x.com", **values})


def effect_of(target: str, wanted: WireValue, *, of: Contact, overwrite: bool = False) -> Effect:
    custom = target.startswith("custom_attributes.")
    name = target.removeprefix("custom_attributes.")
    mapped = Mapped(
        standard={} if custom else {name: wanted},
        custom={name: wanted} if custom else {},
        overwrite=frozenset({target} if overwrite else set()),
    )
    (found,) = effects(mapped, contact=of)
    return found.effect


@pytest.mark.parametrize("empty", [None, "", "  ", "\u200b"])
def test_an_empty_field_is_filled(empty: str | None) -> None:
    assert effect_of("name", "Ana", of=contact(name=empty)) is Effect.FILLED


def test_a_value_is_kept_unless_the_row_says_overwrite() -> None:
    there = contact(name="Bob")
    assert effect_of("name", "Ana", of=there) is Effect.KEPT
    assert effect_of("name", "Ana", of=there, overwrite=True) is Effect.OVERWRITTEN


def test_a_custom_attribute_is_overwritten() -> None:
    there = contact(custom_attributes={"plan": "Free"})
    assert effect_of("custom_attributes.plan", "Pro", of=there) is Effect.OVERWRITTEN


@pytest.mark.parametrize(("before", "wanted", "same"), [(0, False, False), (1, True, False), (1, 1.0, True)])
def test_true_is_not_one(before: WireValue, wanted: WireValue, same: bool) -> None:
    there = contact(custom_attributes={"seats": before})
    found = effect_of("custom_attributes.seats", wanted, of=there)
    assert (found is Effect.UNCHANGED) is same


def test_the_email_of_the_contact_found_is_unchanged_in_any_case() -> None:
    assert effect_of("email", "ana@x.com", of=contact(email="Ana@X.com")) is Effect.UNCHANGED


def test_an_external_id_is_never_changed() -> None:
    assert effect_of("external_id", "8", of=contact(external_id="7"), overwrite=True) is Effect.NEVER_UPDATED


@given(
    standard=st.dictionaries(st.sampled_from(["email", "external_id", "name", "phone", "owner_id"]), VALUES),
    custom=st.dictionaries(st.sampled_from(["plan", "seats"]), VALUES),
    there=st.dictionaries(st.sampled_from(["plan", "seats"]), VALUES),
    name=st.none() | st.sampled_from(["", "Ana"]),
    overwrite=st.frozensets(st.sampled_from(["email", "external_id", "name", "phone"])),
)
def test_after_is_what_an_update_leaves_behind(
    standard: dict[str, Any],
    custom: dict[str, Any],
    there: dict[str, Any],
    name: str | None,
    overwrite: frozenset[str],
) -> None:
    mapped = Mapped(standard=standard, custom=custom, overwrite=overwrite)
    of = contact(name=name, custom_attributes=there)
    change = update_change(mapped, contact=of)
    for one in effects(mapped, contact=of):
        assert one.after == change.after.get(one.target, of.value(one.target))
        written = one.effect in {Effect.FILLED, Effect.OVERWRITTEN}
        assert written == (one.target in change.after)
