"""How a meme is drawn, and which pictures are taken in."""

from __future__ import annotations

import io
import math
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat, JpegImagePlugin

from corpus.errors import LayoutError, PictureError, TextError
from corpus.fitting import Lettering, fit
from corpus.fonts import BUILT_IN, FONT_NAMES, Fonts, built_in, clusters, face_for, has, load
from corpus.lettering import script
from corpus.memes import Align, Case, TemplateLayout, TextBox
from corpus.rendering import MAX_PICTURE_SIDE, Drawing, draw, extension, letter, open_picture

CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
EMOJI = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
needs_fonts = pytest.mark.skipif(
    not (CJK.exists() and EMOJI.exists()),
    reason="Debian's fonts-noto-cjk and fonts-noto-color-emoji are not installed",
)
NOTO = Fonts(cjk=CJK, cjk_face=2, emoji=EMOJI)
WHOLE = TextBox(x=0.0, y=0.0, w=1.0, h=1.0)
GREY = "#808080"


def blank(width: int = 200, height: int = 150) -> Image.Image:
    return Image.new("RGB", (width, height), GREY)


def layout(*boxes: TextBox) -> TemplateLayout:
    return TemplateLayout(width=200, height=150, boxes=boxes)


def ink(
    text: str, box: TextBox = WHOLE, fonts: Fonts = BUILT_IN, size: tuple[int, int] = (200, 150)
) -> Image.Image:
    """Where the text changed the picture, and by how much (mode L)."""
    bare = blank(*size)
    drawn = letter(bare, layout(box), [text], fonts).picture
    red, green, blue = ImageChops.difference(drawn, bare).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def bands(picture: Image.Image) -> int:
    """How many bands of rows with ink there are: the lines of letters without descenders and outlines."""
    rows = [picture.crop((0, y, picture.width, y + 1)).getbbox() is not None for y in range(picture.height)]
    return sum(now and not before for before, now in zip([False, *rows], rows, strict=False))


def lettering(text: str, *, width: int = 300, height: int = 100, fonts: Fonts = BUILT_IN) -> Lettering:
    words = script(text, Case.AS_WRITTEN, fonts.faces(""))
    found = fit(words, width=width, height=height, short_side=400, is_outlined=True)
    assert found is not None
    return found


def written(found: Lettering) -> list[str]:
    return ["".join(run.text for run in line.runs) for line in found.lines]


# Never outside the box

captions = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text(st.sampled_from("AÅgjÖ,.W \n\u0301我。😂"), max_size=120),
    st.lists(st.sampled_from(["when", "you", "Übergrößenträgerin", "is", "😂", "…"]), max_size=60).map(
        " ".join
    ),
)


@st.composite
def boxes(draw: st.DrawFn, *, angles: st.SearchStrategy[float]) -> TextBox:
    x, y = draw(st.floats(0.0, 0.8)), draw(st.floats(0.0, 0.8))
    return TextBox(
        x=x,
        y=y,
        w=draw(st.floats(0.001, 1.0 - x)),
        h=draw(st.floats(0.001, 1.0 - y)),
        angle=draw(angles),
        align=draw(st.sampled_from(Align)),
        case=draw(st.sampled_from(Case)),
        font=draw(st.sampled_from(FONT_NAMES)),
        outline=draw(st.sampled_from([None, "#000000"])),
    )


@settings(deadline=None, max_examples=100)
@given(text=captions, box=boxes(angles=st.just(0.0)))
@example(text="fg jÅ", box=TextBox(x=0.1, y=0.1, w=0.5, h=0.3, case=Case.AS_WRITTEN))
@example(text="😂 我", box=TextBox(x=0.1, y=0.1, w=0.5, h=0.3, align=Align.RIGHT))
def test_no_ink_leaves_its_box_or_is_cut_at_its_edge(text: str, box: TextBox) -> None:
    """A pixel inside the box's edge stays clean: nothing reached it, so nothing was cut there either."""
    found = ink(text, box, NOTO if CJK.exists() and EMOJI.exists() else BUILT_IN).getbbox()
    if found:
        left, top, right, bottom = found
        assert left >= box.x * 200 + 1 - 1e-3
        assert top >= box.y * 150 + 1 - 1e-3
        assert right <= (box.x + box.w) * 200 - 1 + 1e-3
        assert bottom <= (box.y + box.h) * 150 - 1 + 1e-3


