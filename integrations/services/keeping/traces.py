"""Takes a person out of the rows of others: matches, messages, histories, orders.

For inside the transaction that erases them. Rows stay; what names the person in them is replaced.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast

from campaigns.models import Participant
from integrations.logic.erased import ERASED, cleaner
from integrations.logic.states import IN_FLIGHT
from integrations.models import (
    Attempt,
    BulkOrder,
    Delivery,
    FieldMap,
    SnapshotState,
    WebhookReceipt,
)
from integrations.services.bulk import update_many
from integrations.services.keeping.person import Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

    from integrations.logic.erased import Clean

AT_ONCE = 200

LOGGED = ("object_repr", "change_message")
TEXTS = ("calls", "matches", "sent", "received", "before", "after", "notes", "message")
Place = tuple[type[Model], tuple[str, ...]]

GROWING: tuple[Place, ...] = ((Attempt, TEXTS), (LogEntry, LOGGED), (WebhookReceipt, ("item",)))
"""Large tables whose rows say nothing new once they are there."""

CHANGING: tuple[Place, ...] = ((Delivery, ("message",)),)

MARGIN = 1_000
"""A row may become visible later than some with higher ids: so many are looked at once more."""


def remove_traces(person: Person, reached: Sequence[int]) -> None:
    """From small tables, and from the large ones where a walk that has come so far (by id) has left them.

    After the person's own rows are gone.
    """
    words = words_of(person)
    for (model, names), last in zip(GROWING, reached, strict=True):
        clean_rows(model._default_manager.filter(pk__gt=last - MARGIN), names, words)  # noqa: SLF001
    for model, names in CHANGING:
        clean_rows(model._default_manager.exclude(**dict.fromkeys(names, "")), names, words)  # noqa: SLF001
    # A field was refused for somebody, and Intercom's words may say what they are called.
    refused = FieldMap.objects.exclude(problem_message="")
    clean_rows(refused, ("problem_message",), (*person.texts, *words))
    _remove_sent_to(person)
    _remove_from_orders(person, cleaner(words))


def clean_rows(rows: QuerySet[Any], names: Sequence[str], words: Sequence[str]) -> None:
    """Takes these words out of these fields of rows. Reads all of them."""
    _rewrite(rows.model, _ids(_mentioning(rows, names, words)), names, cleaner(words))


def words_of(person: Person) -> tuple[str, ...]:
    """What names a person in the rows of anybody."""
    return (*person.emails, *sorted({contact_id for _, contact_id in person.contacts}))


def remove_history(person: Person) -> None:
    """What members of staff did about them stays, without their name."""
    for model, ids in ((Participant, person.ids), (Delivery, person.deliveries)):
        rows = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model), object_id__in=[str(pk) for pk in ids]
        )
        rows.update(object_repr=ERASED, change_message="")


def _remove_sent_to(person: Person) -> None:
    """Somebody's email was changed, and this is the one that their contact was made with."""
    Delivery.objects.filter(email__in=person.emails).exclude(state__in=IN_FLIGHT).update(email="")


def _remove_from_orders(person: Person, clean: Clean) -> None:
    """Orders go on for everybody else; a search for the erased email finds nobody any more."""
    gone = set(person.deliveries)
    for order in BulkOrder.objects.only("ids", "sample_ids", "query"):
        ids = [pk for pk in order.ids if pk not in gone]
        sample = [pk for pk in order.sample_ids if pk not in gone]
        query = clean(order.query)
        if (ids, sample, query) != (order.ids, order.sample_ids, order.query):
            BulkOrder.objects.filter(pk=order.pk).update(ids=ids, sample_ids=sample, query=query)
    for state in SnapshotState.objects.all():
        left = [pk for pk in state.unexplained if pk not in set(person.ids)]
        if left != state.unexplained:
            SnapshotState.objects.filter(pk=state.pk).update(unexplained=left)


def _mentioning(rows: QuerySet[Any], names: Sequence[str], words: Iterable[str]) -> QuerySet[Any]:
    """Those in which one of these texts or documents holds one of the words. Reads them all."""
    texts = {f"text_of_{name}": Cast(name, TextField()) for name in names}
    found = Q(pk__in=[])
    for word in words:
        # SQLite keeps a document with its other characters escaped, PostgreSQL as they are.
        for spelling in {word, json.dumps(word)[1:-1]}:
            for name in texts:
                found |= Q(**{f"{name}__icontains": spelling})
    return cast("QuerySet[Any]", rows.alias(**texts).filter(found))


def _ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _rewrite(model: type[Model], ids: list[int], names: Sequence[str], clean: Clean) -> None:
    """Those of these rows that are still there."""
    for start in range(0, len(ids), AT_ONCE):
        some = model._default_manager.filter(pk__in=ids[start : start + AT_ONCE]).order_by("pk")  # noqa: SLF001
        changed = []
        with transaction.atomic():
            for row in some.select_for_update(of=("self",)):
                before = [getattr(row, name) for name in names]
                after = [clean(value) for value in before]
                if after != before:
                    for name, value in zip(names, after, strict=True):
                        setattr(row, name, fitting(row, name, value))
                    changed.append(row)
            update_many(changed, names)


def fitting(row: Model, name: str, value: Any) -> Any:
    """A replacement may be longer than what it replaces."""
    limit = getattr(row._meta.get_field(name), "max_length", None)  # noqa: SLF001
    return value[:limit] if limit and isinstance(value, str) else value
