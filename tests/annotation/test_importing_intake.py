"""Taking in many captions and pictures: one bad one never stops the rest, and a stop at any point loses nothing."""

from __future__ import annotations

import hashlib
import io
import random
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image
from pytest_django import Settings

from annotation.errors import TakenDown
from annotation.models import BlockedPhrase, Group, GroupMember, Meme, MemeTemplate, Takedown
from annotation.pictures import load_picture, store_picture
from annotation.services import memes as service
from annotation.services.memes import Caption, LeftOut, add_memes, add_template, free_slug, retire_meme
from corpus.errors import LayoutError
from corpus.pictures import Picture, take_picture
from corpus.processes import drawing_processes
from corpus.texts import texts_key
from tests.annotation.builders import BOXES, make_annotator, make_template
from tests.corpus.sources import animation, picture

pytestmark = pytest.mark.django_db


def template(colour: str = "teal", **more: Any) -> MemeTemplate:
    return add_template(
        **{"slug": colour, "name": colour, "picture": picture(colour), "boxes": BOXES, **more}
    )


def captions(*texts: str, **more: Any) -> list[Caption]:
    return [Caption(texts=[text], source_id=f"test:{n}", **more) for n, text in enumerate(texts)]


def positions(group: Group) -> list[int]:
    found = GroupMember.objects.filter(group=group, position__isnull=False)
    return sorted(found.values_list("position", flat=True))  # type: ignore[arg-type]  # not NULL, as filtered


# Meme templates


def test_a_picture_is_stored_made_anew_and_known_by_what_came_in() -> None:
    data = picture(form="GIF")
    made = template(picture=data)
    stored = load_picture(made.picture)
    assert stored.startswith(b"\x89PNG")
    assert made.picture.endswith(f"{hashlib.sha256(stored).hexdigest()}.png")
    assert made.picture_sha256 == made.identity == hashlib.sha256(data).hexdigest()
    assert template(picture=data) == made


def test_of_an_animation_the_first_frame_is_stored() -> None:
    with Image.open(io.BytesIO(load_picture(template(picture=animation()).picture))) as stored:
        assert not getattr(stored, "is_animated", False)
        assert stored.convert("RGB").getpixel((1, 1)) == (255, 0, 0)


def test_another_picture_may_wish_for_a_slug_that_is_taken() -> None:
    slugs = [template(colour, slug="rooms").slug for colour in ("red", "green", "blue")]
    assert slugs == ["rooms", "rooms-2", "rooms-3"]
    MemeTemplate.objects.filter(slug="rooms").update(slug="x" * 80)
    longer = free_slug("x" * 90)
    assert longer == "x" * 74 + "-2"


def test_a_picture_made_anew_elsewhere_keeps_its_first_hash() -> None:
    made = template(original_sha256="ab" * 32)
    assert made.picture_sha256 == "ab" * 32
    assert template(colour="red", original_sha256="ab" * 32) == made


def test_who_made_a_template_is_kept() -> None:
    ann = make_annotator()
    assert template(created_by=ann).created_by == ann


def test_a_picture_that_was_taken_down_does_not_come_back() -> None:
    made = template()
    Takedown.objects.create(template=made, reason="asked for")
    with pytest.raises(TakenDown):
        template()
    with pytest.raises(TakenDown):
        add_memes(template=made, captions=captions("still here?"))
    assert not Meme.objects.exists()


def test_a_font_nobody_has_is_refused_before_anything_is_stored() -> None:
    with pytest.raises(LayoutError, match="unknown font"):
        template(boxes=[{**BOXES[0], "font": "comic"}])
    assert not MemeTemplate.objects.exists()
    assert not default_storage.exists("templates")


def test_of_a_refused_meme_template_no_picture_stays_behind() -> None:
    with pytest.raises(ValidationError):
        template(name="x" * 121)
    assert not MemeTemplate.objects.exists()
    assert not default_storage.exists("templates")


def test_a_file_cut_short_by_a_kill_is_written_again() -> None:
    data = picture()
    name = store_picture(folder="memes", data=data, extension="png")
    with default_storage.open(name, "wb") as file:
        file.write(data[:10])
    assert store_picture(folder="memes", data=data, extension="png") == name
    assert load_picture(name) == data


# Captions


def test_one_bad_caption_does_not_stop_the_rest() -> None:
    BlockedPhrase.objects.create(phrase="forbidden words")
    mixed = captions("good", "x" * 400, "", "so FORBIDDEN  words!", "better", "GOOD!")
    mixed.insert(2, Caption(texts=["two", "texts"], source_id="test:two"))
    mixed.append(Caption(texts=["long id"], source_id="x" * 121))
    taken = add_memes(template=template(), captions=mixed)
    assert [meme.texts for meme in taken.added] == [["good"], ["better"]]
    assert taken.known == 1
    assert [(left.number, left.kind) for left in taken.left_out] == [
        (1, LeftOut.Kind.TEXT),
        (2, LeftOut.Kind.BOXES),
        (3, LeftOut.Kind.TEXT),
        (4, LeftOut.Kind.BLOCKED),
        (7, LeftOut.Kind.TEXT),
    ]
    assert all(left.reason for left in taken.left_out)
    assert mixed[taken.left_out[3].number] is taken.left_out[3].caption


