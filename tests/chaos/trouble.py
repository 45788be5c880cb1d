"""Every kind of fault that Intercom, or the way to it, can have. Says what each is; sets none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending

HTML = "<html><body>Bad gateway</body></html>"
NO_RATE_HEADERS = dict.fromkeys(("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"), "")
"""In place of the sandbox's own, these say nothing."""


class Trouble(StrEnum):
    """`…_after`: the workspace carries the call out, and only the answer is not what it should be."""

    ERROR_500 = "500"
    ERROR_500_AFTER = "500_after"
    GATEWAY = "502_html"
    GATEWAY_AFTER = "502_html_after"
    HTML = "html_200"
    HTML_AFTER = "html_200_after"
    DROP = "drop"
    DROP_AFTER = "drop_after"
    RESET = "reset"
    RESET_AFTER = "reset_after"
    HALF_AFTER = "half_after"
    SERVER_TIMEOUT = "408"
    SERVER_TIMEOUT_AFTER = "408_after"
    RATE_LIMIT = "429"
    RATE_LIMIT_BARE = "429_without_headers"
    LATE = "acts_late"
    LATE_AFTER = "answers_late"
    NEVER = "never_answers"
    NEVER_AFTER = "never_answers_after"
    UNAUTHORIZED = "401"

    @property
    def looks_like_success(self) -> bool:
        """Answered as 200 with what is no answer: the sandbox's log can't tell it from a good one."""
        return self in {Trouble.HTML, Trouble.HTML_AFTER}


_KINDS: Mapping[Trouble, Mapping[str, Any]] = {
    Trouble.ERROR_500: {"acts": False, "status": 500},
    Trouble.ERROR_500_AFTER: {"acts": True, "status": 500},
    Trouble.GATEWAY: {"acts": False, "status": 502, "body": HTML},
    Trouble.GATEWAY_AFTER: {"acts": True, "status": 502, "body": HTML},
    Trouble.HTML: {"acts": False, "status": 200, "body": HTML},
    Trouble.HTML_AFTER: {"acts": True, "status": 200, "body": HTML},
    Trouble.DROP: {"acts": False, "ending": Ending.DROP},
    Trouble.DROP_AFTER: {"acts": True, "ending": Ending.DROP},
    Trouble.RESET: {"acts": False, "ending": Ending.RESET},
    Trouble.RESET_AFTER: {"acts": True, "ending": Ending.RESET},
    Trouble.HALF_AFTER: {"acts": True, "ending": Ending.HALF},
    Trouble.SERVER_TIMEOUT: {"acts": False, "status": 408},
    Trouble.SERVER_TIMEOUT_AFTER: {"acts": True, "status": 408},
    Trouble.RATE_LIMIT: {"acts": False, "status": 429},
    Trouble.RATE_LIMIT_BARE: {"acts": False, "status": 429, "headers": NO_RATE_HEADERS},
    Trouble.LATE: {"acts": True, "stall_before": 0.4},
    Trouble.LATE_AFTER: {"acts": True, "stall_after": 0.8},
    Trouble.NEVER: {"acts": False, "status": 500, "stall_after": 20.0},
    Trouble.NEVER_AFTER: {"acts": True, "stall_after": 20.0},
    Trouble.UNAUTHORIZED: {"acts": False, "status": 401},
}


def fault(trouble: Trouble, **where: Any) -> Fault:
    """The fault; `where` says which calls it meets and how many of them."""
    return Fault(**{**_KINDS[trouble], **where})


def rate_limit_ending_soon(**where: Any) -> Fault:
    """A 429 whose window ends in a second or two."""
    headers = {**NO_RATE_HEADERS, "X-RateLimit-Reset": str(int(time.time()) + 2)}
    return fault(Trouble.RATE_LIMIT, headers=headers, **where)
