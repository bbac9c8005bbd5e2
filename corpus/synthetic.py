"""A world made from nothing: drawn meme templates, readable captions, annotators with a planted taste.

What tests and benchmarks stand on where no real data is wanted. A template's picture is mainly one of four colours; its two
features, which `colour_features` reads off any picture, say which: warm or cool, bright or dark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageStat

from corpus.dataset import DatasetWriter, Manifest, TemplateRow
from corpus.memes import Meme, Origin, TextBox
from corpus.simulation import START, Features, Simulator, Taste, population, words_of
from corpus.texts import texts_key

WHO = (
    *("my boss", "the cat", "grandma", "the intern", "my landlord", "a pigeon", "the printer", "my dentist"),
    *(
        "the toaster",
        "dad",
        "my neighbour",
        "the teacher",
        "a raccoon",
        "my therapist",
        "the robot",
        "nobody",
    ),
)
DOES = (
    *("eats", "ignores", "blames", "forgets", "steals", "paints", "reviews", "hugs", "sells", "hides"),
    *("googles", "microwaves", "adopts", "apologises to", "argues with", "falls asleep on"),
)
WHAT = (
    *("a sandwich", "the deadline", "my wifi", "the moon", "a spreadsheet", "the last cookie", "the sofa"),
    *("a parking ticket", "the birthday cake", "a goose", "the manual", "my password", "a burrito"),
    *("the whole budget", "an umbrella", "the meeting"),
)
WHEN = (
    *("on monday", "at 3 am", "again", "in the meeting", "on purpose", "without asking", "for science"),
    *("during finals", "in slow motion", "before coffee", "forever", "like a champion"),
)
PATTERNS = (
    *("{who} {does} {what}", "when {who} {does} {what}", "{who} {does} {what} {when}"),
    *("{when} {who} {does} {what}", "{who} and {who2} {does} {what} {when}", "pov: {who} {does} {what}"),
)
VOCABULARY = tuple(sorted({*words_of([*WHO, *DOES, *WHAT, *WHEN]), "when", "and", "pov"}))
# Mean colours of the four classes, warm or cool, bright or dark, by their features.
COLOURS: Mapping[tuple[float, float], tuple[int, int, int]] = {
    (1.0, 1.0): (236, 188, 120),
    (1.0, -1.0): (122, 52, 26),
    (-1.0, 1.0): (138, 196, 238),
    (-1.0, -1.0): (24, 52, 116),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticTemplate:
    """A meme template, its picture (PNG) if it has one, and what the taste sees in it."""

    row: TemplateRow
    picture: bytes | None
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Meme templates, memes and the annotators who will judge them."""

    templates: tuple[SyntheticTemplate, ...]
    memes: tuple[Meme, ...]
    simulator: Simulator

    @property
    def features(self) -> dict[str, Features]:
        """The features by template id."""
        return {template.row.template_id: template.features for template in self.templates}

    def write(self, path: Path | str, judgments: int, *, replication: int = 3) -> Manifest:
        """Write templates, memes and so many judgments as a dataset directory."""
        cutoff = START + timedelta(seconds=judgments)
        with DatasetWriter(
            path, filters={"simulated": True}, cutoff=cutoff, licence="CC0-1.0", renderer_version="none"
        ) as writer:
            for template in self.templates:
                writer.template(template.row, template.picture)
            for meme in self.memes:
                writer.meme(meme)
            for columns in self.simulator.judgments(
                self.memes, self.features, judgments, replication=replication
            ):
                writer.judgments(columns)
        assert writer.manifest is not None
        return writer.manifest


def synthetic_world(
    *,
    templates: int = 12,
    memes_per_template: int = 20,
    annotators: int = 20,
    seed: int = 0,
    picture_size: int | None = 96,
    spammers: float = 0.0,
    fast_clickers: float = 0.0,
    length_weight: float = 0.0,
) -> World:
    """A world in which a taste is planted; everything is decided by the seed. Without `picture_size` nothing is drawn."""
    made = synthetic_templates(templates, seed=seed, picture_size=picture_size)
    return World(
        templates=made,
        memes=synthetic_memes([template.row for template in made], memes_per_template, seed=seed),
        simulator=Simulator(
            taste=Taste.planted(VOCABULARY, seed=seed, length_weight=length_weight),
            annotators=population(annotators, seed=seed, spammers=spammers, fast_clickers=fast_clickers),
            seed=seed,
        ),
    )


