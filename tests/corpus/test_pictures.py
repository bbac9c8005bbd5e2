"""How a picture comes in."""

from __future__ import annotations

import io
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from corpus.errors import PictureError
from corpus.pictures import take_picture
from tests.corpus.sources import HOSTILE_PICTURES, animation, picture


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("form", "stored"), [("PNG", "png"), ("GIF", "png"), ("JPEG", "jpg"), ("WEBP", "jpg")]
)
def test_a_picture_is_made_anew_in_one_of_two_forms(form: str, stored: str) -> None:
    data = picture("orange", form=form)
    taken = take_picture(data)
    assert (taken.extension, taken.width, taken.height) == (stored, 200, 100)
    assert taken.original_sha256 == sha256(data).hexdigest()
    with opened(taken.data) as image:
        assert image.format == {"png": "PNG", "jpg": "JPEG"}[stored]
        red, green, blue = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]  # RGB has three
        assert abs(red - 255) < 4
        assert abs(green - 165) < 4
        assert blue < 4


def test_a_lossless_picture_keeps_every_pixel() -> None:
    noise = Image.effect_noise((64, 64), 80).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    assert opened(take_picture(buffer.getvalue()).data).tobytes() == noise.tobytes()


def test_metadata_does_not_come_in() -> None:
    about = PngInfo()
    about.add_text("Author", "somebody's name")
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, "PNG", pnginfo=about)
    assert b"somebody" not in take_picture(buffer.getvalue()).data
    exif = Image.Exif()
    exif[0x010E] = "somebody's garden"
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, "JPEG", exif=exif, comment=b"somebody's comment")
    assert b"somebody" in buffer.getvalue()
    assert b"somebody" not in take_picture(buffer.getvalue()).data


def test_what_hangs_behind_a_picture_does_not_come_in() -> None:
    for form in ("PNG", "JPEG"):
        assert b"payload" not in take_picture(picture(form=form) + b"payload").data
    ours = take_picture(picture(form="JPEG")).data
    assert b"payload" not in take_picture(ours + b"payload").data
    assert b"payload" not in take_picture(ours[:2] + b"\xff\xfe\x00\x09payload" + ours[2:]).data


@pytest.mark.parametrize("form", ["PNG", "GIF", "JPEG", "WEBP"])
def test_a_picture_made_here_is_not_made_anew(form: str) -> None:
    """Else it would lose a little each time it goes from one installation to the next."""
    noise = Image.effect_noise((64, 48), 80).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, form)
    once = take_picture(buffer.getvalue()).data
    assert take_picture(once).data == once


@pytest.mark.parametrize("options", [{"quality": 80}, {"subsampling": 2}, {"progressive": True}])
def test_another_jpeg_is_made_anew(options: dict[str, int]) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(buffer, "JPEG", **({"quality": 95, "subsampling": 0} | options))
    assert take_picture(buffer.getvalue()).data != buffer.getvalue()


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_comes_in_and_is_said(form: str) -> None:
    taken = take_picture(animation(form))
    assert taken.first_frame_of_animation
    red, green, blue = opened(taken.data).convert("RGB").getpixel((20, 15))  # type: ignore[misc]  # RGB has three
    assert red > 240
    assert max(green, blue) < 15
    assert not take_picture(picture(form=form)).first_frame_of_animation


@pytest.mark.parametrize("data", HOSTILE_PICTURES.values(), ids=HOSTILE_PICTURES)
def test_what_is_no_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError) as refusal:
        take_picture(data)
    assert "0x" not in str(refusal.value)  # no address of an object in memory


def test_an_svg_is_refused_by_name() -> None:
    with pytest.raises(PictureError, match="SVG"):
        take_picture(HOSTILE_PICTURES["SVG"])


BASES = [
    picture(form="JPEG"),
    picture(),
    animation(),
    animation("WEBP"),
    take_picture(picture(form="JPEG")).data,
]


@settings(max_examples=60, deadline=None)
@given(base=st.sampled_from(BASES), at=st.floats(0, 1), change=st.binary(min_size=1, max_size=6))
def test_a_damaged_picture_comes_in_or_is_refused_and_nothing_else(
    base: bytes, at: float, change: bytes
) -> None:
    start = int(at * (len(base) - 1))
    damaged = base[:start] + change + base[start + len(change) :]
    try:
        taken = take_picture(damaged)
    except PictureError:
        return
    assert opened(taken.data).size == (taken.width, taken.height)