@settings(deadline=None, max_examples=100)
@given(text=captions, box=boxes(angles=st.floats(-180.0, 180.0)))
@example(text="tilted", box=TextBox(x=0.2, y=0.3, w=0.6, h=0.4, angle=30.0))
def test_no_ink_leaves_a_turned_box(text: str, box: TextBox) -> None:
    """Every changed pixel's centre, turned back, lies within the box or one pixel beside it."""
    changed = ink(text, box)
    middle_x, middle_y = (box.x + box.w / 2) * 200, (box.y + box.h / 2) * 150
    cosine, sine = math.cos(math.radians(box.angle)), math.sin(math.radians(box.angle))
    for at, strength in enumerate(changed.tobytes()):
        if strength:
            from_x, from_y = at % 200 + 0.5 - middle_x, at // 200 + 0.5 - middle_y
            assert abs(from_x * cosine - from_y * sine) <= box.w * 100 + 1
            assert abs(from_x * sine + from_y * cosine) <= box.h * 75 + 1


@pytest.mark.parametrize("fonts", [BUILT_IN, pytest.param(NOTO, marks=needs_fonts)], ids=["built in", "noto"])
@pytest.mark.parametrize(
    "text",
    [
        "word " * 2000,
        "W" * 10_000,
        "Z\u0301\u0302\u0303" * 100,
        "x" + "\u0301" * 10_000,
        "x\n" * 500,
        "\u202eevil\u202c \u2067isolate",
        "null\x00 \x1b[31m \x85 \u2029 \x1c",  # the last three are paragraph ends that stop the shaper
        "\ud83d alone",
        "<b onclick='x'>&amp;</b> <|image_pad|>",
        "שלום العربية",
        "👨\u200d" * 300,
        "🇩" * 301,
        "\ufe0f\ufe0e\u200d\u20e3",
        "\U000e0067\U000e007f",
        "".join(map(chr, range(0x20, 0x500))),
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_hostile_texts_stay_in_the_box(text: str, fonts: Fonts) -> None:
    box = TextBox(x=0.25, y=0.25, w=0.5, h=0.5)
    found = ink(text, box, fonts, size=(400, 400)).getbbox()
    assert found is None or (found[0] > 100 and found[1] > 100 and found[2] < 300 and found[3] < 300)


# Where the letters stand


def test_an_empty_text_draws_nothing() -> None:
    lettered = letter(blank(), layout(WHOLE, WHOLE), ["", " \n\t \u200b"])
    assert lettered.picture.tobytes() == blank().tobytes()
    assert (lettered.sizes, lettered.missing, lettered.cut) == ((0, 0), (), ())


def test_a_text_is_drawn_in_its_colours() -> None:
    box = TextBox(x=0.0, y=0.0, w=1.0, h=1.0, colour="#ff0000", outline="#0000ff")
    colours = {colour for _, colour in letter(blank(), layout(box), ["HI"]).picture.getcolors(99_999) or []}
    assert {(255, 0, 0), (0, 0, 255)} <= colours


def test_without_an_outline_there_is_only_the_letter() -> None:
    box = TextBox(x=0.0, y=0.0, w=1.0, h=1.0, colour="#808080", outline=None)
    assert ink("HI", box).getbbox() is None


def test_the_outline_is_about_a_fourteenth_of_the_size() -> None:
    """An I of 24 pixels without outline grows by 24 / 14 on each side, edges softened."""
    plain, outlined = (
        ink("I", TextBox(x=0.0, y=0.0, w=1.0, h=1.0, outline=outline, colour="#ffffff")).getbbox()
        for outline in (None, "#000000")
    )
    assert plain is not None
    assert outlined is not None
    assert 2 <= (outlined[2] - outlined[0]) - (plain[2] - plain[0]) <= 6


@pytest.mark.parametrize(
    ("align", "left", "right"), [(Align.LEFT, 7, None), (Align.RIGHT, None, 7), (Align.CENTER, None, None)]
)
def test_a_text_stands_where_it_is_aligned(align: Align, left: int | None, right: int | None) -> None:
    """Padding 4 of 150, outline 2, side bearing: the ink begins within 7 pixels of the edge; centred, both sides agree."""
    found = ink("HI", TextBox(x=0.0, y=0.0, w=1.0, h=1.0, align=align)).getbbox()
    assert found is not None
    room = found[0], 200 - found[2]
    if left is not None:
        assert room[0] <= left < room[1]
    elif right is not None:
        assert room[1] <= right < room[0]
    else:
        assert abs(room[0] - room[1]) <= 2


def test_a_text_stands_in_the_middle_of_its_height() -> None:
    found = ink("HH").getbbox()
    assert found is not None
    assert abs(found[1] - (150 - found[3])) <= 2


def test_a_line_break_is_honoured() -> None:
    box = TextBox(x=0.0, y=0.0, w=1.0, h=1.0, outline=None)
    assert [bands(ink(text, box)) for text in ("A B", "A\nB", "A\n\nB\nC")] == [1, 2, 3]


def test_a_box_sets_its_case() -> None:
    def drawn(text: str, case: Case) -> bytes:
        return ink(text, TextBox(x=0.0, y=0.0, w=1.0, h=1.0, case=case)).tobytes()

    assert drawn("Straße", Case.UPPER) == drawn("STRASSE", Case.AS_WRITTEN)
    assert drawn("GaG", Case.LOWER) == drawn("gag", Case.AS_WRITTEN)
    assert drawn("GaG", Case.AS_WRITTEN) not in (drawn("GaG", Case.UPPER), drawn("GaG", Case.LOWER))


def test_a_box_may_choose_the_other_font() -> None:
    assert ink("HI").tobytes() != ink("HI", TextBox(x=0.0, y=0.0, w=1.0, h=1.0, font="sans")).tobytes()


@pytest.mark.parametrize(("angle", "turned"), [(90.0, 90), (-90.0, 270), (180.0, 180)])
def test_a_box_is_turned_counter_clockwise_around_its_middle(angle: float, turned: int) -> None:
    upright = ink("Fg", TextBox(x=0.2, y=0.2, w=0.6, h=0.6), size=(200, 200))
    found = ink("Fg", TextBox(x=0.2, y=0.2, w=0.6, h=0.6, angle=angle), size=(200, 200))
    difference = ImageChops.difference(upright.rotate(turned), found)
    assert upright.getbbox() != found.getbbox()
    assert ImageStat.Stat(difference).extrema[0][1] <= 2


def test_a_slightly_turned_text_rises_to_the_right() -> None:
    found = ink("-----------", TextBox(x=0.0, y=0.2, w=1.0, h=0.6, angle=15.0))
    left, right = found.crop((0, 0, 100, 150)).getbbox(), found.crop((100, 0, 200, 150)).getbbox()
    assert left is not None
    assert right is not None
    assert right[3] < left[3]


def test_every_box_gets_its_own_text() -> None:
    places = [(column / 4, row / 2) for row in range(2) for column in range(4)]
    eight = layout(*(TextBox(x=x, y=y, w=0.25, h=0.5) for x, y in places))
    for number, (x, y) in enumerate(places):
        texts = ["HI" if box == number else "" for box in range(8)]
        found = ImageChops.difference(letter(blank(), eight, texts).picture, blank()).getbbox()
        assert found is not None
        assert x * 200 < found[0] < found[2] < (x + 0.25) * 200
        assert y * 150 < found[1] < found[3] < (y + 0.5) * 150


# How the letters are fitted


def test_a_longer_text_is_smaller() -> None:
    sizes = [lettering("so many words " * times).size for times in (1, 3, 9)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 2 * sizes[2]


def test_a_text_is_as_large_as_its_box_allows() -> None:
    """One size up it would need more than the room, or it is at the limit for the picture."""
    assert lettering("HI").size == round(0.16 * 400)
    wide = lettering("incomprehensibilities")
    (extent,) = (line.extent for line in wide.lines)
    assert 0.9 * 300 < extent.width + 2 * wide.outline <= 300


def test_lines_are_balanced() -> None:
    """Filled greedily, the second line would be less than half as wide as the first."""
    found = lettering("the quick brown fox jumps over the lazy dog at noon", height=50)
    widths = [line.extent.width for line in found.lines]
    assert len(widths) == 2
    assert min(widths) > 0.85 * max(widths)


def test_words_stay_whole_while_they_can() -> None:
    assert written(lettering("Donaudampfschifffahrtsgesellschaft")) == ["Donaudampfschifffahrtsgesellschaft"]


def test_a_word_too_long_for_any_size_is_broken() -> None:
    found = lettering("W" * 120)
    assert len(found.lines) > 1
    assert "".join(written(found)) == "W" * 120
    assert not found.is_cut


def test_a_text_too_long_for_the_box_ends_in_an_ellipsis_and_is_reported() -> None:
    box = TextBox(x=0.0, y=0.0, w=0.5, h=0.2)
    lettered = letter(blank(), layout(box, WHOLE), ["word " * 200, "short"])
    assert lettered.cut == (0,)
    assert written(lettering("word " * 2000))[-1].endswith("word…")


def test_a_box_without_room_for_a_letter_is_reported() -> None:
    lettered = letter(blank(), layout(TextBox(x=0.5, y=0.5, w=0.01, h=0.01)), ["HI"])
    assert (lettered.sizes, lettered.cut) == ((0,), (0,))


def test_long_compounds_may_break_after_a_hyphen() -> None:
    found = lettering("mother-in-law", width=120)
    assert written(found)[0] == "mother-"


def test_the_same_box_holds_the_same_share_of_any_size_of_picture() -> None:
    box = TextBox(x=0.1, y=0.1, w=0.8, h=0.3)
    small = ink("SCALE", box, size=(200, 150)).getbbox()
    large = ink("SCALE", box, size=(800, 600)).getbbox()
    assert small is not None
    assert large is not None
    assert [4 * edge for edge in small] == pytest.approx(large, abs=12)


# Fonts


@pytest.mark.parametrize("name", FONT_NAMES)
@pytest.mark.parametrize("character", "aZ9ïÜéßñÇ€…’“”—ığŻ")
def test_the_built_in_fonts_have_latin(name: str, character: str) -> None:
    assert has(built_in(name), character)


@pytest.mark.parametrize("character", ["Ж", "中", "あ", "한", "א", "😂", "\ue000", "\u0378", "\U0010ffff"])
def test_a_character_without_a_glyph_is_reported_and_left_out(character: str) -> None:
    lettered = letter(blank(), layout(WHOLE), [f"A{character}B{character}"])
    assert lettered.missing == (character.upper(),)
    assert lettered.picture.tobytes() == letter(blank(), layout(WHOLE), ["AB"]).picture.tobytes()


def test_missing_characters_are_reported_once_in_reading_order() -> None:
    assert letter(blank(), layout(WHOLE, WHOLE), ["中a文", "文b字"]).missing == ("中", "文", "字")


def test_a_letter_is_kept_when_only_its_mark_is_missing() -> None:
    lettered = letter(blank(), layout(WHOLE), ["A\u20dd"])
    assert lettered.missing == ("\u20dd",)
    assert lettered.picture.tobytes() == letter(blank(), layout(WHOLE), ["A"]).picture.tobytes()


@pytest.mark.parametrize("name", FONT_NAMES)
def test_coverage_agrees_with_what_is_drawn(name: str) -> None:
    """No covered letter looks like the box that stands for a missing glyph, and what is not covered looks like nothing else."""
    face = built_in(name)
    box = bytes(load(face, 40).getmask("\U0010ffff"))
    for code in [*range(0x21, 0x7F), *range(0xA1, 0x250), *range(0x400, 0x500), *range(0x4E00, 0x4E20)]:
        if code != 0xAD:  # the soft hyphen is never drawn
            assert (bytes(load(face, 40).getmask(chr(code))) != box) == has(face, chr(code)), hex(code)


def test_an_unknown_font_is_refused_by_name() -> None:
    with pytest.raises(LayoutError, match="Comic Sans") as refusal:
        draw(blank(), layout(TextBox(x=0.0, y=0.0, w=1.0, h=1.0, font="Comic Sans")), ["HI"])
    assert refusal.value.field == "font"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ab", ["a", "b"]),
        ("e\u0301a", ["e\u0301", "a"]),
        ("👨\u200d👩\u200d👧!", ["👨\u200d👩\u200d👧", "!"]),
        ("❤\ufe0f👍🏽", ["❤\ufe0f", "👍🏽"]),
        ("🇩🇪🇫🇷🇨", ["🇩🇪", "🇫🇷", "🇨"]),
        ("1\ufe0f\u20e32", ["1\ufe0f\u20e3", "2"]),
        ("a\u200db", ["a\u200d", "b"]),
    ],
)
def test_characters_are_taken_as_a_reader_counts_them(text: str, found: list[str]) -> None:
    assert clusters(text) == found


@needs_fonts
@pytest.mark.parametrize(
    ("cluster", "font"),
    [
        ("a", "Anton"),
        ("1", "Anton"),
        ("©", "Anton"),
        ("Ж", "CJK"),
        ("中", "CJK"),
        ("。", "CJK"),
        ("한", "CJK"),
        ("😂", "Emoji"),
        ("❤\ufe0f", "Emoji"),
        ("©\ufe0f", "Emoji"),
        ("1\ufe0f\u20e3", "Emoji"),
        ("🇩🇪", "Emoji"),
        ("👨\u200d👩\u200d👧", "Emoji"),
    ],
)
def test_a_character_takes_the_first_font_that_has_it(cluster: str, font: str) -> None:
    _, face, missing = face_for(cluster, NOTO.faces(""))
    assert face is not None
    assert font in face.path.name
    assert missing == ""


@needs_fonts
def test_emoji_are_drawn_in_their_own_colours_at_the_size_of_the_letters() -> None:
    lettered = letter(blank(), layout(WHOLE), ["HI 😂"], NOTO)
    assert lettered.missing == ()
    red, _, blue = lettered.picture.split()
    assert (
        ImageChops.subtract(red, blue).crop((0, 0, 200, 150)).getbbox() is not None
    )  # letters and picture are grey
    only_emoji, letters = ink("😂", fonts=NOTO).getbbox(), ink("H").getbbox()
    assert only_emoji is not None
    assert letters is not None
    assert only_emoji[3] - only_emoji[1] == pytest.approx(letters[3] - letters[1], rel=0.4)


@needs_fonts
@pytest.mark.parametrize("sequence", ["👨\u200d👩\u200d👧", "🇩🇪", "👍🏽", "1\ufe0f\u20e3"])
def test_an_emoji_sequence_is_one_picture(sequence: str) -> None:
    one, found = ink("😂", fonts=NOTO).getbbox(), ink(sequence, fonts=NOTO).getbbox()
    assert one is not None
    assert found is not None
    assert found[2] - found[0] <= 1.2 * (one[2] - one[0])


@needs_fonts
def test_chinese_breaks_between_characters_but_never_before_a_comma() -> None:
    text = "我不想上班，我只想在家里睡觉。今天是星期五！"
    for width in range(60, 300, 15):
        lines = written(lettering(text, width=width, height=300, fonts=NOTO))
        assert "".join(lines) == text
        assert not [line for line in lines if line[0] in "，。！"]


@needs_fonts
def test_korean_breaks_at_spaces() -> None:
    text = "오늘은 정말 아무것도 하고 싶지 않아요"
    assert " ".join(written(lettering(text, width=120, height=300, fonts=NOTO))) == text


# The drawn meme


def test_a_meme_is_a_plain_full_colour_jpeg() -> None:
    picture = blank()
    picture.info.update(comment=b"secret", dpi=(300, 300), exif=b"Exif\x00\x00secret", icc_profile=b"secret")
    drawing = draw(picture, layout(WHOLE), ["HI"])
    assert (drawing.width, drawing.height) == (200, 150)
    assert b"secret" not in drawing.data
    with Image.open(io.BytesIO(drawing.data)) as found:
        assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (200, 150))
        assert JpegImagePlugin.get_sampling(found) == 0  # 4:4:4
        assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert picture.info["comment"] == b"secret"  # the caller's picture is not touched
    assert picture.tobytes() == blank().tobytes()


