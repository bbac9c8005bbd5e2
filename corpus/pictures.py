"""Pictures as they come in: verified, limited in bytes and pixels, made anew without metadata."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

from PIL import Image

from corpus.errors import PictureError
from corpus.rendering import BROKEN, FORMATS, extension, open_picture

QUALITY = 95  # of a template's picture: every meme on it is encoded once more
LOSSLESS = {"png": "png", "gif": "png"}  # what becomes a PNG; all else becomes a JPEG

# The segments of a JPEG as Pillow writes it: JFIF's header and the quantisation are the same in all, the rest is the picture's.
FRAME, JFIF, QUANTISATION, HUFFMAN = b"\xff\xc0", b"\xff\xe0", b"\xff\xdb", b"\xff\xc4"
SEGMENTS, SAME_IN_ALL = (FRAME, JFIF, QUANTISATION, HUFFMAN), (JFIF, QUANTISATION)
OTHER_MARKERS = re.compile(
    rb"\xff[^\x00\xd0-\xd7]"
)  # within the coded picture only stuffing and restarts stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that may be stored, and what there is to say of the one it was made from.

    `original_sha256` is the hash of the bytes that came in: it decides a meme template's part of the data, and whether two are
    the same. `first_frame_of_animation` says that the rest of an animation was left out.
    """

    data: bytes
    extension: str
    width: int
    height: int
    original_sha256: str
    original_extension: str
    first_frame_of_animation: bool


def take_picture(data: bytes) -> Picture:
    """Make a picture anew from bytes nobody vouches for; the same bytes give the same picture, one made here itself.

    PNG and GIF become PNG, JPEG and WebP become JPEG (4:4:4); upright, on white where it was transparent, without metadata.
    Raises `PictureError`.
    """
    if not data:
        raise PictureError("the file is empty")
    if _is_svg(data):
        raise PictureError("an SVG is a program rather than a picture; use a PNG")
    image = open_picture(data)
    kind = extension(data)
    return Picture(
        data=data if _is_made_here(data) else _encoded(image, kind),
        extension=LOSSLESS.get(kind, "jpg"),
        width=image.width,
        height=image.height,
        original_sha256=hashlib.sha256(data).hexdigest(),
        original_extension=kind,
        first_frame_of_animation=is_animated(data),
    )


def _encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind in LOSSLESS:
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def _is_made_here(data: bytes) -> bool:
    """Whether this is a JPEG as `_encoded` writes it, with nothing in or after it but the picture.

    Encoding it again would lose a little each time it goes from one installation to the next.
    """
    if not data.startswith(b"\xff\xd8"):
        return False
    at, plain = 2, Image.new("RGB", (8, 8))
    reference = _encoded(plain, "jpg")
    while data[at : at + 2] != b"\xff\xda":
        length = int.from_bytes(data[at + 2 : at + 4], "big") + 2
        segment = data[at : at + length]
        if segment[:2] not in SEGMENTS or (segment[:2] in SAME_IN_ALL and segment not in reference):
            return False
        if segment[:2] == FRAME and segment[9:] not in reference:  # beyond height and width: sampling
            return False
        at += length
    return data.endswith(b"\xff\xd9") and not OTHER_MARKERS.search(data, at + 2, len(data) - 2)


def _is_svg(data: bytes) -> bool:
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") and b"<svg" in start


def is_animated(data: bytes) -> bool:
    """Whether there is more than one frame. Never in a JPEG, where a phone keeps its depth map in a second one."""
    if extension(data) == "jpg":
        return False
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            return bool(getattr(picture, "is_animated", False))
    except BROKEN as error:
        raise PictureError("no whole animation") from error
