"""Annotators with a planted taste: the one simulator that tests and benchmarks use.

A meme's utility, in nats, is read off its words and the picture of its template::

    u(meme) = sum over its distinct words w of  main[w] + interaction[w] · features(template)  -  length term

A picture's own effect would cancel between memes of one template, so only the interaction can make a picture matter.
Two memes shown left and right with utilities l and r are answered as follows (b side bias towards the left, T temperature, nu
ties, a attention, c the level below which a meme is bad)::

    d        = a (l - r) / T + b
    both_bad = a / (1 + exp((max(l, r) - c) / T))
    left, right, tie = (1 - both_bad) (exp(d/2), exp(-d/2), nu) / (exp(d/2) + exp(-d/2) + nu)

The second line is a threshold outside the ranking; the third is Davidson's model of ties (Davidson 1970, JASA 65: 317), which
without ties is Bradley-Terry. Attention is 1 for an honest annotator, 0 for a spammer, who does not look, and a little for
a fast clicker, who also has a favourite side and answers in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corpus.comparisons import AnnotatorKind, Comparison, Outcome, Question
from corpus.errors import SimulationError
from corpus.memes import Meme

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Features: TypeAlias = Sequence[float]

OUTCOMES = (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE, Outcome.BOTH_BAD)
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
START = datetime(2026, 1, 1, tzinfo=UTC)
MIN_MS, MAX_MS = 120, 600_000


def words_of(texts: Sequence[str]) -> list[str]:
    """The words of a meme's texts, case folded, in order."""
    return WORD.findall("\n".join(texts).casefold())


