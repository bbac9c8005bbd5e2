"""Leasing, answering, repeating, undoing: one person at a time. Concurrency is in test_interleavings.py."""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from annotation import pairing
from annotation.errors import ConsentMissing, NotAssigned, NothingToUndo
from annotation.models import Assignment, DayTally, Group, GroupMember, Judgment, Pair, Skip, User
from annotation.queries.judging import progress
from annotation.services import judging, people
from annotation.services.judging import Answered
from annotation.services.memes import retire_meme, show_meme
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator, make_group, make_meme

pytestmark = pytest.mark.django_db


def lease(annotator: User) -> Assignment:
    assignment = judging.lease_pair(annotator=annotator)
    assert assignment is not None
    return assignment


def judge(
    annotator: User, assignment: Assignment, *, outcome: Outcome = Outcome.LEFT, token: UUID | None = None
) -> Answered:
    return judging.record_judgment(
        annotator=annotator,
        assignment_id=assignment.pk,
        token=token or uuid4(),
        outcome=outcome,
        response_ms=900,
    )


def run_out(assignment: Assignment) -> None:
    """Let a lease end now."""
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert judging.expire_leases() == 1
    assignment.refresh_from_db()


def assert_counters_agree() -> None:
    """What is counted along the way equals what the rows say."""
    for pair in Pair.objects.all():
        assert pair.taken == pair.assignments.filter(slot__isnull=False).count()
    for group in Group.objects.all():
        assert group.size == group.members.filter(position__isnull=False).count()
        full = [pair for pair in group.pairs.filter(active=True) if pair.taken == pair.wanted]
        assert group.full_pairs == len(full)
    for member in GroupMember.objects.all():
        made = Pair.objects.filter(group=member.group)
        assert (
            member.pairs == made.filter(first=member.meme).count() + made.filter(second=member.meme).count()
        )


def test_a_judgment_is_stored_with_all_that_was_shown() -> None:
    ann = make_annotator()
    make_group(4)
    assignment = lease(ann)
    answered = judge(ann, assignment, outcome=Outcome.TIE)
    judgment = Judgment.objects.get()
    assert answered.answer == judgment
    assert not answered.repeated
    assert (judgment.pair, judgment.assignment, judgment.annotator) == (assignment.pair, assignment, ann)
    assert (judgment.outcome, judgment.swapped, judgment.response_ms) == ("tie", assignment.swapped, 900)
    assert (judgment.surplus, judgment.slot, judgment.request_shown) == (False, 1, False)
    assert judgment.shown_at == assignment.leased_at <= judgment.judged_at
    assert answered.next_assignment is not None
    assert answered.next_assignment.pair != assignment.pair
    assert_counters_agree()


def test_a_repeated_request_changes_nothing_and_answers_the_same() -> None:
    ann, token = make_annotator(), uuid4()
    make_group(5)
    assignment = lease(ann)
    first = judge(ann, assignment, token=token)
    leases = Assignment.objects.count()
    again = judge(ann, assignment, token=token, outcome=Outcome.RIGHT)
    assert again.repeated
    assert (again.answer, again.next_assignment) == (first.answer, first.next_assignment)
    assert Judgment.objects.get().outcome == "left"
    assert Assignment.objects.count() == leases
    assert progress(ann).judged == 1


def test_the_first_of_two_windows_wins() -> None:
    ann = make_annotator()
    make_group(5)
    assignment = lease(ann)
    first = judge(ann, assignment, outcome=Outcome.LEFT)
    second = judge(ann, assignment, outcome=Outcome.RIGHT)
    assert second.repeated
    assert second.answer == first.answer
    assert Judgment.objects.get().outcome == "left"


def test_a_token_that_was_undone_does_not_come_back() -> None:
    ann, token = make_annotator(), uuid4()
    make_group(5)
    assignment = lease(ann)
    judge(ann, assignment, token=token)
    judging.undo_last(annotator=ann)
    assert judge(ann, assignment, token=token).repeated
    assert not Judgment.objects.filter(superseded_at=None).exists()


def test_nobody_answers_for_somebody_else() -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    make_group(3)
    assignment = lease(ann)
    with pytest.raises(NotAssigned):
        judge(bob, assignment)
    with pytest.raises(NotAssigned):
        judging.record_judgment(annotator=ann, assignment_id=10**9, token=uuid4(), outcome=Outcome.TIE)
    assert not Judgment.objects.exists()


def test_without_consent_nothing_is_stored() -> None:
    ann = make_annotator()
    make_group(3)
    assignment = lease(ann)
    people.withdraw_consent(annotator=ann)
    with pytest.raises(ConsentMissing):
        judge(ann, assignment)
    assert not Judgment.objects.exists()


