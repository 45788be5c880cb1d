"""The signals by which other apps hear of joins and qualifications. Nothing here listens.

All are sent with `send_robust(sender=Participant, participant=<Participant>)` INSIDE the transaction that
stores the change, so that what a receiver writes is kept or lost together with it.

A receiver must
- open a savepoint of its own (`with transaction.atomic():`) round all that it does: on PostgreSQL a
  database error without one undoes the whole join when the transaction ends;
- only write rows. HTTP, mail and queues come after commit (`transaction.on_commit(…, robust=True)`).

An exception from a receiver is logged by Django (logger `django.dispatch`) and changes nothing here.
"""

from __future__ import annotations

from django.dispatch import Signal

lead_joined = Signal()
"""A lead joined for the first time; `participant.newly_joined` is True."""

referrer_joined = Signal()
"""A referrer joined for the first time; `participant.newly_joined` is True."""

lead_qualified = Signal()
"""A pending lead became qualified; sent once for a lead, with the new status and time already set."""
