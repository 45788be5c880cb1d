"""Remembers, in the session of who asked, what Intercom's permission page is open for. Once, not for long."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from integrations.models import UsedState

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

KEY = "intercom_oauth"
GOOD_FOR = 15 * 60
MOST = 5
"""Several tabs may be on their way at once; the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a person wants: connect this campaign, and come back to this tab. `at` is in Unix seconds."""

    campaign: int
    region: str
    tab: str
    user: int
    at: float


def remember(session: SessionBase, *, campaign: int, region: str, tab: str, user: int) -> str:
    """Keeps an attempt; returns the state that Intercom has to bring back.

    It begins with the campaign, so that even one that no session knows any more leads back to somewhere.
    """
    state = f"{campaign}.{secrets.token_urlsafe(32)}"
    attempt = Attempt(campaign=campaign, region=region, tab=tab, user=user, at=time.time())
    kept = list(_kept(session).items())[1 - MOST :]
    session[KEY] = {**dict(kept), state: asdict(attempt)}
    return state


def take(session: SessionBase, state: str, *, user: int) -> Attempt | None:
    """The attempt that a state belongs to, and never again; None for any other, late or foreign one."""
    kept = _kept(session)
    found = kept.pop(state, None)
    if found is None or not _first(state):
        return None
    session[KEY] = kept
    attempt = Attempt(**found)
    in_time = 0 <= time.time() - attempt.at <= GOOD_FOR
    return attempt if in_time and attempt.user == user else None


def _first(state: str) -> bool:
    """Whether nobody has brought this state back before, at the same moment or however long ago."""
    long_ago = timezone.now() - timedelta(seconds=2 * GOOD_FOR)
    UsedState.objects.filter(used_at__lt=long_ago).delete()
    digest = hashlib.sha256(state.encode()).hexdigest()
    return UsedState.objects.get_or_create(digest=digest)[1]


def campaign_in(state: str) -> int | None:
    """The campaign that a state names, for the way back. It proves nothing."""
    digits = state.partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def _kept(session: SessionBase) -> dict[str, dict[str, Any]]:
    return dict(session.get(KEY, {}))
