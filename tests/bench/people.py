"""The made-up people of the bench: the same in every case, so that every case sends the same bytes."""

from __future__ import annotations

from typing import Any

SPRING = "spring"
"""The campaign that every installation has."""

EMAILS_A_SEARCH = 15
WARM_UP = 32
"""Leads sent before the clock starts: a worker is warm, with its connections open."""


def emails(count: int, *, first: int = 0) -> list[str]:
    """So many, numbered from `first`."""
    return [f"lead-{number:06d}@example.com" for number in range(first, first + count)]


def first_name(email: str) -> str:
    return email.partition("@")[0].replace("-", " ").title()


def search_body(some: list[str]) -> dict[str, Any]:
    """https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/searchcontacts"""
    filters = [{"field": "email", "operator": "=", "value": email} for email in some]
    return {"query": {"operator": "OR", "value": filters}, "pagination": {"per_page": 150}}


def create_body(email: str) -> dict[str, Any]:
    """https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/createcontact"""
    return {"role": "lead", "email": email, "name": first_name(email)}