SAME = """
import hashlib
from PIL import Image
from corpus.memes import TemplateLayout, TextBox
from corpus.rendering import draw
boxes = (TextBox(x=0.0, y=0.0, w=1.0, h=0.5), TextBox(x=0.2, y=0.5, w=0.7, h=0.4, angle=12.0, font="sans"))
drawing = draw(Image.linear_gradient("L"), TemplateLayout(width=256, height=256, boxes=boxes), ["same bytes", "in any process"])
print(hashlib.sha256(drawing.data).hexdigest())
"""


def draw_same() -> Drawing:
    boxes_drawn = (
        TextBox(x=0.0, y=0.0, w=1.0, h=0.5),
        TextBox(x=0.2, y=0.5, w=0.7, h=0.4, angle=12.0, font="sans"),
    )
    return draw(Image.linear_gradient("L"), layout(*boxes_drawn), ["same bytes", "in any process"])


def test_the_same_input_gives_the_same_bytes_in_another_process() -> None:
    other = subprocess.run([sys.executable, "-c", SAME], check=True, capture_output=True, text=True)
    assert other.stdout.strip() == sha256(draw_same().data).hexdigest()


def test_the_same_input_gives_the_same_bytes_in_every_thread() -> None:
    expected = draw_same().data
    with ThreadPoolExecutor(4) as pool:
        assert {future.result().data for future in [pool.submit(draw_same) for _ in range(16)]} == {expected}


