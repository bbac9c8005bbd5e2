"""A world from nothing: what it holds, that only pictures explain part of its taste, that it is a dataset."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from corpus.comparisons import AnnotatorKind
from corpus.dataset import Dataset
from corpus.simulation import words_of
from corpus.synthetic import COLOURS, VOCABULARY, colour_features, draw_picture, synthetic_world
from corpus.texts import clean_texts, texts_key


@given(st.sampled_from(sorted(COLOURS)), st.integers(0, 2**32), st.sampled_from([16, 64, 200]))
@settings(max_examples=40, deadline=None)
def test_a_drawn_picture_shows_the_features_it_was_drawn_for(
    features: tuple[float, float], seed: int, size: int
) -> None:
    assert colour_features(draw_picture(np.random.default_rng(seed), features, size)) == features


def test_the_captions_are_readable_different_and_of_the_vocabulary() -> None:
    world = synthetic_world(templates=4, memes_per_template=60, picture_size=None)
    boxes = {template.row.template_id: len(template.row.boxes) for template in world.templates}
    assert len(world.memes) == 240
    assert len({(meme.template_id, texts_key(meme.texts)) for meme in world.memes}) == 240
    for meme in world.memes:
        assert clean_texts(meme.texts, boxes[meme.template_id]) == meme.texts
    used = {word for meme in world.memes for word in words_of(meme.texts)}
    assert used == set(VOCABULARY)


def test_the_four_colours_are_equally_frequent_and_have_no_part_in_common() -> None:
    world = synthetic_world(templates=40, memes_per_template=1)
    assert set(Counter(template.features for template in world.templates).values()) == {10}
    assert len({template.row.image_sha256 for template in world.templates}) == 40


def test_the_same_meme_is_not_as_funny_on_another_picture() -> None:
    """Otherwise a scorer that never looks would lose nothing."""
    world = synthetic_world(templates=4, memes_per_template=50, picture_size=None)
    taste = world.simulator.taste
    texts = [meme.texts for meme in world.memes if meme.template_id == "t00000"]
    warm, cool = ([taste.utility(text, (side, 1.0)) for text in texts] for side in (1.0, -1.0))
    assert abs(np.corrcoef(warm, cool)[0, 1]) < 0.8


def test_a_world_is_decided_by_its_seed_and_written_as_a_dataset(tmp_path: Path) -> None:
    manifests = [
        synthetic_world(templates=12, memes_per_template=6, seed=seed).write(tmp_path / name, 300)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert manifests[0].content_hash == manifests[1].content_hash != manifests[2].content_hash
    dataset = Dataset.open(tmp_path / "a")
    judgments = list(dataset.judgments())
    assert len(judgments) == 300
    assert {judgment.annotator_kind for judgment in judgments} == {AnnotatorKind.SIMULATED}
    world = synthetic_world(templates=12, memes_per_template=6, seed=1)
    assert judgments == list(world.simulator.comparisons(world.memes, world.features, 300))
    for template in world.templates:
        picture = dataset.picture(template.row.template_id)
        assert picture is not None
        assert colour_features(picture) == template.features


@pytest.mark.parametrize("spammers", [0.0, 0.5])
def test_the_best_accuracy_leaves_something_to_learn(spammers: float) -> None:
    world = synthetic_world(templates=8, memes_per_template=20, picture_size=None, spammers=spammers)
    utilities = world.simulator.taste.utilities(world.memes, world.features).reshape(8, 20)
    low, high = np.triu_indices(20, 1)
    best = world.simulator.expected_accuracy(utilities[:, low], utilities[:, high])
    assert 0.75 < (best - 0.5 * spammers) / (1 - spammers) < 0.95


@pytest.mark.parametrize(
    ("colour", "features"),
    [
        ((90, 200, 60), (1.0, 1.0)),  # luma 151; more red than blue, though green is most of it
        ((120, 0, 130), (-1.0, -1.0)),
        ((127, 127, 127), (1.0, -1.0)),
        ((128, 128, 128), (1.0, 1.0)),
    ],
)
def test_the_features_are_read_off_the_mean_colour(
    colour: tuple[int, int, int], features: tuple[float, float]
) -> None:
    picture = BytesIO()
    Image.new("RGB", (8, 8), colour).save(picture, "PNG")
    assert colour_features(picture.getvalue()) == features
