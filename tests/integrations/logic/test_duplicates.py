"""Create, update or skip: which, with whom, and why."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.duplicates import CLOCK_SKEW, Decision, Step, Unanswered, choose, decide
from integrations.logic.states import Reason
from integrations.logic.types import Contact, Policy, Role
from tests.integrations.logic.support import ANA, contact, contacts

SENT = Unanswered(at=1000, role=Role.LEAD)
several = st.lists(contacts, max_size=6)


def chosen(*found: Contact, external_id: str | None = None) -> set[str | None]:
    """The ids chosen, over every order in which Intercom may list them."""
    picks = [choose(order, email=ANA, external_id=external_id) for order in permutations(found)]
    return {pick.id if pick else None for pick in picks}


def step(*found: Contact, policy: Policy = Policy.SKIP, unanswered: Unanswered | None = None) -> Decision:
    return decide(found, email=ANA, policy=policy, unanswered=unanswered)


def test_nobody_found_is_nobody_chosen() -> None:
    assert chosen() == {None}


@pytest.mark.parametrize("email", ["bob@example.com", "ana@example.co", "", None, "ana@example.com.evil.com"])
def test_contact_with_another_email_is_not_chosen(email: str | None) -> None:
    assert chosen(contact(email=email)) == {None}


@pytest.mark.parametrize("email", ["ANA@EXAMPLE.COM", " Ana@Example.com "])
def test_emails_are_compared_without_case(email: str) -> None:
    assert chosen(contact(email=email)) == {"c1"}


def test_empty_email_matches_nobody() -> None:
    assert choose([contact(email="")], email=" ") is None


def test_external_id_comes_first() -> None:
    mine = contact("lead", external_id="7", updated_at=1)
    assert chosen(mine, contact("user", role="user", updated_at=9), external_id="7") == {"lead"}


def test_external_id_of_another_email_counts_for_nothing() -> None:
    other = contact("other", email="bob@example.com", external_id="7")
    assert chosen(other, contact("mine"), external_id="7") == {"mine"}


def test_empty_external_id_matches_nothing() -> None:
    assert chosen(contact("a", external_id="", updated_at=1), contact("b", updated_at=2), external_id="") == {
        "b"
    }


def test_user_comes_before_a_lead() -> None:
    assert chosen(contact("lead", updated_at=9), contact("user", role="user", updated_at=1)) == {"user"}


def test_last_updated_comes_before_the_others() -> None:
    assert chosen(contact("a", updated_at=1), contact("b", updated_at=3), contact("c", updated_at=2)) == {"b"}


def test_smallest_id_breaks_a_tie() -> None:
    assert chosen(contact("b"), contact("a"), contact("c")) == {"a"}


def test_nobody_found_is_created() -> None:
    assert step() == Decision(Step.CREATE, Reason.NEW)


@pytest.mark.parametrize("role", ["user", "lead", "visitor"])
def test_existing_contact_of_any_role_is_skipped_by_the_skip_policy(role: str) -> None:
    there = contact(role=role)
    assert step(there) == Decision(Step.SKIP, Reason.EXISTS, there, ("c1",))


def test_existing_contact_is_updated_by_the_update_policy() -> None:
    there = contact()
    assert step(there, policy=Policy.UPDATE) == Decision(Step.UPDATE, Reason.EXISTS, there, ("c1",))


def test_all_matches_are_named_and_no_other() -> None:
    decision = step(contact("b"), contact("x", email="bob@example.com"), contact("a"), contact("b"))
    assert decision.matches == ("a", "b")


def test_contact_made_by_the_unanswered_create_is_adopted() -> None:
    mine = contact(created_at=1000)
    assert step(mine, unanswered=SENT) == Decision(Step.ADOPT, Reason.OURS, mine, ("c1",))


@pytest.mark.parametrize("policy", Policy)
def test_policy_does_not_apply_to_what_we_made(policy: Policy) -> None:
    assert step(contact(created_at=1005), policy=policy, unanswered=SENT).kind is Step.ADOPT


def test_clock_of_intercom_may_be_a_minute_behind() -> None:
    assert step(contact(created_at=1000 - CLOCK_SKEW), unanswered=SENT).kind is Step.ADOPT


def test_older_contact_is_not_ours() -> None:
    assert step(contact(created_at=999 - CLOCK_SKEW), unanswered=SENT).kind is Step.SKIP


def test_contact_of_another_role_is_not_ours() -> None:
    assert step(contact(role="user", created_at=1000), unanswered=SENT).kind is Step.SKIP


def test_ours_is_adopted_though_an_older_contact_was_updated_later() -> None:
    old = contact("old", role="user", created_at=1, updated_at=5000)
    decision = step(old, contact("mine", created_at=1000), unanswered=SENT)
    assert decision.contact is not None
    assert (decision.contact.id, decision.matches) == ("mine", ("mine", "old"))


def test_between_several_that_may_be_ours_a_person_chooses() -> None:
    found = [contact("b", created_at=1000), contact("a", created_at=1001), contact("old", created_at=1)]
    assert step(*found, unanswered=SENT) == Decision(Step.CHOOSE, Reason.SEVERAL_MATCHES, None, ("a", "b"))


def test_one_contact_listed_twice_is_one() -> None:
    assert step(contact(created_at=1000), contact(created_at=1000), unanswered=SENT).kind is Step.ADOPT


def test_create_that_left_no_trace_is_made_again() -> None:
    assert step(unanswered=SENT).kind is Step.CREATE


@given(found=several, policy=st.sampled_from(Policy), at=st.one_of(st.none(), st.integers(0, 2000)))
def test_every_case_has_one_decision(found: list[Contact], policy: Policy, at: int | None) -> None:
    unanswered = None if at is None else Unanswered(at, Role.LEAD)
    decision = decide(found, email=ANA, policy=policy, unanswered=unanswered)
    assert (decision.contact is None) is (decision.kind in {Step.CREATE, Step.CHOOSE})
    assert (decision.matches == ()) is (decision.kind is Step.CREATE)
    assert decision.contact is None or decision.contact.id in decision.matches


@given(found=several)
def test_nobody_is_created_beside_a_match(found: list[Contact]) -> None:
    created = decide(found, email=ANA, policy=Policy.SKIP).kind is Step.CREATE
    assert created is not any((c.email or "").strip().lower() == ANA for c in found)


@given(found=st.lists(contacts, max_size=6, unique_by=lambda c: c.id), data=st.data())
def test_order_of_the_list_plays_no_part(found: list[Contact], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(found))
    assert decide(shuffled, email=ANA, policy=Policy.UPDATE, unanswered=SENT) == decide(
        found, email=ANA, policy=Policy.UPDATE, unanswered=SENT
    )
