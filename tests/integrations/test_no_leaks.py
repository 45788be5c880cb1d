"""Nothing leaks: secrets stand nowhere, and people only where somebody looks at them.

Everything goes wrong first, with answers that quote what was sent (`leaks.faults`); then every page, export,
e-mail, error, line of the log and row of the queue is searched for the marks.
"""

from __future__ import annotations

import json
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from django.db import transaction

from tests.integrations.leaks import ELSEWHERE, PERSONAL, SECRETS, faults, found
from tests.integrations.leaks_gathered import OF_TASKS, Place, Seen, gather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ALL = tuple(Place)
QUIET = (Place.LOG, Place.ERROR, Place.MAIL, Place.TASK, Place.NUMBERS)
"""Where nobody is named."""


@pytest.fixture(scope="module")
def seen(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    """All that there is to see, after all that can go wrong. Nothing of it stays in the database."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        yield gather(tmp_path_factory.mktemp("leaks"), patch)
        transaction.set_rollback(True)


@pytest.mark.parametrize("place", ALL)
def test_no_secret_stands_anywhere(seen: Seen, place: Place) -> None:
    assert seen.with_marks({**SECRETS, **seen.sealed}, place) == []


@pytest.mark.parametrize("place", QUIET)
def test_nobody_is_named_where_nobody_looks_at_them(seen: Seen, place: Place) -> None:
    assert seen.with_marks(PERSONAL, place) == []


@pytest.mark.parametrize("place", [Place.PAGE, Place.EXPORT])
def test_what_is_about_one_person_names_nobody_elses_email(seen: Seen, place: Place) -> None:
    assert seen.with_marks({"email of somebody else": ELSEWHERE}, place, ours=True) == []


# The search would find them ----------------------------------------------------------------------------


def test_who_is_looked_at_is_named(seen: Seen) -> None:
    pages = seen.texts[Place.PAGE]
    entries = [one for one in pages if "/delivery/" in one.where and "/change/ as helper" in one.where]
    ours = [found(one.text, PERSONAL) for one in entries if one.ours]
    others = [found(one.text, PERSONAL) for one in entries if not one.ours]
    assert all({"email", "first name", "last name", "phone"} <= set(names) for names in ours[:1])
    assert all("email" in names for names in ours)
    assert all("email of somebody else" in names for names in others)
    assert len(others) == 2  # with who brought them in
    assert len(ours) > 20


def test_everybody_is_in_the_export_of_everybody(seen: Seen) -> None:
    assert {"email", "email of somebody else"} <= set(found(seen.texts[Place.EXPORT][0].text, PERSONAL))


def test_what_was_quoted_is_shown_without_what_it_held(seen: Seen) -> None:
    """The answer came as far as the page, and what stood there instead says so."""
    shown = [one.text for one in seen.texts[Place.PAGE] if "POST /contacts [secret]" in unescape(one.text)]
    assert shown
    assert all("[email]" in text for text in shown)


@pytest.mark.parametrize("logger", ["django.dispatch", "django.request", "django-q", "integrations.tasks"])
def test_the_log_tells_of_the_failures(seen: Seen, logger: str) -> None:
    told = [one.text for one in seen.texts[Place.LOG] if one.where == logger]
    assert any("IntegrityError" in text for text in told)


def test_every_failure_was_raised_and_names_what_it_was(seen: Seen) -> None:
    told = {one.where: one.text for one in seen.texts[Place.ERROR]}
    assert told.keys() == faults("", contact_of_other="").keys()
    assert all("Error" in text and "/contacts" in text for text in told.values())


def test_failed_tasks_have_rows(seen: Seen) -> None:
    failed = [one for one in seen.texts[Place.TASK] if "TaskFailedError: IntegrityError" in one.text]
    assert {one.where.rpartition(".")[2] for one in failed} == {task for task, _ in OF_TASKS.values()}


def test_the_tables_hold_people_and_the_secrets_sealed(seen: Seen) -> None:
    assert "integrations_delivery.email" in {one.where for one in seen.texts[Place.TABLE]}
    assert all(len(text) > 100 for text in seen.sealed.values())
    assert len(seen.sealed) == 2


@pytest.mark.parametrize("text", ["x {}", "x {} y", "<b>{}</b>"])
@pytest.mark.parametrize(
    "mark", [*SECRETS.values(), *PERSONAL.values(), "a'b&c"], ids=[*SECRETS, *PERSONAL, "what HTML escapes"]
)
def test_a_mark_is_found_however_it_is_written(text: str, mark: str) -> None:
    for form in (mark, escape(mark), quote(mark), quote_plus(mark), mark.upper(), json.dumps(mark)[1:-1]):
        assert found(text.format(form), {"it": mark}) == ["it"]
    assert found(text.format(mark[:-1]), {"it": mark}) == []
