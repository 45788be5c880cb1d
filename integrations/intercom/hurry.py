"""A session for a page that somebody waits for: all its calls together end by one moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from integrations.intercom.session import Session

if TYPE_CHECKING:
    import requests

    from integrations.intercom.session import _Outcome

PATIENCE = 8.0
"""Seconds for which a person looks at a page that does not change."""

# urllib3 takes no deadline of zero; a call that begins as late as this fails all the same.
_NO_TIME = 0.05


class HurriedSession(Session):
    """Each call has what the calls before it left. For one thread; close it when done."""

    def __init__(self, *, seconds: float = PATIENCE) -> None:
        super().__init__(pool_maxsize=1, deadline=seconds)
        self._ends = time.monotonic() + seconds

    def _fetch(self, request: requests.Request) -> _Outcome:
        self._deadline = max(self._ends - time.monotonic(), _NO_TIME)
        return super()._fetch(request)
