"""Takes an erased referrer out of what was written about those whom they brought in.

What was sent of them then may be other than what they are called now: so the whole value of each field that
was filled from the referrer goes. For inside the transaction that erases them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q

from integrations.logic.duplicates import Step
from integrations.logic.erased import ERASED, cleaner
from integrations.logic.mapping import referrer_targets
from integrations.logic.states import DUE
from integrations.models import Attempt, Delivery, SettingsRevision
from integrations.services.bulk import update_many
from integrations.services.keeping.person import SHORTEST
from integrations.services.keeping.traces import AT_ONCE, TEXTS, fitting
from integrations.services.revisions import settings_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from integrations.logic.erased import Clean
    from integrations.services.keeping.person import Person

WRITTEN = ("sent", "after", "received")
"""What an attempt has of a field once we wrote it. What was there before is somebody else's, unless it is an
older value of ours."""

SHARED = frozenset({"referrer.first_name", "referrer.last_name"})
"""Others may have the same: taken only where it is all that a field says."""

Targets = dict[str, str]


def remove_as_referrer(person: Person) -> None:
    """Before their own rows are gone."""
    theirs = Delivery.objects.filter(participant__referrer__in=person.ids).exclude(pk__in=person.deliveries)
    ids = list(theirs.order_by("pk").values_list("pk", flat=True))
    filled = Filled()
    for start in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            _clean_entries(ids[start : start + AT_ONCE], person, filled)


class Filled:
    """Which fields were filled from the referrer, by tab and revision, read once for each tab."""

    def __init__(self) -> None:
        self._tabs: dict[int, dict[int, Targets]] = {}

    def of(self, tab: int | None, revision: int) -> Targets:
        """Of a revision that is gone: whatever any of its tab has ever filled so."""
        if tab is None:
            return {}
        if tab not in self._tabs:
            rows = SettingsRevision.objects.filter(settings=tab).select_related("settings")
            self._tabs[tab] = {
                row.number: referrer_targets(settings_of(row.content, audience=row.settings.audience))
                for row in rows
            }
        known = self._tabs[tab]
        if revision in known:
            return known[revision]
        return {target: source for found in known.values() for target, source in found.items()}


def _clean_entries(ids: Sequence[int], person: Person, filled: Filled) -> None:
    entries = list(Delivery.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk"))
    says = Q(pruned_at__isnull=True) | ~Q(message="")
    tries: dict[int, list[Attempt]] = defaultdict(list)
    for one in Attempt.objects.filter(says, delivery__in=ids).select_for_update(of=("self",)).order_by("pk"):
        tries[one.delivery_id].append(one)
    changed_tries: list[Attempt] = []
    changed: list[Delivery] = []
    for row in entries:
        entry = Entry(row, tries[row.pk], person, filled)
        changed_tries += [one for one in entry.tries if _rewrite(one, TEXTS, entry)]
        changed += [row] if _rewrite(row, ("message",), entry) else []
    update_many(changed_tries, TEXTS)
    update_many(changed, ("message",))
    # A drain that has one of them in hand would still send the name: to it, this is another job now.
    owed = Delivery.objects.filter(pk__in=ids, state__in=DUE)
    owed.update(due_at=F("due_at") + timedelta(microseconds=1))


def _rewrite(row: Attempt | Delivery, names: Collection[str], entry: Entry) -> bool:
    before = {name: getattr(row, name) for name in names}
    after = {name: entry.cleaned(row, name, value) for name, value in before.items()}
    for name, value in after.items():
        setattr(row, name, fitting(row, name, value))
    return after != before


class Entry:
    """One of those whom they brought in, and how the referrer is taken out of it."""

    def __init__(self, row: Delivery, tries: Sequence[Attempt], person: Person, filled: Filled) -> None:
        self.tries = tries
        self._person = person
        self._filled = {one.pk: filled.of(row.settings_id, one.settings_revision) for one in tries}

    def cleaned(self, row: Attempt | Delivery, name: str, value: Any) -> Any:
        if name == "message":
            return self._clean_words(value)
        targets = self._targets(row)
        if name in WRITTEN:
            value = {key: ERASED if key in targets and _says(one) else one for key, one in value.items()}
        elif name == "notes":
            value = [_without_params(note) if note.get("target") in targets else note for note in value]
        return self._clean(value)

    def _targets(self, row: Attempt | Delivery) -> Mapping[str, str]:
        """Of what was put back nothing is the referrer's."""
        own = isinstance(row, Attempt) and row.decision != Step.UNDO
        return self._filled[row.pk] if own else {}

    @cached_property
    def _clean(self) -> Clean:
        return cleaner(self._words, alone=[*self._person.names, *self._shared])

    @cached_property
    def _clean_words(self) -> Clean:
        """Intercom's own words: a name in them is what we wrote, or meant to write."""
        names = {name for name in (*self._person.names, *self._shared) if len(name) > 1}
        return cleaner([*self._words, *sorted(names)])

    @cached_property
    def _words(self) -> list[str]:
        told = {text for text, source in self._told if source not in SHARED and len(text) >= SHORTEST}
        words = {*self._person.texts, *self._person.emails, *told}
        return sorted(words, key=lambda text: (-len(text), text))

    @cached_property
    def _shared(self) -> list[str]:
        return sorted({text for text, source in self._told if source in SHARED or len(text) < SHORTEST})

    @cached_property
    def _told(self) -> set[tuple[str, str]]:
        """What was written of them into this contact, under whichever settings."""
        found = set()
        for one in self.tries:
            for target, source in self._targets(one).items():
                if target in one.sent or target in one.after:
                    values = (getattr(one, name).get(target) for name in WRITTEN)
                    found |= {(value, source) for value in values if _says(value) and value != ERASED}
        return found


def _says(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _without_params(note: Mapping[str, Any]) -> dict[str, Any]:
    params = {key: ERASED if _says(one) else one for key, one in note.get("params", {}).items()}
    return {**note, "params": params}
