"""Which rows would give several people one External ID."""

from __future__ import annotations

import pytest

from integrations.logic.identity import is_shared_id
from integrations.logic.types import MapRow
from tests.integrations.logic.support import fixed, row


@pytest.mark.parametrize(
    "shared",
    [
        fixed("7", "external_id"),
        fixed("", "external_id"),
        row("campaign.name", "external_id"),
        row("referrer.referral_code", "external_id"),
        row("lead.full_name", "external_id"),
        row("lead.source", "external_id"),
    ],
)
def test_what_others_share_is_no_id(shared: MapRow) -> None:
    assert is_shared_id(shared)


@pytest.mark.parametrize(
    "own",
    [
        row("lead.id", "external_id"),
        row("lead.email", "external_id"),
        row("custom.member_number", "external_id"),
        row("", "external_id"),
        row("campaign.name", "name"),
        fixed("7", "custom_attributes.external_id"),
    ],
)
def test_the_persons_own_is_and_other_fields_take_anything(own: MapRow) -> None:
    assert not is_shared_id(own)
