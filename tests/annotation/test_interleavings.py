"""Whatever many annotators do in whatever order: no duplicate, no over-replication, no lost judgment."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Count, F
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from annotation.errors import NothingToUndo
from annotation.models import Assignment, DayTally, Judgment, Meme, Pair, Skip, User
from annotation.services import judging
from annotation.services.memes import retire_meme, show_meme
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator, make_group
from tests.annotation.test_judging import assert_counters_agree

ACTIONS = ("next", "submit", "submit", "submit", "repeat", "sleep", "sleep", "expire", "undo", "skip")


class Person:
    """An annotator who remembers what was acknowledged, as their browser would."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.open: list[int] = []
        self.acknowledged: dict[UUID, int] = {}  # token to the judgment's id
        self.undone: set[int] = set()
        self.last: tuple[int, UUID] | None = None

    def act(self, action: str, chance: random.Random) -> None:
        match action:
            case "next":
                self.next()
            case "submit":
                self.submit(chance)
            case "sleep":
                self.sleep()
            case "repeat":
                self.repeat()
            case "expire":
                judging.expire_leases()
            case "undo":
                self.undo()
            case "skip":
                self.skip()

    def next(self) -> None:
        for assignment in judging.next_assignments(annotator=self.user, have=self.open):
            self.open.append(assignment.pk)

    def sleep(self) -> None:
        """The page sleeps: its leases run out, the pool may have them, and its answers will come late."""
        gone = timezone.now() - timedelta(seconds=1)
        Assignment.objects.filter(pk__in=self.open, status="leased").update(lease_until=gone)

    def submit(self, chance: random.Random) -> None:
        if not self.open:
            self.next()
        if not self.open:
            return
        assignment, token = self.open.pop(0), uuid4()
        self._send(assignment, token, chance.choice(list(Outcome)))
        self.last = (assignment, token)

    def _send(self, assignment: int, token: UUID, outcome: Outcome) -> None:
        answered = judging.record_judgment(
            annotator=self.user, assignment_id=assignment, token=token, outcome=outcome, have=self.open
        )
        if isinstance(answered.answer, Judgment):
            known = self.acknowledged.setdefault(token, answered.answer.pk)
            assert known == answered.answer.pk
        following = answered.next_assignment
        if following is not None and following.pk not in self.open and not answered.repeated:
            self.open.append(following.pk)

    def repeat(self) -> None:
        if self.last is not None:
            self._send(*self.last, Outcome.BOTH_BAD)

    def undo(self) -> None:
        try:
            assignment = judging.undo_last(annotator=self.user)
        except NothingToUndo:
            return
        newest = (
            Judgment.objects.filter(assignment=assignment, superseded_at__isnull=False)
            .order_by("-superseded_at")
            .first()
        )
        if newest is not None:
            self.undone.add(newest.pk)
        if assignment.pk not in self.open:
            self.open.insert(0, assignment.pk)

    def skip(self) -> None:
        if not self.open:
            return
        judging.record_skip(
            annotator=self.user, assignment_id=self.open.pop(0), token=uuid4(), have=self.open
        )


