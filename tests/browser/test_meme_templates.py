"""Meme templates by hand, in a real browser: a picture, its boxes by mouse, finger and keyboard, the preview, proposals."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

from annotation.models import Meme, MemeTemplate, Role, User
from annotation.pictures import load_picture
from annotation.services import judging
from annotation.services.meme_templates import upload_template
from corpus.memes import TextBox
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.memes import draw_memes
from tests.browser.test_phone import PHONE, small_targets

PRECISION = 0.012  # of the picture: a pixel or two of rounding


def admin() -> User:
    return make_annotator("root", roles=frozenset({Role.ADMIN, Role.ANNOTATOR}))


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (480, 360), "#4fc9c0").save(buffer, "PNG")
    return buffer.getvalue()


def uploaded(by: User) -> MemeTemplate:
    return upload_template(by=by, name="Two words", picture=picture()).template


def drawn(page: Page) -> int:
    """How many previews were painted; waits until none is under way."""
    page.wait_for_function(
        "() => ['fine', 'careful'].includes(document.getElementById('preview-says').dataset.state)"
    )
    return int(page.locator("#preview").get_attribute("data-drawn") or 0)


def pixels(page: Page) -> str:
    return str(page.evaluate("document.getElementById('preview').toDataURL()"))


def redrawn(page: Page, before: str) -> str:
    """The preview, once it shows something else than before."""
    page.wait_for_function(
        "(before) => document.getElementById('preview').toDataURL() !== before", arg=before
    )
    drawn(page)
    return pixels(page)


def area(page: Page) -> FloatRect:
    """Where the picture lies on the screen."""
    image = page.locator("#canvas img")
    image.scroll_into_view_if_needed()
    found = image.bounding_box()
    assert found is not None
    return found


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """A point of the picture, on the screen."""
    found = area(page)
    return found["x"] + x * found["width"], found["y"] + y * found["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one point of the picture to another, by mouse."""
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    page.mouse.move(*at(page, *end))
    page.mouse.up()


def layers(page: Page) -> Locator:
    return page.locator("#canvas .box:visible")


def field(page: Page, box: int, name: str) -> Locator:
    """A field of the box at this place of the reading order, counted from 1."""
    return page.locator(f"#slots .slot:visible >> nth={box - 1}").locator(f"[name$='-{name}']")


def places(page: Page) -> list[tuple[float, ...]]:
    """The numbers of the form, in reading order: x, y, w, h as shares, angle in degrees."""
    count = page.locator("#slots .slot:visible").count()
    rows = [
        [float(field(page, box, name).input_value()) for name in ("x", "y", "w", "h", "angle")]
        for box in range(1, count + 1)
    ]
    return [(*(value / 100 for value in row[:4]), row[4]) for row in rows]


def stored(template: MemeTemplate) -> list[tuple[float, ...]]:
    def place(box: TextBox) -> tuple[float, ...]:
        return (box.x, box.y, box.w, box.h, box.angle)

    return [place(box) for box in MemeTemplate.objects.get(pk=template.pk).layout.boxes]


def about(*numbers: float) -> Any:
    return pytest.approx(numbers, abs=PRECISION)


def save(page: Page) -> None:
    page.locator("#save").click()
    page.get_by_text("Saved.").wait_for()


def editor(visit: Visit, **options: Any) -> tuple[Page, MemeTemplate]:
    root = admin()
    template = uploaded(root)
    page = visit(root, f"/meme-templates/{template.pk}/", **options)
    drawn(page)
    return page, template


