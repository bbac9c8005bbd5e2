"""Meme templates by hand: pictures come in, boxes are laid out, memes are drawn again, all are shown or none."""

from __future__ import annotations

import io
import re
import struct
import zlib
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotation import pairing, uploads
from annotation.errors import LayoutLocked, NothingToUndo, PictureKnown, TakenDown
from annotation.forms.meme_templates import BoxesForm, UploadForm
from annotation.models import Assignment, Group, Judgment, Meme, MemeTemplate, Pair, Role, Takedown, User
from annotation.pictures import load_picture
from annotation.services import judging
from annotation.services import meme_templates as services
from annotation.services.memes import Caption, add_memes, retire_meme, show_meme
from annotation.services.takedowns import take_down
from annotation.views import previews
from corpus.comparisons import Outcome
from corpus.errors import LayoutError
from corpus.memes import MAX_BOXES
from tests.annotation.builders import make_annotator, make_group, make_meme, make_template
from tests.annotation.test_interleavings import all_at_once
from tests.annotation.test_judging import assert_counters_agree

pytestmark = pytest.mark.django_db

LEFT_HALF = {"x": 0.0, "y": 0.1, "w": 0.5, "h": 0.3}
LOWER_HALF = {"x": 0.1, "y": 0.6, "w": 0.8, "h": 0.4}
FIELDS = {"case": "upper", "align": "center", "font": "", "colour": "#ffffff", "outline": "#000000"}


def picture(colour: str = "teal", *, size: tuple[int, int] = (120, 90), form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


def animation() -> bytes:
    buffer = io.BytesIO()
    first, second = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    first.save(buffer, "GIF", save_all=True, append_images=[second])
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def admin() -> User:
    return make_annotator("root", roles=frozenset({Role.ADMIN}))


def admin_client() -> Client:
    client = Client()
    client.force_login(admin())
    return client


def upload(colour: str = "teal", *, name: str = "Two words", by: User | None = None) -> MemeTemplate:
    return services.upload_template(by=by or admin(), name=name, picture=picture(colour)).template


def details(**changes: Any) -> services.Details:
    known = {"name": "Two words", "source": "", "licence": "", "proposals_open": False}
    return services.Details(**{**known, **changes})


def drawn_memes(template: MemeTemplate, count: int = 3) -> list[Meme]:
    captions = [Caption(texts=[f"top {number}", f"bottom {number}"]) for number in range(count)]
    return add_memes(template=template, captions=captions).added


def said(*boxes: dict[str, Any]) -> dict[str, Any]:
    """What the editor's form sends for these boxes, in percent."""
    fields: dict[str, Any] = {"name": "Two words"}
    for number, box in enumerate(boxes):
        values = {**FIELDS, "order": number + 1, "outlined": "on", **box}
        fields |= {f"box-{number}-{name}": value for name, value in values.items()}
    return fields


def percent(**place: Any) -> dict[str, Any]:
    return {"x": 0, "y": 0, "w": 50, "h": 20, **place}


# --- pictures come in -----------------------------------------------------------------------------------------------------------


def send(client: Client, data: bytes, *, file_name: str = "picture.png", **fields: str) -> Any:
    file = SimpleUploadedFile(file_name, data, content_type="image/png")
    return client.post(
        reverse("new_meme_template"), {"picture": file, "name": "Two words", "language": "en", **fields}
    )


def test_an_uploaded_picture_becomes_a_meme_template_with_two_boxes() -> None:
    client = admin_client()
    answer = send(client, picture(), source="a drawer", licence="CC0-1.0", language="zh-hans")
    template = MemeTemplate.objects.get()
    assert answer["Location"] == reverse("meme_template", args=[template.pk])
    assert (template.slug, template.name, template.language) == ("two-words", "Two words", "zh-hans")
    assert (template.source, template.licence, template.proposals_open) == ("a drawer", "CC0-1.0", False)
    assert template.created_by == User.objects.get()
    assert [box.y for box in template.layout.boxes] == [0.02, 0.74]
    assert Image.open(io.BytesIO(load_picture(template.picture))).size == (120, 90)


def test_two_pictures_of_one_name_get_slugs_of_their_own_and_a_foreign_name_gets_one() -> None:
    by = admin()
    slugs = [upload(colour, by=by).slug for colour in ("red", "green", "blue")]
    assert slugs == ["two-words", "two-words-2", "two-words-3"]
    assert upload("black", name="猫", by=by).slug == "meme-template"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (picture()[:60], "cannot be used"),
        (picture(form="JPEG")[:200], "cannot be used"),
        (png_header(30_000, 30_000), "too many"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "cannot be used"),
        (b"MZ\x90\x00 no picture at all", "cannot be used"),
    ],
    ids=["empty", "truncated PNG", "truncated JPEG", "30,000 × 30,000", "SVG", "mislabelled"],
)
def test_what_is_no_picture_is_a_422_with_a_reason_and_nothing_stays(data: bytes, words: str) -> None:
    answer = send(admin_client(), data, source="kept by the form")
    page = answer.content.decode()
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page
    assert "kept by the form" in page
    assert "BytesIO" not in page
    assert " object at " not in page
    assert not MemeTemplate.objects.exists()
    assert not default_storage.exists("templates")


