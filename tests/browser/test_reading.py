"""The page for everybody: two languages, names for what is pressed, contrast, focus, no motion for those who want none."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from annotation.models import User
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.driving import Shown, line_up, press
from tests.browser.memes import draw_memes
from tests.browser.places import furnish

# Contrast as WCAG 2 has it, of every element with text of its own, against the nearest backgrounds below it, laid over each other.
LOW_CONTRAST = """() => {
  const rgba = (text) => {
    const numbers = text.match(/[\\d.]+/g).map(Number);
    return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
  };
  const over = (top, below) => top.rgb.map((value, index) => value * top.alpha + below[index] * (1 - top.alpha));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((v) => (v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const texts = [...document.body.querySelectorAll("*")].filter((element) => seen(element) && !element.closest("#warning ~ *") &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()));
  const found = texts.map((element) => {
    const style = getComputedStyle(element);
    const back = behind(element);
    const [dark, bright] = [light(over(rgba(style.color), back)), light(back)].sort((one, other) => one - other);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    return { ratio: (bright + .05) / (dark + .05), wanted: large ? 3 : 4.5, text: element.textContent.trim().slice(0, 40) };
  });
  return { checked: found.length, low: found.filter(({ ratio, wanted }) => ratio < wanted) };
}"""

NAMELESS = """() => {
  const named = (element) => (element.getAttribute("aria-label") ?? element.innerText).trim() ||
    [...element.querySelectorAll("img")].some((picture) => picture.alt.trim());
  return [
    ...[...document.querySelectorAll("img:not([alt])")],
    ...[...document.querySelectorAll("button, a, summary")].filter((element) => element.checkVisibility() && !named(element)),
    ...[...document.querySelectorAll("input:not([type=hidden])")].filter((input) => !input.labels.length && !input.ariaLabel),
  ].map((element) => element.outerHTML);
}"""


def test_text_stands_out_everything_has_a_name_and_every_page_its_language_and_title(visit: Visit) -> None:
    for who, paths in furnish().items():
        page = visit(who, None)
        for path in paths:
            page.goto(path)
            if path == "/judge/" and page.locator("#stage .pair").count():
                line_up(page, 1)
            found = page.evaluate(LOW_CONTRAST)
            assert found["checked"] > 5, path
            assert found["low"] == [], path
            assert page.evaluate(NAMELESS) == [], path
            assert page.locator("html").get_attribute("lang") == "en", path
            assert page.title().endswith(" · Punchline"), path
            assert page.locator("h1:visible").count() == 1, path


def test_the_content_warning_stands_out_too(visit: Visit) -> None:
    draw_memes(4)
    ann = make_annotator()
    User.objects.filter(pk=ann.pk).update(warning_seen_at=None)
    page = visit(ann)
    expect(page.get_by_role("dialog", name="Memes ahead")).to_be_visible()
    assert page.evaluate(LOW_CONTRAST)["low"] == []


def test_a_caption_is_read_out_with_the_name_of_its_template(visit: Visit) -> None:
    draw_memes(2)
    shown = Shown.on(visit(make_annotator()))
    assert {shown.left_alt, shown.right_alt} == {"Two dots: top 0 / bottom 0", "Two dots: top 1 / bottom 1"}


def test_a_new_pair_takes_the_focus_so_that_it_is_read_out(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator())
    press(page, "ArrowLeft")
    Shown.on(page)
    expect(page.locator("#stage h1")).to_be_focused()


def test_the_focus_is_visible_wherever_the_tabulator_takes_it(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator())
    Shown.on(page)
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        outline = page.evaluate("""() => {
          const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
          return document.activeElement === document.body ? null : [document.activeElement.tagName, outlineStyle, outlineWidth];
        }""")
        if outline:
            seen.append(outline)
    assert {"A", "BUTTON", "SUMMARY"} <= {tag for tag, _, _ in seen}
    assert {(style, width) for _, style, width in seen} == {("solid", "4px")}


def test_nothing_moves_for_those_who_want_no_motion(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator(), reduced_motion="reduce")
    line_up(page)
    shown = Shown.on(page)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.getAnimations().length") == 0
    page.locator(f'#stage .pair:not([data-assignment="{shown.assignment}"])').wait_for()
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_stamp_moves_for_everybody_else(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator())
    line_up(page)
    Shown.on(page)
    moving = page.evaluate("""() => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
      return document.getAnimations().length;
    }""")
    assert moving > 0


# --- Chinese ----------------------------------------------------------------------------------------------------------------------


def test_a_browser_that_asks_for_chinese_gets_the_page_in_chinese(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator(), locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("#stage .tie")).to_contain_text("平手")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_the_language_is_switched_both_ways_and_stays(visit: Visit, locale: str) -> None:
    page = visit(None, "/guidelines/", locale=locale)
    for name, lang in [("简体中文", "zh-hans"), ("English", "en")]:
        page.get_by_role("button", name=name).click()
        expect(page.locator("html")).to_have_attribute("lang", lang)
        expect(page).to_have_url(re.compile("/guidelines/$"))
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("lang", lang)
        page.goto("/guidelines/")
