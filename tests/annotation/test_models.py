"""The invariants stand in the database: tried with the rows themselves, below every service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from annotation.models import (
    Assignment,
    Consent,
    Group,
    GroupMember,
    Judgment,
    Meme,
    MemeTemplate,
    Pair,
    Skip,
    User,
)
from tests.annotation.builders import BOXES, make_annotator, make_group, make_meme, make_template

pytestmark = pytest.mark.django_db


def refused(name: str, write: Callable[[], object]) -> None:
    """The write fails, and the database names this rule (SQLite names the columns of a broken unique constraint instead)."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        write()
    words = str(caught.value)
    assert name in words or words.startswith("UNIQUE constraint failed"), words


def two_memes(group: Group) -> tuple[Meme, Meme]:
    one, two = Meme.objects.filter(template=group.template, language=group.language).order_by("pk")[:2]
    return one, two


def make_pair(group: Group, *, wanted: int = 3) -> Pair:
    first, second = two_memes(group)
    return Pair.objects.create(group=group, first=first, second=second, wanted=wanted)


def make_assignment(pair: Pair, annotator: User, **fields: object) -> Assignment:
    given: dict[str, object] = {
        "swapped": False, "slot": 1, "wanted": pair.wanted, "lease_until": timezone.now() + timedelta(seconds=60),
        "policy": "balanced", "policy_version": 1, "template_probability": 1.0, "pair_probability": 0.5,
    }  # fmt: skip
    return Assignment.objects.create(
        pair=pair, annotator=annotator, **(given | {"group": pair.group} | fields)
    )


def make_judgment(assignment: Assignment, **fields: object) -> Judgment:
    now = timezone.now()
    given: dict[str, object] = {
        "token": uuid4(), "outcome": "left", "swapped": False, "question": "funnier", "request_shown": False,
        "shown_at": now, "judged_at": now, "surplus": False, "slot": assignment.slot,
    }  # fmt: skip
    whose = {"annotator": assignment.annotator, "pair": assignment.pair}
    return Judgment.objects.create(assignment=assignment, **(given | whose | fields))


def test_a_pair_never_crosses_templates() -> None:
    group, other = make_group(2), make_group(2)
    first, second = two_memes(group)[0], two_memes(other)[0]
    message = "a pair never leaves its group"
    refused(message, lambda: Pair.objects.create(group=group, first=first, second=second, wanted=3))
    refused(message, lambda: Pair.objects.create(group=other, first=first, second=second, wanted=3))


def test_a_pair_never_crosses_languages() -> None:
    group = make_group(2)
    first = two_memes(group)[0]
    second = make_meme(group.template, "笑话", language="zh-hans")
    refused(
        "never leaves its group",
        lambda: Pair.objects.create(group=group, first=first, second=second, wanted=3),
    )


def test_a_pair_in_a_request_group_has_that_request_on_both_sides() -> None:
    template = make_template()
    asked = [make_meme(template, f"asked {n}", request_key="a" * 64) for n in range(2)]
    other = make_meme(template, "not asked", request_key="b" * 64)
    group = Group.objects.create(template=template, language="en", request_key="a" * 64)
    Pair.objects.create(group=group, first=asked[0], second=asked[1], wanted=3)
    refused(
        "never leaves its group",
        lambda: Pair.objects.create(group=group, first=asked[0], second=other, wanted=3),
    )


def test_a_stored_pair_cannot_be_moved_across_groups() -> None:
    pair, other = make_pair(make_group(2)), make_group(2)
    refused("never leaves its group", lambda: Pair.objects.filter(pk=pair.pk).update(group=other))
    refused(
        "never leaves its group", lambda: Pair.objects.filter(pk=pair.pk).update(second=two_memes(other)[1])
    )


def test_a_meme_never_changes_its_template_or_language() -> None:
    meme, other = two_memes(make_group(2))[0], make_template()
    refused("a meme never changes", lambda: Meme.objects.filter(pk=meme.pk).update(template=other))
    refused("a meme never changes", lambda: Meme.objects.filter(pk=meme.pk).update(language="de"))


