"""Every reason is explained in whole, plain sentences, and says what to do where somebody waits for that."""

from __future__ import annotations

import re
from itertools import product

import pytest

from integrations.logic.explain import ATTENTION, ENDED, EXPLANATIONS, WAITING
from integrations.logic.notes import NoteCode
from integrations.logic.states import Reason
from integrations.logic.types import Action, DataType, MapRow, TabSettings
from integrations.logic.waiting import HOLDS, WorkspaceFacts, held_by
from integrations.services.explain import explain, note_in_words

SENTENCES = [text for one in EXPLANATIONS.values() for text in (one.what, one.next_step) if text]
JARGON = re.compile(r"\b(HTTP|API|JSON|null|None|exception|traceback|row|database|401|409|429)\b")
READY = TabSettings(
    action=Action.CREATE_LEAD, rows=(MapRow(data_type=DataType.DYNAMIC, source="lead.email", target="email"),)
)
FINE = WorkspaceFacts(connected=True, paused=False, rate_limited=False)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained(reason: Reason) -> None:
    assert bool(EXPLANATIONS[reason].what) is bool(reason)


def test_a_reason_stands_in_one_group_only() -> None:
    assert len(WAITING) + len(ENDED) + len(ATTENTION) + 1 == len(EXPLANATIONS) == len(Reason)


@pytest.mark.parametrize("reason", [*WAITING, *ATTENTION])
def test_what_waits_or_needs_attention_says_what_to_do(reason: Reason) -> None:
    assert EXPLANATIONS[reason].next_step


@pytest.mark.parametrize("text", SENTENCES)
def test_explanations_are_whole_plain_sentences(text: str) -> None:
    assert text.endswith(".")
    assert text[0].isupper()
    assert not JARGON.search(text)
    assert text == " ".join(text.split())


def test_explanations_differ() -> None:
    whats = [one.what for one in EXPLANATIONS.values()]
    assert len(set(whats)) == len(whats)


def test_the_reader_gets_the_same_words() -> None:
    assert explain(Reason.ARCHIVED) == EXPLANATIONS[Reason.ARCHIVED]
    assert explain(Reason.NONE).what == ""


# What holds a tab back --------------------------------------------------------------------------------


def test_nothing_holds_a_tab_that_is_ready() -> None:
    assert held_by(READY, workspace=FINE, paused=False) is Reason.NONE


def test_a_tab_that_does_nothing_is_switched_off_connected_or_not() -> None:
    assert held_by(TabSettings(), workspace=None, paused=True) is Reason.SWITCHED_OFF
    assert held_by(TabSettings(), workspace=FINE, paused=False) is Reason.SWITCHED_OFF


@pytest.mark.parametrize(
    ("settings", "workspace", "paused", "reason"),
    [
        (READY, None, True, Reason.NOT_CONNECTED),
        (
            READY,
            WorkspaceFacts(connected=False, paused=True, rate_limited=True),
            True,
            Reason.RECONNECT_NEEDED,
        ),
        (
            TabSettings(action=Action.CREATE_USER),
            WorkspaceFacts(connected=True, paused=True, rate_limited=True),
            True,
            Reason.SETUP_REQUIRED,
        ),
        (READY, WorkspaceFacts(connected=True, paused=True, rate_limited=True), True, Reason.PAUSED_CAMPAIGN),
        (
            READY,
            WorkspaceFacts(connected=True, paused=True, rate_limited=True),
            False,
            Reason.PAUSED_WORKSPACE,
        ),
        (READY, WorkspaceFacts(connected=True, paused=False, rate_limited=True), False, Reason.RATE_LIMITED),
    ],
)
def test_what_somebody_must_do_comes_before_what_ends_by_itself(
    settings: TabSettings, workspace: WorkspaceFacts | None, paused: bool, reason: Reason
) -> None:
    assert held_by(settings, workspace=workspace, paused=paused) is reason


def test_all_that_holds_a_tab_is_known_as_such() -> None:
    flags = [False, True]
    spaces = [
        None,
        *(
            WorkspaceFacts(connected=a, paused=b, rate_limited=c, silent=d)
            for a, b, c, d in product(flags, repeat=4)
        ),
    ]
    tabs = [TabSettings(), TabSettings(action=Action.CREATE_LEAD), READY]
    found = {held_by(tab, workspace=one, paused=paused) for tab, one, paused in product(tabs, spaces, flags)}
    assert found == {Reason.NONE, *HOLDS}


@pytest.mark.parametrize("code", list(NoteCode))
def test_every_note_has_words_that_follow_the_fields_name(code: NoteCode) -> None:
    said = note_in_words({"code": code.value, "target": "custom_attributes.plan"}, field="Plan")
    assert said.startswith(("Plan was ", "Plan has "))
    assert said.endswith(".")
    assert not JARGON.search(said)