def test_near_identical_captions_are_one_meme() -> None:
    same = ["Don't stop", "don’t stop!", "“Don't stop…”", "DONT  STOP"]
    taken = add_memes(template=template(), captions=captions(*same, "don't stoop"))
    assert [meme.texts for meme in taken.added] == [["Don't stop"], ["don't stoop"]]
    assert taken.known == 3


def test_a_caption_that_cannot_be_seen_whole_is_left_out_when_only_whole_ones_are_wanted(
    settings: Settings,
) -> None:
    settings.CJK_FONT = settings.EMOJI_FONT = ""
    narrow = template(boxes=[{"x": 0.0, "y": 0.0, "w": 0.3, "h": 0.12}])
    taken = add_memes(template=narrow, captions=captions("hm", "中文", "long " * 40), only_whole=True)
    assert [meme.texts for meme in taken.added] == [["hm"]]
    assert [left.kind for left in taken.left_out] == [LeftOut.Kind.UNDRAWN] * 2
    assert "中 文" in taken.left_out[0].reason
    assert "too long" in taken.left_out[1].reason
    assert (taken.undrawn, taken.cut) == ({"中", "文"}, 1)
    assert len(add_memes(template=narrow, captions=captions("中文")).added) == 1


def test_many_captions_come_in_by_batches_with_positions_without_gaps() -> None:
    made = template()
    texts = [f"caption {n}" for n in range(2 * service.BATCH + 7)]
    taken = add_memes(template=made, captions=captions(*texts))
    assert [meme.texts[0] for meme in taken.added] == texts
    group = Group.objects.get(template=made)
    assert (group.size, positions(group)) == (len(texts), list(range(len(texts))))
    retire_meme(meme=taken.added[3])
    add_memes(template=made, captions=captions("one more"))
    group.refresh_from_db()
    assert positions(group) == list(range(group.size)) == list(range(len(texts)))


def test_languages_have_groups_of_their_own_and_what_waits_has_none() -> None:
    made = template()
    mixed = [
        Caption(texts=["one"], language="en"),
        Caption(texts=["eins"], language="de"),
        Caption(texts=["one"], language="de"),
        Caption(texts=["two"], status=Meme.Status.PENDING),
    ]
    assert len(add_memes(template=made, captions=mixed).added) == 4
    sizes = dict(Group.objects.filter(template=made).values_list("language", "size"))
    assert sizes == {"en": 1, "de": 2}


def test_memes_of_a_retired_template_stay_out_of_sight() -> None:
    made = template()
    MemeTemplate.objects.filter(pk=made.pk).update(status=MemeTemplate.Status.RETIRED)
    add_memes(template=made, captions=captions("quiet"))
    assert not Group.objects.get(template=made).active


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("stop_at", [0, 1, 59, 60, 61, 100])
def test_a_stop_at_any_caption_keeps_whole_batches_and_the_same_again_goes_on(stop_at: int) -> None:
    made = template()
    every = captions(*(f"caption {n}" for n in range(120)))

    def until() -> Any:
        yield from every[:stop_at]
        raise Interrupted

    with pytest.raises(Interrupted):
        add_memes(template=made, captions=until())
    kept = stop_at // service.BATCH * service.BATCH
    assert Meme.objects.count() == GroupMember.objects.count() == kept
    again = add_memes(template=made, captions=every)
    assert (len(again.added), again.known) == (120 - kept, kept)
    assert positions(Group.objects.get(template=made)) == list(range(120))


def test_a_failure_while_storing_leaves_no_row_of_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    made, left = template(), [30]

    def full(**arguments: Any) -> str:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("no space left on device")
        return store_picture(**arguments)

    monkeypatch.setattr(service, "store_picture", full)
    every = captions(*(f"caption {n}" for n in range(40)))
    with pytest.raises(OSError, match="no space"):
        add_memes(template=made, captions=every)
    assert not Meme.objects.exists()
    monkeypatch.undo()
    assert len(add_memes(template=made, captions=every).added) == 40


class Meanwhile(ThreadPoolExecutor):
    """Draws like any other; before the first drawing is handed over, something else happens."""

    def __init__(self, event: Any) -> None:
        super().__init__(1)
        self.event = event

    def submit(self, *arguments: Any, **more: Any) -> Future[Any]:
        future = super().submit(*arguments, **more)
        future.result()
        if event := self.event:
            self.event = None
            event()
        return future