@pytest.mark.parametrize("texts", [[], ["one", "two"]])
def test_a_wrong_number_of_texts_is_refused(texts: list[str]) -> None:
    with pytest.raises(TextError, match=f"1 text boxes, not {len(texts)}"):
        draw(blank(), layout(WHOLE), texts)


# Pictures taken in


def stored(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")]
)
def test_pictures_of_the_web_are_opened(kind: str, name: str) -> None:
    data = stored(blank(20, 10), kind)
    picture = open_picture(data)
    assert (picture.mode, picture.size, picture.info) == ("RGB", (20, 10), {})
    assert picture.getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=2)
    assert extension(data) == name


def test_the_bytes_of_a_meme_are_stored_as_jpg() -> None:
    assert extension(draw(blank(), layout(WHOLE), ["HI"]).data) == "jpg"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, this is text",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script/></svg>",
        b"%PDF-1.7",
        stored(blank(), "BMP"),
        stored(blank(), "TIFF"),
        stored(blank(), "ICO"),
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n" + bytes(64),
        b"GIF89a",
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    ],
    ids=lambda data: ascii(data[:8].decode("latin-1")),
)
def test_what_is_no_picture_of_the_web_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError, match="this picture cannot be used"):
        open_picture(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(kind: str, share: float) -> None:
    noise = Image.effect_noise((64, 64), 50).convert("RGB")
    data = stored(noise, kind)
    with pytest.raises(PictureError):
        open_picture(data[: int(share * len(data))])


@settings(deadline=None, max_examples=200)
@given(
    at=st.integers(0, 400), change=st.integers(1, 255), kind=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"])
)
def test_a_damaged_picture_is_opened_or_refused_and_nothing_else(at: int, change: int, kind: str) -> None:
    data = bytearray(stored(Image.linear_gradient("L").resize((24, 24)), kind))
    data[at % len(data)] ^= change
    with suppress(PictureError):
        assert open_picture(bytes(data)).mode == "RGB"


def bomb(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes whose header promises so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "size", [(10_000, 5_000), (12_000, 9_000), (100_000, 100_000), (MAX_PICTURE_SIDE + 1, 1)]
)
def test_a_decompression_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match=r"pixels are too many|exceeds limit"):
        open_picture(bomb(*size))