def synthetic_templates(
    count: int, *, seed: int, picture_size: int | None = 96
) -> tuple[SyntheticTemplate, ...]:
    """Meme templates of one or two text boxes, the four colours equally frequent."""
    rng = np.random.default_rng([seed, 1])
    classes = [tuple(COLOURS)[at % len(COLOURS)] for at in rng.permutation(count)]
    made = []
    for number, features in enumerate(classes):
        boxes = (TextBox(x=0.03, y=0.02, w=0.94, h=0.3), TextBox(x=0.03, y=0.68, w=0.94, h=0.3))
        picture = draw_picture(rng, features, picture_size) if picture_size else None
        row = TemplateRow(
            template_id=f"t{number:05d}",
            name=f"Synthetic {number}",
            language="en",
            width=picture_size or 512,
            height=picture_size or 512,
            boxes=boxes[: 1 + number % 2],
            image_sha256=None if picture is None else hashlib.sha256(picture).hexdigest(),
            source="corpus.synthetic",
            source_id=f"synthetic/{seed}/{number}",
            licence="CC0-1.0",
        )
        made.append(SyntheticTemplate(row=row, picture=picture, features=features))
    return tuple(made)


def synthetic_memes(
    templates: Sequence[TemplateRow], per_template: int, *, seed: int, language: str = "en"
) -> tuple[Meme, ...]:
    """So many memes with different readable texts per template, sorted by id."""
    rng = np.random.default_rng([seed, 2])
    memes: list[Meme] = []
    for template in templates:
        seen: set[str] = set()
        while len(seen) < per_template:
            texts = tuple(synthetic_text(rng) for _ in template.boxes)
            if (key := texts_key(texts)) in seen:
                continue
            seen.add(key)
            memes.append(
                Meme(
                    meme_id=f"m{len(memes):07d}",
                    template_id=template.template_id,
                    language=language,
                    texts=texts,
                    origin=Origin.IMPORT,
                    source_id=f"synthetic/{seed}/{len(memes)}",
                )
            )
    return tuple(memes)


def synthetic_text(rng: np.random.Generator) -> str:
    """One readable text of 3 to 12 words, all of them in `VOCABULARY`."""
    pattern, who, who2, does, what, when = (
        words[int(draw * len(words))]
        for words, draw in zip((PATTERNS, WHO, WHO, DOES, WHAT, WHEN), rng.random(6).tolist(), strict=True)
    )
    return pattern.format(who=who, who2=who2, does=does, what=what, when=when)


def draw_picture(rng: np.random.Generator, features: tuple[float, float], size: int) -> bytes:
    """A square picture (PNG) of `size` pixels with some shapes on it, whose `colour_features` are these."""
    base = np.array(COLOURS[features])
    picture = Image.new("RGB", (size, size), tuple(base.tolist()))
    canvas = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y, w, h = (rng.random(4) * np.array([0.8, 0.8, 0.3, 0.3]) * size).tolist()
        # Within 40 of a base that keeps 50 and more from every border between the classes.
        red, green, blue = np.clip(base + rng.integers(-40, 41, size=3), 0, 255).tolist()
        shape = canvas.ellipse if rng.random() < 0.5 else canvas.rectangle
        shape((x, y, x + w + 2, y + h + 2), fill=(red, green, blue))
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def colour_features(picture: bytes) -> tuple[float, float]:
    """What the planted taste sees in any picture: (warm 1 or cool -1, bright 1 or dark -1), by its mean colour."""
    with Image.open(BytesIO(picture)) as image:
        red, green, blue = ImageStat.Stat(image.convert("RGB")).mean
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return (1.0 if red >= blue else -1.0, 1.0 if luma >= 127.5 else -1.0)
