"""Rendering: a picture is opened with care, and a meme is drawn on it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, floor, radians, sin

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from corpus.errors import PictureError, TextError, TooManyPixels
from corpus.fitting import Lettering, Line, fit
from corpus.fonts import BUILT_IN, Fonts, emoji_picture, load
from corpus.lettering import EMOJI_BELOW, EMOJI_GAP, Run, emoji_size, measured_run, script
from corpus.memes import Align, TemplateLayout, TextBox

RENDERER_VERSION = "1"  # changes whenever the bytes of a meme would; manifests name it
QUALITY = 90

MAX_PICTURE_BYTES = 20_000_000
MAX_PICTURE_PIXELS = 40_000_000  # 120 MB decoded
MAX_PICTURE_SIDE = 16_000  # a JPEG ends at 65,535
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PADDING = 0.03  # room between a box's edge and its letters, as a share of its shorter side
SIGNATURES = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png", b"GIF8": "gif", b"RIFF": "webp"}

# What Pillow's decoders raise on hostile bytes; the two bomb classes are its own limits, met before ours.
BROKEN = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettered:
    """A picture with its texts on it, before it is encoded.

    `missing` are the characters that no font has, left out of the drawing. `sizes` are the letters' sizes in pixels, one
    per box, 0 where nothing was drawn. `cut` are the numbers of the boxes whose text did not fit and ends in an ellipsis.
    """

    picture: Image.Image
    missing: tuple[str, ...]
    sizes: tuple[int, ...]
    cut: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A drawn meme: a JPEG (4:4:4, no metadata), and what there is to say of it as in `Lettered`."""

    data: bytes
    width: int
    height: int
    missing: tuple[str, ...]
    sizes: tuple[int, ...]
    cut: tuple[int, ...]


def draw(
    picture: Image.Image, layout: TemplateLayout, texts: Sequence[str], fonts: Fonts = BUILT_IN
) -> Drawing:
    """Draw a meme. The same picture, layout, texts and fonts give the same bytes for one `RENDERER_VERSION`.

    The boxes are shares of the picture, which may be larger or smaller than the layout says. No letter and no outline
    leaves its box. Raises `TextError` unless there is a text per box, `LayoutError` for an unknown font.
    """
    lettered = letter(picture, layout, texts, fonts)
    return Drawing(
        data=encoded(lettered.picture),
        width=picture.width,
        height=picture.height,
        missing=lettered.missing,
        sizes=lettered.sizes,
        cut=lettered.cut,
    )


def draw_all(
    picture: bytes, layout: TemplateLayout, captions: Sequence[Sequence[str]], fonts: Fonts = BUILT_IN
) -> list[Drawing]:
    """Draw several memes on one stored picture: what a process of its own is asked for."""
    blank = open_picture(picture)
    return [draw(blank, layout, texts, fonts) for texts in captions]


def encoded(picture: Image.Image) -> bytes:
    """The picture as a JPEG without metadata. 4:4:4, because colour at half resolution frays red and blue letters."""
    bare = picture.convert("RGB") if picture.mode != "RGB" else picture.copy()
    bare.info.clear()  # Pillow would write the comment and the resolution that the picture came with
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def extension(data: bytes) -> str:
    """The extension, without a dot, under which the bytes of a meme or of a template's picture are stored."""
    for signature, name in SIGNATURES.items():
        if data.startswith(signature):
            return name
    raise PictureError("neither JPEG, PNG, WebP nor GIF")


def letter(
    picture: Image.Image, layout: TemplateLayout, texts: Sequence[str], fonts: Fonts = BUILT_IN
) -> Lettered:
    """A copy of the picture with the texts in their boxes. What `draw` encodes."""
    if len(texts) != len(layout.boxes):
        raise TextError(
            f"this meme template has {len(layout.boxes)} text boxes, not {len(texts)}", " / ".join(texts)
        )
    canvas = picture.convert("RGB")  # a copy, also of an RGB picture
    missing: dict[str, None] = {}
    sizes: list[int] = []
    cut: list[int] = []
    for number, (box, text) in enumerate(zip(layout.boxes, texts, strict=True)):
        area = _Area.of(box, canvas)
        words = script(text, box.case, fonts.faces(box.font))
        missing.update(dict.fromkeys(words.missing))
        lettering = fit(
            words,
            width=area.width - 2 * area.padding,
            height=area.height - 2 * area.padding,
            short_side=min(canvas.size),
            is_outlined=box.outline is not None,
        )
        sizes.append(lettering.size if lettering else 0)
        if lettering:
            _paint(canvas, area, box, lettering)
        if words.paragraphs and (lettering is None or lettering.is_cut):
            cut.append(number)
    return Lettered(picture=canvas, missing=tuple(missing), sizes=tuple(sizes), cut=tuple(cut))


@dataclass(frozen=True, slots=True)
class _Area:
    """The whole pixels inside a box, before it is turned."""

    left: int
    top: int
    width: int
    height: int
    padding: int

    @classmethod
    def of(cls, box: TextBox, canvas: Image.Image) -> _Area:
        slack = 1e-6  # 0.7 + 0.3 is a little less than 1
        left, top = ceil(box.x * canvas.width - slack), ceil(box.y * canvas.height - slack)
        width = floor((box.x + box.w) * canvas.width + slack) - left
        height = floor((box.y + box.h) * canvas.height + slack) - top
        # the turn's interpolation reaches two pixels outwards
        padding = max(2 if box.angle else 1, round(PADDING * min(width, height)))
        return cls(left, top, max(0, width), max(0, height), padding)