def test_limits_can_be_set_lower() -> None:
    data = stored(blank(20, 10), "PNG")
    open_picture(data, max_bytes=len(data), max_pixels=200)
    with pytest.raises(PictureError, match="20 × 10 pixels are too many"):
        open_picture(data, max_pixels=199)
    with pytest.raises(PictureError, match="bytes are more than"):
        open_picture(data, max_bytes=len(data) - 1)


def test_transparency_becomes_white() -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    for data in (
        stored(clear, "PNG"),
        stored(clear.convert("LA"), "PNG"),
        stored(clear, "GIF"),
        stored(clear, "WEBP"),
    ):
        assert open_picture(data).getpixel((2, 2)) == (255, 255, 255)
    half = stored(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG")
    assert open_picture(half).getpixel((2, 2)) == pytest.approx((127, 127, 127), abs=1)


def test_a_photograph_is_turned_upright() -> None:
    photograph = Image.new("RGB", (40, 20), "#ff0000")
    ImageDraw.Draw(photograph).rectangle((0, 0, 19, 19), fill="#0000ff")  # blue on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter: blue comes on top
    picture = open_picture(stored(photograph, "JPEG", exif=exif, quality=95, subsampling=0))
    assert picture.size == (20, 40)
    assert picture.getpixel((10, 5)) == pytest.approx((0, 0, 255), abs=8)
    assert "exif" not in picture.info


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("#ff0000", "#00ff00")]
    for kind in ("GIF", "WEBP"):
        data = stored(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
        assert open_picture(data).getpixel((4, 4)) == pytest.approx((255, 0, 0), abs=4)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG"),
        (lambda: Image.new("P", (4, 4), 1), "PNG"),
        (lambda: Image.new("1", (4, 4), 1), "PNG"),
        (lambda: Image.new("L", (4, 4), 9), "JPEG"),
    ],
    ids=["cmyk", "palette", "bilevel", "grey"],
)
def test_every_kind_of_pixel_becomes_rgb(make: Callable[[], Image.Image], kind: str) -> None:
    assert open_picture(stored(make(), kind)).mode == "RGB"


def test_sixteen_bits_of_grey_keep_their_tone() -> None:
    grey = Image.new("I;16", (4, 4), 0x8080)
    assert open_picture(stored(grey, "PNG")).getpixel((1, 1)) == pytest.approx((128, 128, 128), abs=1)