def assert_nothing_went_wrong(people: list[Person]) -> None:
    """The three promises, asked of the rows alone."""
    in_force = Judgment.objects.filter(superseded_at=None)
    twice = in_force.values("annotator", "pair", "assignment__repeat").annotate(n=Count("pk")).filter(n__gt=1)
    assert not twice.exists()
    assert (
        not Assignment.objects.values("annotator", "pair", "repeat")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
        .exists()
    )
    counted = (
        in_force.filter(surplus=False)
        .values("pair", "pair__wanted")
        .annotate(n=Count("annotator", distinct=True))
    )
    assert not counted.filter(n__gt=F("pair__wanted")).exists()
    assert not Pair.objects.filter(taken__gt=F("wanted")).exists()
    stored = set(Judgment.objects.values_list("pk", flat=True))
    for person in people:
        assert set(person.acknowledged.values()) <= stored
        superseded = set(
            Judgment.objects.filter(annotator=person.user)
            .exclude(superseded_at=None)
            .values_list("pk", flat=True)
        )
        assert superseded == person.undone
        judged = in_force.filter(annotator=person.user).count()
        assert judged == sum(DayTally.objects.filter(annotator=person.user).values_list("judged", flat=True))
    assert Judgment.objects.count() == sum(len(person.acknowledged) for person in people)
    for judgment in in_force.select_related("assignment"):
        assert judgment.assignment.status == "judged"
        assert not Skip.objects.filter(assignment=judgment.assignment, superseded_at=None).exists()
    assert_counters_agree()


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens inside leaves no trace: each example of a property starts from the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_any_order_of_actions_keeps_the_promises(settings: Settings) -> None:
    settings.REPLICATION = 2
    make_group(2)
    make_group(3)
    users = [make_annotator(f"a{n}") for n in range(4)]

    @hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        steps=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(ACTIONS)), min_size=10, max_size=60),
        seed=st.integers(0, 2**16),
    )
    def check(steps: list[tuple[int, str]], seed: int) -> None:
        with taken_back():
            people, chance = [Person(user) for user in users], random.Random(seed)
            for who, action in steps:
                people[who].act(action, chance)
            assert_nothing_went_wrong(people)

    check()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_many_at_once_keep_the_promises(settings: Settings, seed: int) -> None:
    """Real connections in real threads over few pairs, so that most draws meet; each action in its own transaction."""
    settings.REPLICATION = 2
    make_group(4)
    make_group(5)
    people = [Person(make_annotator(f"a{n}")) for n in range(6)]
    all_at_once([partial(live, person, random.Random(seed * 100 + n)) for n, person in enumerate(people)])
    assert_nothing_went_wrong(people)


def live(person: Person, chance: random.Random) -> None:
    for _ in range(25):
        person.act(chance.choice(ACTIONS), chance)


def all_at_once(works: Sequence[Callable[[], object]]) -> None:
    """Do each in a thread with a connection of its own, all starting together; the first failure is raised."""
    failures: list[BaseException] = []
    together = threading.Barrier(len(works))

    def do(work: Callable[[], object]) -> None:
        try:
            together.wait(timeout=20)
            work()
        except BaseException as error:  # noqa: BLE001 - carried to the main thread, which raises it
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


@pytest.mark.django_db(transaction=True)
def test_memes_come_and_go_while_people_judge(settings: Settings) -> None:
    settings.REPLICATION = 2
    groups = [make_group(6), make_group(6)]
    memes = list(Meme.objects.filter(template__in=[group.template for group in groups]))
    people = [Person(make_annotator(f"a{n}")) for n in range(3)]
    works = [partial(live, person, random.Random(7 + n)) for n, person in enumerate(people)]
    works += [partial(moderate, memes, random.Random(70 + n)) for n in range(2)]
    all_at_once(works)
    for meme in memes:
        retire_meme(meme=meme)
        show_meme(meme=meme)
    assert_nothing_went_wrong(people)


def moderate(memes: list[Meme], chance: random.Random) -> None:
    for _ in range(15):
        chance.choice([retire_meme, show_meme])(meme=chance.choice(memes))


@pytest.mark.django_db(transaction=True)
def test_the_same_request_sent_twice_at_once_is_stored_once(settings: Settings) -> None:
    make_group(6)
    ann = make_annotator()
    assignment = judging.lease_pair(annotator=ann)
    assert assignment is not None
    token, answers = uuid4(), []

    def send() -> None:
        answers.append(
            judging.record_judgment(
                annotator=ann, assignment_id=assignment.pk, token=token, outcome=Outcome.LEFT
            )
        )

    all_at_once([send] * 4)
    assert len(answers) == 4
    assert len({answer.answer.pk for answer in answers}) == 1
    assert Judgment.objects.count() == 1
    assert sum(not answer.repeated for answer in answers) == 1
    assert_counters_agree()
