"""Who joins: an email for each number. Shared by the process that joins them and whoever judges the end."""

from __future__ import annotations

DOMAIN = "soak.example.com"


def email_of(number: int) -> str:
    return f"lead-{number:06d}@{DOMAIN}"


def number_of(email: str) -> int:
    return int(email.partition("@")[0].rpartition("-")[2])
