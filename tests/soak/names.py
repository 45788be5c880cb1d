"""Who joins: an email for each number. Shared by the process that joins them and whoever judges the end."""

from __future__ import annotations

import re

DOMAIN = "soak.example.com"
EMAIL = re.compile(rf"(?:lead|early)-\d+@{re.escape(DOMAIN)}")


def email_of(number: int) -> str:
    return f"lead-{number:06d}@{DOMAIN}"


def early_email(number: int) -> str:
    """Of who joined in the weeks before."""
    return f"early-{number:06d}@{DOMAIN}"


def early_name(number: int) -> str:
    return f"Early {number}"


def number_of(email: str) -> int:
    return int(email.partition("@")[0].rpartition("-")[2])
