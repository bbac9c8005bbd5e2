"""Invited by a link, on a phone: a guest's first judgment, an account of the visit; and what a page does when it must wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from annotation import pace
from annotation.models import Invitation, Judgment, Role, User
from annotation.services.invitations import create_invitation
from annotation.services.people import pause_person, resume_person
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.driving import Shown, line_up, press, said, settle, tap
from tests.browser.memes import draw_memes, make_practice
from tests.browser.test_phone import PHONE, small_targets


def invite(*, guests: bool = True, role: Role = Role.ANNOTATOR) -> str:
    """The address of a link for two people."""
    _, secret = create_invitation(
        created_by=None, role=role, quota=2, expires_at=timezone.now() + timedelta(days=1), guests=guests
    )
    return f"/join/{secret}/"


def assert_fits_a_phone(page: Page) -> None:
    """Nothing wider than the screen, nothing smaller than a finger."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url
    assert small_targets(page) == [], page.url


def agree(page: Page) -> None:
    """Give consent, pass the practice over, click the warning away."""
    page.wait_for_url("**/welcome/")
    assert_fits_a_phone(page)
    for name in ("adult", "licence", "rude"):
        page.locator(f"[name={name}]").check()
    page.get_by_role("button", name="I agree").tap()
    page.wait_for_url("**/practice/")
    page.get_by_role("button", name="Skip the practice").tap()
    page.get_by_role("button", name="Fine, show me").tap()


def test_an_invitation_is_accepted_on_a_phone_and_the_guest_judges_and_stays(visit: Visit) -> None:
    draw_memes(6)
    make_practice(1)
    link = invite()
    page = visit(None, link, **PHONE)
    assert_fits_a_phone(page)
    page.get_by_role("button", name="Judge as a guest").tap()
    agree(page)
    first = tap(page, ".meme >> nth=1")
    settle(page)
    guest = User.objects.get()
    assert said(guest) == [(first.assignment, "right")]
    assert guest.is_guest

    page.goto("/me/")
    assert_fits_a_phone(page)
    page.get_by_role("link", name="Make an account of it").tap()
    page.wait_for_url("**/me/keep/")
    assert_fits_a_phone(page)
    page.fill("[name=username]", "nina")
    page.fill("[name=password1]", "correct horse battery")
    page.get_by_role("button", name="Make an account").tap()
    page.wait_for_url("**/me/")
    expect(page.get_by_role("heading", name="nina")).to_be_visible()
    page.get_by_role("button", name="Sign out").tap()
    page.get_by_role("link", name="Sign in").first.wait_for()
    page.goto("/accounts/login/?next=/judge/")
    page.fill("[name=login]", "nina")
    page.fill("[name=password]", "correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url("**/judge/")
    second = tap(page, ".meme >> nth=0")
    settle(page)
    nina = User.objects.get(username="nina")
    assert nina.pk == guest.pk
    assert said(nina) == [(first.assignment, "right"), (second.assignment, "left")]
    assert Invitation.objects.get().accepted == 1


def test_a_guest_who_would_sign_out_is_asked_first(visit: Visit) -> None:
    page = visit(None, invite(), **PHONE)
    page.get_by_role("button", name="Judge as a guest").tap()
    page.wait_for_url("**/welcome/")
    page.get_by_role("button", name="Sign out").tap()
    expect(page.get_by_text("you cannot come back to what you gave")).to_be_visible()
    assert_fits_a_phone(page)
    page.goto("/me/")
    expect(page.get_by_role("heading", name="guest-")).to_be_visible()


def test_an_admin_copies_a_link_that_a_stranger_signs_up_by(visit: Visit) -> None:
    admin = make_annotator("root", roles=frozenset({Role.ADMIN}))
    page = visit(admin, "/people/invitations/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.select_option("[name=role]", "researcher")
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.locator("#link").input_value()
    page.reload()
    stranger = visit(None, link, **PHONE)
    expect(stranger.get_by_text("becomes: researcher")).to_be_visible()
    expect(stranger.get_by_role("button", name="Judge as a guest")).to_have_count(0)
    stranger.get_by_role("button", name="Make an account").tap()
    stranger.fill("[name=username]", "nora")
    stranger.fill("[name=password1]", "correct horse battery")
    stranger.get_by_role("button", name="Make an account").tap()
    stranger.wait_for_url("**/welcome/")
    assert User.objects.get(username="nora").roles == {Role.RESEARCHER}


def test_the_pages_of_people_fit_a_phone(visit: Visit) -> None:
    admin = make_annotator("an-administrator-with-a-very-long-name", roles=frozenset(Role))
    User.objects.update(email="a-very-long-address-of-somebody@university-of-somewhere.example.org")
    pause_person(person=admin, reason="A_reason_without_any_space_" * 7)
    invite()
    page = visit(admin, None, **PHONE)
    for path in ("/people/", f"/people/{admin.pk}/", "/people/invitations/", "/me/", "/me/close/"):
        page.goto(path)
        assert_fits_a_phone(page)


# --- when a page must wait ------------------------------------------------------------------------------------------------------


def test_an_answer_too_many_is_kept_said_and_sent_when_the_time_has_come(
    visit: Visit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANSWERS_PER_MINUTE = 2
    monkeypatch.setattr(pace, "WINDOW", timedelta(seconds=4))
    draw_memes(8)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    statuses: list[int] = []
    page.on("response", lambda reply: statuses.append(reply.status) if "/judge/" in reply.url else None)
    expected = [(press(page, key).assignment, "left") for key in ("ArrowLeft", "ArrowLeft")]
    settle(page)
    expected.append((press(page, "ArrowLeft").assignment, "left"))
    line = page.get_by_role("alert")
    expect(line).to_contain_text("quicker than we can take down. Your answers are kept here")
    expect(line).to_contain_text(": 1")
    assert said(ann) == expected[:2]
    page.reload()  # what is kept outlives the page
    settle(page)
    assert said(ann) == expected
    assert Judgment.objects.count() == 3
    assert 429 in statuses


def test_an_answer_that_must_wait_can_be_taken_back(
    visit: Visit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ANSWERS_PER_MINUTE = 1
    monkeypatch.setattr(pace, "WINDOW", timedelta(seconds=3))
    draw_memes(8)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    first = press(page, "ArrowLeft")
    settle(page)
    second = press(page, "ArrowLeft")
    expect(page.get_by_role("alert")).to_contain_text("quicker than we can take down")
    page.keyboard.press("u")
    page.locator(f'#stage .pair:not(.fresh)[data-assignment="{second.assignment}"]').wait_for()
    assert press(page, "ArrowRight") == second
    expect(page.get_by_role("alert")).to_have_text("Everything is sent.")
    assert said(ann) == [(first.assignment, "left"), (second.assignment, "right")]
    assert Judgment.objects.count() == 2


def test_somebody_paused_meanwhile_finishes_what_they_have_and_reads_why(visit: Visit) -> None:
    draw_memes(8)
    ann = make_annotator()
    page = visit(ann)
    line_up(page)
    pause_person(person=ann, reason="Please write to us.")
    given = [press(page, "ArrowLeft").assignment for _ in range(3)]
    settle(page)
    expect(page.get_by_role("heading", name="Your judging is paused.")).to_be_visible()
    expect(page.get_by_text("Please write to us.")).to_be_visible()
    assert [assignment for assignment, _ in said(ann)] == given
    page.reload()
    expect(page.get_by_role("heading", name="Your judging is paused.")).to_be_visible()
    resume_person(person=ann)
    page.reload()
    assert Shown.on(page).assignment not in given
