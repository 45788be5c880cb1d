"""What we are compared with: Intercom's own library for Python, in a plain loop or in threads. No database.

One client for all, as its makers advise; with a connection for each thread, which it does not have by itself.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from intercom import Intercom
from intercom.types import CreateContactRequestWithRole, SingleFilterSearchRequest

from tests.bench.child import tell
from tests.bench.people import create_body, emails


class Loop:
    """Sends to `url` from so many threads."""

    def __init__(self, url: str, *, threads: int) -> None:
        limits = httpx.Limits(max_connections=threads, max_keepalive_connections=threads)
        http = httpx.Client(timeout=30, limits=limits, trust_env=False)
        headers = {"Intercom-Version": "2.16"}
        self._client = Intercom(token="bench", base_url=url, headers=headers, httpx_client=http)
        self._threads = threads

    def run(self, count: int) -> None:
        """Looks for each of so many leads, and creates those who are not there."""
        if self._threads == 1:
            for email in emails(count):
                self._send(email)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            for _done in pool.map(self._send, emails(count)):
                pass

    def _send(self, email: str) -> None:
        query = SingleFilterSearchRequest(field="email", operator="=", value=email)
        if self._client.contacts.search(query=query).items:
            return
        # The library's model of a lead has no email, but takes what it does not know.
        lead = CreateContactRequestWithRole.model_validate(create_body(email))
        self._client.contacts.create(request=lead)


def main(url: str, count: int, threads: int) -> None:
    """Tells wall and CPU seconds."""
    loop = Loop(url, threads=threads)
    loop.run(threads)
    wall, cpu = time.perf_counter(), time.process_time()
    loop.run(count)
    tell({"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu})
