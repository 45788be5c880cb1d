"""Gives orders inside the installation while its database and its Intercom come and go: tries again."""

from __future__ import annotations

import time
from typing import Any

from tests.chaos.driver import Driver, OrderError

DATABASE_IS_AWAY = (
    "OperationalError",
    "InterfaceError",
    "BrokerSilentError",
    "redis.exceptions.ConnectionError",
)
TRIES_AGAIN_AFTER = 0.5
TRIES_FOR = 90.0


class Control:
    """As `Driver`, for a person who does not give up at once."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def do(self, order: str, *arguments: Any) -> Any:
        """Tries again while a server is away. Raises OrderError."""
        return self._do(order, arguments, any_error=False)

    def insist(self, order: str, *arguments: Any) -> Any:
        """Tries again whatever goes wrong: for what talks to Intercom. Raises OrderError in the end."""
        return self._do(order, arguments, any_error=True)

    def _do(self, order: str, arguments: tuple[Any, ...], *, any_error: bool) -> Any:
        until = time.monotonic() + TRIES_FOR
        while True:
            try:
                return self._driver.do(order, *arguments)
            except OrderError as err:
                away = any(name in str(err) for name in DATABASE_IS_AWAY)
                if time.monotonic() > until or not (any_error or away):
                    raise
            time.sleep(TRIES_AGAIN_AFTER)