def test_memes_are_drawn_again_when_the_boxes_moved_meanwhile() -> None:
    made = template()
    moved = [{**made.boxes[0], "y": 0.6}]

    def move() -> None:
        MemeTemplate.objects.filter(pk=made.pk).update(boxes=moved)

    with Meanwhile(move) as pool:
        (meme,) = add_memes(template=made, captions=captions("here"), drawn_by=pool).added
    other = template("red")
    MemeTemplate.objects.filter(pk=other.pk).update(boxes=moved, picture=made.picture)
    (same,) = add_memes(template=other, captions=captions("here")).added
    assert meme.picture == same.picture


def test_a_meme_that_somebody_else_brought_meanwhile_is_known() -> None:
    made = template()
    with Meanwhile(lambda: add_memes(template=made, captions=captions("two"))) as pool:
        taken = add_memes(template=made, captions=captions("one", "two", "three"), drawn_by=pool)
    assert [meme.texts for meme in taken.added] == [["one"], ["three"]]
    assert taken.known == 1
    assert positions(Group.objects.get(template=made)) == [0, 1, 2]


def test_a_template_taken_down_meanwhile_gets_no_meme() -> None:
    made = template()

    def take_down() -> None:
        Takedown.objects.create(template=made, reason="asked for")
        MemeTemplate.objects.filter(pk=made.pk).update(picture="")

    with Meanwhile(take_down) as pool, pytest.raises(TakenDown):
        add_memes(template=made, captions=captions("one"), drawn_by=pool)
    assert not Meme.objects.exists()


def test_drawing_processes_draw_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    texts = captions(*(f"caption {n}" for n in range(service.PIECE + 1)))
    with drawing_processes() as pool:
        assert pool is not None
        there = add_memes(template=template(), captions=texts, drawn_by=pool).added
    here = add_memes(template=template("red"), captions=texts).added
    assert [meme.texts for meme in there] == [meme.texts for meme in here]
    with Image.open(io.BytesIO(load_picture(there[0].picture))) as drawn:
        assert drawn.size == (200, 100)


def test_one_core_draws_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    with drawing_processes() as pool:
        assert pool is None


# The keys of memes that were here before punctuation was ignored


def test_the_migration_renews_keys_and_never_makes_two_alike() -> None:
    migration = import_module("annotation.migrations.0004_near_identical_captions")
    made = make_template()

    def old(text: str, key: str, language: str = "en") -> int:
        texts = [text] if text else []
        return Meme.objects.create(template=made, language=language, texts=texts, texts_key=key).pk

    lone, pair, later = old("Hm!", "old-1"), old("Don't", "old-2"), old("dont", "old-3")
    holder = old("so what", texts_key(["so what"]))
    loser, other = old("So, what?", "old-4"), old("Don't", "old-5", "de")
    gone = old("", "old-6")
    migration.renew_keys(apps, connection.schema_editor())
    migration.renew_keys(apps, connection.schema_editor())  # again changes nothing
    keys = dict(Meme.objects.values_list("pk", "texts_key"))
    assert keys == {
        lone: texts_key(["hm"]),
        pair: texts_key(["dont"]),
        later: "old-3",  # the older one has the key
        holder: texts_key(["so what"]),
        loser: "old-4",  # the one that has it keeps it
        other: texts_key(["dont"]),
        gone: "old-6",
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_migration_keeps_every_key_unique(seed: int) -> None:
    migration = import_module("annotation.migrations.0004_near_identical_captions")
    made, chance = make_template(), random.Random(seed)
    for number in range(40):
        text = chance.choice(["a", "b", "a b"]) + chance.choice(["", "!", "?", "...", "”"])
        key = texts_key([text]) if chance.random() < 0.2 else f"old-{number}"
        if not Meme.objects.filter(template=made, texts_key=key).exists():
            Meme.objects.create(template=made, language="en", texts=[text], texts_key=key)
    migration.renew_keys(apps, connection.schema_editor())
    memes = Meme.objects.filter(template=made)
    assert memes.values("texts_key").distinct().count() == memes.count()
    renewed = {texts_key(["a"]), texts_key(["b"]), texts_key(["a b"])}
    assert renewed <= set(memes.values_list("texts_key", flat=True))


# Two at the same moment


def test_a_picture_that_somebody_else_took_in_at_the_same_moment_is_one_template(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other one stores it after this one has looked and before it writes."""
    others: list[MemeTemplate] = []

    def slow(data: bytes) -> Picture:
        monkeypatch.undo()
        others.append(template())
        return take_picture(data)

    monkeypatch.setattr(service, "take_picture", slow)
    assert [template(slug="mine")] == others
    assert MemeTemplate.objects.count() == 1
