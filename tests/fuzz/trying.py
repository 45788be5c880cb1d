"""How many examples there are, and that none of them leaves anything behind in the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from hypothesis import HealthCheck, settings

MANY = int(os.environ.get("FUZZ_EXAMPLES") or 0)
"""0: few, and always the same."""


def examples(few: int) -> settings:
    """For a test of which so many examples are part of the suite."""
    return settings(
        max_examples=MANY or few,
        derandomize=not MANY,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back at the end. An error inside stays one."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