def test_a_picture_is_uploaded_laid_out_and_saved_and_a_reload_shows_the_same(
    visit: Visit, tmp_path: Path
) -> None:
    file = tmp_path / "grumpy_cat-2.png"
    file.write_bytes(picture())
    page = visit(admin(), "/meme-templates/")
    page.get_by_role("link", name="Add a picture").click()
    page.set_input_files("#id_picture", file)
    expect(page.locator("#picked")).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("Grumpy cat 2")
    page.get_by_role("button", name="On to the boxes").click()
    page.get_by_text("The picture is in. Now the boxes.").wait_for()
    template = MemeTemplate.objects.get()
    before = (drawn(page), pixels(page))[1]
    drag(page, (0.3, 0.4), (0.7, 0.6))  # a new box
    assert places(page)[2] == about(0.3, 0.4, 0.4, 0.2, 0)
    before = redrawn(page, before)
    drag(page, (0.5, 0.5), (0.55, 0.45))  # moved
    assert places(page)[2] == about(0.35, 0.35, 0.4, 0.2, 0)
    drag(page, (0.75, 0.55), (0.85, 0.65))  # by its lower right corner
    assert places(page)[2] == about(0.35, 0.35, 0.5, 0.3, 0)
    before = redrawn(page, before)
    page.keyboard.press("r")
    page.keyboard.press("r")
    page.keyboard.press("Shift+R")
    assert places(page)[2][4] == 5
    redrawn(page, before)
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    shown = places(page)
    save(page)
    assert stored(template) == [pytest.approx(place) for place in shown]
    page.reload()
    drawn(page)
    assert places(page) == [pytest.approx(place) for place in shown]
    assert layers(page).count() == 3
    expect(page.get_by_text("Not saved yet.")).to_be_hidden()


def test_boxes_are_moved_stretched_turned_and_deleted_by_keyboard_alone(visit: Visit) -> None:
    page, template = editor(visit)
    layers(page).first.focus()
    for key in (
        "ArrowRight",
        "ArrowDown",
        "ArrowDown",
        "Shift+ArrowLeft",
        "Shift+ArrowDown",
        "Alt+ArrowLeft",
    ):
        page.keyboard.press(key)
    assert places(page)[0] == about(0.028, 0.04, 0.95, 0.25, 0)
    page.keyboard.press("Tab")
    expect(layers(page).nth(1)).to_be_focused()
    page.keyboard.press("r")
    assert places(page)[1][4] == 5
    page.keyboard.press("Delete")
    assert len(places(page)) == 1
    expect(layers(page).first).to_be_focused()
    page.keyboard.press("Delete")  # the last one stays
    assert len(places(page)) == 1
    page.keyboard.press("Control+z")
    assert len(places(page)) == 2
    assert places(page)[1][4] == 5
    page.keyboard.press("Control+z")
    assert places(page)[1][4] == 0
    page.keyboard.press("Control+Shift+Z")
    assert places(page)[1][4] == 5
    save(page)
    assert stored(template)[1][4] == 5


@pytest.mark.parametrize(
    ("handle", "to", "expected"),
    [
        ("nw", (0.1, 0.2), (0.1, 0.2, 0.7, 0.6)),
        ("n", (0.5, 0.1), (0.2, 0.1, 0.6, 0.7)),
        ("ne", (0.9, 0.3), (0.2, 0.3, 0.7, 0.5)),
        ("e", (0.95, 0.5), (0.2, 0.4, 0.75, 0.4)),
        ("se", (0.5, 0.6), (0.2, 0.4, 0.3, 0.2)),
        ("s", (0.5, 1.2), (0.2, 0.4, 0.6, 0.6)),
        ("sw", (0.4, 0.7), (0.4, 0.4, 0.4, 0.3)),
        ("w", (-0.3, 0.5), (0.0, 0.4, 0.8, 0.4)),
    ],
)
def test_each_handle_moves_its_own_sides_and_never_out_of_the_picture(
    visit: Visit, handle: str, to: tuple[float, float], expected: Sequence[float]
) -> None:
    page, _ = editor(visit)
    place(page, 1, x=20, y=40, w=60, h=40)
    layers(page).first.focus()
    found = layers(page).first.locator(f"[data-handle={handle}]").bounding_box()
    assert found is not None
    page.mouse.move(found["x"] + found["width"] / 2, found["y"] + found["height"] / 2)
    page.mouse.down()
    page.mouse.move(*at(page, *to), steps=3)
    page.mouse.up()
    assert places(page)[0] == about(*expected, 0)


def place(page: Page, box: int, **numbers: float) -> None:
    """Type the numbers of a box."""
    details = page.locator(f"#slots .slot:visible >> nth={box - 1}").locator("details")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    for name in ("w", "h", "x", "y", "angle"):
        if name in numbers:
            field(page, box, name).fill(str(numbers[name]))
            field(page, box, name).blur()