def _seed_of(seed: int, name: str) -> list[int]:
    """A seed for a name that does not depend on which other names there are."""
    return [seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What is funny: a weight per word, and per word and picture feature. A repeated word counts once, so that a generator
    cannot win by saying the best word over and over; unknown words weigh nothing.

    `length_weight` w takes w ((n - ideal_words) / ideal_words)² off a meme of n words.
    """

    main: Mapping[str, float]
    interaction: Mapping[str, Features]
    length_weight: float = 0.0
    ideal_words: int = 8

    @classmethod
    def planted(
        cls,
        words: Iterable[str],
        *,
        seed: int,
        features: int = 2,
        main_scale: float = 0.35,
        interaction_scale: float = 0.5,
        length_weight: float = 0.0,
    ) -> Self:
        """Normal weights for the words, each drawn from its own stream: a word weighs the same in every vocabulary."""
        draws = {
            word: np.random.default_rng(_seed_of(seed, word)).normal(size=1 + features) for word in set(words)
        }
        return cls(
            main={word: main_scale * float(draw[0]) for word, draw in draws.items()},
            interaction={
                word: tuple((interaction_scale * draw[1:]).tolist()) for word, draw in draws.items()
            },
            length_weight=length_weight,
        )

    def utility(self, texts: Sequence[str], features: Features) -> float:
        """The utility of texts on a picture with these features, in nats."""
        words = words_of(texts)
        total = 0.0
        for word in dict.fromkeys(words):
            total += self.main.get(word, 0.0)
            if pull := self.interaction.get(word):
                total += sum(weight * value for weight, value in zip(pull, features, strict=True))
        excess = (len(words) - self.ideal_words) / self.ideal_words
        return total - self.length_weight * excess**2

    def utilities(self, memes: Sequence[Meme], features: Mapping[str, Features]) -> Floats:
        """The utility of each meme (M,); `features` by template id."""
        return np.array([self.utility(meme.texts, features[meme.template_id]) for meme in memes], dtype=float)


class Habit(StrEnum):
    """How an annotator goes about it."""

    HONEST = "honest"
    SPAMMER = "spammer"
    FAST_CLICKER = "fast_clicker"


ATTENTION: Mapping[Habit, float] = {Habit.HONEST: 1.0, Habit.SPAMMER: 0.0, Habit.FAST_CLICKER: 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotator:
    """A simulated annotator; the lower the temperature, the more skilled. Response times are lognormal."""

    name: str
    habit: Habit = Habit.HONEST
    temperature: float = 1.0
    side_bias: float = 0.0  # nats towards the left
    ties: float = 0.3  # Davidson's nu; 0: never a tie
    both_bad_below: float = -np.inf  # utility; minus infinity: never both bad
    median_ms: float = 2_600.0
    spread: float = 0.45  # standard deviation of the logarithm of the response time

    def __post_init__(self) -> None:
        if not self.temperature > 0.0:
            raise SimulationError(f"temperature = {self.temperature}: must be above 0")
        if not self.ties >= 0.0:
            raise SimulationError(f"ties = {self.ties}: must not be negative")

    def probabilities(self, left: ArrayLike, right: ArrayLike) -> Floats:
        """Probability of each of `OUTCOMES` for memes of these utilities: shape (..., 4), summing to 1."""
        return outcome_probabilities(left, right, columns=_columns_of((self,)), who=0)

    def expected_accuracy(self, left: ArrayLike, right: ArrayLike) -> Floats:
        """Probability that a decisive answer names the meme of higher utility, both orders equally likely: shape (...)."""
        left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
        better, worse = np.maximum(left, right), np.minimum(left, right)
        shown, swapped = self.probabilities(better, worse), self.probabilities(worse, better)
        right_answers = (
            shown[..., 0] / (shown[..., 0] + shown[..., 1]),
            swapped[..., 1] / (swapped[..., 0] + swapped[..., 1]),
        )
        return np.asarray((right_answers[0] + right_answers[1]) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an annotator said, and after how long."""

    outcome: Outcome
    response_ms: int


def _columns_of(annotators: Sequence[Annotator]) -> dict[str, Floats]:
    names = ("temperature", "side_bias", "ties", "both_bad_below", "median_ms", "spread")
    columns = {name: np.array([getattr(one, name) for one in annotators], dtype=float) for name in names}
    columns["attention"] = np.array([ATTENTION[one.habit] for one in annotators])
    return columns


def outcome_probabilities(
    left: ArrayLike, right: ArrayLike, *, columns: Mapping[str, Floats], who: int | Ints
) -> Floats:
    """The model of this module for annotator rows `who` of `columns`: shape (..., 4) in the order of `OUTCOMES`."""
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    temperature, attention = columns["temperature"][who], columns["attention"][who]
    d = attention * (left - right) / temperature + columns["side_bias"][who]
    with np.errstate(divide="ignore", over="ignore"):
        log_ties = np.log(columns["ties"][who])
        level = (np.maximum(left, right) - columns["both_bad_below"][who]) / temperature
        both_bad = attention / (1.0 + np.exp(level))
    logs = np.stack(np.broadcast_arrays(d / 2, -d / 2, log_ties), axis=-1)
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    ranked = weights / weights.sum(axis=-1, keepdims=True)
    both_bad = np.broadcast_to(both_bad, d.shape)[..., None]
    return np.concatenate([ranked * (1.0 - both_bad), both_bad], axis=-1)


def population(
    size: int,
    *,
    seed: int,
    spammers: float = 0.0,
    fast_clickers: float = 0.0,
    temperature: float = 1.0,
    both_bad_below: float = -np.inf,
) -> tuple[Annotator, ...]:
    """`size` annotators of varied skill; `spammers` and `fast_clickers` are shares, rounded to whole people."""
    rng = np.random.default_rng(_seed_of(seed, "population"))
    odd = [Habit.SPAMMER] * round(size * spammers) + [Habit.FAST_CLICKER] * round(size * fast_clickers)
    if len(odd) > size:
        raise SimulationError(f"spammers = {spammers}, fast_clickers = {fast_clickers}: more than everybody")
    habits = [*odd, *[Habit.HONEST] * (size - len(odd))]
    people = []
    for number, at in enumerate(rng.permutation(size)):
        skill, bias, ties, pace = rng.normal(size=4).tolist()
        quick = habits[at] is Habit.FAST_CLICKER
        people.append(
            Annotator(
                name=f"sim-{number:05d}",
                habit=habits[at],
                temperature=temperature * float(np.exp(0.35 * skill)),
                side_bias=float(np.copysign(3.0, bias)) if quick else 0.1 * bias,
                ties=0.02 if quick else 0.3 * float(np.exp(0.3 * ties)),
                both_bad_below=both_bad_below,
                median_ms=(350.0 if quick else 2_600.0) * float(np.exp(0.25 * pace)),
                spread=0.2 if quick else 0.45,
            )
        )
    return tuple(people)


@dataclass(kw_only=True)
class Simulator:
    """Annotators who share a taste. Everything is decided by the seed.

    `judge` answers one pair and remembers how far each annotator's stream of chance has run, so that an annotator's answers do
    not depend on what the others do meanwhile, and the same pair asked again may be answered otherwise. `judgments` makes
    many at once and remembers nothing.
    """

    taste: Taste
    annotators: Sequence[Annotator]
    seed: int = 0
    _streams: dict[str, np.random.Generator] = field(default_factory=dict, repr=False)

    def judge(
        self,
        annotator: Annotator,
        left_texts: Sequence[str],
        right_texts: Sequence[str],
        features: Features,
    ) -> Answer:
        """What this annotator says of two memes in shown order, on a picture with these features."""
        rng = self._streams.get(annotator.name)
        if rng is None:
            rng = self._streams[annotator.name] = np.random.default_rng(_seed_of(self.seed, annotator.name))
        left, right = (self.taste.utility(texts, features) for texts in (left_texts, right_texts))
        outcomes, response_ms = _draw(
            rng, np.array([left]), np.array([right]), _columns_of((annotator,)), np.zeros(1, dtype=np.int64)
        )
        return Answer(outcome=OUTCOMES[outcomes[0]], response_ms=int(response_ms[0]))

    def expected_accuracy(self, left: ArrayLike, right: ArrayLike) -> float:
        """Expected pair accuracy of a perfect scorer: mean over annotators and pairs (utilities), decisive answers only."""
        return float(np.mean([one.expected_accuracy(left, right).mean() for one in self.annotators]))

    def judgments(
        self,
        memes: Sequence[Meme],
        features: Mapping[str, Features],
        count: int,
        *,
        replication: int = 3,
        start: datetime = START,
        chunk: int = 65_536,
    ) -> Iterator[dict[str, Any]]:
        """`count` judgments as columns of a dataset's judgments, in chunks, ready for `DatasetWriter.judgments`.

        Pairs are drawn evenly from all pairs of a meme template and language; each is judged by `replication` different
        annotators (the last perhaps by fewer), nobody twice; sides are shuffled; time moves on by a second per judgment.
        Raises `SimulationError` when there are too few pairs or annotators.
        """
        rng = np.random.default_rng(_seed_of(self.seed, "judgments"))
        pairs = Pairs(memes)
        wanted = -(-count // replication)
        if wanted > len(pairs) or replication > len(self.annotators):
            reason = (
                f"{count} judgments, {replication} per pair, need {wanted} pairs and {replication} annotators"
            )
            raise SimulationError(f"{reason}; there are {len(pairs)} and {len(self.annotators)}")
        chosen = rng.choice(len(pairs), wanted, replace=False, shuffle=False)
        first, second = pairs.memes_of(np.repeat(chosen, replication)[:count])
        who = _distinct(rng, wanted, replication, len(self.annotators)).reshape(-1)[:count]
        order = rng.permutation(count)
        first, second, who = first[order], second[order], who[order]
        flip = rng.random(count) < 0.5
        left, right = np.where(flip, second, first), np.where(flip, first, second)
        utilities, columns = self.taste.utilities(memes, features), _columns_of(self.annotators)
        outcomes, response_ms = _draw(rng, utilities[left], utilities[right], columns, who)
        for low in range(0, count, chunk):
            part = slice(low, min(low + chunk, count))
            yield self._chunk(
                memes, left[part], right[part], who[part], outcomes[part], response_ms[part], low, start
            ) | {"propensity": np.full(part.stop - low, 1.0 / len(pairs))}

    def comparisons(
        self, memes: Sequence[Meme], features: Mapping[str, Features], count: int, *, replication: int = 3
    ) -> Iterator[Comparison]:
        """The rows of `judgments`, one by one."""
        members = {outcome.value: outcome for outcome in Outcome}
        for columns in self.judgments(memes, features, count, replication=replication):
            lists = {name: list(values) for name, values in columns.items()}
            for name in ("shown_at", "judged_at"):
                lists[name] = [moment.replace(tzinfo=UTC) for moment in columns[name].tolist()]
            lists["propensity"] = columns["propensity"].tolist()
            lists["response_ms"] = columns["response_ms"].tolist()
            lists["outcome"] = [members[outcome] for outcome in columns["outcome"]]
            for row in zip(*lists.values(), strict=True):
                yield Comparison(**dict(zip(lists, row, strict=True)))

    def _chunk(
        self,
        memes: Sequence[Meme],
        left: Ints,
        right: Ints,
        who: Ints,
        outcomes: Ints,
        response_ms: Ints,
        low: int,
        start: datetime,
    ) -> dict[str, Any]:
        size = len(left)
        left_ids, right_ids = ([memes[at].meme_id for at in side.tolist()] for side in (left, right))
        shown = np.datetime64(start.astimezone(UTC).replace(tzinfo=None), "us") + np.arange(
            low, low + size
        ) * np.timedelta64(1, "s")
        return {
            "judgment_id": [f"j{number:09d}" for number in range(low, low + size)],
            "pair_id": [
                f"{a}~{b}" if a < b else f"{b}~{a}" for a, b in zip(left_ids, right_ids, strict=True)
            ],
            "assignment_id": [f"a{number:09d}" for number in range(low, low + size)],
            "template_id": [memes[at].template_id for at in left.tolist()],
            "left_id": left_ids,
            "right_id": right_ids,
            "outcome": [OUTCOMES[code].value for code in outcomes.tolist()],
            "question": [Question.FUNNIER] * size,
            "request_shown": [False] * size,
            "annotator": [self.annotators[at].name for at in who.tolist()],
            "annotator_kind": [AnnotatorKind.SIMULATED] * size,
            "response_ms": response_ms,
            "shown_at": shown,
            "judged_at": shown + response_ms * np.timedelta64(1, "ms"),
            "policy": ["simulated"] * size,
            "policy_version": [1] * size,
            "is_gold": [False] * size,
            "repeat_of": [None] * size,
            "surplus": [False] * size,
            "weight": [1.0] * size,
        }


class Pairs:
    """All pairs of memes of one template and language, numbered without being listed."""

    def __init__(self, memes: Sequence[Meme]) -> None:
        groups: dict[tuple[str, str], list[int]] = {}
        for at, meme in enumerate(memes):
            groups.setdefault((meme.template_id, meme.language), []).append(at)
        sizes = np.array([len(group) for group in groups.values()], dtype=np.int64)
        self._members = np.array([at for group in groups.values() for at in group], dtype=np.int64)
        self._starts = np.cumsum(sizes) - sizes
        self._ends = np.cumsum(sizes * (sizes - 1) // 2)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def memes_of(self, numbers: Ints) -> tuple[Ints, Ints]:
        """The positions of both memes of the pairs with these numbers."""
        group = np.searchsorted(self._ends, numbers, side="right")
        local = numbers - np.concatenate([[0], self._ends])[group]
        # Pair t is (low, high) with t = high (high - 1) / 2 + low; exact while a group has under 10^7 memes.
        high = ((1 + np.sqrt(1 + 8 * local.astype(float))) // 2).astype(np.int64)
        low = local - high * (high - 1) // 2
        start = self._starts[group]
        return self._members[start + low], self._members[start + high]


def _distinct(rng: np.random.Generator, rows: int, each: int, among: int) -> Ints:
    """`each` different numbers below `among` per row, every choice equally likely: shape (rows, each)."""
    drawn = np.empty((rows, each), dtype=np.int64)
    for column in range(each):
        number = rng.integers(0, among - column, size=rows)
        # The n-th number that is still free: step over those that are taken, from the smallest on.
        for taken in np.sort(drawn[:, :column], axis=1).T:
            number += number >= taken
        drawn[:, column] = number
    return drawn


def _draw(
    rng: np.random.Generator, left: Floats, right: Floats, columns: Mapping[str, Floats], who: Ints
) -> tuple[Ints, Ints]:
    """Outcome codes (positions in `OUTCOMES`) and response times in milliseconds, each of shape (N,)."""
    chances = outcome_probabilities(left, right, columns=columns, who=who)
    # The last sum is 1 up to rounding; leaving it out keeps the code within range.
    codes = (rng.random(len(left))[:, None] >= chances.cumsum(axis=1)[:, :3]).sum(axis=1)
    logs = np.log(columns["median_ms"][who]) + columns["spread"][who] * rng.normal(size=len(left))
    return codes.astype(np.int64), np.clip(np.exp(logs), MIN_MS, MAX_MS).astype(np.int64)