def _paint(canvas: Image.Image, area: _Area, box: TextBox, lettering: Lettering) -> None:
    """Lay the letters over the canvas: all outlines first, so that none covers a letter of the next line.

    Each layer is exactly as large as the box, so nothing on it can leave the box.
    """
    size = (area.width, area.height)
    outlines, letters, emoji = Image.new("L", size), Image.new("L", size), Image.new("RGBA", size)
    on_outlines, on_letters = ImageDraw.Draw(outlines), ImageDraw.Draw(letters)
    top, width = (area.height - lettering.height) // 2, lettering.outline
    for line in lettering.lines:
        x, y = _start(line, area, box.align, ceil(width)), top + line.baseline
        for run in line.runs:
            if run.face.is_emoji:
                _paste_emoji(emoji, run, lettering.size, x, y)
            else:
                font = load(run.face, lettering.size)
                on_letters.text((x, y), run.text, fill=255, font=font, anchor="ls")
                if width:
                    on_outlines.text((x, y), run.text, fill=255, font=font, anchor="ls", stroke_width=width)
            x += ceil(measured_run(run, lettering.size).advance)
    if box.outline is not None:
        _lay(canvas, area, box.angle, outlines, box.outline)
    _lay(canvas, area, box.angle, letters, box.colour)
    if any(run.face.is_emoji for line in lettering.lines for run in line.runs):
        _lay(canvas, area, box.angle, emoji, None)


def _start(line: Line, area: _Area, align: Align, outline: int) -> int:
    """Where a line's origin lies, so that its ink stands as aligned."""
    room = area.width - 2 * (area.padding + outline) - line.extent.width
    match align:
        case Align.LEFT:
            share = 0.0
        case Align.CENTER:
            share = 0.5
        case Align.RIGHT:
            share = 1.0
    return area.padding + outline + floor(share * room) - floor(line.extent.left)


def _paste_emoji(layer: Image.Image, run: Run, size: int, x: int, y: int) -> None:
    width, height = emoji_size(run, size)
    scaled = emoji_picture(run.face, run.text).resize(
        (width, height), Image.Resampling.LANCZOS, reducing_gap=2.0
    )
    layer.alpha_composite(scaled, (x + round(EMOJI_GAP * size), y + round(EMOJI_BELOW * size) - height))


def _lay(canvas: Image.Image, area: _Area, angle: float, layer: Image.Image, colour: str | None) -> None:
    """Lay a layer over the canvas, turned counter-clockwise around the middle of its box; a mask takes `colour`."""
    left, top = area.left, area.top
    if angle:
        layer, left, top = _turned(layer, area, angle, canvas.size)
    mask = layer if colour else layer.getchannel("A")
    canvas.paste(colour or layer.convert("RGB"), (left, top), mask)


def _turned(
    layer: Image.Image, area: _Area, angle: float, canvas: tuple[int, int]
) -> tuple[Image.Image, int, int]:
    """The layer turned, cut to the canvas, and where its left and top lie there."""
    cosine, sine = cos(radians(angle)), sin(radians(angle))
    across = abs(area.width * cosine) + abs(area.height * sine)
    along = abs(area.width * sine) + abs(area.height * cosine)
    middle_x, middle_y = area.left + area.width / 2, area.top + area.height / 2
    left, top = max(0, floor(middle_x - across / 2)), max(0, floor(middle_y - along / 2))
    right, bottom = min(canvas[0], ceil(middle_x + across / 2)), min(canvas[1], ceil(middle_y + along / 2))
    from_x, from_y = left - middle_x, top - middle_y
    turn = (
        *(cosine, -sine, from_x * cosine - from_y * sine + area.width / 2),
        *(sine, cosine, from_x * sine + from_y * cosine + area.height / 2),
    )
    size = (right - left, bottom - top)
    return layer.transform(size, Image.Transform.AFFINE, turn, Image.Resampling.BICUBIC), left, top


def open_picture(
    data: bytes, *, max_bytes: int = MAX_PICTURE_BYTES, max_pixels: int = MAX_PICTURE_PIXELS
) -> Image.Image:
    """A picture from bytes nobody vouches for: RGB, upright, on white where it was transparent, without metadata.

    Of an animation the first frame. Raises `PictureError` for anything but a whole JPEG, PNG, WebP or GIF, and for more
    bytes or pixels than allowed; the size is read from the header, before anything is decoded.
    """
    if len(data) > max_bytes:
        raise PictureError(f"{len(data):,} bytes are more than {max_bytes:,}")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > max_pixels or max(picture.size) > MAX_PICTURE_SIDE:
                raise TooManyPixels(f"{picture.width} × {picture.height}")
            picture.load()
            return _plain(ImageOps.exif_transpose(picture))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(f"more than {max_pixels:,}") from error
    except BROKEN as error:
        # Pillow's own words name an object by its address in memory
        raise PictureError("no whole JPEG, PNG, WebP or GIF") from error


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in RGB on white, without what Pillow remembers of its file."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip at 255
        picture = picture.convert("I").point(lambda level: level / 257).convert("L")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", picture.size, "#ffffff")
        picture.paste(layer, mask=layer.getchannel("A"))
    plain = picture.convert("RGB")
    plain.info.clear()
    return plain
