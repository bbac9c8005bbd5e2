"""Compiled queries answer as Django's own do, however often and from wherever they are asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from annotation import statements
from annotation.compiled import Argument, Prepared, Spelled, Written, compiled, compiled_update, written
from annotation.models import Assignment, DayTally, Judgment, Meme, Pair, User
from annotation.queries.judging import leases_of_retired_pairs
from annotation.services import judging
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator, make_group

pytestmark = pytest.mark.django_db


def judged(annotator: User, token: UUID) -> Assignment:
    """An assignment that somebody answered with the token."""
    assignment = judging.lease_pair(annotator=annotator)
    assert assignment is not None
    judging.record_judgment(
        annotator=annotator, assignment_id=assignment.pk, token=token, outcome=Outcome.TIE
    )
    return Assignment.objects.get(pk=assignment.pk)


def with_token(annotator: Argument | int, token: Argument | UUID) -> QuerySet[Assignment, Assignment]:
    used = Judgment.objects.filter(assignment=OuterRef("pk"), token=token)
    mine = Assignment.objects.filter(annotator=annotator).select_related("pair__first", "group")
    return mine.annotate(used=Exists(used)).order_by("-id")


def test_rows_are_those_of_the_plain_query_for_every_argument() -> None:
    """Instances, related ones, annotations; UUIDs, times, booleans and JSON come back as Django's own types."""
    make_group(6)
    ask = compiled(with_token)
    for name in ("ann", "bob"):
        annotator, token = make_annotator(name), uuid4()
        judged(annotator, token)
        for wanted in (token, uuid4()):
            rows = ask(annotator=annotator.pk, token=wanted)
            plain = list(with_token(annotator.pk, wanted))
            assert rows == plain
            for row, same in zip(rows, plain, strict=True):
                assert vars(row) | {"_state": None} == vars(same) | {"_state": None}
                assert row.pair.first.texts == same.pair.first.texts
                assert row.group == same.group
    assert ask(annotator=0, token=uuid4()) == []


def test_values_and_slices_are_those_of_the_plain_query() -> None:
    make_group(5)

    @compiled
    def texts_from(first: Argument) -> QuerySet[Meme, tuple[int, list[str]]]:
        return Meme.objects.filter(pk__gte=first).order_by("-pk").values_list("pk", "texts")[:2]

    for first in Meme.objects.values_list("pk", flat=True):
        plain = Meme.objects.filter(pk__gte=first).order_by("-pk").values_list("pk", "texts")[:2]
        assert texts_from(first=first) == list(plain)


def test_times_and_days_are_compared_as_such() -> None:
    ann = make_annotator()
    make_group(3)
    judged(ann, uuid4())
    now, today = timezone.now(), timezone.localdate()

    @compiled
    def since(moment: Argument) -> QuerySet[Judgment, Judgment]:
        return Judgment.objects.filter(judged_at__gte=moment)

    @compiled
    def on(day: Argument) -> QuerySet[DayTally, DayTally]:
        return DayTally.objects.filter(day=day)

    assert len(since(moment=now - timedelta(minutes=1))) == 1
    assert since(moment=now + timedelta(minutes=1)) == []
    assert len(on(day=today)) == 1
    assert on(day=today - timedelta(days=1)) == []


def test_the_query_is_built_once() -> None:
    built = []

    def everybody(pk: Argument) -> QuerySet[User, User]:
        built.append(pk)
        return User.objects.filter(pk=pk)

    ask, people = compiled(everybody), [make_annotator("ann"), make_annotator("bob")]
    assert [ask(pk=person.pk) for person in people] == [[person] for person in people]
    assert len(built) == 1


def test_an_update_changes_the_rows_it_names_and_says_how_many() -> None:
    group = make_group(3)
    a, b, c = sorted(Meme.objects.values_list("pk", flat=True))
    one = Pair.objects.create(group=group, first_id=a, second_id=b, wanted=2)
    other = Pair.objects.create(group=group, first_id=b, second_id=c, wanted=2)

    @compiled_update
    def take(pair: Argument, by: Argument) -> tuple[QuerySet[Pair, Pair], dict[str, object]]:
        return Pair.objects.filter(pk=pair, taken__lt=F("wanted")), {"taken": F("taken") + by}

    assert [take(pair=one.pk, by=1) for _ in range(3)] == [1, 1, 0]
    assert take(pair=other.pk, by=2) == 1
    assert list(Pair.objects.order_by("pk").values_list("taken", flat=True)) == [2, 2]


@compiled
def person(pk: Argument) -> QuerySet[User, User]:
    """Somebody."""
    return User.objects.filter(pk=pk)


@pytest.mark.django_db(transaction=True)
def test_connections_side_by_side_and_new_ones_are_served_alike() -> None:
    """Eight times each: PostgreSQL plans anew five times, then keeps the plan."""
    ann = make_annotator()
    together = Barrier(3, timeout=10)

    def ask() -> list[list[User]]:
        try:
            first = person(pk=ann.pk)
            together.wait()
            return [first, *(person(pk=ann.pk) for _ in range(7))]
        finally:
            connections.close_all()

    for _ in range(2):
        with ThreadPoolExecutor(3) as pool:
            answers = [pool.submit(ask) for _ in range(3)]
            assert [answer.result() for answer in answers] == [[[ann]] * 8] * 3


def test_a_query_first_asked_in_a_transaction_that_was_undone_can_be_asked_again() -> None:
    ann = make_annotator()

    @compiled
    def again(pk: Argument) -> QuerySet[User, User]:
        return User.objects.filter(pk=pk)

    with transaction.atomic():
        assert again(pk=ann.pk) == [ann]
        transaction.set_rollback(True)
    assert again(pk=ann.pk) == [ann]


def test_nothing_is_prepared_behind_a_pooler() -> None:
    """A pooler hands each transaction another connection, which would not know the statement."""
    query = User.objects.filter(pk=Argument("pk")).query
    assert type(written(query, connection)) is (Prepared if connection.vendor == "postgresql" else Spelled)
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    try:
        assert type(written(query, connection)) is (Written if connection.vendor == "postgresql" else Spelled)
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False


def test_constants_with_quotes_and_percent_signs_are_read_as_they_are_written() -> None:
    make_group(2)
    one, other = Meme.objects.order_by("pk")
    Meme.objects.filter(pk=one.pk).update(source_id="50% o'clock %s")

    @compiled
    def named(first: Argument) -> QuerySet[Meme, int]:
        return Meme.objects.filter(source_id="50% o'clock %s", pk__gte=first).values_list("pk", flat=True)

    assert named(first=one.pk) == [one.pk]
    assert named(first=other.pk) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by what is in the tables")
def test_the_index_of_unfinished_assignments_is_used_on_sqlite() -> None:
    """Else all that somebody was ever assigned is searched for the few that are unfinished."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        statements.unfinished_assignments(annotator=1)
        leases_of_retired_pairs(annotator=1)
    assert len(asked) == 2
    for sql, params in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)  # as it was asked, with what was bound
            plan = " ".join(row[3] for row in cursor.fetchall())
        assert "INDEX unfinished_assignments" in plan
