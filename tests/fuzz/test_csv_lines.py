"""CSV files of leads: every good line joins, every bad one is named with a reason, or the file is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import event, example, given
from hypothesis import strategies as st

from campaigns.models import Campaign, LeadFieldType, Participant
from integrations.models import Delivery
from tests.campaigns.factories import make_campaign
from tests.fuzz.strange import any_texts, raw, texts
from tests.fuzz.trying import examples, undone

pytestmark = pytest.mark.django_db

COLUMNS = ("email", "first_name", "last_name", "phone", "company", "source", "referrer")
CUSTOM = {kind.value: kind for kind in LeadFieldType}
GOOD = ("good1@example.com", "good2@example.com")
HUGE = "x" * 140_000

headers = st.lists(
    st.sampled_from([*COLUMNS, "custom.number", "custom.date", "Email "]), max_size=6
) | st.lists(texts, max_size=4)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(fields=CUSTOM)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def take(campaign: Campaign, file: Path, content: bytes) -> tuple[str, set[str]]:
    """What the command said was wrong, and who is in. Nobody is in without being owed."""
    file.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("join_lead", campaign.slug, csv=str(file), stdout=out, stderr=err)
        said = ""
    except CommandError as error:
        said = f"{err.getvalue()}{error}"
    assert said.strip() or not err.getvalue()
    people = Participant.objects.filter(campaign=campaign)
    assert Delivery.objects.filter(participant__in=people).count() == people.count()
    (said + out.getvalue()).encode()
    event(f"{people.count()} joined, {'something' if said else 'nothing'} said")
    return said, set(people.values_list("email", flat=True))


@examples(30)
@given(
    content=raw,
    start=st.sampled_from([b"", b"email\n", b"\xef\xbb\xbfemail;first_name\n", b'"email\n', b"\0"]),
)
def test_any_bytes_are_read_or_refused(campaign: Campaign, file: Path, content: bytes, start: bytes) -> None:
    with undone():
        take(campaign, file, start + content)


@examples(30)
@given(
    cells=st.lists(any_texts, min_size=1, max_size=9),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]),
    delimiter=st.sampled_from(",;\t"),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
)
@example(cells=["good3@example.com", HUGE], codec="utf-8", delimiter=",", ending="\n")
@example(cells=["\0"], codec="utf-8", delimiter=",", ending="\n")
def test_good_lines_join_whatever_stands_between_them(
    campaign: Campaign, file: Path, cells: list[str], codec: str, delimiter: str, ending: str
) -> None:
    """Well quoted, so that one line's cells stay its own."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    for line in (COLUMNS, [GOOD[0]], cells, [GOOD[1]]):
        writer.writerow(line)
    content = text.getvalue().encode(codec, "surrogatepass" if codec.startswith("utf-8") else "replace")
    with undone():
        said, people = take(campaign, file, content)
        if codec == "utf-16":
            assert not people
            assert said
        else:
            assert people >= set(GOOD)
            assert len(people) <= 3
            assert said or len(people) == 3 or not any(cell.strip() for cell in cells) or cells[0] in GOOD


@examples(25)
@given(header=headers, rows=st.lists(st.lists(texts, max_size=6), max_size=3))
def test_any_header_is_known_or_refused_before_anybody_joins(
    campaign: Campaign, file: Path, header: list[str], rows: Any
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows, [GOOD[0]] * len(header)])
    names = [name.strip().lower() for name in header]
    with undone():
        said, people = take(campaign, file, text.getvalue().encode("utf-8", "surrogatepass"))
        if len(set(names)) < len(names) or "email" not in names:
            assert said
            assert not people


@examples(20)
@given(email=texts, first_name=texts, referrer=texts, custom=texts)
def test_one_lead_by_hand_joins_or_is_refused(
    campaign: Campaign, email: str, first_name: str, referrer: str, custom: str
) -> None:
    person = {"email": email, "first_name": first_name, "referrer": referrer, "custom": [custom]}
    with undone():
        said = ""
        try:
            call_command("join_lead", campaign.slug, **person, stdout=io.StringIO())
        except CommandError as error:
            said = str(error)
        assert Participant.objects.count() == (0 if said else 1)
