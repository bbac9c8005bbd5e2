"""A comparison keeps its meaning when its sides are exchanged."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.comparisons import AnnotatorKind, Comparison, Outcome, Question
from corpus.errors import CorpusError, UnknownOutcome

COMPARISON = Comparison(
    judgment_id="j1",
    pair_id="p1",
    assignment_id="a1",
    template_id="t1",
    left_id="m1",
    right_id="m2",
    outcome=Outcome.LEFT,
    annotator="somebody",
    shown_at=datetime(2026, 1, 1, tzinfo=UTC),
    judged_at=datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC),
    policy="balanced",
    policy_version=1,
    propensity=0.1,
)
OUTCOMES = st.sampled_from(Outcome)


def winner(comparison: Comparison) -> str | None:
    match comparison.outcome:
        case Outcome.LEFT:
            return comparison.left_id
        case Outcome.RIGHT:
            return comparison.right_id
        case Outcome.TIE | Outcome.BOTH_BAD:
            return None


@given(OUTCOMES)
def test_swapping_exchanges_content_and_label_together(outcome: Outcome) -> None:
    comparison = replace(COMPARISON, outcome=outcome)
    swapped = comparison.swapped()
    assert (swapped.left_id, swapped.right_id) == ("m2", "m1")
    assert winner(swapped) == winner(comparison)


@given(OUTCOMES)
def test_swapping_twice_changes_nothing(outcome: Outcome) -> None:
    comparison = replace(COMPARISON, outcome=outcome)
    assert comparison.swapped().swapped() == comparison


def test_swapping_touches_nothing_but_sides_and_outcome() -> None:
    swapped = COMPARISON.swapped()
    changed = {
        field.name
        for field in fields(Comparison)
        if getattr(swapped, field.name) != getattr(COMPARISON, field.name)
    }
    assert changed == {"left_id", "right_id", "outcome"}


def test_a_tie_and_both_bad_have_no_sides() -> None:
    assert [outcome.swapped() for outcome in Outcome] == ["right", "left", "tie", "both_bad"]


@given(
    st.text().filter(lambda text: text not in {"left", "right", "tie", "both_bad"}) | st.none() | st.floats()
)
def test_an_unknown_outcome_is_an_error_and_never_a_tie(value: object) -> None:
    with pytest.raises(UnknownOutcome, match="known are left, right, tie, both_bad") as caught:
        Outcome(value)  # type: ignore[arg-type]  # what a file or a form may hold
    assert caught.value.value is value
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, CorpusError)


def test_a_comparison_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        COMPARISON.outcome = Outcome.RIGHT  # type: ignore[misc]  # that is the point


def test_a_plain_judgment_is_a_person_s_on_what_is_funnier() -> None:
    assert COMPARISON.annotator_kind is AnnotatorKind.PERSON
    assert COMPARISON.question is Question.FUNNIER
    assert (COMPARISON.weight, COMPARISON.is_gold, COMPARISON.surplus) == (1.0, False, False)