def test_a_pair_counts_as_many_annotators_as_it_wants(settings: Settings) -> None:
    settings.REPLICATION = 2
    make_group(2)
    people_ = [make_annotator(f"a{n}") for n in range(3)]
    served = [judging.lease_pair(annotator=person) for person in people_]
    assert [assignment.slot if assignment else None for assignment in served] == [1, 2, None]
    assert_counters_agree()


def test_an_expired_lease_goes_back_into_the_pool_and_a_late_judgment_is_kept_as_surplus(
    settings: Settings,
) -> None:
    settings.REPLICATION = 1
    make_group(2)
    ann, bob = make_annotator("ann"), make_annotator("bob")
    late = lease(ann)
    run_out(late)
    assert (late.status, late.slot) == ("expired", None)
    taken = lease(bob)
    assert taken.pair == late.pair
    judge(bob, taken)
    answered = judge(ann, late)
    assert isinstance(answered.answer, Judgment)
    assert (answered.answer.surplus, answered.answer.slot) == (True, None)
    assert Judgment.objects.filter(surplus=False).count() == 1
    assert_counters_agree()


def test_a_late_judgment_counts_when_its_slot_is_still_free() -> None:
    make_group(2)
    ann = make_annotator()
    late = lease(ann)
    run_out(late)
    answered = judge(ann, late)
    assert isinstance(answered.answer, Judgment)
    assert (answered.answer.surplus, answered.answer.slot) == (False, 1)
    assert_counters_agree()


def test_a_lease_that_nobody_swept_is_taken_when_nothing_else_is_left(settings: Settings) -> None:
    settings.REPLICATION = 1
    make_group(2)
    held = lease(make_annotator("ann"))
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    taken = lease(make_annotator("bob"))
    assert taken.pair == held.pair


def test_a_reload_shows_the_same_pair_with_the_same_sides() -> None:
    ann = make_annotator()
    make_group(6)
    (first,) = judging.next_assignments(annotator=ann)
    (again,) = judging.next_assignments(annotator=ann)
    assert (again.pk, again.swapped) == (first.pk, first.swapped)
    run_out(first)
    (back,) = judging.next_assignments(annotator=ann)
    assert (back.pk, back.swapped, back.status, back.slot) == (first.pk, first.swapped, "leased", 1)


def test_pairs_ahead_are_further_ones_and_bounded() -> None:
    ann = make_annotator()
    make_group(8)
    (first,) = judging.next_assignments(annotator=ann)
    more = judging.next_assignments(annotator=ann, count=2, have=[first.pk])
    assert len({first.pk, *(row.pk for row in more)}) == 3
    many = judging.next_assignments(annotator=ann, count=100, have=[])
    assert len(many) == judging.MAX_AHEAD + 1


def test_leases_are_renewed_while_the_page_is_open() -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    make_group(4)
    assignment = lease(ann)
    Assignment.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
    assert judging.renew_leases(annotator=bob, assignment_ids=[assignment.pk]) == 0
    assert judging.renew_leases(annotator=ann, assignment_ids=[assignment.pk]) == 1
    assignment.refresh_from_db()
    assert assignment.lease_until > timezone.now() + timedelta(seconds=60)


def test_a_skip_frees_the_slot_and_is_no_judgment() -> None:
    ann = make_annotator()
    make_group(3)
    assignment = lease(ann)
    answered = judging.record_skip(annotator=ann, assignment_id=assignment.pk, token=uuid4())
    assert (Skip.objects.get().kind, Judgment.objects.count()) == ("skip", 0)
    assert answered.next_assignment is not None
    assert answered.next_assignment.pair != assignment.pair
    assert Pair.objects.get(pk=assignment.pair_id).taken == 0
    assert_counters_agree()


def test_a_flag_keeps_its_reason() -> None:
    ann = make_annotator()
    make_group(3)
    judging.record_skip(annotator=ann, assignment_id=lease(ann).pk, token=uuid4(), reason=Skip.Reason.BROKEN)
    skip = Skip.objects.get()
    assert (skip.kind, skip.reason) == ("flag", "broken")


def test_a_repeated_skip_answers_the_same() -> None:
    ann, token = make_annotator(), uuid4()
    make_group(4)
    assignment = lease(ann)
    first = judging.record_skip(annotator=ann, assignment_id=assignment.pk, token=token)
    again = judging.record_skip(annotator=ann, assignment_id=assignment.pk, token=token)
    assert again.repeated
    assert (again.answer, again.next_assignment) == (first.answer, first.next_assignment)


def test_undo_supersedes_and_serves_the_same_pair_again() -> None:
    ann = make_annotator()
    make_group(5)
    assignment = lease(ann)
    judge(ann, assignment)
    undone = judging.undo_last(annotator=ann)
    assert (undone.pk, undone.status, undone.slot) == (assignment.pk, "leased", 1)
    assert Judgment.objects.get().superseded_at is not None
    assert progress(ann).judged == 0
    judge(ann, undone, outcome=Outcome.RIGHT)
    assert [row.outcome for row in Judgment.objects.order_by("pk")] == ["left", "right"]
    assert_counters_agree()


