"""What the drain is held against: the least that sending can cost.

One requests.Session, 32 threads, the same calls as the drain makes; no database and nothing decided.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.bench.child import tell
from tests.bench.people import EMAILS_A_SEARCH, WARM_UP, create_body, emails, search_body

THREADS = 32


class Loop:
    """Sends to `url` from a pool of threads."""

    def __init__(self, url: str, *, pool: ThreadPoolExecutor) -> None:
        self._url = url
        self._pool = pool
        self._http = requests.Session()
        # As the drain does: looking for a proxy at each call would make the comparison too easy.
        self._http.trust_env = False
        self._http.headers["Authorization"] = "Bearer bench"
        self._http.mount("http://", HTTPAdapter(pool_maxsize=THREADS))

    def run(self, count: int) -> int:
        """Searches and creates for so many leads; the number of calls made."""
        calls = _calls(emails(count))
        for _answer in self._pool.map(self._post, calls):
            pass
        return len(calls)

    def _post(self, call: tuple[str, dict[str, Any]]) -> Any:
        path, body = call
        response = self._http.post(self._url + path, json=body, timeout=30)
        response.raise_for_status()
        return response.json()


def _calls(people: list[str]) -> list[tuple[str, dict[str, Any]]]:
    calls: list[tuple[str, dict[str, Any]]] = []
    for start in range(0, len(people), EMAILS_A_SEARCH):
        some = people[start : start + EMAILS_A_SEARCH]
        calls.append(("/contacts/search", search_body(some)))
        calls += [("/contacts", create_body(email)) for email in some]
    return calls


def main(url: str, count: int) -> None:
    """Tells wall and CPU seconds and the calls made."""
    with ThreadPoolExecutor(THREADS) as pool:
        loop = Loop(url, pool=pool)
        loop.run(WARM_UP)
        wall, cpu = time.perf_counter(), time.process_time()
        calls = loop.run(count)
        tell({"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "calls": calls})
