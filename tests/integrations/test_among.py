"""`__among` finds what `__in` finds, in a statement that does not grow with the number of values."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import ContactLink, IntercomConnection

pytestmark = pytest.mark.django_db

ODD = ['{"a"}', "o'neil@example.com", "a,b", "NULL", "null", "ünïcødé 🎉", "%s", "\\", "", '"', "[1]"]


@pytest.fixture
def links(connection: IntercomConnection) -> list[ContactLink]:
    same = {"connection": connection, "contact_id": "1", "role": "lead", "confirmed_at": timezone.now()}
    return ContactLink.objects.bulk_create([ContactLink(email=email, **same) for email in ODD])


@pytest.mark.parametrize("odd", ODD)
def test_a_text_is_found_as_it_is_and_no_other(links: list[ContactLink], odd: str) -> None:
    found = ContactLink.objects.filter(email__among=[odd, "nobody@example.com"])
    assert [one.email for one in found] == [odd]


def test_keys_are_found_by_number(links: list[ContactLink]) -> None:
    wanted = {links[0].pk, links[3].pk, 10**12}
    assert {one.pk for one in ContactLink.objects.filter(pk__among=wanted)} == {links[0].pk, links[3].pk}


def test_what_is_excluded_is_left_out_and_nothing_else(links: list[ContactLink]) -> None:
    left = ContactLink.objects.exclude(pk__among=[one.pk for one in links[2:]])
    assert {one.pk for one in left} == {links[0].pk, links[1].pk}


@pytest.mark.parametrize("field", ["pk", "email"])
def test_among_none_there_is_nobody_and_without_none_everybody(links: list[ContactLink], field: str) -> None:
    none: dict[str, Any] = {f"{field}__among": []}
    assert not ContactLink.objects.filter(**none).exists()
    assert ContactLink.objects.exclude(**none).count() == len(ODD)


def test_it_is_one_parameter_for_however_many(links: list[ContactLink]) -> None:
    few, many = (ContactLink.objects.filter(pk__among=range(number)) for number in (2, 100_000))
    assert few.query.sql_with_params()[0] == many.query.sql_with_params()[0]
    with CaptureQueriesContext(database) as asked:
        assert many.count() == len([one for one in links if one.pk < 100_000])
    assert len(asked) == 1


def test_among_none_nobody_is_asked_for(links: list[ContactLink]) -> None:
    with CaptureQueriesContext(database) as asked:
        assert not list(ContactLink.objects.filter(pk__among=[]))
        assert len(ContactLink.objects.exclude(pk__among=[])) == len(ODD)
    assert len(asked) == 1