def test_undo_takes_back_a_skip_as_well_and_the_newest_first() -> None:
    ann = make_annotator()
    make_group(5)
    judged = lease(ann)
    judge(ann, judged)
    skipped = judging.next_assignments(annotator=ann)[0]
    judging.record_skip(annotator=ann, assignment_id=skipped.pk, token=uuid4())
    assert judging.undo_last(annotator=ann).pk == skipped.pk
    assert judging.undo_last(annotator=ann).pk == judged.pk
    with pytest.raises(NothingToUndo):
        judging.undo_last(annotator=ann)
    assert_counters_agree()


def test_undo_ends_after_a_minute(settings: Settings) -> None:
    ann = make_annotator()
    make_group(3)
    judge(ann, lease(ann))
    long_ago = timezone.now() - timedelta(seconds=settings.UNDO_S + 1)
    Judgment.objects.update(judged_at=long_ago, shown_at=long_ago)
    with pytest.raises(NothingToUndo):
        judging.undo_last(annotator=ann)


def test_somebody_who_saw_everything_is_told_so_and_gets_new_memes_when_they_come() -> None:
    ann = make_annotator()
    group = make_group(3)
    served = [judging.lease_pair(annotator=ann) for _ in range(4)]
    assert len({assignment.pair_id for assignment in served if assignment}) == 3
    assert served[3] is None
    make_meme(group.template, "a new joke")
    assert judging.lease_pair(annotator=ann) is not None


def test_a_retired_meme_is_never_shown_again_and_its_judgments_stay() -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    group = make_group(4)
    judge(ann, lease(ann))
    gone = Judgment.objects.get().pair.first
    retire_meme(meme=gone)
    assert_counters_agree()
    served = []
    while (assignment := judging.lease_pair(annotator=bob)) is not None:
        served.append(assignment)
    assert len(served) == 3
    assert all(gone.pk not in (row.pair.first_id, row.pair.second_id) for row in served)
    assert Judgment.objects.count() == 1
    show_meme(meme=gone)
    group.refresh_from_db()
    assert group.size == 4
    assert_counters_agree()


def test_only_languages_that_somebody_reads_are_served() -> None:
    ann = make_annotator()
    make_group(3, language="en")
    make_group(3, language="zh-hans")
    people.save_preferences(annotator=ann, daily_goal=10, meme_languages=["zh-hans"])
    served = {lease(ann).group.language for _ in range(3)}
    assert served == {"zh-hans"}
    assert judging.lease_pair(annotator=ann) is None


@pytest.mark.parametrize("seed", range(4))
def test_the_comparison_graph_is_connected_before_it_is_dense(settings: Settings, seed: int) -> None:
    """With the random share off, n memes hang together after exactly n - 1 pairs, and nobody's count runs ahead."""
    settings.RANDOM_SHARE = 0.0
    pairing.CHANCE.seed(seed)
    group = make_group(10)
    ann = make_annotator()
    made = [lease(ann).pair for _ in range(9)]
    reached = {made[0].first_id}
    for _ in made:
        for pair in made:
            if reached & {pair.first_id, pair.second_id}:
                reached |= {pair.first_id, pair.second_id}
    assert len(reached) == 10
    for _ in range(16):
        lease(ann)
    counts = list(GroupMember.objects.filter(group=group).values_list("pairs", flat=True))
    assert sum(counts) == 50
    assert min(counts) >= 4


def test_a_streak_grows_day_by_day_and_breaks() -> None:
    ann = make_annotator()
    make_group(6)
    today = timezone.localdate()
    DayTally.objects.create(annotator=ann, day=today - timedelta(days=1), judged=5, streak=6)
    assert progress(ann).streak == 6
    judge(ann, lease(ann))
    assert (progress(ann).judged, progress(ann).streak) == (1, 7)
    bob = make_annotator("bob")
    DayTally.objects.create(annotator=bob, day=today - timedelta(days=2), judged=5, streak=6)
    judge(bob, lease(bob))
    assert progress(bob).streak == 1


def test_the_number_of_queries_does_not_grow_with_the_judgments() -> None:
    """The median over 15 answers, after ten judgments and after a hundred and ten."""
    ann = make_annotator()
    for _ in range(4):
        make_group(16)
    assignment = lease(ann)
    counted = []
    for _ in range(125):
        with CaptureQueriesContext(connection) as queries:
            following = judge(ann, assignment).next_assignment
        assert following is not None
        assignment = following
        counted.append(len(queries))
    assert median(counted[-15:]) <= median(counted[10:25]) + 2
    assert median(counted) <= 32  # savepoints of the test included
