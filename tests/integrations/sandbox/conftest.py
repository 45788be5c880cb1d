"""The pretend vendor called directly, with a clock that tests may move, and over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from integrations.sandbox.control import Sandbox
from integrations.sandbox.messages import Request, Response
from integrations.sandbox.workspace import PretendIntercom
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Vendor:
    """The pretend vendor without sockets. `now` is its clock, `slept` what it stalled before acting."""

    sandbox: Sandbox
    now: float = 1_795_000_000.0
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.intercom = PretendIntercom(
            self.sandbox.store, clock=lambda: self.now, sleep=lambda seconds: self.slept.append(seconds)
        )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = TOKEN,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {token}", "accept": "application/json"} | (headers or {})
        return self.intercom.handle(Request(method, path, sent, raw, query or {}))

    def create(self, **body: Any) -> Any:
        """Creates a contact and returns it."""
        response = self.call("POST", "/contacts", body)
        assert response.status == 200, response.body
        return response.json()

    def search(self, query: Any, **rest: Any) -> Response:
        return self.call("POST", "/contacts/search", {"query": query, **rest})

    def found(self, email: str) -> list[Any]:
        """The contacts that a search by email finds."""
        data: list[Any] = self.search({"field": "email", "operator": "=", "value": email}).json()["data"]
        return data


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    control = Sandbox(tmp_path / "sandbox.sqlite3")
    control.add_workspace(WORKSPACE, token=TOKEN)
    yield Vendor(control)
    control.close()


def error_of(response: Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal, whose shape is checked by the way."""
    body = response.json()
    assert body["type"] == "error.list"
    assert body["request_id"] == response.headers["X-Request-Id"]
    (error,) = body["errors"]
    return response.status, error["code"], error["message"]
