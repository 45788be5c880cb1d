"""Whatever is posted to the panel is shown again, or refused with a sentence: no error page, no loss."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from integrations.services.settings import import_document
from tests.integrations.controls import read
from tests.integrations.panel import WHOLE
from tests.integrations.panel_fixtures import Desk, desk, workspace_desk

__all__ = ["desk", "workspace_desk"]

ROW = {"rows-1-data_type": "fixed", "rows-1-target": "name", "rows-TOTAL_FORMS": "2"}
TEXTS = {
    "long": "x" * 10_000,
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "right to left": "שלום \u202eabc",
    "script": "<script>alert(1)</script>\"'&",
    "combining": "e\u0301\u0301\u0301",
    "lines": "one\ntwo",
    "tag of a template": "{{ settings.SECRET_KEY }}{% load x %}",
    "percent": "100 %s %(x)s %",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_comes_back_as_it_was_typed_and_is_saved_so(workspace_desk: Desk, text: str) -> None:
    response = workspace_desk.press("add", {**workspace_desk.form(), **ROW, "rows-1-value": text})
    assert read(response).values["rows-1-value"] == text
    assert b"<script>alert" not in response.content
    assert (
        workspace_desk.press("save", {**workspace_desk.form(), **ROW, "rows-1-value": text}).status_code
        == 302
    )
    assert workspace_desk.saved().rows[1].value == text
    assert workspace_desk.look().values["rows-1-value"] == text


@pytest.mark.parametrize("name", ["rows-1-value", "rows-1-target", "rows-1-source"])
@pytest.mark.parametrize("text", ["a\0b", "x" * 10_001, "\ufffe"])
def test_what_cannot_be_stored_is_refused_beside_its_row(workspace_desk: Desk, name: str, text: str) -> None:
    form = {**workspace_desk.form(), **ROW, "rows-1-value": "fine", name: text}
    if name == "rows-1-source":
        form["rows-1-data_type"] = "dynamic"
    response = workspace_desk.press("save", form)
    if response.status_code != 302:
        assert b"Nothing was saved yet" in response.content
        assert workspace_desk.saved().rows == ()


def test_half_a_character_does_not_come_in(workspace_desk: Desk) -> None:
    """Only an odd character set could bring one; no page could show it."""
    body = urlencode({**workspace_desk.form(), **ROW}) + "&rows-1-value=\\ud800&do=save"
    kind = "application/x-www-form-urlencoded; charset=raw_unicode_escape"
    assert workspace_desk.client.post(workspace_desk.url, body, content_type=kind).status_code == 400
    assert workspace_desk.saved().rows == ()


def test_a_forged_revision_of_a_tab_that_was_never_saved_is_told(desk: Desk) -> None:
    page = read(desk.press("save", action="create_lead", revision="7"))
    assert "did not arrive whole" in page.text
    assert page.values["action"] == "create_lead"
    assert desk.press("save", page.values).status_code == 302


@pytest.mark.parametrize(
    "broken",
    [
        {"rows-TOTAL_FORMS": "1000000000"},
        {"rows-TOTAL_FORMS": "9" * 400},
        {"rows-TOTAL_FORMS": "-1"},
        {"rows-TOTAL_FORMS": "x"},
        {"rows-TOTAL_FORMS": ""},
        {"rows-TOTAL_FORMS": "²"},
        {"revision": ""},
        {"revision": "x"},
        {"revision": "9" * 30},
    ],
)
def test_a_form_that_did_not_arrive_whole_is_not_saved(workspace_desk: Desk, broken: dict[str, str]) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    before = workspace_desk.saved()
    form = {**workspace_desk.form(), "action": "create_user", **broken}
    page = read(workspace_desk.press("save", form))
    assert "did not arrive whole" in page.text
    assert page.values["action"] == "create_user"
    assert workspace_desk.saved() == before
    assert workspace_desk.press("save", page.values).status_code == 302


def test_a_form_without_any_row_wipes_nothing(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    form = {name: text for name, text in workspace_desk.form().items() if not name.startswith("rows-")}
    page = read(workspace_desk.press("save", form))
    assert "did not arrive whole" in page.text
    workspace_desk.press("save", page.values)
    assert len(workspace_desk.saved().rows) == 3


def test_an_empty_post_is_answered_with_the_page(workspace_desk: Desk) -> None:
    response = workspace_desk.client.post(workspace_desk.url, {})
    assert response.status_code == 200
    assert read(response).values["action"] == "nothing"


@pytest.mark.parametrize("button", ["save", "add", "check", "overwrite-0"])
def test_five_thousand_rows_are_refused_with_a_sentence(workspace_desk: Desk, button: str) -> None:
    rows = {f"rows-{n}-value": "x" for n in range(1, 5000)}
    form = {**workspace_desk.form(), **rows, "rows-TOTAL_FORMS": "5000"}
    response = workspace_desk.press(button, form)
    assert response.status_code == 200
    assert workspace_desk.saved().rows == ()
    if button != "check":
        assert "at most 250 fields" in read(response).text


@pytest.mark.parametrize("name", ["action", "policy", "method", "rows-0-data_type", "rows-0-if_present"])
@pytest.mark.parametrize("text", ["", "nonsense", "a\0", "NOTHING", "x" * 5000])
def test_a_forged_choice_never_breaks_the_page(workspace_desk: Desk, name: str, text: str) -> None:
    response = workspace_desk.press("save", {**workspace_desk.form(), name: text})
    assert response.status_code in {200, 302}
    assert workspace_desk.saved().action.value == "nothing"


@pytest.mark.parametrize(
    "name", ["rows-1e3-value", "rows--1-value", "rows-0-nonsense", "rows-²-value", "rows-"]
)
def test_odd_names_are_left_alone(workspace_desk: Desk, name: str) -> None:
    assert workspace_desk.press("save", {**workspace_desk.form(), name: "x"}).status_code == 302
