"""The draw: its probabilities are what it stores."""

from __future__ import annotations

import os
import random
from collections import Counter
from itertools import combinations
from uuid import uuid4

import pytest
from pytest_django import Settings

from annotation import pairing
from annotation.models import Assignment, Pair, User
from annotation.services import judging
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator, make_group

pytestmark = pytest.mark.django_db
DRAWS = 2500


def some_history(settings: Settings) -> User:
    """A platform in use: others judged, one lease is out, and the returned annotator has seen some pairs already."""
    pairing.CHANCE.seed(7)
    settings.REPLICATION = 2
    settings.RANDOM_SHARE = 0.5  # so that the history is not only what the policy makes
    ann = make_annotator("ann")
    for name, count in (("bob", 9), ("cem", 7)):
        other = make_annotator(name)
        for _ in range(count):
            assignment = judging.lease_pair(annotator=other)
            assert assignment is not None
            judging.record_judgment(
                annotator=other, assignment_id=assignment.pk, token=uuid4(), outcome=Outcome.LEFT
            )
    for _ in range(4):
        assert judging.lease_pair(annotator=ann) is not None
    return ann


def test_stored_propensities_are_the_frequencies_of_the_draw(settings: Settings) -> None:
    """Every pair's stored probability is the same at each draw, they sum to one, and chi-square finds no difference."""
    for size in (4, 5, 6, 6, 5, 4):
        make_group(size)
    ann = some_history(settings)
    settings.RANDOM_SHARE = 0.2
    chance = random.Random(20261121)
    counts: Counter[tuple[int, pairing.MemePair]] = Counter()
    stored: dict[tuple[int, pairing.MemePair], float] = {}
    swapped = 0
    for _ in range(DRAWS):
        drawn = pairing.draw_pair(annotator=ann, chance=chance)
        assert isinstance(drawn, pairing.Draw)
        key = (drawn.group_id, drawn.memes)
        propensity = drawn.template_probability * drawn.pair_probability
        assert stored.setdefault(key, propensity) == propensity
        counts[key] += 1
        swapped += drawn.swapped
    assert sum(stored.values()) == pytest.approx(1.0, abs=1e-9)
    chi_square = sum((counts[key] - DRAWS * p) ** 2 / (DRAWS * p) for key, p in stored.items())
    freedom = len(stored) - 1
    assert freedom > 8
    assert chi_square < freedom + 4 * (2 * freedom) ** 0.5, (chi_square, freedom)  # four standard deviations
    assert abs(swapped - DRAWS / 2) < 4 * (DRAWS / 4) ** 0.5


def test_what_is_stored_with_an_assignment_is_what_was_drawn(settings: Settings) -> None:
    """Two groups of two memes: a pair is drawn with certainty within its group, each group with one half."""
    make_group(2)
    make_group(2)
    assignment = judging.lease_pair(annotator=make_annotator())
    assert assignment is not None
    assert (assignment.template_probability, assignment.pair_probability) == (0.5, 1.0)
    assert assignment.propensity == 0.5
    assert (assignment.policy, assignment.policy_version) == ("balanced", 1)


def test_every_eligible_pair_can_be_drawn(settings: Settings) -> None:
    """Positivity: the random share reaches each pair of a group, those that the policy would not make included."""
    settings.RANDOM_SHARE = 0.2
    group = make_group(6)
    ann, chance = make_annotator(), random.Random(3)
    reached = set()
    for _ in range(600):
        drawn = pairing.draw_pair(annotator=ann, chance=chance)
        assert isinstance(drawn, pairing.Draw)
        assert drawn.pair_probability >= 0.2 / 15
        reached.add(drawn.memes)
    memes = sorted(group.members.values_list("meme_id", flat=True))
    assert reached == set(combinations(memes, 2))


def test_a_uniform_draw_is_uniform_when_nearly_everything_is_taken(settings: Settings) -> None:
    settings.REPLICATION = 1
    group = make_group(7)
    other, ann, chance = make_annotator("bob"), make_annotator("ann"), random.Random(5)
    for _ in range(18):
        assert judging.lease_pair(annotator=other) is not None
    group.refresh_from_db()
    assert pairing.count_eligible(group, ann) == 3
    counts = Counter(pairing.draw_uniformly(group, ann, chance) for _ in range(300))
    taken = set(Pair.objects.values_list("first_id", "second_id"))
    assert len(counts) == 3
    assert taken.isdisjoint(pair for pair in counts if pair)
    assert min(counts.values()) > 60


def test_a_draw_writes_nothing(settings: Settings) -> None:
    make_group(5)
    ann = make_annotator()
    for _ in range(5):
        pairing.draw_pair(annotator=ann)
    assert Pair.objects.count() == Assignment.objects.count() == 0


def test_the_same_template_does_not_come_again_at_once(settings: Settings) -> None:
    for _ in range(5):
        make_group(6)
    ann = make_annotator()
    served = [
        assignment.group_id
        for assignment in (judging.lease_pair(annotator=ann) for _ in range(25))
        if assignment
    ]
    assert len(served) == 25
    for at in range(len(served) - pairing.RECENT_GROUPS):
        assert len(set(served[at : at + pairing.RECENT_GROUPS + 1])) == pairing.RECENT_GROUPS + 1


def test_the_same_meme_does_not_come_again_and_again(settings: Settings) -> None:
    """Somebody alone with eight templates of ten memes: never again within four pairs, and none much more than others."""
    for _ in range(8):
        make_group(10)
    ann = make_annotator()
    served = [
        assignment.pair for assignment in (judging.lease_pair(annotator=ann) for _ in range(80)) if assignment
    ]
    assert len(served) == 80
    for at in range(len(served)):
        shown = [meme for pair in served[at : at + 4] for meme in (pair.first_id, pair.second_id)]
        assert len(set(shown)) == len(shown)
    times = Counter(meme for pair in served for meme in (pair.first_id, pair.second_id))
    assert max(times.values()) <= 6  # twice on average


def test_an_empty_platform_serves_nothing() -> None:
    assert judging.lease_pair(annotator=make_annotator()) is None


def test_forked_web_workers_do_not_draw_the_same_sequence() -> None:
    read, write = os.pipe()
    for _ in range(2):
        if (child := os.fork()) == 0:
            os.write(write, f"{pairing.CHANCE.random()}\n".encode())
            os._exit(0)
        os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read) as drawn:
        numbers = drawn.read().split()
    assert len(set(numbers)) == len(numbers) == 2
