"""The simulator does what its formula says: by hand, by symmetry, and by counting many answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.comparisons import AnnotatorKind, Outcome
from corpus.errors import SimulationError
from corpus.memes import Meme
from corpus.simulation import OUTCOMES, Annotator, Habit, Pairs, Simulator, Taste, population, words_of

TASTE = Taste(main={"cat": 1.0, "dog": 0.5}, interaction={"cat": (2.0, 0.0), "dog": (0.0, -1.0)})
UTILITIES = st.floats(-20, 20)
ANNOTATORS = st.builds(
    Annotator,
    name=st.just("one"),
    habit=st.sampled_from(Habit),
    temperature=st.floats(0.05, 20),
    side_bias=st.floats(-5, 5),
    ties=st.floats(0, 5),
    both_bad_below=st.floats(-20, 20) | st.just(-inf),
)


def memes(count: int, *, templates: int = 1) -> list[Meme]:
    """Memes whose taste rises with their number, in so many templates in turn."""
    return [
        Meme(
            meme_id=f"m{n:03}",
            template_id=f"t{n % templates}",
            language="en",
            texts=(f"word{n // templates}",),
        )
        for n in range(count)
    ]


def rising(count: int, step: float = 0.5) -> Taste:
    return Taste(main={f"word{n}": step * n for n in range(count)}, interaction={})


def test_utility_is_the_words_and_what_they_do_on_this_picture() -> None:
    """cat 1 + 2·1 = 3; dog 0.5 - 1·(-1) = 1.5; mat is unknown; the second cat does not count again."""
    assert TASTE.utility(("Cat, DOG!", "mat cat"), (1.0, -1.0)) == pytest.approx(4.5)
    assert TASTE.utility(("Cat, DOG!", "mat cat"), (-1.0, 1.0)) == pytest.approx(-1.0 - 0.5)


def test_length_is_taken_off_around_the_ideal() -> None:
    taste = replace(TASTE, length_weight=2.0, ideal_words=4)
    assert taste.utility(("cat",), (0.0, 0.0)) == pytest.approx(1.0 - 2.0 * (3 / 4) ** 2)
    assert taste.utility(("cat a b c",), (0.0, 0.0)) == pytest.approx(1.0)


def test_words_keep_their_apostrophes_and_lose_their_case() -> None:
    assert words_of(("Don't PANIC—it's 3am", "你好")) == ["don't", "panic", "it's", "3am", "你好"]


def test_a_planted_word_weighs_the_same_in_every_vocabulary() -> None:
    small, large = (Taste.planted(words, seed=3) for words in (["cat"], ["dog", "cat", "mat"]))
    assert small.main["cat"] == large.main["cat"]
    assert small.interaction["cat"] == large.interaction["cat"]
    assert small.main["cat"] != Taste.planted(["cat"], seed=4).main["cat"]


def test_the_probabilities_by_hand() -> None:
    """l - r = ln 4, T = 1, nu = 1/2: weights 2, 1/2, 1/2, of which 2/3, 1/6, 1/6; the level is 0 nats below the better
    meme's utility less ln 3, so a quarter of all answers are both_bad: 1 / (1 + e^ln 3)."""
    annotator = Annotator(name="one", ties=0.5, both_bad_below=log(4) - log(3))
    assert annotator.probabilities(log(4), 0.0) == pytest.approx([0.5, 0.125, 0.125, 0.25])


def test_without_ties_it_is_bradley_terry() -> None:
    annotator = Annotator(name="one", ties=0.0, temperature=2.0, side_bias=0.3)
    expected = 1 / (1 + exp(-(1.0 / 2.0 + 0.3)))
    assert annotator.probabilities(1.5, 0.5) == pytest.approx([expected, 1 - expected, 0.0, 0.0])


def test_expected_accuracy_by_hand() -> None:
    """Without ties and bias 1 / (1 + e^-2); a bias of 1 nat helps one order and hurts the other."""
    fair, biased = Annotator(name="a"), Annotator(name="b", side_bias=1.0)
    assert fair.expected_accuracy([2.0, 0.0], [0.0, 2.0]) == pytest.approx([1 / (1 + exp(-2))] * 2)
    assert biased.expected_accuracy(2.0, 0.0) == pytest.approx((1 / (1 + exp(-3)) + 1 / (1 + exp(-1))) / 2)
    assert fair.expected_accuracy(1.0, 1.0) == pytest.approx(0.5)


@given(ANNOTATORS, UTILITIES, UTILITIES)
def test_probabilities_are_probabilities(annotator: Annotator, left: float, right: float) -> None:
    chances = annotator.probabilities(left, right)
    assert chances.shape == (4,)
    assert chances.min() >= 0.0
    assert chances.sum() == pytest.approx(1.0)


