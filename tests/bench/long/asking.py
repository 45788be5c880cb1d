"""Asks questions as somebody of Support does, in this process, and notes what the answers cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.test import Client

from integrations.services.roles import SUPPORT
from tests.bench.long.plans import Statement, listening

if TYPE_CHECKING:
    from tests.bench.long.questions import Question


class AnswerError(Exception):
    """A page was not what was asked for."""


def support() -> Client:
    """Somebody of Support, logged in."""
    user = User.objects.create_user("sue", is_staff=True)
    user.groups.add(Group.objects.get(name=SUPPORT))
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def seconds(client: Client, question: Question) -> float:
    """How long the whole answer takes. Raises AnswerError."""
    since = time.perf_counter()
    status, content = _asked(client, question)
    took = time.perf_counter() - since
    _check(question, status=status, text=content.decode())
    return took


def answer(client: Client, question: Question) -> str:
    """The whole of it. Raises AnswerError."""
    status, content = _asked(client, question)
    text = content.decode()
    _check(question, status=status, text=text)
    return text


def _asked(client: Client, question: Question) -> tuple[int, bytes]:
    got: Any = client.get(question.address)
    if not question.lines:
        return got.status_code, got.content
    # The headings come first.
    return got.status_code, b"".join(islice(got.streaming_content, question.lines + 1))


def _check(question: Question, *, status: int, text: str) -> None:
    if status != 200 or question.shows not in text:
        raise AnswerError(f"{question.name}: {status} for {question.address}")


def statements(client: Client, question: Question) -> list[Statement]:
    """All that is asked of the database for it. Raises AnswerError."""
    with listening() as heard:
        seconds(client, question)
    return heard


@contextmanager
def inside(database: Any) -> Iterator[None]:
    """All of Django uses this connection meanwhile."""
    own = connections["default"]
    connections["default"] = database
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connections["default"] = own
        ContentType.objects.clear_cache()