def test_a_pair_stands_in_canonical_order_and_once() -> None:
    group = make_group(2)
    first, second = two_memes(group)
    refused("canonical_order", lambda: Pair.objects.create(group=group, first=second, second=first, wanted=3))
    refused("canonical_order", lambda: Pair.objects.create(group=group, first=first, second=first, wanted=3))
    make_pair(group)
    refused("a_pair_is_stored_once", lambda: make_pair(group))


def test_a_pair_never_takes_more_than_it_wants() -> None:
    pair = make_pair(make_group(2), wanted=1)
    refused("never_counts_more_than_wanted", lambda: Pair.objects.filter(pk=pair.pk).update(taken=2))


def test_nobody_gets_the_same_pair_twice_but_as_a_numbered_repeat() -> None:
    pair, ann = make_pair(make_group(2)), make_annotator()
    make_assignment(pair, ann)
    refused("nobody_gets_the_same_pair_twice", lambda: make_assignment(pair, ann, slot=2))
    make_assignment(pair, ann, slot=None, repeat=1)


def test_a_slot_is_held_once_and_is_one_of_those_wanted() -> None:
    pair, ann, bob = make_pair(make_group(2), wanted=2), make_annotator("ann"), make_annotator("bob")
    make_assignment(pair, ann, slot=1)
    refused("a_slot_is_held_once", lambda: make_assignment(pair, bob, slot=1))
    refused("a_slot_is_one_of_those_wanted", lambda: make_assignment(pair, bob, slot=3))
    refused("a_slot_is_one_of_those_wanted", lambda: make_assignment(pair, bob, slot=0))
    refused(
        "only_a_lease_or_a_judgment_holds_a_slot",
        lambda: make_assignment(pair, bob, slot=2, status="expired"),
    )


def test_an_assignment_agrees_with_its_pair() -> None:
    pair, ann, other = make_pair(make_group(2)), make_annotator(), make_group(2)
    refused("an assignment agrees with its pair", lambda: make_assignment(pair, ann, wanted=99, slot=98))
    refused("an assignment agrees with its pair", lambda: make_assignment(pair, ann, group=other))


def test_a_judgment_agrees_with_its_assignment() -> None:
    """So no judgment can count in another's name, for another pair, or in a slot that was not given out."""
    pair, ann, bob = make_pair(make_group(2)), make_annotator("ann"), make_annotator("bob")
    assignment, other = make_assignment(pair, ann), make_pair(make_group(2))
    message = "a judgment agrees with its assignment"
    refused(message, lambda: make_judgment(assignment, annotator=bob))
    refused(message, lambda: make_judgment(assignment, pair=other))
    refused(message, lambda: make_judgment(assignment, slot=2))
    refused(message, lambda: make_judgment(assignment, slot=None, surplus=True))
    refused(message, lambda: make_judgment(assignment, swapped=True))
    make_judgment(assignment)


def test_a_group_never_changes_what_it_is() -> None:
    group = make_group(2)
    refused("a group never changes", lambda: Group.objects.filter(pk=group.pk).update(language="de"))


def test_an_assignment_has_one_judgment_in_force() -> None:
    assignment = make_assignment(make_pair(make_group(2)), make_annotator())
    first = make_judgment(assignment)
    refused("one_judgment_in_force_per_assignment", lambda: make_judgment(assignment))
    Judgment.objects.filter(pk=first.pk).update(superseded_at=timezone.now())
    make_judgment(assignment)


def test_a_token_counts_once() -> None:
    ann, token = make_annotator(), uuid4()
    groups = [make_group(2), make_group(2)]
    one, two = (make_assignment(make_pair(group), ann) for group in groups)
    make_judgment(one, token=token)
    refused("one_judgment_per_token", lambda: make_judgment(two, token=token))


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("outcome", "meh", "outcome_is_known"),
        ("question", "why", "question_is_known"),
        ("surplus", True, "surplus_holds_no_slot"),
    ],
)
def test_what_nobody_knows_is_refused(field: str, value: object, rule: str) -> None:
    assignment = make_assignment(make_pair(make_group(2)), make_annotator())
    refused(rule, lambda: make_judgment(assignment, **{field: value}))


