"""Settings files: taken whole, and then written out the same; or refused in words, and nothing changed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from hypothesis import event, given
from hypothesis import strategies as st

from campaigns.models import Campaign
from integrations.services.settings import export_document, import_document
from tests.campaigns.factories import make_campaign
from tests.fuzz.strange import as_bytes, documents, mutated, raw
from tests.fuzz.trying import examples, undone
from tests.integrations.panel import WHOLE, make_workspace

pytestmark = pytest.mark.django_db

TABS = ("leads", "referrers")


@pytest.fixture
def campaign(settings: Any) -> Campaign:
    """With settings that work."""
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"  # nobody answers there
    make_workspace()
    made = make_campaign()
    import_document(made, WHOLE)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "panel.json"


def take(campaign: Campaign, file: Path, content: bytes) -> bool:
    """Whether it was taken. If not, it says why, and nothing has changed."""
    before = export_document(campaign)
    file.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("settings_import", campaign.slug, str(file), stdout=out, stderr=err)
        refused = ""
    except CommandError as error:
        refused = str(error)
    (refused + out.getvalue() + err.getvalue()).encode()
    assert not refused or export_document(campaign) == before
    event("refused" if refused else "taken")
    return not refused


def check_round_trip(campaign: Campaign) -> None:
    """What is written out is taken again, here and elsewhere, and says the same."""
    document = json.loads(json.dumps(export_document(campaign), allow_nan=False))
    assert import_document(campaign, document) == []
    other = make_campaign()
    import_document(other, document)
    assert export_document(other) == document


def check_pages(client: Client, campaign: Campaign) -> None:
    for tab in TABS:
        address = reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, tab])
        assert client.get(address).status_code == 200


@examples(25)
@given(content=raw | documents.map(as_bytes))
def test_any_file_is_taken_whole_or_refused(campaign: Campaign, file: Path, content: bytes) -> None:
    with undone():
        if take(campaign, file, content):
            check_round_trip(campaign)


@examples(25)
@given(document=mutated(dict(WHOLE)))
def test_a_file_with_something_wrong_is_taken_whole_or_refused(
    campaign: Campaign, file: Path, admin_client: Client, document: Any
) -> None:
    with undone():
        if take(campaign, file, as_bytes(document)):
            check_round_trip(campaign)
            check_pages(admin_client, campaign)


@examples(15)
@given(tab=st.sampled_from(TABS), section=st.sampled_from([*WHOLE["leads"], "new"]), value=documents)
def test_any_section_is_taken_or_refused(
    campaign: Campaign, file: Path, admin_client: Client, tab: str, section: str, value: Any
) -> None:
    with undone():
        if take(campaign, file, as_bytes({tab: {section: value}})):
            check_round_trip(campaign)
            check_pages(admin_client, campaign)