@given(ANNOTATORS, UTILITIES, UTILITIES)
def test_swapping_the_sides_and_the_bias_swaps_left_and_right(
    annotator: Annotator, left: float, right: float
) -> None:
    mirrored = replace(annotator, side_bias=-annotator.side_bias)
    assert mirrored.probabilities(right, left)[[1, 0, 2, 3]] == pytest.approx(
        annotator.probabilities(left, right), abs=1e-9
    )


@given(ANNOTATORS, UTILITIES, UTILITIES, st.floats(-5, 5))
def test_only_differences_rank(annotator: Annotator, left: float, right: float, shift: float) -> None:
    annotator = replace(annotator, both_bad_below=-inf)
    assert annotator.probabilities(left + shift, right + shift) == pytest.approx(
        annotator.probabilities(left, right), abs=1e-6
    )


def test_extreme_utilities_do_not_overflow() -> None:
    annotator = Annotator(name="one", temperature=1e-3, both_bad_below=0.0)
    assert annotator.probabilities(1e6, -1e6) == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert annotator.probabilities(-1e6, -1e6) == pytest.approx([0.0, 0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    "annotator",
    [
        Annotator(name="plain"),
        Annotator(name="crooked", temperature=2.0, side_bias=0.8, ties=1.0, both_bad_below=0.5),
        Annotator(name="spammer", habit=Habit.SPAMMER, side_bias=-0.4),
        Annotator(name="clicker", habit=Habit.FAST_CLICKER, side_bias=3.0),
    ],
    ids=lambda annotator: annotator.name,
)
def test_answers_are_as_frequent_as_the_formula_says(annotator: Annotator) -> None:
    simulator = Simulator(taste=TASTE, annotators=[annotator], seed=5)
    features, asked = (0.0, -0.5), 3_000
    answers = [simulator.judge(annotator, ("cat",), ("dog",), features) for _ in range(asked)]
    counts = Counter(answer.outcome for answer in answers)
    left, right = (TASTE.utility((word,), features) for word in ("cat", "dog"))
    expected = annotator.probabilities(left, right)
    frequencies = np.array([counts[outcome] / asked for outcome in OUTCOMES])
    # Four standard errors: a right simulator fails this for one seed in thousands, and the seed is fixed.
    assert np.all(np.abs(frequencies - expected) <= 4 * np.sqrt(expected * (1 - expected) / asked) + 1e-12)
    times = np.log([answer.response_ms for answer in answers])
    assert times.mean() == pytest.approx(
        log(annotator.median_ms), abs=4 * annotator.spread / asked**0.5 + 1e-3
    )


def test_many_judgments_give_the_planted_truth_back() -> None:
    """Twelve memes half a nat apart: the logit of the share of wins of n + 1 over n is 0.5 for honest annotators."""
    people = [Annotator(name=f"p{n}", ties=0.2) for n in range(300)]
    simulator = Simulator(taste=rising(12), annotators=people, seed=1)
    wins: Counter[tuple[str, str]] = Counter()
    for judgment in simulator.comparisons(memes(12), {"t0": ()}, 66 * 300, replication=300):
        if judgment.outcome is Outcome.LEFT:
            wins[judgment.left_id, judgment.right_id] += 1
        elif judgment.outcome is Outcome.RIGHT:
            wins[judgment.right_id, judgment.left_id] += 1
    names = [meme.meme_id for meme in memes(12)]
    logits = [log(wins[better, worse] / wins[worse, better]) for worse, better in pairwise(names)]
    assert np.mean(logits) == pytest.approx(0.5, abs=0.12)


def test_spammers_are_at_chance_and_honest_people_at_the_ceiling() -> None:
    people = [
        *(Annotator(name=f"spam{n}", habit=Habit.SPAMMER) for n in range(10)),
        *(Annotator(name=f"honest{n}") for n in range(10)),
    ]
    pool, taste = memes(60), rising(60, step=0.1)
    utility = dict(zip([meme.meme_id for meme in pool], taste.utilities(pool, {"t0": ()}), strict=True))
    right: dict[str, list[bool]] = {"spam": [], "honest": []}
    expected: dict[str, list[float]] = {"spam": [], "honest": []}
    simulator = Simulator(taste=taste, annotators=people, seed=2)
    for judgment in simulator.comparisons(pool, {"t0": ()}, 5_100):
        left, other = utility[judgment.left_id], utility[judgment.right_id]
        if judgment.outcome in (Outcome.LEFT, Outcome.RIGHT):
            kind = judgment.annotator.rstrip("0123456789")
            right[kind].append((judgment.outcome is Outcome.LEFT) == (left > other))
            expected[kind].append(float(Annotator(name="x").expected_accuracy(left, other)))
    assert np.mean(right["spam"]) == pytest.approx(0.5, abs=0.04)
    assert np.mean(right["honest"]) == pytest.approx(np.mean(expected["honest"]), abs=0.03)
    assert np.mean(right["honest"]) > 0.75
    assert people[0].expected_accuracy(3.0, 0.0) == pytest.approx(0.5)


def test_the_same_seed_gives_the_same_answers_whatever_the_others_do() -> None:
    people = population(3, seed=0)
    first, second = (Simulator(taste=TASTE, annotators=people, seed=9) for _ in range(2))
    alone = [first.judge(people[0], ("cat",), ("dog",), (0.0, 0.0)) for _ in range(20)]
    among = []
    for _ in range(20):
        second.judge(people[1], ("dog",), ("cat",), (0.0, 0.0))
        among.append(second.judge(people[0], ("cat",), ("dog",), (0.0, 0.0)))
    assert alone == among
    assert len({answer.outcome for answer in alone}) > 1
    other = Simulator(taste=TASTE, annotators=people, seed=10)
    assert alone != [other.judge(people[0], ("cat",), ("dog",), (0.0, 0.0)) for _ in range(20)]


def test_many_judgments_are_determined_by_the_seed_and_not_by_the_chunks() -> None:
    people, pool = population(5, seed=0), memes(20, templates=2)
    features = {"t0": (), "t1": ()}

    def rows(seed: int, chunk: int) -> list[tuple[object, ...]]:
        simulator = Simulator(taste=rising(10), annotators=people, seed=seed)
        chunks = simulator.judgments(pool, features, 100, chunk=chunk)
        return [
            row for part in chunks for row in zip(*(list(values) for values in part.values()), strict=True)
        ]

    assert rows(1, 100) == rows(1, 7)
    assert rows(1, 100) != rows(2, 100)


def test_nobody_gets_a_pair_twice_and_no_pair_leaves_its_group() -> None:
    pool = memes(24, templates=3) + [
        replace(meme, meme_id="z" + meme.meme_id, language="zh") for meme in memes(4)
    ]
    by_id = {meme.meme_id: meme for meme in pool}
    everything = 3 * 28 + 6  # pairs: three groups of eight, one of four
    people = population(4, seed=0)
    simulator = Simulator(taste=rising(24), annotators=people)
    judgments = list(
        simulator.comparisons(pool, {f"t{n}": () for n in range(3)}, everything * 4, replication=4)
    )
    assert len({(judgment.annotator, judgment.pair_id) for judgment in judgments}) == everything * 4
    assert {judgment.annotator_kind for judgment in judgments} == {AnnotatorKind.SIMULATED}
    for judgment in judgments:
        left, right = by_id[judgment.left_id], by_id[judgment.right_id]
        assert left.meme_id != right.meme_id
        assert (left.template_id, left.language) == (right.template_id, right.language)
        assert judgment.template_id == left.template_id
        assert judgment.pair_id == "~".join(sorted((left.meme_id, right.meme_id)))
        assert judgment.judged_at > judgment.shown_at
    lefts = sum(judgment.left_id < judgment.right_id for judgment in judgments)
    assert lefts / len(judgments) == pytest.approx(0.5, abs=0.11)


def test_too_many_judgments_are_refused_with_the_numbers() -> None:
    simulator = Simulator(taste=TASTE, annotators=population(3, seed=0))
    with pytest.raises(SimulationError, match=r"10 judgments, 3 per pair, need 4 pairs .* there are 3 and 3"):
        next(simulator.judgments(memes(3), {"t0": ()}, 10))
    with pytest.raises(SimulationError, match="there are 3 and 3"):
        next(simulator.judgments(memes(3), {"t0": ()}, 4, replication=4))


@given(st.lists(st.integers(0, 3), max_size=40))
def test_every_pair_of_a_group_has_one_number(groups: list[int]) -> None:
    pool = [
        Meme(meme_id=str(n), template_id=str(group), language="en", texts=("a",))
        for n, group in enumerate(groups)
    ]
    pairs = Pairs(pool)
    first, second = pairs.memes_of(np.arange(len(pairs)))
    expected = {(a, b) for b in range(len(groups)) for a in range(b) if groups[a] == groups[b]}
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == expected
    assert len(pairs) == len(expected)


def test_a_population_has_the_shares_that_were_asked_for() -> None:
    people = population(40, seed=7, spammers=0.2, fast_clickers=0.1)
    assert Counter(one.habit for one in people) == {Habit.HONEST: 28, Habit.SPAMMER: 8, Habit.FAST_CLICKER: 4}
    assert people == population(40, seed=7, spammers=0.2, fast_clickers=0.1)
    assert len({one.name for one in people}) == 40
    assert max(one.median_ms for one in people if one.habit is Habit.FAST_CLICKER) < 1_000
    with pytest.raises(SimulationError, match="more than everybody"):
        population(10, seed=0, spammers=0.8, fast_clickers=0.4)


@pytest.mark.parametrize(
    ("field", "value"), [("temperature", 0.0), ("ties", -0.1), ("temperature", float("nan"))]
)
def test_an_impossible_annotator_is_refused(field: str, value: float) -> None:
    with pytest.raises(SimulationError, match=f"{field} = "):
        Annotator(**{"name": "one", field: value})  # type: ignore[arg-type]  # one of the numbers
