"""Judging with the keyboard, undoing, reloading, and the same page without its script."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from annotation.models import Assignment, Consent, Judgment, PracticeAnswer, Skip, User
from annotation.services.memes import retire_meme
from annotation.services.people import create_user, save_preferences
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.driving import READY, Held, Shown, line_up, memes_of, press, said, settle
from tests.browser.memes import draw_memes, make_practice

OUTCOME_KEYS = {
    "ArrowLeft": "left",
    "ArrowRight": "right",
    "ArrowDown": "tie",
    "ArrowUp": "both_bad",
    "t": "tie",
    "b": "both_bad",
    "a": "left",
    "d": "right",
    "1": "left",
    "2": "right",
    "=": "tie",
}
FLAG_KEYS = {"1": "offensive", "2": "broken", "3": "seen_before", "4": "dont_get_it"}


def tab_to(page: Page, selector: str) -> None:
    """Move the focus there with the tabulator, as somebody without a mouse does."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the tabulator never reached {selector}")


def sign_in_by_keyboard(page: Page, name: str, password: str) -> None:
    tab_to(page, "[name=login]")
    page.keyboard.type(name)
    tab_to(page, "[name=password]")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/welcome/")


def consent_by_keyboard(page: Page) -> None:
    for name in ("adult", "licence", "rude"):
        tab_to(page, f"[name={name}]")
        page.keyboard.press("Space")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/practice/")


def practise_by_keyboard(page: Page) -> None:
    for key in ("ArrowLeft", "2", "t"):
        page.locator(".practising .pair").wait_for()
        page.keyboard.press(key)
        expect(page.locator("main a.big")).to_be_focused()
        page.keyboard.press("Enter")
    page.wait_for_url("**/judge/")


def judge_twenty_by_keyboard(page: Page) -> tuple[list[tuple[Shown, str]], list[tuple[Shown, str]]]:
    """Twenty pairs, every key: the outcomes and the passed-over pairs, each with what was on screen."""
    outcomes = [(press(page, key), outcome) for key, outcome in OUTCOME_KEYS.items()]
    passed = [(press(page, "s"), "")]
    passed += [(press(page, "f", key), reason) for key, reason in FLAG_KEYS.items()]
    outcomes += [
        (press(page, key), OUTCOME_KEYS[key]) for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "=")
    ]
    return outcomes, passed


def test_twenty_pairs_are_judged_without_a_mouse_from_the_sign_in_on(visit: Visit) -> None:
    draw_memes(8)
    make_practice(3)
    user = create_user(username="keys", password="no mouse at all")
    page = visit(None, "/accounts/login/?next=/judge/")
    sign_in_by_keyboard(page, "keys", "no mouse at all")
    consent_by_keyboard(page)
    practise_by_keyboard(page)
    expect(page.locator("#warning button")).to_be_focused()
    page.keyboard.press("ArrowLeft")  # answers nothing while the warning is there
    page.keyboard.press("Enter")
    page.locator("#warning").wait_for(state="detached")
    outcomes, passed = judge_twenty_by_keyboard(page)
    settle(page)

    assert Consent.objects.get().annotator == user
    assert list(PracticeAnswer.objects.order_by("id").values_list("outcome", flat=True)) == [
        "left",
        "right",
        "tie",
    ]
    assert said(user) == [(shown.assignment, outcome) for shown, outcome in outcomes]
    rows = Skip.objects.order_by("id").values_list("assignment_id", "reason")
    assert list(rows) == [(shown.assignment, reason) for shown, reason in passed]
    for shown, _ in outcomes + passed:
        assert_shown_as_stored(shown)
    for judgment in Judgment.objects.all():
        assert judgment.response_ms is not None
        assert 0 < judgment.response_ms < 60_000
        assert judgment.swapped == judgment.assignment.swapped
    answered = [
        *Judgment.objects.values_list("pair_id", flat=True),
        *Skip.objects.values_list("pair_id", flat=True),
    ]
    assert len(answered) == len(set(answered)) == 20


def assert_shown_as_stored(shown: Shown) -> None:
    """The picture on the left was the meme that the row calls left, and its caption was read out."""
    left, right = memes_of(shown.assignment)
    assert (shown.left, shown.right) == (f"/pictures/{left.picture}", f"/pictures/{right.picture}")
    assert shown.left_alt.endswith(" / ".join(left.texts))
    assert shown.right_alt.endswith(" / ".join(right.texts))


