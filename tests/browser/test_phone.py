"""On a phone: everything within reach of a thumb, nothing wider than the screen."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import FloatRect, Locator, Page

from annotation.models import Judgment, User
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.driving import READY, Shown, said, settle, tap
from tests.browser.memes import draw_memes, draw_template
from tests.browser.places import furnish

PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}
SMALL: Final[dict[str, Any]] = {**PHONE, "viewport": {"width": 360, "height": 640}}
LYING: Final[dict[str, Any]] = {**PHONE, "viewport": {"width": 844, "height": 390}}
FINGER = 44


def box(element: Locator) -> FloatRect:
    found = element.bounding_box()
    assert found is not None
    return found


def assert_within_the_screen(page: Page, element: Locator) -> None:
    size, found = page.viewport_size, box(element)
    assert size is not None
    assert found["x"] >= 0
    assert found["y"] >= 0
    assert found["x"] + found["width"] <= size["width"]
    assert found["y"] + found["height"] <= size["height"]


def small_targets(page: Page) -> list[str]:
    """What can be tapped and is smaller than a finger; a link inside a line of text may be as low as its line."""
    return [str(found) for found in page.evaluate(
        """(finger) => [...document.querySelectorAll("button, a, summary, input:not([type=hidden]), label:has(input)")]
          .filter((element) => element.checkVisibility() && !element.closest(".jump, p, li") && !element.closest("label:has(input)")?.contains(element.parentElement))
          .map((element) => ({ element, box: element.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0 && (box.height < finger - .5 || box.width < finger - .5))
          .map(({ element, box }) => `${element.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)""",
        FINGER,
    )]  # fmt: skip


@pytest.mark.parametrize(
    "size", [PHONE, SMALL, LYING, {**PHONE, "locale": "zh-CN"}], ids=["phone", "small", "lying", "chinese"]
)
def test_both_memes_the_question_and_every_answer_are_on_the_screen(
    visit: Visit, size: dict[str, Any]
) -> None:
    draw_memes(4)
    page = visit(make_annotator(), **size)
    Shown.on(page)
    wanted = page.locator(
        "#stage h1, #stage .meme, #stage img, #stage .bar > button, #stage summary, #undo button"
    )
    assert wanted.count() == 1 + 2 + 2 + 3 + 1 + 1
    for element in wanted.all():
        assert_within_the_screen(page, element)
    memes = [box(meme) for meme in page.locator("#stage img").all()]
    assert all(meme["height"] >= 140 for meme in memes)
    page.locator("#stage summary").tap()
    for element in page.locator("#stage .reasons, #stage .reasons button").all():
        assert_within_the_screen(page, element)
    assert small_targets(page) == []


def test_memes_stand_one_above_the_other_however_wide_the_picture(visit: Visit) -> None:
    for number, shape in enumerate([(480, 160), (160, 480)]):
        draw_memes(3, template=draw_template(f"Shape {number}", size=shape))
    page = visit(make_annotator(), **PHONE)
    for _ in range(4):
        Shown.on(page)
        upper, lower = (box(meme) for meme in page.locator("#stage .meme").all())
        assert upper["y"] + upper["height"] <= lower["y"]
        assert_within_the_screen(page, page.locator("#stage .bar"))
        tap(page, ".tie")


def test_twenty_pairs_are_judged_by_touch(visit: Visit) -> None:
    draw_memes(8)
    ann = make_annotator()
    page = visit(ann, **PHONE)
    expected = []
    targets = {".meme >> nth=0": "left", ".meme >> nth=1": "right", ".tie": "tie", ".bad": "both_bad"}
    for selector, outcome in [*targets.items()] * 5:
        expected.append((tap(page, selector).assignment, outcome))
    settle(page)
    assert said(ann) == expected
    assert len({judgment.pair_id for judgment in Judgment.objects.all()}) == 20


def test_an_answer_is_undone_by_touch(visit: Visit) -> None:
    draw_memes(4)
    ann = make_annotator()
    page = visit(ann, **PHONE)
    first = tap(page, ".meme >> nth=0")
    settle(page)
    page.locator("#undo button").tap()
    page.locator(f'{READY}[data-assignment="{first.assignment}"]').wait_for()
    assert said(ann) == []


@pytest.mark.parametrize(
    "size",
    [PHONE, {"viewport": {"width": 640, "height": 400}}, {**PHONE, "locale": "zh-CN"}],
    ids=["phone", "zoomed", "chinese"],
)
def test_no_page_is_wider_than_the_screen(visit: Visit, size: dict[str, Any]) -> None:
    places = furnish()
    User.objects.update(warning_seen_at=None)
    for who, paths in places.items():
        page = visit(who, None, **size)
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["viewport"]["width"], path
            if "has_touch" in size:
                assert small_targets(page) == [], path
