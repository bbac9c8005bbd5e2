"""Moderation in a real browser: by keyboard alone, by touch on a phone, without JavaScript, and two at once."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from annotation.models import Decision, Meme, Role, User
from annotation.services import moderation
from annotation.services.memes import Caption, add_memes
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.memes import draw_template

WAITING = "/moderation/?show=waiting"


def make_admin(name: str = "admin") -> User:
    return make_annotator(name, roles=frozenset({Role.ADMIN}))


def draw_pending(count: int = 3) -> list[Meme]:
    captions = [
        Caption(texts=[f"top {number}", f"bottom {number}"], status=Meme.Status.PENDING)
        for number in range(count)
    ]
    return add_memes(template=draw_template(), captions=captions).added


def case(page: Page, meme: Meme) -> Locator:
    return page.locator(f'.case[data-meme="{meme.pk}"]')


def statuses(memes: list[Meme]) -> list[str]:
    rows = dict(Meme.objects.values_list("pk", "status"))
    return [rows[meme.pk] for meme in memes]


def expect_current(page: Page, meme: Meme) -> None:
    expect(case(page, meme)).to_have_attribute("aria-current", "true")


def test_a_moderator_decides_about_everything_by_keyboard_alone(visit: Visit) -> None:
    memes, admin = draw_pending(4), make_admin()
    page = visit(admin, WAITING)
    keyboard = page.keyboard
    expect_current(page, memes[0])
    keyboard.press("a")
    expect(case(page, memes[0])).to_contain_text("Approved")
    expect_current(page, memes[1])
    keyboard.press("t")
    keyboard.type("art, really")  # none of these letters is a key now
    keyboard.press("Enter")
    expect(case(page, memes[1])).to_contain_text("art, really")
    expect_current(page, memes[2])
    keyboard.press("j")
    expect_current(page, memes[3])
    keyboard.press("k")
    expect_current(page, memes[2])
    keyboard.press("ArrowDown")
    expect_current(page, memes[3])
    keyboard.press("r")
    expect(case(page, memes[3])).to_contain_text("Retired")
    expect_current(page, memes[2])
    keyboard.press("a")
    expect(page.locator("#more")).to_be_focused()
    assert statuses(memes) == ["active", "retired", "active", "retired"]
    assert Decision.objects.get(meme=memes[1]).reason == "art, really"
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing waits.")).to_be_visible()


def test_u_takes_decisions_back_one_by_one_also_after_the_page_went_on(visit: Visit) -> None:
    memes, admin = draw_pending(2), make_admin()
    page = visit(admin, WAITING)
    page.keyboard.press("r")
    expect_current(page, memes[1])
    page.keyboard.press("a")
    expect(page.locator("#more")).to_be_focused()
    page.keyboard.press("u")
    expect_current(page, memes[1])
    expect(case(page, memes[1]).get_by_role("button", name="Approve")).to_be_visible()
    page.keyboard.press("u")
    expect_current(page, memes[0])
    expect(page.locator("#line")).to_contain_text("Taken back.")
    assert statuses(memes) == ["pending", "pending"]
    page.keyboard.press("u")
    expect(page.locator("#line")).to_contain_text("nothing to undo")
    page.keyboard.press("a")
    expect_current(page, memes[1])
    page.goto(WAITING)
    page.keyboard.press("u")
    expect_current(page, memes[0])
    assert statuses(memes) == ["pending", "pending"]


def test_a_retired_meme_is_restored_by_a_key(visit: Visit) -> None:
    memes, admin = draw_pending(1), make_admin()
    moderation.retire(meme_id=memes[0].pk, by=admin)
    page = visit(admin, "/moderation/?show=retired")
    page.keyboard.press("a")  # means nothing here
    page.keyboard.press("s")
    expect(case(page, memes[0])).to_contain_text("Restored")
    assert statuses(memes) == ["active"]


def test_the_second_of_two_moderators_sees_how_it_stands_and_doubles_nothing(visit: Visit) -> None:
    memes = draw_pending(2)
    one, other = visit(make_admin("one"), WAITING), visit(make_admin("other"), WAITING)
    expect_current(other, memes[0])
    one.keyboard.press("r")
    expect_current(one, memes[1])
    other.keyboard.press("a")
    expect(case(other, memes[0])).to_contain_text("decided about this meme meanwhile")
    expect_current(other, memes[0])
    assert statuses(memes) == ["retired", "pending"]
    assert Decision.objects.count() == 1
    other.keyboard.press("s")  # having seen it, they may decide otherwise
    expect(case(other, memes[0])).to_contain_text("Restored")
    assert statuses(memes) == ["active", "pending"]


def test_a_key_held_down_or_pressed_twice_decides_once(visit: Visit) -> None:
    memes, admin = draw_pending(3), make_admin()
    page = visit(admin, WAITING)
    page.evaluate("""() => {
      for (const repeat of [false, true, true])
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "r", repeat, bubbles: true }));
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "r", bubbles: true }));
    }""")
    expect_current(page, memes[1])
    assert statuses(memes) == ["retired", "pending", "pending"]


def test_without_a_connection_nothing_is_decided_and_the_page_says_so(visit: Visit) -> None:
    memes, admin = draw_pending(1), make_admin()
    page = visit(admin, WAITING)
    page.context.set_offline(True)
    page.keyboard.press("a")
    expect(page.locator("#line")).to_contain_text("No connection")
    page.context.set_offline(False)
    page.keyboard.press("a")
    expect(case(page, memes[0])).to_contain_text("Approved")
    assert statuses(memes) == ["active"]


def test_the_keys_are_explained_by_a_key(visit: Visit) -> None:
    draw_pending(1)
    page = visit(make_admin(), WAITING)
    page.keyboard.press("?")
    expect(page.get_by_text("retire: never show it again")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_text("retire: never show it again")).to_be_hidden()


def test_everything_works_without_javascript(visit: Visit) -> None:
    memes, admin = draw_pending(2), make_admin()
    page = visit(admin, WAITING, java_script_enabled=False)
    case(page, memes[0]).get_by_label("Reason").fill("rude")
    case(page, memes[0]).get_by_role("button", name="Retire").click()
    case(page, memes[1]).get_by_role("button", name="Approve").click()
    assert statuses(memes) == ["retired", "active"]
    page.get_by_role("button", name="Undo my last decision").click()
    expect(case(page, memes[1])).to_be_visible()
    assert statuses(memes) == ["retired", "pending"]


def test_on_a_phone_nothing_is_wider_than_the_screen_and_targets_are_large(visit: Visit) -> None:
    memes, admin = draw_pending(2), make_admin()
    page = visit(admin, WAITING, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    small = """() => [...document.querySelectorAll("main button, main a, main input:not([type=hidden], [type=checkbox]), main label.tick")]
      .filter((one) => one.getClientRects().length && one.getBoundingClientRect().height < 44)
      .map((one) => one.outerHTML.slice(0, 80))"""
    for path in (
        WAITING,
        "/moderation/?show=decided",
        "/moderation/blocklist/",
        "/overview/",
        f"/moderation/{memes[0].pk}/takedown/",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate(small) == [], path
    page.goto(WAITING)
    case(page, memes[0]).get_by_role("button", name="Approve").tap()
    expect(case(page, memes[0])).to_contain_text("Approved")
    assert statuses(memes) == ["active", "pending"]


def test_a_meme_is_taken_down_from_the_queue_and_its_picture_is_gone(visit: Visit) -> None:
    (meme,), admin = draw_pending(1), make_admin()
    page = visit(admin, WAITING)
    case(page, meme).get_by_role("link", name="Take it down").click()
    page.get_by_label("Reason").fill("it shows me")
    page.get_by_label("nobody can bring it back").check()
    page.get_by_role("button", name="Take it down").click()
    expect(page.get_by_role("cell", name="it shows me")).to_be_visible()
    answer = page.request.get(f"/pictures/{meme.picture}")
    assert answer.status == 404
    assert re.search(r"taken down", page.content())