def test_escape_closes_the_keys_and_the_flags_and_answers_nothing(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator())
    shown = Shown.on(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("f")
    expect(page.get_by_role("group", name="What is wrong with this pair?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="What is wrong with this pair?")).to_be_hidden()
    assert Shown.on(page) == shown
    assert not Judgment.objects.exists()
    assert not Skip.objects.exists()


def test_a_click_beside_the_flags_closes_them(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator())
    page.locator("#stage summary").click()
    expect(page.locator("#stage .reasons")).to_be_visible()
    page.locator("#stage h1").click()
    expect(page.locator("#stage .reasons")).to_be_hidden()


# --- undo -------------------------------------------------------------------------------------------------------------------------


def test_a_sent_answer_is_taken_back_and_its_pair_comes_again_with_the_same_sides(visit: Visit) -> None:
    draw_memes(5)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    first = press(page, "ArrowLeft")
    settle(page)
    second = Shown.on(page)
    page.keyboard.press("u")
    page.locator(f'{READY}[data-assignment="{first.assignment}"]').wait_for()
    assert Shown.on(page) == first
    press(page, "ArrowRight")
    settle(page)
    assert Shown.on(page) == second
    rows = Judgment.objects.order_by("id")
    assert [(row.assignment_id, row.outcome) for row in rows] == [
        (first.assignment, "left"),
        (first.assignment, "right"),
    ]
    assert [row.superseded_at is None for row in rows] == [False, True]


def test_a_skip_is_taken_back(visit: Visit) -> None:
    draw_memes(5)
    ann = make_annotator()
    page = visit(ann)
    first = press(page, "s")
    settle(page)
    page.keyboard.press("Backspace")
    page.locator(f'{READY}[data-assignment="{first.assignment}"]').wait_for()
    press(page, "t")
    settle(page)
    assert Skip.objects.get().superseded_at is not None
    assert said(ann) == [(first.assignment, "tie")]


def test_an_answer_that_has_not_left_is_taken_back_here_and_never_sent(visit: Visit) -> None:
    draw_memes(5)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    held = Held(page)
    first = press(page, "ArrowLeft")
    second = press(page, "ArrowLeft")
    page.keyboard.press("u")
    page.locator(f'{READY}[data-assignment="{second.assignment}"]').wait_for()
    assert Shown.on(page) == second
    press(page, "ArrowDown")
    held.release()
    settle(page)
    assert said(ann) == [(first.assignment, "left"), (second.assignment, "tie")]
    assert not Judgment.objects.exclude(superseded_at=None).exists()


def test_an_answer_under_way_is_taken_back_when_it_has_arrived(visit: Visit) -> None:
    draw_memes(5)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    held = Held(page)
    first = press(page, "ArrowLeft")
    Shown.on(page)
    page.keyboard.press("u")
    page.keyboard.press("ArrowRight")  # not answered: it would be the one that is taken back
    held.release()
    page.locator(f'{READY}[data-assignment="{first.assignment}"]').wait_for()
    assert Shown.on(page) == first
    press(page, "ArrowRight")
    settle(page)
    assert said(ann) == [(first.assignment, "right")]
    assert Judgment.objects.exclude(superseded_at=None).get().outcome == "left"


def test_with_nothing_to_undo_the_page_says_so(visit: Visit) -> None:
    draw_memes(4)
    page = visit(make_annotator())
    shown = Shown.on(page)
    page.keyboard.press("u")
    expect(page.get_by_role("alert")).to_contain_text("nothing to undo")
    assert Shown.on(page) == shown


# --- reload, two windows ----------------------------------------------------------------------------------------------------------


def test_a_reload_keeps_the_pair_and_its_sides(visit: Visit) -> None:
    draw_memes(6)
    page = visit(make_annotator())
    press(page, "ArrowLeft")
    settle(page)
    shown = Shown.on(page)
    for _ in range(2):
        page.reload()
        assert Shown.on(page) == shown


def test_two_windows_of_one_person_store_each_pair_once(visit: Visit) -> None:
    draw_memes(6)
    ann = make_annotator()
    one = visit(ann)
    other = one.context.new_page()
    other.goto("/judge/")
    line_up(one)
    line_up(other)
    assert Shown.on(one).assignment == Shown.on(other).assignment
    for key in ("ArrowLeft", "ArrowRight", "t"):
        press(one, key)
        press(other, "b")
    settle(one)
    settle(other)
    judged = [assignment for assignment, _ in said(ann)]
    assert len(judged) == len(set(judged)) >= 3
    assert Judgment.objects.count() == len(judged)


def test_a_double_tap_is_no_opinion_on_the_next_pair(visit: Visit) -> None:
    draw_memes(5)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    first = Shown.on(page)
    page.locator("#stage .meme").first.dblclick()
    assert Shown.on(page).assignment != first.assignment
    settle(page)
    assert said(ann) == [(first.assignment, "left")]


# --- at once ----------------------------------------------------------------------------------------------------------------------

WHEN_NEXT = """async ([key, now]) => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  while (!document.querySelector(`#stage .pair:not([data-assignment="${now}"])`)) {
    await new Promise(requestAnimationFrame);
  }
  return [...document.querySelectorAll("#stage img")].map((picture) => picture.complete && picture.naturalWidth > 0);
}"""


def test_the_next_pair_stands_there_while_the_answer_is_still_on_its_way(visit: Visit) -> None:
    draw_memes(6)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    held = Held(page)
    first = Shown.on(page)
    seen = page.evaluate(WHEN_NEXT, ["ArrowLeft", first.assignment])
    assert seen == [True, True]
    assert not Judgment.objects.exists()
    held.release()
    settle(page)
    assert said(ann) == [(first.assignment, "left")]


# --- goal, end --------------------------------------------------------------------------------------------------------------------


def test_the_goal_and_ten_pairs_are_cheered(visit: Visit) -> None:
    draw_memes(6)
    ann = make_annotator()
    save_preferences(annotator=ann, daily_goal=2, meme_languages=[])
    page = visit(ann)
    cheer = page.get_by_role("status")
    press(page, "ArrowLeft")
    expect(cheer).to_have_text("")
    press(page, "ArrowLeft")
    expect(cheer).to_contain_text("Goal reached!")
    expect(page.locator("#progress.reached b")).to_have_text("2")
    for _ in range(8):
        press(page, "ArrowRight")
    expect(cheer).to_contain_text("Ten down.")


def test_when_all_is_judged_the_page_says_so(visit: Visit) -> None:
    draw_memes(3)
    ann = make_annotator()
    page = visit(ann)
    for _ in range(3):
        press(page, "ArrowLeft")
    expect(page.get_by_role("heading", name="You have seen them all.")).to_be_visible()
    settle(page)
    assert len(said(ann)) == 3


def test_a_meme_retired_while_its_pair_waits_in_line_is_never_shown(visit: Visit) -> None:
    draw_memes(12)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    waiting = [
        int(pk)
        for pk in page.locator("#ahead .pair").evaluate_all(
            "(all) => all.map((pair) => pair.dataset.assignment)"
        )
    ]
    shown = Shown.on(page)
    in_front = {meme.pk for meme in memes_of(shown.assignment)}
    retired = next(meme for meme in memes_of(waiting[1]) if meme.pk not in in_front)
    retire_meme(meme=retired)
    after = []
    for _ in range(4):
        press(page, "ArrowLeft")
        settle(page)
        after.append(Shown.on(page).assignment)
    assert all(retired.pk not in {meme.pk for meme in memes_of(pk)} for pk in after)
    assert waiting[1] not in after


# --- without the script -----------------------------------------------------------------------------------------------------------


def test_without_its_script_the_page_is_a_form_that_works(visit: Visit) -> None:
    draw_memes(8)
    ann = make_annotator()
    User.objects.filter(pk=ann.pk).update(warning_seen_at=None)
    page = visit(ann, java_script_enabled=False)
    page.get_by_role("button", name="Fine, show me").click()
    assert page.locator("#warning").count() == 0
    expected: list[tuple[int, str]] = []
    for name, outcome in [
        ("Left is funnier", "left"),
        ("Right is funnier", "right"),
        ("Tie", "tie"),
        ("Both bad", "both_bad"),
    ]:
        shown = Shown.on(page)
        page.get_by_role("button", name=name).click()
        expected.append((shown.assignment, outcome))
    skipped = Shown.on(page)
    page.get_by_role("button", name="Skip", exact=True).click()
    flagged = Shown.on(page)
    page.locator("#stage summary").click()
    page.get_by_role("button", name="Seen before").click()
    undone = Shown.on(page)
    page.get_by_role("button", name="Tie").click()
    page.get_by_role("button", name="Undo").click()
    assert Shown.on(page) == undone
    assert said(ann) == expected
    rows = Skip.objects.order_by("id").values_list("assignment_id", "kind", "reason")
    assert list(rows) == [(skipped.assignment, "skip", ""), (flagged.assignment, "flag", "seen_before")]
    assert Assignment.objects.get(pk=undone.assignment).status == Assignment.Status.LEASED