def test_of_an_animation_the_first_frame_is_kept_and_the_page_says_so() -> None:
    client = admin_client()
    page = client.get(send(client, animation())["Location"]).content.decode()
    assert "only its first frame was kept" in page
    template = MemeTemplate.objects.get()
    stored = Image.open(io.BytesIO(load_picture(template.picture)))
    assert getattr(stored, "n_frames", 1) == 1
    assert stored.convert("RGB").getpixel((5, 5)) == (255, 0, 0)
    other = client.get(send(client, picture("white"))["Location"]).content.decode()
    assert "only its first frame was kept" not in other


def test_a_picture_that_is_there_already_is_linked_to() -> None:
    client = admin_client()
    send(client, picture())
    known = MemeTemplate.objects.get()
    answer = send(client, picture(), name="Another name")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert f'<a href="{reverse("meme_template", args=[known.pk])}">Two words</a>' in answer.content.decode()
    with pytest.raises(PictureKnown):
        services.upload_template(by=User.objects.get(), name="x", picture=picture())


def test_a_picture_that_was_taken_down_cannot_come_back() -> None:
    client = admin_client()
    send(client, picture())
    Takedown.objects.create(template=MemeTemplate.objects.get(), reason="asked to")
    answer = send(client, picture())
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "It cannot come back" in answer.content.decode()


def test_a_file_above_the_limit_is_given_up_before_it_is_read_and_the_form_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads.Bounded, "LIMIT", 200_000)
    given_up = []

    class Watching(uploads.Bounded):
        def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
            given_up.append(start)
            return super().receive_data_chunk(raw_data, start)

    monkeypatch.setattr(uploads, "Bounded", Watching)
    client = admin_client()
    answer = send(client, b"x" * 2_000_000, source="kept by the form")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The file is too large" in answer.content.decode()
    assert "kept by the form" in answer.content.decode()
    assert max(given_up) <= 200_000


