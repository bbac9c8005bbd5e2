"""Memes with pictures, people who judge them, and the parts of a good backup."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from annotation.models import Meme
from annotation.services.memes import Caption, add_memes, add_template
from tests.annotation.backup.keeping import backup, empty_the_database, judge_a_while, parts_of
from tests.annotation.builders import BOXES, make_annotator
from tests.annotation.test_export import picture
from tests.annotation.test_interleavings import Person


@pytest.fixture
def memes() -> list[Meme]:
    """Drawn memes, so that there are pictures."""
    template = add_template(
        slug="red", name="Red", picture=picture(), boxes=BOXES, source="here", licence="CC0-1.0"
    )
    captions = [Caption(texts=[f"joke {number}\t\\N 我的 😀"]) for number in range(6)]
    captions.append(Caption(texts=["asked for"], request={"emotion": "joy", "keywords": ["cat"]}))
    return add_memes(template=template, captions=captions).added


@pytest.fixture
def people(memes: list[Meme], settings: Settings) -> list[Person]:
    settings.REPLICATION = 2
    return [Person(make_annotator(name)) for name in ("ann", "bob", "cyd")]


@pytest.fixture
def valid(people: list[Person], tmp_path: Path) -> dict[str, bytes]:
    """The parts of a good backup; the database is empty again."""
    judge_a_while(people, actions=8)
    parts = parts_of(backup(tmp_path / "good"))
    empty_the_database()
    for name in parts:
        if name.startswith("pictures/"):
            default_storage.delete(name.removeprefix("pictures/"))
    return parts