def test_a_judgment_comes_after_it_was_shown() -> None:
    assignment = make_assignment(make_pair(make_group(2)), make_annotator())
    later = timezone.now() + timedelta(hours=1)
    refused("judged_after_shown", lambda: make_judgment(assignment, shown_at=later))


def test_a_flag_has_a_reason_and_a_skip_none() -> None:
    ann = make_annotator()
    assignment = make_assignment(make_pair(make_group(2)), ann)

    def skip(kind: str, reason: str) -> None:
        Skip.objects.create(
            assignment=assignment,
            annotator=ann,
            pair=assignment.pair,
            token=uuid4(),
            kind=kind,
            reason=reason,
            at=timezone.now(),
        )

    refused("a_flag_has_a_reason", lambda: skip("flag", ""))
    refused("a_flag_has_a_reason", lambda: skip("skip", "broken"))
    refused("a_flag_has_a_reason", lambda: skip("flag", "boring"))
    skip("flag", "broken")


@pytest.mark.parametrize("probability", [0.0, -0.1, 1.1])
def test_a_propensity_is_a_probability(probability: float) -> None:
    pair, ann = make_pair(make_group(2)), make_annotator()
    refused("a_propensity_is_a_probability", lambda: make_assignment(pair, ann, pair_probability=probability))


def test_a_meme_stands_once_per_template_and_language() -> None:
    template = make_template()
    meme = make_meme(template, "Same  JOKE")
    refused("a_meme_stands_once", lambda: make_meme(template, "same joke"))
    make_meme(template, "same joke", language="de")
    make_meme(make_template(), "same joke")
    assert meme.status == "active"


def test_identical_pictures_are_one_template_but_templates_without_one_are_many() -> None:
    def add(slug: str, sha256: str | None) -> None:
        MemeTemplate.objects.create(
            slug=slug, name=slug, width=1, height=1, boxes=BOXES, picture_sha256=sha256
        )

    add("a", "0" * 64)
    refused("identical_pictures", lambda: add("b", "0" * 64))
    add("c", None)
    add("d", None)


def test_only_generated_memes_name_a_generator() -> None:
    meme = two_memes(make_group(2))[0]
    refused("only_generated_memes", lambda: Meme.objects.filter(pk=meme.pk).update(generator="v1"))
    Meme.objects.filter(pk=meme.pk).update(generator="v1", origin="generator")


def test_one_consent_is_in_force_and_only_adults_consent() -> None:
    ann = make_annotator()
    version = ann.consent_version

    def consent(*, is_adult: bool) -> None:
        Consent.objects.create(annotator=ann, version=version, licence="CC-BY-4.0", is_adult=is_adult)

    refused("one_consent_in_force", lambda: consent(is_adult=True))
    Consent.objects.filter(annotator=ann).update(withdrawn_at=timezone.now())
    refused("only_adults", lambda: consent(is_adult=False))
    consent(is_adult=True)


def test_a_meme_stands_once_in_a_group_and_alone_at_its_position() -> None:
    group = make_group(2)
    member = group.members.order_by("position")[0]
    refused(
        "a_meme_stands_once_in_a_group", lambda: GroupMember.objects.create(group=group, meme=member.meme)
    )
    refused("one_member_per_position", lambda: group.members.filter(position=1).update(position=0))


def test_nothing_that_somebody_gave_can_be_deleted_through_its_parents() -> None:
    assignment = make_assignment(make_pair(make_group(2)), make_annotator())
    make_judgment(assignment)
    for parent in (
        assignment,
        assignment.pair,
        assignment.annotator,
        assignment.pair.first,
        assignment.group.template,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            parent.delete()
