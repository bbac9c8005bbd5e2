"""Answers of the past stored in bulk leave what the same answers given one by one would have left."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from annotation import bulk
from annotation.models import Assignment, DayTally, Group, GroupMember, Judgment, Pair, Skip, User
from annotation.services import history, judging
from annotation.services.history import PastAnswer, connect_group, store_history
from annotation.services.memes import retire_meme
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator, make_group
from tests.annotation.test_judging import assert_counters_agree

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def past(group: Group, memes: tuple[int, int], annotator: User, **changes: object) -> PastAnswer:
    """A judgment of the past, or what the changes make of it."""
    answer = PastAnswer(
        token=uuid4(),
        annotator_id=annotator.pk,
        group_id=group.pk,
        memes=memes,
        swapped=False,
        shown_at=MAY,
        answered_at=MAY + timedelta(seconds=random.random()),
        outcome=Outcome.LEFT,
        response_ms=900,
        policy="elsewhere",
        policy_version=2,
        pair_probability=0.25,
    )
    return replace(answer, **changes)  # type: ignore[arg-type]  # any of its fields


def memes_of(group: Group) -> list[int]:
    return list(group.members.order_by("meme").values_list("meme_id", flat=True))


def crowd(number: int) -> list[User]:
    return [User.objects.create(username=f"p{at}-{uuid4().hex[:6]}") for at in range(number)]


# --- the same as one by one -----------------------------------------------------------------------------------------------------


def judge_at_random(group: Group, people: list[User], chance: random.Random, answers: int) -> None:
    """Lease, judge, skip and come late in a random order, until nothing is open."""
    leases: list[Assignment] = []
    while answers or leases:
        if answers and (not leases or chance.random() < 0.5):
            answers -= 1
            if lease := judging.lease_pair(annotator=chance.choice(people)):
                leases.append(lease)
            continue
        lease = leases.pop(chance.randrange(len(leases)))
        if chance.random() < 0.2:
            gone = timezone.now() - timedelta(seconds=1)
            Assignment.objects.filter(pk=lease.pk).update(lease_until=gone)
            judging.expire_leases()
        answer_lease(lease, chance)


def answer_lease(lease: Assignment, chance: random.Random) -> None:
    have = range(-1 - judging.MAX_AHEAD, 0)  # nothing more is to be leased with the answer
    who = User.objects.get(pk=lease.annotator_id)
    if chance.random() < 0.2:
        reason = chance.choice([None, Skip.Reason.BROKEN])
        judging.record_skip(annotator=who, assignment_id=lease.pk, token=uuid4(), reason=reason, have=have)
    else:
        outcome = chance.choice(list(Outcome))
        judging.record_judgment(
            annotator=who, assignment_id=lease.pk, token=uuid4(), outcome=outcome, have=have
        )


def answers_of(group: Group, *, to: Group, people: dict[int, User]) -> Iterator[PastAnswer]:
    """What was answered in a group, as answers of the past about the memes at the same places of another one."""
    places = dict(zip(memes_of(group), memes_of(to), strict=True))
    for assignment in Assignment.objects.filter(group=group).select_related("pair").order_by("pk"):
        judgment = assignment.judgments.first()
        skip = assignment.skips.first()
        given = judgment or skip
        assert given is not None
        yield PastAnswer(
            token=given.token,
            annotator_id=people[assignment.annotator_id].pk,
            group_id=to.pk,
            memes=(places[assignment.pair.first_id], places[assignment.pair.second_id]),
            swapped=assignment.swapped,
            shown_at=assignment.leased_at,
            answered_at=judgment.judged_at if judgment else skip.at,  # type: ignore[union-attr]  # one of them
            outcome=Outcome(judgment.outcome) if judgment else None,
            reason=skip.reason if skip else "",
            response_ms=judgment.response_ms if judgment else None,
            surplus=judgment.surplus if judgment else False,
            policy=assignment.policy,
            policy_version=assignment.policy_version,
            template_probability=assignment.template_probability,
            pair_probability=assignment.pair_probability,
        )


def bookkeeping(group: Group, people: list[User]) -> dict[str, object]:
    """All that is counted along the way, by places instead of ids."""
    group.refresh_from_db()
    places = {meme: place for place, meme in enumerate(memes_of(group))}
    who = {user.pk: place for place, user in enumerate(people)}
    pairs = group.pairs.order_by("pk")
    judged = Judgment.objects.filter(pair__group=group).order_by("assignment")
    said = ("annotator_id", "outcome", "swapped", "response_ms", "shown_at", "judged_at", "surplus")
    return {
        "group": (group.size, group.full_pairs),
        "pairs": [
            (places[p.first_id], places[p.second_id], p.wanted, p.taken, p.active, len(held(p)))
            for p in pairs
        ],
        "members": [(places[m.meme_id], m.pairs) for m in group.members.order_by("meme")],
        "judgments": [(who[annotator], *rest) for annotator, *rest in judged.values_list(*said)],
        "skips": [
            (who[annotator], *rest)
            for annotator, *rest in Skip.objects.filter(pair__group=group)
            .order_by("assignment")
            .values_list("annotator_id", "kind", "reason", "at")
        ],
        "days": [
            (who[day.annotator_id], day.day, day.judged, day.streak)
            for day in DayTally.objects.filter(annotator__in=people).order_by("annotator", "day")
        ],
    }


def held(pair: Pair) -> set[int]:
    slots = pair.assignments.filter(slot__isnull=False).values_list("slot", flat=True)
    return {slot for slot in slots if slot is not None}


def joined(group: Group) -> list[int]:
    """The places of the members that are marked as joined."""
    order = group.members.order_by("meme").values_list("joined", flat=True)
    return [place for place, is_joined in enumerate(order) if is_joined]


@hypothesis_settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), size=st.integers(3, 7), answers=st.integers(0, 30))
def test_a_history_leaves_what_judging_it_would_have_left(
    settings: Settings, seed: int, size: int, answers: int
) -> None:
    settings.REPLICATION = 2
    chance = random.Random(seed)
    with transaction.atomic():
        lived, told = make_group(size), make_group(size)
        Group.objects.exclude(pk__in=[lived.pk]).update(active=False)
        people, clones = [make_annotator(f"a{at}-{seed}") for at in range(4)], crowd(4)
        judge_at_random(lived, people, chance, answers)
        Group.objects.filter(pk=told.pk).update(active=True)
        as_clone = {user.pk: clone for user, clone in zip(people, clones, strict=True)}
        stored = store_history(answers=answers_of(lived, to=told, people=as_clone), tallies=True)
        assert bookkeeping(told, clones) == bookkeeping(lived, people)
        assert stored.judgments + stored.skips == Assignment.objects.filter(group=lived).count()
        assert stored.known == 0
        assert_counters_agree()
        assert set(joined(lived)) <= set(joined(told))
        connect_group(group_id=lived.pk)
        assert joined(lived) == joined(told)
        transaction.set_rollback(True)


def test_batches_leave_what_one_batch_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    groups, people = [make_group(6), make_group(6)], crowd(5)
    chance = random.Random(3)
    draws = [
        (sorted(chance.sample(range(6), 2)), person) for person in people for _ in range(12)
    ]  # some pairs twice by the same person: a repeat
    for size, group in zip((60, 7), groups, strict=True):
        monkeypatch.setattr(history, "BATCH", size)
        memes = memes_of(group)
        answers = [
            past(group, (memes[one], memes[other]), person, answered_at=MAY + timedelta(seconds=number))
            for number, ((one, other), person) in enumerate(draws)
        ]
        stored = store_history(answers=answers)
        assert stored.judgments == 60
    one, many = (bookkeeping(group, people) for group in groups)
    assert one == many
    assert joined(groups[0]) == joined(groups[1])
    assert_counters_agree()
    assert Assignment.objects.filter(repeat__gt=0).exists()


# --- slots ----------------------------------------------------------------------------------------------------------------------


def test_slots_are_taken_from_the_first_and_what_comes_after_is_surplus() -> None:
    group, people = make_group(2), crowd(5)
    first, second = memes_of(group)
    stored = store_history(answers=[past(group, (first, second), person) for person in people])
    rows = Judgment.objects.order_by("pk").values_list("slot", "surplus")
    assert list(rows) == [(1, False), (2, False), (3, False), (None, True), (None, True)]
    assert (stored.judgments, stored.surplus) == (5, 2)
    group.refresh_from_db()
    assert group.full_pairs == 1
    assert_counters_agree()


def test_what_was_surplus_stays_so_and_leaves_its_slot_free() -> None:
    group, people = make_group(2), crowd(2)
    first, second = memes_of(group)
    store_history(
        answers=[
            past(group, (first, second), who, surplus=late)
            for who, late in zip(people, (True, False), strict=True)
        ]
    )
    assert list(Judgment.objects.order_by("pk").values_list("slot", flat=True)) == [None, 1]


def test_a_history_fills_the_free_slots_beside_live_judgments_and_a_lease() -> None:
    group, people = make_group(2), crowd(4)
    memes = memes_of(group)
    ann, bob = make_annotator("ann"), make_annotator("bob")
    judged, leased = judging.lease_pair(annotator=ann), judging.lease_pair(annotator=bob)
    assert judged is not None
    assert leased is not None
    judging.record_judgment(annotator=ann, assignment_id=judged.pk, token=uuid4(), outcome=Outcome.TIE)
    store_history(answers=[past(group, (memes[0], memes[1]), person) for person in people])
    assert [row.slot for row in Judgment.objects.order_by("pk")] == [1, 3, None, None, None]
    answered = judging.record_judgment(
        annotator=bob, assignment_id=leased.pk, token=uuid4(), outcome=Outcome.LEFT
    )
    assert isinstance(answered.answer, Judgment)
    assert answered.answer.slot == 2
    assert_counters_agree()


def test_a_pair_that_has_to_be_made_wants_what_the_history_says() -> None:
    group, people = make_group(2), crowd(5)
    first, second = memes_of(group)
    store_history(answers=[past(group, (first, second), person, wanted=5) for person in people])
    assert not Judgment.objects.filter(surplus=True).exists()
    assert Pair.objects.get().wanted == 5


def test_a_pair_with_a_retired_meme_is_not_shown_and_not_counted_as_full() -> None:
    group, people = make_group(3), crowd(3)
    memes = memes_of(group)
    retire_meme(meme=GroupMember.objects.get(meme=memes[0]).meme)
    store_history(answers=[past(group, (memes[0], memes[1]), person) for person in people])
    group.refresh_from_db()
    assert (Pair.objects.get().active, Pair.objects.get().taken, group.full_pairs) == (False, 3, 0)
    assert_counters_agree()


# --- once -----------------------------------------------------------------------------------------------------------------------


def test_the_same_history_again_adds_nothing() -> None:
    group, people = make_group(4), crowd(3)
    memes = memes_of(group)
    answers = [past(group, (memes[0], memes[at]), person) for at in (1, 2) for person in people]
    answers.append(past(group, (memes[0], memes[3]), people[0], outcome=None, reason="broken"))
    once = store_history(answers=answers)
    before = bookkeeping(group, people)
    again = store_history(answers=answers)
    assert (once.judgments, once.skips, once.known) == (6, 1, 0)
    assert (again.judgments, again.skips, again.known) == (0, 0, 7)
    assert bookkeeping(group, people) == before


def test_an_answer_is_known_by_its_moments_whatever_its_token_and_whoever_holds_it() -> None:
    group, (person, clone) = make_group(2), crowd(2)
    first, second = memes_of(group)
    answer = past(group, (first, second), person)
    copies = [replace(answer, token=uuid4(), annotator_id=clone.pk)]
    assert store_history(answers=[answer]).judgments == 1
    assert store_history(answers=copies).known == 1
    other = replace(copies[0], answered_at=answer.answered_at + timedelta(microseconds=1))
    assert store_history(answers=[other]).judgments == 1


def test_somebodys_second_answer_to_a_pair_is_a_repeat() -> None:
    group, (person, other) = make_group(2), crowd(2)
    first, second = memes_of(group)
    for number in range(2):
        store_history(
            answers=[past(group, (first, second), person, answered_at=MAY + timedelta(days=number))]
        )
    store_history(answers=[past(group, (first, second), other, repeats=True)])  # its first one is not here
    assert list(Assignment.objects.order_by("pk").values_list("repeat", flat=True)) == [0, 1, 1]


def test_a_failure_leaves_whole_batches_and_the_rest_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BATCH", 3)
    group, people = make_group(2), crowd(8)
    first, second = memes_of(group)
    answers = [past(group, (first, second), person) for person in people]

    def broken() -> Iterator[PastAnswer]:
        yield from answers[:4]
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        store_history(answers=broken())
    assert Judgment.objects.count() == 3
    rest = store_history(answers=answers)
    assert (rest.known, rest.judgments) == (3, 5)
    assert_counters_agree()


# --- the schema holds -----------------------------------------------------------------------------------------------------------


def test_a_pair_across_groups_is_refused_by_the_database() -> None:
    group, other, (person,) = make_group(2), make_group(2), crowd(1)
    GroupMember.objects.create(group=group, meme_id=memes_of(other)[1])
    memes = (memes_of(group)[0], memes_of(other)[1])
    with pytest.raises(IntegrityError, match="a pair never leaves its group"), transaction.atomic():
        store_history(answers=[past(group, memes, person)])
    assert not Pair.objects.exists()


def test_a_judgment_before_it_was_shown_is_refused_by_the_database() -> None:
    group, (person,) = make_group(2), crowd(1)
    first, second = memes_of(group)
    early = past(group, (first, second), person, answered_at=MAY - timedelta(seconds=1))
    with pytest.raises(IntegrityError, match="judged_after_shown"), transaction.atomic():
        store_history(answers=[early])
    assert not Assignment.objects.exists()


def test_texts_and_blanks_come_back_as_they_were() -> None:
    """What COPY and SQLite have marks of their own for: tabs, line ends, backslashes, blanks, nothing."""
    group, (person,) = make_group(2), crowd(1)
    first, second = memes_of(group)
    hostile = 'a\tb\nc\\.\r"é%s'
    token = UUID(int=5)
    store_history(
        answers=[past(group, (first, second), person, policy=hostile, token=token, response_ms=None)]
    )
    judgment = Judgment.objects.select_related("assignment").get()
    assert (judgment.assignment.policy, judgment.response_ms, judgment.token) == (hostile, None, token)
    assert judgment.shown_at == judgment.assignment.leased_at == MAY


def test_ids_of_a_history_are_free_and_the_next_ones_come_after() -> None:
    group, people = make_group(3), crowd(2)
    memes = memes_of(group)
    with transaction.atomic():
        reserved = bulk.reserve_ids(Pair, 3)
        assert sorted(set(reserved)) == list(reserved)
    store_history(answers=[past(group, (memes[0], memes[1]), people[0])])
    ann = make_annotator()
    lease = judging.lease_pair(annotator=ann)
    assert lease is not None
    store_history(answers=[past(group, (memes[0], memes[2]), people[1])])
    assert Assignment.objects.count() == 3


def test_what_hangs_together_through_later_pairs_is_joined() -> None:
    """Pair by pair, as live judging marks them, the last meme would count as apart."""
    group, (person,) = make_group(5), crowd(1)
    memes = memes_of(group)
    chain = [(0, 1), (2, 3), (1, 2)]
    store_history(answers=[past(group, (memes[one], memes[other]), person) for one, other in chain])
    assert joined(group) == [0, 1, 2, 3]
