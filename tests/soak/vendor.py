"""What happens in the pretend Intercom meanwhile: rare faults in turn, and a teammate who changes a value."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence

from integrations.sandbox import teammate
from integrations.sandbox.control import Fault, Sandbox
from integrations.sandbox.messages import Json
from tests.chaos.trouble import Trouble, fault, rate_limit_ending_soon
from tests.soak.faulted import Faulted
from tests.soak.names import number_of

WORKSPACE = "soak0001"
TRUE_LAG = 10.0
"""Seconds until search shows what was written."""

DOUBT = 30
"""Seconds for which the product doubts: more than the true lag."""

ONE_IN = 5
"""So many leads for each whose plan a teammate changes."""

BEFORE_A_CHANGE = 15
LOOKED_AT = 200
CREATE = {"method": "POST", "path": "/contacts"}
SEARCH = {"method": "POST", "path": "/contacts/search"}
IN_TURN: Sequence[Callable[[], Fault]] = (
    lambda: rate_limit_ending_soon(times=2),
    lambda: fault(Trouble.ERROR_500, **CREATE),
    lambda: fault(Trouble.RESET_AFTER, **CREATE),
    lambda: fault(Trouble.HTML, **SEARCH),
    lambda: fault(Trouble.ERROR_500_AFTER, **CREATE),
    lambda: fault(Trouble.RESET, **SEARCH),
    lambda: fault(Trouble.HALF_AFTER, **CREATE),
)


class Vendor:
    """One workspace in a sandbox that runs elsewhere. `changed`: emails of those who must qualify."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.changed: set[str] = set()
        self.faults = 0
        self._faulted = Faulted()
        self._marks = (0, 0)

    def open(self) -> str:
        """Makes the workspace; returns its token."""
        token = self.sandbox.add_workspace(WORKSPACE, name="Soak")
        self.sandbox.set_lag(WORKSPACE, TRUE_LAG)
        return token

    def go_wrong(self) -> None:
        """The next fault, for one call or two."""
        self.sandbox.add_fault(WORKSPACE, IN_TURN[self.faults % len(IN_TURN)]())
        self.faults += 1

    def come_right(self) -> None:
        self.sandbox.clear_faults(WORKSPACE)

    def change_plans(self) -> None:
        """Of one in five leads, a while after their contact was made."""
        long_enough = time.time() - BEFORE_A_CHANGE
        for contact, _ in self.sandbox.newest(WORKSPACE, limit=LOOKED_AT):
            email = str(contact["email"])
            if email in self.changed or contact["created_at"] > long_enough or number_of(email) % ONE_IN:
                continue
            teammate.edit(self.sandbox, WORKSPACE, contact["id"], {"custom_attributes": {"plan": "Pro"}})
            self.changed.add(email)

    def faulted(self) -> Faulted:
        """Who has met a fault by now."""
        before, last = self._marks
        mark = self.sandbox.mark()
        # From the mark before the last: what was on its way then is answered by now.
        self._faulted.hear(self.sandbox.calls(WORKSPACE, since=before))
        self._marks = last, mark
        return self._faulted

    def add_copy(self, contact: Json, *, age: int, **own: str) -> None:
        """A contact like another, made and changed so many seconds before, with something of its own."""
        self.sandbox.add_contact(
            WORKSPACE,
            role=contact["role"],
            external_id=str(uuid.uuid4()),
            created_at=contact["created_at"] - age,
            updated_at=contact["updated_at"] - age,
            custom_attributes=contact["custom_attributes"],
            **own,
        )

    def emails(self) -> list[str]:
        """Of every contact there is, once for each contact."""
        return [str(each["email"]) for each in self.sandbox.contacts(WORKSPACE, state=None)]
