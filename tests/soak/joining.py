"""The referral app: a process inside the installation in which leads join at a steady pace, until it is told.

Run by `manage.py shell`; ends when its standard input does, and says how many have joined.
"""

from __future__ import annotations

import select
import sys
import time

from campaigns.models import Campaign
from campaigns.services import join_lead
from tests.soak.names import email_of

AGAIN = 10
"""Every so-manyth joins twice, which is once."""


def main(slug: str, rate: float) -> None:
    campaign = Campaign.objects.get(slug=slug)
    began, number = time.monotonic(), 0
    while not _told_to_end(began + number / rate - time.monotonic()):
        _join(campaign, number)
        if number % AGAIN == 0:
            _join(campaign, number)
        number += 1
    sys.stdout.write(f"{number}\n")


def _join(campaign: Campaign, number: int) -> None:
    name = f"Lead {number}"
    join_lead(campaign=campaign, email=email_of(number), first_name=name, custom={"seats": number % 50})


def _told_to_end(seconds: float) -> bool:
    """Waits for the next one's time, or the end of standard input."""
    ready, _, _ = select.select([sys.stdin], [], [], max(seconds, 0.0))
    return bool(ready)