def test_a_turned_box_keeps_its_opposite_corner_while_it_is_stretched(visit: Visit) -> None:
    page, _ = editor(visit)
    place(page, 1, x=35, y=35, w=30, h=30, angle=90)
    layers(page).first.focus()
    fixed = page.evaluate(CORNER, "nw")
    found = layers(page).first.locator("[data-handle=se]").bounding_box()
    assert found is not None
    x, y = found["x"] + found["width"] / 2, found["y"] + found["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y - 30, steps=3)
    page.mouse.up()
    _, _, w, h, angle = places(page)[0]
    assert (w, h) == about(0.3 + 30 / area(page)["width"], 0.3 + 40 / area(page)["height"])
    assert angle == 90
    assert page.evaluate(CORNER, "nw") == pytest.approx(fixed, abs=2)


CORNER = """(handle) => {
  const box = document.querySelector(`#canvas .box:not([hidden]) [data-handle=${handle}]`).getBoundingClientRect();
  const picture = document.querySelector("#canvas img").getBoundingClientRect();
  return [box.left + box.width / 2 - picture.left, box.top + box.height / 2 - picture.top];
}"""


def test_a_box_is_turned_by_its_knob_around_its_middle(visit: Visit) -> None:
    page, _ = editor(visit)
    place(page, 1, x=30, y=30, w=40, h=40)
    layers(page).first.focus()
    frame = area(page)
    knob = layers(page).first.locator("[data-handle=turn]").bounding_box()
    assert knob is not None
    x, y = knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2
    middle_x, middle_y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    # A quarter to the left: what stood above the middle stands left of it.
    page.mouse.move(middle_x + (y - middle_y), middle_y - (x - middle_x), steps=4)
    page.mouse.up()
    assert places(page)[0] == about(0.3, 0.3, 0.4, 0.4, 90)


def test_numbers_and_picture_follow_each_other(visit: Visit) -> None:
    page, _ = editor(visit)
    before = pixels(page)
    place(page, 1, x=50, y=50, w=70, h=20)
    assert places(page)[0] == about(0.3, 0.5, 0.7, 0.2, 0)  # kept inside
    shown, frame = layers(page).first.bounding_box(), area(page)
    assert shown is not None
    assert (shown["x"] - frame["x"]) / frame["width"] == pytest.approx(0.3, abs=PRECISION)
    assert shown["height"] / frame["height"] == pytest.approx(0.2, abs=PRECISION)
    before = redrawn(page, before)
    field(page, 1, "example").fill("Something else")
    before = redrawn(page, before)
    field(page, 1, "colour").fill("#ff0000")
    before = redrawn(page, before)
    field(page, 2, "example").fill("far too long for this box " * 10)
    place(page, 2, w=10, h=10)
    expect(page.locator("#preview-says")).to_have_text("The text is too long for box 2")
    field(page, 2, "w").fill("")
    expect(page.locator("#preview-says")).to_have_text("The numbers of a box are not right yet.")


def test_the_reading_order_is_changed_and_saved(visit: Visit) -> None:
    page, template = editor(visit)
    page.locator("#slots .slot:visible >> nth=1").get_by_role("button", name="Read earlier").click()
    assert [place[1] for place in places(page)] == [0.74, 0.02]
    assert layers(page).first.locator("b").inner_text() == "1"
    assert field(page, 1, "example").input_value() == "The joke has room to land"
    save(page)
    assert [place[1] for place in stored(template)] == [0.74, 0.02]


def test_eight_boxes_are_enough(visit: Visit) -> None:
    page, template = editor(visit)
    for _ in range(6):
        page.get_by_role("button", name="Add a box").click()
    expect(page.get_by_role("button", name="Add a box")).to_be_disabled()
    drag(page, (0.02, 0.3), (0.2, 0.6))
    assert len(places(page)) == 8
    save(page)
    assert len(stored(template)) == 8


def test_without_javascript_the_numbers_do(visit: Visit) -> None:
    root = admin()
    template = uploaded(root)
    page = visit(root, f"/meme-templates/{template.pk}/", java_script_enabled=False)
    for number in (0, 1, 2):
        page.locator(f"[data-slot='{number}'] summary").click()
    page.locator("[name=box-0-x]").fill("10")
    page.locator("[name=box-0-w]").fill("80")
    for name, value in {"x": 30, "y": 40, "w": 40, "h": 20, "order": 1}.items():
        page.locator(f"[name=box-2-{name}]").fill(str(value))
    page.locator("[name=box-0-order]").fill("2")
    page.locator("[name=box-1-order]").fill("3")
    page.locator("#save").click()
    assert [place[:4] for place in stored(template)] == [
        (0.3, 0.4, 0.4, 0.2),
        (0.1, 0.02, 0.8, 0.24),
        (0.02, 0.74, 0.96, 0.24),
    ]
    expect(page.get_by_role("button", name="Draw a preview")).to_be_visible()


def test_what_people_were_shown_is_fixed_and_previewed(visit: Visit) -> None:
    root = admin()
    template = draw_memes(4)[0].template
    judging.next_assignments(annotator=make_annotator())
    page = visit(root, f"/meme-templates/{template.pk}/")
    drawn(page)
    expect(page.get_by_text("The boxes are fixed: people have been shown memes of it")).to_be_visible()
    before, shown = pixels(page), places(page)
    drag(page, (0.5, 0.15), (0.5, 0.5))
    drag(page, (0.3, 0.45), (0.7, 0.55))
    layers(page).first.focus()
    page.keyboard.press("ArrowDown")
    assert places(page) == shown
    field(page, 1, "example").fill("Another text")
    redrawn(page, before)
    page.locator("#id_name").fill("Another name")
    save(page)
    assert MemeTemplate.objects.get().name == "Another name"


def test_boxes_are_drawn_and_moved_by_a_finger_on_a_phone(visit: Visit) -> None:
    page, template = editor(visit, **PHONE)
    touch(page, at(page, 0.3, 0.4), at(page, 0.7, 0.6))
    assert places(page)[2] == about(0.3, 0.4, 0.4, 0.2, 0)
    touch(page, at(page, 0.5, 0.5), at(page, 0.4, 0.55))
    assert places(page)[2] == about(0.2, 0.45, 0.4, 0.2, 0)
    touch(page, at(page, 0.6, 0.65), at(page, 0.9, 0.7))
    assert places(page)[2] == about(0.2, 0.45, 0.7, 0.25, 0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert small_targets(page) == []
    save(page)
    assert len(stored(template)) == 3


def touch(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A finger put down, drawn over the screen, and lifted."""
    session = page.context.new_cdp_session(page)

    def event(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    event("touchStart", start)
    event("touchMove", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    event("touchMove", end)
    event("touchEnd")
    session.detach()


def test_a_caption_is_proposed_on_a_phone(visit: Visit) -> None:
    template, ann = uploaded(admin()), make_annotator()
    MemeTemplate.objects.update(proposals_open=True)
    page = visit(ann, "/propose/", **PHONE)
    page.get_by_role("link", name="Two words").tap()
    expect(page.locator("#canvas .box:visible")).to_have_count(2)
    page.get_by_label("Text 1").fill("When the thumb is enough")
    expect(page.locator("#preview")).to_be_visible()
    drawn(page)
    expect(page.locator("#preview-says")).to_have_text("Every text fits.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert small_targets(page) == []
    page.get_by_role("button", name="Propose it").tap()
    page.get_by_text("Thank you!").wait_for()
    meme = Meme.objects.get()
    assert (meme.template, meme.texts, meme.status, meme.proposed_by) == (
        template,
        ["When the thumb is enough", ""],
        "pending",
        ann,
    )
    assert Image.open(io.BytesIO(load_picture(meme.picture))).size == (480, 360)
    page.goto("/propose/")
    expect(page.get_by_text("waiting for moderation")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert small_targets(page) == []


def test_a_picture_that_is_pasted_is_taken_and_one_that_is_none_is_refused(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit(admin(), "/meme-templates/new/")
    page.evaluate(PASTE, [list(picture()), "image/png"])
    expect(page.locator("#picked")).to_be_visible()
    page.evaluate(PASTE, [[1, 2, 3], "image/png"])
    expect(page.get_by_text("This is no picture that can be used.")).to_be_visible()
    page.evaluate(PASTE, [list(picture()), "image/png"])
    page.locator("#id_name").fill("Pasted")
    page.get_by_role("button", name="On to the boxes").click()
    page.get_by_text("The picture is in. Now the boxes.").wait_for()
    assert MemeTemplate.objects.get().name == "Pasted"


PASTE = """([bytes, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "image.png", { type }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