def test_a_file_above_the_form_s_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UploadForm, "MAX_BYTES", 100)
    answer = send(admin_client(), picture())
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The file is too large" in answer.content.decode()


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 121}, {"language": "xx"}, {"licence": "x" * 61}, {"name": "a\x00b"}],
)
def test_bad_fields_of_an_upload_are_a_422(fields: dict[str, str]) -> None:
    answer = send(admin_client(), picture(), **fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not MemeTemplate.objects.exists()


# --- the list -------------------------------------------------------------------------------------------------------------------


def test_the_list_is_searched_filtered_and_paged() -> None:
    client = admin_client()
    for number in range(30):
        make_template(f"cat-{number}")
    make_group(2, slug="dog", language="zh-hans")
    MemeTemplate.objects.filter(slug="cat-3").update(status="retired")
    MemeTemplate.objects.filter(slug="cat-4").update(proposals_open=True, source="An old film")
    MemeTemplate.objects.filter(slug="cat-5").update(status="retired")
    Takedown.objects.create(template=MemeTemplate.objects.get(slug="cat-5"), reason="asked to")

    def found(**asked: str) -> list[str]:
        page = client.get(reverse("meme_templates"), asked).context["page"]
        return [template.slug for template in page]

    assert len(found()) == 24
    assert len(found(page="2")) == 7
    assert found(q="DOG") == ["dog"]
    assert found(q="film old") == ["cat-4"]
    assert found(language="zh-hans") == ["dog"]
    assert found(state="retired") == ["cat-3"]
    assert found(state="taken_down") == ["cat-5"]
    assert found(proposals="on") == ["cat-4"]
    assert found(q="nothing like it") == []
    second = client.get(reverse("meme_templates"), {"q": "cat", "page": "2"}).content.decode()
    assert "q=cat&amp;page=1" in second
    row = client.get(reverse("meme_templates"), {"q": "dog"}).context["rows"][0]
    assert (row.active, row.pending) == (2, 0)


@pytest.mark.parametrize("asked", [{"page": "x"}, {"page": "-1"}, {"page": "99"}, {"q": "%_\\'\""}, {"q": "a\x00b"}, {"state": "x"}, {"language": "\x00"}])  # fmt: skip
def test_hostile_searches_are_harmless(asked: dict[str, str]) -> None:
    make_template()
    assert admin_client().get(reverse("meme_templates"), asked).status_code == HTTPStatus.OK


def test_a_page_of_the_list_costs_the_same_however_many_memes_there_are(
    django_assert_max_num_queries: Any,
) -> None:
    client = admin_client()
    for number in range(24):
        make_group(1, slug=f"cat-{number}")
    with django_assert_max_num_queries(8):
        client.get(reverse("meme_templates"))


# --- the boxes ------------------------------------------------------------------------------------------------------------------


def test_boxes_are_stored_in_reading_order_as_the_form_says_them() -> None:
    client, template = admin_client(), upload(by=make_annotator("other"))
    fields = said(
        percent(x=10, y=60, w=80, h=33.33, order=2, align="right", font="sans", colour="#ff0000"),
        percent(angle=-12.5, order=1, case="as_written", outlined=""),
    ) | {"source": "here", "licence": "CC0-1.0", "proposals_open": "on"}
    del fields["box-1-outlined"]
    answer = client.post(reverse("meme_template", args=[template.pk]), fields)
    assert answer.status_code == HTTPStatus.FOUND
    template.refresh_from_db()
    first, second = template.layout.boxes
    assert (first.angle, first.case, first.outline, first.w) == (-12.5, "as_written", None, 0.5)
    assert (second.x, second.h, second.align, second.font) == (0.1, 0.3333, "right", "sans")
    assert (second.colour, second.outline) == ("#ff0000", "#000000")
    assert (template.source, template.licence, template.proposals_open) == ("here", "CC0-1.0", True)
    page = client.get(reverse("meme_template", args=[template.pk])).content.decode()
    assert 'name="box-1-h" value="33.33"' in page


def test_saving_what_the_page_showed_changes_no_box() -> None:
    """A third of a picture is no number of hundredths of a percent; opening and saving must not move the box."""
    client, template = admin_client(), upload(by=make_annotator("other"))
    boxes = [{"x": 1 / 3, "y": 1 / 3, "w": 2 / 3, "h": 2 / 3, "angle": 0.123}]
    MemeTemplate.objects.filter(pk=template.pk).update(boxes=boxes)
    page = client.get(reverse("meme_template", args=[template.pk])).content.decode()
    shown = {name: str(value) for name, value in re.findall(r'name="(box-0-\w+)" value="([^"]*)"', page)}
    answer = client.post(reverse("meme_template", args=[template.pk]), {**said(percent()), **shown})
    assert answer.status_code == HTTPStatus.FOUND
    template.refresh_from_db()
    assert template.layout.boxes[0].x == 1 / 3
    assert template.layout.boxes[0].angle == 0.123


HOSTILE: list[dict[str, Any]] = [
    {},
    said(),
    said(percent(x=90)),
    said(percent(y=90)),
    said(percent(x=-1)),
    said(percent(w=0)),
    said(percent(h="")),
    said({"x": 10}),
    *(said(percent(**{name: value})) for name in ("x", "w", "angle") for value in ("nan", "inf", "1e999", "ten", "9" * 400)),
    said(percent(angle=181)),
    said(percent(order=0)),
    said(percent(order="x")),
    said(percent(case="shouting")),
    said(percent(align="up")),
    said(percent(font="../../etc/passwd")),
    said(percent(colour="red")),
    said(percent(colour="x#ffffffx")),
    said(percent(colour="#ffffff\n")),
    said(percent(outline="url(x)")),
    said(percent(example="x" * 301)),
]  # fmt: skip


@pytest.mark.parametrize("fields", HOSTILE)
def test_the_form_refuses_boxes_that_cannot_be(fields: dict[str, Any]) -> None:
    assert not BoxesForm(fields, boxes=()).is_valid()


@pytest.mark.parametrize("fields", [*HOSTILE[:3], {**said(percent()), "name": ""}, {**said(percent()), "source": "x" * 201}])  # fmt: skip
def test_boxes_and_names_that_cannot_be_are_a_422_and_change_nothing(fields: dict[str, Any]) -> None:
    template = upload(by=make_annotator("other"))
    before = template.boxes
    client = admin_client()
    answer = client.post(reverse("meme_template", args=[template.pk]), fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    template.refresh_from_db()
    assert (template.boxes, template.name) == (before, "Two words")
    if fields in HOSTILE:
        preview = client.post(reverse("meme_template_preview", args=[template.pk]), fields)
        assert preview.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_ninth_box_does_not_exist() -> None:
    template = upload(by=make_annotator("other"))
    fields = said(*[percent() for _ in range(MAX_BOXES + 4)])
    admin_client().post(reverse("meme_template", args=[template.pk]), fields)
    template.refresh_from_db()
    assert len(template.boxes) == MAX_BOXES


def test_the_service_refuses_a_font_nobody_has() -> None:
    with pytest.raises(LayoutError, match="unknown font"):
        services.change_template(
            template=upload(), details=details(), boxes=[{**LEFT_HALF, "font": "comic sans"}]
        )


def test_new_boxes_draw_every_meme_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    template = upload()
    memes = drawn_memes(template)
    retire_meme(meme=memes[2])
    before = {meme.pk: meme.picture for meme in memes}
    with django_capture_on_commit_callbacks(execute=True):
        redrawn = services.change_template(
            template=template, details=details(name="Moved"), boxes=[LEFT_HALF, LOWER_HALF]
        )
    template.refresh_from_db()
    assert redrawn == 3
    assert template.name == "Moved"
    assert [box.x for box in template.layout.boxes] == [0.0, 0.1]
    for meme in Meme.objects.all():
        assert meme.picture != before[meme.pk]
        assert Image.open(io.BytesIO(load_picture(meme.picture))).size == (120, 90)
        assert not default_storage.exists(before[meme.pk])
    assert Meme.objects.get(pk=memes[2].pk).status == "retired"
    assert_counters_agree()


def test_the_same_boxes_draw_nothing_again() -> None:
    template = upload()
    drawn_memes(template, 1)
    assert services.change_template(template=template, details=details(), boxes=template.boxes) == 0


def test_going_back_to_the_old_boxes_brings_the_old_pictures_back(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    template = upload()
    (meme,) = drawn_memes(template, 1)
    first = template.boxes
    for boxes in ([LEFT_HALF, LOWER_HALF], first):
        with django_capture_on_commit_callbacks(execute=True):
            services.change_template(template=MemeTemplate.objects.get(), details=details(), boxes=boxes)
    assert Meme.objects.get().picture == meme.picture
    assert default_storage.exists(meme.picture)


def test_a_picture_that_looks_the_same_with_the_new_boxes_stays(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    template = upload()
    (meme,) = add_memes(template=template, captions=[Caption(texts=["only above", ""])]).added
    with django_capture_on_commit_callbacks(execute=True):
        services.change_template(template=template, details=details(), boxes=[template.boxes[0], LOWER_HALF])
    assert Meme.objects.get().picture == meme.picture
    assert default_storage.exists(meme.picture)


def test_the_number_of_boxes_stays_once_there_are_memes() -> None:
    template = upload()
    services.change_template(template=template, details=details(), boxes=[LEFT_HALF])
    template.refresh_from_db()
    add_memes(template=template, captions=[Caption(texts=["one"], status=Meme.Status.PENDING)])
    with pytest.raises(LayoutLocked, match="number of texts"):
        services.change_template(template=template, details=details(), boxes=[LEFT_HALF, LOWER_HALF])
    client = admin_client_again()
    answer = client.post(reverse("meme_template", args=[template.pk]), said(percent(), percent(y=50)))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "none added or taken away" in answer.content.decode()


def admin_client_again() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="root"))
    return client


def test_the_boxes_are_fixed_once_somebody_was_shown_a_meme_and_the_page_says_why() -> None:
    template = upload()
    drawn_memes(template)
    before = Meme.objects.get(texts__0="top 0").picture
    judging.next_assignments(annotator=make_annotator())
    with pytest.raises(LayoutLocked, match="shown"):
        services.change_template(template=template, details=details(), boxes=[LEFT_HALF, LOWER_HALF])
    client = admin_client_again()
    page = client.get(reverse("meme_template", args=[template.pk])).content.decode()
    assert "The boxes are fixed: people have been shown memes of it" in page
    fields = said(percent(), percent(y=50)) | {"name": "Renamed", "source": "found", "proposals_open": "on"}
    assert client.post(reverse("meme_template", args=[template.pk]), fields).status_code == HTTPStatus.FOUND
    template.refresh_from_db()
    assert (template.name, template.source, template.proposals_open) == ("Renamed", "found", True)
    assert template.layout.boxes[0].x == 0.02
    assert Meme.objects.get(texts__0="top 0").picture == before


def test_a_pair_leased_while_memes_are_drawn_again_locks_the_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes seconds and holds no lock; whoever is served meanwhile wins, and nothing is changed."""
    template = upload()
    memes = drawn_memes(template)
    ann = make_annotator()
    drawn_again = services._drawn_again

    def meanwhile(*arguments: Any) -> Any:
        judging.next_assignments(annotator=ann)
        return drawn_again(*arguments)

    monkeypatch.setattr(services, "_drawn_again", meanwhile)
    with pytest.raises(LayoutLocked, match="shown"):
        services.change_template(template=template, details=details(), boxes=[LEFT_HALF, LOWER_HALF])
    assert set(Meme.objects.values_list("picture", flat=True)) == {meme.picture for meme in memes}
    template.refresh_from_db()
    assert template.layout.boxes[0].x == 0.02


def test_a_meme_that_comes_in_while_the_others_are_drawn_again_is_drawn_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = upload()
    drawn_memes(template, 2)
    drawn_again = services._drawn_again

    def meanwhile(*arguments: Any) -> Any:
        found = drawn_again(*arguments)
        if len(arguments) == 2:  # the first time, before the locks
            drawn_memes(MemeTemplate.objects.get(), 3)
        return found

    monkeypatch.setattr(services, "_drawn_again", meanwhile)
    services.change_template(template=template, details=details(), boxes=[LEFT_HALF, LOWER_HALF])
    monkeypatch.undo()
    pictures = dict(Meme.objects.values_list("pk", "picture"))
    Meme.objects.update(picture="")
    template.refresh_from_db()
    fresh = services._drawn_again(template, template.layout)
    assert {pk: f"memes/{name}" for pk, name in named(fresh).items()} == pictures


def named(drawn: dict[int, Any]) -> dict[int, str]:
    from hashlib import sha256

    digests = {pk: sha256(drawing.data).hexdigest() for pk, drawing in drawn.items()}
    return {pk: f"{digest[:2]}/{digest}.jpg" for pk, digest in digests.items()}


def test_a_meme_that_is_taken_down_while_the_others_are_drawn_again_leaves_no_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = upload()
    gone, _ = drawn_memes(template, 2)
    drawn_again = services._drawn_again
    drawings: dict[int, Any] = {}

    def meanwhile(*arguments: Any) -> Any:
        drawings.update(drawn_again(*arguments))
        if not Takedown.objects.exists():
            take_down(meme=gone, reason="asked to", by=None)
        return dict(drawings)

    monkeypatch.setattr(services, "_drawn_again", meanwhile)
    services.change_template(template=template, details=details(), boxes=[LEFT_HALF, LOWER_HALF])
    assert len(drawings) == 2
    assert not default_storage.exists(f"memes/{named(drawings)[gone.pk]}")


def test_too_many_memes_to_draw_again_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MAX_REDRAWN", 2)
    template = upload()
    drawn_memes(template, 3)
    with pytest.raises(LayoutLocked, match="too many"):
        services.change_template(template=template, details=details(), boxes=[LEFT_HALF, LOWER_HALF])
    page = admin_client_again().get(reverse("meme_template", args=[template.pk])).content.decode()
    assert "more than 2 memes" in page


def test_a_meme_template_without_a_picture_can_be_named() -> None:
    template = make_group(2).template
    client = admin_client()
    page = client.get(reverse("meme_template", args=[template.pk])).content.decode()
    assert "It came without a picture" in page
    assert "boxes.js" not in page
    answer = client.post(reverse("meme_template", args=[template.pk]), {"name": "Text only"})
    assert answer.status_code == HTTPStatus.FOUND
    assert client.post(reverse("meme_template_preview", args=[template.pk])).status_code == 404


# --- the preview ----------------------------------------------------------------------------------------------------------------


def test_the_preview_is_a_small_jpeg_of_what_the_form_says() -> None:
    client = admin_client()
    template = services.upload_template(
        by=User.objects.get(), name="Large", picture=picture(size=(2000, 1500))
    ).template
    fields = said(percent(example="Hello"), percent(y=60))
    answers = [
        client.post(reverse("meme_template_preview", args=[template.pk]), fields | changed)
        for changed in ({}, {"box-0-example": "Goodbye"}, {"box-0-colour": "#ff0000"}, {"box-0-x": "40"})
    ]
    assert {answer["Content-Type"] for answer in answers} == {"image/jpeg"}
    assert {Image.open(io.BytesIO(answer.content)).size for answer in answers} == {(640, 480)}
    assert len({answer.content for answer in answers}) == 4
    template.refresh_from_db()
    assert template.layout.boxes[0].x == 0.02


def test_the_preview_says_what_it_could_not_draw() -> None:
    template = upload(by=make_annotator("other"))
    fields = said(percent(example="\u16a0 odd"), percent(y=60, w=5, h=5, example="far too long " * 8))
    answer = admin_client().post(reverse("meme_template_preview", args=[template.pk]), fields)
    assert answer["Preview"] == "%7B%22missing%22%3A%20%5B%22%5Cu16a0%22%5D%2C%20%22cut%22%3A%20%5B2%5D%7D"


def test_a_locked_template_is_previewed_with_its_own_boxes() -> None:
    template = upload()
    drawn_memes(template)
    judging.next_assignments(annotator=make_annotator())
    address = reverse("meme_template_preview", args=[template.pk])
    client = admin_client_again()
    plain = client.post(address, {"box-0-example": "Hello"}).content
    assert client.post(address, said(percent(x=40, example="Hello"))).content == plain
    assert client.post(address, {"box-0-example": "Hello", "box-1-example": "there"}).content != plain
    assert client.post(address, {"box-0-example": "x" * 301}).status_code == 422


def test_previews_are_counted_per_person_and_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "PER_MINUTE", 3)
    monkeypatch.setattr("annotation.views.previews.time.time", lambda: 1_000_000.0)
    template = upload(by=make_annotator("other"))
    client, address = admin_client(), reverse("meme_template_preview", args=[template.pk])
    statuses = [client.post(address, said(percent())).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    monkeypatch.setattr("annotation.views.previews.time.time", lambda: 1_000_060.0)
    assert client.post(address, said(percent())).status_code == 200


def test_a_picture_lost_from_the_storage_is_no_failure_of_ours() -> None:
    template = upload("orchid", by=make_annotator("other"))
    default_storage.delete(template.picture)
    answer = admin_client().post(reverse("meme_template_preview", args=[template.pk]), said(percent()))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


# --- shown or not ---------------------------------------------------------------------------------------------------------------


def rows_of(group: Group) -> tuple[Any, ...]:
    """What decides what is shown of a group."""
    members = group.members.order_by("pk").values_list("meme", "position")
    pairs = Pair.objects.filter(group=group).order_by("pk").values_list("first", "second", "active", "taken")
    numbers = Group.objects.values_list("active", "size", "full_pairs").get(pk=group.pk)
    return [*members], [*pairs], numbers


def judge_some(person: User, count: int) -> None:
    for assignment in judging.next_assignments(annotator=person, count=count)[:count]:
        judging.record_judgment(
            annotator=person, assignment_id=assignment.pk, token=uuid4(), outcome=Outcome.LEFT
        )


def test_of_a_retired_template_nothing_is_shown_and_restored_everything_is_as_before() -> None:
    group = make_group(5)
    people = [make_annotator(f"a{number}") for number in range(4)]
    for person in people:
        judge_some(person, 3)
    retire_meme(meme=Meme.objects.filter(template=group.template).latest("pk"))
    before = rows_of(group)
    assert any(taken for _, _, _, taken in before[1])
    services.retire_template(template=group.template)
    assert not Pair.objects.filter(active=True).exists()
    for person in people:
        assert judging.next_assignments(annotator=person) == []
        with pytest.raises(NothingToUndo):
            judging.undo_last(annotator=person)
    assert pairing.groups_for(people[0], pairing.recent_of(people[0])) == []
    services.restore_template(template=group.template)
    assert rows_of(group) == before
    assert_counters_agree()
    assert judging.next_assignments(annotator=people[0])


def test_an_answer_to_a_pair_that_was_on_screen_when_its_template_was_retired_is_stored() -> None:
    group, ann = make_group(4), make_annotator()
    (assignment,) = judging.next_assignments(annotator=ann)
    services.retire_template(template=group.template)
    answered = judging.record_judgment(
        annotator=ann, assignment_id=assignment.pk, token=uuid4(), outcome=Outcome.TIE
    )
    assert isinstance(answered.answer, Judgment)
    assert answered.next_assignment is None
    services.restore_template(template=group.template)
    assert_counters_agree()


def test_memes_that_come_and_go_while_their_template_is_retired_stay_unseen_until_it_is_restored() -> None:
    group, ann = make_group(3), make_annotator()
    judge_some(ann, 2)
    memes = list(Meme.objects.filter(template=group.template).order_by("pk"))
    retire_meme(meme=memes[0])
    services.retire_template(template=group.template)
    show_meme(meme=memes[0])
    retire_meme(meme=memes[1])
    make_meme(group.template, "a new one")
    make_meme(group.template, "in another language", language="zh-hans")
    make_meme(group.template, "and another", language="zh-hans")
    assert not Pair.objects.filter(active=True).exists()
    assert not Group.objects.filter(active=True).exists()
    assert judging.next_assignments(annotator=make_annotator("bob")) == []
    services.restore_template(template=group.template)
    assert Group.objects.filter(active=True).count() == 2
    assert memes[1].pk not in set(Pair.objects.filter(active=True).values_list("first", flat=True))
    assert_counters_agree()


def test_a_pair_drawn_just_before_its_template_was_retired_is_served_to_nobody() -> None:
    group, ann = make_group(3), make_annotator()
    drawn = pairing.draw_pair(annotator=ann)
    assert isinstance(drawn, pairing.Draw)
    services.retire_template(template=group.template)
    assert judging._claim(annotator=ann, drawn=drawn, answer=None) is None
    assert not Pair.objects.filter(active=True).exists()
    services.restore_template(template=group.template)
    assert_counters_agree()


def test_retiring_twice_and_restoring_twice_is_the_same_as_once() -> None:
    group = make_group(4)
    judge_some(make_annotator(), 3)
    before = rows_of(group)
    for change in (services.retire_template, services.retire_template, services.restore_template):
        change(template=group.template)
    services.restore_template(template=group.template)
    assert rows_of(group) == before


def test_a_meme_template_is_retired_and_restored_by_its_page() -> None:
    group, client = make_group(3), admin_client()
    address = reverse("meme_template_showing", args=[group.template_id])
    page = client.post(address, {"show": "no"}, follow=True).content.decode()
    assert MemeTemplate.objects.get().status == "retired"
    assert "None of its memes are shown any more" in page
    client.post(address, {"show": "yes"})
    assert MemeTemplate.objects.get().status == "active"
    assert client.get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_what_was_taken_down_shows_that_and_nothing_else_and_stays_down() -> None:
    template = upload()
    services.retire_template(template=template)
    Takedown.objects.create(template=template, reason="the photographer asked")
    client = admin_client_again()
    page = client.get(reverse("meme_template", args=[template.pk])).content.decode()
    assert "the photographer asked" in page
    assert template.picture not in page
    assert "<form id=" not in page
    for change in (
        partial(services.restore_template, template=template),
        partial(services.change_template, template=template, details=details()),
        partial(services.change_template, template=template, details=details(), boxes=[LEFT_HALF]),
    ):
        with pytest.raises(TakenDown):
            change()
    client.post(reverse("meme_template_showing", args=[template.pk]), {"show": "yes"})
    client.post(reverse("meme_template", args=[template.pk]), said(percent()))
    preview = client.post(reverse("meme_template_preview", args=[template.pk]), said(percent()))
    assert preview.status_code == HTTPStatus.NOT_FOUND
    template.refresh_from_db()
    assert (template.status, template.layout.boxes[0].x) == ("retired", 0.02)


@pytest.mark.django_db(transaction=True)
def test_templates_come_and_go_and_change_while_people_judge() -> None:
    """Threads that judge, retire, restore and lay out meet on the same rows: nobody waits in a circle, nothing is wrong after."""
    groups = [make_group(5), make_group(5)]
    fresh = upload(by=make_annotator("other"))
    drawn_memes(fresh)
    services.retire_template(template=fresh)  # so that nobody is shown it, and its boxes may change
    people = [make_annotator(f"a{number}") for number in range(3)]

    def live(person: User) -> None:
        for _ in range(12):
            judge_some(person, 1)

    def moderate(group: Group) -> None:
        for _ in range(6):
            services.retire_template(template=group.template)
            services.restore_template(template=group.template)

    def lay_out() -> None:
        for number in range(4):
            box = {**LEFT_HALF, "x": number / 10}
            services.change_template(
                template=MemeTemplate.objects.get(pk=fresh.pk), details=details(), boxes=[box, LOWER_HALF]
            )

    def come_and_go() -> None:
        for meme in [*Meme.objects.filter(template=fresh), *Meme.objects.filter(template=groups[0].template)]:
            retire_meme(meme=meme)
            show_meme(meme=meme)

    all_at_once(
        [partial(live, person) for person in people]
        + [partial(moderate, group) for group in groups]
        + [lay_out, come_and_go]
    )
    for group in groups:
        services.retire_template(template=group.template)
        services.restore_template(template=group.template)
    assert_counters_agree()
    assert not Assignment.objects.filter(group__template=fresh).exists()
    for meme in Meme.objects.filter(template=fresh):
        assert default_storage.exists(meme.picture)


def test_the_day_s_shuffle_of_leases_does_not_bring_a_retired_template_back() -> None:
    """A lease that ran out may be renewed after a reload; not one of a retired template."""
    group, ann = make_group(4), make_annotator()
    judging.next_assignments(annotator=ann, count=2)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=5))
    services.retire_template(template=group.template)
    judging.expire_leases()
    assert judging.next_assignments(annotator=ann, count=2) == []
