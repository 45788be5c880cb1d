"""People who join one by one, in an installation's own process."""

from __future__ import annotations

import time

from campaigns.models import Campaign
from campaigns.services import join_lead
from tests.bench.child import tell
from tests.bench.people import emails


def main(count: int, every: float) -> None:  # keyword arguments do not travel to a child
    """Somebody each `every` seconds; tells for each email when the join began, in Unix seconds."""
    campaign = Campaign.objects.get()
    # One who does not count: the first join of a process pays for its connection.
    join_lead(campaign=campaign, email="first@example.com")
    joined = {}
    for email in emails(count):
        time.sleep(every)
        joined[email] = time.time()
        join_lead(campaign=campaign, email=email)
    tell({"joined": joined})
