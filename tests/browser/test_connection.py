"""A connection that goes, an answer that is lost on its way back, a session that ends: no judgment is lost or stored twice."""

from __future__ import annotations

import time

from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from annotation.models import Judgment
from annotation.services.people import give_consent, withdraw_consent
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.driving import ANSWERS, Shown, line_up, press, said, settle
from tests.browser.memes import draw_memes


def wait_until_kept(page: Page, count: int) -> None:
    """Wait until the browser keeps so many answers."""
    page.wait_for_function(
        "(count) => Object.keys(localStorage).filter((key) => key.startsWith('punchline-outbox')).length === count",
        arg=count,
    )


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Start judging").wait_for()
    page.goto("/accounts/login/?next=/judge/")


def sign_in(page: Page, name: str) -> None:
    page.fill("[name=login]", name)
    page.fill("[name=password]", "a long password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/judge/")


def test_answers_given_without_a_connection_are_counted_kept_and_stored_once_when_it_is_back(
    visit: Visit,
) -> None:
    draw_memes(8)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    page.context.set_offline(True)
    line = page.get_by_role("alert")
    expected = []
    for number, (key, outcome) in enumerate(
        [("ArrowLeft", "left"), ("t", "tie"), ("ArrowRight", "right")], start=1
    ):
        expected.append((press(page, key).assignment, outcome))
        expect(line).to_contain_text(
            f"No connection. Your answers are kept here and sent when it is back: {number}"
        )
    expect(page.get_by_text("The next pair is on its way")).to_be_visible()
    assert not Judgment.objects.exists()
    page.context.set_offline(False)
    settle(page)
    expect(line).to_have_text("The connection is back. Everything is sent.")
    expect(line).to_be_hidden()
    assert said(ann) == expected
    assert Judgment.objects.count() == 3
    press(page, "ArrowLeft")


def test_what_was_not_sent_survives_a_reload_and_is_sent_by_the_next_page(visit: Visit) -> None:
    draw_memes(8)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    page.route(ANSWERS, lambda route: route.abort())
    first, second = press(page, "ArrowLeft"), press(page, "s")
    third = press(page, "ArrowUp")
    expect(page.get_by_role("alert")).to_contain_text(": 3")
    page.unroute(ANSWERS)
    page.reload()
    assert Shown.on(page).assignment not in (first.assignment, second.assignment, third.assignment)
    settle(page)
    assert said(ann) == [(first.assignment, "left"), (third.assignment, "both_bad")]


def test_an_answer_whose_reply_is_lost_is_repeated_and_stored_once(visit: Visit) -> None:
    draw_memes(6)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    tokens: list[str] = []

    def lose_the_first_reply(route: Route) -> None:
        tokens.append((route.request.post_data or "").split("token=")[1].split("&")[0])
        if len(tokens) == 1:
            route.fetch()  # the server stores it
            route.abort()  # the page never hears of it
        else:
            route.continue_()

    page.route(ANSWERS, lose_the_first_reply)
    first = press(page, "ArrowRight")
    expect(page.get_by_role("alert")).to_contain_text(": 1")
    settle(page)
    assert len(tokens) == 2
    assert tokens[0] == tokens[1]
    assert said(ann) == [(first.assignment, "right")]
    assert Judgment.objects.count() == 1


def test_an_answer_that_may_have_arrived_is_not_taken_back_behind_the_server_s_back(visit: Visit) -> None:
    """The reply is lost, the person undoes: taking it back in the browser alone would leave the old answer in the database."""
    draw_memes(6)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    lost: list[Route] = []

    def lose_the_first_reply(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.fetch()
        route.abort()

    page.route(ANSWERS, lose_the_first_reply)
    first = press(page, "ArrowRight")
    expect(page.get_by_role("alert")).to_contain_text(": 1")
    page.keyboard.press("u")
    page.locator(f'#stage .pair:not(.fresh)[data-assignment="{first.assignment}"]').wait_for()
    assert Shown.on(page) == first
    press(page, "ArrowLeft")
    settle(page)
    assert said(ann) == [(first.assignment, "left")]


def test_two_windows_without_a_connection_keep_each_other_s_answers(visit: Visit) -> None:
    draw_memes(8)
    ann = make_annotator()
    one = visit(ann)
    line_up(one)
    other = one.context.new_page()
    other.goto("/judge/")
    line_up(other)
    press(other, "t")
    settle(other)
    one.context.set_offline(True)
    press(one, "ArrowLeft")
    press(one, "ArrowLeft")
    press(other, "ArrowRight")
    wait_until_kept(one, 3)
    one.close()
    other.context.set_offline(False)
    other.reload()
    settle(other)
    judged = [assignment for assignment, _ in said(ann)]
    assert len(judged) == len(set(judged)) == Judgment.objects.count() >= 2


def test_whoever_is_signed_out_meanwhile_is_told_and_loses_nothing(visit: Visit) -> None:
    draw_memes(6)
    ann = make_annotator(name="ann")
    page = visit(ann)
    line_up(page)
    Session.objects.all().delete()
    first = press(page, "ArrowLeft")
    line = page.get_by_role("alert")
    expect(line).to_contain_text("You are signed out. Your answers are kept here.")
    wait_until_kept(page, 1)
    line.get_by_role("link", name="Sign in").click()
    sign_in(page, "ann")
    settle(page)
    assert said(ann) == [(first.assignment, "left")]


def test_a_stranger_who_signs_in_on_the_same_browser_sends_nobody_else_s_answers(visit: Visit) -> None:
    draw_memes(6)
    ann, bob = make_annotator(name="ann"), make_annotator(name="bob")
    page = visit(ann)
    line_up(page)
    page.route(ANSWERS, lambda route: route.abort())
    first = press(page, "ArrowLeft")
    sign_out(page)
    page.unroute(ANSWERS)
    sign_in(page, "bob")
    press(page, "t")
    wait_until_kept(page, 1)
    sign_out(page)
    sign_in(page, "ann")
    settle(page)
    assert said(ann) == [(first.assignment, "left")]
    assert [outcome for _, outcome in said(bob)] == ["tie"]


def stored(outcome: str) -> None:
    """Wait until the one judgment of this test is stored."""
    deadline = time.monotonic() + 10
    while not Judgment.objects.filter(outcome=outcome).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [judgment.outcome for judgment in Judgment.objects.all()] == [outcome]


def test_consent_taken_back_meanwhile_keeps_the_answer_and_says_where_to_give_it(visit: Visit) -> None:
    draw_memes(6)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    withdraw_consent(annotator=ann)
    press(page, "ArrowLeft")
    expect(page.get_by_role("alert")).to_contain_text("Your consent is needed")
    expect(page.locator("#line a")).to_have_attribute("href", "/welcome/")
    assert not Judgment.objects.exists()
    give_consent(annotator=ann)
    page.reload()
    stored("left")


def test_full_storage_does_not_cost_an_answer(visit: Visit) -> None:
    draw_memes(6)
    page = visit(make_annotator())
    line_up(page)
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    press(page, "ArrowRight")
    stored("right")


def test_an_unreadable_entry_in_the_storage_does_not_break_the_page(visit: Visit) -> None:
    draw_memes(6)
    ann = make_annotator()
    page = visit(ann)
    page.evaluate("(user) => localStorage.setItem(`punchline-outbox-${user}-x`, 'not json')", ann.pk)
    page.reload()
    press(page, "t")
    stored("tie")
