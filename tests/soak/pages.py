"""Somebody who is logged in and looks at three pages over and over, over real HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import requests

PAGES: Mapping[str, str] = {
    "home": "/admin/",
    "log": "/admin/integrations/delivery/",
    "health": "/admin/health/",
}
LONGEST = 30.0
FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    """`times`: seconds that each page took since they were last taken."""

    def __init__(self, url: str, *, login: str, password: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._log_in(login, password)
        self._times: dict[str, list[float]] = {name: [] for name in PAGES}

    def _log_in(self, login: str, password: str) -> None:
        address = f"{self._url}/admin/login/?next=/admin/"
        found = FIELD.search(self._session.get(address, timeout=LONGEST).text)
        assert found is not None, "no login form"
        form = {"username": login, "password": password, "csrfmiddlewaretoken": found[1]}
        done = self._session.post(address, data=form, timeout=LONGEST, allow_redirects=False)
        assert done.status_code == 302, f"no login: {done.status_code}"

    def look(self) -> None:
        """Each page once. Raises AssertionError for one that is not shown."""
        for name, path in PAGES.items():
            began = time.perf_counter()
            answer = self._session.get(f"{self._url}{path}", timeout=LONGEST, allow_redirects=False)
            self._times[name].append(time.perf_counter() - began)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"

    def take_times(self) -> dict[str, list[float]]:
        taken, self._times = self._times, {name: [] for name in PAGES}
        return taken

    def close(self) -> None:
        self._session.close()
