"""Comparisons: the plain-Python form of a judgment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from corpus.errors import UnknownOutcome


class Outcome(StrEnum):
    """What an annotator said of two memes as they were shown."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both_bad"

    @classmethod
    def _missing_(cls, value: object) -> Outcome | None:
        raise UnknownOutcome(value)

    def swapped(self) -> Outcome:
        """The same answer with the sides exchanged."""
        match self:
            case Outcome.LEFT:
                return Outcome.RIGHT
            case Outcome.RIGHT:
                return Outcome.LEFT
            case Outcome.TIE | Outcome.BOTH_BAD:
                return self


class Question(StrEnum):
    """What the annotator was asked."""

    FUNNIER = "funnier"
    RELEVANT = "relevant"  # which one fits the user request better; asked only when the request is shown


class AnnotatorKind(StrEnum):
    """Who gave a judgment: a person, the simulator, or a program that judges."""

    PERSON = "person"
    SIMULATED = "simulated"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One judgment: two memes of one group in shown order, and what was said of them."""

    judgment_id: str
    pair_id: str
    assignment_id: str
    template_id: str
    left_id: str
    right_id: str
    outcome: Outcome
    question: Question = Question.FUNNIER
    request_shown: bool = False
    annotator: str  # a pseudonym
    annotator_kind: AnnotatorKind = AnnotatorKind.PERSON
    response_ms: int | None = None  # None where the page could not measure it
    shown_at: datetime
    judged_at: datetime
    policy: str
    policy_version: int
    propensity: float
    is_gold: bool = False
    repeat_of: str | None = None
    surplus: bool = False
    weight: float = 1.0

    def swapped(self) -> Self:
        """The same judgment with the sides exchanged: content and label together."""
        return replace(self, left_id=self.right_id, right_id=self.left_id, outcome=self.outcome.swapped())
